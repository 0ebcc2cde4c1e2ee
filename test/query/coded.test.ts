// Exact search by an index of codes: the same answers as without one, whatever happens to the rows meanwhile.
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type Dataset,
  type Dtype,
  type Hit,
  type Metric,
  type NacreError,
  open,
  type TypedArray,
} from '../../src/index.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { decodeRoot } from '../../src/manifest/root.js';
import { functions } from '../manifest/drafts.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';
import { randomFloats, seedOf } from './random.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-coded-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dimensions = 24;
const metrics: readonly Metric[] = ['l2', 'l2sq', 'cosine', 'dot'];
const seed = seedOf('NACRE_SEED');
const numbers = randomFloats(seed);

function rowsOf(count: number): { data: Float32Array; shape: number[] } {
  return { data: Float32Array.from({ length: count * dimensions }, numbers), shape: [count, dimensions] };
}

/** Answers of every metric for one, three and nine queries. */
async function answers(dataset: Dataset, queries: Float32Array): Promise<Record<string, Hit[][]>> {
  const found: Record<string, Hit[][]> = {};
  for (const metric of metrics) {
    for (const count of [1, 3, 9]) {
      const vectors = { data: queries.subarray(0, count * dimensions), shape: [count, dimensions] };
      found[`${metric} ${count}`] = await dataset.array('e').nearest(vectors, { metric }).limit(12).toArray();
    }
  }
  return found;
}

/** The same rows under another array, which never gets an index. */
async function twice(
  dataset: Dataset,
  work: (name: string) => Parameters<Dataset['write']>[0],
): Promise<void> {
  for (const name of ['e', 'plain']) await dataset.write(work(name));
}

async function compare(dataset: Dataset): Promise<void> {
  const queries = rowsOf(9).data;
  const coded = await answers(dataset, queries);
  for (const [what, lists] of Object.entries(coded)) {
    const [metric = '', count = 0] = what.split(' ');
    const vectors = {
      data: queries.subarray(0, Number(count) * dimensions),
      shape: [Number(count), dimensions],
    };
    const plain = await dataset
      .array('plain')
      .nearest(vectors, { metric: metric as Metric })
      .limit(12)
      .toArray();
    expect(lists, `${what}, seed ${seed}`).toEqual(plain);
  }
}

describe.each(storesUnderTest())('on %s', (name) => {
  test('answers stay the same while rows come, change and go', async () => {
    const store = await openTestStore(name);
    const opened = async (cacheDir: string) =>
      openStoreDataset(await store.another(), {
        create: true,
        cacheDir: path.join(folder, `${cacheDir}-${name}`),
      });
    const dataset = await opened('cache');
    await twice(dataset, (array) => (tx) => tx.create(array, { dtype: 'float32', rowShape: [dimensions] }));
    const first = rowsOf(3000);
    await twice(dataset, (array) => (tx) => tx.append(array, first));
    const few = rowsOf(700);
    await twice(dataset, (array) => (tx) => tx.append(array, few));
    const { version } = await dataset.array('e').index({ type: 'exact' });
    expect(version).toBe(await dataset.version());
    await compare(dataset);

    const changed = rowsOf(40);
    const rows = Array.from({ length: 40 }, (_, i) => 90 * i);
    await twice(dataset, (array) => (tx) => tx.replace(array, rows, changed));
    await compare(dataset);
    const gone = Array.from({ length: 300 }, (_, i) => 7 * i + 1);
    await twice(dataset, (array) => (tx) => tx.drop(array, gone));
    const more = rowsOf(1500);
    await twice(dataset, (array) => (tx) => tx.append(array, more));
    await compare(dataset);
    await dataset.array('e').index({ type: 'exact', update: true });
    await compare(dataset);
    const again = await dataset.array('e').index({ type: 'exact', update: true });
    expect(again.version, 'nothing left to code').toBe(await dataset.version());

    const other = await opened('cold');
    await compare(other);
    await other.close();
    await dataset.array('e').index({ type: 'exact' });
    await compare(dataset);
    await dataset.close();
    await store.dispose();
  });
});

/** What the newest version of a folder claims of the norms of the lists of its first array. */
function claimedNorms(uri: string): [number, number][] {
  const [newest = ''] = readdirSync(path.join(uri, 'versions')).sort();
  const { root } = decodeRoot(readFileSync(path.join(uri, 'versions', newest)), newest, functions);
  const segments = root.arrays[0]?.indexes[0]?.segments ?? [];
  return segments.map(({ leastNorm, mostNorm }) => [leastNorm, mostNorm]);
}

describe('rows of one length', () => {
  const lengths: Readonly<Record<string, (i: number) => number>> = {
    'that are normalised': () => 1,
    'that are nearly as long as each other': (i) => 1 + (i % 10) / 2600,
    'that differ': (i) => 1 + (i % 10) / 50,
    'one of which is zero': (i) => (i === 700 ? 0 : 1),
    'one of which is no number': (i) => (i === 700 ? Number.NaN : 1),
  };
  test.each(Object.entries(lengths))(
    '%s have the same answers as without an index',
    async (what, lengthOf) => {
      const uri = path.join(folder, what);
      const dataset = await open(uri, { create: true });
      const normalised = (count: number): ReturnType<typeof rowsOf> => {
        const rows = rowsOf(count);
        for (let i = 0; i < count; i++) {
          const row = rows.data.subarray(i * dimensions, (i + 1) * dimensions);
          const length = Math.hypot(...row) / lengthOf(i);
          for (const [j, x] of row.entries()) row[j] = lengthOf(i) === 0 ? 0 : x / length;
        }
        return rows;
      };
      const first = normalised(2000);
      await twice(dataset, (array) => async (tx) => {
        await tx.create(array, { dtype: 'float32', rowShape: [dimensions] });
        await tx.append(array, first);
      });
      await dataset.array('e').index({ type: 'exact' });
      await compare(dataset);
      const more = normalised(500);
      await twice(dataset, (array) => (tx) => tx.append(array, more));
      await dataset.array('e').index({ type: 'exact', update: true });
      await compare(dataset);
      const [norms = [0, 0], others = [0, 0]] = claimedNorms(uri);
      if (/zero|number/.test(what)) expect(norms).toEqual([0, 0]);
      else {
        const least = lengthOf(0) * (1 - 3e-7);
        const most = lengthOf(9) * (1 + 3e-7);
        for (const [from, to] of [norms, others]) {
          expect([from >= least, from <= lengthOf(0), to >= lengthOf(9), to <= most]).toEqual([
            true,
            true,
            true,
            true,
          ]);
        }
      }
      await dataset.close();
    },
  );
});

/** A folder with 2,000 indexed rows, and its index objects from the largest on. */
async function indexed(name: string): Promise<{ uri: string; objects: string[] }> {
  const uri = path.join(folder, name);
  const dataset = await open(uri, { create: true });
  const rows = rowsOf(2000);
  await dataset.write(async (tx) => {
    for (const array of ['e', 'plain']) {
      await tx.create(array, { dtype: 'float32', rowShape: [dimensions] });
      await tx.append(array, rows);
    }
  });
  await dataset.array('e').index({ type: 'exact' });
  await dataset.close();
  const files = readdirSync(path.join(uri, 'indexes'), { recursive: true, withFileTypes: true });
  const objects = files.filter((file) => file.isFile()).map((file) => path.join(file.parentPath, file.name));
  return { uri, objects: objects.sort((a, b) => statSync(b).size - statSync(a).size) };
}

describe('an index that is damaged', () => {
  const damages: Readonly<Record<string, (objects: readonly string[]) => void>> = {
    'codes are flipped': ([codes = '']) => writeFileSync(codes, Buffer.alloc(statSync(codes).size, 7)),
    'codes are cut': ([codes = '']) => truncateSync(codes, 100),
    'codes are gone': ([codes = '']) => rmSync(codes),
    'the epoch is flipped': ([, epoch = '']) => writeFileSync(epoch, Buffer.alloc(statSync(epoch).size, 7)),
    'the epoch is gone': ([, epoch = '']) => rmSync(epoch),
  };
  for (const [what, damage] of Object.entries(damages)) {
    test(`${what}: the exact scan answers, and a warning names the object`, async () => {
      const { uri, objects } = await indexed(what.replaceAll(' ', '-'));
      damage(objects);
      const warnings: NacreError[] = [];
      const dataset = await open(uri, { onWarning: (warning) => warnings.push(warning) });
      await compare(dataset);
      expect(warnings[0]?.code).toBe('Corrupt');
      expect(warnings[0]?.message).toContain('indexes/');
      expect(warnings[0]?.hint).toContain('nacre index');
      await dataset.array('e').index({ type: 'exact' });
      warnings.length = 0;
      await compare(dataset);
      expect(warnings).toEqual([]);
      await dataset.close();
    });
  }
});

test('an index goes with its array, and one that is built anew takes the place of the other', async () => {
  const { uri } = await indexed('goes');
  const dataset = await open(uri);
  await dataset.array('e').index({ type: 'exact' });
  await dataset.write((tx) => tx.dropArray('e'));
  const names = [];
  for await (const { operations } of dataset.log()) names.push(operations[0]?.kind);
  expect(names).toEqual(['dropArray', 'index', 'index', 'create+append', 'createDataset']);
  await dataset.close();
});

test('an index that is dropped is gone, and what the transaction did before counts', async () => {
  const { uri, objects } = await indexed('dropped');
  const dataset = await open(uri);
  const array = dataset.array('e');
  const type = 'exact';
  const indexes = async () => (await dataset.info()).arrays['e']?.indexes;
  const size = objects.reduce((sum, file) => sum + statSync(file).size, 0);
  expect(await indexes()).toEqual([{ type, rows: 2000, segments: 1, sizeBytes: size, bits: false }]);
  const { version } = await array.dropIndex({ type });
  expect([version, await indexes()]).toEqual([await dataset.version(), []]);
  await compare(dataset);
  const refused = { code: 'NotFound', message: "array 'e' has no exact index" };
  await expect(array.dropIndex({ type })).rejects.toMatchObject(refused);
  await expect(array.dropIndex({ type: 'other' as 'exact' })).rejects.toMatchObject({
    code: 'InvalidArgument',
  });
  await expect(dataset.array('none').dropIndex({ type })).rejects.toMatchObject({ code: 'NotFound' });
  const before = await dataset.version();
  await expect(
    dataset.write(async (tx) => {
      await tx.create('new', { dtype: 'int8' });
      await tx.dropIndex('new', { type });
    }),
  ).rejects.toMatchObject({ code: 'NotFound' });
  expect(await dataset.version()).toBe(before);
  await dataset.write(async (tx) => {
    await tx.index('e', { type });
    await tx.dropIndex('e', { type });
    await expect(tx.dropIndex('e', { type })).rejects.toMatchObject(refused);
  });
  expect(await indexes()).toEqual([]);
  await array.index({ type });
  await dataset.write(async (tx) => {
    await tx.dropIndex('e', { type });
    // With nothing that it could add to, it builds; then there is nothing to be added.
    await tx.index('e', { type, update: true });
    await tx.index('e', { type, update: true });
  });
  expect(await indexes()).toMatchObject([{ type, rows: 2000 }]);
  await compare(dataset);
  const kinds = [];
  for await (const { operations } of dataset.log()) kinds.push(operations[0]?.kind);
  expect(kinds.slice(0, 4)).toEqual(['dropIndex+index', 'index', 'index+dropIndex', 'dropIndex']);
  await dataset.close();
});

const odd: readonly [string, TypedArray, Dtype][] = [
  [
    'rows of NaN and infinities',
    Float32Array.from({ length: 300 * 8 }, (_, i) => [Number.NaN, 1, Infinity][i % 3] ?? 0),
    'float32',
  ],
  ['rows that are all alike', new Float32Array(300 * 8).fill(0.1), 'float32'],
  ['rows of zeros', new Float64Array(300 * 8), 'float64'],
  ['rows of bytes', Uint8Array.from({ length: 300 * 8 }, (_, i) => (i * 37) % 256), 'uint8'],
  ['rows on a large offset', Float32Array.from({ length: 300 * 8 }, () => 1e4 + numbers()), 'float32'],
];
test.each(odd)('%s are found as without an index', async (name, data, dtype) => {
  const place = path.join(folder, name.replaceAll(' ', '-'));
  // Rows are scored a few at a time.
  const dataset = await open(place, { create: true, memoryBytes: 4096 });
  await dataset.write(async (tx) => {
    await tx.create('r', { dtype, rowShape: [8] });
    await tx.append('r', { data, shape: [300, 8] });
  });
  const queries = { data: Float64Array.from({ length: 6 * 8 }, numbers), shape: [6, 8] };
  const all = () =>
    Promise.all(
      [...metrics, 'kl' as const, 'js' as const].map((metric) =>
        dataset.array('r').nearest(queries, { metric }).limit(400).toArray(),
      ),
    );
  const before = await all();
  await dataset.array('r').index({ type: 'exact' });
  expect(await all()).toEqual(before);
  await dataset.close();
});

test('what cannot be indexed is refused by name', async () => {
  const dataset = await open(path.join(folder, 'refused'), { create: true });
  await dataset.write(async (tx) => {
    await tx.create('c', { dtype: 'complex64', rowShape: [2] });
    await tx.create('wide', { dtype: 'uint8', rowShape: [20_000] });
    await tx.create('none', { dtype: 'float32', rowShape: [3] });
  });
  const code = (name: string, options: object = { type: 'exact' }) =>
    dataset
      .array(name)
      .index(options as { type: 'exact' })
      .then(
        () => 'done',
        (error: unknown) => (error as NacreError).code,
      );
  expect(await code('c')).toBe('UnsupportedFormat');
  expect(await code('wide')).toBe('InvalidArgument');
  expect(await code('missing')).toBe('NotFound');
  expect(await code('none', { type: 'flat' })).toBe('InvalidArgument');
  expect(await code('none'), 'an array without rows needs none').toBe('done');
  const before = await dataset.version();
  await expect(
    dataset.write(async (tx) => {
      await tx.create('new', { dtype: 'float32', rowShape: [3] });
      await tx.index('new', { type: 'exact' });
    }),
  ).rejects.toMatchObject({ code: 'InvalidArgument' });
  expect(await dataset.version()).toBe(before);
  await dataset.close();
});
