// Parity end to end on every store: ranges, listings, overwrites and clocks are the store's own.
import { describe, expect, test } from 'vitest';
import { environmentOf } from '../../src/dataset/environment.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { showParity, updateParity } from '../../src/ops/parity.js';
import { repair } from '../../src/ops/repair.js';
import { scrub } from '../../src/ops/scrub.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { int32 } from '../dataset/world.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';

async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await store.list({ prefix })).entries.map(({ key }) => key);
}

describe.each(storesUnderTest())('on %s', (name) => {
  test('two of four objects come back, and so does a parity object', async () => {
    const place = await openTestStore(name);
    try {
      const environment = environmentOf(await place.another(), { cacheDir: false });
      const dataset = await openStoreDataset(await place.another(), { create: true, cacheDir: false });
      await dataset.write((tx) => tx.create('a', { dtype: 'int32' }));
      for (let i = 0; i < 4; i++) {
        const rows = int32(...Array.from({ length: 20_000 * i + 7 }, (_, row) => row * i));
        await dataset.write((tx) => tx.append('a', rows));
      }
      await dataset.write((tx) => tx.setParity('a', { dataShards: 4, parityShards: 2 }));
      expect(await updateParity(environment)).toMatchObject({ encodedGroups: 1, encodedObjects: 4 });
      expect((await showParity(environment)).arrays).toMatchObject([{ notCoveredObjects: 0 }]);
      const [arrays, parity] = [
        await keysBelow(place.store, 'arrays/'),
        await keysBelow(place.store, 'parity/'),
      ];
      const before = new Map<string, Uint8Array>();
      for (const key of [...arrays, ...parity])
        before.set(key, (await place.store.get(key))?.bytes ?? new Uint8Array(0));
      const [lost = '', bad = ''] = arrays;
      const [flipped = ''] = parity;
      const harm = async (key: string): Promise<void> => {
        const bytes = before.get(key)?.slice() ?? new Uint8Array(0);
        bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 4;
        await place.store.put(key, bytes);
      };
      await place.store.delete([lost]);
      await harm(bad);
      expect((await scrub(environment)).damaged.map(({ key }) => key).toSorted()).toEqual(
        [lost, bad].toSorted(),
      );
      expect(await repair(environment, [])).toMatchObject({ isWhole: true });
      await harm(flipped);
      expect(await repair(environment, [])).toMatchObject({
        isWhole: true,
        steps: [{ key: flipped, kind: 'parity', from: 'parity', outcome: 'mended' }],
      });
      for (const [key, bytes] of before) {
        const found = (await place.store.get(key))?.bytes ?? new Uint8Array(0);
        expect(Buffer.compare(found, bytes), key).toBe(0);
      }
      expect((await scrub(environment)).damaged).toEqual([]);
      await dataset.close();
      await environment.store.close();
    } finally {
      await place.dispose();
    }
  }, 60_000);
});

test('objects of many stripes go through files, and come back', async () => {
  const place = await openTestStore('folder');
  try {
    // Stripes of 64 KiB; the parity of both groups is longer than what is held in memory.
    const environment = environmentOf(await place.another(), { cacheDir: false, memoryBytes: 2 ** 20 });
    const dataset = await openStoreDataset(await place.another(), { create: true, cacheDir: false });
    await dataset.write((tx) => tx.create('a', { dtype: 'int32' }));
    for (const rows of [5_000_000, 4_300_001, 3]) {
      const data = Int32Array.from({ length: rows }, (_, i) => Math.imul(i, 0x9e3779b1));
      await dataset.write((tx) => tx.append('a', { data }));
    }
    await dataset.write((tx) => tx.setParity('a', { dataShards: 3, parityShards: 2 }));
    expect(await updateParity(environment)).toMatchObject({ encodedGroups: 1, encodedObjects: 3 });
    const keys = await keysBelow(place.store, 'arrays/');
    const [flipped = ''] = await keysBelow(place.store, 'parity/');
    const read = async (key: string) => (await place.store.get(key))?.bytes ?? new Uint8Array(0);
    const lost = [...keys.slice(0, 1), flipped];
    const before = await Promise.all(lost.map(read));
    await place.store.delete(keys.slice(0, 1));
    const bad = Uint8Array.from(before[1] ?? []);
    bad[12_345_678] = (bad[12_345_678] ?? 0) ^ 1;
    await place.store.put(flipped, bad);
    const { steps, isWhole } = await repair(environment, []);
    expect(steps.map(({ kind, outcome, from }) => [kind, outcome, from])).toEqual([
      ['partition', 'mended', 'parity'],
      ['parity', 'mended', 'parity'],
    ]);
    expect(isWhole).toBe(true);
    for (const [i, key] of lost.entries())
      expect(Buffer.compare(await read(key), before[i] ?? new Uint8Array(0)), key).toBe(0);
    await dataset.close();
    await environment.store.close();
  } finally {
    await place.dispose();
  }
}, 120_000);
