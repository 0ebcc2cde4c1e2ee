// The way in. The engine is loaded by the first call, so that the import of Nacre stays cheap; of a bucket
// the first request is under way meanwhile.
import type { Durability } from '../storage/local/durability.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { Dataset } from './dataset.js';
import type { ConnectOptions } from './environment.js';

export interface OpenOptions extends ConnectOptions {
  /** Makes an empty dataset when there is none. Default false: `NotFound`. */
  readonly create?: boolean;
  /**
   * `'latest'` (default): no answer is older than what was acknowledged before the handle was opened.
   * `'hint'`: the version that the hint names is good enough, for readers without the right to list and
   * behind caches.
   */
  readonly freshness?: 'latest' | 'hint';
  /**
   * Addresses of replicas. Objects that are damaged or missing at the second look at the store come from the
   * first of them that has what is right, for reads, streams, what a `write()` reads, and `compact()`;
   * `onWarning` is told, and `analyze()` counts it. They are opened when they are needed. Roots come from the
   * store alone, and so does all that `open()` itself reads.
   */
  readonly replicas?: readonly string[];
  /**
   * What commits to a folder wait for. `'fsync'` (default): the disk. `'none'`: the operating system alone,
   * as `np.save` does. Of a process that is killed nothing is lost either way; a power failure or a crash of
   * the system may take the last commits, or damage them, later ones by handles that wait included: checksums
   * and `scrub()` find it. Buckets and memory know one way to write, whatever this says; what opens a place
   * by its address (copies, backups, restores, repairs) always waits.
   */
  readonly durability?: Durability;
}

/**
 * Opens a dataset at its newest version.
 *
 * Cost: one request; the look for a newer version goes out with the first read. Without a usable hint one
 * LIST and up to two reads. Errors: `NotFound` when there is no dataset (and `create` is not set),
 * `PermissionDenied`, `Unavailable`, `Corrupt`, `UnsupportedFormat`.
 */
export async function open(uri: string, options: OpenOptions = {}): Promise<Dataset> {
  const backend = await (await import('./backend.js')).openBackend(uri, options);
  return (await import('./opening.js')).openBackendStore(backend, options);
}

/** Opens a dataset on a store that is open already; the handle closes it. */
export async function openStoreDataset(store: ObjectStore, options: OpenOptions = {}): Promise<Dataset> {
  return (await import('./opening.js')).openStore(store, options);
}
