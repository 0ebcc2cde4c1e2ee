// Bytes a second, shared by all who read.
import type { Runtime } from '../../util/runtime.js';

export class Pace {
  readonly #runtime: Runtime;
  readonly #bytesPerSecond: number | undefined;
  #freeMs = 0;

  constructor(runtime: Runtime, bytesPerSecond: number | undefined) {
    this.#runtime = runtime;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** A piece that is read at once: a quarter of a second's at most. */
  pieceBytes(most: number): number {
    if (this.#bytesPerSecond === undefined) return most;
    return Math.max(65_536, Math.min(most, Math.floor(this.#bytesPerSecond / 4)));
  }

  /** Resolves when so many more bytes may be read. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.#bytesPerSecond === undefined) return;
    const now = this.#runtime.monotonic();
    const startMs = Math.max(now, this.#freeMs);
    this.#freeMs = startMs + (bytes / this.#bytesPerSecond) * 1000;
    if (startMs > now) await this.#runtime.sleep(startMs - now, signal);
  }
}
