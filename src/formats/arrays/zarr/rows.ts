// Rows of a Zarr array, gathered from its chunks. The first axis is that of rows.
//
// Memory is what is asked for, and chunks: each is decoded once as long as rows are read in order, and those
// that are not used up are kept (src/formats/arrays/zarr/kept-chunks.ts).
import { type RowType, rowBytesOf } from '../../../arrays/row-type.js';
import type { ReadRowsOptions } from '../../../arrays/row-source.js';
import { NacreError } from '../../../errors.js';
import { dtypes } from '../../../npy/dtype.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { assert } from '../../../util/assert.js';
import { throwIfAborted } from '../../../util/runtime.js';
import { printable } from '../../../util/text.js';
import { checkBools } from '../../npy-file.js';
import type { FileArray } from '../array-file.js';
import type { FolderAccess } from '../folder.js';
import type { Axis } from '../torch/strided.js';
import { copyBox, fillBox, gridOf, stridesOf } from './box.js';
import type { Decoders } from './decoders.js';
import { ZarrChunks } from './chunks.js';
import type { ZarrInfo } from './info.js';
import { KeptChunks } from './kept-chunks.js';
import { roomOf } from '../../../util/bytes.js';

/** One row at most: it is held in memory. */
const mostRowBytes = 2 ** 31;
/** Chunks that are read and decoded side by side. */
const chunksAtOnce = { local: 4, remote: 16 } as const;
/** All of them together, unless one alone is more. */
const decodingBytes = 256 * 2 ** 20;

/** What a chunk has of the rows that are asked for. */
interface Job {
  readonly coordinates: readonly number[];
  /** Within the chunk. */
  readonly start: number;
  readonly end: number;
  /** Of the first element in what is asked for. */
  readonly place: number;
  readonly axes: readonly Axis[];
  /** No row of the chunk comes after these. */
  readonly isLast: boolean;
}

export class ZarrRows implements FileArray {
  readonly array: string | undefined;
  readonly name: string;
  readonly type: RowType;
  readonly rows: number;
  readonly #info: ZarrInfo;
  readonly #chunks: ZarrChunks;
  readonly #kept: KeptChunks;
  readonly #rowBytes: number;
  readonly #atOnce: number;
  #lastEnd = 0;

  /** `prefix` is the folder of the array, '' or ending in a slash; `keptBytes` bounds decoded chunks. */
  constructor(access: FolderAccess, prefix: string, info: ZarrInfo, decoders: Decoders, keptBytes?: number) {
    const { dtype, shape, place } = info;
    const [rows = 1, ...rowShape] = shape;
    this.array = place.array === '' ? undefined : place.array;
    this.name = place.array === '' ? place.file : `${place.file}: ${printable(place.array)}`;
    this.type = { dtype, rowShape, scalar: shape.length === 0 };
    this.rows = rows;
    this.#info = info;
    this.#rowBytes = rowBytesOf(this.type);
    if (this.#rowBytes > mostRowBytes)
      throw new NacreError('ResourceExhausted', `${this.name}: a row has ${this.#rowBytes} bytes`, {
        context: { ...place },
        hint: `Write it with another first axis, so that a row has ${mostRowBytes} bytes at most.`,
      });
    this.#chunks = new ZarrChunks(access, prefix, info, decoders);
    this.#kept = new KeptChunks(this.#chunks, this.name, keptBytes);
    const most = access.remote ? chunksAtOnce.remote : chunksAtOnce.local;
    this.#atOnce = Math.max(1, Math.min(most, Math.floor(decodingBytes / this.#chunks.bytes)));
  }

  async read(start: number, end: number, options: ReadRowsOptions = {}): Promise<Uint8Array> {
    assert(start >= 0 && start <= end && end <= this.rows, 'the rows are in the array');
    const { into, ...call } = options;
    const length = (end - start) * this.#rowBytes;
    const target = roomOf(into, length);
    if (length === 0) return target;
    const jobs = this.#jobs(start, end);
    const lane = async (): Promise<void> => {
      for (const job of jobs) {
        throwIfAborted(call.signal);
        await this.#place(job, target, call);
      }
    };
    this.#lookAhead(start, end);
    // A lane that fails ends the generator, and with it the others after the chunk that they wait for.
    const results = await Promise.allSettled(Array.from({ length: this.#atOnce }, lane));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    if (this.type.dtype === 'bool') checkBools(target, start, this.#rowBytes, this.name);
    return target;
  }

  close(): Promise<void> {
    return this.#kept.close();
  }

  /** Where rows are read in order, the chunks of the next ones are decoded meanwhile. */
  #lookAhead(start: number, end: number): void {
    const isInOrder = start > 0 && start === this.#lastEnd;
    this.#lastEnd = end;
    const [chunkRows = 1] = this.#info.chunkShape;
    const next = Math.ceil(end / chunkRows);
    if (isInOrder && !this.#chunks.isPlain && next * chunkRows < this.rows) this.#kept.ahead(next);
  }

  async #place(job: Job, target: Uint8Array, options: CallOptions): Promise<void> {
    const { itemBytes } = dtypes[this.type.dtype];
    const { coordinates, place, axes } = job;
    const [stride = itemBytes] = this.#chunks.strides;
    const range = { start: job.start * stride, end: job.end * stride };
    let found: Uint8Array | undefined;
    let from = 0;
    if (this.#chunks.isPlain) {
      const length = range.end - range.start;
      const into = this.#isWhole() ? target.subarray(place, place + length) : undefined;
      found = await this.#chunks.part(coordinates, range, into, options);
      if (into !== undefined && found?.buffer === into.buffer && found.byteOffset === into.byteOffset) return;
    } else {
      const rows = await this.#kept.rows(coordinates, job, options);
      found = rows?.bytes;
      from = rows?.from ?? 0;
    }
    if (found === undefined) fillBox(this.#info.fill, target, place, axes);
    else copyBox(found.subarray(from), target, place, axes, itemBytes);
  }

  /** A chunk has whole rows. */
  #isWhole(): boolean {
    const { shape, chunkShape } = this.#info;
    return shape.every((length, axis) => axis === 0 || chunkShape[axis] === length);
  }

  *#jobs(start: number, end: number): Generator<Job> {
    const { shape, chunkShape, dtype } = this.#info;
    const { itemBytes } = dtypes[dtype];
    if (shape.length === 0) {
      yield { coordinates: [], start: 0, end: 1, place: 0, axes: [], isLast: true };
      return;
    }
    const [rows = 0, ...rowShape] = shape;
    const [chunkRows = 1, ...chunkRowShape] = chunkShape;
    const [rowStride = itemBytes, ...columnStrides] = stridesOf([1, ...rowShape], itemBytes);
    const [from = itemBytes, ...fromColumns] = this.#chunks.strides;
    const counts = rowShape.map((length, axis) => Math.ceil(length / (chunkRowShape[axis] ?? 1)));
    for (let row = Math.floor(start / chunkRows); row * chunkRows < end; row++) {
      const first = row * chunkRows;
      const [begin, stop] = [Math.max(start, first), Math.min(end, first + chunkRows)];
      for (const columns of gridOf(counts)) {
        const origins = columns.map((at, axis) => at * (chunkRowShape[axis] as number));
        yield {
          coordinates: [row, ...columns],
          start: begin - first,
          end: stop - first,
          place: origins.reduce(
            (place, origin, axis) => place + origin * (columnStrides[axis] as number),
            (begin - start) * rowStride,
          ),
          axes: [
            { length: stop - begin, from, to: rowStride },
            ...origins.map((origin, axis) => ({
              length: Math.min(chunkRowShape[axis] as number, (rowShape[axis] as number) - origin),
              from: fromColumns[axis] as number,
              to: columnStrides[axis] as number,
            })),
          ],
          isLast: stop === Math.min(rows, first + chunkRows),
        };
      }
    }
  }
}
