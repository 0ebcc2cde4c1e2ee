// Expiry, leases and clean-up end to end on every store: listings, deletes by batches and clocks are the
// store's own.
import { describe, expect, test } from 'vitest';
import { openStoreDataset } from '../../src/dataset/open.js';
import type { Dataset } from '../../src/index.js';
import { objectKey, segmentPattern } from '../../src/manifest/keys.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { int32, values } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';
import { dataKeys, neededKeys } from './support.js';

/** More than one listing and one delete request. */
const strays = 1_200;

/**
 * Clocks of stores tell whole seconds: what was written just now may be as young as nothing for a moment.
 */
async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await systemRuntime.sleep(200);
}

describe.each(storesUnderTest())('on %s', (name) => {
  test('what expired and what nobody refers to goes, what is kept or leased stays', async () => {
    const place = await openTestStore(name);
    try {
      const open = async (): Promise<Dataset> =>
        openStoreDataset(await place.another(), { create: true, cacheDir: false });
      const [writer, maintainer] = [await open(), await open()];
      await writer.write(async (tx) => {
        await tx.create('a', { dtype: 'int32' });
        await tx.append('a', int32(1, 2, 3));
      });
      for (const row of [10, 20]) {
        await writer.write(async (tx) => {
          await tx.dropArray('a');
          await tx.create('b', { dtype: 'int32' });
          await tx.append('b', int32(row));
          await tx.rename('b', 'a');
        });
      }
      const lease = await writer.lease({ version: 2 }, { label: 'reads on' });
      const keys = Array.from({ length: strays }, () =>
        objectKey(segmentPattern, systemRuntime.randomBytes(16)),
      );
      for (let i = 0; i < strays; i += 50)
        await Promise.all(keys.slice(i, i + 50).map((key) => place.store.put(key, new Uint8Array(8))));

      const now = { minAgeMs: 0, graceMs: 0 };
      expect(await maintainer.expire({ keepLast: 1, ...now })).toMatchObject({ keptFrom: 4, keptAlso: [2] });
      expect(await maintainer.gc()).toMatchObject({ orphans: 0 });
      let deleted = 0;
      await until(async () => {
        deleted += (await maintainer.gc({ ...now, batch: 1_000 })).deleted;
        return (await dataKeys(place.store)).length === (await neededKeys(place.store)).size;
      });
      // Version 3 had one object.
      expect(deleted).toBe(strays + 1);
      expect(await values(lease.dataset)).toEqual([1, 2, 3]);
      await lease.renew();
      await lease.release();
      expect(await maintainer.expire({ keepLast: 1, ...now })).toMatchObject({ keptAlso: [] });
      await until(async () => (await maintainer.gc(now)).deleted > 0);
      await writer.refresh();
      expect(await values(writer)).toEqual([20]);
      expect((await failure(values(lease.dataset))).code).toBe('Expired');
      await Promise.all([writer.close(), maintainer.close()]);
    } finally {
      await place.dispose();
    }
  }, 60_000);

  test('small files become few, and clean-up deletes the others once their versions are gone', async () => {
    const place = await openTestStore(name);
    try {
      const dataset = await openStoreDataset(await place.another(), { create: true, cacheDir: false });
      await dataset.write((tx) => tx.create('a', { dtype: 'int32' }));
      for (const row of [1, 2, 3, 4, 5])
        await dataset.write((tx) => tx.append('a', int32(row, -row), { attributes: { n: [row, null] } }));
      await dataset.write((tx) => tx.replace('a', [0, 9], int32(10, 50)));
      await dataset.write((tx) => tx.setAttributes('a', [1], { n: [7] }));
      await dataset.write((tx) => tx.drop('a', [2]));
      const before = await dataset.version();
      const { arrays } = await dataset.compact();
      expect(arrays[0]).toMatchObject({ filesBefore: 12, filesAfter: 2, overtaken: 0 });
      const expected = [10, -1, -2, 3, -3, 4, -4, 5, 50];
      expect((await dataset.scrub()).damaged).toEqual([]);
      for (const one of [dataset, await dataset.at({ version: before })]) {
        expect(await values(one)).toEqual(expected);
        const rows = await one.array('a').where('n is not null').select('n').toArray();
        expect(rows.map(({ attributes }) => attributes?.['n'])).toEqual([1, 7, 3, 4, 5]);
      }
      const now = { minAgeMs: 0, graceMs: 0 };
      await dataset.expire({ keepLast: 1, ...now });
      await until(async () => {
        await dataset.gc(now);
        return (await dataKeys(place.store)).length === (await neededKeys(place.store)).size;
      });
      expect(await values(dataset)).toEqual(expected);
      await dataset.close();
    } finally {
      await place.dispose();
    }
  }, 60_000);
});
