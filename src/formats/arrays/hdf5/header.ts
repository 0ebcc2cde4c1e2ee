// The superblock of an HDF5 file, and the headers of its objects as lists of messages. Both versions of each.
import type { CallOptions } from '../../../storage/object-store.js';
import { Cursor, damaged, type Hdf5Bytes, nowhere, unread } from './bytes.js';

export const signature = '\u0089HDF\r\n\u001a\n';
/** Places where a file may begin, behind what a user put in front: 0, 512, 1024 and so on. */
const places = 16;
/** Of one object; a group of version 2 has a message for each of a few links. */
const maxMessages = 65_536;
const maxBlocks = 4_096;

export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly bytes: Uint8Array;
}

export const messageTypes = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFill: 0x04,
  fill: 0x05,
  link: 0x06,
  external: 0x07,
  layout: 0x08,
  filters: 0x0b,
  continuation: 0x10,
  symbolTable: 0x11,
} as const;

/** Address of the header of the root group. Sets base and sizes of `file`. */
export async function readSuperblock(file: Hdf5Bytes, options: CallOptions): Promise<number> {
  const base = await findSignature(file, options);
  file.base = base;
  const cursor = await file.cursorUpTo(0, 256, options);
  cursor.signature(signature);
  const version = cursor.version('the superblock', 0, 1, 2, 3);
  if (version >= 2) {
    sizes(file, cursor);
    cursor.skip(1 + file.offsetBytes * 2);
    checkEnd(file, cursor.address());
    const root = cursor.address();
    cursor.checksum('the superblock');
    return root;
  }
  cursor.skip(4);
  sizes(file, cursor);
  cursor.skip(1 + 2 + 2 + 4 + (version === 1 ? 4 : 0) + file.offsetBytes * 2);
  checkEnd(file, cursor.address());
  cursor.skip(file.offsetBytes * 2);
  return cursor.address();
}

async function findSignature(file: Hdf5Bytes, options: CallOptions): Promise<number> {
  for (let i = 0; i < places; i++) {
    const at = i === 0 ? 0 : 512 * 2 ** (i - 1);
    if (at + 8 > file.sizeBytes) break;
    const found = (await file.cursor(at, 8, options)).bytes;
    if (String.fromCharCode(...found) === signature) return at;
  }
  throw damaged(file.name, 'this is no HDF5 file: its signature is missing');
}

function sizes(file: Hdf5Bytes, cursor: Cursor): void {
  const [offsetBytes, lengthBytes] = [cursor.uint(1), cursor.uint(1)];
  if (![2, 4, 8].includes(offsetBytes) || ![2, 4, 8].includes(lengthBytes))
    throw damaged(file.name, `addresses of ${offsetBytes} and lengths of ${lengthBytes} bytes`);
  file.offsetBytes = offsetBytes;
  file.lengthBytes = lengthBytes;
}

function checkEnd(file: Hdf5Bytes, end: number): void {
  if (end === nowhere || end > file.sizeBytes)
    throw damaged(file.name, `the file should have ${end} bytes, it has ${file.sizeBytes}`);
}

/** The messages of the object at `address`, those of its continuations included. */
export async function readMessages(
  file: Hdf5Bytes,
  address: number,
  options: CallOptions,
): Promise<readonly Message[]> {
  const start = await file.cursorUpTo(address, 24, options);
  return start.bytes[0] === 0x4f
    ? readVersion2(file, address, options)
    : readVersion1(file, address, start, options);
}

async function readVersion1(
  file: Hdf5Bytes,
  address: number,
  start: Cursor,
  options: CallOptions,
): Promise<readonly Message[]> {
  start.version('an object header', 1);
  start.skip(1);
  const count = start.uint(2);
  start.skip(4);
  const size = start.uint(4);
  const messages: Message[] = [];
  const blocks = [{ at: address + 16, size }];
  for (let i = 0; i < blocks.length && messages.length < count; i++) {
    const block = blocks[i] as { at: number; size: number };
    const cursor = await file.cursor(block.at, block.size, options);
    while (cursor.left >= 8 && messages.length < count) {
      const [type, length, flags] = [cursor.uint(2), cursor.uint(2), cursor.uint(1)];
      cursor.skip(3);
      add(file, { type, flags, bytes: cursor.take(length) }, messages, blocks);
    }
  }
  return messages;
}

async function readVersion2(
  file: Hdf5Bytes,
  address: number,
  options: CallOptions,
): Promise<readonly Message[]> {
  const start = await file.cursorUpTo(address, 64, options);
  start.signature('OHDR');
  start.version('an object header', 2);
  const flags = start.uint(1);
  start.skip(((flags & 0x20) === 0 ? 0 : 16) + ((flags & 0x10) === 0 ? 0 : 4));
  const size = start.uint(2 ** (flags & 3));
  const messages: Message[] = [];
  const blocks = [{ at: address, size: start.at + size + 4 }];
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i] as { at: number; size: number };
    const whole = await file.cursor(block.at, block.size, options);
    if (i > 0) whole.signature('OCHK');
    else whole.skip(start.at);
    const body = new Cursor(whole.take(whole.left - 4), file);
    whole.checksum('an object header');
    const prefix = (flags & 4) === 0 ? 4 : 6;
    while (body.left >= prefix) {
      const [type, length, messageFlags] = [body.uint(1), body.uint(2), body.uint(1)];
      body.skip(prefix - 4);
      add(file, { type, flags: messageFlags, bytes: body.take(length) }, messages, blocks);
    }
  }
  return messages;
}

function add(
  file: Hdf5Bytes,
  message: Message,
  messages: Message[],
  blocks: { at: number; size: number }[],
): void {
  messages.push(message);
  if (message.type === messageTypes.continuation) {
    const cursor = new Cursor(message.bytes, file);
    const at = cursor.address();
    blocks.push({ at, size: cursor.length() });
  }
  if (messages.length > maxMessages || blocks.length > maxBlocks)
    throw damaged(file.name, 'an object has more than 65,536 messages');
}

/** The first of a type; where it is shared (a datatype with a name), that of the object that it lies in. */
export async function messageOf(
  file: Hdf5Bytes,
  messages: readonly Message[],
  type: number,
  options: CallOptions,
): Promise<Cursor | undefined> {
  const found = messages.find((message) => message.type === type);
  if (found === undefined) return undefined;
  const cursor = new Cursor(found.bytes, file);
  if ((found.flags & 2) === 0) return cursor;
  const version = cursor.version('a shared message', 1, 2, 3);
  const kind = cursor.uint(1);
  if (version === 3 && kind === 1)
    throw unread(file.name, 'messages are shared in a heap', 'Write it again with h5repack.');
  if (version === 1) cursor.skip(6);
  const shared = await readMessages(file, cursor.address(), options);
  const there = shared.find((message) => message.type === type && (message.flags & 2) === 0);
  if (there === undefined) throw damaged(file.name, 'a shared message is not where it should be');
  return new Cursor(there.bytes, file);
}
