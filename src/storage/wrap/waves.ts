/**
 * Counts waves: the longest chain of pairwise disjoint requests (each begins after the one before it has
 * ended), which is the number of dependent round trips. Greedy by end, as for any interval scheduling;
 * requests end in order of their end, so the greedy choice needs no memory of them. Time is a count of events
 * and not a clock, so that requests that take no time at all still have an order.
 */
export class WaveCounter {
  #event = 0;
  #lastEnd = 0;
  #waves = 0;

  /** A request begins; hand what this returns to {@link end}. */
  begin(): number {
    this.#event += 1;
    return this.#event;
  }

  /** The request that began at `begun` ends. */
  end(begun: number): void {
    this.#event += 1;
    if (begun < this.#lastEnd) return;
    this.#waves += 1;
    this.#lastEnd = this.#event;
  }

  get waves(): number {
    return this.#waves;
  }
}
