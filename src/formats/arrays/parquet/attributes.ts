// Attributes as columns of a Parquet file, beside the arrays: levels that say where values are, then these,
// plain; nulls have none.
import { crc32 } from 'node:zlib';
import { bitAt, countBits, makeBits } from '../../../attributes/bits.js';
import type { Attribute, Column, StringColumn, StringsColumn } from '../../../attributes/column.js';
import { bytesOf } from '../../../npy/dtype.js';
import { byteLength, concat } from '../../../util/bytes.js';
import { type FileColumn, listColumn, optional, pageHeader, physicalTypes } from './footer.js';
import { packedLevels, runOf, sized } from './levels.js';
import { i32, struct, text, type ThriftValue } from './thrift.js';

const physicalOf = {
  bool: 'BOOLEAN',
  int: 'INT64',
  float: 'DOUBLE',
  timestamp: 'INT64',
  string: 'BYTE_ARRAY',
  strings: 'BYTE_ARRAY',
} as const;

/** Converted types of the format. */
const converted = { text: 0, micros: 10, int64: 18 } as const;

/** Levels of a list of texts: no list, an empty one, no text, a text. */
const levels = { noList: 0, empty: 1, noText: 2, text: 3 } as const;

export function columnOfAttribute({ name, type }: Attribute): FileColumn {
  const physical = physicalTypes[physicalOf[type]];
  if (type === 'strings') return listColumn(name, physical, (leaf) => leafOf(leaf, 'string'));
  return { path: [name], physical, elements: [leafOf(name, type)] };
}

function leafOf(name: string, type: Exclude<Attribute['type'], 'strings'>): ThriftValue {
  return struct({
    1: i32(physicalTypes[physicalOf[type]]),
    3: i32(optional),
    4: text(name),
    ...annotations[type],
  });
}

const flag = { kind: 'flag', value: true } as const;
const annotations = {
  bool: {},
  float: {},
  int: { 6: i32(converted.int64), 10: struct({ 10: struct({ 1: { kind: 'i8', value: 64 }, 2: flag }) }) },
  string: { 6: i32(converted.text), 10: struct({ 1: struct({}) }) },
  // An instant: of UTC, in microseconds.
  timestamp: {
    6: i32(converted.micros),
    10: struct({ 8: struct({ 1: flag, 2: struct({ 2: struct({}) }) }) }),
  },
} as const;

/** A page of all rows of a column; `entries` are rows, or items of lists. */
export function pageOf(column: Column): { readonly entries: number; readonly pieces: readonly Uint8Array[] } {
  const { entries, body } = column.type === 'strings' ? listBody(column) : flatBody(column);
  const whole = body.filter((piece) => piece.byteLength > 0);
  const crc = whole.reduce((sum, piece) => crc32(piece, sum), 0);
  return { entries, pieces: [pageHeader(byteLength(whole), crc, entries), ...whole] };
}

function flatBody(column: Exclude<Column, StringsColumn>): { entries: number; body: Uint8Array[] } {
  const { rows, valid } = column;
  const there = placesOf(column);
  const hasNulls = there.length < rows;
  const defined =
    hasNulls && valid !== undefined
      ? packedLevels((i) => (bitAt(valid, i) ? 1 : 0), rows, 1)
      : runOf(1, rows);
  return { entries: rows, body: [sized(defined), valuesOf(column, there, hasNulls)] };
}

/** The rows that are not null. */
function placesOf({ rows, valid }: { readonly rows: number; readonly valid?: Uint8Array }): Int32Array {
  const places = new Int32Array(valid === undefined ? rows : countBits(valid, rows));
  for (let i = 0, at = 0; i < rows; i++) if (valid === undefined || bitAt(valid, i)) places[at++] = i;
  return places;
}

function valuesOf(column: Exclude<Column, StringsColumn>, there: Int32Array, hasNulls: boolean): Uint8Array {
  switch (column.type) {
    case 'string':
      return textsOf(column, there);
    case 'bool':
      return makeBits(there.length, (i) => bitAt(column.values, there[i] ?? 0));
    case 'float':
      return bytesOf(
        hasNulls
          ? Float64Array.from(there, (i) => column.values[i] ?? 0)
          : column.values.subarray(0, column.rows),
      );
    case 'int':
    case 'timestamp':
      return bytesOf(
        hasNulls
          ? BigInt64Array.from(there, (i) => column.values[i] ?? 0n)
          : column.values.subarray(0, column.rows),
      );
  }
}

/** Each with its length before it. */
function textsOf({ offsets, bytes }: StringColumn, there: Int32Array): Uint8Array {
  const lengthOf = (i: number): number => (offsets[i + 1] ?? 0) - (offsets[i] ?? 0);
  const out = new Uint8Array(there.reduce((sum, i) => sum + 4 + lengthOf(i), 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const i of there) {
    const length = lengthOf(i);
    view.setUint32(at, length, true);
    out.set(bytes.subarray(offsets[i], offsets[i + 1]), at + 4);
    at += 4 + length;
  }
  return out;
}

function listBody({ rows, valid, offsets, items }: StringsColumn): { entries: number; body: Uint8Array[] } {
  const repetition: number[] = [];
  const definition: number[] = [];
  const there: number[] = [];
  for (let row = 0; row < rows; row++) {
    const [start, end] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
    const isThere = valid === undefined || bitAt(valid, row);
    if (!isThere || start === end) {
      repetition.push(0);
      definition.push(isThere ? levels.empty : levels.noList);
      continue;
    }
    for (let item = start; item < end; item++) {
      const isText = items.valid === undefined || bitAt(items.valid, item);
      repetition.push(item === start ? 0 : 1);
      definition.push(isText ? levels.text : levels.noText);
      if (isText) there.push(item);
    }
  }
  const entries = repetition.length;
  const repeated = sized(packedLevels((i) => repetition[i] ?? 0, entries, 1));
  const defined = sized(packedLevels((i) => definition[i] ?? 0, entries, 2));
  return { entries, body: [concat([repeated, defined]), textsOf(items, Int32Array.from(there))] };
}
