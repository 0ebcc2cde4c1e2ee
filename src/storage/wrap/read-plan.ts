// Which requests read a set of ranges: pure, no I/O.
import { checkRange } from '../keys.js';
import type { ByteRange } from '../object-store.js';

export interface ReadPlan {
  /** What to read, ascending by start; none is empty. */
  readonly gets: readonly ByteRange[];
  /** For each range asked for, the index in `gets` of the one that holds it; -1 for an empty range. */
  readonly holders: readonly number[];
}

export interface PlanOptions {
  /** Ranges with at most this many bytes between them are read as one, the nearest first. */
  readonly maxGapBytes: number;
  /**
   * What lies between ranges that are read as one, all together, is at most this, or an eighth of what was
   * asked for. Default 2 MiB: to read that takes as long as the round trip that a request is.
   */
  readonly maxWasteBytes?: number;
  /** Ranges are merged up to this length; a longer one stays alone, with what lies inside it. */
  readonly maxGetBytes: number;
}

/** Merges ranges that lie close to each other; they may be empty, overlap, repeat and come in any order. */
export function planReads(ranges: readonly ByteRange[], options: PlanOptions): ReadPlan {
  for (const range of ranges) checkRange(range);
  const order = [...ranges.entries()]
    .filter(([, range]) => range.end > range.start)
    .sort(([, a], [, b]) => a.start - b.start || b.end - a.end);
  const gets: ByteRange[] = [];
  const holders: number[] = ranges.map(() => -1);
  const how = { ...options, maxGapBytes: affordableGap(order, options) };
  for (const [index, range] of order) {
    const last = gets.at(-1);
    if (last !== undefined && joins(last, range, how))
      gets[gets.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    else gets.push(range);
    holders[index] = gets.length - 1;
  }
  return { gets, holders };
}

/** The widest gap that is read where the narrower ones are, too. */
function affordableGap(
  order: readonly (readonly [number, ByteRange])[],
  { maxGapBytes, maxWasteBytes = 2 * 2 ** 20 }: PlanOptions,
): number {
  const gaps: number[] = [];
  let [end, wanted] = [Number.NEGATIVE_INFINITY, 0];
  for (const [, range] of order) {
    const gap = range.start - end;
    if (gap > 0 && gap <= maxGapBytes) gaps.push(gap);
    wanted += Math.max(0, range.end - Math.max(range.start, end));
    end = Math.max(end, range.end);
  }
  gaps.sort((a, b) => a - b);
  const most = Math.max(maxWasteBytes, wanted / 8);
  let waste = 0;
  for (const gap of gaps) {
    if (waste + gap > most) return gap - 1;
    waste += gap;
  }
  return maxGapBytes;
}

function joins(last: ByteRange, next: ByteRange, { maxGapBytes, maxGetBytes }: PlanOptions): boolean {
  if (next.end <= last.end) return true;
  return next.start - last.end <= maxGapBytes && next.end - last.start <= maxGetBytes;
}

/** A range in pieces of `pieceBytes`, the last one shorter. */
export function splitRange({ start, end }: ByteRange, pieceBytes: number): ByteRange[] {
  const pieces: ByteRange[] = [];
  for (let at = start; at < end; at += pieceBytes)
    pieces.push({ start: at, end: Math.min(end, at + pieceBytes) });
  return pieces;
}
