// Row sets that are too large for a root and stand in objects of their own.
import { expect, test } from 'vitest';
import { open as openDataset } from '../../src/dataset/open.js';

const rows = 50_000;
/** Scattered, so that the set takes more than the 2 KiB that a root has for it. */
const scattered = (first: number): number[] => Array.from({ length: 3_000 }, (_, i) => first + 14 * i);

test('thousands of scattered rows can be dropped and replaced, and then more', async () => {
  const open = () => openDataset('memory://large-row-sets', { create: true, cacheDir: false });
  await using dataset = await open();
  await dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'int32' });
    await tx.append('a', { data: Int32Array.from({ length: rows }, (_, i) => i) });
  });
  await dataset.write((tx) => tx.drop('a', { ids: scattered(0) }));
  await dataset.write((tx) => tx.drop('a', { ids: scattered(1) }));
  await dataset.write((tx) =>
    tx.replace('a', { ids: scattered(2) }, { data: new Int32Array(3_000).fill(-1) }),
  );
  await dataset.write((tx) => tx.drop('a', { ids: [3] }));

  const expected = Int32Array.from({ length: rows }, (_, i) =>
    i < 14 * 3_000 && i % 14 === 2 ? -1 : i,
  ).filter((_, i) => i !== 3 && (i >= 14 * 3_000 || i % 14 > 1));
  expect((await dataset.array('a').read()).data).toEqual(expected);
  await using again = await open();
  expect((await again.array('a').read()).data).toEqual(expected);
});
