// Work on items whose results are wanted in order, a few of them ahead.
import { throwIfAborted } from './runtime.js';

/** The results of `work` in the order of the items; up to `ahead` are under way at once. */
export async function* inOrderAhead<T, R>(
  items: readonly T[],
  ahead: number,
  work: (item: T) => Promise<R>,
  signal?: AbortSignal,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  let next = 0;
  while (next < items.length || running.length > 0) {
    throwIfAborted(signal);
    while (running.length < ahead && next < items.length) {
      const one = work(items[next++] as T);
      // Who stops at an earlier one never hears of it.
      one.catch(() => undefined);
      running.push(one);
    }
    yield (await running.shift()) as R;
  }
}
