// Reads that the own store answers wrongly, or not at all, and that replicas answer.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStoreDataset } from '../../src/dataset/open.js';
import type { NacreError } from '../../src/errors.js';
import { hintKey } from '../../src/manifest/keys.js';
import { replicated } from '../ops/replicate-world.js';
import { dataKeys } from '../ops/support.js';
import { failure } from '../support/failure.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';
import { int32, type Member, values, World, worldWith } from './world.js';

let source: World;
let replica: World;
let warnings: NacreError[];

beforeEach(async () => {
  source = await worldWith(0, 1, 2);
  const { dataset } = await source.open();
  for (let row = 3; row < 6; row++) await dataset.write((tx) => tx.append('a', int32(row)));
  await dataset.close();
  replica = new World(2);
  await replicated({ source, destination: replica });
  warnings = [];
});
afterEach(async () => {
  await source.close();
  await replica.close();
});

const open = (replicas: readonly World[] = [replica]): Promise<Member> =>
  source.open({
    create: false,
    replicas: replicas.map(({ bare }) => bare.uri),
    onWarning: (warning) => warnings.push(warning),
  });

const all = [0, 1, 2, 3, 4, 5];

describe('a read that fails its check or misses its object', () => {
  test.each(['flipped', 'missing', 'cut'] as const)(
    '(%s) is answered by a replica, and told',
    async (how) => {
      const [key = ''] = await source.keys('arrays/');
      if (how === 'flipped') await source.flip(key);
      if (how === 'missing') await source.bare.delete([key]);
      if (how === 'cut') await source.bare.put(key, new Uint8Array(10));
      const { dataset } = await open();
      expect(await values(dataset)).toEqual(all);
      expect(warnings).toMatchObject([{ code: 'Corrupt', context: { key, replica: replica.bare.uri } }]);
      // Of every way to read; each key is told of once.
      const rows: number[] = [];
      for await (const { data } of dataset.array('a').batches({ batchRows: 2 }))
        rows.push(...(data as Int32Array));
      expect(rows).toEqual(all);
      const past = (await dataset.array('a').read({ at: { version: 3 } })).data;
      expect(Array.from(past as Int32Array)).toEqual([0, 1, 2, 3]);
      expect(await values(await dataset.at({ version: 4 }))).toEqual([0, 1, 2, 3, 4]);
      const { result, analysis } = await dataset.array('a').nearest([2]).limit(1).analyze();
      expect(result).toMatchObject([{ row: 2, score: 0 }]);
      expect(analysis.fromReplicas).toBe(1);
      expect(dataset.meter.snapshot().fromReplicas).toBeGreaterThan(3);
      expect(warnings).toHaveLength(1);
      // Nothing was mended: that is the business of repair.
      expect((await failure(values((await source.open()).dataset))).code).toBe('Corrupt');
    },
  );

  test.each(['flipped', 'missing'] as const)(
    '(%s) of a stream, which gave rows already, and of a transaction is, too',
    async (how) => {
      const { dataset: writer } = await source.open();
      await writer.write(async (tx) => {
        await tx.create('k', { dtype: 'int32', key: 'name' });
        await tx.append('k', int32(1, 2, 3), { attributes: { name: ['a', 'b', 'c'], year: [1, 2, 3] } });
      });
      await writer.write((tx) =>
        tx.append('k', int32(4, 5), { attributes: { name: ['d', 'e'], year: [4, 5] } }),
      );
      await writer.close();
      await replicated({ source, destination: replica });
      const keys = await source.keys('arrays/');
      for (const key of keys) {
        if (how === 'flipped') await source.flip(key, 8 * 400);
        else await source.bare.delete([key]);
      }
      const { dataset } = await open();
      const names: unknown[] = [];
      for await (const piece of dataset.array('k').where('year > 1').select('name').stream())
        for (const { attributes } of piece) names.push(attributes?.['name']);
      expect(names).toEqual(['b', 'c', 'd', 'e']);
      expect(warnings.length).toBeGreaterThan(0);
      expect(dataset.meter.snapshot().fromReplicas).toBeGreaterThan(0);
      // A key that is there already is found though its column is damaged.
      const again = dataset.write((tx) =>
        tx.append('k', int32(9), { attributes: { name: ['e'], year: [9] } }),
      );
      expect((await failure(again)).code).toBe('AlreadyExists');
      await dataset.write(async (tx) => {
        const { data } = await tx.read('a', { start: 0, end: 2 });
        await tx.append('a', int32(...Array.from(data as Int32Array)));
        await tx.upsert('k', int32(7), { attributes: { name: ['d'], year: [7] } });
      });
      expect(await values(dataset)).toEqual([...all, 0, 1]);
      const row = await dataset.array('k').rowsByKey(['d'], { values: true });
      expect(row).toMatchObject([{ data: Int32Array.of(7) }]);
      // Files that are written anew are read where they are right.
      for (let row = 0; row < 6; row++) await dataset.write((tx) => tx.append('a', int32(row)));
      const report = await dataset.compact({ arrays: ['a'] });
      expect(report.arrays).toMatchObject([{ array: 'a', filesAfter: 1 }]);
      await dataset.close();
      // Each object was told of once, and what compaction wrote is read without a replica.
      expect(new Set(warnings.map(({ context }) => context['key'])).size).toBe(warnings.length);
      const { dataset: alone } = await source.open();
      expect(await values(alone)).toEqual([...all, 0, 1, ...all]);
    },
  );

  test('also in a segment of the manifest', async () => {
    const { dataset: writer } = await source.open();
    for (let row = 6; row < 420; row++) await writer.write((tx) => tx.append('a', int32(row)));
    await writer.close();
    await replicated({ source, destination: replica });
    for (const key of await source.keys('segments/')) await source.flip(key);
    const { dataset } = await open();
    expect((await values(dataset)).length).toBe(420);
    expect(warnings.length).toBeGreaterThan(0);
  });

  test('asks the next replica where one is damaged, too, is empty or is nowhere', async () => {
    const [key = ''] = await source.keys('arrays/');
    await source.flip(key);
    const damaged = new World(3);
    await replicated({ source, destination: damaged }, { others: [replica] });
    await damaged.flip(key, 5);
    const { dataset } = await open([new World(4), damaged, replica]);
    expect(await values(dataset)).toEqual(all);
    expect(warnings).toMatchObject([{ context: { replica: replica.bare.uri } }]);
    const nobody = await open([damaged]);
    expect(await failure(values(nobody.dataset))).toMatchObject({ code: 'Corrupt', context: { key } });
  });
});

test('where nothing is damaged no replica is opened, and damage without replicas stays damage', async () => {
  const healthy = await source.open({ create: false, replicas: ['s3://no-such-bucket-of-nobody/x'] });
  expect(await values(healthy.dataset)).toEqual(all);
  expect(healthy.dataset.meter.snapshot().fromReplicas).toBe(0);
  const [key = ''] = await source.keys('arrays/');
  await source.flip(key);
  expect((await failure(values((await source.open()).dataset))).code).toBe('Corrupt');
});

describe.each(storesUnderTest().filter((name) => name === 'folder' || name === 'minio'))('on %s', (name) => {
  test('a search and a read go on from a replica where files are gone', async () => {
    const place = await openTestStore(name);
    const other = await openTestStore('memory');
    try {
      const writer = await openStoreDataset(await place.another(), { create: true, cacheDir: false });
      const data = Float32Array.from({ length: 4_000 }, (_, i) => Math.fround(Math.sin(i)));
      await writer.write(async (tx) => {
        await tx.create('e', { dtype: 'float32', rowShape: [4] });
        await tx.append('e', { data, shape: [1_000, 4] });
      });
      const expected = await writer.array('e').nearest(data.subarray(40, 44)).limit(5).toArray();
      await writer.close();
      for (let after: string | undefined; ; ) {
        const page = await place.store.list(after === undefined ? {} : { after });
        for (const { key } of page.entries) {
          const body = await place.store.get(key);
          if (key !== hintKey && body !== undefined) await other.store.put(key, body.bytes);
        }
        if (page.next === undefined) break;
        after = page.next;
      }
      await place.store.delete(await dataKeys(place.store));
      const reader = await openStoreDataset(await place.another(), {
        cacheDir: false,
        replicas: [other.uri],
      });
      expect(await reader.array('e').nearest(data.subarray(40, 44)).limit(5).toArray()).toEqual(expected);
      expect((await reader.array('e').read()).data).toEqual(data);
      expect(reader.meter.snapshot().fromReplicas).toBe(2);
      await reader.close();
    } finally {
      await place.dispose();
      await other.dispose();
    }
  });
});
