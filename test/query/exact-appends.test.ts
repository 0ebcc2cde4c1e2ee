// Rows that are appended to an array with codes of exact search: coded from the commit on, in few lists,
// whoever else writes meanwhile, and answers are those of the rows.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Dataset, type Metric, type NacreError, open } from '../../src/index.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { decodeRoot } from '../../src/manifest/root.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { functions } from '../manifest/drafts.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';
import { recording, Trace } from '../support/recording-store.js';
import { seededRandom } from '../support/fake-runtime.js';
import { randomFloats, seedOf } from './random.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-exact-appends-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dimensions = 24;
const metrics: readonly Metric[] = ['l2', 'cosine', 'dot'];
const seed = seedOf('NACRE_SEED');
const numbers = randomFloats(seed);

function rowsOf(count: number): { data: Float32Array; shape: number[] } {
  return { data: Float32Array.from({ length: count * dimensions }, numbers), shape: [count, dimensions] };
}

async function made(dataset: Dataset, { rows = 3000, bits = false } = {}): Promise<void> {
  await dataset.write(async (tx) => {
    const first = rowsOf(rows);
    for (const name of ['e', 'plain']) {
      await tx.create(name, { dtype: 'float32', rowShape: [dimensions] });
      await tx.append(name, first);
    }
  });
  await dataset.array('e').index({ type: 'exact', bits });
}

type Work = (name: string) => Parameters<Dataset['write']>[0];

/** The same to an array that never gets an index. */
async function twice(dataset: Dataset, work: Work): Promise<void> {
  for (const name of ['e', 'plain']) await dataset.write(work(name));
}

async function append(dataset: Dataset, count: number): Promise<void> {
  const rows = rowsOf(count);
  await twice(dataset, (name) => (tx) => tx.append(name, rows));
}

/** Answers are those without an index; how many rows were scanned as they are. */
async function compare(dataset: Dataset): Promise<number> {
  const queries = rowsOf(5);
  let scanned = 0;
  for (const metric of metrics) {
    const nearest = (name: string) => dataset.array(name).nearest(queries, { metric }).exact().limit(20);
    const expected = await nearest('plain').toArray();
    const { result, analysis } = await nearest('e').analyze();
    expect(result, `${metric}, seed ${seed}`).toEqual(expected);
    scanned = analysis.rows.scanned;
  }
  return scanned;
}

async function indexOf(dataset: Dataset, type = 'exact') {
  return (await dataset.info()).arrays['e']?.indexes.find((index) => index.type === type);
}

describe.each(storesUnderTest())('on %s', (name) => {
  test('rows are coded from the commit on, in lists that stay few', async () => {
    const store = await openTestStore(name);
    const dataset = await openStoreDataset(await store.another(), { create: true, cacheDir: false });
    await made(dataset);
    await append(dataset, 1500);
    expect(await indexOf(dataset)).toMatchObject({ rows: 4500, segments: 2 });
    expect(await compare(dataset)).toBe(0);
    // Few rows are left as they are; those of one transaction count together.
    await append(dataset, 500);
    expect(await indexOf(dataset)).toMatchObject({ rows: 4500 });
    expect(await compare(dataset)).toBe(500);
    const pieces = [400, 0, 400, 399].map(rowsOf);
    const changed = rowsOf(2);
    await twice(dataset, (array) => async (tx) => {
      for (const rows of pieces) await tx.append(array, rows);
      await tx.drop(array, [4800, 5300, 5301]);
      // Row 5400 is of this very write, and coded as it is in the end; row 10 is not.
      await tx.replace(array, [5400, 10], changed);
    });
    expect(await indexOf(dataset)).toMatchObject({ rows: 5699 });
    expect(await compare(dataset)).toBe(501);
    await dataset.array('e').index({ type: 'exact', update: true });
    expect(await indexOf(dataset)).toMatchObject({ rows: 6199 });
    expect(await compare(dataset)).toBe(1);
    for (let i = 0; i < 15; i++) await append(dataset, 1024 + i);
    const index = await indexOf(dataset);
    expect(index).toMatchObject({ rows: 6199 + 15 * 1024 + 105 });
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
    const scanned = async (dataset: Dataset): Promise<number> => {
      const query = dataset.array('e').nearest(rowsOf(2)).exact().limit(20);
      const { result, analysis } = await query.analyze();
      expect(result.flat().every((hit) => hit.estimated !== true)).toBe(true);
      return analysis.rows.scanned;
    };
    // Each of both merges the same lists in some of the rounds.
    for (let round = 0; round < 5; round++) {
      await Promise.all([one, other].map((dataset) => dataset.write((tx) => tx.append('e', rowsOf(1100)))));
      rows += 2200;
      await Promise.all([one.refresh(), other.refresh()]);
      expect(await indexOf(one)).toMatchObject({ rows });
      expect([await scanned(one), await scanned(other)]).toEqual([0, 0]);
    }
    expect((await indexOf(one))?.segments).toBeLessThanOrEqual(6);
    await one.write(async (tx) => {
      await tx.append('e', rowsOf(1100));
      await other.array('e').index({ type: 'exact' });
    });
    expect(await indexOf(one), 'those of the older epoch are none of the newer').toMatchObject({ rows });
    expect(await scanned(one)).toBe(1100);
    // Who adds what is not covered yet, and who appends.
    await other.write((tx) => tx.append('e', rowsOf(1100)));
    await other.write(
      async (tx) => {
        await tx.index('e', { type: 'exact', update: true });
        await one.write((beside) => beside.append('e', rowsOf(1100)));
      },
      { retries: 2 },
    );
    await one.refresh();
    expect(await indexOf(one)).toMatchObject({ rows: rows + 3300 });
    expect(await scanned(one)).toBe(0);
    // What all that came to, beside the same rows without an index.
    const all = await one.array('e').read();
    await one.write(async (tx) => {
      await tx.dropArray('plain');
      await tx.create('plain', { dtype: 'float32', rowShape: [dimensions] });
      await tx.append('plain', { data: all.data as Float32Array, shape: [...all.shape] });
    });
    expect(await compare(one)).toBe(0);
    await one.write(async (tx) => {
      await tx.append('e', rowsOf(1100));
      await other.array('e').dropIndex({ type: 'exact' });
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

test('codes go up beside the rows, not after them, for both indexes of an array', async () => {
  const store = await openTestStore('memory');
  const inner = await store.another();
  let coded = 0;
  let isHeld = false;
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const gated = forwarding(inner, {
    put: async (key, ...of) => {
      // Codes and bits of one index, lists of the other.
      if (isHeld && key.startsWith('indexes/') && ++coded === 3) release();
      if (isHeld && key.startsWith('arrays/')) await held;
      return inner.put(key, ...of);
    },
  });
  const trace = new Trace();
  const dataset = await openStoreDataset(recording(gated, trace), { create: true, cacheDir: false });
  await made(dataset, { bits: true });
  await dataset.array('e').index({ type: 'ivf', nlist: 20 });
  // What codes are made by is read once.
  await dataset.write((tx) => tx.append('e', rowsOf(1024)));
  trace.clear();
  isHeld = true;
  await dataset.write((tx) => tx.append('e', rowsOf(1024)));
  expect(trace.entries.map(({ method, key }) => `${method} ${key.split('/')[0]}`).sort()).toEqual([
    'put arrays',
    'put indexes',
    'put indexes',
    'put indexes',
    'put versions',
  ]);
  expect(await indexOf(dataset)).toMatchObject({ rows: 5048, bits: true });
  expect(await indexOf(dataset, 'ivf')).toMatchObject({ rows: 5048 });
  await dataset.close();
});

test.each([1, 2, 3].map((i) => [seed + i]))(
  'whatever is appended, dropped, replaced: seed %i',
  async (of) => {
    const uniform = seededRandom(of);
    const below = (count: number): number => Math.floor(uniform() * count);
    const dataset = await open(path.join(folder, `random-${of}`), { create: true, memoryBytes: 2 ** 22 });
    await made(dataset, { rows: 1 + below(3000), bits: uniform() < 0.5 });
    for (let round = 0; round < 14; round++) {
      const live = (await dataset.info()).arrays['e']?.shape[0] ?? 0;
      const places = [...new Set(Array.from({ length: 1 + below(40) }, () => below(live)))];
      const pieces = Array.from({ length: 1 + below(3) }, () => rowsOf(below(2000)));
      const changed = rowsOf(places.length);
      const partitionBytes = 4 * dimensions * (100 + below(1500));
      const verbs = [0, 1, 2].filter(() => uniform() < 0.6);
      for (const name of ['e', 'plain']) {
        await dataset.write(
          async (tx) => {
            if (verbs.includes(0)) for (const rows of pieces) await tx.append(name, rows);
            if (verbs.includes(1)) await tx.replace(name, places, changed);
            if (verbs.includes(2)) await tx.drop(name, places.slice(0, 5));
          },
          { partitionBytes },
        );
      }
      if (uniform() < 0.2) await dataset.array('e').index({ type: 'exact', update: true });
      if (uniform() < 0.1) await dataset.array('e').index({ type: 'exact' });
      await compare(dataset);
      const queries = rowsOf(2);
      const [certified, plain] = await Promise.all(
        ['e', 'plain'].map((name) => dataset.array(name).nearest(queries).exact().limit(5).toArray()),
      );
      expect(certified, `seed ${of}`).toEqual(plain);
    }
    expect((await indexOf(dataset))?.segments).toBeLessThanOrEqual(9);
    await dataset.close();
  },
);

/** What the newest version of a folder says of the lists of the exact index of its first array. */
function listsOf(uri: string) {
  const [newest = ''] = readdirSync(path.join(uri, 'versions')).sort();
  const { root } = decodeRoot(readFileSync(path.join(uri, 'versions', newest)), newest, functions);
  return root.arrays[0]?.indexes[0]?.segments ?? [];
}

test('lists that are merged hold what they held, the norms of their rows, and bits only beside bits', async () => {
  const uri = path.join(folder, 'merged');
  const dataset = await open(uri, { create: true });
  const longRows = (count: number, length: number): ReturnType<typeof rowsOf> => {
    const { data, shape } = rowsOf(count);
    for (let i = 0; i < count; i++) {
      const row = data.subarray(i * dimensions, (i + 1) * dimensions);
      const norm = Math.hypot(...row);
      for (const [j, x] of row.entries()) row[j] = (x / norm) * length;
    }
    return { data, shape };
  };
  const both = async (rows: ReturnType<typeof rowsOf>) =>
    twice(dataset, (name) => (tx) => tx.append(name, rows));
  await twice(dataset, (name) => (tx) => tx.create(name, { dtype: 'float32', rowShape: [dimensions] }));
  await both(longRows(8000, 1));
  await dataset.array('e').index({ type: 'exact', bits: true });
  await both(longRows(1025, 2));
  await both(longRows(1200, 3));
  await both(longRows(2048, 4));
  const lists = listsOf(uri);
  expect(lists.map(({ rows }) => rows)).toEqual([8000, 2225, 2048]);
  const [first, merged, last] = lists;
  expect([first?.leastNorm, first?.mostNorm].map((norm) => Math.round(norm ?? 0))).toEqual([1, 1]);
  expect([merged?.leastNorm, merged?.mostNorm].map((norm) => Math.round(norm ?? 0))).toEqual([2, 3]);
  expect([last?.leastNorm, last?.mostNorm].map((norm) => Math.round(norm ?? 0))).toEqual([4, 4]);
  expect(lists.every(({ bits }) => bits !== null)).toBe(true);
  expect(await compare(dataset)).toBe(0);
  // Bits of a merged list give the estimates that those of its parts gave.
  const queries = rowsOf(4);
  const estimated = async () => dataset.array('e').nearest(queries).exact().precision('bit').toArray();
  const before = await estimated();
  const zero = longRows(1024, 0);
  await both(zero);
  expect(listsOf(uri).map(({ rows }) => rows)).toEqual([12_273, 1024]);
  expect(listsOf(uri).map(({ leastNorm }) => leastNorm > 0)).toEqual([true, false]);
  await dataset.write((tx) =>
    tx.drop(
      'e',
      Array.from({ length: 1024 }, (_, i) => 12_273 + i),
    ),
  );
  expect(await estimated()).toEqual(before);
  // A list that was added without bits stays apart from those with some.
  const few = longRows(600, 1);
  await both(few);
  await dataset.array('e').index({ type: 'exact', update: true, bits: false });
  await both(longRows(1100, 1));
  await both(longRows(1100, 1));
  const bits = listsOf(uri).map((list) => list.bits !== null);
  expect(bits.filter((has) => !has)).toHaveLength(1);
  expect(listsOf(uri).find((list) => list.bits === null)?.rows).toBe(600);
  await dataset.close();
});

test('an array that has outgrown its codes gets others, and bits where it had some, with an update', async () => {
  const uri = path.join(folder, 'outgrown');
  const dataset = await open(uri, { create: true });
  await made(dataset, { rows: 1000, bits: true });
  await append(dataset, 2000);
  await append(dataset, 900);
  await dataset.array('e').index({ type: 'exact', update: true });
  expect(await indexOf(dataset)).toMatchObject({ rows: 3900, segments: 2 });
  await append(dataset, 100);
  await dataset.array('e').index({ type: 'exact', update: true });
  expect(await indexOf(dataset)).toMatchObject({ rows: 4000, segments: 1, bits: true });
  expect(await compare(dataset)).toBe(0);
  await dataset.close();
});

test('rows that updates code are in few lists, too', async () => {
  const dataset = await open(path.join(folder, 'updates'), { create: true });
  await made(dataset, { bits: true });
  for (let i = 0; i < 12; i++) {
    await append(dataset, 100 + 10 * i);
    await dataset.array('e').index({ type: 'exact', update: true });
  }
  const index = await indexOf(dataset);
  expect(index).toMatchObject({ rows: 3000 + 12 * 155, bits: true });
  expect(index?.segments).toBeLessThanOrEqual(5);
  expect(await compare(dataset)).toBe(0);
  await dataset.close();
});

describe('an index that is damaged', () => {
  const damaged = async (
    name: string,
    rows: readonly number[],
    which: (sizes: readonly string[]) => string,
  ) => {
    const uri = path.join(folder, name);
    const first = await open(uri, { create: true });
    await made(first);
    for (const count of rows) await append(first, count);
    await first.close();
    const files = readdirSync(path.join(uri, 'indexes'), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => path.join(file.parentPath, file.name))
      .sort((a, b) => statSync(a).size - statSync(b).size);
    const file = which(files);
    const bytes = readFileSync(file);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const warnings: NacreError[] = [];
    return { dataset: await open(uri, { onWarning: (warning) => warnings.push(warning) }), warnings };
  };

  test('is not added to where that is its epoch, and rows are kept', async () => {
    const { dataset, warnings } = await damaged('epoch', [], ([epoch = '']) => epoch);
    await append(dataset, 2000);
    expect(warnings).toMatchObject([{ code: 'Corrupt' }]);
    expect(warnings[0]?.message).toContain('not added to');
    expect((await dataset.info()).arrays['e']?.shape).toEqual([5000, dimensions]);
    expect(await indexOf(dataset)).toMatchObject({ rows: 3000 });
    const nearest = (name: string) =>
      dataset.array(name).nearest(rowsOf(1).data).exact().limit(5000).toArray();
    expect(await nearest('e')).toHaveLength(5000);
    await dataset.close();
  });

  test('is added to where that is a list that would be merged, which stays', async () => {
    const { dataset, warnings } = await damaged('list', [1030, 1040], (files) => files[1] ?? '');
    await append(dataset, 1100);
    expect(warnings).toMatchObject([{ code: 'Corrupt' }]);
    expect(await indexOf(dataset)).toMatchObject({ rows: 6170, segments: 4 });
    const query = dataset.array('e').nearest(rowsOf(1).data).exact().limit(6170);
    expect(await query.toArray()).toHaveLength(6170);
    await dataset.close();
  });
});

test('rows that do not come are waited for by nobody', async () => {
  const dataset = await open(path.join(folder, 'stopped'), { create: true });
  await made(dataset);
  const rows = 70_000;
  const source = {
    name: 'a file that cannot be read',
    close: () => Promise.resolve(),
    rows,
    type: { dtype: 'float32' as const, rowShape: [dimensions], scalar: false },
    read: () => Promise.reject(new Error('no such page')),
  };
  const written = dataset.write(async (tx) => {
    // Its codes come after those of rows that fail.
    await Promise.allSettled([tx.appendFrom('e', source), tx.append('e', rowsOf(rows))]);
  });
  await expect(written).rejects.toThrow('no such page');
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
