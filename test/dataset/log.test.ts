// What the log says of each operation, and how little of a root it takes.
import { afterEach, expect, test } from 'vitest';
import { rootBytesCap } from '../../src/manifest/root.js';
import type { VersionInfo } from '../../src/dataset/info.js';
import { int32, type Member, World, worldWith } from './world.js';

let world: World;
afterEach(() => world.close());

async function log({ dataset }: Member): Promise<VersionInfo[]> {
  const versions: VersionInfo[] = [];
  for await (const version of dataset.log()) versions.push(version);
  return versions;
}

test('names arrays as they were called in that version, those that it dropped included', async () => {
  world = await worldWith(1, 2);
  const member = await world.open();
  const { dataset } = member;
  await dataset.write(async (tx) => {
    await tx.create('b', { dtype: 'int32' });
    await tx.append('a', int32(3));
  });
  await dataset.write((tx) => tx.rename('a', 'c'));
  await dataset.write((tx) => tx.append('c', int32(4)));
  await dataset.write(async (tx) => {
    await tx.dropArray('c');
    await tx.append('b', int32(5));
  });
  await dataset.write((tx) => tx.rename('b', 'a'));
  const said = (await log(member)).map(({ version, operations }) => [
    version,
    operations.map(({ array, rowsAdded, rowsDropped }) => [array, rowsAdded, rowsDropped]),
  ]);
  expect(said).toEqual([
    [7, [['a', 0, 0]]],
    [
      6,
      [
        ['c', 0, 4],
        ['b', 1, 0],
      ],
    ],
    [5, [['c', 1, 0]]],
    [4, [['c', 0, 0]]],
    [
      3,
      [
        ['b', 0, 0],
        ['a', 1, 0],
      ],
    ],
    [2, [['a', 2, 0]]],
    [1, [['', 0, 0]]],
  ]);
});

test('repeats no names: 200 arrays with names of 200 bytes are made in one write', async () => {
  world = await worldWith();
  const member = await world.open();
  const names = Array.from({ length: 200 }, (_, i) => `${String(i).padStart(3, '0')}-${'n'.repeat(196)}`);
  await member.dataset.write(async (tx) => {
    for (const name of names) await tx.create(name, { dtype: 'int32' });
  });
  const { bytes } = await world.head();
  expect(bytes.byteLength).toBeLessThan(rootBytesCap);
  const [newest] = await log(member);
  expect(newest?.operations.map(({ array }) => array)).toEqual(names);
});
