// Approximate search by lists: with all lists the answers of exact search, with few about as many of them as
// was measured, and few requests, whatever happens to rows and objects meanwhile.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type Dataset,
  type Hit,
  type Metric,
  type NacreError,
  open,
  type WriteCall,
} from '../../src/index.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';
import { randomFloats, seedOf } from './random.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-ivf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dimensions = 40;
const metrics: readonly Metric[] = ['l2', 'l2sq', 'cosine', 'dot'];
const seed = seedOf('NACRE_SEED');
const random = randomFloats(seed);
const centres = Float32Array.from({ length: 50 * dimensions }, () => 4 * random());

/** Rows around fifty centres. */
function rowsOf(count: number): { data: Float32Array; shape: number[] } {
  const data = new Float32Array(count * dimensions);
  for (let row = 0; row < count; row++) {
    const centre = (row * 7919) % 50;
    for (let i = 0; i < dimensions; i++) {
      data[row * dimensions + i] = (centres[centre * dimensions + i] ?? 0) + random();
    }
  }
  return { data, shape: [count, dimensions] };
}

const allLists = 1_000_000;

/** Every list is looked into: the answer is that of exact search. */
async function compare(dataset: Dataset, metric: Metric, k = 12): Promise<void> {
  const queries = rowsOf(7);
  for (const count of [1, 7]) {
    const vectors = { data: queries.data.subarray(0, count * dimensions), shape: [count, dimensions] };
    const query = dataset.array('e').nearest(vectors, { metric }).limit(k);
    const expected = await query.exact().toArray();
    const found = await query.nprobe(allLists).precision('f64').toArray();
    expect(found, `${metric}, seed ${seed}`).toEqual(expected);
  }
}

/** What a mean of 200 numbers from 0 to 1 is off by once in millions of times, at most. */
function chance(mean: number): number {
  return 5 * Math.sqrt((mean * (1 - mean)) / 200);
}

function recallOf(found: readonly Hit[][], expected: readonly Hit[][]): number {
  const hits = found.map((list, i) => {
    const ids = new Set(expected[i]?.map(({ id }) => id));
    return list.filter(({ id }) => ids.has(id)).length / Math.max(1, ids.size);
  });
  return hits.reduce((sum, one) => sum + one, 0) / hits.length;
}

async function made(dataset: Dataset, rows = 4000, options: WriteCall = {}): Promise<void> {
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
    await tx.append('e', rowsOf(rows), {
      attributes: { label: Array.from({ length: rows }, (_, i) => i % 10) },
    });
  }, options);
}

describe.each(storesUnderTest())('on %s', (name) => {
  test('all lists have the answers of exact search while rows come, change and go', async () => {
    const store = await openTestStore(name);
    const opened = async (cache: string) =>
      openStoreDataset(await store.another(), {
        create: true,
        cacheDir: path.join(folder, `${cache}-${name}`),
      });
    const dataset = await opened('cache');
    await made(dataset);
    for (const metric of metrics) {
      await dataset.array('e').index({ type: 'ivf', metric });
      await compare(dataset, metric);
      // An index of another metric is not used.
      await compare(dataset, metric === 'dot' ? 'l2' : 'dot');
    }
    await dataset.array('e').index({ type: 'ivf', nlist: 20 });
    const rows = Array.from({ length: 40 }, (_, i) => 90 * i);
    await dataset.write((tx) => tx.replace('e', rows, rowsOf(40)));
    await compare(dataset, 'l2');
    await dataset.write((tx) =>
      tx.drop(
        'e',
        Array.from({ length: 300 }, (_, i) => 7 * i + 1),
      ),
    );
    await compare(dataset, 'l2');
    await dataset.write((tx) => tx.append('e', rowsOf(1500)));
    await compare(dataset, 'l2');
    await dataset.array('e').index({ type: 'ivf', update: true });
    await compare(dataset, 'l2');
    const again = await dataset.array('e').index({ type: 'ivf', update: true });
    expect(again.version, 'nothing left').toBe(await dataset.version());
    const other = await opened('cold');
    await compare(other, 'l2');
    await other.close();
    await dataset.close();
    await store.dispose();
  });

  test('a recall that is asked for is reached, by few lists and few round trips', async () => {
    const store = await openTestStore(name);
    const dataset = await openStoreDataset(await store.another(), { create: true, cacheDir: false });
    // So many partitions that they stand in a segment, which is read before rows can be found.
    await made(dataset, 6000, { partitionBytes: 40_000 });
    await dataset.array('e').index({ type: 'ivf' });
    const queries = rowsOf(200);
    const array = dataset.array('e');
    const expected = await array.nearest(queries).exact().toArray();
    for (const recall of [0.5, 0.9, 0.99]) {
      const query = array.nearest(queries).recall(recall);
      const { result, analysis } = await query.precision('f64').analyze();
      expect(recallOf(result, expected), `seed ${seed}`).toBeGreaterThan(recall - chance(recall));
      expect(result.flat().every((hit) => hit.estimated !== true)).toBe(true);
      expect(analysis.rows.scanned).toBe(0);
      const estimated = await query.precision('f8').toArray();
      expect(recallOf(estimated, expected), `estimated, seed ${seed}`).toBeGreaterThan(
        recall - 0.03 - chance(recall),
      );
      expect(estimated.flat().every((hit) => hit.estimated === true)).toBe(true);
    }
    await dataset.close();

    // A process that has seen nothing: the hint; then the look at the newest version, centroids and
    // directories side by side; then the lists.
    const cold = await openStoreDataset(await store.another(), { cacheDir: false });
    const one = cold.array('e').nearest(queries.data.subarray(0, dimensions)).recall(0.9);
    const first = await one.precision('f8').analyze();
    expect(first.analysis.rows.lists).toBeGreaterThan(0);
    expect(first.analysis.rows.coded).toBeLessThan(2000);
    expect(first.analysis.waves).toBeLessThanOrEqual(3);
    expect(first.analysis.requests).toBeLessThanOrEqual(12);
    const second = await one.precision('f8').analyze();
    expect(second.analysis.waves).toBeLessThanOrEqual(1);
    const exact = await one.precision('f64').analyze();
    expect(exact.analysis.waves).toBeLessThanOrEqual(2);
    // Where rows would have to be fetched, scores are estimates unless it is said otherwise.
    const [hit] = await one.toArray();
    expect(hit?.estimated).toBe(name === 'folder' ? undefined : true);
    await cold.close();
    await store.dispose();
  });
});

describe('filters', () => {
  // Labels go along with the centres, parts do not.
  const filters = ['label < 5', 'label = 3', 'part = 7', 'part < 3 and label > 2', 'label is not null'];
  test.each(['folder', 'memory'] as const)('those that keep many, few and none, on %s', async (name) => {
    const uri = name === 'folder' ? path.join(folder, 'filters') : 'memory://filters';
    const dataset = await open(uri, { create: true });
    await made(dataset, 6000);
    const array = dataset.array('e');
    const part = Array.from({ length: 6000 }, (_, i) => (i * 37) % 11);
    await dataset.write((tx) => tx.setAttributes('e', { all: true }, { part }));
    await array.index({ type: 'ivf' });
    const queries = rowsOf(100);
    for (const filter of filters) {
      const query = array.nearest(queries).where(filter);
      const expected = await query.toArray();
      const { result, analysis } = await query.recall(0.95).precision('f64').analyze();
      expect(recallOf(result, expected), `${filter}, seed ${seed}`).toBeGreaterThan(0.85);
      expect(analysis.rows.scanned, filter).toBe(0);
      const all = await query.nprobe(allLists).precision('f64').toArray();
      expect(all, `${filter}, seed ${seed}`).toEqual(expected);
      const estimated = await query.recall(0.95).precision('f8').toArray();
      expect(recallOf(estimated, expected), `${filter}, seed ${seed}`).toBeGreaterThan(0.8);
    }
    const none = array.nearest(queries).where('label = 3 and label = 4').recall(0.95);
    expect((await none.toArray()).flat()).toEqual([]);
    await dataset.close();
  });
});

/** Where it is, and of its index and its rows the files, the largest first. */
async function indexed(name: string): Promise<{ uri: string; objects: string[]; partitions: string[] }> {
  const uri = path.join(folder, name);
  const dataset = await open(uri, { create: true });
  await made(dataset, 2000);
  await dataset.array('e').index({ type: 'ivf' });
  await dataset.close();
  const filesIn = (place: string): string[] => {
    const all = readdirSync(path.join(uri, place), { recursive: true, withFileTypes: true });
    const files = all.filter((file) => file.isFile()).map((file) => path.join(file.parentPath, file.name));
    return files.sort((a, b) => statSync(b).size - statSync(a).size);
  };
  const partitions = filesIn('arrays').filter((file) => file.endsWith('.npy'));
  return { uri, objects: filesIn('indexes'), partitions };
}

function flip(file: string, at: number, step = Number.POSITIVE_INFINITY): void {
  const bytes = readFileSync(file);
  for (let i = at; i < bytes.length; i += step) bytes[i] = (bytes[i] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

describe('an index that is damaged', () => {
  const damages: Readonly<Record<string, (objects: readonly string[]) => void>> = {
    'the directory is flipped': ([lists = '']) => flip(lists, 12),
    'lists are flipped': ([lists = '']) => flip(lists, 1000, 500),
    'lists are cut': ([lists = '']) => writeFileSync(lists, readFileSync(lists).subarray(0, 3000)),
    'lists are gone': ([lists = '']) => rmSync(lists),
    'the epoch is flipped': ([, epoch = '']) => flip(epoch, 200),
    'the epoch is gone': ([, epoch = '']) => rmSync(epoch),
  };
  test.each(Object.entries(damages))('%s: all rows answer, and a warning says so', async (what, damage) => {
    const { uri, objects } = await indexed(what.replaceAll(' ', '-'));
    damage(objects);
    const warnings: NacreError[] = [];
    const dataset = await open(uri, { onWarning: (warning) => warnings.push(warning) });
    for (const precision of ['f64', 'f8'] as const) {
      warnings.length = 0;
      const query = dataset.array('e').nearest(rowsOf(3)).precision(precision);
      const expected = await query.exact().toArray();
      expect(await query.nprobe(allLists).toArray()).toEqual(expected);
      expect(warnings[0]?.code).toBe('Corrupt');
      expect(warnings[0]?.hint).toContain('nacre index');
    }
    await dataset.array('e').index({ type: 'ivf' });
    warnings.length = 0;
    await compare(dataset, 'l2');
    expect(warnings).toEqual([]);
    await dataset.close();
  });
});

describe('one query where all is in memory', () => {
  test('has the answers and the counts of many', async () => {
    const { uri } = await indexed('now');
    const dataset = await open(uri);
    const array = dataset.array('e');
    for (const metric of ['l2', 'l2sq'] as const) {
      const queries = rowsOf(20);
      const query = array.nearest(queries, { metric }).nprobe(5).limit(12);
      const { result, analysis } = await query.analyze();
      let [lists, coded] = [0, 0];
      for (let round = 0; round < 3; round++) {
        [lists, coded] = [0, 0];
        for (const [i, expected] of result.entries()) {
          const vector = queries.data.subarray(i * dimensions, (i + 1) * dimensions);
          const one = await array.nearest(vector, { metric }).nprobe(5).limit(12).analyze();
          expect(one.result, `seed ${seed}`).toEqual(expected);
          expect(one.analysis.rows.scored).toBeGreaterThan(0);
          lists += one.analysis.rows.lists;
          coded += one.analysis.rows.coded;
        }
      }
      expect(coded).toBe(analysis.rows.coded);
      expect(lists).toBe(20 * 5);
    }
    await dataset.close();
  });

  test('believes no list and no row that was changed since', async () => {
    const { uri, objects, partitions } = await indexed('now-damaged');
    const warnings: NacreError[] = [];
    const dataset = await open(uri, { onWarning: (warning) => warnings.push(warning) });
    const query = dataset.array('e').nearest(rowsOf(1).data).nprobe(allLists);
    const expected = await query.exact().toArray();
    for (let round = 0; round < 3; round++) expect(await query.toArray()).toEqual(expected);
    const [lists = ''] = objects;
    const whole = readFileSync(lists);
    flip(lists, 1000, 500);
    expect(await query.toArray()).toEqual(expected);
    expect(warnings.map(({ code }) => code)).toEqual(['Corrupt']);
    writeFileSync(lists, whole);
    for (let round = 0; round < 3; round++) expect(await query.toArray()).toEqual(expected);
    for (const file of partitions) for (let at = 1000; at < statSync(file).size; at += 50) flip(file, at);
    await expect(query.toArray()).rejects.toMatchObject({ code: 'Corrupt' });
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
    const built = await dataset
      .array('r')
      .index({ type: 'ivf', metric })
      .then(
        () => true,
        (error: unknown) => (error as NacreError).code,
      );
    expect(built === true || built === 'InvalidArgument').toBe(true);
    expect(await query.nprobe(allLists).precision('f64').toArray()).toEqual(expected);
  }
  await dataset.close();
});

test('what makes no sense is refused', async () => {
  const dataset = await open(path.join(folder, 'refused'), { create: true });
  await made(dataset, 100);
  const array = dataset.array('e');
  const refused = { code: 'InvalidArgument' };
  for (const recall of [-0.1, 1.1, Number.NaN, '0.9' as unknown as number]) {
    expect(() => array.nearest(rowsOf(1)).recall(recall)).toThrow(expect.objectContaining(refused));
  }
  for (const nprobe of [0, 1.5, -1]) {
    expect(() => array.nearest(rowsOf(1)).nprobe(nprobe)).toThrow(expect.objectContaining(refused));
  }
  for (const nlist of [0, 2.5, 1e9]) {
    await expect(array.index({ type: 'ivf', nlist })).rejects.toMatchObject(refused);
  }
  await expect(array.index({ type: 'ivf', metric: 'kl' })).rejects.toMatchObject(refused);
  await expect(array.index({ type: 'flat' as 'ivf' })).rejects.toMatchObject(refused);
  // Without an index the answer is exact.
  const query = array.nearest(rowsOf(2));
  expect(query.recall(0.5).explain()).toContain('recall of 0.5');
  expect(await query.recall(0.5).toArray()).toEqual(await query.exact().toArray());
  const controller = new AbortController();
  controller.abort();
  await expect(array.index({ type: 'ivf', signal: controller.signal })).rejects.toMatchObject({
    code: 'Aborted',
  });
  expect((await dataset.info()).arrays['e']?.indexes).toEqual([]);
  await array.index({ type: 'ivf' });
  expect((await dataset.info()).arrays['e']?.indexes).toMatchObject([
    { type: 'ivf', rows: 100, metric: 'l2' },
  ]);
  await array.dropIndex({ type: 'ivf' });
  expect((await dataset.info()).arrays['e']?.indexes).toEqual([]);
  await dataset.close();
});
