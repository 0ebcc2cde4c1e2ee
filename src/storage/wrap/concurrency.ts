// Bounds how many requests are under way at once. Reads and writes wait in queues of their own, so that an
// upload of gigabytes does not hold up a query; background calls let all others pass.
import PQueue from 'p-queue';
import { NacreError } from '../../errors.js';
import { abortedError, onAbort, throwIfAborted } from '../../util/runtime.js';
import type { CallOptions, ObjectStore } from '../object-store.js';
import { forwarding } from './forwarding.js';
import { ownSignal } from './parallel.js';

export interface LimitOptions {
  /** get, head, list at once. Default 64: at 85 MB/s a connection more than any network card here takes. */
  readonly reads?: number;
  /** put, delete at once. Default 16: each holds its body in memory. */
  readonly writes?: number;
  /** Calls that wait in one queue; more are `ResourceExhausted`. Default 65,536. */
  readonly waiting?: number;
}

/**
 * `inner` with at most so many requests at once. A call that waits leaves the queue at once when its signal
 * fires; one under way keeps its place until it has ended. A `getRanges` holds one place.
 */
export function limiting(inner: ObjectStore, options: LimitOptions = {}): ObjectStore {
  const { reads = 64, writes = 16, waiting = 65_536 } = options;
  const read = gate(reads, waiting);
  const write = gate(writes, waiting);
  return forwarding(inner, {
    get: (key, call) => read(call, (own) => inner.get(key, own)),
    getRanges: (key, ranges, call) => read(call, (own) => inner.getRanges(key, ranges, own)),
    head: (key, call) => read(call, (own) => inner.head(key, own)),
    list: (call) => read(call, (own) => inner.list(own)),
    put: (key, body, call) => write(call, (own) => inner.put(key, body, own)),
    delete: (keys, call) => write(call, (own) => inner.delete(keys, own)),
  });
}

/** Runs one call when there is room; `run` gets its options, with a signal of the request's own. */
type Gate = <O extends CallOptions, T>(
  options: O | undefined,
  run: (options: O | undefined) => Promise<T>,
) => Promise<T>;

function gate(concurrency: number, mostWaiting: number): Gate {
  const queue = new PQueue({ concurrency });
  return async (options, run) => {
    const { signal, background = false } = options ?? {};
    throwIfAborted(signal);
    if (queue.size >= mostWaiting)
      throw new NacreError('ResourceExhausted', `${queue.size} requests wait for the store already`, {
        hint: 'Start fewer operations at once.',
        context: { waiting: queue.size, underWay: queue.pending },
      });
    // The queue gets a signal that counts only while the call waits: given the caller's own, it would free
    // the place of a request that is still under way.
    const waiting = new AbortController();
    const stay = onAbort(signal, () => waiting.abort());
    const begin = async (): ReturnType<typeof run> => {
      stay();
      if (options === undefined || signal === undefined) return run(options);
      const own = ownSignal(signal);
      return run({ ...options, signal: own.signal }).finally(own.release);
    };
    try {
      return await queue.add(begin, { priority: background ? -1 : 0, signal: waiting.signal });
    } catch (error) {
      throw waiting.signal.aborted ? abortedError(signal) : error;
    }
  };
}
