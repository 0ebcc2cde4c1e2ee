// Levels of precision: what is an estimate says so and is near the score, what is none is exact; and the rows
// of an answer are live ones, whatever happens to them and to the index.
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openStoreDataset } from '../../src/dataset/open.js';
import {
  type Dataset,
  type Hit,
  type Metric,
  type NacreError,
  open,
  type Precision,
} from '../../src/index.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { World } from '../dataset/world.js';
import { FakeRuntime } from '../support/fake-runtime.js';
import { recording, Trace } from '../support/recording-store.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';
import { randomFloats, seedOf } from './random.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-precision-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dimensions = 48;
const limit = 12;
const metrics: readonly Metric[] = ['l2', 'l2sq', 'cosine', 'dot'];
const estimating = ['f8', 'bit'] as const;
const seed = seedOf('NACRE_SEED');
const numbers = randomFloats(seed);

function rowsOf(count: number): { data: Float32Array; shape: number[] } {
  return { data: Float32Array.from({ length: count * dimensions }, numbers), shape: [count, dimensions] };
}

describe('what is refused', () => {
  test('a level that is none, by its name and with those that there are', async () => {
    const dataset = await open(path.join(folder, 'refused'), { create: true });
    const query = dataset.array('e').nearest([1]);
    for (const level of ['F8', '', 'f4', 'exact', '__proto__', 8, undefined, null]) {
      const call = (): unknown => query.precision(level as Precision);
      expect(call, String(level)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
      expect(call, String(level)).toThrow(
        expect.objectContaining({ hint: expect.stringContaining('f64, f32, f16, f8, bit') }),
      );
    }
    await dataset.close();
  });

  test('bits that are to be added to an index without, with what to do', async () => {
    const { uri } = await indexed('without-bits');
    const dataset = await open(uri);
    await dataset.write((tx) => tx.append('e', rowsOf(10)));
    const array = dataset.array('e');
    await expect(array.index({ type: 'exact', update: true, bits: true })).rejects.toMatchObject({
      code: 'InvalidArgument',
      hint: expect.stringContaining('--bits'),
    });
    await array.index({ type: 'exact', bits: true });
    await dataset.close();
  });

  test('a certificate of scores that may be estimates, with what to do', async () => {
    const dataset = await open(path.join(folder, 'certified'), { create: true });
    await dataset.write(async (tx) => {
      await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
      await tx.append('e', rowsOf(20));
    });
    const query = dataset.array('e').nearest(rowsOf(1).data);
    for (const level of ['f8', 'bit'] as const)
      await expect(query.precision(level).certify()).rejects.toMatchObject({
        code: 'InvalidArgument',
        hint: expect.stringContaining("'f64'"),
      });
    for (const level of ['f16', 'f32', 'f64'] as const)
      expect((await query.precision(level).certify()).claims.k).toBe(10);
    const exactly = dataset.array('e').nearest(rowsOf(1).data, { metric: 'kl' }).precision('f8');
    expect((await exactly.certify()).claims.metric, 'a metric without codes').toBe('kl');
    await dataset.close();
  });
});

test('a level makes another query, says what it reads, and exact() takes it back', async () => {
  const dataset = await open(path.join(folder, 'explained'), { create: true });
  const query = dataset.array('e').nearest([1, 2]);
  const before = query.explain();
  const explained = (level: Precision) => query.precision(level).explain();
  expect(explained('f64')).toBe(before);
  expect(explained('f32')).toContain('f32, answered exactly');
  expect(explained('f16')).toContain('f16, answered exactly');
  expect(explained('f8')).toContain('f8, estimated: the 8-bit codes of an index, and no rows');
  expect(explained('bit')).toContain('bit, estimated: the bits of an index, else its 8-bit codes (f8)');
  expect(query.precision('f8').exact().explain()).toBe(before);
  expect(query.explain()).toBe(before);
  const other = dataset.array('e').nearest([1, 2], { metric: 'hamming' });
  expect(other.precision('bit').explain()).toContain('bit, answered exactly: every partition');
  await dataset.close();
});

/** How near an estimate is to its score at least, of rows as these tests have them. */
const tolerance: Readonly<Record<string, number>> = { f8: 0.02, bit: 0.7 };
/** Hits of the exact answer that are found, at least. */
const recall: Readonly<Record<string, number>> = { f8: 0.9, bit: 0.15 };

/**
 * Compares the levels with the exact answer of an array that never gets an index: hits are live rows, in
 * order; those of `covered` rows are estimates near their scores, the others exact. Without bits `bit` is
 * `f8`.
 */
async function compare(dataset: Dataset, hasBits: boolean, covered: (id: number) => boolean): Promise<void> {
  const [rows = 0] = await dataset.array('plain').shape();
  const found: Record<string, number[]> = { f8: [], bit: [] };
  for (const [metric, count] of metrics.flatMap((name) =>
    [1, 6].map((queries) => [name, queries] as const),
  )) {
    const { data } = rowsOf(count);
    const vectors = { data, shape: [count, dimensions] };
    const all = await dataset.array('plain').nearest(vectors, { metric }).limit(rows).toArray();
    const query = dataset.array('e').nearest(vectors, { metric }).limit(limit);
    const what = (level: string) => `${metric}, ${count} queries, ${level}, seed ${seed}`;
    const exact = all.map((hits) => hits.slice(0, limit));
    for (const level of ['f64', 'f32', 'f16'] as const)
      expect(await query.precision(level).toArray(), what(level)).toEqual(exact);
    const byCodes = await query.precision('f8').toArray();
    if (!hasBits) expect(await query.precision('bit').toArray(), what('bit')).toEqual(byCodes);
    for (const level of hasBits ? estimating : (['f8'] as const)) {
      const lists = level === 'f8' ? byCodes : await query.precision(level).toArray();
      for (const [q, hits] of lists.entries()) {
        expect(hits).toHaveLength(limit);
        expect(new Set(hits.map(({ id }) => id)).size).toBe(limit);
        inOrder(hits, metric, what(level));
        const scores = new Map(all[q]?.map((hit) => [hit.id, hit]));
        found[level]?.push(hits.filter(({ id }) => exact[q]?.some((hit) => hit.id === id)).length / limit);
        for (const hit of hits) {
          const truth = scores.get(hit.id);
          if (truth === undefined) throw new Error(`${what(level)}: row ${hit.id} is not live`);
          if (!covered(hit.id)) {
            expect(hit, what(level)).toEqual(truth);
            continue;
          }
          expect(hit, what(level)).toMatchObject({ row: truth.row, estimated: true });
          const scale = metric === 'cosine' ? 1 : dimensions;
          const room = (tolerance[level] ?? 0) * (scale + Math.abs(truth.score));
          expect(Math.abs(hit.score - truth.score), what(level)).toBeLessThan(room);
        }
      }
    }
  }
  for (const [level, parts] of Object.entries(found)) {
    if (parts.length === 0) continue;
    const mean = parts.reduce((sum, part) => sum + part, 0) / parts.length;
    expect(mean, `recall of ${level}, seed ${seed}`).toBeGreaterThan(recall[level] ?? 1);
  }
}

function inOrder(hits: readonly Hit[], metric: Metric, what: string): void {
  const sign = metric === 'cosine' || metric === 'dot' ? -1 : 1;
  for (const [i, hit] of hits.entries()) {
    const before = hits[i - 1];
    if (before === undefined) continue;
    const byScore = sign * (hit.score - before.score);
    expect(byScore > 0 || (byScore === 0 && hit.id > before.id), what).toBe(true);
  }
}

/** The same rows under another array, which never gets an index. */
async function twice(
  dataset: Dataset,
  work: (name: string) => Parameters<Dataset['write']>[0],
): Promise<void> {
  for (const name of ['e', 'plain']) await dataset.write(work(name));
}

const cases = storesUnderTest().flatMap((name) => [[name, 'codes'] as const, [name, 'bits'] as const]);
describe.each(cases)('on %s, with %s', (name, kind) => {
  const bits = kind === 'bits';
  test('answers are right about every hit while rows come, change and go', async () => {
    const store = await openTestStore(name);
    const opened = async (cacheDir: string) =>
      openStoreDataset(await store.another(), {
        create: true,
        cacheDir: path.join(folder, `${cacheDir}-${name}-${kind}`),
      });
    const dataset = await opened('cache');
    await twice(dataset, (array) => (tx) => tx.create(array, { dtype: 'float32', rowShape: [dimensions] }));
    const first = rowsOf(3000);
    await twice(dataset, (array) => (tx) => tx.append(array, first));
    await compare(dataset, false, () => false);
    await dataset.array('e').index({ type: 'exact', bits });
    await compare(dataset, bits, () => true);

    const changed = rowsOf(40);
    const rows = Array.from({ length: 40 }, (_, i) => 70 * i);
    await twice(dataset, (array) => (tx) => tx.replace(array, rows, changed));
    const gone = Array.from({ length: 300 }, (_, i) => 7 * i + 1);
    await twice(dataset, (array) => (tx) => tx.drop(array, gone));
    // So few are not coded while they are appended.
    const more = rowsOf(1000);
    await twice(dataset, (array) => (tx) => tx.append(array, more));
    const replaced = new Set(rows);
    await compare(dataset, bits, (id) => id < 3000 && !replaced.has(id));
    await dataset.array('e').index({ type: 'exact', update: true });
    await compare(dataset, bits, (id) => !replaced.has(id));

    const other = await opened('cold');
    await compare(other, bits, (id) => !replaced.has(id));
    await other.close();
    // Lists with bits and a list without.
    const last = rowsOf(1020);
    await twice(dataset, (array) => (tx) => tx.append(array, last));
    await dataset.array('e').index({ type: 'exact', update: true, bits: false });
    await compare(dataset, bits, (id) => !replaced.has(id));
    await dataset.array('e').index({ type: 'exact' });
    await compare(dataset, false, (id) => !replaced.has(id));
    await dataset.close();
    await store.dispose();
  });
});

test('estimates read no row, and exact answers few', async () => {
  const runtime = new FakeRuntime({ seed: 7 });
  const inner = () => new MemoryStore('estimates', runtime);
  const writer = await openStoreDataset(inner(), { create: true, cacheDir: false });
  await writer.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
    await tx.append('e', rowsOf(4000));
  });
  await writer.array('e').index({ type: 'exact', bits: true });
  await writer.close();
  const query = rowsOf(1).data;
  const read: Record<string, string[]> = {};
  const bytes: Record<string, number> = {};
  for (const level of ['f64', ...estimating] as const) {
    const trace = new Trace();
    const dataset = await openStoreDataset(recording(inner(), trace), { cacheDir: false });
    await dataset.array('e').nearest(query).precision(level).toArray();
    read[level] = trace.entries.map(({ key }) => key.split('/')[0] ?? '');
    const ofIndex = trace.entries.filter(({ key }) => key.startsWith('indexes/'));
    bytes[level] = ofIndex.reduce((sum, entry) => sum + entry.bytes, 0);
    await dataset.close();
  }
  expect(read['f64']).toContain('arrays');
  for (const level of estimating) {
    expect(read[level], level).not.toContain('arrays');
    expect(read[level], level).toContain('indexes');
  }
  // Of 64 coordinates of a row: 92 bytes of codes, 24 of bits.
  expect(bytes['f8']).toBe(bytes['f64']);
  expect((bytes['f8'] ?? 0) - (bytes['bit'] ?? 0)).toBe(4000 * (92 - 24));
});

test('an index that is built anew, or goes with its array, takes its bits with it', async () => {
  const world = new World();
  const { dataset } = await world.open();
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
    await tx.append('e', rowsOf(500));
  });
  const objects = async (): Promise<number> => {
    const { root } = await world.head();
    return (root.objects?.objects ?? []).filter(({ id }) => id.byteLength > 0).length;
  };
  await dataset.array('e').index({ type: 'exact', bits: true });
  expect(await objects(), 'rows, epoch, codes, bits').toBe(4);
  await dataset.array('e').index({ type: 'exact', bits: true });
  expect(await objects()).toBe(4);
  await dataset.array('e').index({ type: 'exact' });
  expect(await objects()).toBe(3);
  await dataset.array('e').index({ type: 'exact', bits: true });
  await dataset.write((tx) => tx.dropArray('e'));
  expect(await objects()).toBe(0);
  await world.close();
});

test('lists that are scanned window by window give the same estimates', async () => {
  const place = path.join(folder, 'windows');
  const rows = 2 ** 16;
  const data = Uint8Array.from(
    { length: rows * dimensions },
    (_, i) => (Math.imul(i, 2654435761) >>> 9) % 256,
  );
  const writer = await open(place, { create: true });
  await writer.write(async (tx) => {
    await tx.create('e', { dtype: 'uint8', rowShape: [dimensions] });
    await tx.append('e', { data, shape: [rows, dimensions] });
  });
  await writer.array('e').index({ type: 'exact', bits: true });
  const query = Float64Array.from({ length: dimensions }, (_, i) => 5 * i);
  // Codes and bits are of more bytes than the smallest window.
  const narrow = await open(place, { memoryBytes: 4096 });
  for (const level of estimating) {
    const ask = (dataset: Dataset) => dataset.array('e').nearest(query).precision(level).toArray();
    const expected = await ask(writer);
    expect(expected.map(({ estimated }) => estimated)).toEqual(Array.from({ length: 10 }, () => true));
    expect(await ask(narrow), level).toEqual(expected);
  }
  await narrow.close();
  await writer.close();
});

test('a signal ends a search by estimates', async () => {
  const { uri } = await indexed('aborted', true);
  const dataset = await open(uri);
  for (const level of estimating) {
    const query = dataset.array('e').nearest(rowsOf(1).data).precision(level);
    await expect(query.toArray({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'Aborted' });
  }
  await dataset.close();
});

test('metrics without codes, and queries beyond them, are answered exactly at every level', async () => {
  const dataset = await open(path.join(folder, 'exactly'), { create: true });
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
    await tx.append('e', rowsOf(2000));
  });
  await dataset.array('e').index({ type: 'exact', bits: true });
  const asked: readonly [Metric, Float64Array][] = [
    ['hamming', Float64Array.from(rowsOf(1).data)],
    ['kl', Float64Array.from(rowsOf(1).data)],
    ['l2', new Float64Array(dimensions).fill(1e200)],
    ['dot', new Float64Array(dimensions).fill(Number.NaN)],
  ];
  for (const [metric, query] of asked) {
    const nearest = dataset.array('e').nearest(query, { metric });
    const exact = await nearest.toArray();
    for (const level of ['f8', 'bit'] as const)
      expect(await nearest.precision(level).toArray(), `${metric} ${level}`).toEqual(exact);
  }
  await dataset.close();
});

test('rows without a code are scored exactly, and rank among the estimates', async () => {
  const dataset = await open(path.join(folder, 'odd'), { create: true });
  const { data, shape } = rowsOf(2000);
  data.fill(Number.NaN, 0, dimensions);
  data.fill(1e30, dimensions, 2 * dimensions);
  data.fill(Number.POSITIVE_INFINITY, 2 * dimensions, 3 * dimensions);
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
    await tx.append('e', { data, shape });
  });
  await dataset.array('e').index({ type: 'exact', bits: true });
  const query = new Float64Array(dimensions).fill(0.5);
  for (const level of estimating) {
    const hits = await dataset.array('e').nearest(query, { metric: 'dot' }).precision(level).toArray();
    expect(hits.slice(0, 2)).toEqual([
      { row: 2, id: 2, score: Infinity },
      { row: 1, id: 1, score: 0.5 * dimensions * Math.fround(1e30) },
    ]);
    expect(hits.slice(2).every(({ estimated }) => estimated === true)).toBe(true);
    const all = await dataset.array('e').nearest(query).precision(level).limit(2000).toArray();
    expect(all).toHaveLength(2000);
    expect(all.at(-1)).toEqual({ row: 0, id: 0, score: Number.NaN });
  }
  await dataset.close();
});

/** A folder with 2,000 indexed rows, and its index objects from the largest on: codes, bits, epoch. */
async function indexed(name: string, bits = false): Promise<{ uri: string; objects: string[] }> {
  const uri = path.join(folder, name);
  const dataset = await open(uri, { create: true });
  const rows = rowsOf(2000);
  await twice(dataset, (array) => async (tx) => {
    await tx.create(array, { dtype: 'float32', rowShape: [dimensions] });
    await tx.append(array, rows);
  });
  await dataset.array('e').index({ type: 'exact', bits });
  await dataset.close();
  const files = readdirSync(path.join(uri, 'indexes'), { recursive: true, withFileTypes: true });
  const objects = files.filter((file) => file.isFile()).map((file) => path.join(file.parentPath, file.name));
  return { uri, objects: objects.sort((a, b) => statSync(b).size - statSync(a).size) };
}

describe('an index that is damaged', () => {
  const damages: Readonly<Record<string, (object: string) => void>> = {
    flipped: (object) => writeFileSync(object, Buffer.alloc(statSync(object).size, 7)),
    cut: (object) => truncateSync(object, 100),
    gone: (object) => rmSync(object),
  };
  const ways = estimating.flatMap((level) => Object.keys(damages).map((what) => [level, what] as const));
  test.each(ways)(
    'for %s, %s: the exact scan answers, and a warning names the object',
    async (level, what) => {
      const { uri, objects } = await indexed(`${level}-${what}`, true);
      damages[what]?.(objects[level === 'f8' ? 0 : 1] ?? '');
      const warnings: NacreError[] = [];
      const dataset = await open(uri, { onWarning: (warning) => warnings.push(warning) });
      const query = rowsOf(1).data;
      const exact = await dataset.array('plain').nearest(query).toArray();
      expect(await dataset.array('e').nearest(query).precision(level).toArray()).toEqual(exact);
      expect(warnings[0]).toMatchObject({ code: 'Corrupt', hint: expect.stringContaining('nacre index') });
      expect(warnings[0]?.message).toContain('indexes/');
      // The other object serves its level as before.
      warnings.length = 0;
      const served = level === 'f8' ? 'bit' : 'f8';
      const other = await dataset.array('e').nearest(query).precision(served).toArray();
      expect([other[0]?.estimated, warnings]).toEqual([true, []]);
      await dataset.close();
    },
  );
});
