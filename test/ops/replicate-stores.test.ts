// Replication from every store to every other: listings, conditions, parts and checksums are the stores' own.
import { describe, expect, test } from 'vitest';
import { environmentOf, type Environment } from '../../src/dataset/environment.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { promote } from '../../src/dataset/promote.js';
import { replicate } from '../../src/ops/replicate.js';
import { scrub } from '../../src/ops/scrub.js';
import { status } from '../../src/ops/status.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { failure } from '../support/failure.js';
import { storePairs } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';

const rows = 300_000;
const columns = 16;
const data = Float32Array.from({ length: rows * columns }, (_, i) => Math.fround(Math.sin(i)));

/** An object of 19 MB is longer than what this lets be held, so it goes through a file. */
const environment = (store: ObjectStore): Environment =>
  environmentOf(store, { cacheDir: false, memoryBytes: 64 * 2 ** 20 });

const nobody = async (): Promise<never[]> => [];

describe.each(storePairs())('from %s to %s', (fromName, toName) => {
  test('a replica is the source to the bit, is kept up, and takes over', async () => {
    const [source, destination] = [await openTestStore(fromName), await openTestStore(toName)];
    try {
      const writer = await openStoreDataset(await source.another(), { create: true, cacheDir: false });
      await writer.write(async (tx) => {
        await tx.create('e', { dtype: 'float32', rowShape: [columns] });
        await tx.append('e', { data, shape: [rows, columns] });
      });
      const [from, to] = [environment(await source.another()), environment(await destination.another())];
      const first = await replicate(from, to, nobody);
      expect(first).toMatchObject({ version: 2, versions: 2, objects: 1, presentObjects: 0 });
      const row = data.subarray(0, columns);
      for (let i = 0; i < 3; i++)
        await writer.write((tx) => tx.append('e', { data: row, shape: [1, columns] }));
      expect(await replicate(from, to, nobody)).toMatchObject({ version: 5, versions: 3, objects: 3 });
      expect(await replicate(from, to, nobody)).toMatchObject({ versions: 0, objects: 0 });
      const verified = await replicate(from, to, nobody, { verify: true });
      expect(verified).toMatchObject({ objects: 0, verifiedObjects: 4, mendedObjects: 0 });
      expect((await scrub(to)).damaged).toEqual([]);
      const { replicas } = await status(from);
      expect(replicas).toMatchObject([{ uri: to.store.uri, version: 5, lagVersions: 0 }]);

      const open = async () => openStoreDataset(await destination.another(), { cacheDir: false });
      const replica = await open();
      const refused = replica.write((tx) => tx.drop('e', [0]));
      expect((await failure(refused)).code).toBe('PermissionDenied');
      await promote(to, {});
      const primary = await open();
      await primary.write((tx) => tx.drop('e', [0]));
      const { shape, data: read } = await primary.array('e').read({ rows: [0, rows - 1, rows] });
      expect(shape).toEqual([3, columns]);
      expect(read).toEqual(Float32Array.from([...data.subarray(columns, 2 * columns), ...row, ...row]));
      await writer.write((tx) => tx.drop('e', [1]));
      const parted = await failure(replicate(from, to, nobody));
      expect(parted).toMatchObject({ code: 'Conflict', context: { version: 6 } });
      await Promise.all([writer.close(), replica.close(), primary.close()]);
    } finally {
      await source.dispose();
      await destination.dispose();
    }
  }, 120_000);
});
