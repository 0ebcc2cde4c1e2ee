// A dataset with parity, and ways to lose what it holds.
import type { Environment } from '../../src/dataset/environment.js';
import { environmentOf } from '../../src/dataset/environment.js';
import { updateParity, type ParityUpdateOptions, type ParityUpdateReport } from '../../src/ops/parity.js';
import { repair, type RepairOptions, type RepairReport, type RepairSource } from '../../src/ops/repair.js';
import { scrub, type ScrubOptions, type ScrubReport } from '../../src/ops/scrub.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { filled, functions, int32, type Member, World } from '../dataset/world.js';
import { dayMs } from './support.js';

export class ParityWorld {
  readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** `files` partitions of the array a, `columns` of them with a file of the attribute x. */
  static async make(
    [dataShards, parityShards]: readonly [number, number],
    { files = 4, columns = 0, seed = 1 }: { files?: number; columns?: number; seed?: number } = {},
  ): Promise<ParityWorld> {
    const made = new ParityWorld(await filled(new World(seed), [0]));
    const member = await made.world.open();
    for (let i = 1; i < files; i++) await made.append(member, i, i <= columns);
    await member.dataset.write((tx) => tx.setParity('a', { dataShards, parityShards }));
    await member.dataset.close();
    return made;
  }

  /** One more file, of about 40 i rows. */
  async append({ dataset }: Member, i: number, withAttribute = false): Promise<void> {
    const rows = int32(...Array.from({ length: 40 * i + 1 }, (_, row) => 1000 * i + row));
    const attributes = { attributes: { x: Array.from(rows.data) } };
    await dataset.write((tx) => tx.append('a', rows, withAttribute ? attributes : {}));
  }

  environment(store: ObjectStore = this.world.bare): Environment {
    return environmentOf(store, { cacheDir: false, runtime: this.world.runtime });
  }

  /** Parity of what stands, by a clock that has gone on since. */
  async update(options: ParityUpdateOptions = {}, store?: ObjectStore): Promise<ParityUpdateReport> {
    await this.world.runtime.advance(10_000);
    return updateParity(this.environment(store), options);
  }

  repair(options: RepairOptions = {}, sources: readonly RepairSource[] = []): Promise<RepairReport> {
    return repair(this.environment(), sources, options);
  }

  scrub(options: ScrubOptions = {}): Promise<ScrubReport> {
    return scrub(this.environment(), options);
  }

  /** What is there, but for the manifest. */
  async content(prefixes = ['arrays/', 'segments/', 'indexes/', 'parity/']): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const prefix of prefixes) {
      for (const key of await this.world.keys(prefix)) {
        const body = await this.world.bare.get(key);
        if (body !== undefined) found.set(key, Buffer.from(functions.blake3(body.bytes)).toString('hex'));
      }
    }
    return found;
  }

  /** Says that all but the newest version expired, long enough ago for a clean-up. */
  async expire({ dataset }: Member): Promise<void> {
    await this.world.runtime.advance(2 * dayMs);
    await dataset.expire({ keepLast: 1 });
    await this.world.runtime.advance(2 * dayMs);
  }

  /** Takes the files of the attribute out of the newest version, and of all that are kept. */
  async dropColumns(): Promise<void> {
    const member = await this.world.open({ create: false });
    await member.dataset.write((tx) => tx.dropAttribute('a', 'x'));
    await this.expire(member);
    await member.dataset.close();
  }
}

/** Every choice of so many of them. */
export function choices<T>(of: readonly T[], count: number): T[][] {
  if (count === 0) return [[]];
  return of.flatMap((one, i) => choices(of.slice(i + 1), count - 1).map((rest) => [one, ...rest]));
}
