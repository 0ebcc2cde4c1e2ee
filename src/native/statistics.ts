// What the native binary says of a column.

/** Places are rows, and of lists items. Of equal values it is the first one's. */
export interface ColumnStatistics {
  readonly nulls: number;
  /** Rows that are NaN, which is neither least nor most, and one of `distinct`. */
  readonly nans: number;
  /** Absent where there is no value. */
  readonly least?: number | null;
  readonly most?: number | null;
  /** Each value once, 0 and -0 as one, in the order of their places; absent where they are more than 16. */
  readonly distinct?: readonly number[] | null;
}
