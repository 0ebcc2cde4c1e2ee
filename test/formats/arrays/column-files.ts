import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect } from 'vitest';
import { type RowType, rowBytesOf } from '../../../src/arrays/row-type.js';
import type { NacreError } from '../../../src/errors.js';
import type { ArrayReader, ArrayToWrite, ArrayWriter } from '../../../src/formats/arrays/array-file.js';
import { openAccess } from '../../../src/formats/random-access.js';
import { writeStream } from '../../../src/formats/npy-writer.js';
import { dtypeNames, viewAs } from '../../../src/npy/dtype.js';
import { failure } from '../../support/failure.js';
import { type inFolder, valuesOf } from '../attributes/files.js';

export interface ArrayRead {
  readonly type: RowType;
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** Everything of a file: arrays by their names, read in pieces of so many rows, and attributes. */
export async function readAll(
  reader: ArrayReader,
  file: string,
  piece = 1000,
): Promise<{
  arrays: Record<string, ArrayRead>;
  attributes: Awaited<ReturnType<typeof valuesOf>> | undefined;
}> {
  const access = await openAccess(file);
  try {
    const opened = await reader(access, {});
    const arrays: Record<string, ArrayRead> = {};
    for (const array of opened.arrays) {
      const pieces: Uint8Array[] = [];
      for (let row = 0; row < array.rows; row += piece) {
        pieces.push(await array.read(row, Math.min(array.rows, row + piece)));
      }
      const bytes = new Uint8Array(Buffer.concat(pieces));
      arrays[array.array ?? ''] = { type: array.type, rows: array.rows, bytes };
    }
    const attributes = opened.attributes && (await valuesOf(opened.attributes));
    await opened.close();
    return { arrays, attributes };
  } finally {
    await access.close();
  }
}

/** How a file is refused, at the latest when its arrays are read. */
export function refusal(reader: ArrayReader, file: string): Promise<NacreError> {
  return failure(readAll(reader, file));
}

/** The file of that name, cut or with other bytes, 150 times: each is read, or refused by its name. */
export async function expectRefusedOrRead(
  reader: ArrayReader,
  folder: ReturnType<typeof inFolder>,
  name: string,
  piece?: number,
): Promise<void> {
  const bytes = await readFile(folder.path(name));
  const seed = Math.floor(Math.random() * 2 ** 31);
  for (let i = 0; i < 150; i++) {
    const random = new Uint32Array(noise(seed + i, 64).buffer);
    const below = (at: number, most: number): number => (random[at] ?? 0) % most;
    const damaged = i % 3 === 0 ? bytes.subarray(0, below(0, bytes.length)) : Buffer.from(bytes);
    if (i % 3 !== 0)
      for (let n = 1; n < 4; n++)
        damaged[below(n, bytes.length)] = [0, 1, 127, 255, 16][below(n + 4, 5)] ?? 0;
    const file = await folder.write(`damaged-${name}`, damaged);
    const error: unknown = await readAll(reader, file, piece).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) continue;
    expect(error, `seed ${seed}, ${i}`).toMatchObject({
      code: expect.stringMatching(/^(InvalidArgument|UnsupportedFormat)$/),
      context: { file },
    });
  }
}

export function numbersOf({ type, bytes }: ArrayRead): (number | bigint)[] {
  return [...viewAs(type.dtype, bytes)];
}

export function arrayOf(
  array: string,
  type: RowType,
  rows: number,
  bytes: Uint8Array,
  piece = 1000,
): ArrayToWrite {
  const pieces = function* (): Generator<Uint8Array> {
    for (let at = 0; at < bytes.byteLength; at += piece) yield bytes.subarray(at, at + piece);
  };
  return { array, type, rows, pieces };
}

export async function write(
  writer: ArrayWriter,
  file: string,
  arrays: readonly ArrayToWrite[],
): Promise<string> {
  await writeStream(file, writer(arrays, {}));
  return file;
}

/** Bytes that look random and that the seed gives. */
export function noise(seed: number, length: number): Uint8Array {
  return new Uint8Array(createHash('shake256', { outputLength: length }).update(`${seed}`).digest());
}

/** Arrays of a file: the same rows, any dtype that is not complex, rows of up to three axes. */
export const someArrays = fc
  .record({
    rows: fc.nat(40),
    types: fc.array(
      fc.record({
        dtype: fc.constantFrom(...dtypeNames.filter((name) => !name.startsWith('complex'))),
        rowShape: fc.array(fc.nat(5), { maxLength: 3 }),
        seed: fc.nat(),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    piece: fc.integer({ min: 1, max: 300 }),
    read: fc.integer({ min: 1, max: 50 }),
  })
  .map(({ rows, types, piece, read }) => {
    // Of a file with a list, columns without are attributes.
    const hasLists = types.some(({ rowShape }) => rowShape.length > 0);
    const arrays = types
      .filter(({ rowShape }) => !hasLists || rowShape.length > 0)
      .map(({ dtype, rowShape, seed }, i) => {
        const type: RowType = { dtype, rowShape, scalar: false };
        const bytes = noise(seed, rows * rowBytesOf(type));
        const values = dtype === 'bool' ? bytes.map((byte) => byte & 1) : bytes;
        return arrayOf(`a${i}`, type, rows, values, piece);
      });
    return { arrays, read };
  });

export function bytesOfPieces(array: ArrayToWrite): Uint8Array {
  return new Uint8Array(Buffer.concat([...(array.pieces() as Iterable<Uint8Array>)]));
}
