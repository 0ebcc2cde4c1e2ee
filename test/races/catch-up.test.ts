import { expect, test } from 'vitest';
import { openStoreDataset } from '../../src/dataset/open.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { systemRuntime } from '../../src/util/runtime.js';

// The root that beat a writer was taken for the one after the newest too, when more than two had landed: the
// writer then left a slot free and published above it.
test('a writer that many versions overtook takes the very next slot', async () => {
  const store = new MemoryStore('catch-up', systemRuntime);
  const open = { cacheDir: false, create: true } as const;
  const first = await openStoreDataset(store, open);
  const second = await openStoreDataset(store, open);
  const row = { data: Uint8Array.of(1) };
  await first.write((tx) => tx.create('rows', { dtype: 'uint8' }));
  await second.refresh();
  for (let behind = 0; behind < 20; behind++) {
    for (let i = 0; i < behind; i++) await first.write((tx) => tx.append('rows', row));
    const head = await first.version();
    expect(await second.write((tx) => tx.append('rows', row))).toMatchObject({ version: head + 1 });
    expect(await first.refresh()).toBe(head + 1);
  }
  let expected = await first.version();
  for await (const { version } of first.log()) expect(version).toBe(expected--);
  expect(expected).toBe(0);
  expect(await first.array('rows').shape()).toEqual([(19 * 20) / 2 + 20]);
  await Promise.all([first.close(), second.close()]);
});

// Each attempt read every root since the transaction began, one after the other: the more a writer lost, the
// slower its next attempt was, and racers that never paused kept it from landing at all.
test('a writer that loses slot after slot reads each root that beat it once', async () => {
  const store = new MemoryStore('losing', systemRuntime);
  const first = await openStoreDataset(store, { cacheDir: false, create: true });
  await first.write((tx) => tx.create('rows', { dtype: 'uint8' }));
  const row = { data: Uint8Array.of(1) };
  let losses = 0;
  const reads = new Map<string, number>();
  const losing = forwarding(store, {
    get: async (key, options) => {
      const found = await store.get(key, options);
      if (losses > 0 && key.endsWith('.root') && found !== undefined)
        reads.set(key, (reads.get(key) ?? 0) + 1);
      return found;
    },
    put: async (key, body, options) => {
      if (key.endsWith('.root') && losses++ < 20) await first.write((tx) => tx.append('rows', row));
      return store.put(key, body, options);
    },
  });
  const second = await openStoreDataset(losing, { cacheDir: false });
  expect(await second.write((tx) => tx.append('rows', row))).toMatchObject({ version: 23 });
  expect(reads.size).toBeGreaterThanOrEqual(20);
  expect(Math.max(...reads.values())).toBe(1);
  await Promise.all([first.close(), second.close()]);
});
