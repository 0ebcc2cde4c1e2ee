import type { Runtime } from '../util/runtime.js';

/**
 * The store's clock as its `Date` headers tell it, carried on by the local monotonic clock. It never runs
 * backwards. A header says the whole second that an answer was sent in, so the clock is up to a second slow
 * after one answer, and less so after many.
 */
export class StoreClock {
  readonly #runtime: Runtime;
  #aheadMs: number | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  observe(dateHeader: string | undefined): void {
    const stamp = dateHeader === undefined ? Number.NaN : Date.parse(dateHeader);
    if (Number.isNaN(stamp)) return;
    this.#aheadMs = Math.max(this.#aheadMs ?? Number.NEGATIVE_INFINITY, stamp - this.#runtime.monotonic());
  }

  timeMs(): number | undefined {
    return this.#aheadMs === undefined ? undefined : this.#aheadMs + this.#runtime.monotonic();
  }
}
