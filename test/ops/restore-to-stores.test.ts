// A restore from every store to every other: listings, conditions, parts and checksums are the stores' own.
import { describe, expect, test } from 'vitest';
import { environmentOf, type Environment } from '../../src/dataset/environment.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { restoreTo } from '../../src/dataset/restore-to.js';
import { scrub } from '../../src/ops/scrub.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { failure } from '../support/failure.js';
import { calls, faulty, nth } from '../support/faulty-store.js';
import { storePairs } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';

const rows = 40_000;
const columns = 16;
const data = Float32Array.from({ length: rows * columns }, (_, i) => Math.fround(Math.sin(i)));

const environment = (store: ObjectStore): Environment => environmentOf(store, { cacheDir: false });

const nobody = async (): Promise<never[]> => [];

describe.each(storePairs())('from %s to %s', (fromName, toName) => {
  test('one that was cut opens for nobody, goes on, and is a dataset of its own', async () => {
    const [source, destination] = [await openTestStore(fromName), await openTestStore(toName)];
    try {
      const writer = await openStoreDataset(await source.another(), { create: true, cacheDir: false });
      await writer.write(async (tx) => {
        await tx.create('e', { dtype: 'float32', rowShape: [columns] });
        await tx.append('e', { data, shape: [rows, columns] });
      });
      const row = data.subarray(0, columns);
      for (let i = 0; i < 3; i++)
        await writer.write((tx) => tx.append('e', { data: row, shape: [1, columns] }));
      await writer.tag('good');
      await writer.write((tx) => tx.drop('e', [0]));
      await writer.close();
      const from = environment(await source.another());
      const at = { tag: 'good' };
      const plan = nth(calls('put', /^versions/), 4, { kind: 'error', code: 'Aborted' }, Infinity);
      const cut = environment(faulty(await destination.another(), plan));
      expect((await failure(restoreTo(from, cut, nobody, { at }))).code).toBe('Aborted');
      const open = async () => openStoreDataset(await destination.another(), { cacheDir: false });
      expect((await failure(open())).code).toBe('Unavailable');
      const to = environment(await destination.another());
      const report = await restoreTo(from, to, nobody, { at });
      expect(report).toMatchObject({ restored: 5, version: 6, versions: 2, resumed: true, left: [] });
      expect((await scrub(to, { mode: 'full' })).damaged).toEqual([]);
      const dataset = await open();
      await dataset.write((tx) => tx.append('e', { data: row, shape: [1, columns] }));
      const { shape, data: read } = await dataset.array('e').read({ rows: [0, rows - 1, rows + 3] });
      expect(shape).toEqual([3, columns]);
      expect(read).toEqual(Float32Array.from([...row, ...data.subarray(-columns), ...row]));
      expect((await (await dataset.at({ version: 2 })).array('e').read()).data).toEqual(data);
      await dataset.close();
    } finally {
      await source.dispose();
      await destination.dispose();
    }
  }, 120_000);
});
