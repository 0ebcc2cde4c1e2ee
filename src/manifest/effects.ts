// What a version that landed changed, read from its root: enough to decide whether another transaction may
// follow it.
import { rootKey } from './keys.js';
import { NacreError } from '../errors.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import type { Root, RowSet } from './message.js';
import { resolveObject, type StoredObject } from './objects.js';
import { readObject } from './read-checked.js';
import { type ArrayEffects, type Effects } from './rebase.js';
import { inlineBytes } from './row-sets.js';

/** Row sets that stand in objects are read, one request each; most versions have none. */
export async function loadEffects(
  store: ObjectStore,
  root: Root,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<Effects> {
  const arrays = (root.changes?.arrays ?? []).map(async (change): Promise<ArrayEffects> => {
    const id = toHex(change.array);
    const entry = root.arrays.find((array) => toHex(array.id) === id);
    const overrides = [...(entry?.partitions ?? []), ...(entry?.columns ?? [])].filter(
      ({ sequence }) => sequence === root.version,
    );
    const load = (sets: readonly RowSet[]): Promise<Uint8Array | undefined> =>
      loadUnion(store, root, sets, functions, options);
    const [replaced, removed] = await Promise.all([
      load(overrides.map((partition) => partition.rowIds).filter((set) => set !== null)),
      load(change.removed),
    ]);
    const { created, renamed, indexed, keyed, paritySet, restored, appendedRows } = change;
    const dropped = change.dropped && !restored;
    const how = { created, dropped, renamed, indexed, keyed, paritySet, restored };
    return { id, ...how, appendedRows, replaced, removed };
  });
  return { version: root.version, arrays: await Promise.all(arrays) };
}

async function loadUnion(
  store: ObjectStore,
  root: Root,
  sets: readonly RowSet[],
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<Uint8Array | undefined> {
  const loaded = await Promise.all(sets.map((set) => loadRowSet(store, root, set, functions, options)));
  return loaded.reduce<Uint8Array | undefined>(
    (union, set) => (union === undefined ? set : functions.rowSets.union(union, set)),
    undefined,
  );
}

/** The bytes of a row set, checked against its object's hash and its own count. */
export async function loadRowSet(
  store: ObjectStore,
  root: Root,
  message: RowSet,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<Uint8Array> {
  const object = (): StoredObject => resolveObject(root.objects, message.object, rootKey(root.version));
  const set = inlineBytes(message) ?? (await readObject(store, object(), functions, options));
  if (functions.rowSets.count(set) !== message.count) {
    throw new NacreError(
      'Corrupt',
      `${rootKey(root.version)}: a row set does not have the ${message.count} rows it says`,
    );
  }
  return set;
}
