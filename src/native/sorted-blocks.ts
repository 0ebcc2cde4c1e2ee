// What the native binary has of indexes of attributes of many values: pairs of a value and its row in the
// order of values, in blocks.
import type { FilterColumn } from './filter.js';
import type { ValueSet } from './value-sets.js';

/** Blocks, and what a directory says of them. */
export interface SortedBlocksMade {
  /** Rows that have no value, and those of NaN; nothing where there are none. */
  readonly nulls?: ValueSet | null;
  readonly nans?: ValueSet | null;
  /** One after the other. */
  readonly blocks: Uint8Array;
  /** Of each block how many pairs it has, its length and its CRC32C. */
  readonly pairs: Uint32Array;
  readonly lengths: Uint32Array;
  readonly sums: Uint32Array;
  /** The first value of each block, then the last one of all; of texts the first 64 bytes. */
  readonly bounds: Uint8Array;
  /** Of texts: where each ends among the bytes of the bounds. */
  readonly ends: Uint32Array;
}

export interface SortedBlockBuilder {
  /**
   * Takes the next rows, off the event loop: until the promise settles nobody changes the column. False where
   * a text has more than 4,096 bytes: then there are no blocks. `Corrupt` for offsets that lead out of the
   * column, `InvalidArgument` for one of booleans or lists.
   */
  add(column: FilterColumn): Promise<boolean>;
  /** The next rows, all of them null. */
  addNulls(rows: number): void;
  /** Bytes in memory; `finish` takes as much again. */
  heldBytes(): number;
  finish(): Promise<SortedBlocksMade>;
}

/** A directory as an object has it. */
export interface SortedDirectory
  extends Pick<SortedBlocksMade, 'bounds' | 'ends' | 'pairs' | 'lengths' | 'sums'> {
  readonly type: FilterColumn['type'];
  readonly rows: number;
  /** Rows that are in no block. */
  readonly others: number;
}

/** Ranges of values, in any order. */
export interface ValueRanges {
  /** What bounds them, as a `ValueSet` has values, one after the other. */
  readonly values: Uint8Array;
  /** Of each range where the value of its low end ends, then where that of its high end does. */
  readonly ends: Uint32Array;
  /** Of each range, as bits: 1 there is a low end, 2 it is included; 4 and 8 the same of the high end. */
  readonly flags: Uint8Array;
  /** All values but those in a range are meant. */
  readonly inverted: boolean;
}

export interface SortedBlocks {
  /** Blocks that can have a value of the ranges, ascending. On the event loop: some 10 µs. */
  touched(ranges: ValueRanges): Uint32Array;
  /**
   * The rows of the ranges as a set, without a value, of these blocks; pieces have whole ones, one after the
   * other. Off the event loop: until the promise settles nobody changes the pieces. `Corrupt` for a block
   * that is not what its checksum says, and for what no builder makes.
   */
  select(ranges: ValueRanges, blocks: Uint32Array, pieces: readonly Uint8Array[]): Promise<ValueSet>;
}

export interface SortedBlocksBinding {
  createSortedBlockBuilder(): SortedBlockBuilder;
  /** `Corrupt` for a directory that no builder makes. */
  openSortedBlocks(directory: SortedDirectory): SortedBlocks;
}
