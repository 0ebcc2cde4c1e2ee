// Objects of which bytes that were read unchecked turned out wrong. From then on they are read block by
// block, each compared with its sum, by reads that ask whoever else has the right bytes: the next search
// uses the index again, where somebody has.
import type { ObjectStore } from '../storage/object-store.js';
import type { ArrayView } from './array-view.js';
import type { Part } from './runs.js';

const doubted = new WeakMap<ObjectStore, Set<string>>();

/** For as long as the store is open. */
export function doubt({ store }: { readonly store: ObjectStore }, parts: Iterable<Part>): void {
  const keys = doubted.get(store) ?? new Set();
  doubted.set(store, keys);
  for (const { object } of parts) keys.add(object.key);
}

export function isDoubted(store: ObjectStore, { object }: Part): boolean {
  return doubted.get(store)?.has(object.key) ?? false;
}

/** The objects of all indexes of an array but those of attributes. */
export function indexParts(view: ArrayView): Part[] {
  const lists = view.entry.indexes.flatMap(({ kind }) => view.index(kind)?.lists ?? []);
  return lists.flatMap(({ part, bits }) => (bits === undefined ? [part] : [part, bits]));
}
