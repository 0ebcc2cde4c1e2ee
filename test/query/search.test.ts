// Exact search without a dataset: of typed arrays, and of files.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openNpyFile, type RowSource, search, writeNpyFile } from '../../src/index.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-search-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const points = { data: Float32Array.of(0, 0, 3, 4, 6, 8, 3, 4), shape: [4, 2] };

test('one vector gives a list, many give lists; ties go by row', async () => {
  expect(await search([3, 4], points, { k: 3 })).toEqual([
    { row: 1, score: 0 },
    { row: 3, score: 0 },
    { row: 0, score: 5 },
  ]);
  const queries = { data: Float64Array.of(0, 0, 6, 8), shape: [2, 2] };
  expect(await search(queries, points, { k: 1, metric: 'dot' })).toEqual([
    [{ row: 0, score: 0 }],
    [{ row: 2, score: 100 }],
  ]);
});

test('there are no more hits than rows, and none of nothing', async () => {
  expect(await search([0, 0], points, { k: 100 })).toHaveLength(4);
  const empty = { data: new Float32Array(0), shape: [0, 2] };
  expect(await search([0, 0], empty)).toEqual([]);
  expect(await search({ data: new Float32Array(4), shape: [2, 2] }, empty)).toEqual([[], []]);
  expect(await search({ data: new Float32Array(0), shape: [0, 2] }, points)).toEqual([]);
});

test('rows of many pieces are scanned to the last, and progress is told', async () => {
  const rows = 20_000_003;
  const data = new Uint8Array(rows).fill(9);
  for (const at of [7, 16 * 2 ** 20 + 1, rows - 1]) data[at] = 2;
  const told: number[] = [];
  const hits = await search([1], { data, shape: [rows, 1] }, { k: 4, onProgress: (done) => told.push(done) });
  expect(hits.map(({ row }) => row)).toEqual([7, 16 * 2 ** 20 + 1, rows - 1, 0]);
  expect(told).toEqual([0, 16 * 2 ** 20, rows]);
});

test('a file gives what its rows give in memory', async () => {
  const file = path.join(folder, 'points.npy');
  const type = { dtype: 'float32', rowShape: [2], scalar: false } as const;
  await writeNpyFile(file, type, 4, [new Uint8Array(points.data.buffer)]);
  const source = await openNpyFile(file);
  expect(await search([3, 4], source, { k: 3 })).toEqual(await search([3, 4], points, { k: 3 }));
  await source.close();
});

test('what does not fit is refused by name', async () => {
  const code = async (asked: Promise<unknown>) =>
    asked.then(
      () => 'nothing',
      (error: { code?: string }) => error.code,
    );
  for (const k of [0, -1, 1.5, Number.NaN, 2 ** 31])
    expect([k, await code(search([0, 0], points, { k }))]).toEqual([k, 'InvalidArgument']);
  expect(await code(search([0, 0, 0], points))).toBe('InvalidArgument');
  expect(await code(search([0, 0], { ...points, shape: [3, 2] }))).toBe('InvalidArgument');
  expect(await code(search([0, 0], points, { metric: 'euclid' as 'l2' }))).toBe('InvalidArgument');
  const complex = { data: new Float32Array(8), shape: [2, 2], dtype: 'complex64' } as const;
  expect(await code(search([0, 0], complex))).toBe('UnsupportedFormat');
  expect(await code(search([0, 0], points, { signal: AbortSignal.abort() }))).toBe('Aborted');
});

test('a source that fails, or a signal between two pieces, ends the search', async () => {
  const stop = new AbortController();
  const pieces = (fail: () => void): RowSource => ({
    type: { dtype: 'uint8', rowShape: [1], scalar: false },
    rows: 40 * 2 ** 20,
    name: 'pieces',
    async read(start, end) {
      if (start > 0) fail();
      return new Uint8Array(end - start);
    },
    async close() {},
  });
  const broken = pieces(() => {
    throw new Error('no more');
  });
  await expect(search([0], broken)).rejects.toThrow('no more');
  const { signal } = stop;
  await expect(
    search(
      [0],
      pieces(() => stop.abort()),
      { signal },
    ),
  ).rejects.toMatchObject({ code: 'Aborted' });
});
