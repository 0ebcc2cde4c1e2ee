// Sends a read a second time when its answer is late, and takes the answer that comes first (Dean and
// Barroso, "The Tail at Scale", 2013), for those who wait for the slowest of a few requests.
//
// Either answer is right: a get that begins and ends within the read tells what the key held at a moment of
// the read. That holds for a missing key as well, and so for a free slot, which makes a version the newest:
// it was free after the read began. An error is no answer: it waits for the other request, and when both
// fail, the read fails as its first request did, as it would have without the second.
//
// A read ends when both requests have: the slower one is aborted and waited for. So nothing of a read runs on
// after it, and nobody writes into the caller's memory, which the first request alone is given. `get` and
// `getRanges` that somebody waits for are hedged; nothing else is, above all nothing that changes the store.
import { NacreError } from '../../errors.js';
import { abortedError, type Runtime, systemRuntime } from '../../util/runtime.js';
import { lengthOf } from '../keys.js';
import type { CallOptions, ObjectStore } from '../object-store.js';
import type { ReadGate } from './concurrency.js';
import { forwarding } from './forwarding.js';
import { type HedgeOptions, HedgePolicy } from './hedge-policy.js';
import { ownSignal } from './parallel.js';

/** Why a request is aborted of which the other one was answered first. */
export const outrun = new NacreError('Aborted', 'another request for the same was answered first');

type Ask<T> = (own: CallOptions) => Promise<T>;

export interface HedgedOptions extends HedgeOptions {
  readonly runtime?: Runtime;
  /** Where a hedge waits for its place. Default: it is sent at once. */
  readonly place?: ReadGate;
}

/** `inner`, of which reads that are late are asked of `again`, too: the same store, by the way for hedges. */
export function hedged(inner: ObjectStore, again: ObjectStore, options: HedgedOptions = {}): ObjectStore {
  const { runtime = systemRuntime, place = (_bytes, call, run) => run(call) } = options;
  const policy = new HedgePolicy(options);

  async function read<T>(bytes: number, call: CallOptions, ask: Ask<T>, askAgain: Ask<T>): Promise<T> {
    if (call.background === true) return ask(call);
    const [first, second] = [ownSignal(call.signal), ownSignal(call.signal)];
    const startMs = runtime.monotonic();
    const observe = (): void => policy.observe(bytes, runtime.monotonic() - startMs);
    let hedging = false;

    async function askFirst(): Promise<T> {
      try {
        const value = await ask({ signal: first.signal });
        observe();
        second.abort(outrun);
        return value;
      } catch (error) {
        if (first.signal.reason === outrun) observe();
        // A read that failed before it was sent again is for the retries. It has a place that it would keep
        // while its hedge waits for one: all places could be held by reads that wait for each other.
        if (!hedging) second.abort(outrun);
        throw error;
      }
    }

    async function askLater(): Promise<T> {
      // In two steps: after a long task of the program the event loop runs timers first, and then takes in
      // what arrived meanwhile.
      await runtime.sleep(Math.max(0, policy.delayMs(bytes) - 1), second.signal);
      await runtime.sleep(1, second.signal);
      const value = await place(bytes, { signal: second.signal, background: true }, hedge);
      first.abort(outrun);
      return value;
    }

    async function hedge(own: CallOptions): Promise<T> {
      if (second.signal.aborted || !policy.take(bytes)) throw abortedError(second.signal);
      hedging = true;
      return askAgain(own).finally(() => policy.giveBack(bytes));
    }

    const [answer, later] = await Promise.allSettled([askFirst(), askLater()]);
    first.release();
    second.release();
    const found = answer.status === 'fulfilled' ? answer : later;
    if (found.status === 'fulfilled') {
      policy.answered();
      return found.value;
    }
    throw (answer as PromiseRejectedResult).reason;
  }

  return forwarding(inner, {
    get(key, call = {}) {
      const { into: _, ...rest } = call;
      return read(
        lengthOf(call.range),
        call,
        (own) => inner.get(key, { ...call, ...own }),
        (own) => again.get(key, { ...rest, ...own }),
      );
    },
    getRanges: (key, ranges, call = {}) =>
      read(
        ranges.reduce((sum, range) => sum + lengthOf(range), 0),
        call,
        (own) => inner.getRanges(key, ranges, { ...call, ...own }),
        (own) => again.getRanges(key, ranges, { ...call, ...own }),
      ),
  });
}
