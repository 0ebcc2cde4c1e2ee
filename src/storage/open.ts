// From an address to a store. A backend is imported only when its scheme is used: the cloud SDKs take 60 to
// 100 ms to load, and that of S3 often is not needed for reading at all.
import { type Runtime, systemRuntime } from '../util/runtime.js';
import { checkDurability, type Durability } from './local/durability.js';
import type { CallOptions, ObjectStore } from './object-store.js';
import type { StoreLocation } from './uri.js';

export interface OpenStoreOptions extends CallOptions {
  /** Default: the real clock and randomness. */
  readonly runtime?: Runtime;
  /** `get` and `head` take any key, for objects that Nacre did not name. Default false; buckets only. */
  readonly foreignKeys?: boolean;
  /** Of a folder; other stores know one way to write. Default `'fsync'`. */
  readonly durability?: Durability;
}

/**
 * Opens the bare backend of a place; what retries, counts and merges is put around it (`wrap/chain.ts`).
 * Sends no request and makes nothing: a place that is not there shows at the first call. Settings of the
 * clouds come from the environment and from the location's profile.
 *
 * Errors: `InvalidArgument` for settings that cannot be used.
 */
export async function openStore(
  location: StoreLocation,
  options: OpenStoreOptions = {},
): Promise<ObjectStore> {
  const runtime = options.runtime ?? systemRuntime;
  const { signal, foreignKeys = false, durability = 'fsync' } = options;
  checkDurability(durability);
  const open = { runtime, foreignKeys, ...(signal === undefined ? {} : { signal }) };
  const { scheme } = location;
  if (scheme === 's3') return (await import('./s3.js')).openS3(location, open);
  if (scheme === 'memory') return new (await import('./memory.js')).MemoryStore(location.name, runtime);
  if (scheme === 'gs') return (await import('./gcs.js')).openGcs(location, open);
  return new (await import('./local.js')).LocalStore(location.path, runtime, { durability });
}
