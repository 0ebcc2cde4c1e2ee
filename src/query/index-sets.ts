// Parts of an index that a filter asks for: which, and their bytes.
import type { ByteRange } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { lastIndexAtMost } from '../util/sorted.js';
import type { OnColumn, Side } from './filter/scan.js';

/** A term and the side of it that is asked for. */
export interface Asked {
  readonly term: OnColumn;
  readonly side: Side;
}

/** Sets of rows as the kernels take them: their rows are wanted, or all rows but theirs. */
export interface Picked {
  readonly to: boolean;
  readonly bytes: number;
  readonly pieces: readonly Uint8Array[];
  readonly lengths: Uint32Array;
  readonly counts: Uint32Array;
}

export type LoadedIndex = ReadonlyMap<OnColumn, { readonly [S in Side]?: Picked }>;

/** What is picked for each side of a term that is asked for. */
export function loadedIndex(picked: readonly (Asked & { readonly picked: Picked })[]): LoadedIndex {
  const loaded = new Map<OnColumn, { [S in Side]?: Picked }>();
  for (const { term, side, picked: sets } of picked) loaded.set(term, { ...loaded.get(term), [side]: sets });
  return loaded;
}

/** Where the parts of an object lie, by their numbers; they follow each other. */
export interface Layout {
  readonly starts: Float64Array;
  readonly lengths: Uint32Array;
}

/** Where some of them stand; ascending, neighbours together. */
export function rangesOf(parts: Iterable<number>, { starts, lengths }: Layout): ByteRange[] {
  const ranges: { start: number; end: number }[] = [];
  for (const part of parts) {
    const start = starts[part] ?? 0;
    const end = start + (lengths[part] ?? 0);
    const last = ranges.at(-1);
    if (last?.end === start) last.end = end;
    else ranges.push({ start, end });
  }
  return ranges;
}

/** Bytes of an object within ranges that were read, which ascend. */
export function bytesWithin(
  ranges: readonly ByteRange[],
  pieces: readonly Uint8Array[],
): (range: ByteRange) => Uint8Array {
  return ({ start, end }) => {
    const at = lastIndexAtMost(ranges, start, (range) => range.start);
    const from = ranges[at]?.start ?? 0;
    return defined(pieces[at], 'parts').subarray(start - from, end - from);
  };
}
