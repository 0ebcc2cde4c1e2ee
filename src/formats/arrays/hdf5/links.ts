// The links of a group: in a symbol table, as files have them by default; as messages of its header; and of
// large groups since HDF5 1.8 in a heap, listed by a B-tree.
import type { CallOptions } from '../../../storage/object-store.js';
import { recordsOf } from './btree.js';
import { Cursor, damaged, decode, type Hdf5Bytes, nowhere, unread } from './bytes.js';
import { type Message, messageTypes } from './header.js';
import { openHeap } from './heap.js';

export interface Link {
  readonly name: string;
  /** Of a hard link. */
  readonly address?: number;
  /** Of a soft link: the path that it stands for. */
  readonly path?: string;
}

/** Of all groups together. */
export const maxLinks = 100_000;

/** In the order of the file. Neither an address nor a path has a link into another file. */
export async function linksOf(
  file: Hdf5Bytes,
  messages: readonly Message[],
  options: CallOptions,
): Promise<readonly Link[]> {
  const links: Link[] = [];
  for (const { type, bytes } of messages) {
    const cursor = new Cursor(bytes, file);
    if (type === messageTypes.link) links.push(readLink(cursor));
    else if (type === messageTypes.symbolTable) await symbolTable(file, cursor, links, options);
    else if (type === messageTypes.linkInfo) await denseLinks(file, cursor, links, options);
  }
  return links;
}

function add(file: Hdf5Bytes, links: Link[], link: Link): void {
  links.push(link);
  if (links.length > maxLinks) throw unread(file.name, 'has more than 100,000 links', 'Write several files.');
}

function readLink(cursor: Cursor): Link {
  cursor.version('a link', 1);
  const flags = cursor.uint(1);
  const kind = (flags & 8) === 0 ? 0 : cursor.uint(1);
  cursor.skip(((flags & 4) === 0 ? 0 : 8) + ((flags & 16) === 0 ? 0 : 1));
  const { name: file } = cursor.file;
  const name = decode(cursor.take(cursor.uint(2 ** (flags & 3))), file);
  if (kind === 0) return { name, address: cursor.address() };
  if (kind === 1) return { name, path: decode(cursor.take(cursor.uint(2)), file) };
  return { name };
}

/** The heap and the tree of it by name; no others are needed. */
async function denseLinks(
  file: Hdf5Bytes,
  cursor: Cursor,
  links: Link[],
  options: CallOptions,
): Promise<void> {
  cursor.version('a list of links', 0);
  if ((cursor.uint(1) & 1) !== 0) cursor.skip(8);
  const heapAt = cursor.address();
  const treeAt = cursor.address();
  if (heapAt === nowhere || treeAt === nowhere) return;
  const heap = await openHeap(file, heapAt, options);
  for await (const { type, record } of recordsOf(file, treeAt, options)) {
    if (type !== 5) throw damaged(file.name, 'links are listed by a tree of other things');
    record.skip(4);
    add(file, links, readLink(await heap.read(record.take(7), options)));
  }
}

async function symbolTable(
  file: Hdf5Bytes,
  cursor: Cursor,
  links: Link[],
  options: CallOptions,
): Promise<void> {
  const tree = cursor.address();
  const heap = await file.cursor(cursor.address(), 8 + 2 * file.lengthBytes + file.offsetBytes, options);
  heap.signature('HEAP');
  heap.version('a heap of names', 0);
  heap.skip(3);
  const size = heap.length();
  heap.skip(file.lengthBytes);
  const names = await file.cursor(heap.address(), size, options);
  await treeOfNames(file, tree, undefined, names, links, options);
}

async function treeOfNames(
  file: Hdf5Bytes,
  address: number,
  above: number | undefined,
  names: Cursor,
  links: Link[],
  options: CallOptions,
): Promise<void> {
  const head = await file.cursor(address, 8 + 2 * file.offsetBytes, options);
  head.signature('TREE');
  if (head.uint(1) !== 0) throw damaged(file.name, 'a group is listed by a tree of other things');
  const level = head.uint(1);
  if (above !== undefined && level !== above - 1)
    throw damaged(file.name, `a tree of names has the level ${level} below ${above}`);
  const entries = head.uint(2);
  const step = file.lengthBytes + file.offsetBytes;
  const body = await file.cursor(address + head.bytes.byteLength, entries * step, options);
  for (let i = 0; i < entries; i++) {
    body.skip(file.lengthBytes);
    const child = body.address();
    if (level > 0) await treeOfNames(file, child, level, names, links, options);
    else await symbols(file, child, names, links, options);
  }
}

async function symbols(
  file: Hdf5Bytes,
  address: number,
  names: Cursor,
  links: Link[],
  options: CallOptions,
): Promise<void> {
  const head = await file.cursor(address, 8, options);
  head.signature('SNOD');
  head.version('a list of names', 1);
  head.skip(1);
  const count = head.uint(2);
  const body = await file.cursor(address + 8, count * (2 * file.offsetBytes + 24), options);
  const text = (at: number): string => {
    if (at > names.bytes.byteLength) throw damaged(file.name, `a name is said to lie at ${at} of a heap`);
    names.at = at;
    return names.text();
  };
  for (let i = 0; i < count; i++) {
    const name = text(body.uint(file.offsetBytes));
    const object = body.address();
    const kind = body.uint(4);
    body.skip(4);
    const target = body.uint(4);
    body.skip(12);
    add(file, links, kind === 2 ? { name, path: text(target) } : { name, address: object });
  }
}
