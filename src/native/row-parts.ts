// What the binary has for rows that lie in memory beside what stands for them.
import type { ScanOptions } from '../native.js';

/** Rows in memory that nobody has checked; row i has the id `firstRowId + i`. */
export interface RowsInMemory {
  readonly rows: Uint8Array;
  readonly firstRowId: number;
}

/** Rows of several partitions in memory, made once for many searches. It keeps the memory. */
export interface RowParts {
  readonly ofRows: true;
}

/** What a search for one query found, best first. */
export interface NearestRows {
  readonly ids: Float64Array;
  readonly scores: Float64Array;
}

export interface RowPartsBinding {
  /** Searches take them where they ascend by id and are whole rows: `InvalidArgument` there, if not. */
  createRowParts(parts: readonly RowsInMemory[]): RowParts;
  /**
   * A scan of one query over the rows of some ids, which ascend, and its results, on the event loop.
   * `InvalidArgument` for an id of no row.
   */
  scoreRowsNow(options: ScanOptions, rows: RowParts, ids: Float64Array): NearestRows;
}
