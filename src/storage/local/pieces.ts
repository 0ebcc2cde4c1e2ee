// Bytes into a new file, so that what maps it gets large pages. Linux keeps a file in folios as large as a
// write and its place allow: one of 2 MiB that begins at a multiple of that lies in a folio that a page table
// maps by one entry. A header that is written by itself moves all that follows off those places: half of it
// would be mapped by pages of 4 KiB, which a scan reads at four fifths of the speed.
import type { FileHandle } from 'node:fs/promises';
import { isNacreError } from '../../errors.js';
import { native, type ObjectDigest } from '../../native.js';
import { untilCancelled } from '../../native/cancel.js';
import { throwIfAborted } from '../../util/runtime.js';
import { withHint } from './errors.js';

/**
 * A system call writes up to the next multiple of this, a few milliseconds' worth: no file holds one of the
 * few I/O threads for long, and the signal is looked at between two.
 */
const chunkBytes = 4 << 20;

/** Parts of one system call; Linux takes 1,024. */
const mostParts = 1024;

/** Writes pieces one after the other, from the beginning of a file. Throws `Aborted` between system calls. */
export async function writePieces(
  handle: FileHandle,
  pieces: Iterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  let parts: Uint8Array[] = [];
  let [position, waiting] = [0, 0];
  const flush = async (): Promise<void> => {
    throwIfAborted(signal);
    await writeParts(handle, parts, position);
    position += waiting;
    [parts, waiting] = [[], 0];
  };
  for (const piece of pieces) {
    for (let at = 0; at < piece.byteLength; ) {
      const part = piece.subarray(at, at + chunkBytes - ((position + waiting) % chunkBytes));
      parts.push(part);
      at += part.byteLength;
      waiting += part.byteLength;
      if ((position + waiting) % chunkBytes === 0 || parts.length === mostParts) await flush();
    }
  }
  if (waiting > 0) await flush();
}

/** The same into an empty file by the threads that digest, which do so on the way. */
export async function writeDigested(
  file: string,
  parts: readonly Uint8Array[],
  blockBytes: number,
  signal: AbortSignal | undefined,
): Promise<ObjectDigest> {
  const writer = native().createObjectFileWriter(file, blockBytes);
  try {
    return await untilCancelled(writer, signal, () => writer.write(parts));
  } catch (error) {
    throw isNacreError(error) ? withHint(error, file) : error;
  }
}

async function writeParts(handle: FileHandle, parts: Uint8Array[], position: number): Promise<void> {
  for (let [left, at] = [parts, position]; left.length > 0; ) {
    const { bytesWritten } = await handle.writev(left, at);
    at += bytesWritten;
    left = withoutFirst(left, bytesWritten);
  }
}

/** The parts without their first `count` bytes. */
function withoutFirst(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  let skipped = count;
  const left: Uint8Array[] = [];
  for (const part of parts) {
    if (skipped < part.byteLength) left.push(part.subarray(skipped));
    skipped = Math.max(0, skipped - part.byteLength);
  }
  return left;
}
