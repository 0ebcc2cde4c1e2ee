// Every object that a version refers to: for whoever compares, copies, checks or cleans up whole versions.
//
// The root's object table and the tables of its segments are all there is, whatever their entries stand for:
// so upkeep walks what a newer release put there, too.
import { NacreError } from '../errors.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import { rootKey } from './keys.js';
import type { ArrayEntry, Segment, SegmentRef } from './message.js';
import { isHole, resolveObject, type StoredObject } from './objects.js';
import { readChecked } from './read-checked.js';
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
  const where = rootKey(root.version);
  return (root.objects?.objects ?? []).flatMap((object, slot) =>
    isHole(object) ? [] : [resolveObject(root.objects, slot, where)],
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
  return (objects?.objects ?? []).flatMap((object, slot) =>
    isHole(object) ? [] : [resolveObject(objects, slot, key)],
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
  return readChecked(store, object.key, { ...options, range }, (bytes) =>
    decodeSegment(bytes, reference, object, array, functions),
  );
}

/** What a walk over many versions remembers of their segments, so that each is read once. */
export class SegmentMemory {
  readonly #known = new Map<string, { readonly hash: Uint8Array; readonly objects: StoredObject[] }>();

  get({ object }: ReferencedSegment): StoredObject[] | undefined {
    const known = this.#known.get(object.key);
    return known !== undefined && equalBytes(known.hash, object.hash) ? known.objects : undefined;
  }

  set({ object }: ReferencedSegment, objects: StoredObject[]): void {
    this.#known.set(object.key, { hash: object.hash, objects });
  }
}

/**
 * Every object that a version refers to, once; a segment before what it names. A segment that is missing
 * is `Corrupt`, as one that is damaged is. Cost: one request for each segment that the memory does not have.
 */
export async function* references(
  store: ObjectStore,
  loaded: LoadedRoot,
  functions: ManifestFunctions,
  options: CallOptions & { readonly memory?: SegmentMemory } = {},
): AsyncGenerator<StoredObject> {
  const { memory, signal } = options;
  yield* rootObjects(loaded);
  for (const segment of segmentsOf(loaded)) {
    let objects = memory?.get(segment);
    if (objects === undefined) {
      const { key } = segment.object;
      const read = await readSegment(store, segment, functions, signal === undefined ? {} : { signal });
      if (read === undefined) throw new NacreError('Corrupt', `${key} is missing`, { context: { key } });
      objects = segmentObjects(read, key);
      memory?.set(segment, objects);
    }
    yield* objects;
  }
}
