// A sample of the rows of an array, to train codes on: short stretches, evenly spread.
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { BasePart } from '../arrays/row-map.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { concat } from '../util/bytes.js';
import { throwIfAborted } from '../util/runtime.js';
import { lastAtMost } from '../util/sorted.js';
import type { OnProgress } from './progress.js';

/** Rows of a sample by default: the mean and the directions of a few hundred dimensions need no more. */
const defaultRows = 16_384;

/** Rows next to each other in a sample: one range of some hundred KiB for one request. */
const stretchRows = 256;

/** A sample is held in memory, as it is stored. */
export const sampleBytesLimit = 64 * 2 ** 20;

export interface Sample {
  /** As they are stored. */
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** Of each row. */
  readonly ids: Float64Array;
}

export interface SampleOptions extends CallOptions {
  /** Rows at most. Default 16,384. */
  readonly rowsLimit?: number;
  readonly onProgress?: OnProgress | undefined;
}

/** At most 64 MiB of rows. Cost: a request for 256 rows or fewer. */
export async function sampleRows(
  { pages }: ArrayEnvironment,
  parts: readonly BasePart[],
  rowBytes: number,
  { rowsLimit = defaultRows, onProgress, ...options }: SampleOptions,
): Promise<Sample> {
  const starts: { readonly start: number; readonly base: BasePart }[] = [];
  let total = 0;
  for (const base of parts) {
    starts.push({ start: total, base });
    total += base.part.rows;
  }
  const limit = Math.max(1, Math.min(rowsLimit, Math.floor(sampleBytesLimit / rowBytes)));
  const stretches = Math.ceil(Math.min(total, limit) / stretchRows);
  const wanted = Math.min(total, limit);
  let read = 0;
  const pieces = await Promise.all(
    Array.from({ length: stretches }, async (_, i) => {
      const row = Math.floor((i * total) / stretches);
      const { start, base } = defined(
        lastAtMost(starts, row, (one) => one.start),
        'partition of a row',
      );
      const first = row - start;
      const next = Math.floor(((i + 1) * total) / stretches) - start;
      const last = Math.min(first + stretchRows, next, base.part.rows);
      const { part } = base;
      const range = { start: part.dataOffset + first * rowBytes, end: part.dataOffset + last * rowBytes };
      const ids = Float64Array.from({ length: last - first }, (__, row) => base.firstRowId + first + row);
      const bytes = concat(await pages.read(part, [range], options));
      read = Math.min(read + ids.length, wanted);
      onProgress?.(read, wanted, 'sample');
      return { ids, bytes };
    }),
  );
  throwIfAborted(options.signal);
  const ids = Float64Array.from(pieces.flatMap((piece) => [...piece.ids]));
  return { bytes: concat(pieces.map((piece) => piece.bytes)), rows: ids.length, ids };
}

/** Of four rows of a sample at most one is held out. */
const heldOutOf = 4;

/**
 * The fractional parts of its multiples lie evenly, and none repeats: rows that are picked by them are of all
 * kinds, also where kinds take turns.
 */
const golden = (Math.sqrt(5) - 1) / 2;

/**
 * Up to so many rows of a sample, one of each of as many stretches of it, and the rest: what is trained on
 * some rows is measured by others. One row is both.
 */
export function holdOut({ bytes, rows, ids }: Sample, most: number): { held: Sample; rest: Sample } {
  const rowBytes = bytes.byteLength / rows;
  const count = Math.min(most, Math.floor(rows / heldOutOf));
  if (count === 0) return { held: { bytes, rows, ids }, rest: { bytes, rows, ids } };
  const picked = Array.from({ length: count }, (_, i) =>
    Math.floor(((i + ((i * golden) % 1)) * rows) / count),
  );
  const isHeld = new Set(picked);
  const bytesOf = (start: number, end: number) => bytes.subarray(start * rowBytes, end * rowBytes);
  const between = [-1, ...picked].map((row, i) => bytesOf(row + 1, picked[i] ?? rows));
  return {
    held: {
      bytes: concat(picked.map((row) => bytesOf(row, row + 1))),
      rows: count,
      ids: Float64Array.from(picked, (row) => defined(ids[row], 'id of a row')),
    },
    rest: { bytes: concat(between), rows: rows - count, ids: ids.filter((_, row) => !isHeld.has(row)) },
  };
}
