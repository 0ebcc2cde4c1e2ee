// From a URI to its bare store, before the engine is loaded: that takes as long as a round trip, so that of a
// bucket the hint is asked for meanwhile.
import { open, stat } from 'node:fs/promises';
import { packEnding } from '../formats/pack/ending.js';
import { firstRead, hintKey } from '../manifest/keys.js';
import type { Durability } from '../storage/local/durability.js';
import type { ObjectStore } from '../storage/object-store.js';
import { openStore } from '../storage/open.js';
import { parseStoreUri, type StoreLocation } from '../storage/uri.js';
import { callOptions, forwarding } from '../storage/wrap/forwarding.js';
import { ownSignal } from '../storage/wrap/parallel.js';
import { onAbort, type Runtime, systemRuntime } from '../util/runtime.js';

export interface BackendOptions {
  readonly runtime?: Runtime;
  readonly signal?: AbortSignal;
  readonly durability?: Durability;
}

export async function openBackend(uri: string, options: BackendOptions): Promise<ObjectStore> {
  const { runtime = systemRuntime, durability = 'fsync' } = options;
  const location = parseStoreUri(uri);
  if (await isPack(uri, location)) {
    const { PackReader } = await import('../formats/pack/reader.js');
    return PackReader.open(uri, runtime, callOptions(options));
  }
  const store = await openStore(location, { runtime, durability, ...callOptions(options) });
  return location.scheme === 's3' || location.scheme === 'gs' ? askedAhead(store, hintKey, options) : store;
}

/** A file where a folder would be; in a bucket by its name alone. */
async function isPack(uri: string, location: StoreLocation): Promise<boolean> {
  if (location.scheme === 'memory') return false;
  if (location.scheme !== 'file') return uri.endsWith(packEnding);
  const found = await stat(location.path).catch(() => undefined);
  if (found?.isFile() !== true) return false;
  const file = await open(location.path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    // What is no zip file is refused as every other file is.
    return bytesRead === 2 && buffer.toString('latin1') === 'PK';
  } finally {
    await file.close();
  }
}

/** `store`, of which `key` is asked for at once: the first `get` of it gets that answer, or its
 * failure, and may end it. */
function askedAhead(store: ObjectStore, key: string, options: BackendOptions): ObjectStore {
  const own = ownSignal(options.signal);
  let ahead: ReturnType<ObjectStore['get']> | undefined = store
    .get(key, { signal: own.signal, range: firstRead })
    .finally(own.release);
  // Whoever takes it hears of its failure.
  ahead.catch(() => undefined);
  return forwarding(store, {
    get: (asked, call = {}) => {
      if (asked !== key || ahead === undefined) return store.get(asked, call);
      const { signal } = call;
      const answer = ahead;
      ahead = undefined;
      const leave = (): void => own.abort(signal?.reason);
      if (signal?.aborted) leave();
      return answer.finally(onAbort(signal, leave));
    },
  });
}
