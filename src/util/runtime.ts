// The only door to time, randomness and timers. Everything that waits, stamps or draws takes a Runtime, so
// that a whole history can be replayed from a seed.
import { NacreError } from '../errors.js';

export interface Runtime {
  /** Wall clock, milliseconds since 1970. Ages of stored things use the store's time instead. */
  now(): number;
  /** Monotonic milliseconds, for durations and deadlines. */
  monotonic(): number;
  /** A number in [0, 1), for jitter. */
  random(): number;
  /** `length` random bytes, for ids. */
  randomBytes(length: number): Uint8Array;
  /** Resolves after `ms` milliseconds; rejects with `Aborted` when the signal fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The real clock and the platform's cryptographic randomness. */
export const systemRuntime: Runtime = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  randomBytes: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      throwIfAborted(signal);
      const timer = setTimeout(() => {
        awake();
        resolve();
      }, ms);
      const awake = onAbort(signal, () => {
        clearTimeout(timer);
        reject(abortedError(signal));
      });
    }),
};

/** The typed error for a fired signal; the signal's own reason is its cause. */
export function abortedError(signal?: AbortSignal): NacreError {
  const reason: unknown = signal?.reason;
  if (reason instanceof NacreError) return reason;
  const timedOut = reason instanceof Error && reason.name === 'TimeoutError';
  return new NacreError(
    'Aborted',
    timedOut ? 'the operation ran past its timeout' : 'the operation was aborted',
    {
      cause: reason,
      ...(timedOut ? { hint: 'Allow more time with --timeout or a longer signal.' } : {}),
    },
  );
}

export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw abortedError(signal);
}

/** Who waits for one signal. */
class Waiters {
  readonly all = new Set<() => void>();

  handleEvent(): void {
    for (const leave of this.all) leave();
  }
}

/** Of every signal that somebody waits for now. */
const waiting = new WeakMap<AbortSignal, Waiters>();

/**
 * Calls `leave` when the signal fires, until the function that it returns was called. However many wait, the
 * signal has one listener: it is the caller's own, and Node warns of a leak at the eleventh.
 */
export function onAbort(signal: AbortSignal | undefined, leave: () => void): () => void {
  if (signal === undefined) return () => undefined;
  let waiters = waiting.get(signal);
  if (waiters === undefined) {
    waiters = new Waiters();
    waiting.set(signal, waiters);
    signal.addEventListener('abort', waiters, { once: true });
  }
  const { all } = waiters;
  all.add(leave);
  return () => {
    if (!all.delete(leave) || all.size > 0) return;
    signal.removeEventListener('abort', waiters);
    waiting.delete(signal);
  };
}

/**
 * Settles as the work does, or with `Aborted` as soon as the signal fires. The work goes on: it may be shared
 * with callers who still wait for it.
 */
export function untilAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(abortedError(signal));
    work.then(resolve, reject).finally(onAbort(signal, leave));
    if (signal.aborted) leave();
  });
}
