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

describe('rows that are dropped or replaced', () => {
  /** What the newest version says of graphs: bytes of each. */
  const sizeOf = async (dataset: Dataset): Promise<number> => (await indexOf(dataset))?.sizeBytes ?? 0;

  test('have no node in a graph that an update or a build makes, and versions before have theirs', async () => {
    const dataset = await made('gone', 3000);
    const before = await dataset.version();
    const [query, all] = [rowsOf(5), { limit: 3000 }];
    const asked = (of: Dataset) => of.array('e').nearest(query).limit(all.limit).ef(100_000).precision('f64');
    const then = await asked(dataset).toArray();
    const whole = await sizeOf(dataset);
    const gone = Array.from({ length: 1200 }, (_, i) => (5 * i) % 3000);
    await dataset.write(async (tx) => {
      await tx.drop('e', gone);
      await tx.replace('e', [7, 70, 700], rowsOf(3));
    });
    await append(dataset, 2000);
    await update(dataset);
    // The graph that is there takes up what comes, and lets go what went.
    expect(await indexOf(dataset)).toMatchObject({ rows: 5000, segments: 1 });
    expect(await sizeOf(dataset)).toBeLessThan((whole * 4700) / 3000);
    expect(await compare(dataset)).toBe(3);
    const label = Array.from({ length: 4400 }, (_, i) => i % 7);
    await dataset.write(async (tx) => {
      await tx.addAttribute('e', 'label', 'int');
      await tx.setAttributes(
        'e',
        Array.from({ length: 4400 }, (_, i) => i),
        { label },
      );
    });
    const filtered = dataset.array('e').nearest(query).where('label = 3').limit(20);
    expect(await filtered.ef(100_000).precision('f64').toArray()).toEqual(await filtered.exact().toArray());
    const at = await dataset.at({ version: before });
    expect(await asked(at).toArray(), 'the version before').toEqual(then);
    await at.close();
    const updated = await sizeOf(dataset);
    await dataset.array('e').index({ type: 'hnsw', m: 4, efConstruction: 20 });
    expect(Math.abs((await sizeOf(dataset)) / updated - 1)).toBeLessThan(0.05);
    expect(await compare(dataset)).toBe(3);
    await dataset.close();
  });

  test('may be all of those that an update covers', async () => {
    const dataset = await made('all', 1500);
    await append(dataset, 600);
    await dataset.write((tx) =>
      tx.drop(
        'e',
        Array.from({ length: 600 }, (_, i) => 1500 + i),
      ),
    );
    await update(dataset);
    expect(await indexOf(dataset)).toMatchObject({ rows: 2100, segments: 2 });
    const version = await dataset.version();
    expect((await update(dataset)).version, 'nothing left').toBe(version);
    expect(await compare(dataset)).toBe(0);
    await append(dataset, 700);
    await update(dataset);
    expect(await compare(dataset)).toBe(0);
    await dataset.write((tx) =>
      tx.drop(
        'e',
        Array.from({ length: 2200 }, (_, i) => i),
      ),
    );
    await dataset.array('e').index({ type: 'hnsw', m: 4 });
    expect(await dataset.array('e').nearest(rowsOf(1).data).recall(0.9).toArray()).toEqual([]);
    await dataset.close();
  });

  test('do not come back, whatever else goes on: random transactions beside updates', async () => {
    const dataset = await made('random', 800);
    const below = (count: number): number => Math.floor((Math.abs(random()) * 1e4) % count);
    for (let round = 0; round < 12; round++) {
      const live = (await dataset.info()).arrays['e']?.shape[0] ?? 0;
      const places = [...new Set(Array.from({ length: 1 + below(200) }, () => below(live)))];
      await dataset.write(async (tx) => {
        await tx.append('e', rowsOf(1 + below(300)));
        if (below(2) === 0) await tx.replace('e', places, rowsOf(places.length));
        else await tx.drop('e', places);
      });
      if (below(2) === 0) await update(dataset);
      await compare(dataset);
    }
    await dataset.close();
  });
});
