import type { Runtime } from '../util/runtime.js';
import { throwIfAborted } from '../util/runtime.js';
import type { ObjectStore } from './object-store.js';

export interface GcsLocation {
  readonly bucket: string;
  /** Where the store's root is inside the bucket; no slash at either end; '' for the bucket itself. */
  readonly prefix: string;
}

export interface GcsOptions {
  readonly runtime: Runtime;
  readonly signal?: AbortSignal;
  /** Default: STORAGE_EMULATOR_HOST, else Google's own. */
  readonly endpoint?: string;
  /** Asks without credentials. Default: true for an emulator of the environment, else false. */
  readonly anonymous?: boolean;
  /** `get` and `head` take any key. Default false. */
  readonly foreignKeys?: boolean;
  /** A connection on which no byte moves for so long is given up. Default 20 s. */
  readonly stallMs?: number;
}

/**
 * Opens a prefix of a Google Cloud Storage bucket. Loads `@google-cloud/storage` when first called and
 * sends no request: a wrong bucket or missing rights show at the first call to the store.
 *
 * Errors: `InvalidArgument` for an endpoint that is no URL.
 */
export async function openGcs(location: GcsLocation, options: GcsOptions): Promise<ObjectStore> {
  throwIfAborted(options.signal);
  const [{ configureGcs }, { GcsStore }] = await Promise.all([
    import('./gcs/config.js'),
    import('./gcs/store.js'),
  ]);
  const configured = await configureGcs({
    endpoint: options.endpoint,
    anonymous: options.anonymous,
    stallMs: options.stallMs ?? 20_000,
  });
  throwIfAborted(options.signal);
  return new GcsStore(configured, location, {
    runtime: options.runtime,
    foreignKeys: options.foreignKeys ?? false,
  });
}
