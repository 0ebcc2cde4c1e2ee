// The rows of a column of a Parquet file, page by page. Levels of every page that is passed are compared with
// the shape of the rows, run by run; values go from the page to where they are wanted.
import type { ColumnMetaData } from 'hyparquet';
import type { RowType } from '../../../arrays/row-type.js';
import type { ReadRowsOptions } from '../../../arrays/row-source.js';
import { damaged } from '../../../attributes/arrow/table.js';
import { dtypes } from '../../../npy/dtype.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { assert } from '../../../util/assert.js';
import { throwIfAborted } from '../../../util/runtime.js';
import { reading } from '../../attributes/problem.js';
import type { RandomAccess } from '../../random-access.js';
import type { FileArray } from '../array-file.js';
import { checkRowBytes, nullAt, raggedAt } from '../columns.js';
import { forRuns, matchingEntries, widthOf } from '../../parquet/levels.js';
import { ChunkPages, type Dictionary, type Page, type PageLevels } from '../../parquet/pages.js';
import type { ParquetColumn } from './schema.js';
import { dictionaryOf, type Values, valuesOf } from './values.js';
import { roomOf } from '../../../util/bytes.js';

/** The column's part of a row group. */
export interface Chunk {
  readonly firstRow: number;
  readonly rows: number;
  readonly metadata: ColumnMetaData;
}

/** A row of this size is taken for what the file says; a longer one has some bytes. */
const modestRowBytes = 64 * 2 ** 20;
const mostRowRatio = 2 ** 12;

/** Where a read stands. */
interface Cursor {
  readonly chunk: Chunk;
  readonly pages: ChunkPages;
  /** Entries of the chunk before the page, and of the page those that were taken. */
  before: number;
  entries: number;
  taken: number;
  values: Values | undefined;
  /** As the dtype has them, and what they are of. */
  dictionary: { readonly of: Dictionary; readonly values: Uint8Array } | undefined;
}

function levelsOf({ emptyAt, defined }: ParquetColumn): PageLevels {
  return { repetition: emptyAt.length, definition: defined };
}

export class ParquetRows implements FileArray {
  readonly array: string;
  readonly name: string;
  readonly rows: number;
  readonly type: RowType;
  readonly #access: RandomAccess;
  readonly #column: ParquetColumn;
  readonly #chunks: readonly Chunk[];
  /** Of lists down to the first that has nothing in it. */
  readonly #sizes: readonly number[];
  readonly #definition: number;
  /** Entries of levels that a row has; one value each, unless its lists have none. */
  readonly #perRow: number;
  readonly #rowBytes: number;
  #cursor: Cursor | undefined;

  constructor(
    access: RandomAccess,
    column: ParquetColumn,
    chunks: readonly Chunk[],
    sizes: readonly number[],
    rowShape: readonly number[],
  ) {
    const { name, dtype, emptyAt, defined } = column;
    const last = chunks.at(-1);
    this.array = name;
    this.name = `${access.name}: ${name}`;
    this.rows = last === undefined ? 0 : last.firstRow + last.rows;
    this.type = { dtype, rowShape, scalar: false };
    this.#access = access;
    this.#column = column;
    this.#chunks = chunks;
    const empty = sizes.indexOf(0);
    this.#sizes = empty < 0 ? sizes : sizes.slice(0, empty);
    this.#definition = empty < 0 ? defined : (emptyAt[empty] ?? 0);
    this.#perRow = this.#sizes.reduce((product, size) => product * size, 1);
    this.#rowBytes = checkRowBytes(access.name, name, dtype, rowShape);
    const first = chunks.find(({ rows }) => rows > 0);
    const most = Number(first?.metadata.total_compressed_size ?? 0) * mostRowRatio;
    if (first !== undefined && this.#rowBytes > Math.max(modestRowBytes, most)) {
      throw damaged(`rows of ${this.#rowBytes} bytes from ${most / mostRowRatio}`);
    }
  }

  read(start: number, end: number, options: ReadRowsOptions = {}): Promise<Uint8Array> {
    assert(start >= 0 && start <= end && end <= this.rows, 'the rows are in the file');
    return reading(this.#access.name, 'Parquet file', async () => {
      const length = (end - start) * this.#rowBytes;
      const target = roomOf(options.into, length);
      const call: CallOptions = options.signal === undefined ? {} : { signal: options.signal };
      for (let row = start; row < end; ) {
        const chunk = this.#chunks.find(({ firstRow, rows }) => row < firstRow + rows);
        assert(chunk !== undefined, 'the row has a row group');
        const last = Math.min(end, chunk.firstRow + chunk.rows);
        const into = target.subarray((row - start) * this.#rowBytes, (last - start) * this.#rowBytes);
        await this.#readChunk(chunk, row - chunk.firstRow, last - chunk.firstRow, into, call);
        row = last;
      }
      return target;
    });
  }

  async #readChunk(
    chunk: Chunk,
    start: number,
    end: number,
    into: Uint8Array,
    options: CallOptions,
  ): Promise<void> {
    const [first, last] = [start * this.#perRow, end * this.#perRow];
    const itemBytes = into.byteLength === 0 ? 0 : dtypes[this.type.dtype].itemBytes;
    let cursor = this.#cursor;
    // What a failed or another read leaves is taken up by nobody.
    this.#cursor = undefined;
    if (cursor?.chunk !== chunk || cursor.before + cursor.taken > first) cursor = this.#open(chunk);
    for (let at = first; at < last; ) {
      throwIfAborted(options.signal);
      if (cursor.before + cursor.entries <= at) {
        await this.#nextPage(cursor, options);
        continue;
      }
      const skipped = at - cursor.before - cursor.taken;
      const count = Math.min(last, cursor.before + cursor.entries) - at;
      if (itemBytes > 0) {
        cursor.values?.skip(skipped);
        cursor.values?.take(into.subarray((at - first) * itemBytes, (at - first + count) * itemBytes));
      }
      cursor.taken += skipped + count;
      at += count;
    }
    if (end === chunk.rows) await this.#end(cursor, options);
    this.#cursor = cursor;
  }

  #open(chunk: Chunk): Cursor {
    const pages = new ChunkPages(this.#access, levelsOf(this.#column), chunk.metadata);
    return { chunk, pages, before: 0, entries: 0, taken: 0, values: undefined, dictionary: undefined };
  }

  #dictionaryOf(cursor: Cursor): Uint8Array | undefined {
    const of = cursor.pages.dictionary;
    if (of === undefined) return undefined;
    if (cursor.dictionary?.of !== of)
      cursor.dictionary = { of, values: dictionaryOf(this.#column, of.bytes, of.count) };
    return cursor.dictionary.values;
  }

  async #nextPage(cursor: Cursor, options: CallOptions): Promise<void> {
    const page = await cursor.pages.next(options);
    cursor.before += cursor.entries;
    if (page === undefined) {
      const row = cursor.chunk.firstRow + Math.floor(cursor.before / this.#perRow);
      if (cursor.before % this.#perRow !== 0) throw raggedAt(this.#access.name, this.array, row);
      throw damaged(`a row group ends at row ${row}`);
    }
    this.#check(cursor, page);
    cursor.entries = page.entries;
    cursor.taken = 0;
    const count = this.#definition === this.#column.defined ? page.entries : 0;
    const place = { file: this.#access.name, column: this.array };
    const dictionary = this.#dictionaryOf(cursor);
    cursor.values = valuesOf(place, this.#column, page.encoding, page.values, count, dictionary);
  }

  /** That the page goes on as rows of this shape do. */
  #check({ chunk, before }: Cursor, { entries, repetition, definition }: Page): void {
    const { defined, emptyAt } = this.#column;
    const rowOf = (entry: number): number => chunk.firstRow + Math.floor((before + entry) / this.#perRow);
    const file = this.#access.name;
    let observed = 0;
    const there =
      definition === undefined
        ? entries
        : forRuns(definition, widthOf(defined), entries, (value) => (observed = value) === this.#definition);
    const phase = before % this.#perRow;
    const matching =
      repetition === undefined
        ? entries
        : matchingEntries(repetition, emptyAt.length, entries, this.#sizes, phase);
    if (there < entries && there <= matching) {
      const isNull = observed < this.#definition && this.#column.missing[observed] === 'null';
      // Where lists are empty, something else may be in one.
      const isNullBelow = observed > this.#definition && observed < defined;
      throw isNull || (isNullBelow && this.#column.missing[observed] === 'null')
        ? nullAt(file, this.array, rowOf(there))
        : raggedAt(file, this.array, rowOf(there));
    }
    if (matching < entries) {
      const isStart = (before + matching) % this.#perRow === 0;
      throw raggedAt(file, this.array, rowOf(matching) - (isStart ? 1 : 0));
    }
    if (before + entries <= chunk.rows * this.#perRow) return;
    throw damaged(`a row group of ${chunk.rows} rows has more of '${this.array}'`);
  }

  /** Values behind the last row are of rows that there are not, or make the last one longer. */
  async #end(cursor: Cursor, options: CallOptions): Promise<void> {
    const expected = cursor.chunk.rows * this.#perRow;
    if (Number(cursor.chunk.metadata.num_values) <= expected) return;
    const page = await cursor.pages.next(options);
    if (page === undefined || page.entries === 0) return;
    this.#check({ ...cursor, before: cursor.before + cursor.entries }, page);
  }

  close(): Promise<void> {
    this.#cursor = undefined;
    return Promise.resolve();
  }
}

/** Sizes of the lists of the first row. */
export async function sizesOfFirstRow(
  access: RandomAccess,
  column: ParquetColumn,
  chunks: readonly Chunk[],
  options: CallOptions,
): Promise<number[]> {
  const { emptyAt, defined, missing, name } = column;
  const chunk = chunks.find(({ rows }) => rows > 0);
  const none = emptyAt.map(() => 0);
  if (chunk === undefined || emptyAt.length === 0) return none;
  const pages = new ChunkPages(access, levelsOf(column), chunk.metadata);
  /** Entries of the row whose level is at most that of each axis. */
  const counts = emptyAt.map(() => 0);
  let empty = emptyAt.length;
  let isFirst = true;
  let isWhole = false;
  for (;;) {
    const page = await pages.next(options);
    if (page === undefined) break;
    if (isFirst && page.definition !== undefined && page.entries > 0) {
      let level = defined;
      forRuns(page.definition, widthOf(defined), 1, (value) => ((level = value), false));
      if (level < defined && missing[level] === 'null') throw nullAt(access.name, name, 0);
      if (level < defined) empty = emptyAt.indexOf(level);
    }
    forRuns(page.repetition ?? none2, widthOf(emptyAt.length), page.entries, (value, length) => {
      if (value === 0 && (!isFirst || length > 1)) isWhole = true;
      if (value === 0 && !isFirst) return false;
      const count = value === 0 ? 1 : length;
      isFirst = false;
      for (let axis = Math.max(0, value - 1); axis < counts.length; axis++)
        counts[axis] = (counts[axis] ?? 0) + count;
      return !isWhole;
    });
    if (isWhole) break;
  }
  if (isFirst) return none;
  return counts.map((count, axis) => {
    if (axis >= empty && empty >= 0) return 0;
    const size = count / (axis === 0 ? 1 : (counts[axis - 1] ?? 1));
    if (Number.isInteger(size)) return size;
    throw raggedAt(access.name, name, 0);
  });
}

const none2 = new Uint8Array(0);
