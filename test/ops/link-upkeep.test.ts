// Linked objects in everything that copies, checks and mends a dataset.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyBackups } from '../../src/ops/backup/verify.js';
import { int32, type Member, values, World } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import { backedUp, forgotten, listed } from './backup/support.js';
import { longFile, numbersFile } from './link-world.js';
import { ParityWorld } from './parity-world.js';
import { environment, promoted, replicated } from './replicate-world.js';
import { restored } from './restore-world.js';
import { dayMs } from './support.js';
import { repair } from '../../src/ops/repair.js';

let source: World;
let destination: World;
let member: Member;

const good = numbersFile(1, 2);

/** `a` is linked in the root, `many` by a segment, `own` is as any. */
beforeEach(async () => {
  source = new World(1);
  destination = new World(2);
  member = await source.open();
  await source.bare.put('train/a.npy', good);
  const many = Array.from({ length: 200 }, (_, i) => `many/part-${1_000 + i}-${'0'.repeat(32)}.npy`);
  for (const [i, key] of many.entries()) await source.bare.put(key, numbersFile(i));
  await member.dataset.write(async (tx) => {
    await tx.link('a', 'train/a.npy');
    await tx.link('many', many);
    await tx.create('own', { dtype: 'int32' });
    await tx.append('own', int32(7));
  });
});
afterEach(async () => {
  await source.close();
  await destination.close();
});

async function expectWhole(world: World): Promise<void> {
  expect(await world.read('a')).toEqual([1, 2]);
  expect(await world.read('many')).toEqual(Array.from({ length: 200 }, (_, i) => i));
  expect(await world.read('own')).toEqual([7]);
}

const at = async (world: World, key = 'train/a.npy'): Promise<Uint8Array | undefined> =>
  (await world.bare.get(key))?.bytes;

async function copyByHand(from: World, to: World): Promise<void> {
  for (const key of await from.keys()) await to.bare.put(key, (await from.bare.get(key))?.bytes ?? good);
}

describe('replication', () => {
  test('brings them under their keys, and a replica can be promoted', async () => {
    await replicated({ source, destination });
    await expectWhole(destination);
    expect(await at(destination)).toEqual(good);
    await promoted(destination);
    const { dataset } = await destination.open();
    await dataset.write((tx) => tx.append('a', int32(3)));
    expect(await values(dataset)).toEqual([1, 2, 3]);
  });

  test('takes nothing for theirs that only has their length, and keeps what it was', async () => {
    await destination.bare.put('train/a.npy', numbersFile(8, 9));
    const report = await replicated({ source, destination });
    expect(report.mendedObjects).toBe(1);
    await expectWhole(destination);
    const kept = (await destination.keys('quarantine/')).filter((key) => !key.endsWith('.json'));
    expect(await at(destination, kept[0])).toEqual(numbersFile(8, 9));
  });

  test('stops where one was changed at the source, and names it', async () => {
    await source.bare.put('train/a.npy', numbersFile(1, 3));
    const error = await failure(replicated({ source, destination }));
    expect([error.code, error.context['key']]).toEqual(['Corrupt', 'train/a.npy']);
  });
});

describe('a copy by another tool', () => {
  test('opens, and its first writer finds it whole', async () => {
    await copyByHand(source, destination);
    const { dataset } = await destination.open();
    await dataset.write((tx) => tx.append('own', int32(8)));
    expect(await values(dataset, 'a')).toEqual([1, 2]);
    expect(await dataset.version()).toBe(3);
  });

  test.each(['train/a.npy', `many/part-1117-${'0'.repeat(32)}.npy`])(
    'that lacks %s goes back to the version before',
    async (key) => {
      await copyByHand(source, destination);
      await destination.bare.delete([key]);
      const warnings: string[] = [];
      const { dataset } = await destination.open({ onWarning: ({ message }) => warnings.push(message) });
      await dataset.write((tx) => tx.create('new', { dtype: 'int32' }));
      expect(Object.keys((await dataset.info()).arrays)).toEqual(['new']);
      expect(warnings.join()).toContain('version 2');
    },
  );
});

test('a restore into another place brings them, from a dry run on', async () => {
  const planned = await restored({ source, destination }, { dryRun: true });
  expect(await destination.keys()).toEqual([]);
  const report = await restored({ source, destination });
  expect(report.objects).toBe(planned.objects);
  await expectWhole(destination);
  expect(await at(destination)).toEqual(good);
});

test('a restore into the place that was lost takes what lies there', async () => {
  await replicated({ source, destination });
  for (const key of await source.keys()) if (!/^(train|many)\//.test(key)) await source.bare.delete([key]);
  await source.close();
  await restored({ source: destination, destination: source });
  await expectWhole(source);
  expect(await source.keys('quarantine/')).toEqual([]);
});

describe('a backup', () => {
  const pair = () => ({ source, backup: destination });

  test('has them apart from their keys, is verified, and restores them under these', async () => {
    await backedUp(pair());
    expect(await destination.keys('train/')).toEqual([]);
    expect(await destination.keys('moved/')).toHaveLength(201);
    const again = await backedUp(pair());
    expect([again.objects, again.movedObjects]).toEqual([0, 0]);
    await member.dataset.write((tx) => tx.append('a', int32(3)));
    const next = await backedUp(pair());
    expect([next.objects, next.movedObjects]).toEqual([1, 0]);
    expect((await verifyBackups(environment(destination), {})).damaged).toEqual([]);
    const third = new World(3);
    const { points } = await listed(destination);
    expect(points).toHaveLength(3);
    const { asSource } = await import('../../src/ops/backup/view.js');
    const { restoreTo } = await import('../../src/dataset/restore-to.js');
    const from = await asSource(environment(destination), {});
    await restoreTo(from, environment(third), async () => [], {});
    expect(await third.read('a')).toEqual([1, 2, 3]);
    expect(await at(third)).toEqual(good);
    await third.close();
  });

  test('takes nothing that lies under one of their keys for theirs', async () => {
    await destination.bare.put('train/a.npy', good);
    await backedUp(pair());
    expect(await destination.keys('moved/')).toHaveLength(201);
    await destination.bare.put('train/a.npy', numbersFile(8, 9));
    expect((await verifyBackups(environment(destination), {})).damaged).toEqual([]);
  });

  test('that is forgotten leaves none of them, and one that stays keeps its own', async () => {
    await backedUp(pair());
    await member.dataset.write((tx) => tx.dropArray('many'));
    await source.runtime.advance(40 * dayMs);
    await member.dataset.expire({ keepLast: 1, minAgeMs: 0 });
    await source.bare.put('train/b.npy', numbersFile(5));
    await member.dataset.write(async (tx) => {
      await tx.link('b', 'train/b.npy');
    });
    await destination.runtime.advance(40 * dayMs);
    await backedUp(pair());
    await destination.bare.put('train/a.npy', numbersFile(8, 9));
    await forgotten(destination, { keepLast: 1 });
    expect(await destination.keys('moved/')).toHaveLength(2);
    expect((await verifyBackups(environment(destination), {})).damaged).toEqual([]);
    expect(await at(destination)).toEqual(numbersFile(8, 9));
  });
});

describe('repair', () => {
  test.each([
    ['changed', numbersFile(1, 9)],
    ['cut', good.subarray(0, 40)],
    ['gone', undefined],
  ])('puts back one that was %s, and keeps what was there', async (_, bytes) => {
    await replicated({ source, destination });
    await source.bare.delete(['train/a.npy']);
    if (bytes !== undefined) await source.bare.put('train/a.npy', bytes);
    const replica = { ...environment(destination), name: 'replica' };
    const report = await repair(environment(source), [replica], {});
    expect(report).toMatchObject({ isWhole: true, steps: [{ key: 'train/a.npy', outcome: 'mended' }] });
    expect(await at(source)).toEqual(good);
    expect(await source.keys('quarantine/')).toHaveLength(bytes === undefined ? 0 : 2);
    await expectWhole(source);
  });
});

test('a scrub counts no files of others among what nothing refers to', async () => {
  await source.bare.put('train/not-linked.npy', good);
  for (const mode of ['structure', 'full'] as const) {
    const { damaged, unreferenced } = await member.dataset.scrub({ mode });
    expect([damaged, unreferenced?.objects]).toEqual([[], 0]);
  }
});

describe('parity', () => {
  test('covers them, mends them, and stands by them through clean-up', async () => {
    const parity = new ParityWorld(source);
    for (const name of ['b', 'c', 'd']) await source.bare.put(`train/${name}.npy`, longFile(50));
    await member.dataset.write(async (tx) => {
      await tx.link('a', ['train/b.npy', 'train/c.npy', 'train/d.npy']);
      await tx.append('a', int32(9));
      await tx.setParity('a', { dataShards: 8, parityShards: 2 });
    });
    await parity.update();
    const before = await source.keys('parity/');
    expect(before).toHaveLength(2);
    await source.runtime.advance(40 * dayMs);
    await member.dataset.write((tx) => tx.dropArray('own'));
    await member.dataset.expire({ keepLast: 1, minAgeMs: 0 });
    await source.runtime.advance(40 * dayMs);
    expect((await member.dataset.gc({ graceMs: 0 })).deleted).toBeGreaterThan(0);
    expect(await source.keys('parity/')).toEqual(before);
    await source.bare.put('train/b.npy', longFile(50, 1));
    await source.bare.delete(['train/d.npy']);
    expect((await parity.repair()).isWhole).toBe(true);
    expect([await at(source, 'train/b.npy'), await at(source, 'train/d.npy')]).toEqual([
      longFile(50),
      longFile(50),
    ]);
    expect((await source.read('a')).slice(0, 3)).toEqual([1, 2, 0]);
  });
});

test('of two objects that one key was linked with, repair leaves the newer in its place', async () => {
  await replicated({ source, destination });
  const replica = { ...environment(destination), name: 'replica' };
  await member.dataset.write((tx) => tx.dropArray('a'));
  await source.bare.put('train/a.npy', numbersFile(5));
  await member.dataset.write(async (tx) => {
    await tx.link('a', 'train/a.npy');
  });
  expect((await member.dataset.scrub({ mode: 'full' })).damaged).toMatchObject([{ key: 'train/a.npy' }]);
  const report = await repair(environment(source), [replica], {});
  expect(report).toMatchObject({ isWhole: true, steps: [{ key: 'train/a.npy', outcome: 'healed' }] });
  expect(await source.read('a')).toEqual([5]);
  const { dataset } = await source.open();
  expect(await values(await dataset.at({ version: 2 }), 'a')).toEqual([1, 2]);
});
