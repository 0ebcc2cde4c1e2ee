// Raw numbers: rows one after the other, without a header. What they are, whoever opens them has to say.
import { type RowType, rowBytesOf } from '../../arrays/row-type.js';
import type { ReadRowsOptions } from '../../arrays/row-source.js';
import { NacreError } from '../../errors.js';
import { fromNative, native } from '../../native.js';
import { dtypes } from '../../npy/dtype.js';
import { arrayBytes } from '../../npy/shape.js';
import { assert } from '../../util/assert.js';
import { checkBools } from '../npy-file.js';
import type { RandomAccess } from '../random-access.js';
import type { ArrayReader, ArrayWriter, FileArray, ReadArraysOptions } from './array-file.js';
import { type DtypeAsked, dtypeAsked } from './dtype-asked.js';
import { bytesOfArray } from './pieces.js';

/**
 * One array without a name, of `dtype` and `rowShape`, from `offset` to the end of the file. Errors:
 * `InvalidArgument` without a dtype, and for a file that is no whole number of rows.
 */
export const readRaw: ArrayReader = (access, options) => {
  const { name: file, sizeBytes } = access;
  const refuse = (what: string, hint: string, context = {}): NacreError =>
    new NacreError('InvalidArgument', `${file}: ${what}`, { hint, context: { file, ...context } });
  const example = "Say { format: 'raw', dtype: '<f4', rowShape: [128] }.";
  if (options.dtype === undefined) throw refuse('raw numbers do not say their dtype', example);
  const asked = dtypeAsked(options.dtype);
  const { offset = 0, rowShape = [] } = options;
  checkOffset(refuse, offset, sizeBytes);
  checkShape(asked, rowShape);
  const type: RowType = { dtype: asked.dtype, rowShape, scalar: false };
  const rowBytes = rowBytesOf(type);
  if (rowBytes === 0) throw refuse('rows of no bytes have no number', 'Give another rowShape.');
  const over = (sizeBytes - offset) % rowBytes;
  if (over !== 0) {
    const rows = Math.floor((sizeBytes - offset) / rowBytes);
    const what = `${rows} rows of ${rowBytes} bytes, and ${over} byte${over === 1 ? '' : 's'} over`;
    throw refuse(what, 'Check dtype, rowShape and offset, and whether the file is whole.', {
      rowBytes,
      over,
    });
  }
  const array = new RawRows(access, asked, type, offset);
  return Promise.resolve({ arrays: [array], close: () => Promise.resolve() });
};

function checkOffset(refuse: (what: string, hint: string) => NacreError, offset: number, size: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0 && offset <= size) return;
  throw refuse(`the offset ${offset} is none of ${size} bytes`, 'It counts bytes from the beginning.');
}

function checkShape({ dtype }: DtypeAsked, rowShape: NonNullable<ReadArraysOptions['rowShape']>): void {
  const bytes = arrayBytes(dtype, [1, ...rowShape]);
  if (bytes < 2 ** 31) return;
  throw new NacreError('InvalidArgument', `rows of ${bytes} bytes`, {
    hint: 'Rows of an array are below 2 GiB.',
  });
}

class RawRows implements FileArray {
  readonly array = undefined;
  readonly name: string;
  readonly rows: number;
  readonly type: RowType;
  readonly #access: RandomAccess;
  readonly #asked: DtypeAsked;
  readonly #offset: number;
  readonly #rowBytes: number;

  constructor(access: RandomAccess, asked: DtypeAsked, type: RowType, offset: number) {
    this.#access = access;
    this.#asked = asked;
    this.#offset = offset;
    this.#rowBytes = rowBytesOf(type);
    this.name = access.name;
    this.type = type;
    this.rows = (access.sizeBytes - offset) / this.#rowBytes;
  }

  async read(start: number, end: number, options: ReadRowsOptions = {}): Promise<Uint8Array> {
    assert(start >= 0 && start <= end && end <= this.rows, 'the rows are in the file');
    const { dtype, byteOrder } = this.#asked;
    const position = this.#offset + start * this.#rowBytes;
    const bytes = await this.#access.read(position, (end - start) * this.#rowBytes, options);
    if (byteOrder === 'big') swap(bytes, dtypes[dtype].swapBytes);
    if (dtype === 'bool') checkBools(bytes, start, this.#rowBytes, this.name);
    return bytes;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Turns the byte order of each part of an element around, in place. */
export function swap(bytes: Uint8Array, itemBytes: number): void {
  try {
    native().swapBytes(bytes, itemBytes);
  } catch (error) {
    throw fromNative(error);
  }
}

/** The rows of one array, in C order and little endian: what `a.tofile(name)` of NumPy writes. */
export const writeRaw: ArrayWriter = (arrays, options) => {
  const [array] = arrays;
  if (array !== undefined && arrays.length === 1) return bytesOfArray(array, options);
  throw new NacreError('InvalidArgument', `a raw file holds one array, not ${arrays.length}`, {
    hint: 'Write each to a file of its own, or all of them to a .npz or .safetensors file.',
  });
};
