// B-trees of version 2, which list chunks and links: records, in order.
import type { CallOptions } from '../../../storage/object-store.js';
import { type Cursor, damaged, type Hdf5Bytes, nowhere } from './bytes.js';

interface Tree {
  readonly type: number;
  readonly nodeBytes: number;
  readonly recordBytes: number;
  /** By depth: bytes of a child's number of records, and of those below it. */
  readonly countBytes: number;
  readonly totalBytes: readonly number[];
}

export interface TreeRecord {
  readonly type: number;
  /** Where it begins. */
  readonly record: Cursor;
  readonly bytes: number;
}

const maxDepth = 16;

/** Each record is taken apart by the caller before the next. Errors: as for what is damaged. */
export async function* recordsOf(
  file: Hdf5Bytes,
  address: number,
  options: CallOptions,
): AsyncGenerator<TreeRecord> {
  const header = await file.cursor(address, 22 + file.offsetBytes + file.lengthBytes, options);
  header.signature('BTHD');
  header.version('a B-tree', 0);
  const type = header.uint(1);
  const nodeBytes = header.uint(4);
  const recordBytes = header.uint(2);
  const depth = header.uint(2);
  header.skip(2);
  const root = header.address();
  const count = header.uint(2);
  header.length();
  header.checksum('a B-tree');
  if (depth > maxDepth || recordBytes === 0 || nodeBytes < 32)
    throw damaged(file.name, `a B-tree of depth ${depth} has records of ${recordBytes} bytes`);
  if (root === nowhere || count === 0) return;
  const tree = treeOf(file, { type, nodeBytes, recordBytes }, depth);
  yield* nodeOf(file, tree, { address: root, count, depth }, options);
}

const bytesFor = (max: number): number => Math.ceil(Math.log2(max + 1) / 8);

function treeOf(
  file: Hdf5Bytes,
  { type, nodeBytes, recordBytes }: Pick<Tree, 'type' | 'nodeBytes' | 'recordBytes'>,
  depth: number,
): Tree {
  const leafRecords = Math.floor((nodeBytes - 10) / recordBytes);
  const countBytes = bytesFor(leafRecords);
  const totalBytes = [0];
  let total = leafRecords;
  for (let level = 1; level <= depth; level++) {
    const pointer = file.offsetBytes + countBytes + (totalBytes.at(-1) ?? 0);
    const records = Math.floor((nodeBytes - 10 - pointer) / (recordBytes + pointer));
    total = (records + 1) * total + records;
    totalBytes.push(bytesFor(total));
  }
  return { type, nodeBytes, recordBytes, countBytes, totalBytes };
}

async function* nodeOf(
  file: Hdf5Bytes,
  tree: Tree,
  node: { readonly address: number; readonly count: number; readonly depth: number },
  options: CallOptions,
): AsyncGenerator<TreeRecord> {
  const { depth, count } = node;
  const totalBytes = depth > 1 ? (tree.totalBytes[depth - 1] ?? 0) : 0;
  const pointerBytes = depth === 0 ? 0 : file.offsetBytes + tree.countBytes + totalBytes;
  const bytes = 6 + count * tree.recordBytes + (count + 1) * pointerBytes + 4;
  if (bytes > tree.nodeBytes) throw damaged(file.name, `a node of a B-tree has ${count} records`);
  const cursor = await file.cursor(node.address, bytes, options);
  cursor.signature(depth === 0 ? 'BTLF' : 'BTIN');
  cursor.version('a node of a B-tree', 0);
  if (cursor.uint(1) !== tree.type) throw damaged(file.name, 'a node is of another B-tree');
  const records = cursor.at;
  cursor.skip(count * tree.recordBytes);
  const children: { address: number; count: number; depth: number }[] = [];
  for (let i = 0, last = depth === 0 ? -1 : count; i <= last; i++) {
    const address = cursor.address();
    children.push({ address, count: cursor.uint(tree.countBytes), depth: depth - 1 });
    cursor.skip(totalBytes);
  }
  cursor.checksum('a node of a B-tree');
  for (let i = 0; i <= count; i++) {
    const child = children[i];
    if (child !== undefined) yield* nodeOf(file, tree, child, options);
    if (i === count) continue;
    cursor.at = records + i * tree.recordBytes;
    yield { type: tree.type, record: cursor, bytes: tree.recordBytes };
  }
}
