// The rows of a text of numbers, block after block from the place that the layout has before them. Each field
// is put where it is wanted, from the bytes; what is no plain number is looked at on its own.
import { type RowType, rowBytesOf } from '../../../arrays/partition-writer.js';
import type { ReadRowsOptions } from '../../../arrays/row-source.js';
import { NacreError } from '../../../errors.js';
import { dtypes } from '../../../npy/dtype.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { assert } from '../../../util/assert.js';
import { throwIfAborted } from '../../../util/runtime.js';
import type { RandomAccess } from '../../random-access.js';
import type { FileArray } from '../array-file.js';
import { behindEnd, blockAt, carriageReturn, endOfLine, hash, newline, quote, space, tab } from './blocks.js';
import type { Fields, FieldsInto } from './fields.js';
import { behindQuote, isSkipped, longField, mostFieldBytes, openQuote, type TextLayout } from './layout.js';
import { badText, type TextPlace } from './problem.js';

/** Rows between two looks at whether anybody still wants them. */
const rowsAtOnce = 4096;

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
  /** Where the last slow field ended. */
  #end = 0;

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
      const count = Math.min(end - row, rowsAtOnce);
      row += this.#parse(cursor, count, fields, (row - start) * this.#layout.columns);
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
      cursor = { bytes: new Uint8Array(0), at: 0, end: offset, line, lines };
    }
    while (cursor.lines < wanted) {
      if (cursor.at === cursor.bytes.byteLength) await this.#nextBlock(cursor, options);
      pass(cursor, wanted);
    }
    return cursor;
  }

  async #nextBlock(cursor: Cursor, options: CallOptions): Promise<void> {
    const { line, end: offset } = cursor;
    const call: CallOptions = options.signal === undefined ? {} : { signal: options.signal };
    if (offset >= this.#access.sizeBytes) throw this.#changed();
    const block = await blockAt(this.#access, { offset, line }, call);
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

  /** Rows of the block, `most` of them at most; the first number goes to the place `index`. */
  #parse(cursor: Cursor, most: number, fields: FieldsInto, index: number): number {
    const { bytes } = cursor;
    const { columns, delimiter } = this.#layout;
    const last = columns - 1;
    let { at } = cursor;
    let put = index;
    let rows = 0;
    for (; rows < most && at < bytes.byteLength; cursor.line++) {
      if ((bytes[at] as number) <= hash && isSkipped(bytes, at) !== undefined) {
        at = behindEnd(bytes, endOfLine(bytes, at));
        continue;
      }
      for (let column = 0; column < columns; column++) {
        let end = fields.put(bytes, at, put);
        if (end < 0 || !(column === last ? isLineEnd(bytes[end]) : bytes[end] === delimiter)) {
          this.#putSlow(cursor, fields, { at, put, column });
          end = this.#end;
        }
        put++;
        at = end + 1;
      }
      if (bytes[at - 1] === carriageReturn && bytes[at] === newline) at++;
      rows++;
    }
    cursor.at = at;
    cursor.lines += rows;
    return rows;
  }

  /** A field that is no plain number with its end behind it; `#end` is at that. */
  #putSlow(
    { bytes, line }: Cursor,
    fields: FieldsInto,
    { at, put, column }: { readonly at: number; readonly put: number; readonly column: number },
  ): void {
    const { columns, names } = this.#layout;
    const name = names?.[column];
    const field = { file: this.name, line, field: column + 1 };
    const place = { ...field, ...(name !== undefined && name !== '' && { column: name }) };
    const { text, end } = this.#textOf(bytes, at, place);
    const isLineEnd = bytes[end] === newline || bytes[end] === carriageReturn;
    if (isLineEnd !== (column === columns - 1)) throw this.#ragged(bytes, end, place, isLineEnd);
    const refusal = fields.putText(text, put);
    if (refusal !== undefined) throw badText(place, refusal.what, refusal.hint);
    this.#end = end;
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
