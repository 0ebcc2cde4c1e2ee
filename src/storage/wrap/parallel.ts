import { setMaxListeners } from 'node:events';
import { throwIfAborted } from '../../util/runtime.js';

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
  allowManyListeners(all.signal);
  allowManyListeners(signal);
  const follow = (): void => all.abort(signal?.reason);
  signal?.addEventListener('abort', follow, { once: true });
  try {
    return await Promise.all(tasks.map((task) => task(all.signal)));
  } catch (error) {
    all.abort(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', follow);
  }
}

/** Node warns of a leak at the eleventh listener; here one signal rightly serves a thousand requests. */
export function allowManyListeners(signal: AbortSignal | undefined): void {
  if (signal !== undefined) setMaxListeners(0, signal);
}
