// Columns from the values that files have.
import { largestOffset } from '../../attributes/offsets.js';
import { isUtf8 } from 'node:buffer';
import { makeBits } from '../../attributes/bits.js';
import type { AttributeType, Column, StringColumn } from '../../attributes/column.js';
import { columnOf, type Value, valueAt } from '../../attributes/values.js';
import { isNacreError } from '../../errors.js';
import { parseTimestamp } from '../../util/timestamp.js';
import { assert } from '../../util/assert.js';
import { malformed, type Place, unsupported } from './problem.js';

/** A value of a binary file; text as its bytes, since most of it is never looked at. */
export type Cell = boolean | number | bigint | Uint8Array | readonly Uint8Array[] | null;

/** Where cells are from. */
export interface CellPlace {
  readonly file: string;
  readonly attribute: string;
  readonly firstRow: number;
}

/** As `columnOf()`; instants are microseconds as bigint. */
export function columnOfValues(name: string, type: AttributeType, values: readonly Value[]): Column {
  if (type !== 'timestamp') return columnOf(name, type, values);
  const column = columnOf(name, 'int', values);
  assert(column.type === 'int', 'instants are whole numbers');
  return { ...column, type };
}

/** The column of cells that are of the type; text and whole numbers are checked. */
export function columnOfCells(place: CellPlace, type: AttributeType, cells: readonly Cell[]): Column {
  const rows = cells.length;
  const isValid = (row: number): boolean => cells[row] !== null;
  switch (type) {
    case 'string':
      return textColumn(place, rows, isValid, (row) => cells[row] as Uint8Array);
    case 'strings': {
      const offsets = new Int32Array(rows + 1);
      for (const [row, cell] of cells.entries()) {
        offsets[row + 1] = (offsets[row] ?? 0) + (Array.isArray(cell) ? cell.length : 0);
      }
      const items = cells.flatMap((cell) => (Array.isArray(cell) ? (cell as readonly Uint8Array[]) : []));
      return listColumn(place, rows, isValid, offsets, (item) => items[item]);
    }
    case 'int':
    case 'timestamp':
      return wholeColumn(place, type, rows, isValid, (row) => BigInt(cells[row] as bigint | number));
    case 'bool':
    case 'float':
      return columnOfValues(place.attribute, type, cells as readonly Value[]);
  }
}

type RowTest = (row: number) => boolean;

/** Null rows hold zero, or nothing, as those of `columnOf()`. */
export function baseOf(rows: number, isValid: RowTest): { rows: number; valid?: Uint8Array } {
  for (let row = 0; row < rows; row++) if (!isValid(row)) return { rows, valid: makeBits(rows, isValid) };
  return { rows };
}

export function wholeColumn(
  place: CellPlace,
  type: 'int' | 'timestamp',
  rows: number,
  isValid: RowTest,
  at: (row: number) => bigint,
): Column {
  const values = new BigInt64Array(rows);
  for (let row = 0; row < rows; row++) {
    if (!isValid(row)) continue;
    const value = at(row);
    if (BigInt.asIntN(64, value) !== value) {
      const what = `${value} is beyond 64 bits with a sign`;
      throw malformed(place.file, placeOf(place, row), what, 'Write the attribute as text.');
    }
    values[row] = value;
  }
  return { ...baseOf(rows, isValid), type, values };
}

export function textColumn(
  place: CellPlace,
  rows: number,
  isValid: RowTest,
  at: (row: number) => Uint8Array,
): StringColumn {
  return { ...baseOf(rows, isValid), ...textsOf(place, rows, (row) => (isValid(row) ? at(row) : empty)) };
}

/** `offsets` are those of the items, and begin at 0; an item that is not there is null in the file. */
export function listColumn(
  place: CellPlace,
  rows: number,
  isValid: RowTest,
  offsets: Int32Array,
  at: (item: number) => Uint8Array | null | undefined,
): Column {
  const items = textsOf(place, offsets[rows] ?? 0, (item) => {
    const text = at(item);
    if (text instanceof Uint8Array) return text;
    const row = offsets.findLastIndex((offset) => offset <= item);
    throw malformed(place.file, placeOf(place, row), 'an item of a list is null', 'Leave it away.');
  });
  return { ...baseOf(rows, isValid), type: 'strings', offsets, items };
}

const empty = new Uint8Array(0);

export function placeOf({ attribute, firstRow }: CellPlace, row: number): Place {
  return { attribute, row: firstRow + row };
}

function textsOf(place: CellPlace, rows: number, at: (row: number) => Uint8Array): StringColumn {
  const offsets = new Int32Array(rows + 1);
  let total = 0;
  for (let row = 0; row < rows; row++) {
    total += at(row).byteLength;
    if (total > largestOffset) {
      const what = 'more than 2 GiB of text in one batch';
      throw malformed(place.file, placeOf(place, 0), what, 'Write the file in smaller batches.');
    }
    offsets[row + 1] = total;
  }
  const bytes = new Uint8Array(total);
  for (let row = 0; row < rows; row++) bytes.set(at(row), offsets[row]);
  // Texts that are UTF-8 one behind the other may still meet within a character.
  const isWhole = isUtf8(bytes) && offsets.every((offset) => !isWithinCharacter(bytes[offset]));
  if (isWhole) return { type: 'string', rows, offsets, bytes };
  throw malformed(place.file, placeOf(place, 0), 'text from here on is no UTF-8', 'Write the file again.');
}

function isWithinCharacter(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** A column as another type that was asked for. */
export function castColumn(place: CellPlace, column: Column, type: AttributeType): Column {
  if (column.type === type) return column;
  checkCast(place.file, place.attribute, column.type, type);
  const values = Array.from({ length: column.rows }, (_, row) => {
    const value = valueAt(column, row);
    if (value === null) return null;
    return type === 'float' ? Number(value) : instantOf(place.file, placeOf(place, row), String(value));
  });
  return columnOfValues(place.attribute, type, values);
}

/** Refuses what no column of the type becomes, before a row is read. */
export function checkCast(file: string, attribute: string, from: AttributeType, to: AttributeType): void {
  if (from === to || (from === 'int' && to === 'float') || (from === 'string' && to === 'timestamp')) return;
  const hint = 'Only int is read as float, and string as timestamp.';
  throw unsupported(file, { attribute }, `is ${from} in the file, and is not read as ${to}`, hint);
}

/** The instant of a text, in microseconds since 1970; an error names the place. */
export function instantOf(file: string, place: Place, text: string): bigint {
  try {
    return parseTimestamp(text);
  } catch (error) {
    if (!isNacreError(error)) throw error;
    throw malformed(file, place, error.message, error.hint ?? '', error);
  }
}
