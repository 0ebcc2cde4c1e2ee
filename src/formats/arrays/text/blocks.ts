// A text as whole lines, some MiB of them at once, from a place on. Lines end in LF, CRLF or CR.
import type { CallOptions } from '../../../storage/object-store.js';
import type { RandomAccess } from '../../random-access.js';
import { badText } from './problem.js';

export const newline = 0x0a;
export const carriageReturn = 0x0d;
export const quote = 0x22;
export const hash = 0x23;
export const space = 0x20;
export const tab = 0x09;

/** Read at once; and of a longer line up to the limit. */
const blockBytes = 2 ** 22;
/** Of a line: a million numbers. */
const mostLineBytes = 32 * 2 ** 20;

/** Where a line begins. */
export interface LinePlace {
  readonly offset: number;
  /** From 1 on. */
  readonly line: number;
}

/** Whole lines, the last of which has an end, too. */
export interface LineBlock {
  readonly bytes: Uint8Array;
  /** In the file. */
  readonly end: number;
}

/** Memory for a block, which one block after the other can have. */
export function blockMemory(access: RandomAccess): Uint8Array {
  return new Uint8Array(Math.min(blockBytes, access.sizeBytes));
}

/** `memory` may hold the block from then on. */
export async function blockAt(
  access: RandomAccess,
  { offset, line }: LinePlace,
  memory: Uint8Array,
  { signal }: CallOptions,
): Promise<LineBlock> {
  for (let wanted = blockBytes; ; wanted *= 2) {
    const length = Math.min(wanted, access.sizeBytes - offset);
    const isEnough = memory.byteLength >= length;
    const bytes = await access.read(offset, length, {
      ...(signal !== undefined && { signal }),
      ...(isEnough && { into: memory.subarray(0, length) }),
    });
    if (offset + length === access.sizeBytes) {
      return { bytes: ended(bytes), end: access.sizeBytes };
    }
    const end = endOfLines(bytes);
    if (end > 0) return { bytes: bytes.subarray(0, end), end: offset + end };
    if (length >= mostLineBytes) throw tooLong(access.name, line);
  }
}

/** Behind the last line that ends here. A CR at the very end may have an LF behind it. */
function endOfLines(bytes: Uint8Array): number {
  const end = bytes.lastIndexOf(newline) + 1;
  return end > 0 ? end : bytes.subarray(0, -1).lastIndexOf(carriageReturn) + 1;
}

function ended(bytes: Uint8Array): Uint8Array {
  const last = bytes.at(-1);
  if (last === undefined || last === newline || last === carriageReturn) return bytes;
  const result = new Uint8Array(bytes.byteLength + 1);
  result.set(bytes);
  result[bytes.byteLength] = newline;
  return result;
}

function tooLong(file: string, line: number): Error {
  const what = `longer than ${mostLineBytes / 2 ** 20} MiB`;
  return badText({ file, line }, what, 'Check the line ends of the file: a line is a row.');
}

/** Where the next line begins, from its end on. */
export function behindEnd(bytes: Uint8Array, end: number): number {
  return bytes[end] === carriageReturn && bytes[end + 1] === newline ? end + 2 : end + 1;
}

/** Of the line that begins there, which has one. */
export function endOfLine(bytes: Uint8Array, start: number): number {
  for (let at = start; ; at++) {
    while ((bytes[at] as number) > carriageReturn) at++;
    const byte = bytes[at];
    if (byte === newline || byte === carriageReturn || byte === undefined) return at;
  }
}
