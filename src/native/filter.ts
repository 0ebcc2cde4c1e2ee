// What the native binary has of filters: one term over one whole column.

/** A column as `src/attributes/column.ts` has it, in bytes. */
export interface FilterColumn {
  readonly type: 'bool' | 'int' | 'float' | 'string' | 'strings' | 'timestamp';
  readonly rows: number;
  readonly valid?: Uint8Array;
  /** Bits, little-endian numbers, or the bytes of text. */
  readonly values: Uint8Array;
  /** Of texts; of lists those of their items. */
  readonly offsets?: Int32Array;
  /** Of lists: the first item of each, and where the last one ends. */
  readonly lists?: Int32Array;
}

export type FilterTest =
  | ('=' | '!=' | '<' | '<=' | '>' | '>=')
  | ('in' | 'like' | 'startsWith' | 'hasText' | 'hasItem');

/** What a filter asks of the values of one column. */
export interface FilterTerm {
  /**
   * Sets for each row a bit in `holds` where the term is true and in `fails` where it is false, in neither
   * where the row is null; the least significant of a byte first, and zeros behind the last one. Both have
   * `ceil(rows / 8)` bytes. `Corrupt` when offsets lead out of the column. Off the event loop; until the
   * promise settles, nobody else touches any of the bytes.
   */
  evaluate(column: FilterColumn, holds: Uint8Array, fails: Uint8Array): Promise<void>;
  /** The same on the event loop, for little: a millisecond for some 64 KiB where text is compared. */
  evaluateNow(column: FilterColumn, holds: Uint8Array, fails: Uint8Array): void;
}
