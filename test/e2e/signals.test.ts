// One signal for everything that a program does, as a server gives its requests.
import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openStoreDataset } from '../../src/dataset/open.js';
import { scratch } from '../cli/support.js';
import { storesUnderTest } from '../support/servers/index.ts';
import { openTestStore } from '../support/servers/open.ts';

const folder = await scratch();

const caches: readonly (string | false)[] = [false, folder];

describe.each(storesUnderTest())('%s', (name) => {
  test.each(caches)(
    '100 reads and 30 writes at once leave no listener and no warning; cache %j',
    async (cacheDir) => {
      const place = await openTestStore(name);
      const warnings: string[] = [];
      const listen = ({ message }: Error): number => warnings.push(message);
      process.on('warning', listen);
      const { signal } = new AbortController();
      try {
        const data = Float32Array.from({ length: 4_000 }, (_, i) => i);
        const writer = await openStoreDataset(place.store, { create: true, cacheDir });
        await writer.write(
          async (tx) => {
            await tx.create('e', { dtype: 'float32', rowShape: [4] });
            await tx.append('e', { data, shape: [1_000, 4] });
          },
          // Many partitions, so that one read sends many requests.
          { partitionBytes: 512 },
        );
        const one = { data: Float32Array.of(1), shape: [1] };
        await writer.write((tx) => tx.create('log', { dtype: 'float32' }));
        await Promise.all(
          Array.from({ length: 30 }, () => writer.write((tx) => tx.append('log', one), { signal })),
        );
        const dataset = await openStoreDataset(await place.another(), { cacheDir });
        const array = dataset.array('e');
        const reads = Array.from({ length: 100 }, async (_, i) => {
          const { data: rows } = await array.read({ start: i * 10, end: i * 10 + 1, signal });
          const [hit] = await array
            .nearest(rows as Float32Array)
            .limit(1)
            .toArray({ signal });
          return hit?.row;
        });
        expect(await Promise.all(reads)).toEqual(reads.map((_, i) => i * 10));
        await dataset.close();
        await setImmediate();
        expect(warnings.filter((text) => text.includes('leak'))).toEqual([]);
        expect(getEventListeners(signal, 'abort')).toEqual([]);
      } finally {
        process.off('warning', listen);
        await place.dispose();
      }
    },
  );
});
