// What the binary has for rows that lie in memory beside what stands for them.

/** Rows in memory that nobody has checked; row i has the id `firstRowId + i`. */
export interface RowsInMemory {
  readonly rows: Uint8Array;
  readonly firstRowId: number;
}

/** Rows of several partitions in memory, made once for many searches. It keeps the memory. */
export interface RowParts {
  readonly ofRows: true;
}

export interface RowPartsBinding {
  /** Searches take them where they ascend by id and are whole rows: `InvalidArgument` there, if not. */
  createRowParts(parts: readonly RowsInMemory[]): RowParts;
}
