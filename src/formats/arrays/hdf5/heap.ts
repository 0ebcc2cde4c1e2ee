// A fractal heap, where large groups keep their links: blocks of doubling size below tables of their
// addresses. Objects are found by their offset in all of it.
import type { CallOptions } from '../../../storage/object-store.js';
import { Cursor, damaged, type Hdf5Bytes, nowhere, unread } from './bytes.js';

export interface Heap {
  /** The object with that identity. */
  read(id: Uint8Array, options: CallOptions): Promise<Cursor>;
}

interface Shape {
  readonly width: number;
  readonly first: number;
  readonly largest: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly checksums: boolean;
  readonly root: number;
  /** Rows of the root table; 0 where the root is a block. */
  readonly rows: number;
}

export async function openHeap(file: Hdf5Bytes, address: number, options: CallOptions): Promise<Heap> {
  const length = 26 + 12 * file.lengthBytes + 3 * file.offsetBytes;
  const header = await file.cursor(address, length, options);
  header.signature('FRHP');
  header.version('a heap', 0);
  header.skip(2);
  if (header.uint(2) !== 0)
    throw unread(file.name, 'links are packed by a filter', 'Write it with h5repack.');
  const flags = header.uint(1);
  const largestObject = header.uint(4);
  header.skip(2 * (file.lengthBytes + file.offsetBytes) + 8 * file.lengthBytes);
  const width = header.uint(2);
  const [first, largest] = [header.length(), header.length()];
  const bits = header.uint(2);
  header.skip(2);
  const root = header.address();
  const rows = header.uint(2);
  header.checksum('a heap');
  const isPower = (n: number): boolean => n > 0 && Number.isInteger(Math.log2(n));
  if (!isPower(width) || !isPower(first) || !isPower(largest) || largest < first || bits > 52 || rows > 64)
    throw damaged(file.name, 'a heap has blocks of no size that there is');
  const offsetBytes = Math.ceil(bits / 8);
  const lengthBytes = Math.min(
    Math.ceil(Math.log2(largest) / 8),
    1 + Math.floor(Math.log2(Math.max(1, largestObject)) / 8),
  );
  const shape = { width, first, largest, offsetBytes, lengthBytes, checksums: (flags & 2) !== 0, root, rows };
  return { read: (id, call) => readObject(file, shape, id, call) };
}

async function readObject(
  file: Hdf5Bytes,
  shape: Shape,
  id: Uint8Array,
  options: CallOptions,
): Promise<Cursor> {
  const cursor = new Cursor(id, file);
  if ((cursor.uint(1) & 0xf0) !== 0)
    throw unread(file.name, 'a link has a name of more than 4096 bytes', 'Rename it.');
  const offset = cursor.uint(shape.offsetBytes);
  const length = cursor.uint(shape.lengthBytes);
  const block = await blockAt(file, shape, offset, options);
  const bytes = await wholeBlock(file, shape, block, options);
  bytes.at = 0;
  bytes.skip(offset - block.start);
  return new Cursor(bytes.take(length), file);
}

interface Block {
  readonly address: number;
  /** Offset of it in the heap. */
  readonly start: number;
  readonly bytes: number;
}

const sizeOfRow = ({ first }: Shape, row: number): number => (row < 2 ? first : first * 2 ** (row - 1));

async function blockAt(file: Hdf5Bytes, shape: Shape, offset: number, options: CallOptions): Promise<Block> {
  let [address, start, rows] = [shape.root, 0, shape.rows];
  if (rows === 0) return { address, start, bytes: shape.first };
  const directRows = Math.log2(shape.largest) - Math.log2(shape.first) + 2;
  // Tables in tables are of fewer rows each.
  for (;;) {
    const cells = rows * shape.width;
    const length = 5 + file.offsetBytes + shape.offsetBytes + cells * file.offsetBytes + 4;
    const table = await file.cursor(address, length, options);
    table.skip(length - 4);
    table.checksum('a table of a heap');
    table.at = 0;
    table.signature('FHIB');
    table.skip(1 + file.offsetBytes + shape.offsetBytes);
    const found = cellOf(shape, rows, offset - start);
    if (found === undefined) throw damaged(file.name, `a link is said to lie at ${offset} of a heap`);
    table.skip(found.cell * file.offsetBytes);
    address = table.address();
    start += found.start;
    if (found.row < directRows) return { address, start, bytes: found.bytes };
    const below = Math.log2(found.bytes) - Math.log2(shape.first * shape.width) + 1;
    if (address === nowhere || below >= rows) throw damaged(file.name, 'a heap refers to itself');
    rows = below;
  }
}

function cellOf(
  shape: Shape,
  rows: number,
  offset: number,
):
  | { readonly row: number; readonly cell: number; readonly start: number; readonly bytes: number }
  | undefined {
  let start = 0;
  for (let row = 0; row < rows; row++) {
    const bytes = sizeOfRow(shape, row);
    const column = Math.floor((offset - start) / bytes);
    if (column < shape.width)
      return { row, cell: row * shape.width + column, start: start + column * bytes, bytes };
    start += bytes * shape.width;
  }
  return undefined;
}

async function wholeBlock(
  file: Hdf5Bytes,
  shape: Shape,
  { address, bytes }: Block,
  options: CallOptions,
): Promise<Cursor> {
  const cursor = await file.cursor(address, bytes, options);
  cursor.signature('FHDB');
  if (!shape.checksums) return cursor;
  // The checksum lies in the block, and counts as zeros in itself.
  const at = 5 + file.offsetBytes + shape.offsetBytes;
  const copy = new Uint8Array(bytes + 4);
  copy.set(cursor.bytes);
  copy.set(cursor.bytes.subarray(at, at + 4), bytes);
  copy.fill(0, at, at + 4);
  const checked = new Cursor(copy, file);
  checked.skip(bytes);
  checked.checksum('a block of a heap');
  return cursor;
}
