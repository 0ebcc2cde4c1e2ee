// Exact search without a dataset; its work is loaded by the first call.
import type { RowSource } from '../arrays/row-source.js';
import type { RowsInput } from '../arrays/rows-input.js';
import type { TypedArray } from '../npy/dtype.js';
import type { CallOptions } from '../storage/object-store.js';
import type { Metric } from './metric.js';
import type { QueryVectors } from './vectors.js';

export interface SearchOptions extends CallOptions {
  /** Default `l2`. */
  readonly metric?: Metric;
  /** Rows that a query gets, the nearest first. Default 10. */
  readonly k?: number;
  /** Told how many rows were scanned. */
  readonly onProgress?: (scannedRows: number, totalRows: number) => void;
}

export interface SearchHit {
  readonly row: number;
  /** The similarity for `cosine` and `dot`, the distance for the other metrics. */
  readonly score: number;
}

/**
 * The rows nearest to one vector, or to each of many, by scoring every row: of arrays in memory
 * (`{ data, shape: [rows, dimensions] }`), or of a file (`openNpyFile()`), which is read piece by piece.
 * Scores and ranks are those of {@link NearestQuery}: the real numbers rounded once (`kl` and `js`: one fixed
 * arithmetic), ties by row.
 *
 * Cost: one pass over the rows, by all threads of the pool, off the event loop; 32 MiB of a file in memory.
 * Nobody changes the arrays before the promise settles. Errors: `InvalidArgument` for vectors and shapes
 * that do not fit, and for queries that are no bits where bits are compared; `UnsupportedFormat` for complex
 * rows, `ResourceExhausted` for more than 2^27 hits, `Aborted`, and what reading the file throws.
 */
export function search(
  query: TypedArray | readonly number[],
  rows: RowsInput | RowSource,
  options?: SearchOptions,
): Promise<SearchHit[]>;
export function search(
  queries: QueryVectors,
  rows: RowsInput | RowSource,
  options?: SearchOptions,
): Promise<SearchHit[][]>;
export async function search(
  queries: QueryVectors,
  rows: RowsInput | RowSource,
  options: SearchOptions = {},
): Promise<SearchHit[] | SearchHit[][]> {
  return (await import('./search-rows.js')).searchRows(queries, rows, options);
}
