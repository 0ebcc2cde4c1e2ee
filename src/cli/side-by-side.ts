// Small files go up side by side, so that a thousand do not wait for each other; large ones alone.

/** Files up to this size go up side by side, as many as fit into one piece. */
const smallBytes = 4 * 2 ** 20;
const sideBySide = 16;

export class SideBySide {
  readonly #running = new Set<Promise<void>>();

  /** Resolves when a file of this size may begin. */
  async room(sizeBytes: number): Promise<void> {
    if (sizeBytes > smallBytes) await this.all();
    while (this.#running.size >= sideBySide) await Promise.race(this.#running);
  }

  add(work: Promise<void>): void {
    const one = work.finally(() => this.#running.delete(one));
    this.#running.add(one);
    // Its failure is thrown by all(); until then it must not count as unhandled.
    one.catch(() => undefined);
  }

  async all(): Promise<void> {
    await Promise.all(this.#running);
  }
}
