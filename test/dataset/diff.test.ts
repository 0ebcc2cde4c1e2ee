// What is said to be different between two versions, in either direction.
import { afterEach, expect, test } from 'vitest';
import type { ArrayDifference } from '../../src/dataset/diff.js';
import { failure } from '../support/failure.js';
import { int32, type Member, World, worldWith } from './world.js';

let world: World;
afterEach(() => world?.close());

async function versions(
  member: Member,
  ...verbs: Parameters<Member['dataset']['write']>[0][]
): Promise<number[]> {
  const made: number[] = [];
  for (const verb of verbs) made.push((await member.dataset.write(verb)).version);
  return made;
}

function rowsOf(array: ArrayDifference | undefined): Partial<ArrayDifference['rows']> {
  const { before: _, after: __, ...rows } = array?.rows ?? ({} as ArrayDifference['rows']);
  return Object.fromEntries(Object.entries(rows).filter(([, count]) => count !== 0));
}

test('rows are counted by their ids: added, dropped, replaced, with attributes set', async () => {
  world = await worldWith(0, 1, 2, 3);
  const member = await world.open();
  await versions(
    member,
    (tx) => tx.append('a', int32(4, 5, 6)),
    (tx) => tx.replace('a', [0, 1], int32(10, 11)),
    (tx) => tx.replace('a', [1, 4], int32(12, 44)),
    (tx) => tx.drop('a', [0, 5]),
    (tx) => tx.setAttributes('a', [0, 1, 2], { lang: ['de', 'en', 'fr'] }),
  );
  const { dataset } = member;
  const forth = await dataset.diff({ version: 2 });
  expect(forth).toMatchObject({ from: { version: 2 }, to: { version: 7 }, more: false });
  const [a] = forth.arrays;
  expect(a).toMatchObject({ name: 'a', change: 'changed', renamedFrom: null, key: null });
  expect(a?.rows).toEqual({ before: 4, after: 5, added: 2, dropped: 1, replaced: 1, attributesSet: 3 });
  expect(a?.attributes).toEqual({ added: ['lang'], dropped: [], renamed: [] });
  expect(a?.partitions).toMatchObject({ added: 3, dropped: 0, droppedBytes: 0 });
  expect(forth.versions.map(({ version, operations }) => [version, operations[0]?.kind])).toEqual([
    [7, 'setAttributes'],
    [6, 'drop'],
    [5, 'replace'],
    [4, 'replace'],
    [3, 'append'],
  ]);
  const back = await dataset.diff({ version: 7 }, { version: 2 });
  expect(back.arrays[0]?.rows).toEqual({
    before: 5,
    after: 4,
    added: 1,
    dropped: 2,
    replaced: 1,
    attributesSet: 3,
  });
  expect(back.arrays[0]?.attributes).toEqual({ added: [], dropped: ['lang'], renamed: [] });
  expect(back.versions).toEqual(forth.versions);
  expect((await dataset.diff({ version: 4 }, { version: 5 })).arrays.map(rowsOf)).toEqual([{ replaced: 2 }]);
});

test('arrays that came, went or changed their names; those that are the same are left out, unread', async () => {
  world = await worldWith(1, 2);
  const member = await world.open();
  await versions(member, async (tx) => {
    await tx.create('b', { dtype: 'int32' });
    await tx.append('b', int32(7));
    await tx.create('c', { dtype: 'int8' });
  });
  await versions(
    member,
    (tx) => tx.rename('b', 'd'),
    (tx) => tx.dropArray('c'),
    async (tx) => {
      await tx.create('e', { dtype: 'int32' });
      await tx.append('e', int32(1, 2, 3));
    },
  );
  const { arrays } = await member.dataset.diff({ version: 3 });
  expect(arrays.map((one) => [one.name, one.change, one.renamedFrom, rowsOf(one)])).toEqual([
    ['c', 'dropped', null, {}],
    ['d', 'changed', 'b', {}],
    ['e', 'created', null, { added: 3 }],
  ]);
  member.trace.clear();
  await member.dataset.diff({ version: 3 }, { version: 4 });
  expect(member.trace.entries.filter(({ key }) => !key.startsWith('versions/'))).toEqual([]);
});

test('keys, indexes and names of attributes', async () => {
  world = await worldWith();
  const member = await world.open();
  const { dataset } = member;
  const attributes = { id: ['x', 'y'], lang: ['de', 'de'] };
  const [before = 0] = await versions(member, (tx) => tx.append('a', int32(1, 2), { attributes }));
  await dataset.array('a').index({ attribute: 'lang' });
  await versions(
    member,
    (tx) => tx.setKey('a', 'id'),
    (tx) => tx.renameAttribute('a', 'lang', 'language'),
  );
  const [a] = (await dataset.diff({ version: before })).arrays;
  expect(a).toMatchObject({
    key: { before: null, after: 'id' },
    attributes: { added: [], dropped: [], renamed: [{ from: 'lang', to: 'language' }] },
    indexes: { added: ['attribute language'], dropped: [], changed: [] },
  });
  expect(rowsOf(a)).toEqual({});
  const built = await dataset.version();
  await versions(member, (tx) => tx.append('a', int32(3), { attributes: { id: ['z'], language: ['en'] } }));
  await dataset.array('a').index({ attribute: 'language' });
  const [later] = (await dataset.diff({ version: built })).arrays;
  expect(later?.indexes).toEqual({ added: [], dropped: [], changed: ['attribute language'] });
});

test('over a restore, also of an array that came back under another id', async () => {
  world = await worldWith(1, 2, 3);
  const member = await world.open();
  const { dataset } = member;
  await versions(
    member,
    (tx) => tx.drop('a', [0]),
    (tx) => tx.append('a', int32(4)),
  );
  await dataset.restore({ version: 2 });
  expect((await dataset.diff({ version: 4 })).arrays.map(rowsOf)).toEqual([{ added: 1, dropped: 1 }]);
  expect((await dataset.diff({ version: 2 })).arrays.map(rowsOf)).toEqual([{}]);
  await versions(member, (tx) => tx.dropArray('a'));
  await dataset.restore({ version: 2 });
  const [a] = (await dataset.diff({ version: 4 })).arrays;
  expect(a?.change).toBe('changed');
  expect(rowsOf(a)).toEqual({ added: 1, dropped: 1 });
});

test('lists no more versions than it is asked for, and says so; the same version twice is no difference', async () => {
  world = await worldWith(1);
  const member = await world.open();
  for (let i = 0; i < 20; i++) await versions(member, (tx) => tx.append('a', int32(i)));
  const { dataset } = member;
  const few = await dataset.diff({ version: 2 }, undefined, { limit: 3 });
  expect([few.versions.map(({ version }) => version), few.more]).toEqual([[22, 21, 20], true]);
  expect(await dataset.diff({ version: -1 }, { version: 21 })).toMatchObject({
    arrays: [],
    versions: [],
    more: false,
  });
  expect((await failure(dataset.diff({ version: 99 }))).code).toBe('NotFound');
  expect((await failure(dataset.diff({ version: 2 }, { tag: 'none' }))).code).toBe('NotFound');
});
