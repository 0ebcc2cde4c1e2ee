// A dataset with objects of every kind, a copy of it, and the ways in which its objects are hurt.
import type { Dataset } from '../../src/dataset/dataset.js';
import { type Environment, environmentOf } from '../../src/dataset/environment.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { native } from '../../src/native.js';
import type { RepairOptions, RepairReport } from '../../src/ops/repair.js';
import { repair as repairFrom } from '../../src/ops/repair.js';
import type { ScrubOptions, ScrubReport } from '../../src/ops/scrub.js';
import { scrub as scrubAt } from '../../src/ops/scrub.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { refusing } from '../support/refusing-store.js';
import type { StoreName } from '../support/servers/names.ts';
import { openTestStore, type TestStore } from '../support/servers/open.ts';

/** A place, what it held, and another place that holds the same. */
export class Damaged {
  readonly place: TestStore;
  readonly copy: TestStore;
  /** The bare place: looks and damage that are nobody's request. */
  readonly bare: ObjectStore;
  #environments: Environment[] = [];

  private constructor(place: TestStore, copy: TestStore) {
    this.place = place;
    this.copy = copy;
    this.bare = place.store;
  }

  /** `fill` writes the dataset, which is then copied. */
  static async make(name: StoreName, fill: (dataset: Dataset) => Promise<void>): Promise<Damaged> {
    const world = new Damaged(await openTestStore(name), await openTestStore(name));
    const dataset = await world.open(true);
    await fill(dataset);
    await dataset.close();
    await world.copyAll();
    return world;
  }

  async copyAll(): Promise<void> {
    for (const key of await this.keys()) {
      const body = await this.bare.get(key);
      if (body !== undefined) await this.copy.store.put(key, body.bytes);
    }
  }

  async open(create = false): Promise<Dataset> {
    return openStoreDataset(await this.place.another(), { create, cacheDir: false });
  }

  async environment(of: TestStore = this.place, cacheDir: string | false = false): Promise<Environment> {
    const environment = environmentOf(await of.another(), { cacheDir });
    this.#environments.push(environment);
    return environment;
  }

  async scrub(options: ScrubOptions = {}, cacheDir: string | false = false): Promise<ScrubReport> {
    return scrubAt(await this.environment(this.place, cacheDir), options);
  }

  /** By credentials that may create and not overwrite. */
  async repairRefused(options: RepairOptions = {}, sources = [this.copy]): Promise<RepairReport> {
    const environment = environmentOf(refusing(await this.place.another()), { cacheDir: false });
    this.#environments.push(environment);
    return this.repair(options, sources, environment);
  }

  async repair(
    options: RepairOptions = {},
    sources = [this.copy],
    environment?: Environment,
  ): Promise<RepairReport> {
    const named = await Promise.all(
      sources.map(async (source) => ({ ...(await this.environment(source)), name: source.uri })),
    );
    return repairFrom(environment ?? (await this.environment()), named, options);
  }

  async keys(prefix = ''): Promise<string[]> {
    const keys: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.bare.list({ prefix, ...(after === undefined ? {} : { after }) });
      keys.push(...page.entries.map(({ key }) => key));
      after = page.next;
      if (after === undefined) return keys;
    }
  }

  async bytes(key: string): Promise<Uint8Array> {
    const body = await this.bare.get(key);
    if (body === undefined) throw new Error(`there is no ${key}`);
    return body.bytes;
  }

  async hurt(key: string, how: Hurt): Promise<void> {
    if (how.kind === 'delete') return this.bare.delete([key]);
    const bytes = (await this.bytes(key)).slice();
    if (how.kind === 'swap') {
      await this.bare.put(key, await this.bytes(how.with));
    } else if (how.kind === 'truncate') {
      await this.bare.put(key, bytes.subarray(0, Math.max(1, bytes.byteLength - 1)));
    } else {
      const at = how.at ?? bytes.byteLength >> 1;
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      await this.bare.put(key, bytes);
    }
  }

  async dispose(): Promise<void> {
    for (const { cache } of this.#environments) await cache.close();
    await this.place.dispose();
    await this.copy.dispose();
  }
}

export type Hurt =
  | { readonly kind: 'flip'; readonly at?: number }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'delete' }
  | { readonly kind: 'swap'; readonly with: string };

/**
 * Every row and every attribute of every array at every version, as text to compare; of arrays that stay as
 * they are, once. Of versions up to one, where it is given.
 */
export async function everything(
  dataset: Dataset,
  constant: readonly string[] = [],
  upTo = Number.POSITIVE_INFINITY,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const versions: number[] = [];
  for await (const { version } of dataset.log()) if (version <= upTo) versions.push(version);
  for (const version of versions) {
    const then = await dataset.at({ version });
    const { arrays } = await then.info();
    for (const name of Object.keys(arrays)) {
      if (constant.includes(name) && version !== versions[0]) continue;
      const { data } = await then.array(name).read();
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const attributes = arrays[name]?.attributes.map((attribute) => attribute.name) ?? [];
      const rows =
        attributes.length === 0
          ? []
          : await then.array(name).where(`${attributes[0]} is not null`).select('*').toArray();
      found.set(
        `${version} ${name}`,
        `${digest(bytes)} ${JSON.stringify(rows.map((row) => row.attributes))}`,
      );
    }
  }
  return found;
}

function digest(bytes: Uint8Array): string {
  return Buffer.from(native().blake3(bytes)).toString('hex');
}
