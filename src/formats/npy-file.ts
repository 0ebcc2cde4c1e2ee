// A .npy file as rows to import: any version, order and byte order that the header parser lets pass comes out
// in C order, little endian.
//
// Memory is what was asked for (twice that for Fortran order), whatever the size of the file: rows of a C
// file lie together; rows of a Fortran file are gathered column by column. A Fortran file in a bucket is
// copied to the temporary folder first, since every column of every piece would be a request.
import { type RowType, rowBytesOf } from '../arrays/row-type.js';
import type { ReadRowsOptions, RowSource } from '../arrays/row-source.js';
import { NacreError } from '../errors.js';
import { fromNative, native } from '../native.js';
import { type Dtype, dtypes, type TypedArray, viewAs } from '../npy/dtype.js';
import { type NpyHeader, parseHeader } from '../npy/header.js';
import type { CallOptions } from '../storage/object-store.js';
import { assert } from '../util/assert.js';
import {
  openAccess,
  type OpenAccessOptions,
  piecesOf,
  type RandomAccess,
  sha256Of,
  spool,
} from './random-access.js';

/** Enough for nearly every header. */
const firstBytes = 4096;

/** Columns with a smaller gap between what is wanted of them are read in one go: that costs as much. */
const readThroughBytes = 32 * 1024;

/** One such read at most. */
const spanBytes = 4 * 2 ** 20;

/** Reads of columns under way at once; more would only queue for the threads that serve them. */
const parallelReads = 8;

export interface NpyFile extends RowSource {
  readonly sizeBytes: number;
  /** False for a pipe, whose bytes come once: keep this handle. */
  readonly reopens: boolean;
  /** Rows `[start, end)` as typed array and shape, as writes take them. */
  readRows(start: number, end: number, options?: CallOptions): Promise<FileRows>;
  /** SHA-256 of the file as it is, header included. Cost: reads the whole file. */
  hash(options?: CallOptions): Promise<Uint8Array>;
}

/** Rows in C order with their shape, `[]` for a 0-d array. */
export interface FileRows {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

/** What `openNpyFile()` of `src/formats.ts` does. */
export async function openNpyFile(name: string, options: OpenAccessOptions = {}): Promise<NpyFile> {
  const access = await openAccess(name, options);
  try {
    const { rows, isCopied } = await npyRowsOf(access, options);
    if (isCopied) await access.close();
    return rows;
  } catch (error) {
    await access.close();
    throw error;
  }
}

/** The rows of `access`, which is one .npy file; of a copy, where every column would be a request. */
export async function npyRowsOf(
  access: RandomAccess,
  options: CallOptions,
): Promise<{ readonly rows: NpyRows; readonly isCopied: boolean }> {
  const header = await readNpyHeader(access, options);
  const isCopied = access.remote && isScattered(header);
  const from = isCopied ? await spool(access.name, piecesOf(access, options), options) : access;
  return { rows: new NpyRows(from, header), isCopied };
}

/** The header at the beginning of `access`, all of which is one .npy file. */
export async function readNpyHeader(access: RandomAccess, options: CallOptions): Promise<NpyHeader> {
  let wanted = Math.min(firstBytes, access.sizeBytes);
  for (;;) {
    const header = parseHeader(await access.read(0, wanted, options), access.sizeBytes, access.name);
    if (!('needBytes' in header)) return header;
    wanted = header.needBytes;
  }
}

/** Fortran order makes a difference only where two dimensions are longer than one. */
export function isScattered({ fortranOrder, shape }: NpyHeader): boolean {
  return fortranOrder && shape.filter((length) => length > 1).length > 1;
}

/** The rows of `access` as its header has them. Closing it closes the access. */
export class NpyRows implements NpyFile {
  readonly type: RowType;
  readonly rows: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly reopens: boolean;
  readonly #access: RandomAccess;
  readonly #header: NpyHeader;
  readonly #rowBytes: number;

  constructor(access: RandomAccess, header: NpyHeader) {
    const [rows = 1, ...rowShape] = header.shape;
    this.#access = access;
    this.#header = header;
    this.name = access.name;
    this.sizeBytes = access.sizeBytes;
    this.reopens = access.reopens;
    this.rows = rows;
    this.type = { dtype: header.dtype, rowShape, scalar: header.shape.length === 0 };
    this.#rowBytes = rowBytesOf(this.type);
  }

  async read(start: number, end: number, options: ReadRowsOptions = {}): Promise<Uint8Array> {
    assert(start >= 0 && start <= end && end <= this.rows, 'the rows are in the file');
    const { dataOffset, dtype, byteOrder } = this.#header;
    const bytes = isScattered(this.#header)
      ? await this.#gather(start, end, options)
      : await this.#access.read(dataOffset + start * this.#rowBytes, (end - start) * this.#rowBytes, options);
    if (byteOrder === 'big') typed(() => native().swapBytes(bytes, dtypes[dtype].swapBytes));
    if (dtype === 'bool') checkBools(bytes, start, this.#rowBytes, this.name);
    return bytes;
  }

  async readRows(start: number, end: number, options: CallOptions = {}): Promise<FileRows> {
    const bytes = await this.read(start, end, options);
    const { dtype, rowShape, scalar } = this.type;
    return { data: viewAs(dtype, bytes), shape: scalar ? [] : [end - start, ...rowShape], dtype };
  }

  hash(options: CallOptions = {}): Promise<Uint8Array> {
    return sha256Of(this.#access, options);
  }

  close(): Promise<void> {
    return this.#access.close();
  }

  /** Column `c` of the file is `rows` elements from `c * rows` on; of each the elements `[start, end)`. */
  async #gather(start: number, end: number, options: CallOptions): Promise<Uint8Array> {
    const { dataOffset, itemBytes } = this.#header;
    const columns = this.#rowBytes / itemBytes;
    const columnBytes = this.rows * itemBytes;
    const wantedBytes = (end - start) * itemBytes;
    const source = new Uint8Array(columns * wantedBytes);
    const together = columnsTogether(columnBytes, wantedBytes);
    const gather = async (first: number): Promise<void> => {
      const count = Math.min(together, columns - first);
      const length = (count - 1) * columnBytes + wantedBytes;
      const position = dataOffset + first * columnBytes + start * itemBytes;
      const span = await this.#access.read(position, length, options);
      for (let i = 0; i < count; i++) {
        const column = span.subarray(i * columnBytes, i * columnBytes + wantedBytes);
        source.set(column, (first + i) * wantedBytes);
      }
    };
    for (let first = 0; first < columns; first += together * parallelReads) {
      const starts = Array.from({ length: parallelReads }, (_, i) => first + i * together);
      await Promise.all(starts.filter((at) => at < columns).map(gather));
    }
    const target = new Uint8Array(source.byteLength);
    const shape = [end - start, ...this.type.rowShape];
    typed(() => native().fortranToC(source, target, shape, itemBytes));
    return target;
  }
}

/**
 * Refuses bytes but 0 and 1 of bool rows from `start` on: NumPy reads them as it likes. `within`: bytes of
 * the first row that are not among them.
 */
export function checkBools(
  bytes: Uint8Array,
  start: number,
  rowBytes: number,
  name: string,
  within = 0,
): void {
  const at = bytes.findIndex((byte) => byte > 1);
  if (at < 0) return;
  const row = start + Math.floor((within + at) / Math.max(1, rowBytes));
  throw new NacreError(
    'InvalidArgument',
    `${name}: row ${row} of the bool array holds the byte ${bytes[at] ?? 0}, neither 0 nor 1`,
    {
      context: { file: name, row, value: bytes[at] ?? 0 },
      hint: 'Save it again in NumPy as (a != 0), or as a.view(np.uint8) to keep the bytes.',
    },
  );
}

/** Columns that one read takes: one, unless what lies between them is little. */
function columnsTogether(columnBytes: number, wantedBytes: number): number {
  if (columnBytes - wantedBytes > readThroughBytes) return 1;
  return Math.max(1, Math.floor(spanBytes / columnBytes));
}

function typed(call: () => void): void {
  try {
    call();
  } catch (error) {
    throw fromNative(error);
  }
}
