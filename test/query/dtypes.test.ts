// Exact search of rows of every dtype that is a real number, through the whole of the library.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Dtype, open, type TypedArray } from '../../src/index.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-query-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Two rows of three numbers, as the dtype has them, and the same as JavaScript's numbers. */
const rows: Record<Exclude<Dtype, 'complex64' | 'complex128'>, [TypedArray, number[]]> = {
  bool: [Uint8Array.of(0, 1, 1, 1, 0, 0), [0, 1, 1, 1, 0, 0]],
  int8: [Int8Array.of(-128, 127, 0, 1, 2, 3), [-128, 127, 0, 1, 2, 3]],
  int16: [Int16Array.of(-32_768, 32_767, 0, 1, 2, 3), [-32_768, 32_767, 0, 1, 2, 3]],
  int32: [Int32Array.of(-(2 ** 31), 7, 0, 1, 2, 3), [-(2 ** 31), 7, 0, 1, 2, 3]],
  int64: [BigInt64Array.of(-(2n ** 53n), 7n, 0n, 1n, 2n, 3n), [-(2 ** 53), 7, 0, 1, 2, 3]],
  uint8: [Uint8Array.of(255, 7, 0, 1, 2, 3), [255, 7, 0, 1, 2, 3]],
  uint16: [Uint16Array.of(65_535, 7, 0, 1, 2, 3), [65_535, 7, 0, 1, 2, 3]],
  uint32: [Uint32Array.of(2 ** 32 - 1, 7, 0, 1, 2, 3), [2 ** 32 - 1, 7, 0, 1, 2, 3]],
  uint64: [BigUint64Array.of(2n ** 60n, 7n, 0n, 1n, 2n, 3n), [2 ** 60, 7, 0, 1, 2, 3]],
  // 0.5, -2, 65504 and the smallest subnormal, 1, 0.
  float16: [Uint16Array.of(0x3800, 0xc000, 0x7bff, 0x0001, 0x3c00, 0), [0.5, -2, 65_504, 2 ** -24, 1, 0]],
  float32: [Float32Array.of(0.5, -2, 1e30, 1, 2, 3), [0.5, -2, Math.fround(1e30), 1, 2, 3]],
  float64: [Float64Array.of(0.1, -2, 1e150, 1, 2, 3), [0.1, -2, 1e150, 1, 2, 3]],
};

for (const uri of ['memory://every-dtype', path.join(folder, 'dtypes')])
  test(`a row finds itself at the distance 0, and the other where it is, at ${uri.split('/')[0] || 'a folder'}`, async () => {
    const ds = await open(uri, { create: true });
    await ds.write(async (tx) => {
      for (const [dtype, [data]] of Object.entries(rows)) {
        await tx.create(dtype, { dtype: dtype as Dtype, rowShape: [3] });
        await tx.append(dtype, { data, shape: [2, 3], dtype: dtype as Dtype });
      }
    });
    for (const [dtype, [data, numbers]] of Object.entries(rows)) {
      const query = { data: data.slice(0, 3), shape: [1, 3], dtype: dtype as Dtype };
      const [hits = []] = await ds.array(dtype).nearest(query, { metric: 'l2sq' }).limit(2).toArray();
      // Exact in float64 but where squares are beyond 2^53, and there one of them rules.
      const distance = [0, 1, 2].reduce(
        (sum, i) => sum + ((numbers[i] ?? 0) - (numbers[i + 3] ?? 0)) ** 2,
        0,
      );
      expect([dtype, hits[0]]).toEqual([dtype, { row: 0, id: 0, score: 0 }]);
      expect([dtype, hits[1]?.row, hits[1]?.id]).toEqual([dtype, 1, 1]);
      expect(Math.abs((hits[1]?.score ?? Number.NaN) / distance - 1)).toBeLessThan(1e-15);
    }
    await ds.close();
  });

test('a vector with its shape is one of many, and one without is one', async () => {
  const ds = await open('memory://one-of-many', { create: true });
  await ds.write(async (tx) => {
    await tx.create('p', { dtype: 'float32', rowShape: [2] });
    await tx.append('p', { data: Float32Array.of(0, 0, 3, 4), shape: [2, 2] });
  });
  const data = Float32Array.of(3, 4);
  const hit = { row: 1, id: 1, score: 0 };
  const nearest = ds.array('p').nearest(data).limit(1);
  expect(await nearest.toArray()).toEqual([hit]);
  for (const shape of [[2], [1, 2]])
    expect(await ds.array('p').nearest({ data, shape }).limit(1).toArray()).toEqual([[hit]]);
  await ds.close();
});

test('complex rows are refused by name', async () => {
  const ds = await open('memory://complex', { create: true });
  await ds.write(async (tx) => {
    await tx.create('z', { dtype: 'complex64', rowShape: [2] });
    await tx.append('z', { data: new Float32Array(8), shape: [2, 2], dtype: 'complex64' });
  });
  const asked = ds.array('z').nearest([1, 2]).toArray();
  await expect(asked).rejects.toMatchObject({ code: 'UnsupportedFormat', context: { dtype: 'complex64' } });
  await ds.close();
});
