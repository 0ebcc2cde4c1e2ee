// Rows of a dataset: as they lie in the file, or put together from chunks, a few of which are unpacked at
// once. What was never written is the fill value.
//
// Memory: what is asked for, chunks under way (64 MiB, or one; each of them packed and unpacked), and up to
// 64 MiB of chunks that have rows of the next piece. What chunks were read into is used again for the next
// ones, and what they were unpacked into is given back, both at once.
import { availableParallelism } from 'node:os';
import { type RowType, rowBytesOf } from '../../../arrays/row-type.js';
import type { ReadRowsOptions } from '../../../arrays/row-source.js';
import { dtypes } from '../../../npy/dtype.js';
import { arrayBytes, maxDimensions } from '../../../npy/shape.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { assert } from '../../../util/assert.js';
import { throwIfAborted } from '../../../util/runtime.js';
import { checkBools } from '../../npy-file.js';
import type { FileArray } from '../array-file.js';
import { giveBack } from '../give-back.js';
import { swap } from '../raw.js';
import { damaged, type Hdf5Bytes, nowhere, unread } from './bytes.js';
import { type ChunkGrid, gridOf, listChunks, placeOf, type StoredChunk } from './chunks.js';
import { type Dataset, isWritten } from './dataset.js';
import { undoFilters } from './filters.js';
import { roomOf } from '../../../util/bytes.js';

const maxChunkBytes = 256 * 2 ** 20;
const chunksUnderWay = 64 * 2 ** 20;
const mostUnderWay = 8;
const keptBytes = 64 * 2 ** 20;
/** Deflate makes at most about a thousandth of what was there. */
const mostPacked = 2_048;
const smallBytes = 2 ** 30;

export class Hdf5Rows implements FileArray {
  readonly array: string;
  readonly name: string;
  readonly type: RowType;
  readonly rows: number;
  readonly #file: Hdf5Bytes;
  readonly #dataset: Dataset;
  readonly #rowBytes: number;
  readonly #chunks: ChunkRows | undefined;

  /** Errors: for a dataset that does not lie in the file as its shape says, or cannot be held. */
  constructor(file: Hdf5Bytes, array: string, name: string, dataset: Dataset) {
    const { type, shape, layout } = dataset;
    const [rows = 1, ...rowShape] = shape;
    this.#file = file;
    this.#dataset = dataset;
    this.array = array;
    this.name = name;
    this.rows = rows;
    this.type = { dtype: type.dtype, rowShape, scalar: shape.length === 0 };
    if (shape.length > maxDimensions)
      throw unread(name, `has ${shape.length} axes, at most ${maxDimensions} are stored`, 'Reshape it.');
    checkSize(file, name, dataset);
    this.#rowBytes = rowBytesOf(this.type);
    if (layout.kind === 'chunked') this.#chunks = new ChunkRows(file, name, dataset);
  }

  async read(start: number, end: number, options: ReadRowsOptions = {}): Promise<Uint8Array> {
    assert(start >= 0 && start <= end && end <= this.rows, 'the rows are in the file');
    const bytes = await this.#bytes(start, end, options);
    const { dtype, bigEndian } = this.#dataset.type;
    if (bigEndian) swap(bytes, dtypes[dtype].swapBytes);
    if (dtype === 'bool') checkBools(bytes, start, this.#rowBytes, this.name);
    return bytes;
  }

  async #bytes(start: number, end: number, options: ReadRowsOptions): Promise<Uint8Array> {
    const { layout, fill } = this.#dataset;
    const length = (end - start) * this.#rowBytes;
    const from = start * this.#rowBytes;
    if (length === 0) return new Uint8Array(0);
    if (layout.kind === 'compact') return layout.bytes.slice(from, from + length);
    if (layout.kind === 'contiguous' && isWritten(layout))
      return this.#file.data(layout.address + from, length, options);
    const target = roomOf(options.into, length);
    if (this.#chunks === undefined) fillWith(target, fill);
    else await this.#chunks.read(target, start, end, options);
    return target;
  }

  close(): Promise<void> {
    this.#chunks?.forget();
    return Promise.resolve();
  }
}

function checkSize(file: Hdf5Bytes, name: string, { type, shape, layout }: Dataset): void {
  const bytes = arrayBytes(type.dtype, shape);
  const rowBytes = arrayBytes(type.dtype, shape.slice(1));
  if (rowBytes >= 2 ** 31)
    throw unread(name, `rows of ${rowBytes} bytes`, 'Rows are below 2 GiB: reshape it.');
  if (layout.kind === 'compact' && layout.bytes.byteLength !== bytes)
    throw damaged(name, `its shape takes ${bytes} bytes, it has ${layout.bytes.byteLength}`);
  if (layout.kind === 'contiguous' && layout.address !== nowhere) {
    const end = file.base + layout.address + bytes;
    if (layout.bytes < bytes) throw damaged(name, `its shape takes ${bytes} bytes, it has ${layout.bytes}`);
    if (end > file.sizeBytes)
      throw damaged(name, `its numbers end at byte ${end}, the file at ${file.sizeBytes}`);
    return;
  }
  if (bytes > Math.max(smallBytes, mostPacked * file.sizeBytes))
    throw unread(name, `is ${bytes} bytes in a file of ${file.sizeBytes}`, 'Write only what is filled.');
}

function fillWith(target: Uint8Array, fill: Uint8Array | undefined): void {
  if (fill === undefined) target.fill(0);
  else for (let at = 0; at < target.byteLength; at += fill.byteLength) target.set(fill, at);
}

/** Rows that are asked for, and their memory. */
interface Window {
  readonly target: Uint8Array;
  readonly start: number;
  readonly end: number;
}

interface Unpacked {
  readonly bytes: Uint8Array;
  /** They lie in the memory of the rows that are asked for. */
  readonly isPlaced: boolean;
  /** Nobody else has their memory. */
  readonly isOwn: boolean;
}

/** Memory for packed chunks that nobody uses: one for each that is under way. */
interface Packed {
  readonly spare: Uint8Array[];
}

function roomFor({ spare }: Packed, bytes: number, chunkBytes: number): Uint8Array {
  const found = spare.pop();
  if (found !== undefined && found.byteLength >= bytes) return found;
  if (found !== undefined) giveBack(found);
  return new Uint8Array(Math.max(bytes, chunkBytes));
}

function* from(first: number, end: number): Generator<number> {
  for (let i = first; i < end; i++) yield i;
}

/** Without a list of all: of chunks that were never written there may be millions. */
async function inLanes(
  places: Generator<number>,
  lanes: number,
  take: (place: number) => Promise<void>,
): Promise<void> {
  const lane = async (): Promise<void> => {
    for (const place of places) await take(place);
  };
  // A lane that fails ends the generator, and with it the others after the chunk that they wait for.
  const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.buffer === b?.buffer && a.byteOffset === b.byteOffset && a.byteLength === b.byteLength;
}

/** Shape and chunk; axes at the end of which a chunk has all belong to the element. */
class ChunkRows {
  readonly #file: Hdf5Bytes;
  readonly #dataset: Dataset;
  readonly #grid: ChunkGrid;
  readonly #counts: readonly number[];
  readonly #shape: readonly number[];
  readonly #chunk: readonly number[];
  readonly #itemBytes: number;
  #list: Promise<ReadonlyMap<number, StoredChunk>> | undefined;
  #kept = new Map<number, Uint8Array>();

  constructor(file: Hdf5Bytes, name: string, dataset: Dataset) {
    const { layout, shape, maxShape, type } = dataset;
    assert(layout.kind === 'chunked', 'the dataset has chunks');
    const { chunk } = layout;
    const { itemBytes } = dtypes[type.dtype];
    const chunkBytes = chunk.reduce((product, length) => product * length, itemBytes);
    if (chunkBytes > maxChunkBytes)
      throw unread(name, `has chunks of ${chunkBytes} bytes`, 'Write it with chunks of at most 256 MiB.');
    if (dataset.fill !== undefined && dataset.fill.byteLength !== itemBytes)
      throw damaged(name, `its fill value has ${dataset.fill.byteLength} bytes`);
    let axes = shape.length;
    while (axes > 1 && chunk[axes - 1] === shape[axes - 1]) axes--;
    this.#file = file;
    this.#dataset = dataset;
    this.#grid = { name, shape, maxShape, chunk, chunkBytes, filtered: dataset.filters.length > 0 };
    this.#counts = gridOf(shape, chunk);
    this.#shape = shape.slice(0, axes);
    this.#chunk = chunk.slice(0, axes);
    this.#itemBytes = shape.slice(axes).reduce((product, length) => product * length, itemBytes);
  }

  forget(): void {
    this.#kept = new Map();
    this.#list = undefined;
  }

  async read(target: Uint8Array, start: number, end: number, options: CallOptions): Promise<void> {
    const chunks = await this.#chunks(options);
    const [height = 1] = this.#chunk;
    const perRow = this.#counts.slice(1).reduce((product, count) => product * count, 1);
    const first = Math.floor(start / height) * perRow;
    const last = Math.ceil(end / height) * perRow;
    // Chunks with rows behind `end` are the first that the next piece wants.
    const goesOn = end % height === 0 ? last : last - perRow;
    const kept = new Map<number, Uint8Array>();
    let room = keptBytes;
    const rows: Window = { target, start, end };
    const packed: Packed = { spare: [] };
    const take = async (place: number): Promise<void> => {
      throwIfAborted(options.signal);
      const before = this.#kept.get(place);
      const chunk = before === undefined ? chunks.get(place) : undefined;
      const made = chunk && (await this.#unpack(chunk, place, rows, packed, options));
      if (made?.isPlaced === true) return;
      const bytes = before ?? made?.bytes;
      this.#copy(rows, place, bytes);
      if (bytes !== undefined && place >= goesOn && room >= bytes.byteLength) {
        room -= bytes.byteLength;
        kept.set(place, bytes);
      } else if (made?.isOwn === true) giveBack(made.bytes);
    };
    await inLanes(from(first, last), this.#atOnce(), take);
    for (const bytes of packed.spare) giveBack(bytes);
    this.#kept = kept;
  }

  /** One more than there are processors, so that the next chunk is read meanwhile; requests take longer. */
  #atOnce(): number {
    const most = this.#file.remote ? mostUnderWay : Math.min(mostUnderWay, 1 + availableParallelism());
    return Math.max(1, Math.min(most, Math.floor(chunksUnderWay / this.#grid.chunkBytes)));
  }

  async #chunks(options: CallOptions): Promise<ReadonlyMap<number, StoredChunk>> {
    const { layout } = this.#dataset;
    assert(layout.kind === 'chunked', 'the dataset has chunks');
    this.#list ??= listChunks(this.#file, this.#grid, layout.index, options);
    try {
      return await this.#list;
    } catch (error) {
      this.#list = undefined;
      throw error;
    }
  }

  async #unpack(
    { address, bytes, mask }: StoredChunk,
    place: number,
    rows: Window,
    packed: Packed,
    options: CallOptions,
  ): Promise<Unpacked> {
    const { name, chunkBytes } = this.#grid;
    // What deflate cannot make smaller it makes little larger.
    if (bytes > 2 * chunkBytes + 1024)
      throw damaged(name, `a chunk of ${chunkBytes} bytes is packed in ${bytes}`);
    const { filters } = this.#dataset;
    const into = this.#placeOf(rows, place);
    const call = options.signal === undefined ? {} : { signal: options.signal };
    if (filters.length === 0) {
      const stored = await this.#file.data(address, bytes, { ...call, ...(into && { into }) });
      const unpacked = await undoFilters(name, stored, filters, mask, chunkBytes);
      return { bytes: unpacked, isPlaced: isSame(unpacked, into), isOwn: false };
    }
    const room = roomFor(packed, bytes, chunkBytes);
    const stored = await this.#file.data(address, bytes, { ...call, into: room.subarray(0, bytes) });
    const unpacked = await undoFilters(name, stored, filters, mask, chunkBytes, into);
    // Bytes that no filter changed are still there. What a store gave may be its own.
    const isUsed = unpacked.buffer === room.buffer;
    if (!isUsed) packed.spare.push(room);
    const isOwn = isUsed || unpacked.buffer !== stored.buffer;
    return { bytes: unpacked, isPlaced: isSame(unpacked, into), isOwn };
  }

  /** Of a chunk that has whole rows, all of which are asked for. */
  #placeOf({ target, start, end }: Window, place: number): Uint8Array | undefined {
    const [height = 1] = this.#chunk;
    const first = place * height - start;
    if (this.#shape.length > 1 || first < 0 || first + height > end - start) return undefined;
    return target.subarray(first * this.#itemBytes, (first + height) * this.#itemBytes);
  }

  /** What of the chunk lies in the rows that are asked for. */
  #copy({ target, start, end }: Window, place: number, bytes: Uint8Array | undefined): void {
    const [shape, chunk, item] = [this.#shape, this.#chunk, this.#itemBytes];
    const axes = shape.length;
    const corner = this.#corner(place);
    const from = corner.map((at, i) => (i === 0 ? Math.max(at, start) : at));
    const to = corner.map((at, i) => Math.min(at + (chunk[i] ?? 1), i === 0 ? end : (shape[i] ?? 1)));
    const last = axes - 1;
    const run = ((to[last] ?? 0) - (from[last] ?? 0)) * item;
    const at = [...from];
    for (;;) {
      const source =
        placeOf(
          chunk,
          at.map((one, i) => one - (corner[i] ?? 0)),
        ) * item; // prettier-ignore
      const goal =
        placeOf(
          shape,
          at.map((one, i) => (i === 0 ? one - start : one)),
        ) * item; // prettier-ignore
      if (bytes === undefined) fillWith(target.subarray(goal, goal + run), this.#dataset.fill);
      else target.set(bytes.subarray(source, source + run), goal);
      let axis = last - 1;
      for (; axis >= 0; axis--) {
        at[axis] = (at[axis] ?? 0) + 1;
        if ((at[axis] ?? 0) < (to[axis] ?? 0)) break;
        at[axis] = from[axis] ?? 0;
      }
      if (axis < 0) return;
    }
  }

  #corner(place: number): number[] {
    const corner = this.#shape.map(() => 0);
    let rest = place;
    for (let i = this.#counts.length - 1; i >= 0; i--) {
      const count = this.#counts[i] ?? 1;
      if (i < corner.length) corner[i] = (rest % count) * (this.#chunk[i] ?? 1);
      rest = Math.floor(rest / count);
    }
    return corner;
  }
}
