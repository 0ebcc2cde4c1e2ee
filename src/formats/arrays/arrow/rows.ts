// The rows of a column, from the buffers of the batches that hold them and from no others. Of a batch that is
// not compressed only the bytes of the rows are read; compressed buffers are kept while rows of their batch
// are read.
import type { RowType } from '../../../arrays/row-type.js';
import type { ReadRowsOptions } from '../../../arrays/row-source.js';
import * as fb from '../../../attributes/arrow/format.js';
import { damaged, type Table } from '../../../attributes/arrow/table.js';
import { bitAt } from '../../../attributes/bits.js';
import { type Dtype, dtypes } from '../../../npy/dtype.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { assert } from '../../../util/assert.js';
import { throwIfAborted } from '../../../util/runtime.js';
import { decompressed } from '../../attributes/arrow/body.js';
import { type Entry, messageAt } from '../../attributes/arrow/messages.js';
import { mostBatchBytes } from '../../attributes/batch-rows.js';
import { reading } from '../../attributes/problem.js';
import type { RandomAccess } from '../../random-access.js';
import type { FileArray } from '../array-file.js';
import { checkRowBytes, nullAt, raggedAt } from '../columns.js';
import type { ArrowColumn } from './schema.js';
import { roomOf } from '../../../util/bytes.js';

type Values = NonNullable<ArrowColumn['values']>;

/** A batch and its first row. */
export interface RowBatch extends Entry {
  readonly firstRow: number;
}

export class ArrowRows implements FileArray {
  readonly array: string;
  readonly name: string;
  readonly rows: number;
  readonly type: RowType;
  readonly #access: RandomAccess;
  readonly #column: ArrowColumn;
  readonly #values: Values;
  readonly #batches: readonly RowBatch[];
  readonly #sizes: readonly number[];
  readonly #rowBytes: number;
  #open: OpenBatch | undefined;

  constructor(
    access: RandomAccess,
    column: ArrowColumn,
    values: Values,
    batches: readonly RowBatch[],
    /** Items of each level's lists. */
    sizes: readonly number[],
  ) {
    const last = batches.at(-1);
    const { dtype, levels } = values;
    const rowShape = levels.flatMap((level, i) => (level.kind === 'fixed' ? level.shape : [sizes[i] ?? 0]));
    this.array = column.name;
    this.name = `${access.name}: ${column.name}`;
    this.rows = last === undefined ? 0 : last.firstRow + last.rows;
    this.type = { dtype, rowShape, scalar: false };
    this.#access = access;
    this.#column = column;
    this.#values = values;
    this.#batches = batches;
    this.#sizes = sizes;
    this.#rowBytes = checkRowBytes(access.name, column.name, dtype, rowShape);
    for (const batch of batches) this.#checkSize(batch);
  }

  /** Rows that the bytes of a batch cannot have. */
  #checkSize({ rows, bodyBytes, isCompressed }: RowBatch): void {
    const bytes = (rows * this.#rowBytes) / (this.type.dtype === 'bool' ? 8 : 1);
    if (bytes <= (isCompressed ? mostBatchBytes : bodyBytes)) return;
    throw damaged(`a batch of ${rows} rows of '${this.array}' in ${bodyBytes} bytes`);
  }

  read(start: number, end: number, options: ReadRowsOptions = {}): Promise<Uint8Array> {
    assert(start >= 0 && start <= end && end <= this.rows, 'the rows are in the file');
    return reading(this.#access.name, 'Arrow file', async () => {
      const length = (end - start) * this.#rowBytes;
      const call: CallOptions = options.signal === undefined ? {} : { signal: options.signal };
      const target = roomOf(options.into, length);
      for (let row = start; row < end; ) {
        throwIfAborted(options.signal);
        const batch = this.#batchOf(row);
        const last = Math.min(end, batch.firstRow + batch.rows);
        const place = (row - start) * this.#rowBytes;
        const into = target.subarray(place, place + (last - row) * this.#rowBytes);
        await this.#readBatch(batch, row - batch.firstRow, last - batch.firstRow, into, call);
        row = last;
      }
      return target;
    });
  }

  #batchOf(row: number): RowBatch {
    let [low, high] = [0, this.#batches.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#batches[middle]?.firstRow ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    const batch = this.#batches[low];
    assert(batch !== undefined, 'the row has a batch');
    return batch;
  }

  async #readBatch(
    batch: RowBatch,
    start: number,
    end: number,
    into: Uint8Array,
    options: CallOptions,
  ): Promise<void> {
    if (this.#open?.batch !== batch) {
      this.#open = await OpenBatch.of(this.#access, this.#column, batch, options);
    }
    const [first, last, leaf] = await itemsOf(this.#open, this.#values, this.#sizes, start, end, options);
    const perRow = this.#sizes.reduce((product, size) => product * size, 1);
    await checkValid(this.#open, leaf, first, last, start, perRow, options);
    if (into.byteLength > 0) await readItems(this.#open, leaf, this.type.dtype, first, last, into, options);
  }

  close(): Promise<void> {
    this.#open = undefined;
    return Promise.resolve();
  }
}

/** Node and first buffer of a level, within its column. */
interface LevelPlace {
  readonly node: number;
  readonly buffer: number;
}

/** Items of each level's lists: as the schema says, or as long as the lists of the first row are. */
export async function sizesOf(
  access: RandomAccess,
  column: ArrowColumn,
  { levels }: Values,
  batches: readonly RowBatch[],
  options: CallOptions,
): Promise<number[]> {
  const fixed = levels.map((level) => (level.kind === 'fixed' ? level.size : 0));
  const batch = batches.find(({ rows }) => rows > 0);
  if (batch === undefined || levels.every(({ kind }) => kind === 'fixed')) return fixed;
  const open = await OpenBatch.of(access, column, batch, options);
  let at = 0;
  let place: LevelPlace = { node: 0, buffer: 0 };
  const sizes: number[] = [];
  for (const [i, level] of levels.entries()) {
    open.checkNode(place.node, at + 1);
    await checkValid(open, place, at, at + 1, 0, 1, options);
    if (level.kind === 'fixed') at *= level.size;
    else {
      const [first = 0, end = 0] = await open.offsets(place.buffer + 1, level.bits, at, at + 1, options);
      if (end < first) throw damaged('offsets go back');
      fixed[i] = end - first;
      at = first;
    }
    sizes.push(fixed[i] ?? 0);
    place = below(place, level.kind);
    // Of no items there is no first one.
    if (sizes[i] === 0) break;
  }
  return levels.map((_, i) => sizes[i] ?? fixed[i] ?? 0);
}

function below({ node, buffer }: LevelPlace, kind: 'fixed' | 'variable'): LevelPlace {
  return { node: node + 1, buffer: buffer + (kind === 'fixed' ? 1 : 2) };
}

/** Which items the rows are, having checked that lists are as long as they must be and that none is null. */
async function itemsOf(
  open: OpenBatch,
  { levels }: Values,
  sizes: readonly number[],
  start: number,
  end: number,
  options: CallOptions,
): Promise<[first: number, last: number, leaf: LevelPlace]> {
  let [first, last, perRow] = [start, end, 1];
  let place: LevelPlace = { node: 0, buffer: 0 };
  for (const [i, level] of levels.entries()) {
    const size = sizes[i] ?? 0;
    open.checkNode(place.node, last);
    await checkValid(open, place, first, last, start, perRow, options);
    if (level.kind === 'fixed') [first, last] = [first * size, last * size];
    else {
      const offsets = await open.offsets(place.buffer + 1, level.bits, first, last, options);
      for (let j = 1; j < offsets.length; j++) {
        const length = (offsets[j] as number) - (offsets[j - 1] as number);
        if (length === size) continue;
        if (length < 0) throw damaged('offsets go back');
        const row = open.batch.firstRow + start + Math.floor((j - 1) / perRow);
        throw raggedAt(open.file, open.column.name, row, [length, size]);
      }
      const base = offsets[0] ?? 0;
      [first, last] = [base, base + (last - first) * size];
    }
    perRow *= size;
    place = below(place, level.kind);
  }
  open.checkNode(place.node, last);
  return [first, last, place];
}

async function checkValid(
  open: OpenBatch,
  { node, buffer }: LevelPlace,
  first: number,
  last: number,
  start: number,
  perRow: number,
  options: CallOptions,
): Promise<void> {
  if (open.nulls(node) === 0 || first >= last) return;
  const from = Math.floor(first / 8);
  const bits = await open.bytes(buffer, from, Math.ceil(last / 8) - from, options);
  for (let item = first; item < last; item++) {
    if (bitAt(bits, item - 8 * from)) continue;
    const row = open.batch.firstRow + start + Math.floor((item - first) / Math.max(1, perRow));
    throw nullAt(open.file, open.column.name, row);
  }
}

async function readItems(
  open: OpenBatch,
  { buffer }: LevelPlace,
  dtype: Dtype,
  first: number,
  last: number,
  into: Uint8Array,
  options: CallOptions,
): Promise<void> {
  if (dtype !== 'bool') {
    const { itemBytes } = dtypes[dtype];
    const length = (last - first) * itemBytes;
    const bytes = await open.bytes(buffer + 1, first * itemBytes, length, { ...options, into });
    if (bytes !== into) into.set(bytes);
    return;
  }
  const from = Math.floor(first / 8);
  const bits = await open.bytes(buffer + 1, from, Math.ceil(last / 8) - from, options);
  for (let i = 0, bit = first - 8 * from; i < into.length; i++, bit++) {
    into[i] = ((bits[bit >> 3] as number) >> (bit & 7)) & 1;
  }
}

/** The nodes and buffers of a column in a batch, checked against what the batch has. */
class OpenBatch {
  readonly batch: RowBatch;
  readonly column: ArrowColumn;
  readonly #access: RandomAccess;
  readonly #body: number;
  readonly #bodyBytes: number;
  readonly #nodes: readonly (readonly [rows: number, nulls: number])[];
  readonly #buffers: readonly (readonly [offset: number, length: number])[];
  readonly #codec: number | undefined;
  readonly #decompressed = new Map<number, Uint8Array>();
  #decompressedBytes = 0;

  private constructor(
    access: RandomAccess,
    column: ArrowColumn,
    batch: RowBatch,
    header: Table,
    { body, bodyBytes }: { readonly body: number; readonly bodyBytes: number },
  ) {
    const { before, extent } = column;
    const views = header.sizes(fb.recordBatch.viewBuffers).slice(0, before.views);
    const firstBuffer = views.reduce((sum, count) => sum + count, before.buffers);
    const nodes = header.pairs(fb.recordBatch.nodes);
    const buffers = header.pairs(fb.recordBatch.buffers);
    this.#access = access;
    this.column = column;
    this.batch = batch;
    this.#body = body;
    this.#bodyBytes = bodyBytes;
    this.#nodes = nodes.slice(before.nodes, before.nodes + extent.nodes);
    this.#buffers = buffers.slice(firstBuffer, firstBuffer + extent.buffers);
    this.#codec = header.has(fb.recordBatch.compression)
      ? header.table(fb.recordBatch.compression).int8(fb.compression.codec)
      : undefined;
    if (this.#nodes.length !== extent.nodes || this.#buffers.length !== extent.buffers)
      throw damaged('a batch has fewer columns than its schema');
    if (this.#nodes[0]?.[0] !== batch.rows)
      throw damaged(`a column of ${this.#nodes[0]?.[0] ?? 0} rows in a batch of ${batch.rows}`);
  }

  static async of(
    access: RandomAccess,
    column: ArrowColumn,
    batch: RowBatch,
    options: CallOptions,
  ): Promise<OpenBatch> {
    const message = await messageAt(access, batch.at, options);
    if (message === undefined) throw damaged('a batch is empty');
    return new OpenBatch(access, column, batch, message.metadata.table(fb.message.header), message);
  }

  get file(): string {
    return this.#access.name;
  }

  nulls(node: number): number {
    return this.#nodes[node]?.[1] ?? 0;
  }

  checkNode(node: number, least: number): void {
    const items = this.#nodes[node]?.[0] ?? 0;
    if (items < least) throw damaged(`a list ends at ${least} of ${items} items`);
  }

  /** Of the lists `[first, last)`, one more than there are. */
  async offsets(
    buffer: number,
    bits: 32 | 64,
    first: number,
    last: number,
    options: CallOptions,
  ): Promise<Float64Array> {
    const offsets = new Float64Array(last - first + 1);
    if (first === last) return offsets;
    const itemBytes = bits / 8;
    const bytes = await this.bytes(buffer, first * itemBytes, offsets.length * itemBytes, options);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < offsets.length; i++) {
      offsets[i] = bits === 32 ? view.getInt32(4 * i, true) : Number(view.getBigInt64(8 * i, true));
    }
    if ((offsets[0] as number) < 0) throw damaged('an offset is negative');
    return offsets;
  }

  /** Of a buffer `length` bytes from `start` on. */
  async bytes(buffer: number, start: number, length: number, options: ReadRowsOptions): Promise<Uint8Array> {
    if (this.#codec !== undefined) {
      const content =
        this.#decompressed.get(buffer) ?? (await this.#decompress(buffer, this.#codec, options));
      checkRange(start, length, content.byteLength);
      return content.subarray(start, start + length);
    }
    const [offset, bytes] = this.#place(buffer);
    checkRange(start, length, bytes);
    return this.#access.read(this.#body + offset + start, length, options);
  }

  #place(buffer: number): readonly [offset: number, length: number] {
    const [offset, length] = this.#buffers[buffer] ?? [0, 0];
    if (offset + length <= this.#bodyBytes) return [offset, length];
    throw damaged(`a buffer of ${length} bytes at ${offset} of ${this.#bodyBytes}`);
  }

  async #decompress(buffer: number, codec: number, { signal }: CallOptions): Promise<Uint8Array> {
    const [offset, length] = this.#place(buffer);
    const call = signal === undefined ? {} : { signal };
    const stored = await this.#access.read(this.#body + offset, length, call);
    const most = mostBatchBytes - this.#decompressedBytes;
    const content = length === 0 ? stored : decompressed(stored, codec, most);
    this.#decompressed.set(buffer, content);
    this.#decompressedBytes += content.byteLength;
    return content;
  }
}

function checkRange(start: number, length: number, bytes: number): void {
  if (!(start + length <= bytes)) {
    throw damaged(`a buffer of ${bytes} bytes, where ${start + length} are wanted`);
  }
}
