// What in a backup no point needs, in portions of one plan each.
import type { PlannedGroup } from '../../manifest/plan.js';
import type { Planned } from '../../manifest/forget-plan.js';
import {
  dataPrefixes,
  isIdBelow,
  type KeyPattern,
  movedPattern,
  parseDataKey,
  rootKey,
  rootPrefix,
  versionOfRootKey,
} from '../../manifest/keys.js';
import { idOfObjectKey } from '../../manifest/moved.js';
import { listPages } from '../../storage/list-pages.js';
import type { CallOptions, ListEntry, ObjectStore } from '../../storage/object-store.js';
import { fromHex } from '../../util/bytes.js';
import { Orphans } from '../gc/orphans.js';
import type { Marks } from './marks.js';

/** A plan is a frame of at most 16 MiB. */
const planBytesLimit = 15 * 2 ** 20;

/** A version as a plan has it, at most. */
const rootBytes = 8;

/** Keys that one request deletes. */
const batchKeys = 500;

export class Garbage {
  readonly #objects = new Orphans();
  readonly #roots = new Map<number, number>();

  get count(): number {
    return this.#objects.count + this.#roots.size;
  }

  get sizeBytes(): number {
    return this.#objects.sizeBytes + [...this.#roots.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  get isFull(): boolean {
    return this.#objects.planBytes + this.#roots.size * rootBytes >= planBytesLimit;
  }

  get planned(): Planned {
    const groups: readonly PlannedGroup[] = this.#objects.groups;
    return { groups, roots: [...this.#roots.keys()] };
  }

  add({ key, sizeBytes }: ListEntry): void {
    const version = versionOfRootKey(key);
    const parsed = parsePlace(key);
    if (version !== undefined) this.#roots.set(version, sizeBytes);
    else if (parsed !== undefined) this.#objects.add(parsed.pattern, parsed.id, sizeBytes);
  }

  /** Without what is needed by now. */
  *keys(marks: Marks): Generator<{ keys: string[]; sizes: number[] }> {
    let [keys, sizes]: [string[], number[]] = [[], []];
    const all = function* (this: Garbage): Generator<[string, number]> {
      for (const batch of this.#objects.spare(marks.ids).batches(1))
        yield [batch.keys[0] ?? '', batch.sizeBytes];
      for (const [version, bytes] of this.#roots)
        if (!marks.roots.has(version)) yield [rootKey(version), bytes];
    };
    for (const [key, bytes] of all.call(this)) {
      keys.push(key);
      sizes.push(bytes);
      if (keys.length < batchKeys) continue;
      yield { keys, sizes };
      [keys, sizes] = [[], []];
    }
    if (keys.length > 0) yield { keys, sizes };
  }
}

/** Cost: one LIST for 1,000 objects. */
export async function* listGarbage(
  store: ObjectStore,
  marks: Marks,
  options: CallOptions,
): AsyncGenerator<Garbage> {
  let garbage = new Garbage();
  for (const prefix of [...dataPrefixes, movedPattern.prefix, rootPrefix]) {
    for await (const page of listPages(store, { ...options, prefix })) {
      for (const entry of page) {
        if (!isUnneeded(entry.key, marks)) continue;
        garbage.add(entry);
        if (!garbage.isFull) continue;
        yield garbage;
        garbage = new Garbage();
      }
    }
  }
  if (garbage.count > 0) yield garbage;
}

function isUnneeded(key: string, marks: Marks): boolean {
  const version = versionOfRootKey(key);
  if (version !== undefined) return !marks.roots.has(version);
  const parsed = parsePlace(key);
  return parsed !== undefined && !marks.ids.has(parsed.id);
}

/** What nobody here wrote is nobody's to delete. */
function parsePlace(key: string): { pattern: KeyPattern; id: Uint8Array } | undefined {
  if (!isIdBelow(movedPattern.prefix, key)) return parseDataKey(key);
  const id = fromHex(idOfObjectKey(key) ?? '');
  return id && { pattern: movedPattern, id };
}
