// Whole numbers as ranges, for what is mostly asked in ranges, and often in the same.

/** From so many ranges on they are sorted and joined before another one comes. */
const mostLoose = 4_096;

export class Intervals {
  #ranges: { start: number; end: number }[] = [];
  #joinAt = mostLoose;

  /** `[start, end)`. */
  add(start: number, end: number): void {
    const last = this.#ranges.at(-1);
    if (last !== undefined && start <= last.end && end >= last.start) {
      last.start = Math.min(start, last.start);
      last.end = Math.max(end, last.end);
      return;
    }
    if (this.#ranges.length >= this.#joinAt) {
      this.#ranges = joined(this.#ranges);
      this.#joinAt = Math.max(mostLoose, 2 * this.#ranges.length);
    }
    this.#ranges.push({ start, end });
  }

  /** Ascending, apart from each other. */
  list(): { readonly start: number; readonly end: number }[] {
    return joined(this.#ranges);
  }
}

function joined(ranges: readonly { start: number; end: number }[]): { start: number; end: number }[] {
  const out: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = out.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else if (end > start) out.push({ start, end });
  }
  return out;
}
