// Row ids that follow each other, some of them dropped, and the logical indices of the others.
import { upperBound } from '../util/sorted.js';

/** Row ids that follow each other, and the logical indices of those that are live. */
export interface Span {
  readonly firstRowId: number;
  readonly rows: number;
  /** Logical index of its first live row, and one past that of the last. */
  readonly firstIndex: number;
  readonly endIndex: number;
  /** Dropped ids within it, ascending. */
  readonly dropped: Float64Array;
}

/** The smallest and the largest of at least one. */
export function rangeOf(numbers: Float64Array): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] ?? 0;
    if (number < low) low = number;
    if (number > high) high = number;
  }
  return [low, high];
}

/** What `place` gives for each unit, the segments read side by side. */
export async function placeAll<T>(
  units: Iterable<number>,
  place: (unit: number) => Promise<T>,
): Promise<Map<number, T>> {
  return new Map(await Promise.all(Array.from(units, async (unit) => [unit, await place(unit)] as const)));
}

export function spanOf(firstRowId: number, rows: number, firstIndex: number, dropped: Float64Array): Span {
  return { firstRowId, rows, firstIndex, endIndex: firstIndex + rows - dropped.length, dropped };
}

/** The ids of the live rows `[start, end)` that are in a span, which has some: from the first to the last. */
export function idsWithin(
  span: Span,
  start: number,
  end: number,
): { readonly start: number; readonly end: number; readonly firstIndex: number } {
  const firstIndex = Math.max(start, span.firstIndex);
  const last = Math.min(end, span.endIndex) - 1;
  return {
    start: nthLive(span, firstIndex - span.firstIndex),
    end: nthLive(span, last - span.firstIndex) + 1,
    firstIndex,
  };
}

/** Id of the n-th live row of a span. */
export function nthLive({ firstRowId, dropped }: Span, n: number): number {
  if (dropped.length === 0) return firstRowId + n;
  // The answer is n plus the dropped ids at or below it: grows until it stands still.
  let id = firstRowId + n;
  for (;;) {
    const next = firstRowId + n + upperBound(dropped, id);
    if (next === id) return id;
    id = next;
  }
}
