// Arrays as a Parquet file that any library reads: a column for each, lists where rows have axes, plain and
// uncompressed, with the schema of Arrow beside Parquet's, which has shapes.
//
// Rows go through page by page. A row group has all columns, one after the other, so that of each array as
// many rows are taken as the group has, and never more than a page of them is in memory.
import { crc32 } from 'node:zlib';
import { type RowType, rowBytesOf } from '../../../arrays/row-type.js';
import { NacreError } from '../../../errors.js';
import { type Dtype, dtypes, viewAs } from '../../../npy/dtype.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { byteLength, concat, utf8 } from '../../../util/bytes.js';
import type { ArrayToWrite, WriteArraysOptions } from '../array-file.js';
import { bitsOfBytes, itemsOfRow, schemaBytes } from '../arrow/write.js';
import { checkColumns, rowsTogether } from '../columns.js';
import { RowsTaken } from '../pieces.js';
import { columnOfAttribute, pageOf } from './attributes.js';
import {
  type ChunkWritten,
  columnOfArray,
  footerOf,
  type GroupWritten,
  isList,
  pageHeader,
  physicalOf,
} from './footer.js';
import { repetitionOf, runOf, sized } from './levels.js';

const magic = utf8.encode('PAR1');
/** Of the arrays, as a group has them; what readers hold at once is often one. */
const groupBytes = 64 * 2 ** 20;
/** Numbers of a page: 1 MiB of float64. */
const pageItems = 2 ** 17;

/**
 * Memory: a page of one array, the places of row groups, and the attributes of 32,768 rows. Errors:
 * `InvalidArgument` for complex numbers, and for other numbers of rows.
 */
export async function* writeParquet(
  arrays: readonly ArrayToWrite[],
  { attributes, ...options }: WriteArraysOptions,
): AsyncGenerator<Uint8Array> {
  const holds = ({ dtype }: RowType): boolean => dtypes[dtype].kind !== 'complex';
  const rows = checkColumns('Parquet', arrays, holds, attributes);
  for (const { array, type } of arrays) checkItems(array, type);
  const total = arrays.reduce((sum, { type }) => sum + rowBytesOf(type), 0);
  const perGroup = rowsTogether(groupBytes, total, attributes);
  const columns = arrays.map((array) => new ColumnWriter(array, options));
  const groups: GroupWritten[] = [];
  try {
    let offset = magic.byteLength;
    yield magic;
    for (let row = 0; row < rows; row += perGroup) {
      const count = Math.min(perGroup, rows - row);
      const chunks: ChunkWritten[] = [];
      for (const column of columns) {
        let bytes = 0;
        for await (const piece of column.pages(count)) {
          bytes += piece.byteLength;
          yield piece;
        }
        chunks.push({ offset, bytes, entries: count * column.perRow });
        offset += bytes;
      }
      for (const column of (await attributes?.read(row, row + count, options)) ?? []) {
        const { entries, pieces } = pageOf(column);
        const bytes = byteLength(pieces);
        yield* pieces;
        chunks.push({ offset, bytes, entries });
        offset += bytes;
      }
      groups.push({ rows: count, chunks });
    }
    for (const column of columns) await column.end();
    const more = attributes?.attributes ?? [];
    const all = [...arrays.map(columnOfArray), ...more.map(columnOfAttribute)];
    const footer = footerOf(all, rows, groups, schemaBytes(arrays, more));
    yield concat([footer, new Uint8Array(Uint32Array.of(footer.byteLength).buffer), magic]);
  } finally {
    await Promise.all(columns.map((column) => column.close()));
  }
}

function checkItems(array: string, type: RowType): void {
  if (itemsOfRow(type) < 2 ** 31) return;
  throw new NacreError(
    'InvalidArgument',
    `array '${array}': lists of Parquet are below 2,147,483,648 items`,
    {
      hint: 'Write it as .npy.',
      context: { array },
    },
  );
}

class ColumnWriter {
  readonly #type: RowType;
  readonly #taken: RowsTaken;
  /** Of a row; none is in the file of a list of nothing. */
  readonly #items: number;

  constructor(array: ArrayToWrite, options: CallOptions) {
    this.#type = array.type;
    this.#taken = new RowsTaken(array, options);
    this.#items = itemsOfRow(array.type);
  }

  /** Entries of a row: a list of nothing has one that says so. */
  get perRow(): number {
    return Math.max(1, this.#items);
  }

  async *pages(rows: number): AsyncGenerator<Uint8Array> {
    const rowsAtOnce = Math.max(1, Math.floor(pageItems / this.perRow));
    for (let row = 0; row < rows; row += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - row);
      const bytes = await this.#taken.take(count);
      if (count > 1 || this.perRow <= pageItems) yield* this.#page(bytes, 0, count * this.perRow);
      else yield* this.#pagesOfRow(bytes);
    }
  }

  end(): Promise<void> {
    return this.#taken.end();
  }

  close(): Promise<void> {
    return this.#taken.close();
  }

  /** A row of more numbers than a page has. */
  *#pagesOfRow(bytes: Uint8Array): Generator<Uint8Array> {
    const { itemBytes } = dtypes[this.#type.dtype];
    for (let at = 0; at < this.perRow; at += pageItems) {
      const end = Math.min(this.perRow, at + pageItems);
      yield* this.#page(bytes.subarray(at * itemBytes, end * itemBytes), at, end - at);
    }
  }

  /** `phase`: entries of the first row that are in pages before it. */
  *#page(bytes: Uint8Array, phase: number, entries: number): Generator<Uint8Array> {
    const { dtype } = this.#type;
    const pieces: Uint8Array[] = [];
    if (isList(this.#type)) {
      pieces.push(sized(repetitionOf(this.perRow, phase, entries)));
      // Lists and their items may be null: 3 says that both are there, 1 that the list has no items.
      pieces.push(sized(runOf(this.#items === 0 ? 1 : 3, entries)));
    } else pieces.push(sized(runOf(1, entries)));
    // Of no bytes zlib's sum is 0, whatever it was before.
    if (bytes.byteLength > 0) pieces.push(plain(dtype, bytes));
    const crc = pieces.reduce((sum, piece) => crc32(piece, sum), 0);
    yield pageHeader(byteLength(pieces), crc, entries);
    yield* pieces;
  }
}

/** Values as the format has them: integers of 32 bits at least, bools as bits. */
function plain(dtype: Dtype, bytes: Uint8Array): Uint8Array {
  if (dtype === 'bool') return bitsOfBytes(bytes);
  if (physicalOf(dtype) !== 'INT32' || dtypes[dtype].itemBytes === 4) return bytes;
  const wide = Int32Array.from(viewAs(dtype, bytes) as Iterable<number>);
  return new Uint8Array(wide.buffer);
}
