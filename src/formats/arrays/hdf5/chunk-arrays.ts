// The fixed and the extensible array of HDF5 1.10, which list chunks by number.
import type { CallOptions } from '../../../storage/object-store.js';
import { type Cursor, damaged, type Hdf5Bytes, nowhere } from './bytes.js';

export interface ListedChunk {
  readonly number: number;
  readonly address: number;
  /** Undefined where all have the same. */
  readonly bytes?: number;
  readonly mask: number;
}

interface Elements {
  readonly name: string;
  readonly filtered: boolean;
  readonly elementBytes: number;
}

function elementsOf(file: Hdf5Bytes, name: string, client: number, elementBytes: number): Elements {
  const filtered = client === 1;
  const least = file.offsetBytes + (filtered ? 5 : 0);
  const most = file.offsetBytes + (filtered ? 12 : 0);
  if (client > 1 || elementBytes < least || elementBytes > most)
    throw damaged(name, `its list of chunks has elements of ${elementBytes} bytes`);
  return { name, filtered, elementBytes };
}

function* listed(cursor: Cursor, elements: Elements, first: number, count: number): Generator<ListedChunk> {
  const sizeBytes = elements.elementBytes - cursor.file.offsetBytes - 4;
  for (let i = 0; i < count; i++) {
    const address = cursor.address();
    if (!elements.filtered) {
      if (address !== nowhere) yield { number: first + i, address, mask: 0 };
      continue;
    }
    const [bytes, mask] = [cursor.uint(sizeBytes), cursor.uint(4)];
    if (address !== nowhere) yield { number: first + i, address, bytes, mask };
  }
}

const isSet = (bits: Uint8Array, at: number): boolean => ((bits[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0;

export async function* fixedArray(
  file: Hdf5Bytes,
  { name }: { readonly name: string },
  address: number,
  options: CallOptions,
): AsyncGenerator<ListedChunk> {
  const header = await file.cursor(address, 12 + file.offsetBytes + file.lengthBytes, options);
  header.signature('FAHD');
  header.version('a list of chunks', 0);
  const elements = elementsOf(file, name, header.uint(1), header.uint(1));
  const pageBits = header.uint(1);
  const count = header.length();
  const block = header.address();
  header.checksum('a list of chunks');
  if (block === nowhere) return;
  if (pageBits > 31) throw damaged(name, `its list of chunks has pages of 2^${pageBits}`);
  const page = 2 ** pageBits;
  const pages = count > page ? Math.ceil(count / page) : 0;
  const mapBytes = Math.ceil(pages / 8);
  const prefix = 6 + file.offsetBytes + mapBytes;
  const whole = prefix + (pages === 0 ? count * elements.elementBytes : 0) + 4;
  const cursor = await file.cursor(block, whole, options);
  checkedBlock(cursor, 'FADB');
  const map = cursor.take(mapBytes);
  if (pages === 0) {
    yield* listed(cursor, elements, 0, count);
    return;
  }
  for (let i = 0; i < pages; i++) {
    if (!isSet(map, i)) continue;
    const at = block + whole + i * (page * elements.elementBytes + 4);
    yield* await onePage(file, elements, at, i * page, Math.min(page, count - i * page), options);
  }
}

/** Compares the checksum at the end, then stands behind the address of the header. */
function checkedBlock(cursor: Cursor, signature: string): void {
  cursor.skip(cursor.bytes.byteLength - 4);
  cursor.checksum('a list of chunks');
  cursor.at = 0;
  cursor.signature(signature);
  cursor.version('a list of chunks', 0);
  cursor.skip(1 + cursor.file.offsetBytes);
}

async function onePage(
  file: Hdf5Bytes,
  elements: Elements,
  address: number,
  first: number,
  count: number,
  options: CallOptions,
): Promise<Generator<ListedChunk>> {
  const cursor = await file.cursor(address, count * elements.elementBytes + 4, options);
  cursor.skip(count * elements.elementBytes);
  cursor.checksum('a list of chunks');
  cursor.at = 0;
  return listed(cursor, elements, first, count);
}

/** What the header of an extensible array says, and what follows of it. */
interface Extensible extends Elements {
  readonly offsetBytes: number;
  readonly inIndex: number;
  readonly leastInBlock: number;
  readonly leastPointers: number;
  readonly page: number;
  readonly superBlocks: number;
  readonly most: number;
}

export async function* extensibleArray(
  file: Hdf5Bytes,
  { name }: { readonly name: string },
  address: number,
  options: CallOptions,
): AsyncGenerator<ListedChunk> {
  const header = await file.cursor(address, 16 + 6 * file.lengthBytes + file.offsetBytes, options);
  header.signature('EAHD');
  header.version('a list of chunks', 0);
  const elements = elementsOf(file, name, header.uint(1), header.uint(1));
  const [bits, inIndex, leastInBlock, leastPointers, pageBits] = [1, 1, 1, 1, 1].map((n) =>
    header.uint(n),
  ) as [number, number, number, number, number]; // prettier-ignore
  header.skip(4 * file.lengthBytes);
  const most = header.length();
  header.skip(file.lengthBytes);
  const block = header.address();
  header.checksum('a list of chunks');
  const isPower = (n: number): boolean => n > 0 && (n & (n - 1)) === 0;
  if (bits > 52 || pageBits > 31 || !isPower(leastInBlock) || !isPower(leastPointers))
    throw damaged(name, 'its list of chunks has blocks of no size that there is');
  if (block === nowhere) return;
  const superBlocks = 1 + bits - Math.log2(leastInBlock);
  const page = 2 ** pageBits;
  const offsetBytes = Math.ceil(bits / 8);
  const array = { ...elements, offsetBytes, inIndex, leastInBlock, leastPointers, page, superBlocks, most };
  yield* indexBlock(file, array, block, options);
}

async function* indexBlock(
  file: Hdf5Bytes,
  array: Extensible,
  address: number,
  options: CallOptions,
): AsyncGenerator<ListedChunk> {
  const { inIndex, leastPointers, superBlocks, elementBytes } = array;
  const direct = 2 * (leastPointers - 1);
  const directSuper = Math.min(superBlocks, 2 * Math.log2(leastPointers));
  const others = superBlocks - directSuper;
  const pointers = (direct + others) * file.offsetBytes;
  const length = 6 + file.offsetBytes + inIndex * elementBytes + pointers + 4;
  const cursor = await file.cursor(address, length, options);
  checkedBlock(cursor, 'EAIB');
  yield* listed(cursor, array, 0, inIndex);
  let first = inIndex;
  for (let i = 0; i < directSuper; i++) {
    const { blocks, inBlock } = superBlockOf(array, i);
    for (let k = 0; k < blocks; k++, first += inBlock)
      yield* dataBlock(file, array, cursor.address(), { first, count: inBlock }, undefined, options);
  }
  for (let i = directSuper; i < superBlocks; i++) {
    const { blocks, inBlock } = superBlockOf(array, i);
    const at = cursor.address();
    if (at !== nowhere) yield* superBlock(file, array, at, { first, blocks, inBlock }, options);
    first += blocks * inBlock;
  }
}

function superBlockOf({ leastInBlock }: Extensible, i: number): { blocks: number; inBlock: number } {
  return { blocks: 2 ** Math.floor(i / 2), inBlock: 2 ** Math.floor((i + 1) / 2) * leastInBlock };
}

async function* superBlock(
  file: Hdf5Bytes,
  array: Extensible,
  address: number,
  { first, blocks, inBlock }: { readonly first: number; readonly blocks: number; readonly inBlock: number },
  options: CallOptions,
): AsyncGenerator<ListedChunk> {
  const mapBytes = inBlock > array.page ? Math.ceil(inBlock / array.page / 8) : 0;
  const prefix = 6 + file.offsetBytes + array.offsetBytes;
  const cursor = await file.cursor(address, prefix + blocks * (mapBytes + file.offsetBytes) + 4, options);
  checkedBlock(cursor, 'EASB');
  cursor.skip(array.offsetBytes);
  const maps = Array.from({ length: blocks }, () => cursor.take(mapBytes));
  for (const [k, map] of maps.entries()) {
    const place = { first: first + k * inBlock, count: inBlock };
    yield* dataBlock(file, array, cursor.address(), place, map, options);
  }
}

async function* dataBlock(
  file: Hdf5Bytes,
  array: Extensible,
  address: number,
  { first, count }: { readonly first: number; readonly count: number },
  map: Uint8Array | undefined,
  options: CallOptions,
): AsyncGenerator<ListedChunk> {
  // What was never written has no block.
  if (address === nowhere || first >= array.most) return;
  const prefix = 6 + file.offsetBytes + array.offsetBytes;
  const isPaged = count > array.page;
  const whole = prefix + (isPaged ? 0 : count * array.elementBytes) + 4;
  const cursor = await file.cursor(address, whole, options);
  checkedBlock(cursor, 'EADB');
  cursor.skip(array.offsetBytes);
  if (!isPaged) {
    yield* listed(cursor, array, first, count);
    return;
  }
  for (let i = 0; i < count / array.page; i++) {
    if (map !== undefined && !isSet(map, i)) continue;
    const at = address + whole + i * (array.page * array.elementBytes + 4);
    yield* await onePage(file, array, at, first + i * array.page, array.page, options);
  }
}
