// Bounds how many requests are under way at once. Reads and writes wait in queues of their own, so that an
// upload of gigabytes does not hold up a query; background calls let all others pass.
import PQueue from 'p-queue';
import { NacreError } from '../../errors.js';
import { abortedError, onAbort, throwIfAborted } from '../../util/runtime.js';
import { lengthOf } from '../keys.js';
import type { CallOptions, ObjectStore, ServerCopies, VersionedObjects } from '../object-store.js';
import { forwarding } from './forwarding.js';
import { ownSignal } from './parallel.js';

export interface LimitOptions {
  /**
   * get, head, list at once. Default 256: rows that lie here and there, each with its block of 64 KiB, in as
   * few round trips as there are hundreds of them.
   */
  readonly reads?: number;
  /**
   * Of these, gets of more than 128 KiB. Default 64: at 85 MB/s a connection more than any network card here
   * takes.
   */
  readonly mediumReads?: number;
  /**
   * Of those, gets of more than a mebibyte. Default 32, pieces of four objects of 64 MiB: the codes of
   * 500,000 vectors of 384 arrive in one wave, where 16 at once take up to five.
   */
  readonly longReads?: number;
  /** put, delete at once. Default 16: each holds its body in memory. */
  readonly writes?: number;
  /** Calls that wait in one queue; more are `ResourceExhausted`. Default 65,536. */
  readonly waiting?: number;
}

/** A limit that may hold for several ways to one store. */
export interface Limits {
  /**
   * `inner` with at most so many requests at once. A call that waits leaves the queue at once when its signal
   * fires; one under way keeps its place until it has ended. A `getRanges` holds one place.
   */
  readonly around: (inner: ObjectStore) => ObjectStore;
  /** Runs a read of so many bytes in a place of its own, as `around` does. */
  readonly place: ReadGate;
}

/** As {@link Gate}, for a read of so many bytes. */
export type ReadGate = <O extends CallOptions, T>(
  bytes: number,
  options: O,
  run: (options: O) => Promise<T>,
) => Promise<T>;

/** See {@link Limits.around}. */
export function limiting(inner: ObjectStore, options: LimitOptions = {}): ObjectStore {
  return limits(options).around(inner);
}

export function limits(options: LimitOptions = {}): Limits {
  const { reads = 256, mediumReads = 64, longReads = 32, writes = 16, waiting = 65_536 } = options;
  const read = gate(reads, waiting);
  const mediumRead = gate(mediumReads, waiting);
  const longRead = gate(longReads, waiting);
  const write = gate(writes, waiting);
  const placeOfMedium: ReadGate = (bytes, call, run) =>
    bytes > 2 ** 17 ? mediumRead(call, (own) => read(own, run)) : read(call, run);
  const place: ReadGate = (bytes, call, run) =>
    bytes > 2 ** 20
      ? longRead(call, (own) => placeOfMedium(bytes, own, run))
      : placeOfMedium(bytes, call, run);
  const around = (inner: ObjectStore): ObjectStore =>
    forwarding(inner, {
      get: (key, call = {}) => place(lengthOf(call.range), call, (own) => inner.get(key, own)),
      getRanges: (key, ranges, call = {}) => read(call, (own) => inner.getRanges(key, ranges, own)),
      head: (key, call = {}) => read(call, (own) => inner.head(key, own)),
      list: (call = {}) => read(call, (own) => inner.list(own)),
      put: (key, body, call = {}) => write(call, (own) => inner.put(key, body, own)),
      delete: (keys, call = {}) => write(call, (own) => inner.delete(keys, own)),
      ...(inner.versioned === undefined ? {} : { versioned: limitedVersions(inner.versioned, read, write) }),
      ...(inner.copies === undefined ? {} : { copies: limitedCopies(inner.copies, write) }),
    });
  return { around, place };
}

function limitedCopies(inner: ServerCopies, write: Gate): ServerCopies {
  return {
    reaches: (store) => inner.reaches(store),
    copy: (key, from, call = {}) => write(call, (own) => inner.copy(key, from, own)),
  };
}

function limitedVersions(inner: VersionedObjects, read: Gate, write: Gate): VersionedObjects {
  return {
    listVersions: (call) => read(call, (own) => inner.listVersions(own)),
    getVersion: (key, version, call = {}) => read(call, (own) => inner.getVersion(key, version, own)),
    lock: (key, lock, call = {}) => write(call, (own) => inner.lock(key, lock, own)),
    deleteForGood: (keys, call = {}) => write(call, (own) => inner.deleteForGood(keys, own)),
  };
}

/** Runs one call when there is room; `run` gets its options, with a signal of the request's own. */
type Gate = <O extends CallOptions, T>(options: O, run: (options: O) => Promise<T>) => Promise<T>;

function gate(concurrency: number, mostWaiting: number): Gate {
  const queue = new PQueue({ concurrency });
  return async (options, run) => {
    const { signal, background = false } = options;
    throwIfAborted(signal);
    if (queue.size >= mostWaiting)
      throw new NacreError('ResourceExhausted', `${queue.size} requests wait for the store already`, {
        hint: 'Start fewer operations at once.',
        context: { waiting: queue.size, underWay: queue.pending },
      });
    const begin = async (): ReturnType<typeof run> => {
      if (signal === undefined) return run(options);
      const own = ownSignal(signal);
      return run({ ...options, signal: own.signal }).finally(own.release);
    };
    const priority = background ? -1 : 0;
    // What begins at once needs no way out of the queue.
    if (queue.size === 0 && queue.pending < concurrency) return queue.add(begin, { priority });
    // The queue gets a signal that counts only while the call waits: given the caller's own, it would free
    // the place of a request that is still under way.
    const waiting = new AbortController();
    const stay = onAbort(signal, () => waiting.abort());
    const leaveAndBegin = (): ReturnType<typeof run> => {
      stay();
      return begin();
    };
    try {
      return await queue.add(leaveAndBegin, { priority, signal: waiting.signal });
    } catch (error) {
      throw waiting.signal.aborted ? abortedError(signal) : error;
    }
  };
}
