// Whether everything that a version refers to is there, in its size: for the first writer on a copied prefix.
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import type { ManifestFunctions } from './functions.js';
import { history } from './history.js';
import { mapBounded } from '../util/bounded.js';
import { dataPrefixes, healedPrefix, isLinkedKey } from './keys.js';
import { asHealed, type StoredObject } from './objects.js';
import { readSegment, rootObjects, segmentObjects, segmentsOf } from './references.js';
import type { LoadedRoot } from './root.js';
import { listPages } from '../storage/list-pages.js';

/** Objects asked for side by side. */
const headsAtOnce = 16;

/**
 * Sizes of the objects under the prefixes that data and segments live in. Cost: one LIST for 1,000 objects.
 */
async function listSizes(store: ObjectStore, options: CallOptions): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const prefix of [...dataPrefixes, healedPrefix]) {
    for await (const page of listPages(store, { ...options, prefix }))
      for (const { key, sizeBytes } of page) sizes.set(key, sizeBytes);
  }
  return sizes;
}

/** What is linked lies in folders of others, which are not listed. Cost: a HEAD for each, once. */
async function askLinked(
  store: ObjectStore,
  objects: readonly StoredObject[],
  sizes: Map<string, number>,
  options: CallOptions,
): Promise<void> {
  const keys = new Set(objects.map(({ key }) => key).filter((key) => isLinkedKey(key) && !sizes.has(key)));
  await mapBounded([...keys], headsAtOnce, async (key) => {
    sizes.set(key, (await store.head(key, options))?.sizeBytes ?? -1);
  });
}

/**
 * Keys that a version needs and that are missing or of another size; what stands in a missing segment is
 * not known.
 */
async function missingOf(
  store: ObjectStore,
  loaded: LoadedRoot,
  sizes: Map<string, number>,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<string[]> {
  const isHere = (object: StoredObject): boolean =>
    [object, asHealed(object)].some(({ key }) => sizes.get(key) === object.sizeBytes);
  const inRoot = rootObjects(loaded);
  await askLinked(store, inRoot, sizes, options);
  const missing = inRoot.filter((object) => !isHere(object));
  for (const segment of segmentsOf(loaded)) {
    if (!isHere(segment.object)) continue;
    const { key } = segment.object;
    const objects = segmentObjects(
      defined(await readSegment(store, segment, functions, options), 'segment'),
      key,
    );
    await askLinked(store, objects, sizes, options);
    missing.push(...objects.filter((object) => !isHere(object)));
  }
  return missing.map(({ key }) => key);
}

export interface CompleteVersion {
  readonly head: LoadedRoot;
  /** Newer versions that lack objects, newest first, each with some of the keys that it lacks. */
  readonly incomplete: readonly { readonly version: number; readonly missing: readonly string[] }[];
}

/**
 * The newest version all of whose objects are here; undefined when there is none. Compares keys and sizes,
 * not bytes.
 */
export async function newestComplete(
  store: ObjectStore,
  newest: LoadedRoot,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<CompleteVersion | undefined> {
  const sizes = await listSizes(store, options);
  const incomplete: { version: number; missing: string[] }[] = [];
  for await (const loaded of history(store, newest, functions, options)) {
    const missing = await missingOf(store, loaded, sizes, functions, options);
    if (missing.length === 0) return { head: loaded, incomplete };
    incomplete.push({ version: loaded.root.version, missing: missing.slice(0, 10) });
  }
  return undefined;
}
