// When rows of an array were last changed, as the newest version says it.
import { afterEach, expect, test } from 'vitest';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import { Gate, int32, values, World, worldWith } from './world.js';

let world: World;
afterEach(() => world?.close());

const attributes = { n: [7] };

/** Each with whether it changes rows of 'a'. */
const verbs: readonly (readonly [string, boolean, (tx: TransactionHandle) => Promise<unknown>])[] = [
  ['append', true, (tx) => tx.append('a', int32(4))],
  ['append of no rows', false, (tx) => tx.append('a', int32())],
  ['replace', true, (tx) => tx.replace('a', [0], int32(9))],
  ['addAttribute', false, (tx) => tx.addAttribute('a', 'n', 'int')],
  ['setAttributes', true, (tx) => tx.setAttributes('a', [0], attributes)],
  ['append with attributes', true, (tx) => tx.append('a', int32(5), { attributes })],
  ['renameAttribute', false, (tx) => tx.renameAttribute('a', 'n', 'm')],
  ['an index of an attribute', false, (tx) => tx.index('a', { attribute: 'm' })],
  ['dropAttribute', false, (tx) => tx.dropAttribute('a', 'm')],
  ['setParity', false, (tx) => tx.setParity('a', { dataShards: 2, parityShards: 1 })],
  ['rename', false, (tx) => tx.rename('a', 'c').then(() => tx.rename('c', 'a'))],
  ['a change of another array', false, (tx) => tx.append('b', int32(1))],
  ['drop', true, (tx) => tx.drop('a', [0])],
  ['save', true, (tx) => tx.save('a', int32(1, 2))],
];

test('it is the last version that changed rows, whatever else came after', async () => {
  world = await worldWith(1, 2, 3);
  const { dataset } = await world.open();
  await dataset.write((tx) => tx.create('b', { dtype: 'int32' }));
  let expected = 2;
  const seen: unknown[] = [];
  const told: unknown[] = [];
  for (const [name, changes, verb] of verbs) {
    await world.runtime.sleep(1_000);
    const { version } = await dataset.write(async (tx) => void (await verb(tx)));
    if (changes) expected = version;
    seen.push([name, (await dataset.array('a').modified())?.version]);
    told.push([name, expected]);
  }
  await dataset.compact();
  await dataset.tag('after');
  seen.push((await dataset.array('a').modified())?.version);
  told.push(expected);
  expect(seen).toEqual(told);
  const { time } = (await dataset.array('a').modified()) ?? {};
  expect(time).toBe((await (await dataset.at({ version: expected })).info()).time);
  // Older versions say what was so then, and another handle says the same.
  expect((await dataset.array('a').modified({ at: { version: 3 } }))?.version).toBe(2);
  const other = await world.open();
  const { arrays } = await other.dataset.info();
  expect(arrays['a']?.modified).toEqual({ version: expected, time });
});

test('it stays when entries move into a segment', async () => {
  world = await worldWith(1);
  const { dataset } = await world.open();
  const before = (await dataset.array('a').modified())?.version;
  for (let i = 0; i < 60; i++)
    await dataset.write(
      async (tx) => {
        if (i === 0) await tx.create('b', { dtype: 'int32' });
        await tx.append('b', { data: Int32Array.from({ length: 100 }, (_, row) => row) });
      },
      { partitionBytes: 4 },
    );
  const { arrays, version } = await dataset.info();
  expect([arrays['a']?.modified?.version, arrays['b']?.modified?.version]).toEqual([before, version]);
});

test('a commit that is rebased has the number and the time under which it landed', async () => {
  const gate = new Gate(/^versions/);
  world = await worldWith(1);
  const slow = await world.open({ gate });
  const fast = await world.open();
  gate.shut();
  const late = slow.dataset.write((tx) => tx.append('a', int32(3)));
  await gate.arrived();
  await fast.dataset.write((tx) => tx.append('a', int32(2)));
  gate.open();
  const { version } = await late;
  const { time, arrays } = await slow.dataset.info();
  expect(version).toBe(4);
  expect(arrays['a']?.modified).toEqual({ version, time });
});

test('a restore changes the arrays that differ, and no others; again to the same it changes nothing', async () => {
  world = await worldWith(1, 2);
  const { dataset } = await world.open();
  await dataset.write((tx) => tx.save('still', int32(1)));
  await dataset.write((tx) => tx.save('gone', int32(1)));
  await dataset.write((tx) => tx.append('a', int32(3)));
  await dataset.write((tx) => tx.dropArray('gone'));
  const modified = async () =>
    Object.fromEntries(
      Object.entries((await dataset.info()).arrays).map(([name, array]) => [name, array.modified?.version]),
    );
  expect(await modified()).toEqual({ a: 5, still: 3 });
  await dataset.restore({ version: 4 });
  expect(await modified()).toEqual({ a: 7, still: 3, gone: 7 });
  const other = await world.open();
  // A restore that changes an array is a conflict for who appends to it meanwhile.
  await other.dataset.write(async (tx) => {
    await tx.append('a', int32(8));
    await dataset.restore({ version: 4 });
  });
  expect(await values(other.dataset)).toEqual([1, 2, 8]);
});
