// One lock file a root, held while a key is compared and replaced. The kernel drops it with its process.
import { fromNative, native } from '../../native.js';
import type { FileLock } from '../../native/files.js';
import { abortedError, onAbort, throwIfAborted } from '../../util/runtime.js';

/** Runs one task at a time among all processes that name the same file. */
export class ExclusiveLock {
  readonly #file: string;
  /** Callers of this process queue here, so that only one of them holds a thread that waits for the file. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Rejects with `Aborted` as soon as the signal fires, unless `task` has begun: that is waited for, since
   * what it did cannot be called undone.
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    let begun = false;
    const turn = this.#last.then(async () => {
      throwIfAborted(signal);
      const lock = await this.#acquire();
      try {
        throwIfAborted(signal);
        begun = true;
        return await task();
      } finally {
        lock.release();
      }
    });
    this.#last = turn.catch(() => {});
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        if (!begun) reject(abortedError(signal));
      };
      turn.then(resolve, reject).finally(onAbort(signal, abort));
    });
  }

  async #acquire(): Promise<FileLock> {
    try {
      return await native().lockFile(this.#file);
    } catch (error) {
      throw fromNative(error);
    }
  }
}
