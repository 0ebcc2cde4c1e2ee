// Rows to a .npy file, streamed. A file appears under its name whole or not at all: it is written beside it
// and renamed. Pipes, devices and standard output are written to directly.
import { open, realpath, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { RowType } from '../arrays/row-type.js';
import { NacreError } from '../errors.js';
import { encodeHeader } from '../npy/header.js';
import { fileError } from '../storage/local/errors.js';
import type { CallOptions } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';
import { systemRuntime } from '../util/runtime.js';
import type { ArrayToWrite } from './arrays/array-file.js';
import { bytesOfArray, shapeOfArray } from './arrays/pieces.js';

/** Rows in C order, little endian, in order; any number of rows a piece. */
export type RowPieces = AsyncIterable<ArrayBufferView> | Iterable<ArrayBufferView>;

/** What `writeNpyFile()` of `src/formats.ts` does. */
export async function writeNpyFile(
  name: string,
  type: RowType,
  rows: number,
  pieces: RowPieces,
  options: CallOptions = {},
): Promise<number> {
  const array = { array: 'data', type, rows, pieces: () => pieces };
  return writeStream(name, npyBytes(array, options));
}

/** A .npy file. */
export async function* npyBytes(array: ArrayToWrite, options: CallOptions): AsyncGenerator<Uint8Array> {
  yield encodeHeader(array.type.dtype, shapeOfArray(array));
  yield* bytesOfArray(array, options);
}

/** Bytes to a file, a pipe or, for `-`, standard output. */
export async function writeStream(name: string, stream: AsyncIterable<Uint8Array>): Promise<number> {
  if (name === '-') return toStandardOutput(stream);
  if (/^(s3|gs|memory):\/\//i.test(name)) {
    throw new NacreError('InvalidArgument', `${name}: a file is written to this machine only`, {
      hint: 'Give a path, or - and a pipe to the tool of that store.',
    });
  }
  // A link stays, and what it names is replaced.
  const target = await realpath(name).catch(() => path.resolve(name));
  const before = await stat(target).catch(() => undefined);
  if (before?.isDirectory() === true) {
    throw new NacreError('InvalidArgument', `${name} is a folder`, { hint: 'Name a file in it.' });
  }
  return before === undefined || before.isFile() ? toFile(target, stream) : toPipe(target, stream);
}

async function toFile(target: string, stream: AsyncIterable<Uint8Array>): Promise<number> {
  const suffix = toHex(systemRuntime.randomBytes(6));
  const temporary = path.join(path.dirname(target), `.${path.basename(target).slice(0, 200)}.${suffix}`);
  try {
    const handle = await open(temporary, 'wx');
    let written = 0;
    try {
      for await (const piece of stream) {
        await handle.writeFile(piece);
        written += piece.byteLength;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
    return written;
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw fileError(error, 'write', target);
  }
}

async function toPipe(target: string, stream: AsyncIterable<Uint8Array>): Promise<number> {
  let written = 0;
  try {
    const handle = await open(target, 'w');
    try {
      for await (const piece of stream) {
        await handle.writeFile(piece);
        written += piece.byteLength;
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, 'write', target);
  }
  return written;
}

async function toStandardOutput(stream: AsyncIterable<Uint8Array>): Promise<number> {
  const { stdout } = process;
  let written = 0;
  // The failure of a write comes to its callback; the event beside it must not end the process.
  const ignore = (): void => undefined;
  stdout.on('error', ignore);
  try {
    for await (const piece of stream) {
      await new Promise<void>((resolve, reject) => {
        stdout.write(piece, (error) => (error ? reject(error) : resolve()));
      });
      written += piece.byteLength;
    }
    return written;
  } catch (error) {
    throw fileError(error, 'write', 'standard output');
  } finally {
    stdout.off('error', ignore);
  }
}
