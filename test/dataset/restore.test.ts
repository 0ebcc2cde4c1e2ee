// An earlier state as a new version: what it holds, what it keeps of the newest one, and who is told.
import { afterEach, describe, expect, test } from 'vitest';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import { hasUnknownFields, make, type Root, v1 } from '../../src/manifest/message.js';
import { rootObjects } from '../../src/manifest/references.js';
import { updateSetHash } from '../../src/manifest/set-hash.js';
import { seededRandom } from '../support/fake-runtime.js';
import { failure } from '../support/failure.js';
import { functions, Gate, int32, type Member, values, World, worldWith } from './world.js';

let world: World;
afterEach(() => world?.close());

type Verb = (tx: TransactionHandle) => Promise<void> | void;

async function write(member: Member, verb: Verb): Promise<number> {
  return (await member.dataset.write(async (tx) => verb(tx))).version;
}

async function idsOf({ dataset }: Member, array = 'a'): Promise<number[]> {
  return Array.from(await dataset.array(array).ids());
}

/** What a root says of its objects, compared with its table and its parent's. */
async function checkObjects(version: number): Promise<void> {
  const { dataset } = await world.open();
  const [now, before] = await Promise.all([rootOf(version), rootOf(version - 1)]);
  const listed = rootObjects(now).map(({ key, hash }) => ({ key, hash }));
  const empty = new Uint8Array(32);
  expect(now.root.setHash).toEqual(updateSetHash(empty, listed, [], functions));
  const keys = new Set(listed.map(({ key }) => key));
  const known = new Set(rootObjects(before).map(({ key }) => key));
  expect(now.root.changes?.added).toHaveLength([...keys].filter((key) => !known.has(key)).length);
  const removed = now.root.changes?.removed?.objects ?? [];
  expect(removed).toHaveLength([...known].filter((key) => !keys.has(key)).length);
  await dataset.close();
}

async function rootOf(version: number) {
  const { readRoot } = await import('../../src/manifest/head.js');
  const loaded = await readRoot(world.bare, version, functions);
  if (loaded === undefined) throw new Error(`there is no version ${version}`);
  return loaded;
}

describe('restore', () => {
  test('gives the rows as they were, as a new version, and the versions between stay', async () => {
    world = await worldWith(1, 2, 3);
    const writer = await world.open();
    await write(writer, (tx) => tx.append('a', int32(4)));
    await write(writer, (tx) => tx.replace('a', [0], int32(10)));
    await write(writer, (tx) => tx.drop('a', [1]));
    expect(await writer.dataset.restore({ version: 2 })).toEqual({
      version: 6,
      recovered: false,
      restored: 2,
    });
    expect(await values(writer.dataset)).toEqual([1, 2, 3]);
    expect(await world.read()).toEqual([1, 2, 3]);
    expect(await values(await writer.dataset.at({ version: 5 }))).toEqual([10, 3, 4]);
    await checkObjects(6);
    // And forth again.
    await writer.dataset.restore({ version: 5 });
    expect(await world.read()).toEqual([10, 3, 4]);
    expect(await idsOf(writer)).toEqual([0, 2, 3]);
    await checkObjects(7);
    const log = [];
    for await (const { version, message, operations } of writer.dataset.log())
      log.push([version, message, ...operations.map(({ kind, array }) => `${kind} ${array}`)]);
    expect(log.slice(0, 2)).toEqual([
      [7, 'restore version 5', 'restore a'],
      [6, 'restore version 2', 'restore a'],
    ]);
  });

  test('history 12: no row id is used twice after it', async () => {
    world = await worldWith(1, 2);
    const writer = await world.open();
    await write(writer, (tx) => tx.append('a', int32(3, 4, 5)));
    await writer.dataset.restore({ version: 2 });
    await write(writer, (tx) => tx.append('a', int32(6, 7)));
    expect(await values(writer.dataset)).toEqual([1, 2, 6, 7]);
    expect(await idsOf(writer)).toEqual([0, 1, 5, 6]);
    const gone = await failure(writer.dataset.array('a').read({ ids: [3] }));
    expect(gone.code).toBe('NotFound');
    await write(writer, (tx) => tx.replace('a', { ids: [5] }, int32(60)));
    await write(writer, (tx) => tx.drop('a', [0, 3]));
    expect(await world.read()).toEqual([2, 60]);
    await writer.dataset.restore({ version: 3 });
    expect(await idsOf(writer)).toEqual([0, 1, 2, 3, 4]);
    await write(writer, (tx) => tx.append('a', int32(8)));
    expect(await idsOf(writer)).toEqual([0, 1, 2, 3, 4, 7]);
    // The root says that its rows leave ids out as long as they do.
    expect((await world.head()).root.requiredFeatures).toEqual([30]);
    await write(writer, (tx) => tx.dropArray('a'));
    expect((await world.head()).root.requiredFeatures).toEqual([]);
  });

  test('costs one request for the version beside that above it, and one PUT', async () => {
    world = await worldWith(...Array.from({ length: 1_000 }, (_, i) => i));
    const filler = await world.open();
    for (let i = 0; i < 4; i++) await write(filler, (tx) => tx.append('a', int32(i)));
    await filler.dataset.close();
    const member = await world.open();
    await member.dataset.version();
    member.trace.clear();
    await member.dataset.restore({ version: 3 });
    const asked = member.trace.entries
      .filter(({ wave }) => wave > 0)
      .map(({ method, key }) => [method, key.split('/')[0]]);
    // The check of the own history, before the first commit of a handle, is one of the reads.
    expect(asked.filter(([method]) => method === 'put')).toEqual([['put', 'versions']]);
    expect(asked.filter(([method]) => method !== 'put').every(([, place]) => place === 'versions')).toBe(
      true,
    );
    expect(asked.length).toBeLessThanOrEqual(4);
    const keys = await world.keys('arrays/');
    expect(keys).toHaveLength(5);
  });

  test('changes nothing at the newest version, and refuses versions that are not there', async () => {
    world = await worldWith(1);
    const { dataset } = await world.open();
    expect(await dataset.restore({ version: 2 })).toMatchObject({ version: 2, restored: 2 });
    expect((await failure(dataset.restore({ version: 9 }))).code).toBe('NotFound');
    expect((await failure(dataset.restore({ tag: 'none' }))).code).toBe('NotFound');
    expect((await failure((await dataset.at({ version: 1 })).restore({ version: 1 }))).code).toBe(
      'InvalidArgument',
    );
    await world.plantNext({ kept: make(v1.Kept, { from: 3, also: [] }) });
    await dataset.refresh();
    expect((await failure(dataset.restore({ version: 2 }))).code).toBe('Expired');
    expect((await failure(dataset.restore({ version: 3 }, { ifVersion: 7 }))).code).toBe('Conflict');
  });

  test('keeps tags, operation ids and application sequences of the newest version', async () => {
    world = await worldWith(1);
    const { dataset } = await world.open();
    const operationId = '00112233445566778899aabbccddeeff';
    const append = () => dataset.write((tx) => tx.append('a', int32(2)), { operationId });
    const { version } = await append();
    const application = { name: 'loader', sequence: 7 };
    await dataset.write((tx) => tx.append('a', int32(3)), { application });
    await dataset.tag('all');
    await dataset.restore({ version: 2 });
    expect(await append()).toMatchObject({ version, recovered: true });
    await dataset.write((tx) => tx.append('a', int32(3)), { application });
    expect(await values(dataset)).toEqual([1]);
    expect(await values(await dataset.at({ tag: 'all' }))).toEqual([1, 2, 3]);
  });

  test('keeps operation ids that stand in objects', async () => {
    world = await worldWith(1);
    const { dataset } = await world.open();
    const id = (i: number): string => i.toString(16).padStart(32, '0');
    const append = (i: number) => dataset.write((tx) => tx.append('a', int32(i)), { operationId: id(i + 1) });
    for (let i = 0; i < 300; i++) await append(i);
    expect((await world.head()).root.olderOperations.length).toBeGreaterThan(0);
    const { version } = await dataset.restore({ version: 200 });
    await checkObjects(version);
    await dataset.restore({ version: 2 });
    await checkObjects(version + 1);
    for (const i of [0, 150, 299]) expect(await append(i)).toMatchObject({ recovered: true });
    expect(await world.read()).toEqual([1]);
  });

  test('brings arrays back under the names that they had, also ones that were dropped or made since', async () => {
    world = await worldWith(1, 2);
    const writer = await world.open();
    await write(writer, (tx) => tx.create('b', { dtype: 'int32' }));
    await write(writer, (tx) => tx.append('b', int32(7)));
    const good = await writer.dataset.version();
    await write(writer, (tx) => tx.rename('b', 'c'));
    await write(writer, (tx) => tx.dropArray('a'));
    await write(writer, async (tx) => {
      await tx.create('a', { dtype: 'float32' });
      await tx.create('d', { dtype: 'int8' });
    });
    const spoilt = await writer.dataset.version();
    await writer.dataset.restore({ version: good });
    const { arrays } = await writer.dataset.info();
    expect(Object.keys(arrays).toSorted()).toEqual(['a', 'b']);
    expect(await values(writer.dataset, 'a')).toEqual([1, 2]);
    expect(await values(writer.dataset, 'b')).toEqual([7]);
    const [before, after] = [await rootOf(good), await world.head()];
    const idOf = ({ root }: { root: Root }, name: string) => root.arrays.find((one) => one.name === name)?.id;
    expect(idOf(after, 'a')).not.toEqual(idOf(before, 'a'));
    expect(idOf(after, 'b')).toEqual(idOf(before, 'b'));
    await write(writer, (tx) => tx.append('a', int32(3)));
    expect(await world.read('a')).toEqual([1, 2, 3]);
    await writer.dataset.restore({ version: spoilt });
    expect(Object.keys((await writer.dataset.info()).arrays).toSorted()).toEqual(['a', 'c', 'd']);
    await checkObjects(await writer.dataset.version());
  });

  test('brings attributes, their indexes and the key back; filters see no row between the ids', async () => {
    world = await worldWith();
    const writer = await world.open();
    const rows = (first: number, count: number) =>
      int32(...Array.from({ length: count }, (_, i) => first + i));
    const lang = (count: number) => ({
      lang: Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 'de' : null)),
    });
    await write(writer, (tx) => tx.append('a', rows(0, 100), { attributes: lang(100) }));
    await writer.dataset.array('a').index({ attribute: 'lang' });
    const good = await writer.dataset.version();
    await write(writer, (tx) => tx.append('a', rows(100, 300), { attributes: lang(300) }));
    await write(writer, (tx) =>
      tx.setAttributes('a', { all: true }, { lang: Array.from({ length: 400 }, () => 'fr') }),
    );
    await write(writer, (tx) => tx.dropAttribute('a', 'lang'));
    await writer.dataset.restore({ version: good });
    await write(writer, (tx) => tx.append('a', rows(500, 10)));
    await write(writer, (tx) => tx.append('a', rows(600, 10), { attributes: lang(10) }));
    for (const { dataset } of [writer, await world.open()]) {
      const array = dataset.array('a');
      expect(await array.where("lang = 'de'").count()).toBe(55);
      expect(await array.where('lang is null').count()).toBe(65);
      expect(await array.where("lang is null or lang = 'de'").count()).toBe(120);
      const ids = (await array.where('lang is null').toArray()).map(({ id }) => id);
      expect(ids.slice(0, 2)).toEqual([1, 3]);
      expect(ids.slice(50, 60)).toEqual(Array.from({ length: 10 }, (_, i) => 400 + i));
      expect(await array.select().count()).toBe(120);
    }
    // Attributes that are made now get an id that none had, too.
    await write(writer, (tx) => tx.addAttribute('a', 'year', 'int'));
    await writer.dataset.array('a').index({ attribute: 'lang', update: true });
    expect(await writer.dataset.array('a').where('lang is null').count()).toBe(65);
    await writer.dataset.array('a').index({ attribute: 'lang' });
    expect(await writer.dataset.array('a').where("lang = 'de'").count()).toBe(55);
  });

  test('brings a key back, which later rows are compared with', async () => {
    world = await worldWith();
    const writer = await world.open();
    await write(writer, (tx) => tx.append('a', int32(1, 2), { attributes: { id: ['x', 'y'] } }));
    await write(writer, (tx) => tx.setKey('a', 'id'));
    const good = await writer.dataset.version();
    await write(writer, (tx) => tx.append('a', int32(3, 4), { attributes: { id: ['z', 'v'] } }));
    await write(writer, (tx) => tx.setKey('a', null));
    await write(writer, (tx) => tx.append('a', int32(5), { attributes: { id: ['x'] } }));
    await writer.dataset.restore({ version: good });
    const append = (id: string) =>
      writer.dataset.write((tx) => tx.append('a', int32(9), { attributes: { id: [id] } }));
    expect((await failure(append('x'))).code).toBe('AlreadyExists');
    await append('z');
    const [found] = await writer.dataset.array('a').rowsByKey(['z'], { values: true });
    expect(found).toMatchObject({ row: 2, id: 5, data: Int32Array.of(9) });
    expect((await failure(append('z'))).code).toBe('AlreadyExists');
  });

  test.each(['ivf', 'exact'] as const)(
    'an %s index of that version answers at once, and takes appended rows up',
    async (type) => {
      world = await worldWith();
      const writer = await world.open();
      const random = seededRandom(5);
      const rows = (count: number) => ({
        data: Float32Array.from({ length: count * 8 }, () => random()),
        shape: [count, 8],
      });
      await write(writer, (tx) => tx.create('e', { dtype: 'float32', rowShape: [8] }));
      await write(writer, (tx) => tx.append('e', rows(600)));
      await writer.dataset.array('e').index({ type });
      const good = await writer.dataset.version();
      const query = new Float32Array(8).fill(0.5);
      const nearest = ({ dataset }: Member) => dataset.array('e').nearest(query).exact().limit(20).toArray();
      const before = await nearest(writer);
      await write(writer, (tx) => tx.append('e', rows(400)));
      await write(writer, (tx) =>
        tx.drop(
          'e',
          before.slice(0, 5).map(({ row }) => row),
        ),
      );
      await writer.dataset.array('e').index({ type });
      await writer.dataset.restore({ version: good });
      expect(await nearest(writer)).toEqual(before);
      const indexed = async ({ dataset }: Member) => (await dataset.info()).arrays['e']?.indexes[0];
      expect(await indexed(writer)).toMatchObject({ type, rows: 600 });
      for (let i = 0; i < 3; i++) await write(writer, (tx) => tx.append('e', rows(1_100)));
      const reader = await world.open();
      expect(await indexed(reader)).toMatchObject({ type, rows: 3_900 });
      const all = await reader.dataset.array('e').nearest(query).exact().limit(3_900).toArray();
      expect(new Set(all.map(({ id }) => id)).size).toBe(3_900);
      expect(all.filter(({ id }) => id >= 600 && id < 1_000)).toEqual([]);
      if (type === 'ivf') {
        const lists = await reader.dataset.array('e').nearest(query).nprobe(10_000).limit(3_900).toArray();
        expect(lists.map(({ id }) => id).toSorted()).toEqual(all.map(({ id }) => id).toSorted());
      }
      await writer.dataset.array('e').index({ type, update: true });
      expect((await nearest(writer)).map(({ id }) => id)).toEqual(all.slice(0, 20).map(({ id }) => id));
    },
  );

  test('is refused where a newer release put something beside the arrays', async () => {
    world = await worldWith(1);
    await world.plantNext((root) => withUnknown(root));
    expect(hasUnknownFields((await world.head()).root)).toBe(true);
    const { dataset } = await world.open();
    expect((await failure(dataset.restore({ version: 2 }))).code).toBe('UnsupportedFormat');
    await world.plantNext({});
    await dataset.refresh();
    expect((await failure(dataset.restore({ version: 3 }))).code).toBe('UnsupportedFormat');
  });
});

/** The root with a field that no release has. */
function withUnknown(root: Root): Partial<Root> {
  Object.defineProperty(root, '$unknowns', { value: [Uint8Array.of(0xf8, 0x7f, 1)], configurable: true });
  return {};
}

describe('writers that were under way', () => {
  /** What becomes of a write that began before the restore of version 2, and comes after it. */
  async function under(prepare: Verb, verb: Verb): Promise<string> {
    world = await worldWith(1, 2, 3);
    const [one, two] = [await world.open(), await world.open()];
    await write(one, prepare);
    await two.dataset.refresh();
    await one.dataset.restore({ version: 2 });
    try {
      await write(two, verb);
      return 'committed';
    } catch (error) {
      return (error as { code: string }).code;
    }
  }
  const spoil: Verb = (tx) => tx.replace('a', [0], int32(10));

  test.each<[string, Verb, string]>([
    ['replace', (tx) => tx.replace('a', [2], int32(30)), 'Conflict'],
    ['drop', (tx) => tx.drop('a', [2]), 'Conflict'],
    ['dropArray', (tx) => tx.dropArray('a'), 'Conflict'],
    ['rename', (tx) => tx.rename('a', 'b'), 'Conflict'],
    ['attributes', (tx) => tx.addAttribute('a', 'x', 'int'), 'Conflict'],
    ['append with attributes', (tx) => tx.append('a', int32(4), { attributes: { x: [1] } }), 'Conflict'],
    ['append', (tx) => tx.append('a', int32(4)), 'committed'],
    ['create', (tx) => tx.create('b', { dtype: 'int32' }), 'committed'],
  ])('%s', async (_, verb, expected) => {
    expect(await under(spoil, verb)).toBe(expected);
  });

  test('an array that is as it was is in nobody’s way', async () => {
    world = await worldWith(1, 2, 3);
    const [one, two] = [await world.open(), await world.open()];
    await write(one, async (tx) => {
      await tx.create('b', { dtype: 'int32' });
      await tx.append('b', int32(5));
    });
    await write(one, (tx) => tx.append('a', int32(4)));
    await two.dataset.refresh();
    await one.dataset.restore({ version: 3 });
    await write(two, (tx) => tx.replace('b', [0], int32(50)));
    expect(await world.read('b')).toEqual([50]);
    expect(await world.read('a')).toEqual([1, 2, 3]);
  });

  test('an append to an array that has its key again is a conflict', async () => {
    world = await worldWith();
    const [one, two] = [await world.open(), await world.open()];
    await write(one, (tx) => tx.append('a', int32(1), { attributes: { id: [1] } }));
    await write(one, (tx) => tx.setKey('a', 'id'));
    const good = await one.dataset.version();
    await write(one, (tx) => tx.setKey('a', null));
    await two.dataset.refresh();
    await one.dataset.restore({ version: good });
    expect((await failure(write(two, (tx) => tx.append('a', int32(2))))).code).toBe('Conflict');
  });

  test('a restore follows the version that it was planned at alone, in one group too', async () => {
    world = await worldWith(1, 2);
    const gate = new Gate(/^versions\//);
    const [one, two] = [await world.open({ gate }), await world.open()];
    await write(two, (tx) => tx.append('a', int32(3)));
    await one.dataset.refresh();
    gate.shut();
    const restoring = one.dataset.restore({ version: 2 });
    await gate.arrived();
    // In the queue of the same handle, prepared at the same version.
    const beside = failure(write(one, (tx) => tx.replace('a', [1], int32(20))));
    await write(two, (tx) => tx.create('b', { dtype: 'int32' }));
    gate.open();
    expect((await failure(restoring)).code).toBe('Conflict');
    await beside.catch(() => undefined);
    await one.dataset.refresh();
    const retried = await one.dataset.restore({ version: 2 }, { retries: 2 });
    expect(Object.keys((await one.dataset.info()).arrays)).toEqual(['a']);
    expect(await values(one.dataset)).toEqual([1, 2]);
    expect(retried.restored).toBe(2);
  });

  test('members of its group are compared with it', async () => {
    world = await worldWith(1, 2);
    const { dataset } = await world.open();
    await dataset.write((tx) => tx.append('a', int32(3)));
    const settled = await Promise.allSettled([
      dataset.restore({ version: 2 }),
      dataset.write((tx) => tx.replace('a', [1], int32(20))),
      dataset.write((tx) => tx.append('a', int32(4))),
    ]);
    const outcomes = settled.map((one) =>
      one.status === 'rejected' ? (one.reason as { code: string }).code : 'committed',
    );
    // Whatever the order in which they came to the committer, rows of both never mix.
    expect(outcomes.filter((one) => one === 'Conflict').length).toBeGreaterThan(0);
    const rows = await world.read();
    expect([
      [1, 2, 4],
      [1, 2],
      [1, 20, 3, 4],
      [1, 2, 3, 4],
      [1, 20, 3],
    ]).toContainEqual(rows);
  });
});
