// Processes that write rows with the same keys at the same time: of each key exactly one row is there.
import { expect, test } from 'vitest';
import { all, inject, injected, makePlace, onEach, type Place } from './support.ts';
import { patience, rootKeys, scale, seed, start } from './support.ts';

interface Line {
  readonly key: number;
  readonly code: 'landed' | 'Conflict' | 'AlreadyExists';
  readonly inserted?: number;
  readonly replaced?: number;
}

const processes = 4;
const count = 40 * scale;

async function race(place: Place, upsert: boolean): Promise<Line[]> {
  const ds = await place.open();
  await ds.write((tx) => tx.create('keyed', { dtype: 'float64', key: { name: 'id', type: 'string' } }));
  await ds.close();
  inject(place, [
    { method: 'PUT', path: rootKeys, every: 7, action: 'cut' },
    { method: 'PUT', path: rootKeys, probability: 0.1, action: 'answer', status: 429 },
  ]);
  const writers = Array.from({ length: processes }, (_, i) => i);
  const lines = await all(writers.map((writer) => start<Line>(place, 'keys', { writer, count, upsert })));
  return lines.flat();
}

/** Of each key one row, found by a look-up and by a filter. */
async function expectOneRowEach(place: Place): Promise<void> {
  const ds = await place.open();
  const array = ds.array('keyed');
  const keys = Array.from({ length: count }, (_, key) => `key ${key}`);
  const found = await array.rowsByKey(keys, { values: true });
  expect(found.filter((row) => row === undefined)).toEqual([]);
  expect(new Set(found.map((row) => row?.id)).size).toBe(count);
  expect(await array.shape()).toEqual([count]);
  await ds.close();
}

onEach(['folder', 'minio', 'versitygw'], 'on', (name) => {
  test(
    `${processes} processes append the same keys, and each key is one process's`,
    async () => {
      const place = await makePlace(name, []);
      try {
        const lines = await race(place, false);
        const landed = lines.filter(({ code }) => code === 'landed');
        const conflicts = lines.filter(({ code }) => code === 'Conflict').length;
        console.info(
          `${name}: seed ${seed}, ${landed.length} landed, ${conflicts} conflicts, ` +
            `${lines.length - landed.length - conflicts} there already, ${JSON.stringify(injected(place))}`,
        );
        expect(lines).toHaveLength(processes * count);
        expect(landed.map(({ key }) => key).sort((a, b) => a - b)).toEqual(
          Array.from({ length: count }, (_, key) => key),
        );
        await expectOneRowEach(place);
      } finally {
        await place.dispose();
      }
    },
    patience,
  );

  test(
    `${processes} processes upsert the same keys, and each is inserted once`,
    async () => {
      const place = await makePlace(name, []);
      try {
        const lines = await race(place, true);
        const inserted = lines.filter((line) => line.inserted === 1).map(({ key }) => key);
        expect(inserted.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, key) => key));
        expect(lines.filter((line) => line.replaced === 1)).toHaveLength((processes - 1) * count);
        await expectOneRowEach(place);
      } finally {
        await place.dispose();
      }
    },
    patience,
  );
});
