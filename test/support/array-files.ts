// Files of arrays for the tests of their readers: bytes to a file, and what is in one.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { NacreError } from '../../src/errors.js';
import type {
  ArrayReader,
  ArrayToWrite,
  ArrayWriter,
  FileArray,
  OpenedArrays,
} from '../../src/formats/arrays/array-file.js';
import { openAccess, type RandomAccess } from '../../src/formats/random-access.js';
import type { Dtype } from '../../src/npy/dtype.js';
import type { CallOptions } from '../../src/storage/object-store.js';
import { failure } from './failure.js';

/** A folder for the tests of one file. */
export function temporaryFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeAll(async () => {
    folder.path = await mkdtemp(path.join(tmpdir(), 'nacre-arrays-'));
  });
  afterAll(() => rm(folder.path, { recursive: true, force: true }));
  return folder;
}

/** Runs `use` on what `read` finds in the file, and closes both. */
export async function withArrays<T>(
  file: string,
  read: ArrayReader,
  use: (opened: OpenedArrays, access: RandomAccess) => Promise<T>,
): Promise<T> {
  const access = await openAccess(file);
  try {
    const opened = await read(access, {});
    try {
      return await use(opened, access);
    } finally {
      await opened.close();
    }
  } finally {
    await access.close();
  }
}

export interface ReadArray {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Buffer;
}

/** All arrays of a file by name, each read in pieces of `step` rows. */
export function readAll(file: string, read: ArrayReader, step = Infinity): Promise<Map<string, ReadArray>> {
  return withArrays(file, read, async ({ arrays }) => {
    const found = new Map<string, ReadArray>();
    for (const array of arrays) found.set(array.array ?? '', await readArray(array, step));
    return found;
  });
}

export async function readArray(array: FileArray, step = Infinity): Promise<ReadArray> {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < array.rows; start += step)
    pieces.push(await array.read(start, Math.min(array.rows, start + step)));
  const { dtype, rowShape, scalar } = array.type;
  return { dtype, shape: scalar ? [] : [array.rows, ...rowShape], bytes: Buffer.concat(pieces) };
}

/** Reads bytes as a file of the name `name`. */
export async function readBytes(
  folder: string,
  name: string,
  bytes: Uint8Array,
  read: ArrayReader,
): Promise<Map<string, ReadArray>> {
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  return readAll(file, read);
}

/** Bytes that are numbers of every dtype: no NaNs, and 0 and 1 alone for bool. */
export function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i % 3 === 0 ? 1 : 0));
}

export function arrayToWrite(
  array: string,
  dtype: Dtype,
  shape: readonly number[],
  bytes: Uint8Array,
  pieceBytes = Infinity,
): ArrayToWrite {
  const [rows = 1, ...rowShape] = shape;
  return {
    array,
    type: { dtype, rowShape, scalar: shape.length === 0 },
    rows,
    *pieces() {
      for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    },
  };
}

export async function written(
  write: ArrayWriter,
  arrays: readonly ArrayToWrite[],
  options: CallOptions = {},
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of write(arrays, options)) pieces.push(piece.slice());
  return Buffer.concat(pieces);
}

/** Bytes as a file of that name in a folder, and how it is refused: by its name. */
export function badFiles(
  folder: { readonly path: string },
  name: string,
  reader: ArrayReader,
): {
  fileOf: (bytes: Uint8Array) => Promise<string>;
  refusal: (bytes: Uint8Array) => Promise<NacreError>;
} {
  const fileOf = async (bytes: Uint8Array): Promise<string> => {
    const file = path.join(folder.path, name);
    await writeFile(file, bytes);
    return file;
  };
  const refusal = async (bytes: Uint8Array): Promise<NacreError> => {
    const error = await failure(readAll(await fileOf(bytes), reader));
    expect(error.message).toContain(name);
    return error;
  };
  return { fileOf, refusal };
}
