// Linked objects end to end on every store: states of keys, listings, conditional writes and files are the
// store's own.
import { open, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { environmentOf } from '../../src/dataset/environment.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { restoreTo } from '../../src/dataset/restore-to.js';
import type { Dataset } from '../../src/index.js';
import { newestRoot } from '../../src/manifest/head.js';
import { segmentsOf } from '../../src/manifest/references.js';
import { PackWriter } from '../../src/formats/pack/writer.js';
import { findLinkable } from '../../src/ops/link.js';
import { repair } from '../../src/ops/repair.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { functions, int32, values } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import { dict, npyFile } from '../support/npy-file.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';
import { longFile, numbersFile } from './link-world.js';

describe.each(storesUnderTest())('on %s', (name) => {
  test('objects are linked, read, changed, mended, and left by clean-up', async () => {
    const [place, copy] = [await openTestStore(name), await openTestStore(name)];
    try {
      const { store } = place;
      const reopen = async (): Promise<Dataset> =>
        openStoreDataset(await place.another(), { create: true, cacheDir: false });
      // Longer than one piece of a bucket's, so that the second piece is of the same state.
      const rows = 3_000_000;
      await store.put('train/long.npy', longFile(rows));
      await store.put('train/short.npy', numbersFile(-1, -2));
      const dataset = await reopen();
      const found = await findLinkable(environmentOf(store, { cacheDir: false }), ['train/*.npy'], {});
      expect(found.map(({ key, rows: own }) => [key, own])).toEqual([
        ['train/long.npy', rows],
        ['train/short.npy', 2],
      ]);
      await dataset.write(async (tx) => {
        await tx.link('a', ['train/long.npy', 'train/short.npy']);
      });
      await dataset.write((tx) => tx.append('a', int32(9)));
      const reader = await reopen();
      const tail = await reader.array('a').read({ start: rows - 1, end: rows + 3 });
      expect(Array.from(tail.data as Int32Array)).toEqual([rows - 1, -1, -2, 9]);
      expect((await reader.scrub({ mode: 'full' })).damaged).toEqual([]);
      // A copy of it elsewhere, then damage here.
      const [from, to] = [
        environmentOf(store, { cacheDir: false }),
        environmentOf(copy.store, { cacheDir: false }),
      ];
      await restoreTo(from, to, async () => [], {});
      await store.put('train/short.npy', numbersFile(-1, -3));
      const damage = await failure(values(await reopen()));
      expect([damage.code, damage.context['key']]).toEqual(['Corrupt', 'train/short.npy']);
      expect(damage.hint).toContain('linked');
      const mended = await repair(from, [{ ...to, name: 'copy' }], {});
      expect(mended.isWhole).toBe(true);
      expect((await store.get('train/short.npy'))?.bytes).toEqual(numbersFile(-1, -2));
      // Nothing of it goes, whatever becomes of the array.
      await dataset.write((tx) => tx.reset());
      await dataset.expire({ keepLast: 1, minAgeMs: 0 });
      for (let i = 0; i < 2; i++) await dataset.gc({ graceMs: 0 });
      expect((await store.head('train/long.npy'))?.sizeBytes).toBe(128 + 4 * rows);
      expect((await store.head('train/short.npy'))?.sizeBytes).toBe(128 + 8);
      await Promise.all([dataset.close(), reader.close()]);
    } finally {
      await place.dispose();
      await copy.dispose();
    }
  }, 120_000);
});

describe('in a folder', () => {
  test('a file of more sums than a root takes is one partition of a segment', async () => {
    const place = await openTestStore('folder');
    try {
      const dataset = await openStoreDataset(place.store, { create: true, cacheDir: false });
      const rows = 256 * 2 ** 20;
      const full = path.join(fileURLToPath(place.uri), 'sparse.npy');
      await writeFile(full, npyFile({ header: dict("'|u1'", 'False', `(${rows},)`) }));
      const file = await open(full, 'r+');
      await file.truncate((await stat(full)).size + rows);
      await file.write(Uint8Array.of(7), 0, 1, (await stat(full)).size - 1);
      await file.close();
      await dataset.write(async (tx) => {
        await tx.link('a', 'sparse.npy');
      });
      const head = (await newestRoot(place.store, functions))?.head;
      expect(head?.bytes.byteLength).toBeLessThan(4_096);
      expect(
        segmentsOf(head as NonNullable<typeof head>).map(({ reference }) => reference.partitions),
      ).toEqual([1]);
      const { data } = await dataset.array('a').read({ start: rows - 2, end: rows });
      expect(Array.from(data as Uint8Array)).toEqual([0, 7]);
      await dataset.close();
    } finally {
      await place.dispose();
    }
  }, 60_000);

  test('elements that are not aligned are read and searched as others', async () => {
    const place = await openTestStore('folder');
    try {
      const numbers = Float64Array.from({ length: 3_000 }, (_, i) => i / 2);
      const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (1000, 3), }\n`;
      await place.store.put('odd.npy', npyFile({ header, data: new Uint8Array(numbers.buffer) }));
      const dataset = await openStoreDataset(await place.another(), { create: true, cacheDir: false });
      await dataset.write(async (tx) => {
        await tx.link('a', 'odd.npy');
      });
      const array = dataset.array('a');
      expect(Array.from((await array.read()).data as Float64Array)).toEqual(Array.from(numbers));
      expect(Array.from((await array.read({ rows: [999, 1] })).data as Float64Array)).toEqual([
        ...numbers.subarray(2_997),
        ...numbers.subarray(3, 6),
      ]);
      const near = async (): Promise<unknown> =>
        array
          .nearest(Array.from(numbers.subarray(1_500, 1_503)), { metric: 'l2' })
          .limit(1)
          .toArray();
      for (let i = 0; i < 2; i++) expect(await near()).toMatchObject([[{ row: 500, score: 0 }]].flat());
      await dataset.write((tx) => tx.index('a', { type: 'exact' }));
      expect(await near()).toMatchObject([{ row: 500, score: 0 }]);
      await dataset.close();
    } finally {
      await place.dispose();
    }
  });

  test('a file of more than 256 GiB is refused by its header, unread', async () => {
    const place = await openTestStore('folder');
    try {
      const dataset = await openStoreDataset(place.store, { create: true, cacheDir: false });
      const rows = 256 * 2 ** 30;
      const full = path.join(fileURLToPath(place.uri), 'long.npy');
      await writeFile(full, npyFile({ header: dict("'|u1'", 'False', `(${rows},)`) }));
      const file = await open(full, 'r+');
      await file.truncate((await stat(full)).size + rows);
      await file.close();
      const error = await failure(
        dataset.write(async (tx) => {
          await tx.link('a', 'long.npy');
        }),
      );
      expect([error.code, error.message]).toEqual([
        'UnsupportedFormat',
        expect.stringContaining('are allowed'),
      ]);
      expect(error.hint).toContain('several files');
      await dataset.close();
    } finally {
      await place.dispose();
    }
  });

  test('a pack has linked objects, and opens with them', async () => {
    const place = await openTestStore('folder');
    const target = path.join(fileURLToPath(place.uri), '..', 'all.nacre');
    try {
      await place.store.put('train/a.npy', numbersFile(1, 2));
      const dataset = await openStoreDataset(await place.another(), { create: true, cacheDir: false });
      await dataset.write(async (tx) => {
        await tx.link('a', 'train/a.npy');
      });
      await dataset.close();
      const writer = await PackWriter.create(target, systemRuntime);
      const environments = [place.store, writer].map((store) => environmentOf(store, { cacheDir: false }));
      const [from, to] = environments as [(typeof environments)[0], (typeof environments)[0]];
      await restoreTo(from as never, to as never, async () => [], {});
      await writer.finish();
      const nacre = await import('../../src/index.js');
      const pack = await nacre.open(target, { cacheDir: false });
      expect(await values(pack)).toEqual([1, 2]);
      await pack.close();
      const out = path.join(fileURLToPath(place.uri), '..', 'unpacked');
      await nacre.unpack(target, out, { cacheDir: false });
      const unpacked = await nacre.open(out, { cacheDir: false });
      expect(await values(unpacked)).toEqual([1, 2]);
      await unpacked.close();
    } finally {
      await place.dispose();
    }
  });
});
