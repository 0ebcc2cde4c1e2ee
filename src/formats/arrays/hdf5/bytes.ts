// Bytes of an HDF5 file by address: read in blocks that are kept, bounded, and taken apart in order.
// What lies outside of the file, or comes to more than any file has to say, is an error.
import { NacreError } from '../../../errors.js';
import { latin1 } from '../../../npy/problem.js';
import type { CallOptions } from '../../../storage/object-store.js';
import { printable } from '../../../util/text.js';
import type { RandomAccess } from '../../random-access.js';

const blockBytes = 64 * 1024;
const keptBlocks = 64;
/** Of headers and indexes together: what refers to itself in a circle ends there. */
const metadataBytes = 2 ** 29;

/** `InvalidArgument` for what is damaged. */
export function damaged(file: string, what: string, cause?: unknown): NacreError {
  return new NacreError('InvalidArgument', `${file}: ${what}`, {
    context: { file },
    hint: 'The file is damaged or cut off: copy or write it again.',
    ...(cause !== undefined && { cause }),
  });
}

/** `UnsupportedFormat` for what HDF5 has and is not read. */
export function unread(file: string, what: string, hint: string): NacreError {
  return new NacreError('UnsupportedFormat', `${file}: ${what}`, { context: { file }, hint });
}

/** The address that says that there is none. */
export const nowhere = -1;

/** Takes apart what lies in memory, little endian. */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly file: Hdf5Bytes;
  at = 0;

  constructor(bytes: Uint8Array, file: Hdf5Bytes) {
    this.bytes = bytes;
    this.file = file;
  }

  get left(): number {
    return this.bytes.byteLength - this.at;
  }

  take(length: number): Uint8Array {
    if (length < 0 || length > this.left)
      throw damaged(this.file.name, `${length} bytes of a header are wanted where ${this.left} are left`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  skip(length: number): void {
    this.take(length);
  }

  /** `length`: 1 to 8 bytes. */
  uint(length: number): number {
    const bytes = this.take(length);
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = value * 256 + (bytes[i] ?? 0);
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    throw damaged(this.file.name, `a number of a header is ${value}, beyond any file`);
  }

  /** An address; `nowhere` where all bits are set. */
  address(): number {
    const { offsetBytes } = this.file;
    const from = this.at;
    if (this.take(offsetBytes).every((byte) => byte === 0xff)) return nowhere;
    this.at = from;
    return this.uint(offsetBytes);
  }

  length(): number {
    return this.uint(this.file.lengthBytes);
  }

  /** Up to a zero byte, which is taken, too. */
  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw damaged(this.file.name, 'a name of a header does not end');
    const text = decode(this.take(end - this.at), this.file.name);
    this.at++;
    return text;
  }

  signature(expected: string): void {
    const found = latin1(this.take(expected.length));
    if (found === expected) return;
    throw damaged(this.file.name, `${printable(found)} stands where ${expected} should`);
  }

  version(what: string, ...known: number[]): number {
    const found = this.uint(1);
    if (known.includes(found)) return found;
    const hint = 'Write the file again with another version of HDF5 (libver of h5py).';
    throw unread(this.file.name, `version ${found} of ${what}`, hint);
  }

  /** The checksum of all before, which is compared. */
  checksum(what: string): void {
    const expected = lookup3(this.bytes.subarray(0, this.at));
    const found = this.uint(4);
    if (found === expected) return;
    const [is, should] = [found, expected].map((sum) => sum.toString(16).padStart(8, '0'));
    throw damaged(this.file.name, `the checksum of ${what} is ${is}, its bytes have ${should}`);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function decode(bytes: Uint8Array, file: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw damaged(file, 'a name is no UTF-8');
  }
}

export class Hdf5Bytes {
  readonly name: string;
  /** Addresses count from here on. */
  base = 0;
  offsetBytes = 8;
  lengthBytes = 8;
  readonly #access: RandomAccess;
  readonly #blocks = new Map<number, Promise<Uint8Array>>();
  #taken = 0;

  constructor(access: RandomAccess) {
    this.#access = access;
    this.name = access.name;
  }

  get sizeBytes(): number {
    return this.#access.sizeBytes;
  }

  /** Every read is a request. */
  get remote(): boolean {
    return this.#access.remote;
  }

  /** Of headers and indexes. */
  async cursor(address: number, length: number, options: CallOptions): Promise<Cursor> {
    // Small ones are counted as more, so that many of them end, too.
    this.#taken += Math.max(256, length);
    if (this.#taken > metadataBytes)
      throw damaged(this.name, 'headers and indexes come to more than 512 MiB');
    this.#check(address, length);
    return new Cursor(await this.#blocked(this.base + address, length, options), this);
  }

  /** Of what may be shorter: up to the end of the file. */
  cursorUpTo(address: number, length: number, options: CallOptions): Promise<Cursor> {
    const room = this.sizeBytes - this.base - address;
    return this.cursor(address, Math.max(0, Math.min(length, room)), options);
  }

  /** Of data. */
  data(address: number, length: number, options: CallOptions & { into?: Uint8Array }): Promise<Uint8Array> {
    this.#check(address, length);
    return this.#access.read(this.base + address, length, options);
  }

  #check(address: number, length: number): void {
    if (address >= 0 && this.base + address + length <= this.sizeBytes) return;
    const what = address === nowhere ? 'no address' : `byte ${this.base + address} of ${this.sizeBytes}`;
    throw damaged(this.name, `${length} bytes are said to lie at ${what}`);
  }

  async #blocked(position: number, length: number, options: CallOptions): Promise<Uint8Array> {
    if (length > blockBytes) return this.#access.read(position, length, options);
    const first = Math.floor(position / blockBytes);
    const last = Math.floor((position + Math.max(1, length) - 1) / blockBytes);
    const start = position - first * blockBytes;
    const block = await this.#block(first, options);
    if (first === last) return block.subarray(start, start + length);
    const joined = new Uint8Array(length);
    const part = block.subarray(start);
    joined.set(part);
    joined.set((await this.#block(last, options)).subarray(0, length - part.byteLength), part.byteLength);
    return joined;
  }

  #block(index: number, options: CallOptions): Promise<Uint8Array> {
    const kept = this.#blocks.get(index);
    if (kept !== undefined) return kept;
    const position = index * blockBytes;
    const length = Math.min(blockBytes, this.sizeBytes - position);
    const block = this.#access.read(position, length, options);
    this.#blocks.set(index, block);
    block.catch(() => this.#blocks.delete(index));
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > keptBlocks && oldest !== undefined) this.#blocks.delete(oldest);
    return block;
  }
}

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

/** Bob Jenkins' lookup3 with the initial value 0, as HDF5 takes it of its headers. */
export function lookup3(bytes: Uint8Array): number {
  let a = (0xdeadbeef + bytes.byteLength) | 0;
  let b = a;
  let c = a;
  const word = (at: number): number =>
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24);
  let at = 0;
  for (; bytes.byteLength - at > 12; at += 12) {
    a = (a + word(at)) | 0;
    b = (b + word(at + 4)) | 0;
    c = (c + word(at + 8)) | 0;
    a = ((a - c) | 0) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 4);
    b = (b + a) | 0;
  }
  if (at === bytes.byteLength) return c >>> 0;
  a = (a + word(at)) | 0;
  b = (b + word(at + 4)) | 0;
  c = (c + word(at + 8)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}
