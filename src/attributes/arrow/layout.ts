// Where the values of a column lie in an Arrow file, and how some of them are read: what is known of a column
// from the manifest is enough, nothing of the file's own metadata is needed.
import { NacreError } from '../../errors.js';
import { bytesOfBits, countBits, sliceBits } from '../bits.js';
import type { AttributeType, Column, StringColumn } from '../column.js';
import { offsetsFromZero } from '../offsets.js';
import { aligned, bufferAlignment } from './format.js';

/** Text is found by marks of so many rows: they are read with it, instead of its offsets before it. */
export const markRows = 1024;

/** What must be known of a column to find its values. */
export interface ColumnShape {
  readonly type: AttributeType;
  readonly nulls: number;
  /** Of text: bytes of each `markRows` rows. */
  readonly textBytes: readonly number[];
  /** Of lists: items of each `markRows` rows. */
  readonly items: readonly number[];
}

/** Bytes of a file, counted from where the body of its batch begins. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

type Buffer = 'valid' | 'values' | 'listOffsets' | 'offsets' | 'text';

/** Where the buffers of a column are; those that it has. */
export type ColumnExtents = { readonly [B in Buffer]?: Extent };

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

export function shapeOf(column: Column, rows: number): ColumnShape {
  const nulls = column.valid === undefined ? 0 : rows - countBits(column.valid, rows);
  const none = { type: column.type, nulls, textBytes: [], items: [] };
  if (column.type === 'string') return { ...none, textBytes: steps(rows, (row) => column.offsets[row] ?? 0) };
  if (column.type !== 'strings') return none;
  const itemOf = (row: number): number => column.offsets[row] ?? 0;
  return {
    ...none,
    items: steps(rows, itemOf),
    textBytes: steps(rows, (row) => column.items.offsets[itemOf(row)] ?? 0),
  };
}

/** What is added from mark to mark. */
function steps(rows: number, at: (row: number) => number): number[] {
  return Array.from({ length: Math.ceil(rows / markRows) }, (_, mark) => {
    const [start, end] = [mark * markRows, Math.min(rows, (mark + 1) * markRows)];
    return at(end) - at(start);
  });
}

/** Of each column, and how long the body is. */
export function extentsOf(
  rows: number,
  shapes: readonly ColumnShape[],
): { readonly columns: readonly ColumnExtents[]; readonly bodyBytes: number } {
  let at = 0;
  const next = (bytes: number): Extent => {
    const extent = { start: at, end: at + bytes };
    at += aligned(bytes, bufferAlignment);
    return extent;
  };
  const columns = shapes.map(({ type, nulls, textBytes, items }): ColumnExtents => {
    const valid = nulls > 0 ? { valid: next(bytesOfBits(rows)) } : {};
    if (type === 'bool') return { ...valid, values: next(bytesOfBits(rows)) };
    if (type === 'string') return { ...valid, offsets: next(4 * (rows + 1)), text: next(sum(textBytes)) };
    if (type === 'strings') {
      const listOffsets = next(4 * (rows + 1));
      return { ...valid, listOffsets, offsets: next(4 * (sum(items) + 1)), text: next(sum(textBytes)) };
    }
    return { ...valid, values: next(8 * rows) };
  });
  return { columns, bodyBytes: at };
}

/** How the rows from `start` up to `end` of a column are read: some ranges, and what their bytes come to. */
export interface ColumnRead {
  readonly ranges: readonly Extent[];
  /** The column of these rows; `Corrupt` where offsets lie. The bytes are used where they are. */
  readonly build: (pieces: readonly Uint8Array[]) => Column;
}

/**
 * Who looks whether offsets go back. The kernels do so for each column that they are handed, several times as
 * fast; everyone else needs `here`. Where the offsets begin and end is looked at in any case.
 */
export type OffsetCheck = 'here' | 'in kernels';

export function readOf(
  shape: ColumnShape,
  extents: ColumnExtents,
  start: number,
  end: number,
  check: OffsetCheck,
): ColumnRead {
  const rows = end - start;
  const ranges: Extent[] = [];
  const want = (extent: Extent | undefined, from: number, to: number): number => {
    const { start: base } = extent ?? { start: 0 };
    return ranges.push({ start: base + from, end: base + to }) - 1;
  };
  const bitsOf = (extent: Extent | undefined): ((pieces: readonly Uint8Array[]) => Uint8Array) => {
    const at = want(extent, start >> 3, bytesOfBits(end));
    return (pieces) => sliceBits(pieceOf(pieces, at), start & 7, (start & 7) + rows);
  };
  const valid = extents.valid === undefined ? undefined : bitsOf(extents.valid);
  const base = (pieces: readonly Uint8Array[]) => ({ rows, ...(valid && { valid: valid(pieces) }) });
  const { type } = shape;
  switch (type) {
    case 'bool': {
      const values = bitsOf(extents.values);
      return { ranges, build: (pieces) => ({ ...base(pieces), type, values: values(pieces) }) };
    }
    case 'float': {
      const at = want(extents.values, 8 * start, 8 * end);
      const of = (pieces: readonly Uint8Array[]) => wordsOf(pieceOf(pieces, at), 8);
      return { ranges, build: (pieces) => ({ ...base(pieces), type, values: asFloats(of(pieces)) }) };
    }
    case 'int':
    case 'timestamp': {
      const at = want(extents.values, 8 * start, 8 * end);
      const of = (pieces: readonly Uint8Array[]) => wordsOf(pieceOf(pieces, at), 8);
      return { ranges, build: (pieces) => ({ ...base(pieces), type, values: asInts(of(pieces)) }) };
    }
    case 'string': {
      const [first, last] = marksOf(start, end);
      const [from, to] = within(shape.textBytes, first, last);
      const offsetsAt = want(extents.offsets, 4 * start, 4 * (end + 1));
      const textAt = want(extents.text, from, to);
      const build = (pieces: readonly Uint8Array[]): Column => {
        const offsets = asOffsets(pieceOf(pieces, offsetsAt));
        return { ...base(pieces), ...stringsOf(offsets, pieceOf(pieces, textAt), from, check) };
      };
      return { ranges, build };
    }
    case 'strings': {
      const [first, last] = marksOf(start, end);
      const [from, to] = within(shape.textBytes, first, last);
      const [firstItem, lastItem] = within(shape.items, first, last);
      const listAt = want(extents.listOffsets, 4 * start, 4 * (end + 1));
      const offsetsAt = want(extents.offsets, 4 * firstItem, 4 * (lastItem + 1));
      const textAt = want(extents.text, from, to);
      const build = (pieces: readonly Uint8Array[]): Column => {
        const lists = asOffsets(pieceOf(pieces, listAt));
        checkOffsets(lists, firstItem, lastItem, check);
        const [item, endItem] = [lists[0] ?? 0, lists[rows] ?? 0];
        const all = asOffsets(pieceOf(pieces, offsetsAt));
        const some = all.subarray(item - firstItem, endItem - firstItem + 1);
        const items = stringsOf(some, pieceOf(pieces, textAt), from, check);
        return { ...base(pieces), type, offsets: offsetsFromZero(lists, 0, rows), items };
      };
      return { ranges, build };
    }
  }
}

/** The marks that hold these rows. */
function marksOf(start: number, end: number): [number, number] {
  return [Math.floor(start / markRows), Math.ceil(end / markRows)];
}

function within(counts: readonly number[], first: number, last: number): [number, number] {
  const before = sum(counts.slice(0, first));
  return [before, before + sum(counts.slice(first, last))];
}

function stringsOf(offsets: Int32Array, text: Uint8Array, from: number, check: OffsetCheck): StringColumn {
  checkOffsets(offsets, from, from + text.byteLength, check);
  const [first = 0, last = 0] = [offsets[0], offsets[offsets.length - 1]];
  return {
    type: 'string',
    rows: offsets.length - 1,
    offsets: offsetsFromZero(offsets, 0, offsets.length - 1),
    bytes: text.subarray(first - from, last - from),
  };
}

/** Offsets that never go back, from `least` on and up to `most`. */
function checkOffsets(offsets: Int32Array, least: number, most: number, check: OffsetCheck): void {
  const [first = least, last = first] = [offsets[0], offsets[offsets.length - 1]];
  if (first < least || last < first) throw damaged('offsets go back');
  if (last > most) throw damaged('an offset points past the text');
  if (check === 'in kernels') return;
  let before = first;
  // An iterator over them takes ten times as long.
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i] as number;
    if (offset < before) throw damaged('offsets go back');
    before = offset;
  }
}

function pieceOf(pieces: readonly Uint8Array[], at: number): Uint8Array {
  const piece = pieces[at];
  if (piece === undefined) throw damaged('bytes are missing');
  return piece;
}

function asOffsets(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset, byteLength } = wordsOf(bytes, 4);
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}

function asFloats({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Float64Array {
  return new Float64Array(buffer, byteOffset, byteLength / 8);
}

function asInts({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): BigInt64Array {
  return new BigInt64Array(buffer, byteOffset, byteLength / 8);
}

/** The bytes where words of this size can be read; a copy where they lie across. */
function wordsOf(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const isAligned = bytes.byteOffset % size === 0 && bytes.buffer instanceof ArrayBuffer;
  return isAligned ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

function damaged(what: string): NacreError {
  return new NacreError('Corrupt', `attributes: ${what}`);
}
