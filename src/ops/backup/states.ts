// Bytes that were written over: the states that a key had before, found by their hash. Whoever may only add
// to a bucket that keeps states cannot take anything away from it.
import { isNacreError } from '../../errors.js';
import type { Moved } from '../../manifest/moved.js';
import type { StoredObject } from '../../manifest/objects.js';
import { frameCap } from '../../manifest/frame.js';
import { getFrame } from '../../manifest/read-checked.js';
import { decodeRoot, type LoadedRoot } from '../../manifest/root.js';
import { rootKey } from '../../manifest/keys.js';
import type { CallOptions, ObjectVersion, VersionPage } from '../../storage/object-store.js';
import { forwarding } from '../../storage/wrap/forwarding.js';
import { equalBytes } from '../../util/bytes.js';
import type { ReadEnvironment } from '../environment.js';

/** States of a key that are not the current one, the oldest first; none where the store keeps none. */
export async function pastStates(
  { store }: ReadEnvironment,
  key: string,
  call: CallOptions,
): Promise<ObjectVersion[]> {
  const states: ObjectVersion[] = [];
  for (let after: VersionPage['next'], isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const listing = store.versioned?.listVersions({ ...call, prefix: key, ...(after && { after }) });
    const page = await listing?.catch((error: unknown) => {
      if (isNacreError(error, 'PermissionDenied') || isNacreError(error, 'InvalidArgument')) return undefined;
      throw error;
    });
    if (page === undefined) return [];
    states.push(...page.entries.filter((one) => one.key === key));
    after = page.next !== undefined && page.next.key <= key ? page.next : undefined;
  }
  return states.filter(({ isCurrent, isDeletion }) => !isCurrent && !isDeletion).toReversed();
}

/**
 * Places that may have an object: under its own key, and every state before, of its own key and its place.
 */
export async function placesOf(
  environment: ReadEnvironment,
  moved: Moved,
  { key, sizeBytes }: Pick<StoredObject, 'key' | 'sizeBytes'>,
  call: CallOptions,
): Promise<ReadEnvironment[]> {
  const place = moved.placeOf(key);
  const keys = place === key ? [key] : [place, key];
  const found = await Promise.all(keys.map((one) => pastStates(environment, one, call)));
  const states = found.flat().filter((state) => state.sizeBytes === sizeBytes);
  return [...(place === key ? [] : [environment]), ...states.map((state) => pinned(environment, key, state))];
}

/** One state of a key, as if it stood there. */
function pinned(environment: ReadEnvironment, key: string, state: ObjectVersion): ReadEnvironment {
  const { localPath: _, ...rest } = environment;
  const { store } = environment;
  const get: typeof store.get = async (asked, options) =>
    asked === key
      ? store.versioned?.getVersion(state.key, state.version, options)
      : store.get(asked, options);
  return { ...rest, store: forwarding(store, { get }) };
}

/** States of a key that are looked at. */
const mostStates = 64;

/** Keys whose states are remembered. */
const keysKept = 64;

/**
 * Places that may have what is wrong under its key, for who asks by key and compares with a hash: under its
 * own key where it was moved, then every state before, the oldest first: where credentials may only add, what
 * was there first is what a backup put. Costs nothing before it is asked.
 */
export function pastPlaces(environment: ReadEnvironment, moved: Moved, call: CallOptions): ReadEnvironment[] {
  const remembered = new Map<string, Promise<ObjectVersion[]>>();
  const statesOf = (key: string): Promise<ObjectVersion[]> => {
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const place = moved.placeOf(key);
    const keys = place === key ? [key] : [place, key];
    const found = Promise.all(keys.map((one) => pastStates(environment, one, call))).then((all) =>
      all.flat(),
    );
    const [first = ''] = remembered.keys();
    if (remembered.size >= keysKept) remembered.delete(first);
    remembered.set(key, found);
    found.catch(() => remembered.delete(key));
    return found;
  };
  const { localPath: _, ...rest } = environment;
  const { store } = environment;
  const place = (n: number): ReadEnvironment => ({
    ...rest,
    store: forwarding(store, {
      async get(key, options) {
        const state = (await statesOf(key))[n];
        return state && store.versioned?.getVersion(state.key, state.version, options);
      },
    }),
  });
  const own = moved.size === 0 ? [] : [environment];
  return store.versioned === undefined
    ? own
    : [...own, ...Array.from({ length: mostStates }, (_, n) => place(n))];
}

/** The root of a version and hash: as it stands, else among what was written over. */
export async function rootOfHash(
  environment: ReadEnvironment,
  moved: Moved,
  { version, hash }: { readonly version: number; readonly hash: Uint8Array },
  call: CallOptions,
): Promise<LoadedRoot | undefined> {
  const { store, functions } = environment;
  const key = rootKey(version);
  const place = moved.placeOf(key);
  const isRight = (bytes: Uint8Array | undefined): bytes is Uint8Array =>
    bytes !== undefined && equalBytes(functions.blake3(bytes), hash);
  const at = async (one: string): Promise<Uint8Array | undefined> => {
    // Bytes may be hurt on their way.
    for (let read = 0; read < 2; read++) {
      const bytes = (await getFrame((options) => store.get(one, options), 'root', call))?.bytes;
      if (bytes === undefined || isRight(bytes)) return bytes;
    }
    return undefined;
  };
  for (const one of new Set([place, key])) {
    const bytes = await at(one);
    if (isRight(bytes)) return decodeRoot(bytes, key, functions);
  }
  for (const one of new Set([place, key])) {
    for (const state of await pastStates(environment, one, call)) {
      if (state.sizeBytes > frameCap.root) continue;
      const bytes = (await store.versioned?.getVersion(one, state.version, call))?.bytes;
      if (isRight(bytes)) return decodeRoot(bytes, key, functions);
    }
  }
  return undefined;
}
