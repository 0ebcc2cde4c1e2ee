// Updates of graphs: what they refuse, and which rows they leave out.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Dataset, open } from '../../src/index.js';
import { randomFloats, seedOf } from './random.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-hnsw-updates-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dimensions = 32;
const seed = seedOf('NACRE_SEED');
const random = randomFloats(seed);

function rowsOf(count: number): { data: Float32Array; shape: number[] } {
  return { data: Float32Array.from({ length: count * dimensions }, random), shape: [count, dimensions] };
}

const append = (dataset: Dataset, rows: number) => dataset.write((tx) => tx.append('e', rowsOf(rows)));
const update = (dataset: Dataset) => dataset.array('e').index({ type: 'hnsw', update: true });

async function made(name: string, rows: number, memoryBytes?: number): Promise<Dataset> {
  const options = memoryBytes === undefined ? {} : { memoryBytes };
  const dataset = await open(path.join(folder, name), { create: true, ...options });
  await dataset.write((tx) => tx.create('e', { dtype: 'float32', rowShape: [dimensions] }));
  await append(dataset, rows);
  await dataset.array('e').index({ type: 'hnsw', m: 4, efConstruction: 20 });
  return dataset;
}

/** A walk that keeps all rows finds what exact search finds; how many rows were scanned beside it. */
async function compare(dataset: Dataset): Promise<number> {
  const query = dataset.array('e').nearest(rowsOf(4)).limit(15);
  const expected = await query.exact().toArray();
  const { result, analysis } = await query.ef(100_000).precision('f64').analyze();
  expect(result, `seed ${seed}`).toEqual(expected);
  return analysis.rows.scanned;
}

async function indexOf(dataset: Dataset) {
  return (await dataset.info()).arrays['e']?.indexes.find(({ type }) => type === 'hnsw');
}

// Of rows of 32 dimensions with m 4 a graph of some 3,200 takes half of a MiB.
const memoryBytes = 2 ** 20;
const refused = { code: 'ResourceExhausted' };

describe('a graph of more than half of the memory', () => {
  test('is not built, be it the first or that of rows that came later', async () => {
    const dataset = await made('partition', 2000, memoryBytes);
    await append(dataset, 3500);
    await expect(update(dataset)).rejects.toMatchObject(refused);
    expect(await indexOf(dataset)).toMatchObject({ rows: 2000, segments: 1 });
    expect(await compare(dataset)).toBe(3500);
    await expect(dataset.array('e').index({ type: 'hnsw', m: 4 })).rejects.toMatchObject(refused);
    await dataset.close();
  });

  test('is not made of several to keep them few', async () => {
    const dataset = await made('merged', 3000, memoryBytes);
    for (const rows of [1800, 1800, 1800, 1300]) {
      await append(dataset, rows);
      await update(dataset);
    }
    expect(await indexOf(dataset)).toMatchObject({ rows: 9700, segments: 4 });
    await append(dataset, 2000);
    await expect(update(dataset)).rejects.toMatchObject(refused);
    expect(await indexOf(dataset)).toMatchObject({ rows: 9700, segments: 4 });
    expect(await compare(dataset)).toBe(2000);
    await dataset.close();
    // With more memory there is nothing to refuse, and what is there need not be small.
    const larger = await open(path.join(folder, 'merged'));
    await update(larger);
    expect((await indexOf(larger))?.segments).toBeLessThanOrEqual(4);
    expect(await compare(larger)).toBe(0);
    await larger.close();
    const smaller = await open(path.join(folder, 'merged'), { memoryBytes: memoryBytes / 2 });
    await append(smaller, 100);
    await update(smaller);
    expect(await compare(smaller)).toBe(0);
    await smaller.close();
  });
});
