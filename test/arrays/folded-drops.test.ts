// A drop that moved from the root into the entry of its partition still takes the row's override with it.
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import type { RowsInput } from '../../src/arrays/rows-input.js';
import { int32, values, World } from '../dataset/world.js';

test('a row that was replaced and then dropped stays gone when its partition is folded into a segment', async () => {
  const world = new World();
  const { dataset } = await world.open();
  await dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'int32' });
    await tx.append('a', int32(0, 1, 2, 3));
  });
  await dataset.write((tx) => tx.replace('a', [1], int32(100)));
  await dataset.write((tx) => tx.drop('a', [1]));
  await fillRoot(dataset, int32(-1));
  await dataset.write((tx) => tx.append('a', int32(4)));
  expect(await segments(world)).toBe(1);
  const expected = [0, 2, 3, ...Array.from({ length: fillers }, () => -1), 4];
  expect(await values(dataset)).toEqual(expected);
  expect(await world.read()).toEqual(expected);
  await world.close();
});

test('a search does not find the content of such a row', async () => {
  const world = new World();
  const { dataset } = await world.open();
  const row = (value: number) => ({ data: Float32Array.of(value), shape: [1, 1] });
  await dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'float32', rowShape: [1] });
    await tx.append('a', { data: Float32Array.of(0, 1, 2, 3), shape: [4, 1] });
  });
  await dataset.write((tx) => tx.replace('a', [1], row(100)));
  await dataset.write((tx) => tx.drop('a', [1]));
  await fillRoot(dataset, row(-1));
  await dataset.write((tx) => tx.append('a', row(4)));
  expect(await segments(world)).toBe(1);
  expect(await dataset.array('a').nearest([100]).limit(2).toArray()).toEqual([
    { row: 3 + fillers, id: 4 + fillers, score: 96 },
    { row: 2, id: 3, score: 97 },
  ]);
  await world.close();
});

/** Appends that fill the root, beside arrays with long names. */
const fillers = 260;

/** Long names and many small appends bring a root to where the next commit folds. */
async function fillRoot(dataset: Dataset, row: RowsInput): Promise<void> {
  for (let batch = 0; batch < 3; batch++) {
    await dataset.write(async (tx) => {
      for (let i = 0; i < 20; i++) await tx.create(`${batch}-${i}`.padEnd(200, 'x'), { dtype: 'bool' });
    });
  }
  for (let i = 0; i < fillers; i++) await dataset.write((tx) => tx.append('a', row));
}

async function segments(world: World): Promise<number> {
  const { root } = await world.head();
  return root.arrays.find(({ name }) => name === 'a')?.segments.length ?? 0;
}
