// Roots whose slots hold damaged bytes that could not be overwritten: their right bytes are under the hash
// that their child or the hint names (`storage/wrap/healing.ts`). The slot itself says nothing of it, and
// what holds another root is not passed over here.
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import { throwIfAborted } from '../util/runtime.js';
import { frameCap } from './frame.js';
import type { ManifestFunctions } from './functions.js';
import { rootKey } from './keys.js';
import { decodeRoot, type LoadedRoot } from './root.js';

export interface RootPlace {
  readonly version: number;
  readonly hash: Uint8Array;
}

/** The root of that hash from who else has it; undefined where nobody has. Cost: a request for each. */
export async function healedRoot(
  store: ObjectStore,
  { version, hash }: RootPlace,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<LoadedRoot | undefined> {
  const { healing } = store;
  const key = rootKey(version);
  const range = { start: 0, end: frameCap.root };
  for (const source of healing?.sourcesOf({ key, hash }) ?? []) {
    throwIfAborted(options.signal);
    const bytes = await source.read(range, options).catch(() => undefined);
    if (bytes === undefined || !equalBytes(functions.blake3(bytes), hash)) continue;
    const loaded = decodeRoot(bytes, key, functions);
    if (loaded.root.version !== version) continue;
    healing?.onDamage?.({ key, kind: 'block', range, healedBy: source.name });
    return loaded;
  }
  throwIfAborted(options.signal);
  return undefined;
}
