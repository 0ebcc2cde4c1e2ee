// Where the chunks of a dataset lie. HDF5 has six ways to list them: a B-tree of version 1, and since version
// 1.10 one chunk, chunks one after the other, a fixed array, an extensible array, a B-tree of version 2.
import type { CallOptions } from '../../../storage/object-store.js';
import { throwIfAborted } from '../../../util/runtime.js';
import { recordsOf, type TreeRecord } from './btree.js';
import { damaged, type Hdf5Bytes, nowhere, unread } from './bytes.js';
import type { ChunkIndex } from './dataset.js';
import { extensibleArray, fixedArray } from './chunk-arrays.js';

export interface StoredChunk {
  readonly address: number;
  readonly bytes: number;
  /** Bit i: the filter i was left out. */
  readonly mask: number;
}

/** What lists are read with. */
export interface ChunkGrid {
  readonly name: string;
  readonly shape: readonly number[];
  readonly maxShape: readonly number[];
  readonly chunk: readonly number[];
  readonly chunkBytes: number;
  readonly filtered: boolean;
}

const maxChunks = 2 ** 20;

/** Chunks along each axis. */
export function gridOf(shape: readonly number[], chunk: readonly number[]): number[] {
  return shape.map((length, i) => Math.ceil(length / (chunk[i] ?? 1)));
}

/** Number of a chunk, in C order. */
export function placeOf(grid: readonly number[], at: readonly number[]): number {
  return grid.reduce((place, length, i) => place * length + (at[i] ?? 0), 0);
}

/**
 * By number, in C order; those that were never written are not there. Cost: the whole list is read once.
 * Errors: `UnsupportedFormat` for more than a million chunks.
 */
export async function listChunks(
  file: Hdf5Bytes,
  grid: ChunkGrid,
  index: ChunkIndex,
  options: CallOptions,
): Promise<ReadonlyMap<number, StoredChunk>> {
  const chunks = new Map<number, StoredChunk>();
  const counts = gridOf(grid.shape, grid.chunk);
  const add = (at: readonly number[], chunk: StoredChunk): void => {
    throwIfAborted(options.signal);
    // Of rows that were cut off since.
    if (chunk.address === nowhere || at.some((place, i) => place >= (counts[i] ?? 0))) return;
    const place = placeOf(counts, at);
    if (chunks.has(place)) throw damaged(grid.name, `its chunk [${at.join(', ')}] is listed twice`);
    chunks.set(place, chunk);
    if (chunks.size > maxChunks)
      throw unread(grid.name, 'has more than 1,048,576 chunks', 'Write it with larger chunks.');
  };
  if (index.address === nowhere) return chunks;
  switch (index.kind) {
    case 'single':
      add(
        counts.map(() => 0),
        { address: index.address, bytes: index.bytes ?? grid.chunkBytes, mask: index.mask },
      );
      break;
    case 'implicit':
      implicit(grid, index.address, add);
      break;
    case 'btree1':
      await oldTree(file, grid, index.address, undefined, add, options);
      break;
    case 'btree2':
      for await (const record of recordsOf(file, index.address, options)) addRecord(grid, record, add);
      break;
    case 'fixed':
    case 'extensible': {
      const read = index.kind === 'fixed' ? fixedArray : extensibleArray;
      const coordinates = coordinatesOf(grid);
      for await (const { number, address, bytes, mask } of read(file, grid, index.address, options))
        add(coordinates(number), { address, bytes: bytes ?? grid.chunkBytes, mask });
    }
  }
  return chunks;
}

type Add = (at: readonly number[], chunk: StoredChunk) => void;

function implicit(grid: ChunkGrid, address: number, add: Add): void {
  const counts = gridOf(grid.shape, grid.chunk);
  const total = counts.reduce((product, count) => product * count, 1);
  if (total > maxChunks)
    throw unread(grid.name, 'has more than 1,048,576 chunks', 'Write it with larger chunks.');
  const most = gridOf(grid.maxShape, grid.chunk);
  for (let i = 0; i < total; i++) {
    const at = splitPlace(i, counts);
    add(at, { address: address + placeOf(most, at) * grid.chunkBytes, bytes: grid.chunkBytes, mask: 0 });
  }
}

function splitPlace(place: number, counts: readonly number[]): number[] {
  const at = counts.map(() => 0);
  let rest = place;
  for (let i = counts.length - 1; i >= 0; i--) {
    const count = Math.max(1, counts[i] ?? 1);
    at[i] = i === 0 ? rest : rest % count;
    rest = Math.floor(rest / count);
  }
  return at;
}

/** Arrays count by the largest shape, an axis without limit before the others. */
function coordinatesOf(grid: ChunkGrid): (number: number) => number[] {
  const most = gridOf(grid.maxShape, grid.chunk);
  const open = most.indexOf(Number.POSITIVE_INFINITY);
  if (open <= 0) return (number) => splitPlace(number, most);
  const turned = [most[open] ?? 1, ...most.filter((_, i) => i !== open)];
  return (number) => {
    const [first = 0, ...others] = splitPlace(number, turned);
    return [...others.slice(0, open), first, ...others.slice(open)];
  };
}

function addRecord(grid: ChunkGrid, { type, record, bytes: length }: TreeRecord, add: Add): void {
  const start = record.at;
  // What is left of a record for the size of a chunk: more bytes since HDF5 2.0.
  const sizeBytes = length - record.file.offsetBytes - 4 - 8 * grid.shape.length;
  if ((type !== 10 && type !== 11) || (type === 11 && (sizeBytes < 1 || sizeBytes > 8)))
    throw damaged(grid.name, 'its chunks are listed by a tree of other things');
  const address = record.address();
  const bytes = type === 11 ? record.uint(sizeBytes) : grid.chunkBytes;
  const mask = type === 11 ? record.uint(4) : 0;
  const at = grid.shape.map(() => record.uint(8));
  if (record.at - start !== length) throw damaged(grid.name, `records of its chunks have ${length} bytes`);
  add(at, { address, bytes, mask });
}

async function oldTree(
  file: Hdf5Bytes,
  grid: ChunkGrid,
  address: number,
  above: number | undefined,
  add: Add,
  options: CallOptions,
): Promise<void> {
  const head = await file.cursor(address, 8 + 2 * file.offsetBytes, options);
  head.signature('TREE');
  if (head.uint(1) !== 1) throw damaged(grid.name, 'its chunks are listed by a tree of other things');
  const level = head.uint(1);
  if (above !== undefined && level !== above - 1)
    throw damaged(grid.name, `a tree of chunks has the level ${level} below ${above}`);
  const entries = head.uint(2);
  const keyBytes = 8 + 8 * (grid.shape.length + 1);
  const length = entries * (keyBytes + file.offsetBytes);
  const body = await file.cursor(address + head.bytes.byteLength, length, options);
  for (let i = 0; i < entries; i++) {
    const [bytes, mask] = [body.uint(4), body.uint(4)];
    const at = grid.chunk.map((size) => {
      const offset = body.uint(8);
      if (offset % size !== 0) throw damaged(grid.name, `a chunk begins at ${offset}, chunks have ${size}`);
      return offset / size;
    });
    body.skip(8);
    const child = body.address();
    if (level > 0) await oldTree(file, grid, child, level, add, options);
    else add(at, { address: child, bytes, mask });
  }
}
