// Approximate search by graphs: walks that keep all rows have the answers of exact search, others about as
// many of them as was measured, whatever happens to rows and objects meanwhile.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Dataset, type Hit, type Metric, type NacreError, open } from '../../src/index.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';
import { randomFloats, seedOf } from './random.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-hnsw-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dimensions = 32;
const metrics: readonly Metric[] = ['l2', 'l2sq', 'cosine', 'dot'];
const seed = seedOf('NACRE_SEED');
const random = randomFloats(seed);
const centres = Float32Array.from({ length: 40 * dimensions }, () => 3 * random());

function rowsOf(count: number): { data: Float32Array; shape: number[] } {
  const data = new Float32Array(count * dimensions);
  for (let i = 0; i < data.length; i++) {
    const row = Math.floor(i / dimensions);
    data[i] = (centres[((row * 7919) % 40) * dimensions + (i % dimensions)] ?? 0) + random();
  }
  return { data, shape: [count, dimensions] };
}

/** A walk keeps every row. */
const all = 100_000;

async function compare(dataset: Dataset, metric: Metric, k = 12): Promise<number> {
  const queries = rowsOf(9);
  let scanned = 0;
  for (const count of [1, 9]) {
    const vectors = { data: queries.data.subarray(0, count * dimensions), shape: [count, dimensions] };
    const query = dataset.array('e').nearest(vectors, { metric }).limit(k);
    const expected = await query.exact().toArray();
    const { result, analysis } = await query.ef(all).precision('f64').analyze();
    expect(result, `${metric}, seed ${seed}`).toEqual(expected);
    scanned = analysis.rows.scanned;
  }
  return scanned;
}

function recallOf(found: readonly Hit[][], expected: readonly Hit[][]): number {
  const hits = found.map((list, i) => {
    const ids = new Set(expected[i]?.map(({ id }) => id));
    return list.filter(({ id }) => ids.has(id)).length / Math.max(1, ids.size);
  });
  return hits.reduce((sum, one) => sum + one, 0) / hits.length;
}

/** What a mean of 200 numbers from 0 to 1 is off by once in millions of times, at most. */
function chance(mean: number): number {
  return 5 * Math.sqrt((mean * (1 - mean)) / 200);
}

async function made(dataset: Dataset, rows = 3000): Promise<void> {
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
    await tx.append('e', rowsOf(rows), {
      attributes: { label: Array.from({ length: rows }, (_, i) => (i * 37) % 100) },
    });
  });
}

async function indexOf(dataset: Dataset) {
  return (await dataset.info()).arrays['e']?.indexes.find(({ type }) => type === 'hnsw');
}

describe.each(storesUnderTest())('on %s', (name) => {
  test('walks that keep all rows answer exactly while rows come, change and go', async () => {
    const store = await openTestStore(name);
    const opened = async (cache: string) =>
      openStoreDataset(await store.another(), {
        create: true,
        cacheDir: path.join(folder, `${cache}-${name}`),
      });
    const dataset = await opened('cache');
    await made(dataset);
    const array = dataset.array('e');
    for (const metric of metrics) {
      await array.index({ type: 'hnsw', metric, m: 8, efConstruction: 60 });
      expect(await compare(dataset, metric)).toBe(0);
      // By another metric the answer is exact.
      expect(await compare(dataset, metric === 'dot' ? 'l2' : 'dot')).toBeGreaterThan(0);
    }
    await array.index({ type: 'hnsw', m: 8, efConstruction: 60 });
    await dataset.write((tx) => tx.replace('e', [5, 1000, 2999], rowsOf(3)));
    expect(await compare(dataset, 'l2')).toBe(3);
    const gone = Array.from({ length: 300 }, (_, i) => 7 * i + 1);
    await dataset.write((tx) => tx.drop('e', gone));
    await compare(dataset, 'l2');
    await dataset.write((tx) => tx.append('e', rowsOf(200)));
    expect(await compare(dataset, 'l2')).toBe(203);
    await array.index({ type: 'hnsw', update: true });
    expect(await indexOf(dataset)).toMatchObject({ rows: 3200, segments: 2, m: 8, efConstruction: 60 });
    expect(await compare(dataset, 'l2')).toBe(3);
    for (let i = 0; i < 6; i++) {
      await dataset.write((tx) => tx.append('e', rowsOf(150)));
      await array.index({ type: 'hnsw', update: true });
    }
    expect((await indexOf(dataset))?.segments).toBeLessThanOrEqual(4);
    expect(await compare(dataset, 'l2')).toBe(3);
    const version = await dataset.version();
    expect((await array.index({ type: 'hnsw', update: true })).version, 'nothing left').toBe(version);
    await expect(array.index({ type: 'hnsw', update: true, metric: 'dot' })).rejects.toMatchObject({
      code: 'InvalidArgument',
    });
    const other = await opened('cold');
    expect(await compare(other, 'l2')).toBe(3);
    await other.close();
    await array.dropIndex({ type: 'hnsw' });
    expect(await indexOf(dataset)).toBeUndefined();
    await dataset.close();
    await store.dispose();
  });

  test('a recall that is asked for is reached, and scores are exact where rows are at hand', async () => {
    const store = await openTestStore(name);
    const cacheDir = path.join(folder, `recall-${name}`);
    const dataset = await openStoreDataset(await store.another(), { create: true, cacheDir });
    await made(dataset, 6000);
    await dataset.array('e').index({ type: 'hnsw', m: 8, efConstruction: 80 });
    const index = await indexOf(dataset);
    expect(index).toMatchObject({ type: 'hnsw', rows: 6000, metric: 'l2', segments: 1 });
    expect(index?.ef?.[0.9]).toBeLessThanOrEqual(index?.ef?.[0.99] ?? 0);
    const queries = rowsOf(200);
    const array = dataset.array('e');
    const expected = await array.nearest(queries).exact().toArray();
    for (const recall of [0.5, 0.9, 0.99]) {
      const query = array.nearest(queries).recall(recall);
      const { result, analysis } = await query.precision('f64').analyze();
      expect(recallOf(result, expected), `seed ${seed}`).toBeGreaterThan(recall - chance(recall) - 0.01);
      expect(result.flat().every((hit) => hit.estimated !== true)).toBe(true);
      expect(analysis.rows).toMatchObject({ scanned: 0, lists: 0 });
      expect(analysis.rows.coded / 200).toBeLessThan(3000);
    }
    const estimated = await array.nearest(queries).recall(0.99).precision('f8').toArray();
    expect(recallOf(estimated, expected), `seed ${seed}`).toBeGreaterThan(0.9);
    expect(estimated.flat().every((hit) => hit.estimated === true)).toBe(true);
    const [one] = await array.nearest(queries.data.subarray(0, dimensions)).recall(0.9).toArray();
    expect(one?.estimated).toBe(name === 'folder' ? undefined : true);
    // A filter that keeps many, few, very few and none.
    for (const filter of ['label < 50', 'label < 10', 'label = 7', 'label > 100']) {
      const query = array.nearest(queries).where(filter);
      const filtered = await query.exact().toArray();
      const found = await query.recall(0.95).precision('f64').toArray();
      if (filter === 'label > 100') expect(found.flat()).toEqual([]);
      else expect(recallOf(found, filtered), `${filter}, seed ${seed}`).toBeGreaterThan(0.9);
    }
    expect(array.nearest(queries).ef(50).explain()).toContain('graphs of an hnsw index that keep 50 rows');
    await dataset.close();
    await store.dispose();
  });
});

test('graphs stand beside lists, which answer what is asked of them', async () => {
  const dataset = await open(path.join(folder, 'both'), { create: true });
  await made(dataset);
  const array = dataset.array('e');
  await array.index({ type: 'hnsw', m: 8, efConstruction: 60 });
  await array.index({ type: 'ivf', nlist: 20 });
  const listsOf = async (query: ReturnType<typeof array.nearest>) =>
    (await query.analyze()).analysis.rows.lists;
  const query = array.nearest(rowsOf(3));
  expect(await listsOf(query.nprobe(2))).toBeGreaterThan(0);
  expect(await listsOf(query.recall(0.9))).toBe(0);
  expect(await listsOf(query.ef(20))).toBe(0);
  // Of a bucket graphs are at hand once they are in the cache; until then lists cost less.
  const bucket = await open('memory://graphs-in-a-cache', {
    create: true,
    cacheDir: path.join(folder, 'graphs-in-a-cache'),
  });
  await made(bucket);
  const there = bucket.array('e');
  await there.index({ type: 'hnsw', m: 8, efConstruction: 60 });
  await there.index({ type: 'ivf', nlist: 20 });
  const asked = there.nearest(rowsOf(3));
  expect(await listsOf(asked.recall(0.9))).toBeGreaterThan(0);
  expect(await listsOf(asked.ef(20))).toBe(0);
  expect(await listsOf(asked.recall(0.9))).toBe(0);
  await bucket.close();
  // Without a cache nothing of a bucket is at hand.
  const memory = await open('memory://graphs-and-lists', { create: true, cacheDir: false });
  await made(memory);
  await memory.array('e').index({ type: 'hnsw', m: 8, efConstruction: 60 });
  const far = memory.array('e').nearest(rowsOf(3));
  expect(await far.recall(0.5).toArray()).toEqual(await far.exact().toArray());
  await memory.close();
  await dataset.close();
});

describe('an index that is damaged', () => {
  const flip = (file: string, at: number): void => {
    const bytes = readFileSync(file);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  };
  const damages: Readonly<Record<string, (objects: readonly string[]) => void>> = {
    'the head is flipped': ([graph = '']) => flip(graph, 12),
    'a node is flipped': ([graph = '']) => flip(graph, 10_000),
    'the graph is cut': ([graph = '']) => writeFileSync(graph, readFileSync(graph).subarray(0, 9000)),
    'the graph is gone': ([graph = '']) => rmSync(graph),
    'the epoch is flipped': ([, epoch = '']) => flip(epoch, 60),
  };
  test.each(Object.entries(damages))('%s: all rows answer, and a warning says so', async (what, damage) => {
    const uri = path.join(folder, what.replaceAll(' ', '-'));
    const first = await open(uri, { create: true });
    await made(first, 1500);
    await first.array('e').index({ type: 'hnsw', m: 8, efConstruction: 60 });
    await first.close();
    const objects = readdirSync(path.join(uri, 'indexes'), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => path.join(file.parentPath, file.name))
      .sort((a, b) => statSync(b).size - statSync(a).size);
    damage(objects);
    const warnings: NacreError[] = [];
    const dataset = await open(uri, { onWarning: (warning) => warnings.push(warning) });
    const query = dataset.array('e').nearest(rowsOf(3));
    expect(await query.ef(50).toArray()).toEqual(await query.exact().toArray());
    expect(warnings[0]?.code).toBe('Corrupt');
    expect(warnings[0]?.hint).toContain('nacre index');
    await dataset.array('e').index({ type: 'hnsw', m: 8 });
    warnings.length = 0;
    await compare(dataset, 'l2');
    expect(warnings).toEqual([]);
    await dataset.close();
  });
});

const odd: readonly [string, Float32Array | Float64Array | Uint8Array][] = [
  [
    'NaN and infinities',
    Float32Array.from({ length: 2400 }, (_, i) => [Number.NaN, 1, Infinity][i % 3] ?? 0),
  ],
  ['all alike', new Float32Array(2400).fill(0.1)],
  ['zeros', new Float64Array(2400)],
  ['bytes', Uint8Array.from({ length: 2400 }, (_, i) => (i * 37) % 256)],
  ['a large offset', Float32Array.from({ length: 2400 }, () => 1e4 + random())],
  ['tiny numbers', Float32Array.from({ length: 2400 }, () => 1e-30 * random())],
  ['one row', Float32Array.from({ length: 8 }, random)],
];
test.each(odd)('rows of %s are found as without an index', async (name, data) => {
  const dataset = await open(path.join(folder, `odd ${name}`), { create: true, memoryBytes: 1 << 20 });
  const dtype = data instanceof Uint8Array ? 'uint8' : data instanceof Float64Array ? 'float64' : 'float32';
  await dataset.write(async (tx) => {
    await tx.create('r', { dtype, rowShape: [8] });
    await tx.append('r', { data, shape: [data.length / 8, 8] });
  });
  const queries = { data: Float64Array.from({ length: 3 * 8 }, random), shape: [3, 8] };
  for (const metric of metrics) {
    const query = dataset.array('r').nearest(queries, { metric }).limit(400);
    const expected = await query.exact().toArray();
    await dataset.array('r').index({ type: 'hnsw', metric, m: 4, efConstruction: 20 });
    expect(await query.ef(all).precision('f64').toArray(), `${metric}, seed ${seed}`).toEqual(expected);
  }
  await dataset.close();
});

test('what makes no sense is refused, and a build stops', async () => {
  const dataset = await open(path.join(folder, 'refused'), { create: true, memoryBytes: 2 ** 22 });
  await made(dataset, 200);
  const array = dataset.array('e');
  const refused = { code: 'InvalidArgument' };
  for (const ef of [0, 1.5, -1]) {
    expect(() => array.nearest(rowsOf(1)).ef(ef)).toThrow(expect.objectContaining(refused));
  }
  for (const how of [{ m: 1 }, { m: 2.5 }, { m: 1000 }, { efConstruction: 0 }, { metric: 'kl' as const }]) {
    await expect(array.index({ type: 'hnsw', ...how })).rejects.toMatchObject(refused);
  }
  const controller = new AbortController();
  controller.abort();
  await expect(array.index({ type: 'hnsw', signal: controller.signal })).rejects.toMatchObject({
    code: 'Aborted',
  });
  const later = new AbortController();
  await dataset.write((tx) => tx.append('e', rowsOf(5000)));
  const aborted = array.index({ type: 'hnsw', signal: later.signal, onProgress: () => later.abort() });
  await expect(aborted).rejects.toMatchObject({ code: 'Aborted' });
  expect(await indexOf(dataset)).toBeUndefined();
  await dataset.write((tx) => tx.append('e', rowsOf(20_000)));
  await expect(array.index({ type: 'hnsw' })).rejects.toMatchObject({ code: 'ResourceExhausted' });
  await dataset.close();
});
