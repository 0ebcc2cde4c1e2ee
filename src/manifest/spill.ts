// Room for operation ids: when a root holds many, all of them move into an object, together with the lists of
// objects that are no larger, so that the objects of a week are few and an id is written again a few times.
//
// Only ids that stand in a committed root move, so an object stays true however the commit is rebased. When
// another writer was first, ours is an orphan and left to clean-up.
import type { CallOptions } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';
import { segmentPattern } from './keys.js';
import { hasUnknownFields, type OperationsRef, type RecentOperation, type Root } from './message.js';
import type { NewObject } from './objects.js';
import { encodeOperations, filterOf, readOperations } from './operations.js';
import { describeObject, uploadObject, type UploadEnvironment } from './upload.js';

/** How long an operation id is recognised again, at least. */
export const operationMemoryMs = 7 * 24 * 3600 * 1000;

/** Ids that a root holds itself: 4 KiB. */
const inlineOperations = 128;

/** Ids of one object at most: 3 MB. */
const listLimit = 100_000;

export interface SpillPlan {
  readonly operations: readonly RecentOperation[];
  readonly merged: readonly OperationsRef[];
}

export interface Spill {
  /** Ids that leave the root. */
  readonly members: ReadonlySet<string>;
  /** Slots of the objects in the root, with their hashes, whose lists it takes over. */
  readonly merged: ReadonlyMap<number, string>;
  readonly object: NewObject;
  readonly reference: Pick<OperationsRef, 'count' | 'toTimeMs' | 'filter'>;
}

/** What should move next to a commit on this root; undefined while there is room. Pure. */
export function planSpill({ recentOperations, olderOperations }: Root): SpillPlan | undefined {
  if (recentOperations.length <= inlineOperations) return undefined;
  const merged: OperationsRef[] = [];
  let count = recentOperations.length;
  // What a newer release says of an object may not be true of another one.
  const known = olderOperations.filter((reference) => !hasUnknownFields(reference));
  for (const reference of known.toSorted((a, b) => a.count - b.count)) {
    if (reference.count > count || count + reference.count > listLimit) break;
    merged.push(reference);
    count += reference.count;
  }
  return { operations: recentOperations, merged };
}

/** Uploads the object of a plan. Cost: a GET for each merged one, in one wave, then one PUT. */
export async function prepareSpill(
  environment: UploadEnvironment,
  root: Root,
  { operations, merged }: SpillPlan,
  options: CallOptions = {},
): Promise<Spill> {
  const { store, functions } = environment;
  const older = await Promise.all(
    merged.map((reference) => readOperations(store, root, reference, functions, options)),
  );
  const kept = older.flat().filter(({ timeMs }) => timeMs > root.timeMs - operationMemoryMs);
  const all = [...kept, ...operations];
  const bytes = encodeOperations(all, functions);
  const object = describeObject(segmentPattern, bytes, environment);
  await uploadObject(store, object, bytes, options);
  return {
    members: new Set(operations.map(({ id }) => toHex(id))),
    merged: new Map(merged.map(({ object: slot }) => [slot, hashAt(root, slot)])),
    object,
    reference: {
      count: all.length,
      toTimeMs: Math.max(...operations.map(({ timeMs }) => timeMs)),
      filter: filterOf(all, functions),
    },
  };
}

/** Text form of the hash of an object in a root's table. */
export function hashAt({ objects }: Pick<Root, 'objects'>, slot: number): string {
  return toHex(objects?.objects[slot]?.hash ?? new Uint8Array(0));
}
