// Objects in the folders of a dataset that nothing refers to, in portions of one plan each, compactly.
import { type KeyPattern, dataPrefixes, objectKey, parseDataKey } from '../../manifest/keys.js';
import type { PlannedGroup } from '../../manifest/plan.js';
import type { CallOptions, ObjectStore } from '../../storage/object-store.js';
import { idBytes, type IdSet } from '../../util/id-set.js';
import { listPages } from '../../storage/list-pages.js';

interface Group {
  readonly pattern: KeyPattern;
  ids: Uint8Array;
  readonly sizes: number[];
}

/** Some of them, by the patterns of their keys. */
export class Orphans {
  readonly #groups = new Map<string, Group>();
  count = 0;
  sizeBytes = 0;

  /** Bytes of a plan that lists them, about. */
  get planBytes(): number {
    return this.count * idBytes + this.#groups.size * groupBytes;
  }

  get groups(): readonly PlannedGroup[] {
    return Array.from(this.#groups.values(), ({ pattern, ids, sizes }) => ({
      pattern,
      ids: ids.subarray(0, sizes.length * idBytes),
    }));
  }

  add(pattern: KeyPattern, id: Uint8Array, sizeBytes: number): void {
    const name = `${pattern.prefix}*${pattern.suffix}`;
    const group = this.#groups.get(name) ?? { pattern, ids: new Uint8Array(64 * idBytes), sizes: [] };
    this.#groups.set(name, group);
    const end = group.sizes.length * idBytes;
    if (end === group.ids.byteLength) {
      const larger = new Uint8Array(2 * end);
      larger.set(group.ids);
      group.ids = larger;
    }
    group.ids.set(id, end);
    group.sizes.push(sizeBytes);
    this.count += 1;
    this.sizeBytes += sizeBytes;
  }

  /** Those that are none after all leave. */
  spare(needed: IdSet): Orphans {
    const rest = new Orphans();
    for (const { pattern, ids, sizes } of this.#groups.values()) {
      for (const [i, sizeBytes] of sizes.entries()) {
        const id = ids.subarray(i * idBytes, (i + 1) * idBytes);
        if (!needed.has(id)) rest.add(pattern, id, sizeBytes);
      }
    }
    return rest;
  }

  /** Keys, so many at a time, with the bytes that they have together. */
  *batches(size: number): Generator<{ readonly keys: readonly string[]; readonly sizeBytes: number }> {
    let [keys, sizeBytes]: [string[], number] = [[], 0];
    for (const group of this.#groups.values()) {
      for (const [i, bytes] of group.sizes.entries()) {
        keys.push(objectKey(group.pattern, group.ids.subarray(i * idBytes, (i + 1) * idBytes)));
        sizeBytes += bytes;
        if (keys.length < size) continue;
        yield { keys, sizeBytes };
        [keys, sizeBytes] = [[], 0];
      }
    }
    if (keys.length > 0) yield { keys, sizeBytes };
  }
}

/** What a pattern takes in a plan, at most. */
const groupBytes = 128;

/** A plan is a frame of at most 16 MiB. */
const planBytesLimit = 15 * 2 ** 20;

/**
 * Objects that are not among `needed`, nor of a group of parity, and were uploaded before a time, as many at
 * a time as one plan lists. Cost: one LIST for 1,000 objects. Memory: 24 bytes for each of a portion.
 */
export async function* listOrphans(
  store: ObjectStore,
  { needed, isParity }: { readonly needed: IdSet; readonly isParity: (key: string) => boolean },
  beforeMs: number,
  portion: number,
  options: CallOptions,
): AsyncGenerator<Orphans> {
  let orphans = new Orphans();
  for (const prefix of dataPrefixes) {
    for await (const page of listPages(store, { ...options, prefix })) {
      for (const { key, sizeBytes, modifiedMs } of page) {
        if (modifiedMs >= beforeMs || isParity(key)) continue;
        const parsed = parseDataKey(key);
        if (parsed === undefined || needed.has(parsed.id)) continue;
        orphans.add(parsed.pattern, parsed.id, sizeBytes);
        if (orphans.count < portion && orphans.planBytes < planBytesLimit) continue;
        yield orphans;
        orphans = new Orphans();
      }
    }
  }
  if (orphans.count > 0) yield orphans;
}
