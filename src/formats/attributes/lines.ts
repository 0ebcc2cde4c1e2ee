// A file of text as whole lines, block by block: UTF-8 that was checked, without the mark that some programs
// put in front of it.
import { isUtf8 } from 'node:buffer';
import type { CallOptions } from '../../storage/object-store.js';
import { concat } from '../../util/bytes.js';
import type { RandomAccess } from '../random-access.js';
import { malformed } from './problem.js';

/** Of a line; a file without line ends would be held in memory as a whole. */
export const mostLineBytes = 16 * 2 ** 20;

const readBytes = 4 * 2 ** 20;
const newline = 0x0a;

/** Bytes that begin with a line and, but for the last block, end with the end of one. */
export interface Block {
  readonly bytes: Uint8Array;
  readonly firstLine: number;
}

export interface Line {
  /** Without its end. */
  readonly text: string;
  /** From 1 on. */
  readonly line: number;
}

export async function* blocksOf(access: RandomAccess, options: CallOptions = {}): AsyncGenerator<Block> {
  let rest: Uint8Array = new Uint8Array(0);
  let firstLine = 1;
  for (let at = 0; at < access.sizeBytes; at += readBytes) {
    const read = await access.read(at, Math.min(readBytes, access.sizeBytes - at), options);
    const piece = at === 0 && startsWithMark(read) ? read.subarray(3) : read;
    const end = piece.lastIndexOf(newline) + 1;
    const bytes = concat([rest, piece.subarray(0, end)]);
    if (end === 0) {
      rest = concat([rest, piece]);
      if (rest.byteLength > mostLineBytes) throw tooLong(access.name, firstLine);
      continue;
    }
    rest = piece.subarray(end);
    checkUtf8(access.name, bytes, firstLine);
    yield { bytes, firstLine };
    firstLine += countLines(bytes);
  }
  checkUtf8(access.name, rest, firstLine);
  if (rest.byteLength > 0) yield { bytes: rest, firstLine };
}

/** The lines of a block. */
export function* linesOf(file: string, { bytes, firstLine }: Block): Generator<Line> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let line = firstLine;
  for (let start = 0; start < buffer.length; line++) {
    const found = buffer.indexOf(newline, start);
    const end = found < 0 ? buffer.length : found;
    if (end - start > mostLineBytes) throw tooLong(file, line);
    yield { text: buffer.toString('utf8', start, end), line };
    start = end + 1;
  }
}

export function tooLong(file: string, line: number): Error {
  const hint = 'Attributes are small values; check the line ends of the file.';
  return malformed(file, { line }, `longer than ${mostLineBytes / 2 ** 20} MiB`, hint);
}

function startsWithMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count++;
  return count;
}

function checkUtf8(file: string, bytes: Uint8Array, firstLine: number): void {
  if (isUtf8(bytes)) return;
  let line = firstLine;
  for (let start = 0; ; line++) {
    const found = bytes.indexOf(newline, start);
    const end = found < 0 ? bytes.byteLength : found;
    if (!isUtf8(bytes.subarray(start, end)) || found < 0) break;
    start = end + 1;
  }
  throw malformed(file, { line }, 'is no UTF-8', 'Save the file as UTF-8.');
}
