// The rows of a text of numbers, block after block from the place that the layout has before them. Rows of
// plain numbers are put where they are wanted by the native binary; one that has something else is looked at
// here, field by field, and so is every one of float16 and bool.
import { type RowType, rowBytesOf } from '../../../arrays/row-type.js';
import type { ReadRowsOptions } from '../../../arrays/row-source.js';
import { NacreError } from '../../../errors.js';
import { fromNative, native } from '../../../native.js';
import type { TextBinding } from '../../../native/text.js';
import { dtypes } from '../../../npy/dtype.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { assert } from '../../../util/assert.js';
import { throwIfAborted } from '../../../util/runtime.js';
import type { RandomAccess } from '../../random-access.js';
import type { FileArray } from '../array-file.js';
import {
  behindEnd,
  blockAt,
  blockMemory,
  carriageReturn,
  endOfLine,
  hash,
  newline,
  quote,
  space,
  tab,
} from './blocks.js';
import type { Fields, FieldsInto } from './fields.js';
import { behindQuote, isSkipped, longField, mostFieldBytes, openQuote, type TextLayout } from './layout.js';
import { badText, type TextPlace } from './problem.js';

/** Rows between two looks at whether anybody still wants them. */
const rowsAtOnce = 4096;
/** Plain rows between others that are worth a call. */
const worthwhile = 16;

/** Where a read stands: at the beginning of a line of a block. */
interface Cursor {
  bytes: Uint8Array;
  at: number;
  /** Of the block, in the file. */
  end: number;
  /** From 1 on. */
  line: number;
  /** Lines with fields before it. */
  lines: number;
  readonly memory: Uint8Array;
}

export class TextRows implements FileArray {
  readonly array = undefined;
  readonly name: string;
  readonly rows: number;
  readonly type: RowType;
  readonly #access: RandomAccess;
  readonly #layout: TextLayout;
  readonly #fields: Fields;
  readonly #rowBytes: number;
  /** Behind the rows that were read last; a read takes it and puts it back. */
  #cursor: Cursor | undefined;
  /** Rows that are looked at here before plain ones are tried again: more, the fewer of those there are. */
  #others = 1;

  constructor(access: RandomAccess, layout: TextLayout, fields: Fields, type: RowType) {
    this.name = access.name;
    this.rows = layout.rows;
    this.type = type;
    this.#access = access;
    this.#layout = layout;
    this.#fields = fields;
    this.#rowBytes = rowBytesOf(type);
  }

  async read(start: number, end: number, options: ReadRowsOptions = {}): Promise<Uint8Array> {
    assert(start >= 0 && start <= end && end <= this.rows, 'the rows are in the file');
    const length = (end - start) * this.#rowBytes;
    const { into } = options;
    const isUsed = into?.byteLength === length && into.byteOffset % dtypes[this.type.dtype].itemBytes === 0;
    const target = isUsed ? into : new Uint8Array(length);
    if (start === end) return target;
    const fields = this.#fields.into(target);
    const cursor = await this.#cursorAt(start, options);
    for (let row = start; row < end; ) {
      throwIfAborted(options.signal);
      if (cursor.at === cursor.bytes.byteLength) await this.#nextBlock(cursor, options);
      const most = Math.min(end - row, rowsAtOnce);
      const first = row - start;
      const plain = this.#takePlain(cursor, target.subarray(first * this.#rowBytes), most);
      row += plain;
      if (plain < most && cursor.at < cursor.bytes.byteLength) {
        this.#others = plain >= worthwhile ? 1 : Math.min(rowsAtOnce, 2 * this.#others);
        const others = Math.min(most - plain, this.#others);
        row += this.#parse(cursor, others, fields, (first + plain) * this.#layout.columns);
      }
    }
    this.#cursor = cursor;
    return target;
  }

  close(): Promise<void> {
    this.#cursor = undefined;
    return Promise.resolve();
  }

  async #cursorAt(row: number, options: CallOptions): Promise<Cursor> {
    const { names, places } = this.#layout;
    const wanted = row + (names === undefined ? 0 : 1);
    let cursor = this.#cursor;
    // What a failed or another read leaves is taken up by nobody.
    this.#cursor = undefined;
    const place = places.findLast(({ lines }) => lines <= wanted);
    assert(place !== undefined, 'there is a place before each row');
    if (cursor === undefined || cursor.lines > wanted || cursor.lines < place.lines) {
      const { offset, line, lines } = place;
      cursor = {
        bytes: new Uint8Array(0),
        at: 0,
        end: offset,
        line,
        lines,
        memory: blockMemory(this.#access),
      };
    }
    while (cursor.lines < wanted) {
      if (cursor.at === cursor.bytes.byteLength) await this.#nextBlock(cursor, options);
      pass(cursor, wanted);
    }
    return cursor;
  }

  async #nextBlock(cursor: Cursor, options: CallOptions): Promise<void> {
    const { line, end: offset } = cursor;
    if (offset >= this.#access.sizeBytes) throw this.#changed();
    const block = await blockAt(this.#access, { offset, line }, cursor.memory, options);
    cursor.bytes = block.bytes;
    cursor.at = 0;
    cursor.end = block.end;
  }

  #changed(): NacreError {
    return new NacreError('Conflict', `${this.name} has fewer rows than when it was opened`, {
      context: { file: this.name },
      hint: 'Wait until nobody writes to it, then try again.',
    });
  }

  /** Rows of the block that are nothing but plain numbers, up to one that is not. */
  #takePlain(cursor: Cursor, target: Uint8Array, most: number): number {
    const { columns, delimiter } = this.#layout;
    const { dtype } = this.type;
    if (dtype === 'bool' || dtype === 'float16') return 0;
    const into = target.subarray(0, most * this.#rowBytes);
    const [rows, bytes] = parseRows(cursor.bytes.subarray(cursor.at), delimiter, columns, dtype, into);
    cursor.at += bytes;
    cursor.line += rows;
    cursor.lines += rows;
    return rows;
  }

  /** Rows of the block, field by field, `most` of them at most; the first number goes to the place `index`. */
  #parse(cursor: Cursor, most: number, fields: FieldsInto, index: number): number {
    const { bytes } = cursor;
    const { columns } = this.#layout;
    let { at } = cursor;
    let put = index;
    let rows = 0;
    for (; rows < most && at < bytes.byteLength; cursor.line++) {
      if ((bytes[at] as number) <= hash && isSkipped(bytes, at) !== undefined) {
        at = behindEnd(bytes, endOfLine(bytes, at));
        continue;
      }
      for (let column = 0; column < columns; column++) {
        at = this.#put(cursor, fields, { at, put, column }) + 1;
        put++;
      }
      if (bytes[at - 1] === carriageReturn && bytes[at] === newline) at++;
      rows++;
    }
    cursor.at = at;
    cursor.lines += rows;
    return rows;
  }

  /** A field; says where it ends. */
  #put(
    { bytes, line }: Cursor,
    fields: FieldsInto,
    { at, put, column }: { readonly at: number; readonly put: number; readonly column: number },
  ): number {
    const { columns, names } = this.#layout;
    const name = names?.[column];
    const field = { file: this.name, line, field: column + 1 };
    const place = { ...field, ...(name !== undefined && name !== '' && { column: name }) };
    const { text, end } = this.#textOf(bytes, at, place);
    const isLineEnd = bytes[end] === newline || bytes[end] === carriageReturn;
    if (isLineEnd !== (column === columns - 1)) throw this.#ragged(bytes, end, place, isLineEnd);
    const refusal = fields.put(text, put);
    if (refusal !== undefined) throw badText(place, refusal.what, refusal.hint);
    return end;
  }

  #textOf(bytes: Uint8Array, start: number, place: TextPlace): { text: string; end: number } {
    const { delimiter } = this.#layout;
    const isPad = (byte: number | undefined): boolean =>
      byte === space || (byte === tab && delimiter !== tab);
    let from = start;
    while (isPad(bytes[from])) from++;
    const isQuoted = bytes[from] === quote;
    let to = isQuoted ? closingQuote(bytes, from + 1, place) : from;
    let end = isQuoted ? to + 1 : to;
    while (bytes[end] !== delimiter && !isLineEnd(bytes[end])) end++;
    if (end - start > mostFieldBytes) throw longField(place);
    if (!isQuoted) to = end;
    const latin = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (isQuoted && latin.toString('latin1', to + 1, end).trim() !== '') throw behindQuote(place);
    return { text: latin.toString('utf8', isQuoted ? from + 1 : from, to).trim(), end };
  }

  #ragged(bytes: Uint8Array, end: number, place: TextPlace, isShort: boolean): Error {
    const { columns, delimiter, names } = this.#layout;
    let fields = place.field ?? 1;
    for (let at = isShort ? endOfLine(bytes, end) : end; !isLineEnd(bytes[at]); at++)
      if (bytes[at] === delimiter) fields++;
    const { file, line } = place;
    const first = names === undefined ? 'the first row' : 'the line of names';
    const what = `has ${fields} field${fields === 1 ? '' : 's'}, and ${first} ${columns}`;
    const where = { file, ...(line !== undefined && { line }), field: Math.min(fields, columns + 1) };
    return badText(where, what, 'Rows of an array have one length: write nan where a number is missing.');
  }
}

const parseRows: TextBinding['parseRows'] = (...all) => {
  try {
    return native().parseRows(...all);
  } catch (error) {
    throw fromNative(error);
  }
};

function isLineEnd(byte: number | undefined): boolean {
  return byte === newline || byte === carriageReturn || byte === undefined;
}

function closingQuote(bytes: Uint8Array, start: number, place: TextPlace): number {
  for (let at = start; ; at++) {
    if (bytes[at] === quote) return at;
    if (isLineEnd(bytes[at])) throw openQuote(place);
  }
}

/** Goes on to the line that has so many with fields before it, or to the end of the block. */
function pass(cursor: Cursor, wanted: number): void {
  const { bytes } = cursor;
  while (cursor.lines < wanted && cursor.at < bytes.byteLength) {
    if (isSkipped(bytes, cursor.at) === undefined) cursor.lines++;
    cursor.at = behindEnd(bytes, endOfLine(bytes, cursor.at));
    cursor.line++;
  }
}
