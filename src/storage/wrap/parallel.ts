import { setMaxListeners } from 'node:events';
import { onAbort, throwIfAborted } from '../../util/runtime.js';

/**
 * Runs all tasks at once and returns their results in order. The first that fails ends the others through the
 * signal that they are handed, which also follows `signal`.
 */
export async function inParallel<T>(
  signal: AbortSignal | undefined,
  tasks: readonly ((signal: AbortSignal | undefined) => Promise<T>)[],
): Promise<T[]> {
  const [only, ...others] = tasks;
  if (only === undefined) return [];
  if (others.length === 0) return [await only(signal)];
  throwIfAborted(signal);
  const all = new AbortController();
  const ended = onAbort(signal, () => all.abort(signal?.reason));
  try {
    return await Promise.all(tasks.map((task) => task(all.signal)));
  } catch (error) {
    all.abort(error);
    throw error;
  } finally {
    ended();
  }
}

/** A signal that fires with another one, or by itself. */
export interface OwnSignal {
  readonly signal: AbortSignal;
  /** Fires this one alone. */
  readonly abort: (reason: unknown) => void;
  /** It follows the other one no more. */
  readonly release: () => void;
}

/**
 * A signal of our own that fires with the caller's, until it is released. An SDK listens on what it is given
 * as often as it likes; on the caller's, Node would warn of a leak at the eleventh listener.
 */
export function ownSignal(signal: AbortSignal | undefined): OwnSignal {
  const own = new AbortController();
  setMaxListeners(0, own.signal);
  if (signal?.aborted) own.abort(signal.reason);
  return {
    signal: own.signal,
    abort: (reason) => own.abort(reason),
    release: onAbort(signal, () => own.abort(signal?.reason)),
  };
}
