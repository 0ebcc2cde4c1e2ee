// Versions, newest first, by their parents. Voids are passed over because no parent names them.
import { NacreError } from '../errors.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import { readRoot } from './head.js';
import { isKept } from './history-draft.js';
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
    const loaded = await ahead.get(parent.version);
    if (loaded === undefined || !equalBytes(loaded.hash, parent.hash)) {
      const what = loaded === undefined ? 'is missing' : 'differs from what its child says that it was';
      throw new NacreError('Corrupt', `${rootKey(parent.version)} ${what}`, {
        context: { key: rootKey(parent.version), version: parent.version },
        hint: 'Run `nacre repair` to put back the right bytes from a replica or a backup.',
      });
    }
    for (const version of ahead.keys()) if (version >= parent.version) ahead.delete(version);
    current = loaded;
  }
}

/**
 * The root of a version as `head` sees it, reached directly; `NotFound` when the head has no such version.
 */
export async function rootAt(
  store: ObjectStore,
  head: LoadedRoot,
  version: number,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<LoadedRoot> {
  if (version === head.root.version) return head;
  const notFound = (why: string): NacreError =>
    new NacreError('NotFound', `there is no version ${version}: ${why}`, {
      context: { version, newest: head.root.version },
      hint: '`nacre log` lists the versions.',
    });
  if (version < 1 || version > head.root.version) throw notFound(`the newest is ${head.root.version}`);
  const loaded = await readRoot(store, version, functions, options);
  if (loaded === undefined) {
    throw new NacreError('Corrupt', `${rootKey(version)} is missing`, {
      context: { key: rootKey(version), version },
    });
  }
  const same = equalBytes(loaded.root.dataset, head.root.dataset) && loaded.root.version === version;
  if (!same) throw notFound('its slot holds a root of another dataset');
  const { kept } = head.root;
  if (!isKept(kept, version)) {
    throw new NacreError('Expired', `version ${version} is no longer kept`, {
      context: { version, keptFrom: kept?.from ?? 1 },
      hint: 'Restore it from a backup or a replica.',
    });
  }
  return loaded;
}
