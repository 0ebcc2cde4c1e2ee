// The rows of one tensor of a file: in C order, little endian, whatever its strides and its byte order are.
import { type RowType, rowBytesOf } from '../../../arrays/row-type.js';
import type { ReadRowsOptions } from '../../../arrays/row-source.js';
import { fromNative, native } from '../../../native.js';
import { widenBfloat16 } from '../../../npy/bfloat16.js';
import { dtypes, viewAs } from '../../../npy/dtype.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { assert } from '../../../util/assert.js';
import { checkBools } from '../../npy-file.js';
import { piecesOf, type RandomAccess, spool } from '../../random-access.js';
import type { FileArray } from '../array-file.js';
import type { OpenedTorch } from './opened.js';
import { type Axis, gather, isStraight, mergeAxes } from './strided.js';
import type { PlacedTensor } from './tensor.js';
import { roomOf } from '../../../util/bytes.js';

export class TensorRows implements FileArray {
  readonly array: string | undefined;
  readonly name: string;
  readonly type: RowType;
  readonly rows: number;
  readonly stored?: string;
  readonly #file: OpenedTorch;
  readonly #tensor: PlacedTensor;
  readonly #rowBytes: number;
  #copy: Promise<RandomAccess> | undefined;

  constructor(file: OpenedTorch, array: string | undefined, name: string, tensor: PlacedTensor) {
    this.#file = file;
    this.#tensor = tensor;
    this.array = array;
    this.name = name;
    this.type = tensor.type;
    this.rows = tensor.rows;
    if (tensor.stored.name !== tensor.stored.dtype) this.stored = tensor.stored.name;
    this.#rowBytes =
      (rowBytesOf(tensor.type) / dtypes[tensor.stored.dtype].itemBytes) * tensor.stored.itemBytes;
  }

  async read(start: number, end: number, options: ReadRowsOptions = {}): Promise<Uint8Array> {
    assert(start >= 0 && start <= end && end <= this.rows, 'the rows are in the tensor');
    const { stored } = this.#tensor;
    if (this.stored !== undefined) return this.#widened(start, end, options);
    const bytes = await this.#elements(start, end, options);
    const swap = dtypes[stored.dtype].swapBytes;
    if (this.#file.byteOrder === 'big' && swap > 1) swapBytes(bytes, swap);
    if (stored.dtype === 'bool') checkBools(bytes, start, this.#rowBytes, this.name);
    return bytes;
  }

  /** bfloat16, read into the upper half of the memory of what it becomes. */
  async #widened(start: number, end: number, { into, ...call }: ReadRowsOptions): Promise<Uint8Array> {
    const length = (end - start) * this.#rowBytes;
    const fits = into?.byteLength === 2 * length && into.byteOffset % 4 === 0;
    const target = fits ? into : new Uint8Array(2 * length);
    const bytes = await this.#elements(start, end, { ...call, into: target.subarray(length) });
    if (this.#file.byteOrder === 'big') swapBytes(bytes, this.#tensor.stored.itemBytes);
    widenBfloat16(viewAs('uint16', bytes), viewAs('uint32', target));
    return target;
  }

  async #elements(start: number, end: number, options: ReadRowsOptions): Promise<Uint8Array> {
    const length = (end - start) * this.#rowBytes;
    const { stored, storage, offsetBytes } = this.#tensor;
    const { itemBytes } = stored;
    const axes = mergeAxes(this.#axes(end - start));
    const [rowStride = 0] = this.#tensor.stride;
    const position = offsetBytes + start * rowStride * itemBytes;
    const { into, ...call } = options;
    if (length === 0) return new Uint8Array(0);
    const access = await this.#file.open(storage.key, call);
    if (isStraight(axes, itemBytes)) return access.read(position, length, options);
    const target = roomOf(into, length);
    const source = access.remote && this.#isTransposed() ? await this.#copied(access, call) : access;
    await gather(source, { position, itemBytes, axes }, target, call);
    return target;
  }

  /** Of a block of so many rows; a scalar has one row and no axis. */
  #axes(rows: number): Axis[] {
    const { shape, stride, stored } = this.#tensor;
    const { itemBytes } = stored;
    let to = itemBytes;
    const axes: Axis[] = [];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const length = axis === 0 ? rows : (shape[axis] ?? 1);
      axes.push({ length, from: (stride[axis] ?? 0) * itemBytes, to });
      to *= shape[axis] ?? 1;
    }
    return axes;
  }

  /** Whether each block of rows comes from everywhere in the storage. */
  #isTransposed(): boolean {
    const { shape, stride } = this.#tensor;
    const [rows = 1, ...rowShape] = shape;
    return rows > 1 && rowShape.some((length, i) => length > 1 && (stride[i + 1] ?? 0) > (stride[0] ?? 0));
  }

  /** A copy on this machine of the storage: every block of rows would ask a bucket for all of it. */
  #copied(access: RandomAccess, options: CallOptions): Promise<RandomAccess> {
    if (this.#copy !== undefined) return this.#copy;
    const copy = spool(this.name, piecesOf(access, options), options);
    this.#copy = copy;
    // One that failed, or was called off, may be made again.
    copy.catch(() => {
      this.#copy = undefined;
    });
    return copy;
  }

  async close(): Promise<void> {
    const [copy] = await Promise.allSettled([this.#copy]);
    this.#copy = undefined;
    if (copy.status === 'fulfilled') await copy.value?.close();
  }
}

function swapBytes(bytes: Uint8Array, itemBytes: number): void {
  try {
    native().swapBytes(bytes, itemBytes);
  } catch (error) {
    throw fromNative(error);
  }
}
