// The columns of a record batch as columns of attributes.
import { damaged } from '../../../attributes/arrow/table.js';
import { makeBits } from '../../../attributes/bits.js';
import type { Column } from '../../../attributes/column.js';
import { float16ToNumber } from '../../../npy/float16.js';
import { baseOf, type CellPlace, listColumn, placeOf, textColumn, wholeColumn } from '../cells.js';
import { malformed } from '../problem.js';
import type { Body, Words } from './body.js';
import type { ArrowField, Layout } from './schema.js';

/** Texts by the ids of dictionaries. */
export type Dictionaries = ReadonlyMap<number, Texts>;

/** Texts of a column; null ones are null. */
export interface Texts {
  readonly rows: number;
  at(row: number): Uint8Array | null;
}

/** Takes the buffers of the field, of which there are so many rows. */
export function readColumn(
  place: CellPlace,
  field: ArrowField,
  body: Body,
  rows: number,
  dictionaries: Dictionaries,
): Column {
  const { layout } = field;
  switch (layout.kind) {
    case 'passed over':
      throw damaged('a column was not chosen');
    case 'null':
      checkRows(body.node()[0], rows);
      return textColumn(
        place,
        rows,
        () => false,
        () => empty,
      );
    case 'text': {
      const texts = readTexts(field, body, rows, dictionaries);
      const isValid = (row: number): boolean => texts.at(row) !== null;
      return textColumn(place, rows, isValid, (row) => texts.at(row) ?? empty);
    }
    case 'list': {
      const isValid = nextValid(body, rows);
      const all = body.offsets(rows, layout.offsets);
      const items = readTexts(layout.item, body, body.peekRows(), dictionaries);
      if ((all[rows] ?? 0) > items.rows) throw damaged('a list ends behind its items');
      return lists(place, rows, isValid, all, items);
    }
    case 'bool': {
      const isValid = nextValid(body, rows);
      const isSet = body.bits(rows);
      const values = makeBits(rows, (row) => isValid(row) && isSet(row));
      return { ...baseOf(rows, isValid), type: 'bool', values };
    }
    case 'float': {
      const isValid = nextValid(body, rows);
      const at = floats(layout, body, rows);
      const values = Float64Array.from({ length: rows }, (_, row) => (isValid(row) ? at(row) : 0));
      return { ...baseOf(rows, isValid), type: 'float', values };
    }
    case 'int': {
      const isValid = nextValid(body, rows);
      const words = body.ints(rows, layout.bits, layout.isSigned);
      return wholeColumn(place, 'int', rows, isValid, (row) => BigInt(words[row] ?? 0));
    }
    case 'instant': {
      const isValid = nextValid(body, rows);
      const words = body.ints(rows, layout.bits);
      return wholeColumn(place, 'timestamp', rows, isValid, (row) => instant(place, layout, words, row));
    }
  }
}

const empty = new Uint8Array(0);

function nextValid(body: Body, rows: number): (row: number) => boolean {
  const [length, nulls] = body.node();
  checkRows(length, rows);
  return body.valid(rows, nulls);
}

function checkRows(length: number, rows: number): void {
  if (length !== rows) throw damaged(`a column of ${length} rows in a batch of ${rows}`);
}

function floats(
  { bits }: Extract<Layout, { kind: 'float' }>,
  body: Body,
  rows: number,
): (row: number) => number {
  if (bits === 16) {
    const words = body.ints(rows, 16, false);
    return (row) => float16ToNumber(Number(words[row] ?? 0));
  }
  const values = bits === 32 ? body.float32s(rows) : body.float64s(rows);
  return (row) => values[row] ?? 0;
}

function instant(
  place: CellPlace,
  { times, by }: Extract<Layout, { kind: 'instant' }>,
  words: Words,
  row: number,
): bigint {
  const value = BigInt(words[row] ?? 0) * times;
  if (value % by === 0n) return value / by;
  const hint = 'Timestamps have microseconds: round it.';
  throw malformed(place.file, placeOf(place, row), `${value} ns is finer than a microsecond`, hint);
}

/** Rows that are null have no items, whatever lies below them. */
function lists(
  place: CellPlace,
  rows: number,
  isValid: (row: number) => boolean,
  all: Float64Array,
  items: Texts,
): Column {
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    const length = isValid(row) ? (all[row + 1] ?? 0) - (all[row] ?? 0) : 0;
    offsets[row + 1] = (offsets[row] ?? 0) + length;
  }
  let row = 0;
  return listColumn(place, rows, isValid, offsets, (item) => {
    // Items are gone through in their order, twice.
    if (item < (offsets[row] ?? 0)) row = 0;
    while (item >= (offsets[row + 1] ?? Infinity)) row++;
    return items.at((all[row] ?? 0) + item - (offsets[row] ?? 0));
  });
}

export function readTexts(field: ArrowField, body: Body, rows: number, dictionaries: Dictionaries): Texts {
  const isValid = nextValid(body, rows);
  const { dictionary, layout } = field;
  if (dictionary !== undefined) {
    const words = body.ints(rows, dictionary.bits, dictionary.isSigned);
    const texts = dictionaries.get(dictionary.id);
    const count = texts?.rows ?? 0;
    for (let row = 0; row < rows; row++) {
      const index = Number(words[row] ?? 0);
      if (isValid(row) && (index < 0 || index >= count))
        throw damaged('an index points out of its dictionary');
    }
    return { rows, at: (row) => (isValid(row) ? (texts?.at(Number(words[row] ?? 0)) ?? null) : null) };
  }
  if (layout.kind !== 'text') throw damaged('text is something else');
  if (layout.offsets === 'view') return views(body, rows, isValid);
  const offsets = body.offsets(rows, layout.offsets);
  const bytes = body.bytes();
  if ((offsets[rows] ?? 0) > bytes.byteLength) throw damaged('text ends behind its bytes');
  return { rows, at: (row) => (isValid(row) ? bytes.subarray(offsets[row], offsets[row + 1]) : null) };
}

const viewBytes = 16;
const inlineBytes = 12;

/** A view is a length and, of short texts, the text; of others a prefix, which buffer, and where in it. */
function views(body: Body, rows: number, isValid: (row: number) => boolean): Texts {
  const words = body.bytes();
  if (words.byteLength < rows * viewBytes) throw damaged('a column has too few views');
  const view = new DataView(words.buffer, words.byteOffset, words.byteLength);
  const buffers = body.viewBuffers();
  const at = (row: number): Uint8Array => {
    const start = row * viewBytes;
    const length = view.getInt32(start, true);
    if (length < 0) throw damaged('a view has no length');
    if (length <= inlineBytes) return words.subarray(start + 4, start + 4 + length);
    const offset = view.getInt32(start + 12, true);
    const buffer = buffers[view.getInt32(start + 8, true)];
    if (buffer === undefined || offset < 0 || offset + length > buffer.byteLength) {
      throw damaged('a view points out of its buffer');
    }
    return buffer.subarray(offset, offset + length);
  };
  return { rows, at: (row) => (isValid(row) ? at(row) : null) };
}
