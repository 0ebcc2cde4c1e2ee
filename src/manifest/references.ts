// Every object that a version refers to: for whoever compares, copies, checks or cleans up whole versions.
//
// The root's object table and the tables of its segments are all there is, whatever their entries stand for:
// so upkeep walks what a newer release put there, too.
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import type { ManifestFunctions } from './functions.js';
import { rootKey } from './keys.js';
import type { ArrayEntry, ObjectTable, Segment, SegmentRef } from './message.js';
import { isHole, resolveObject, type StoredObject } from './objects.js';
import { readNamed } from './read-checked.js';
import { slotsOfArray } from './restore.js';
import type { LoadedRoot } from './root.js';
import { decodeSegment } from './segment.js';

/** A segment of a version, and the array whose rows or columns its entries are of. */
export interface ReferencedSegment {
  readonly array: ArrayEntry;
  readonly reference: SegmentRef;
  readonly object: StoredObject;
}

/** Objects that the root itself names, segments among them. Without a request. */
export function rootObjects({ root }: LoadedRoot): StoredObject[] {
  return tableObjects(root.objects, rootKey(root.version));
}

/** The same with the array that each is of; undefined for what belongs to the history. */
export function ownedObjects(
  loaded: LoadedRoot,
): { readonly object: StoredObject; readonly array: Uint8Array | undefined }[] {
  const { root } = loaded;
  const owners = new Map(root.arrays.flatMap((array) => slotsOfArray(array).map((slot) => [slot, array.id])));
  const what = rootKey(root.version);
  return (root.objects?.objects ?? []).flatMap((object, slot) =>
    isHole(object) ? [] : [{ object: resolveObject(root.objects, slot, what), array: owners.get(slot) }],
  );
}

export function segmentsOf({ root }: LoadedRoot): ReferencedSegment[] {
  const where = rootKey(root.version);
  return root.arrays.flatMap((array) =>
    [...array.segments, ...array.columnSegments].map((reference) => ({
      array,
      reference,
      object: resolveObject(root.objects, reference.object, where),
    })),
  );
}

/** The objects that a decoded segment names. */
export function segmentObjects({ objects }: Segment, key: string): StoredObject[] {
  return tableObjects(objects, key);
}

function tableObjects(table: ObjectTable | null, what: string): StoredObject[] {
  return (table?.objects ?? []).flatMap((object, slot) =>
    isHole(object) ? [] : [resolveObject(table, slot, what)],
  );
}

/** The hot part of a segment, checked; undefined when the object is missing. Cost: one request. */
export async function readSegment(
  store: ObjectStore,
  { array, reference, object }: ReferencedSegment,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<Segment | undefined> {
  const range = { start: 0, end: reference.headBytes };
  return readNamed(store, object, { ...options, range }, (bytes) =>
    decodeSegment(bytes, reference, object, array, functions),
  );
}
