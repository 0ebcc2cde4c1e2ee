// From a store that is open to a handle. Loaded by the first `open()`.
import { NacreError } from '../errors.js';
import { createDataset } from '../manifest/create.js';
import { newestRoot } from '../manifest/head.js';
import { checkRestored, type HintState, readHint } from '../manifest/hint.js';
import { pointPrefix } from '../manifest/keys.js';
import { withRole } from '../manifest/replica-mark.js';
import { checkEnded } from '../manifest/restoring.js';
import type { LoadedRoot } from '../manifest/root.js';
import { holdsAny } from '../storage/list-pages.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { Dataset } from './dataset.js';
import { Elsewhere } from './elsewhere.js';
import { type Environment, environmentOf } from './environment.js';
import type { OpenOptions } from './open.js';

/** What `open()` does with the store of its URI, which it closes when it fails. */
export async function openBackendStore(backend: ObjectStore, options: OpenOptions): Promise<Dataset> {
  let close = (): Promise<void> => backend.close();
  try {
    const environment = environmentOf(backend, options);
    close = () => closeAll(environment);
    return await openOn(environment, options);
  } catch (error) {
    await close();
    throw error;
  }
}

/** What `openStoreDataset()` does. */
export function openStore(store: ObjectStore, options: OpenOptions): Promise<Dataset> {
  return openOn(environmentOf(store, options), options);
}

async function openOn(environment: Environment, options: OpenOptions): Promise<Dataset> {
  const { store, functions } = environment;
  const call: CallOptions = options.signal === undefined ? {} : { signal: options.signal };
  const hint = await readHint(store, functions, call);
  checkRestored(hint, store.uri);
  if (hint.head !== undefined && hint.problem === undefined) {
    const confirmed = options.freshness === 'hint';
    return handle(environment, options, hint, hint.head, hint.head.root.version + 1, confirmed);
  }
  const found = await newestRoot(store, functions, call);
  if (found !== undefined) {
    if (hint.problem === 'absent') await checkNoBackup(store, call);
    await checkEnded(store, hint, found.head, functions, call);
    warnOfCopy(hint, found.head, options);
    const known = await withRole(store, hint, found.head, functions, call);
    return handle(environment, options, known, found.head, found.freeSlot, true);
  }
  if (options.create !== true) {
    throw new NacreError('NotFound', `there is no dataset at ${store.uri}`, {
      context: { uri: store.uri },
      hint: 'Check the address, or make one with `nacre create` or { create: true }.',
    });
  }
  const { head, created } = await createDataset(environment);
  // Who lost the first slot has not looked above it: the winner may have gone on.
  return handle(environment, options, hint, head, head.root.version + 1, created);
}

/** Backups have the roots of a dataset, and no hint: one that was written there would make them one. */
async function checkNoBackup(store: ObjectStore, call: CallOptions): Promise<void> {
  if (!(await holdsAny(store, pointPrefix, call))) return;
  throw new NacreError('InvalidArgument', `${store.uri} has backups, and is no dataset`, {
    context: { uri: store.uri },
    hint: 'Restore one into an empty place with `nacre backup restore`, and open that.',
  });
}

function handle(
  environment: Environment,
  options: OpenOptions,
  hint: HintState,
  head: LoadedRoot,
  freeSlot: number,
  confirmed: boolean,
): Dataset {
  const { replicas = [] } = options;
  const elsewhere = replicas.length === 0 ? undefined : new Elsewhere(environment, replicas, options);
  const close = async (): Promise<void> => {
    await elsewhere?.close();
    await closeAll(environment);
  };
  return new Dataset(environment, { hint, head, freeSlot, confirmed, close, options, elsewhere });
}

function warnOfCopy(hint: HintState, head: LoadedRoot, options: OpenOptions): void {
  if (hint.origin === undefined || head.root.version >= hint.origin.version) return;
  const { home, version } = hint.origin;
  options.onWarning?.(
    new NacreError(
      'Corrupt',
      `this is a copy of ${home} that ends at version ${head.root.version} of ${version}`,
      {
        context: { home, version, opened: head.root.version },
        hint: 'Copy the missing objects from there, or go on with what is here.',
      },
    ),
  );
}

async function closeAll(environment: Environment): Promise<void> {
  await environment.cache.close();
  await environment.store.close();
}
