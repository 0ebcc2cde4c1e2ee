// What the native binary has of indexes of attributes: sets of rows, one for each value of a column.
import type { FilterColumn } from './filter.js';

/** Rows of one value. */
export interface ValueSet {
  /** Eight bytes, little endian, of numbers and instants; a byte of a boolean; UTF-8 of text. */
  readonly value: Uint8Array;
  readonly rows: number;
  /** 32-bit portable roaring bitmap of the numbers of the rows. */
  readonly set: Uint8Array;
}

export interface ValueSetBuilder {
  /**
   * Takes the next rows, off the event loop: until the promise settles nobody changes the column. Gives
   * `values` where a column has more than 256 of them, `text` where one has more than 32 characters: then
   * there are no sets. `Corrupt` for offsets that lead out of the column.
   */
  add(column: FilterColumn): Promise<'values' | 'text' | null>;
  /** The next rows, all of them null. */
  addNulls(rows: number): void;
  /** The sets of each value, or item of a list, ascending, NaN last; nulls where there are some. */
  finish(): Promise<{ readonly nulls?: ValueSet | null; readonly values: readonly ValueSet[] }>;
}

/** What is wanted of sets of the rows `[0, rows)`, and what becomes of the bits of `[start, end)`. */
export interface FilledRows {
  readonly rows: number;
  readonly start: number;
  readonly end: number;
  /** Whether the bits of rows that a set has are set, or cleared. */
  readonly to: boolean;
}

export interface ValueSetBinding {
  createValueSetBuilder(): ValueSetBuilder;
  /**
   * Sets or clears in `bits` those of rows that one of the sets has; bit i is row `start` + i, the least
   * significant of a byte first, and behind the last one all are zero after. Each piece has whole sets, one
   * after the other; `lengths` and `counts` say of all how long they are and how many rows they have.
   * `Corrupt` for bytes that are no such sets. On the event loop: about 1 ns for two bytes.
   */
  fillValueSetsNow(
    pieces: readonly Uint8Array[],
    lengths: Uint32Array,
    counts: Uint32Array,
    wanted: FilledRows,
    bits: Uint8Array,
  ): void;
  /** The same off the event loop; until the promise settles nobody else touches any of the bytes. */
  fillValueSets(
    pieces: readonly Uint8Array[],
    lengths: Uint32Array,
    counts: Uint32Array,
    wanted: FilledRows,
    bits: Uint8Array,
  ): Promise<void>;
}
