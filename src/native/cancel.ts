// Work of the binary that a signal ends.
import { fromNative } from '../native.js';
import { onAbort, throwIfAborted } from '../util/runtime.js';

/** Native work that the signal cancels: the promise settles once nothing of it runs any more. */
export async function untilCancelled<T>(
  cancelled: { cancel(): void },
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  throwIfAborted(signal);
  const settled = onAbort(signal, () => cancelled.cancel());
  try {
    return await work();
  } catch (error) {
    throwIfAborted(signal);
    throw fromNative(error);
  } finally {
    settled();
  }
}
