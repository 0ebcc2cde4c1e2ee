// Raw numbers: what has to be said of them, how they are read, and that they come back.
import { describe, expect, test } from 'vitest';
import type { ReadArraysOptions } from '../../../src/formats/arrays/array-file.js';
import { openArrayFile, writeArrayFile } from '../../../src/index.js';
import { bytesOf, viewAs } from '../../../src/npy/dtype.js';
import { failure } from '../../support/failure.js';
import { inFolder } from '../attributes/files.js';

const folder = inFolder();
const ramp = Float32Array.from({ length: 12 }, (_, i) => i / 3);

async function reading(file: string, options: ReadArraysOptions): Promise<unknown> {
  const opened = await openArrayFile(file, { format: 'raw', ...options });
  const [array] = opened.arrays;
  if (array === undefined) throw new Error('there is an array');
  const { dtype, rowShape } = array.type;
  const bytes = await array.read(0, array.rows);
  if (array.rows > 1) {
    const rowBytes = bytes.byteLength / array.rows;
    expect(await array.read(1, array.rows)).toEqual(bytes.slice(rowBytes));
  }
  await opened.close();
  return { dtype, rowShape, rows: array.rows, numbers: [...viewAs(dtype, bytes)] };
}

describe('raw numbers', () => {
  test('are rows of a dtype and a shape, from an offset on', async () => {
    const file = await folder.write('a.bin', bytesOf(ramp));
    const numbers = [...ramp];
    expect(await reading(file, { dtype: '<f4', rowShape: [3] })).toEqual({
      dtype: 'float32',
      rowShape: [3],
      rows: 4,
      numbers,
    });
    const from = await reading(file, { dtype: 'float32', rowShape: [2, 2], offset: 16 });
    expect(from).toMatchObject({ rowShape: [2, 2], rows: 2, numbers: numbers.slice(4) });
    expect(await reading(file, { dtype: 'f4' })).toMatchObject({ rowShape: [], rows: 12 });
    expect(await reading(file, { dtype: '|u1', offset: 48 })).toMatchObject({ rows: 0, numbers: [] });
  });

  test('are turned where they are big endian', async () => {
    const bytes = Buffer.alloc(16);
    for (const [i, value] of [1.5, -2, 3, 4].entries()) bytes.writeFloatBE(value, 4 * i);
    const file = await folder.write('big.bin', bytes);
    expect(await reading(file, { dtype: '>f4', rowShape: [2] })).toMatchObject({ numbers: [1.5, -2, 3, 4] });
    const complex = await reading(file, { dtype: '>c8' });
    expect(complex).toMatchObject({ dtype: 'complex64', rows: 2, numbers: [1.5, -2, 3, 4] });
  });

  test('are written in C order and little endian, one array a file', async () => {
    const file = folder.path('out.bin');
    const type = { dtype: 'float32', rowShape: [2, 3], scalar: false } as const;
    const array = { array: 'a', type, rows: 2, pieces: () => [ramp.subarray(0, 5), ramp.subarray(5)] };
    expect(await writeArrayFile(file, [array], { format: 'raw' })).toBe(48);
    expect(await reading(file, { dtype: 'float32', rowShape: [2, 3] })).toMatchObject({ numbers: [...ramp] });
    const two = await failure(writeArrayFile(file, [array, array], { format: 'raw' }));
    expect([two.code, two.message]).toEqual(['InvalidArgument', 'a raw file holds one array, not 2']);
  });

  test.each<readonly [string, ReadArraysOptions, string]>([
    ['no dtype', {}, 'raw numbers do not say their dtype'],
    ['a dtype that there is not', { dtype: 'f3' }, "there is no dtype 'f3'"],
    ['a dtype that is not stored', { dtype: '<M8[s]' }, 'there is no dtype'],
    ['rows that do not fit', { dtype: '<f4', rowShape: [5] }, '2 rows of 20 bytes, and 8 bytes over'],
    ['an offset that does not fit', { dtype: '<f4', offset: 3 }, '11 rows of 4 bytes, and 1 byte over'],
    ['an offset behind the end', { dtype: '<f4', offset: 49 }, 'the offset 49 is none of 48 bytes'],
    ['an offset that is none', { dtype: '<f4', offset: -4 }, 'the offset -4 is none'],
    ['rows of nothing', { dtype: '<f4', rowShape: [0] }, 'rows of no bytes'],
    ['a shape that is none', { dtype: '<f4', rowShape: [1.5] }, 'has the dimension 1.5'],
    ['a shape beyond memory', { dtype: '<f4', rowShape: [2 ** 20, 2 ** 20] }, 'rows of 4398046511104 bytes'],
    ['a header', { dtype: '<f4', header: true }, 'the option header says nothing of raw files'],
  ])('are refused with %s', async (_, options, what) => {
    const file = await folder.write('bad.bin', bytesOf(ramp));
    const error = await failure(openArrayFile(file, { format: 'raw', ...options }));
    expect(error.code).toBe('InvalidArgument');
    expect(error.message).toContain(what);
  });

  test('that are bools are 0 or 1', async () => {
    const file = await folder.write('bools.bin', Uint8Array.of(0, 1, 1, 2));
    const error = await failure(reading(file, { dtype: 'bool', rowShape: [2] }));
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { file, row: 1 } });
  });

  test('have an ending that tells nothing: the format is named', async () => {
    const file = await folder.write('a.bin', bytesOf(ramp));
    const error = await failure(openArrayFile(file));
    expect(error.hint).toContain('raw');
    const npy = await failure(openArrayFile(file, { format: 'npy', dtype: '<f4' }));
    expect(npy.message).toContain('the option dtype says nothing of npy files');
  });
});
