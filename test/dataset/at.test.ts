// Versions by number and by time: which root it is, what that costs, and what stands in the way.
import { afterEach, describe, expect, test } from 'vitest';
import { rootKey } from '../../src/manifest/keys.js';
import { evolve, make, v1 } from '../../src/manifest/message.js';
import type { LoadedRoot } from '../../src/manifest/root.js';
import { failure } from '../support/failure.js';
import { seededRandom } from '../support/fake-runtime.js';
import { int32, type Member, values, World, worldWith } from './world.js';

let world: World;
afterEach(() => world?.close());

const timeOf = (loaded: LoadedRoot): number => loaded.root.timeMs;

/** Versions after the newest, so long after each other. */
async function plantAfter(...pausesMs: number[]): Promise<LoadedRoot[]> {
  const planted: LoadedRoot[] = [];
  for (const pause of pausesMs)
    planted.push(await world.plantNext(({ timeMs }) => ({ timeMs: timeMs + pause })));
  return planted;
}

/** A root in the next slot that no later version descends from: whoever writes goes past it. */
async function plantVoid(change: 'dataset' | 'parent', { root }: LoadedRoot): Promise<number> {
  const slots = await world.slots();
  const version = Math.max(...slots) + 1;
  const [commitId, hash] = [world.runtime.randomBytes(16), world.runtime.randomBytes(32)];
  const dataset = change === 'dataset' ? world.runtime.randomBytes(16) : root.dataset;
  const parent = make(v1.Parent, { version: root.version, hash });
  await world.plant(evolve(root, { version, commitId, dataset, parent }));
  return version;
}

describe('at a time', () => {
  test('history 15: is the newest version that was there then, by the store, whatever clocks others have', async () => {
    world = await worldWith(1);
    const writer = await world.open({ skewMs: 73 * 365 * 24 * 3_600_000 });
    const times: number[] = [];
    for (const row of [2, 3, 4]) {
      await world.runtime.sleep(60_000);
      await writer.dataset.write((tx) => tx.append('a', int32(row)));
      times.push(timeOf(await world.head()));
    }
    const { dataset } = await world.open({ skewMs: -365 * 24 * 3_600_000 });
    const rowsAt = async (time: Date | number | string) => values(await dataset.at({ time }));
    const [, third = 0, fourth = 0] = times;
    expect(await rowsAt(third)).toEqual([1, 2, 3]);
    expect(await rowsAt(new Date(third - 1))).toEqual([1, 2]);
    expect(await rowsAt(new Date(fourth - 1).toISOString())).toEqual([1, 2, 3]);
    expect(await rowsAt(fourth)).toEqual([1, 2, 3, 4]);
    expect(await rowsAt(Date.UTC(2099, 0, 1))).toEqual([1, 2, 3, 4]);
    expect(await values(await dataset.at({ ageMs: world.runtime.now() - third }))).toEqual([1, 2, 3]);
  });

  test('every read takes it: rows, their ids and shapes, and queries', async () => {
    world = await worldWith(1, 2);
    const { dataset } = await world.open();
    const then = { time: timeOf(await world.head()) };
    await world.runtime.sleep(1_000);
    await dataset.write((tx) => tx.append('a', int32(3)));
    const array = dataset.array('a');
    expect((await array.read({ at: then })).shape).toEqual([2]);
    expect(await array.shape({ at: then })).toEqual([2]);
    expect(Array.from(await array.ids({ at: { version: -1 } }))).toEqual([0, 1]);
    expect(await array.select().at(then).count()).toBe(2);
    expect(array.select().at({ tag: 'v1' }).explain()).toContain("at the tag 'v1'");
    expect(await array.shape()).toEqual([3]);
  });

  test('before the first version there is none, and it says when the first one is', async () => {
    world = await worldWith(1);
    const { dataset } = await world.open();
    const first = timeOf(await dataset.at({ version: 1 }).then(() => world.head()));
    const error = await failure(dataset.at({ time: first - 1_000 }));
    expect(error).toMatchObject({ code: 'NotFound', context: { firstVersion: 1 } });
    expect(error.message).toContain('2026-01-01T00:00:00');
    for (const wrong of [
      { time: 'noon' },
      { time: Number.NaN },
      { ageMs: -1 },
      { version: 1.5 },
      {} as never,
      -1 as never,
      undefined as never,
    ])
      expect((await failure(dataset.at(wrong))).code).toBe('InvalidArgument');
  });

  test('takes seven requests a wave, each of which leaves an eighth of the versions', async () => {
    world = await worldWith(1);
    await plantAfter(...Array.from({ length: 500 }, () => 1_000));
    const reader = await world.open({ latencyMs: 5 });
    await reader.dataset.version();
    for (const version of [3, 100, 255, 256, 257, 400, 501]) {
      const root = await reader.dataset.at({ version });
      const time = Date.parse((await root.info()).time);
      reader.trace.clear();
      const found = await reader.dataset.at({ time });
      expect(await found.version()).toBe(version);
      const waves = Math.max(...reader.trace.entries.map(({ wave }) => wave));
      expect(waves).toBeLessThanOrEqual(4);
      expect(reader.trace.entries.length).toBeLessThanOrEqual(7 * waves);
    }
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'agrees with a look at every version, voids between: seed %i',
    async (seed) => {
      world = await worldWith(1);
      const random = seededRandom(seed);
      const chain = [await world.head()];
      for (let i = 0; i < 60; i++) {
        // Equal times are ordinary: a store's clock has seconds.
        const pause = Math.floor(random() * 3) * 1_000;
        const head = chain.at(-1) as LoadedRoot;
        const slot = Math.max(...(await world.slots())) + 1;
        // A late root on top would be taken for the head: docs/rfcs/0003.
        if (i < 59 && random() < 0.2) await plantVoid(random() < 0.7 ? 'dataset' : 'parent', head);
        else {
          const fields = {
            version: slot,
            parent: make(v1.Parent, { version: head.root.version, hash: head.hash }),
          };
          const commitId = world.runtime.randomBytes(16);
          chain.push(
            await world.plant(evolve(head.root, { ...fields, commitId, timeMs: timeOf(head) + pause })),
          );
        }
      }
      const { dataset } = await world.open();
      const newest = await dataset.version();
      const all = chain.filter(({ root }) => root.version <= newest && root.version > 1);
      for (const { root } of all) {
        for (const time of [root.timeMs, root.timeMs + 1]) {
          const expected = all.findLast((one) => one.root.timeMs <= time)?.root.version;
          expect(await (await dataset.at({ time })).version()).toBe(expected);
        }
        expect(await (await dataset.at({ version: root.version })).version()).toBe(root.version);
      }
      const versions = new Set([1, ...chain.map(({ root }) => root.version)]);
      for (const slot of (await world.slots()).filter((one) => !versions.has(one) && one < newest))
        expect((await failure(dataset.at({ version: slot }))).code).toBe('NotFound');
    },
  );

  test('damage is named where it may be the version that is meant, and passed over elsewhere', async () => {
    world = await worldWith(1);
    const planted = await plantAfter(1_000, 1_000, 1_000, 1_000, 1_000, 1_000);
    const { dataset } = await world.open();
    await world.flip(rootKey(5));
    const at = (i: number) => dataset.at({ time: timeOf(planted[i] as LoadedRoot) });
    expect(await (await at(0)).version()).toBe(3);
    expect(await (await at(4)).version()).toBe(7);
    expect(await failure(at(2))).toMatchObject({ code: 'Corrupt', context: { key: rootKey(5) } });
    expect(await (await dataset.at({ version: 4 })).version()).toBe(4);
  });

  test('a version that is no longer kept is Expired, though others about it are', async () => {
    world = await worldWith(1);
    const planted = await plantAfter(1_000, 1_000, 1_000, 1_000);
    await world.plantNext({ kept: make(v1.Kept, { from: 6, also: [3] }) });
    const { dataset } = await world.open();
    const at = (i: number) => dataset.at({ time: timeOf(planted[i] as LoadedRoot) });
    expect(await (await at(0)).version()).toBe(3);
    expect(await failure(at(1))).toMatchObject({ code: 'Expired', context: { version: 4 } });
    expect(await (await at(3)).version()).toBe(7);
  });
});

describe('at a number', () => {
  test('takes two requests in one wave, and one for the version before the newest', async () => {
    world = await worldWith(1);
    await plantAfter(0, 0, 0, 0);
    const reader = await world.open({ latencyMs: 5 });
    await reader.dataset.version();
    const cost = async (member: Member, version: number) => {
      member.trace.clear();
      await member.dataset.at({ version });
      return member.trace.entries.map(({ wave }) => wave);
    };
    expect(await cost(reader, 2)).toEqual([1, 1]);
    expect(await cost(reader, 5)).toEqual([1]);
    expect(await cost(reader, 6)).toEqual([]);
  });

  test('a late root of the dataset that nobody descends from is no version', async () => {
    world = await worldWith(1);
    await plantAfter(0);
    const slot = await plantVoid('parent', await world.head());
    const { dataset } = await world.open();
    await dataset.write((tx) => tx.append('a', int32(2)));
    expect(slot).toBe(4);
    expect(await dataset.version()).toBe(5);
    expect(await failure(dataset.at({ version: 4 }))).toMatchObject({ code: 'NotFound' });
    expect(await values(await dataset.at({ version: 3 }))).toEqual([1]);
  });
});
