// What hamming, jaccard, kl and js give through the whole of the library; native/kernels proves the numbers.
import { expect, test } from 'vitest';
import {
  type Metric,
  open,
  type QueryVectors,
  type RowsInput,
  scoreOrder,
  search,
  type TypedArray,
} from '../../src/index.js';

/** The scores, in the order of the rows. */
async function scores(
  metric: Metric,
  query: TypedArray | readonly number[],
  data: TypedArray,
  dtype?: 'bool',
): Promise<number[]> {
  const width = query.length;
  const rows = { data, shape: [data.length / width, width], ...(dtype === undefined ? {} : { dtype }) };
  const hits = await search(query, rows as RowsInput, { metric, k: data.length });
  const ranked = hits.map(({ score }) => score);
  expect(ranked).toEqual([...ranked].sort((a, b) => a - b));
  return hits.toSorted((a, b) => a.row - b.row).map(({ score }) => score);
}

test('rows of uint8 are bits for hamming and jaccard, and rows of bool a bit a byte', async () => {
  const bytes = Uint8Array.of(0b1100, 255, 0b0110, 255, 0, 0);
  expect(await scores('hamming', [0b1100, 255], bytes)).toEqual([0, 2, 10]);
  expect(await scores('jaccard', [0b1100, 255], bytes)).toEqual([0, 2 / 11, 1]);
  expect(await scores('jaccard', [0, 0], bytes)).toEqual([1, 1, 0]);
  const bools = Uint8Array.of(1, 0, 1, 1, 1, 0, 0, 0);
  expect(await scores('hamming', [1, 0], bools, 'bool')).toEqual([0, 1, 0, 1]);
  expect(await scores('jaccard', [1, 0], bools, 'bool')).toEqual([0, 0.5, 0, 1]);
});

test('rows of other dtypes are numbers', async () => {
  const rows = Float32Array.of(1, 2, 3, 1, 0, 3, 0, 0, 0);
  expect(await scores('hamming', [1, 2, 3], rows)).toEqual([0, 1, 3]);
  expect(await scores('jaccard', [1, 2, 3], rows)).toEqual([0, 2 / 6, 1]);
  expect(await scores('hamming', [1, 2, 3], Int8Array.of(1, 2, 4))).toEqual([1]);
  expect(await scores('jaccard', [1, -2, 3], rows)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
});

test('divergences are those of the formulas', async () => {
  const rows = Float64Array.of(0.25, 0.75, 0.5, 0.5, 0, 1);
  const kl = await scores('kl', [0.5, 0.5], rows);
  expect(kl[0]).toBeCloseTo(0.5 * Math.log(2) + 0.5 * Math.log(2 / 3), 14);
  expect(kl.slice(1)).toEqual([0, Number.POSITIVE_INFINITY]);
  const js = await scores('js', [0.5, 0.5], rows);
  const half = (a: number, b: number) => (a === 0 ? 0 : 0.5 * a * Math.log((2 * a) / (a + b)));
  expect(js[0]).toBeCloseTo(half(0.5, 0.25) + half(0.25, 0.5) + half(0.5, 0.75) + half(0.75, 0.5), 14);
  expect(js[1]).toBe(0);
  expect(js[2]).toBeCloseTo(half(0.5, 0) + half(0.5, 1) + half(1, 0.5), 14);
});

test('they are distances, of datasets as of arrays in memory', async () => {
  const ds = await open('memory://metrics', { create: true });
  const rows = { data: Float32Array.of(0.5, 1, 1, 1, 1, 0.25), shape: [3, 2] };
  await ds.write(async (tx) => {
    await tx.create('p', { dtype: 'float32', rowShape: [2] });
    await tx.append('p', rows);
  });
  for (const metric of ['hamming', 'jaccard', 'kl', 'js'] as const) {
    expect(scoreOrder(metric)).toBe('ascending');
    const found = await ds.array('p').nearest([1, 1], { metric }).toArray();
    expect(found[0]).toEqual({ row: 1, id: 1, score: 0 });
    expect(found.map(({ row, score }) => ({ row, score }))).toEqual(await search([1, 1], rows, { metric }));
  }
  await ds.close();
});

test('a query that is not of bits is refused where bits are compared, by its number', async () => {
  const ds = await open('memory://bits', { create: true });
  await ds.write(async (tx) => {
    for (const dtype of ['bool', 'uint8'] as const) {
      await tx.create(dtype, { dtype, rowShape: [2] });
      await tx.append(dtype, { data: Uint8Array.of(0, 1), shape: [1, 2], dtype });
    }
  });
  const wrong: [string, QueryVectors, string][] = [
    ['bool', [0, 2], '2'],
    ['uint8', [256, 0], '256'],
    ['uint8', [0, -1], '-1'],
    ['uint8', [0, 0.5], '0.5'],
  ];
  for (const metric of ['hamming', 'jaccard'] as const)
    for (const [array, query, number] of wrong)
      await expect(ds.array(array).nearest(query, { metric }).toArray()).rejects.toMatchObject({
        code: 'InvalidArgument',
        message: expect.stringMatching(new RegExp(`got ${number}$`)) as string,
      });
  await ds.close();
});
