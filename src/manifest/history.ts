// Versions, newest first, by their parents. Voids are passed over because no parent names them.
import { isNacreError, NacreError } from '../errors.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import { readRoot } from './head.js';
import { healedRoot } from './healed-root.js';
import { rootKey } from './keys.js';
import type { LoadedRoot } from './root.js';

/** Roots asked for at once: versions are numbered without gaps, so the next ones can be fetched ahead. */
const readAhead = 16;

/** From `head` back to the first version. Cost: one request a version, sixteen at a time. */
export async function* history(
  store: ObjectStore,
  head: LoadedRoot,
  functions: ManifestFunctions,
  options: CallOptions = {},
): AsyncGenerator<LoadedRoot> {
  const ahead = new Map<number, Promise<LoadedRoot | undefined>>();
  let current = head;
  for (;;) {
    yield current;
    const { parent } = current.root;
    if (parent === null) return;
    for (let version = parent.version; version > Math.max(0, parent.version - readAhead); version--) {
      if (ahead.has(version)) continue;
      const root = readRoot(store, version, functions, options);
      // Whoever needs it sees its error; a void's error is nobody's.
      root.catch(() => undefined);
      ahead.set(version, root);
    }
    const found = await ahead.get(parent.version)?.catch((error: unknown) => {
      if (isNacreError(error, 'Corrupt')) return error;
      throw error;
    });
    const inSlot = found instanceof NacreError ? undefined : found;
    const isRight = inSlot !== undefined && equalBytes(inSlot.hash, parent.hash);
    const loaded = isRight ? inSlot : await healedRoot(store, parent, functions, options);
    if (loaded === undefined) {
      if (found instanceof NacreError) throw found;
      const what = inSlot === undefined ? 'is missing' : 'differs from what its child says that it was';
      throw new NacreError('Corrupt', `${rootKey(parent.version)} ${what}`, {
        context: { key: rootKey(parent.version), version: parent.version },
        hint: 'Run `nacre repair` to put back the right bytes from a replica or a backup.',
      });
    }
    for (const version of ahead.keys()) if (version >= parent.version) ahead.delete(version);
    current = loaded;
  }
}
