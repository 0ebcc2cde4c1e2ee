// The histories of damage: the numbers are those of the list in docs/format.md.
import { afterEach, describe, expect, test } from 'vitest';
import { environmentOf } from '../../src/dataset/environment.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import type { NacreError } from '../../src/errors.js';
import { hintKey, rootKey } from '../../src/manifest/keys.js';
import { repair, type RepairReport } from '../../src/ops/repair.js';
import { scrub } from '../../src/ops/scrub.js';
import { failure } from '../support/failure.js';
import { openTestStore } from '../support/servers/open.ts';
import { filled, int32, type Member, values, World, worldWith } from '../dataset/world.js';

let world: World;
afterEach(() => world.close());

const append = (member: Member, row: number) => member.dataset.write((tx) => tx.append('a', int32(row)));

const at = (place: World) => environmentOf(place.bare, { cacheDir: false, runtime: place.runtime });

const repairFrom = (...copies: World[]): Promise<RepairReport> =>
  repair(
    at(world),
    copies.map((copy) => ({ ...at(copy), name: copy.name })),
  );

const damaged = async (): Promise<string[]> => (await scrub(at(world))).damaged.map(({ key }) => key);

async function copyOf(): Promise<World> {
  const copy = new World(9);
  for (const key of await world.keys()) {
    const body = await world.bare.get(key);
    if (body !== undefined) await copy.bare.put(key, body.bytes);
  }
  return copy;
}

async function everyVersion(): Promise<Map<number, number[]>> {
  const { dataset } = await world.open({ create: false });
  const found = new Map<number, number[]>();
  for await (const { version } of dataset.log()) {
    const then = await dataset.at({ version });
    if (Object.keys((await then.info()).arrays).length > 0) found.set(version, await values(then));
  }
  return found;
}

describe('history 1: an object that versions 1 to 50 use rots', () => {
  test('after a repair all fifty versions read as before, and a scrub is clean', async () => {
    world = await worldWith(7, 8, 9);
    const [key = ''] = await world.keys('arrays/');
    const writer = await world.open();
    for (let row = 10; row < 58; row++) await append(writer, row);
    await writer.dataset.close();
    const before = await everyVersion();
    expect(before.size).toBe(49);
    const copy = await copyOf();
    await world.flip(key, 8 * 130);
    const report = await scrub(at(world));
    expect(report.damaged).toMatchObject([
      { key, kind: 'partition', rows: { start: 0, end: 3, count: 3 }, versions: [{ from: 2, to: 50 }] },
    ]);
    const reader = await world.open({ create: false });
    expect((await failure(values(await reader.dataset.at({ version: 17 })))).code).toBe('Corrupt');
    expect((await repairFrom(copy)).steps).toMatchObject([{ key, outcome: 'mended' }]);
    expect(await everyVersion()).toEqual(before);
    expect(await damaged()).toEqual([]);
  });
});

describe('history 27: a mapped file is healed under a reader', () => {
  test('who has it mapped gets right bytes or a typed error, and right bytes once it is healed', async () => {
    world = new World(8);
    const places = [await openTestStore('folder'), await openTestStore('folder')] as const;
    try {
      const [place, copy] = places;
      const writer = await openStoreDataset(await place.another(), { create: true, cacheDir: false });
      const data = Int32Array.from({ length: 200_000 }, (_, i) => i);
      await writer.write(async (tx) => {
        await tx.create('a', { dtype: 'int32' });
        await tx.append('a', { data });
      });
      await writer.close();
      const { entries } = await place.store.list({});
      for (const { key } of entries)
        await copy.store.put(key, (await place.store.get(key))?.bytes ?? new Uint8Array(0));
      const key = entries.find((entry) => entry.key.startsWith('arrays/'))?.key ?? '';
      const reader = await openStoreDataset(await place.another(), { cacheDir: false });
      expect((await reader.array('a').read()).data).toEqual(data);
      const right = (await place.store.get(key))?.bytes ?? new Uint8Array(0);
      for (const bad of [
        right.map((byte, i) => (i === 300_000 ? byte ^ 1 : byte)),
        right.subarray(0, 5_000),
      ]) {
        await place.store.put(key, bad);
        const seen = await reader
          .array('a')
          .read()
          .then(
            (read) => read.data,
            (error: NacreError) => error.code,
          );
        if (typeof seen === 'string') expect(seen).toBe('Corrupt');
        else expect(seen).toEqual(data);
        const source = { ...environmentOf(copy.store, { cacheDir: false }), name: 'copy' };
        const report = await repair(environmentOf(place.store, { cacheDir: false }), [source]);
        expect(report.steps).toMatchObject([{ key, outcome: 'mended' }]);
        expect((await reader.array('a').read()).data).toEqual(data);
      }
      await reader.close();
    } finally {
      for (const place of places) await place.dispose();
    }
  });
});

describe('history 20: a flip in the newest root before it has a child', () => {
  async function written(): Promise<{ live: Member; copy: World; newest: number }> {
    world = await filled(new World(5), [0]);
    const live = await world.open();
    for (let row = 1; row < 5; row++) await append(live, row);
    await world.runtime.advance(5_000);
    await live.dataset.version();
    return { live, copy: await copyOf(), newest: (await world.head()).root.version };
  }

  test('with a hint that has its copy: it is named, and comes back from it, without any source', async () => {
    const { live, newest } = await written();
    await live.dataset.close();
    await world.flip(rootKey(newest));
    expect(await damaged()).toEqual([rootKey(newest)]);
    expect((await repairFrom()).steps).toMatchObject([
      { key: rootKey(newest), outcome: 'mended', from: 'latest' },
    ]);
    expect(await damaged()).toEqual([]);
    await world.bare.delete([hintKey]);
    expect(await world.read()).toEqual([0, 1, 2, 3, 4]);
  });

  test('with the hint flipped, too: it is named, a copy brings it back, and a live writer goes on', async () => {
    const { live, copy, newest } = await written();
    await world.flip(rootKey(newest));
    await world.flip(hintKey);
    expect((await failure(world.open({ create: false }))).code).toBe('Corrupt');
    expect(await damaged()).toEqual([hintKey, rootKey(newest)]);
    const { isWhole } = await repairFrom(copy);
    expect(isWhole).toBe(true);
    await append(live, 5);
    expect(await damaged()).toEqual([]);
    expect(await world.read()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('and the writer commits before the repair: its root names what stood there', async () => {
    const { live, copy, newest } = await written();
    await world.flip(rootKey(newest));
    await world.flip(hintKey);
    const outcome = await append(live, 5).then(
      ({ version }) => version,
      () => undefined,
    );
    const { isWhole } = await repairFrom(copy);
    expect(isWhole).toBe(true);
    expect(await damaged()).toEqual([]);
    const rows = outcome === undefined ? [0, 1, 2, 3, 4] : [0, 1, 2, 3, 4, 5];
    expect(await world.read()).toEqual(rows);
  });

  test('and nobody has a copy: it stays in its slot, is called lost, and nobody goes on without it', async () => {
    const { live, newest } = await written();
    await live.dataset.close();
    await world.flip(rootKey(newest));
    await world.flip(hintKey);
    const bad = await world.bare.get(rootKey(newest));
    const { isWhole, steps } = await repairFrom();
    expect(isWhole).toBe(false);
    expect(steps).toMatchObject(
      [
        { key: rootKey(newest), outcome: 'lost', reason: /nothing that is left/ },
        { key: hintKey, outcome: 'left' },
      ].map(({ reason, ...step }) =>
        reason ? { ...step, reason: expect.stringMatching(reason) as string } : step,
      ),
    );
    expect((await world.bare.get(rootKey(newest)))?.bytes).toEqual(bad?.bytes);
    expect((await failure(world.open({ create: false }))).code).toBe('Corrupt');
    expect(await world.slots()).toHaveLength(newest);
  });
});
