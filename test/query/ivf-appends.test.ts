// Rows that are appended to an array with lists: in them from the commit on, in few segments, whoever else
// writes meanwhile.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { mergeRuns } from '../../src/ann/merge.js';
import { type Dataset, type NacreError, open } from '../../src/index.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';
import { recording, Trace } from '../support/recording-store.js';
import { randomFloats, seedOf } from './random.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-ivf-appends-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dimensions = 24;
const seed = seedOf('NACRE_SEED');
const random = randomFloats(seed);
const centres = Float32Array.from({ length: 30 * dimensions }, () => 4 * random());
const whole = (below: number): number => Math.floor((Math.abs(random()) * 1e4) % below);

function rowsOf(count: number): { data: Float32Array; shape: number[] } {
  const data = new Float32Array(count * dimensions);
  for (let i = 0; i < data.length; i++) {
    const row = Math.floor(i / dimensions);
    data[i] = (centres[((row * 7919) % 30) * dimensions + (i % dimensions)] ?? 0) + random();
  }
  return { data, shape: [count, dimensions] };
}

async function made(dataset: Dataset, rows = 3000): Promise<void> {
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
    await tx.append('e', rowsOf(rows));
  });
  await dataset.array('e').index({ type: 'ivf', nlist: 20 });
}

/** All lists give what exact search gives; how many rows were scanned beside them. */
async function compare(dataset: Dataset): Promise<number> {
  const query = dataset.array('e').nearest(rowsOf(5)).limit(20);
  const expected = await query.exact().toArray();
  const { result, analysis } = await query.nprobe(1_000_000).precision('f64').analyze();
  expect(result, `seed ${seed}`).toEqual(expected);
  return analysis.rows.scanned;
}

async function indexOf(dataset: Dataset) {
  return (await dataset.info()).arrays['e']?.indexes[0];
}

test('rows that are equal, in two segments that are equal, are found twice', async () => {
  await using dataset = await open(path.join(folder, 'equal'), { create: true, cacheDir: false });
  await made(dataset, 6000);
  const rows = rowsOf(1024);
  await dataset.write((tx) => tx.append('e', rows));
  // What is between them keeps the two from becoming one.
  await dataset.write((tx) => tx.append('e', rowsOf(500)));
  await dataset.write((tx) => tx.append('e', rows));
  expect(await indexOf(dataset)).toMatchObject({ segments: 3 });
  const query = dataset.array('e').nearest(rows.data.subarray(0, dimensions)).limit(2);
  const hits = await query.nprobe(1_000_000).precision('f64').toArray();
  expect(hits.map(({ id }) => id)).toEqual([6000, 7524]);
});

describe.each(storesUnderTest())('on %s', (name) => {
  test('rows are in lists from the commit on, in segments that stay few', async () => {
    const store = await openTestStore(name);
    const dataset = await openStoreDataset(await store.another(), { create: true, cacheDir: false });
    await made(dataset);
    await dataset.write((tx) => tx.append('e', rowsOf(1500)));
    expect(await indexOf(dataset)).toMatchObject({ rows: 4500, segments: 2 });
    expect(await compare(dataset)).toBe(0);
    // Few rows are left as they are; those of one transaction count together.
    await dataset.write((tx) => tx.append('e', rowsOf(500)));
    expect(await indexOf(dataset)).toMatchObject({ rows: 4500 });
    expect(await compare(dataset)).toBe(500);
    await dataset.write(async (tx) => {
      for (const count of [400, 0, 400, 399]) await tx.append('e', rowsOf(count));
      await tx.drop('e', [4800, 5300, 5301]);
      // Row 5400 is of this very write, and coded as it is in the end; row 10 is not.
      await tx.replace('e', [5400, 10], rowsOf(2));
    });
    expect(await indexOf(dataset)).toMatchObject({ rows: 5699 });
    expect(await compare(dataset)).toBe(501);
    // What is between segments is no obstacle for long.
    await dataset.array('e').index({ type: 'ivf', update: true });
    expect(await indexOf(dataset)).toMatchObject({ rows: 6199 });
    expect(await compare(dataset)).toBe(1);
    for (let i = 0; i < 20; i++) await dataset.write((tx) => tx.append('e', rowsOf(1024)));
    const index = await indexOf(dataset);
    expect(index).toMatchObject({ rows: 6199 + 20 * 1024 });
    expect(index?.segments).toBeLessThanOrEqual(4);
    expect(await compare(dataset)).toBe(1);
    await dataset.close();
    const cold = await openStoreDataset(await store.another(), { cacheDir: false });
    expect(await compare(cold)).toBe(1);
    await cold.close();
    await store.dispose();
  });

  test('history 6: two that append at once, and one that builds the index anew or takes it away', async () => {
    const store = await openTestStore(name);
    const opened = async () => openStoreDataset(await store.another(), { create: true, cacheDir: false });
    const [one, other] = [await opened(), await opened()];
    await made(one);
    await other.refresh();
    let rows = 3000;
    // Each of both merges the same segments in some of the rounds.
    for (let round = 0; round < 5; round++) {
      await Promise.all([one, other].map((dataset) => dataset.write((tx) => tx.append('e', rowsOf(1100)))));
      rows += 2200;
      await Promise.all([one.refresh(), other.refresh()]);
      expect(await indexOf(one)).toMatchObject({ rows });
      expect(await compare(one)).toBe(0);
      expect(await compare(other)).toBe(0);
    }
    expect((await indexOf(one))?.segments).toBeLessThanOrEqual(6);
    await one.write(async (tx) => {
      await tx.append('e', rowsOf(1100));
      await other.array('e').index({ type: 'ivf', nlist: 10 });
    });
    expect(await indexOf(one), 'those of the older epoch are none of the newer').toMatchObject({ rows });
    expect(await compare(one)).toBe(1100);
    // Who adds what is not covered yet, and who appends.
    await other.write((tx) => tx.append('e', rowsOf(1100)));
    await other.write(
      async (tx) => {
        await tx.index('e', { type: 'ivf', update: true });
        await one.write((beside) => beside.append('e', rowsOf(1100)));
      },
      { retries: 2 },
    );
    await one.refresh();
    expect(await indexOf(one)).toMatchObject({ rows: rows + 3300 });
    expect(await compare(one)).toBe(0);
    await one.write(async (tx) => {
      await tx.append('e', rowsOf(1100));
      await other.array('e').dropIndex({ type: 'ivf' });
    });
    expect(await indexOf(one)).toBeUndefined();
    await one.write(async (tx) => {
      await tx.append('e', rowsOf(2000));
      await tx.dropArray('e');
    });
    await one.close();
    await other.close();
    await store.dispose();
  });
});

test('codes go up beside the rows, not after them', async () => {
  const store = await openTestStore('memory');
  const inner = await store.another();
  let coded = (): void => undefined;
  let isHeld = false;
  const held = new Promise<void>((resolve) => {
    coded = resolve;
  });
  const gated = forwarding(inner, {
    put: async (key, ...of) => {
      if (isHeld && key.startsWith('indexes/')) coded();
      if (isHeld && key.startsWith('arrays/')) await held;
      return inner.put(key, ...of);
    },
  });
  const trace = new Trace();
  const dataset = await openStoreDataset(recording(gated, trace), { create: true, cacheDir: false });
  await made(dataset);
  // What codes are made by is read once.
  await dataset.write((tx) => tx.append('e', rowsOf(1024)));
  trace.clear();
  isHeld = true;
  await dataset.write((tx) => tx.append('e', rowsOf(1024)));
  expect(trace.entries.map(({ method, key }) => `${method} ${key.split('/')[0]}`).sort()).toEqual([
    'put arrays',
    'put indexes',
    'put versions',
  ]);
  await dataset.close();
});

test('an array that has outgrown its lists gets others with an update, of the same metric', async () => {
  const dataset = await open(path.join(folder, 'outgrown'), { create: true });
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
    await tx.append('e', rowsOf(1000));
  });
  const array = dataset.array('e');
  await array.index({ type: 'ivf', metric: 'cosine' });
  const lists = async () => (await indexOf(dataset))?.lists ?? 0;
  const first = await lists();
  await dataset.write((tx) => tx.append('e', rowsOf(2000)));
  await dataset.write((tx) => tx.append('e', rowsOf(900)));
  await expect(array.index({ type: 'ivf', metric: 'l2', update: true })).rejects.toMatchObject({
    code: 'InvalidArgument',
  });
  await array.index({ type: 'ivf', update: true });
  expect(await indexOf(dataset)).toMatchObject({ rows: 3900, lists: first, metric: 'cosine' });
  await dataset.write((tx) => tx.append('e', rowsOf(100)));
  await array.index({ type: 'ivf', update: true });
  expect(await indexOf(dataset)).toMatchObject({ rows: 4000, metric: 'cosine', segments: 1 });
  expect(await lists()).toBeGreaterThan(1.5 * first);
  const query = array.nearest(rowsOf(5), { metric: 'cosine' }).limit(20);
  expect(await query.nprobe(1_000_000).precision('f64').toArray()).toEqual(await query.exact().toArray());
  await dataset.close();
});

test('a source that is larger than the segments that are held, in pieces of a few rows', async () => {
  const dataset = await open(path.join(folder, 'source'), { create: true });
  await made(dataset);
  const count = 20_000;
  const { data } = rowsOf(count);
  const bytes = new Uint8Array(data.buffer);
  const rowBytes = 4 * dimensions;
  const source = {
    name: 'rows in memory',
    close: () => Promise.resolve(),
    rows: count,
    type: { dtype: 'float32' as const, rowShape: [dimensions], scalar: false },
    read: async (start: number, end: number, options?: { into?: Uint8Array }) => {
      const rows = bytes.subarray(start * rowBytes, end * rowBytes);
      if (options?.into === undefined) return rows.slice();
      options.into.set(rows);
      return options.into;
    },
  };
  await dataset.write((tx) => tx.appendFrom('e', source), { partitionBytes: 100 * rowBytes });
  expect(await indexOf(dataset)).toMatchObject({ rows: 3000 + count });
  expect(await compare(dataset)).toBe(0);
  // Large and small ones in any order, without waiting for each other.
  await dataset.write(async (tx) => {
    const counts = [45_000, 3, 800, 45_000, 700, 1];
    await Promise.all(counts.map((rows) => tx.append('e', rowsOf(rows))));
  });
  expect(await indexOf(dataset)).toMatchObject({ rows: 3000 + count + 91_504 });
  expect(await compare(dataset)).toBe(0);
  await dataset.close();
});

test('an index that is damaged is not added to, and rows are kept', async () => {
  const uri = path.join(folder, 'damaged');
  const first = await open(uri, { create: true });
  await made(first);
  await first.close();
  const files = readdirSync(path.join(uri, 'indexes'), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => path.join(file.parentPath, file.name))
    .sort((a, b) => statSync(a).size - statSync(b).size);
  const [epoch = ''] = files;
  const bytes = readFileSync(epoch);
  bytes[200] = (bytes[200] ?? 0) ^ 1;
  writeFileSync(epoch, bytes);
  const warnings: NacreError[] = [];
  const dataset = await open(uri, { onWarning: (warning) => warnings.push(warning) });
  await dataset.write((tx) => tx.append('e', rowsOf(2000)));
  expect(warnings).toMatchObject([{ code: 'Corrupt' }]);
  expect(warnings[0]?.message).toContain('not added to');
  expect((await dataset.info()).arrays['e']?.shape).toEqual([5000, dimensions]);
  expect(await indexOf(dataset)).toMatchObject({ rows: 3000 });
  const controller = new AbortController();
  const aborted = dataset.write(
    async (tx) => {
      const appended = tx.append('e', rowsOf(60_000));
      controller.abort();
      await appended;
    },
    { signal: controller.signal },
  );
  await expect(aborted).rejects.toMatchObject({ code: 'Aborted' });
  await dataset.close();
});

test('runs of segments', () => {
  const runs = (rows: readonly number[], fits = 1e9, gaps: readonly number[] = []) => {
    let firstRowId = 0;
    const segments = rows.map((count, i) => {
      firstRowId += gaps[i] ?? 0;
      const segment = { firstRowId, rows: count };
      firstRowId += count;
      return segment;
    });
    return mergeRuns(segments, (count) => count <= fits).map((run) => run.map((one) => one.rows));
  };
  expect(runs([])).toEqual([]);
  expect(runs([100, 1])).toEqual([[100], [1]]);
  expect(runs([100, 1, 1])).toEqual([[100], [1, 1]]);
  expect(runs([100, 3, 1])).toEqual([[100], [3], [1]]);
  expect(runs([100, 3, 2])).toEqual([[100], [3, 2]]);
  expect(runs([100, 40, 11])).toEqual([[100], [40], [11]]);
  expect(runs([1, 100])).toEqual([[1, 100]]);
  expect(runs([100, 40, 20])).toEqual([[100, 40, 20]]);
  expect(runs([100, 100], 150)).toEqual([[100], [100]]);
  expect(runs([1, 1, 1], 9, [0, 1, 0])).toEqual([[1], [1, 1]]);
  // However rows come, what is left falls by more than half from one to the next.
  let segments: number[] = [];
  let moved = 0;
  for (let i = 0; i < 3000; i++) {
    const before = segments.length;
    segments = runs([...segments, 1 + whole(3)]).map((run) => {
      const rows = run.reduce((sum, count) => sum + count, 0);
      if (run.length > 1) moved += rows;
      return rows;
    });
    expect(segments.length).toBeLessThanOrEqual(before + 1);
    expect(segments.length).toBeLessThanOrEqual(9);
  }
  const total = segments.reduce((sum, rows) => sum + rows, 0);
  expect(moved / total).toBeLessThan(14);
});
