// What the cache keeps, and how its files are named and laid out. The only place that knows the layout.
//
//   <folder>/v1/<hh>/<hash>-<offset>-<length>    the page's bytes, then an 8-byte trailer
//   <folder>/v1/<hh>/<hh>.<16 hex>.tmp           a page being written; renamed when complete
//
// `hh` is the first byte of the hash. The hash is that of the whole object's content (BLAKE3), so a key, a
// version or a dataset has no part in it: two datasets, or one that was rolled back, cannot get each other's
// bytes, and the same object under two keys is kept once.
//
// The page begins at byte 0, so it maps as it is. The trailer (magic, CRC32C over the name and then the
// page) lets `nacre cache verify` check a file with nothing else at hand, a file under another page's name
// included. It stands behind the page and not in the name because a name that follows from the page alone
// is found with one lookup in a folder that other processes fill. It is never the authority for a read:
// that is the caller's own check, rooted in the manifest.
import { NacreError } from '../errors.js';
import { assert } from '../util/assert.js';
import { utf8 } from '../util/bytes.js';

/** A range of an object, or the whole of it. */
export interface Page {
  /** BLAKE3 of the whole object, 64 lower-case hexadecimal digits. */
  readonly hash: string;
  /** First byte within the object. */
  readonly offset: number;
  /** Bytes; a page of none is never kept. */
  readonly length: number;
}

export const LAYOUT = 'v1';
export const TRAILER_BYTES = 8;
const MAGIC = 0x3147504e; // "NPG1", little endian

/** Checksum functions of the native binary, handed in as values. */
export interface Checksums {
  crc32c(bytes: Uint8Array): number;
  crc32cCombine(a: number, b: number, lengthB: number): number;
}

/** The file name of a page. It is checked here, since it becomes a path. */
export function pageName(page: Page): string {
  assert(/^[0-9a-f]{64}$/.test(page.hash), 'a page hash has 64 hexadecimal digits');
  assert(Number.isSafeInteger(page.offset) && page.offset >= 0, 'a page offset is a byte count');
  assert(Number.isSafeInteger(page.length) && page.length >= 0, 'a page length is a byte count');
  return `${page.hash}-${page.offset}-${page.length}`;
}

/** The page that a file name stands for; undefined for everything that is not ours. */
export function parsePageName(name: string): Page | undefined {
  const [, hash, offset, length] = /^([0-9a-f]{64})-(0|[1-9]\d{0,15})-(0|[1-9]\d{0,15})$/.exec(name) ?? [];
  if (hash === undefined) return undefined;
  const page = { hash, offset: Number(offset), length: Number(length) };
  return Number.isSafeInteger(page.offset) && Number.isSafeInteger(page.length) ? page : undefined;
}

export function temporaryName(name: string, random: string): string {
  return `${shardOf(name)}.${random}.tmp`;
}

export function isTemporaryName(name: string): boolean {
  return /^[0-9a-f]{2}\.[0-9a-f]{16}\.tmp$/.test(name);
}

/** The subfolder of a page or a temporary file. */
export function shardOf(name: string): string {
  return name.slice(0, 2);
}

export function isShardName(name: string): boolean {
  return /^[0-9a-f]{2}$/.test(name);
}

/** Size of the file that keeps a page of `length` bytes. */
export function fileBytes(length: number): number {
  return length + TRAILER_BYTES;
}

/** What a file takes of the budget: whole blocks of 4 KiB, as disks give them out. */
export function chargedBytes(fileSize: number): number {
  return Math.max(1, Math.ceil(fileSize / 4096)) * 4096;
}

/** Sum over the name and then a page of which the sum and the length are known. */
export function nameAndPageSum(name: string, pageSum: number, length: number, checksums: Checksums): number {
  return checksums.crc32cCombine(checksums.crc32c(utf8.encode(name)), pageSum, length);
}

export function encodeTrailer(sum: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(TRAILER_BYTES));
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, sum, true);
  return new Uint8Array(view.buffer);
}

/** The sum that a trailer carries; undefined when it is none. */
export function decodeTrailer(trailer: Uint8Array): number | undefined {
  if (trailer.byteLength !== TRAILER_BYTES) return undefined;
  const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_BYTES);
  return view.getUint32(0, true) === MAGIC ? view.getUint32(4, true) : undefined;
}

/** The typed error for a page whose loader gave another number of bytes. */
export function wrongLength(page: Page, observed: number): NacreError {
  return new NacreError(
    'Corrupt',
    `bytes ${page.offset} to ${page.offset + page.length} of object ${page.hash.slice(0, 12)}… were asked ` +
      `for: expected ${page.length} bytes, got ${observed}`,
    { context: { hash: page.hash, offset: page.offset, expected: page.length, observed } },
  );
}
