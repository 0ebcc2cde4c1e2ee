// Counts on a Meter what is asked of a store. Stands next to the backend, below retries and queues, so that
// it sees every request that is sent and none that waits.
import { byteLength, type ByteSource } from '../../util/bytes.js';
import type { CallOptions, ObjectStore, ServerCopies, VersionedObjects } from '../object-store.js';
import { forwarding } from './forwarding.js';
import { outrun } from './hedged.js';
import type { Meter } from './meter.js';
import type { RequestKind } from './price.js';

interface Measure<T> {
  /** Default 1. */
  readonly requests?: number;
  readonly down?: (result: T) => number;
  readonly up?: (result: T) => number;
}

type Counted = <T>(
  kind: RequestKind,
  options: CallOptions | undefined,
  call: () => Promise<T>,
  measure?: Measure<T>,
) => Promise<T>;

/**
 * `inner`, counted. Parts of a multipart upload and batches of a delete are counted from the store's
 * capabilities, a `getRanges` as one get a range: what a bucket bills, up to how a backend cuts its parts.
 * Each such call is one span in the count of waves. With `hedges`, each is the second request of a read.
 */
export function instrumented(
  inner: ObjectStore,
  meter: Meter,
  { hedges = false }: { readonly hedges?: boolean } = {},
): ObjectStore {
  const { scheme, deleteBatch, singlePutBytes } = inner.capabilities;

  async function counted<T>(
    kind: RequestKind,
    options: CallOptions | undefined,
    call: () => Promise<T>,
    { requests = 1, down, up }: Measure<T> = {},
  ): Promise<T> {
    const background = !hedges && options?.background === true;
    const span = meter.begin({ kind, scheme, count: requests, background, hedge: hedges });
    try {
      const result = await call();
      span.ended(down?.(result) ?? 0, up?.(result) ?? 0);
      return result;
    } catch (error) {
      if (options?.signal?.reason === outrun) span.ended(0, 0);
      else span.failed(error);
      throw error;
    }
  }

  return forwarding(inner, {
    get: (key, call) =>
      counted('get', call, () => inner.get(key, call), { down: (body) => body?.bytes.byteLength ?? 0 }),
    getRanges: (key, ranges, call) =>
      counted('get', call, () => inner.getRanges(key, ranges, call), {
        requests: Math.max(1, ranges.length),
        down: (pieces) => byteLength(pieces ?? []),
      }),
    put: (key, body, call) =>
      counted('put', call, () => inner.put(key, body, call), {
        requests: putRequests(body, singlePutBytes),
        up: (result) => (result.outcome === 'written' ? byteLength(body) : 0),
      }),
    head: (key, call) => counted('head', call, () => inner.head(key, call)),
    list: (call) => counted('list', call, () => inner.list(call)),
    delete: (keys, call) =>
      counted('delete', call, () => inner.delete(keys, call), {
        requests: Math.ceil(keys.length / deleteBatch),
      }),
    ...(inner.versioned === undefined ? {} : { versioned: countedVersions(inner.versioned, counted) }),
    ...(inner.copies === undefined ? {} : { copies: countedCopies(inner.copies, counted) }),
  });
}

/** A look at what was made, where one is needed, is not counted. */
function countedCopies(inner: ServerCopies, counted: Counted): ServerCopies {
  return {
    reaches: (store) => inner.reaches(store),
    copy: (key, from, call) => counted('put', call, () => inner.copy(key, from, call)),
  };
}

/** What it takes to find the states of keys that are deleted for good is not counted. */
function countedVersions(inner: VersionedObjects, counted: Counted): VersionedObjects {
  return {
    listVersions: (call) => counted('list', call, () => inner.listVersions(call)),
    getVersion: (key, version, call) =>
      counted('get', call, () => inner.getVersion(key, version, call), {
        down: (body) => body?.bytes.byteLength ?? 0,
      }),
    lock: (key, lock, call) => counted('put', call, () => inner.lock(key, lock, call)),
    deleteForGood: (keys, call) => counted('delete', call, () => inner.deleteForGood(keys, call)),
  };
}

/** A multipart upload is its parts, a begin and an end. */
function putRequests(body: ByteSource, singlePutBytes: number): number {
  const length = byteLength(body);
  return length <= singlePutBytes ? 1 : Math.ceil(length / singlePutBytes) + 2;
}
