// Leases: notes that somebody reads a version, so that its data stays until a time, kept or not.
//
// A lease is written first, and then the head is looked at: when the version is still kept there, whoever
// cleans up later sees the lease. It counts until its time by the store's clock, which two processes read a
// little differently: so clean-up waits a while longer than the holder may rely on.
import { isNacreError, NacreError } from '../errors.js';
import { listPages } from '../storage/list-pages.js';
import type { CallOptions, ObjectStore, StateToken } from '../storage/object-store.js';
import { storeNowMs } from '../storage/store-time.js';
import { mapBounded } from '../util/bounded.js';
import { equalBytes } from '../util/bytes.js';
import { decodeFrame, encodeFrame } from './frame.js';
import type { ManifestFunctions } from './functions.js';
import { isIdBelow, leaseKey, leasePrefix } from './keys.js';
import { decode, encode, evolve, type Lease, make, v1 } from './message.js';
import { readFrame } from './read-checked.js';
import { checkFeatures, type LoadedRoot } from './root.js';
import type { UploadEnvironment } from './upload.js';

/** Clean-up heeds a lease for so long after its end: more than two readings of one clock differ by. */
const clockSlackMs = 60_000;

export interface StoredLease {
  readonly key: string;
  readonly lease: Lease;
}

/** Whether clean-up heeds it. */
export function isLiving({ untilMs }: Pick<Lease, 'untilMs'>, nowMs: number): boolean {
  return nowMs < untilMs + clockSlackMs;
}

/** A lease as its holder knows it. */
export interface HeldLease {
  readonly key: string;
  readonly message: Lease;
  readonly token: StateToken;
}

/** Writes a lease on a version from now on; undefined when refused. Cost: one PUT. */
export async function takeLease(
  { store, functions, runtime }: UploadEnvironment,
  { root, hash }: LoadedRoot,
  { forMs, holder }: { readonly forMs: number; readonly holder: string },
  options: CallOptions = {},
): Promise<HeldLease | undefined> {
  const madeMs = storeNowMs({ store, runtime });
  const message = make(v1.Lease, {
    ...{ dataset: root.dataset, version: root.version, rootHash: hash },
    ...{ madeMs, untilMs: Math.ceil(madeMs + forMs), holder },
  });
  const key = leaseKey(runtime.randomBytes(16));
  const token = await putLease(store, key, message, undefined, functions, options);
  return token === undefined ? undefined : { key, message, token };
}

/** Writes a lease where there is none, or over the state that the token names; undefined when refused. */
export async function putLease(
  store: ObjectStore,
  key: string,
  lease: Lease,
  token: StateToken | undefined,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<StateToken | undefined> {
  const bytes = encodeFrame('lease', encode(v1.Lease, lease), functions);
  const condition = token === undefined ? 'absent' : { token };
  const crc32c = functions.crc32c(bytes);
  const put = { ...options, condition, crc32c, uniqueKey: token === undefined } as const;
  const result = await store.put(key, bytes, put);
  return result.outcome === 'written' ? result.token : undefined;
}

/** Gives a lease up. Who may not delete writes that it is over. One that is gone already is no error. */
export async function endLease(
  { store, functions }: Pick<UploadEnvironment, 'store' | 'functions'>,
  { key, message, token }: HeldLease,
  options: CallOptions = {},
): Promise<void> {
  try {
    await store.delete([key], options);
  } catch (error) {
    if (!isNacreError(error, 'PermissionDenied')) throw error;
    await putLease(store, key, evolve(message, { untilMs: 0 }), token, functions, options);
  }
}

/** Holds it for so long from now on; undefined where somebody else changed or removed it. Cost: one PUT. */
export async function renewLease(
  { store, functions, runtime }: UploadEnvironment,
  { key, message: before, token }: HeldLease,
  forMs: number,
  options: CallOptions = {},
): Promise<HeldLease | undefined> {
  const message = evolve(before, { untilMs: Math.ceil(storeNowMs({ store, runtime }) + forMs) });
  const renewed = await putLease(store, key, message, token, functions, options);
  return renewed === undefined ? undefined : { key, message, token: renewed };
}

/**
 * Every lease, those that are over and those of another dataset too. What cannot be read may protect
 * anything: `Corrupt` or `UnsupportedFormat` names it. Cost: a LIST, and a GET a lease.
 */
export async function listLeases(
  store: ObjectStore,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<StoredLease[]> {
  const keys: string[] = [];
  for await (const page of listPages(store, { ...options, prefix: leasePrefix }))
    for (const { key } of page) if (isIdBelow(leasePrefix, key)) keys.push(key);
  const leases = await mapBounded(keys, leasesAtOnce, (key) => readLease(store, key, functions, options));
  // One that was released meanwhile is none.
  return leases.filter((lease) => lease !== undefined);
}

/** Read side by side. */
const leasesAtOnce = 16;

async function readLease(
  store: ObjectStore,
  key: string,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<StoredLease | undefined> {
  const read = (bytes: Uint8Array): StoredLease => {
    const lease = decode(v1.Lease, decodeFrame('lease', bytes, key, functions), key);
    checkFeatures(lease.requiredFeatures, key);
    return { key, lease };
  };
  try {
    return await readFrame(store, key, 'lease', options, read);
  } catch (cause) {
    if (!isNacreError(cause, 'Corrupt')) throw cause;
    throw new NacreError('Corrupt', `${key} cannot be read, so what it protects is not known`, {
      cause,
      context: { key },
      hint: 'Remove it when nobody holds it any more.',
    });
  }
}

/** Leases of a dataset that are heeded at a time. */
export function livingLeases(
  leases: readonly StoredLease[],
  dataset: Uint8Array,
  nowMs: number,
): StoredLease[] {
  return leases.filter(({ lease }) => equalBytes(lease.dataset, dataset) && isLiving(lease, nowMs));
}
