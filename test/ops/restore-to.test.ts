// Restore into another place: the history up to a version, whole or not at all, and a dataset of its own
// after it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NacreError } from '../../src/errors.js';
import { readHint, writeHint } from '../../src/manifest/hint.js';
import { hintKey, restoringKey, rootKey } from '../../src/manifest/keys.js';
import { repair } from '../../src/ops/repair.js';
import { scrub } from '../../src/ops/scrub.js';
import { filled, functions, int32, values, World, worldWith } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import { calls, faulty, nth } from '../support/faulty-store.js';
import { recording, Trace } from '../support/recording-store.js';
import { content, environment, type Pair, promoted, replicated } from './replicate-world.js';
import { restored } from './restore-world.js';
import { dayMs, missingKeys, orphan } from './support.js';

let source: World;
let destination: World;
let pair: Pair;
const worlds: World[] = [];

const other = (seed: number, name?: string): World => {
  const world = new World(seed, name);
  worlds.push(world);
  return world;
};

async function append(world: World, ...rows: number[]): Promise<void> {
  const { dataset } = await world.open({ create: false });
  for (const row of rows) await dataset.write((tx) => tx.append('a', int32(row)));
  await dataset.close();
}

/** The array is made anew, so that nothing of the versions before is needed; then only the last few stay. */
async function expireAll(world: World): Promise<void> {
  const { dataset } = await world.open({ create: false });
  await dataset.write(async (tx) => {
    await tx.dropArray('a');
    await tx.create('a', { dtype: 'int32' });
    await tx.append('a', int32(50));
  });
  await world.runtime.advance(3 * dayMs);
  await dataset.expire({ keepLast: 1 });
  await world.runtime.advance(3 * dayMs);
  await dataset.gc();
  await dataset.close();
}

const damaged = async (world: World): Promise<unknown> =>
  (await scrub(environment(world), { mode: 'full' })).damaged;

beforeEach(async () => {
  source = await worldWith(0, 1, 2);
  await append(source, 3, 4, 5);
  destination = other(2);
  pair = { source, destination };
});
afterEach(async () => {
  for (const world of [source, ...worlds.splice(0)]) await world.close();
});

describe('bad input', () => {
  test('versions that are not there, by number, tag, time and age', async () => {
    const before = (code: string) => ({ code });
    expect(await failure(restored(pair, { at: { version: 6 } }))).toMatchObject(before('NotFound'));
    expect(await failure(restored(pair, { at: { tag: 'prod' } }))).toMatchObject(before('NotFound'));
    expect(await failure(restored(pair, { at: { time: '2001-01-01' } }))).toMatchObject(before('NotFound'));
    expect(await failure(restored(pair, { at: { ageMs: 1e12 } }))).toMatchObject(before('NotFound'));
    expect(await failure(restored(pair, { at: { version: 1.5 } }))).toMatchObject(before('InvalidArgument'));
    expect(await destination.keys()).toEqual([]);
  });

  test('a version that expired', async () => {
    await expireAll(source);
    const error = await failure(restored(pair, { at: { version: 3 } }));
    expect(error).toMatchObject({ code: 'Expired', context: { version: 3 } });
    expect(await destination.keys()).toEqual([]);
  });

  test('no source, a destination that is the source, or lies in it', async () => {
    const empty = { source: other(7), destination };
    expect(await failure(restored(empty))).toMatchObject({ code: 'NotFound' });
    for (const to of [source, other(8, `${source.name}/copy`)]) {
      const error = await failure(restored({ source, destination: to }));
      expect(error).toMatchObject({ code: 'InvalidArgument' });
    }
  });

  test('a destination in use stays as it is: by another dataset, by a replica, without its hint', async () => {
    const inUse = { code: 'InvalidArgument', message: expect.stringMatching(/in use/) as string };
    const stranger = await filled(other(3), [9]);
    const replica = other(4);
    await replicated({ source, destination: replica });
    const bare = await filled(other(5), [9]);
    await bare.bare.delete([hintKey]);
    for (const to of [stranger, replica, bare]) {
      const before = await content(to);
      expect(await failure(restored({ source, destination: to }))).toMatchObject(inUse);
      expect(await content(to)).toEqual(before);
    }
  });

  test('a destination with nothing but bytes that are no hint stays as it is', async () => {
    await destination.bare.put(hintKey, new Uint8Array(100));
    expect((await failure(restored(pair))).code).toBe('Corrupt');
    expect((await destination.bare.get(hintKey))?.bytes).toEqual(new Uint8Array(100));
    expect(await destination.keys()).toEqual([hintKey]);
  });

  test('the place of a restore that was done is in use', async () => {
    await restored(pair);
    expect(await failure(restored(pair))).toMatchObject({ code: 'InvalidArgument' });
  });
});

describe('what comes', () => {
  test('the history to the bit, and a dataset that takes writes at once', async () => {
    const report = await restored(pair);
    expect(report).toMatchObject({
      ...{ restored: 5, version: 6, versions: 5, keptFrom: 1, keptAlso: [], left: [], tagsLeft: [] },
      ...{ objects: 4, presentObjects: 0, resumed: false },
    });
    const [there, here] = [await content(source), await content(destination)];
    expect([...here.keys()].filter((key) => !there.has(key))).toEqual([rootKey(6)]);
    here.delete(rootKey(6));
    expect(here).toEqual(there);
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await damaged(destination)).toEqual([]);
    await append(destination, 6);
    const { dataset } = await destination.open({ create: false });
    expect(await values(dataset)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(await values(await dataset.at({ version: 3 }))).toEqual([0, 1, 2, 3]);
    const versions: number[] = [];
    for await (const { version } of dataset.log()) versions.push(version);
    expect(versions).toEqual([7, 6, 5, 4, 3, 2, 1]);
    const { root } = await destination.head();
    const { root: old } = await source.head();
    expect(root.dataset).toEqual(old.dataset);
    expect(root.lineage).not.toEqual(old.lineage);
    expect(await readHint(destination.bare, functions)).toMatchObject({
      role: 'primary',
      restoring: undefined,
    });
    expect(await destination.keys('leases/')).toEqual([]);
  });

  test.each([
    ['a number', async () => ({ version: 3 })],
    ['a number from the end', async () => ({ version: -2 })],
    [
      'a tag',
      async () => {
        const { dataset } = await source.open();
        await dataset.tag('good', { at: { version: 3 } });
        return { tag: 'good' };
      },
    ],
    [
      'a time',
      async () => {
        await source.runtime.advance(dayMs);
        await append(source, 6);
        return { time: new Date(source.runtime.now() - dayMs / 2) };
      },
    ],
  ])('up to a version by %s', async (what, reference) => {
    const at = await reference();
    const version = what === 'a time' ? 5 : 3;
    const report = await restored(pair, { at });
    expect(report).toMatchObject({ restored: version, version: version + 1, objects: version - 1 });
    expect(await destination.slots()).toHaveLength(version + 1);
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5].slice(0, version + 1));
    expect(await damaged(destination)).toEqual([]);
  });

  test('the first version, which is empty', async () => {
    expect(await restored(pair, { at: { version: 1 } })).toMatchObject({
      version: 2,
      versions: 1,
      objects: 0,
    });
    const { dataset } = await destination.open({ create: false });
    await dataset.write((tx) => tx.create('a', { dtype: 'int32' }));
    expect(await damaged(destination)).toEqual([]);
  });

  test('large manifests with their segments, and a version that is void', async () => {
    const { dataset } = await source.open();
    for (let row = 6; row < 420; row++) await dataset.write((tx) => tx.append('a', int32(row)));
    await dataset.close();
    const head = await source.head();
    const stranger = await (await filled(other(9), [1])).head();
    await source.plant(stranger.root, head.root.version + 1);
    await append(source, 1_000);
    await restored(pair);
    expect(await destination.read()).toEqual(await source.read());
    expect(await damaged(destination)).toEqual([]);
  });

  test('with --only the data of one version, and the roots of all', async () => {
    const { dataset } = await source.open();
    await dataset.tag('first', { at: { version: 2 } });
    await dataset.write((tx) => tx.dropArray('a'));
    await dataset.write(async (tx) => {
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(70));
    });
    const report = await restored(pair, { only: true });
    expect(report).toMatchObject({
      ...{ restored: 8, version: 9, versions: 8, objects: 1, keptFrom: 8, keptAlso: [] },
      ...{ left: [{ from: 1, to: 7 }], tagsLeft: ['first'] },
    });
    const there = await destination.open({ create: false });
    expect(await values(there.dataset)).toEqual([70]);
    expect(await values(await there.dataset.at({ version: 8 }))).toEqual([70]);
    expect((await failure(there.dataset.at({ version: 3 }))).code).toBe('Expired');
    expect(await failure(there.dataset.at({ tag: 'first' }))).toMatchObject({ code: 'NotFound' });
    expect(await damaged(destination)).toEqual([]);
    expect(await missingKeys(destination)).toEqual([]);
    // Clean-up finds its way though no older version is there with its data.
    await append(destination, 71);
    expect(await there.dataset.gc()).toMatchObject({ deleted: 0, live: 3 });
    expect(await values((await destination.open()).dataset)).toEqual([70, 71]);
  });

  test('clean-up there goes by what it keeps, though segments of versions before are nowhere', async () => {
    const { dataset } = await source.open();
    for (let row = 6; row < 420; row++) await dataset.write((tx) => tx.append('a', int32(row)));
    await dataset.write(async (tx) => {
      await tx.dropArray('a');
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(70));
    });
    await dataset.close();
    await source.runtime.advance(3 * dayMs);
    await destination.runtime.advance(3 * dayMs);
    await restored(pair, { only: true });
    expect(await destination.keys('segments/')).toEqual([]);
    const there = await destination.open({ create: false });
    expect(await there.dataset.gc()).toMatchObject({ deleted: 0 });
    const stray = await orphan(destination);
    await destination.runtime.advance(2 * dayMs);
    expect(await there.dataset.gc()).toMatchObject({ deleted: 1 });
    expect(await destination.keys()).not.toContain(stray);
    expect(await damaged(destination)).toEqual([]);
  });

  test('of a version from before an expiry what the source still has, and no tag of the rest', async () => {
    const { dataset } = await source.open();
    await dataset.tag('old', { at: { version: 2 } });
    await dataset.tag('stays', { at: { version: 3 } });
    await dataset.tag('target');
    await source.runtime.advance(3 * dayMs);
    await dataset.deleteTag('old');
    await dataset.expire({ keepLast: 1, minAgeMs: 0 });
    await source.runtime.advance(3 * dayMs);
    await dataset.gc();
    const report = await restored(pair, { at: { tag: 'target' } });
    expect(report).toMatchObject({
      ...{ restored: 7, version: 8, keptFrom: 7, keptAlso: [3] },
      ...{
        left: [
          { from: 1, to: 2 },
          { from: 4, to: 6 },
        ],
        tagsLeft: ['old'],
      },
    });
    const there = await destination.open({ create: false });
    expect(await values(await there.dataset.at({ tag: 'stays' }))).toEqual([0, 1, 2, 3]);
    expect((await there.dataset.tags()).map(({ name }) => name)).toEqual(['stays']);
    expect((await failure(there.dataset.at({ version: 4 }))).code).toBe('Expired');
    expect(await damaged(destination)).toEqual([]);
  });

  test('a dry run says it, and writes nothing', async () => {
    const dry = await restored(pair, { dryRun: true, at: { version: 4 } });
    expect(await destination.keys()).toEqual([]);
    const done = await restored(pair, { at: { version: 4 } });
    expect(dry).toEqual({ ...done, version: null });
  });

  test('no source is written to, and a place that was read is asked for nothing twice', async () => {
    const [from, to] = [new Trace(), new Trace()];
    await restored(pair, {
      from: recording(source.bare, from),
      to: recording(destination.bare, to),
    });
    expect(from.entries.filter(({ method }) => method === 'put' || method === 'delete')).toEqual([]);
    const objects = from.entries.filter(({ key }) => key.startsWith('arrays/')).map(({ key }) => key);
    expect(new Set(objects).size).toBe(objects.length);
    const puts = to.entries.filter(({ method }) => method === 'put').map(({ key }) => key);
    // The hint twice: what is under way, which is said once more beside it, and that it is whole.
    expect(puts.filter((key) => key === hintKey)).toHaveLength(2);
    expect(puts.filter((key) => key === restoringKey)).toHaveLength(1);
    expect(puts).toHaveLength(4 + 5 + 1 + 3);
  });
});

describe('a restore that ends half way', () => {
  const refused = { code: 'Unavailable', message: expect.stringMatching(/is being restored/) as string };

  test('at any of its writes: nobody opens it, a second run goes on, and copies nothing twice', async () => {
    await restored(pair);
    const writes = 13;
    for (let until = 1; until <= writes; until++) {
      const to = other(100 + until);
      const half = { source, destination: to };
      const plan = nth(calls('put'), until, { kind: 'error', code: 'Aborted' }, Infinity);
      const dying = faulty(to.bare, plan);
      const { code, hint } = await failure(restored(half, { to: dying }));
      // That of its own version is the last but one.
      expect(code).toBe(until === writes - 1 ? 'CommitUnknown' : 'Aborted');
      if (code === 'CommitUnknown') expect(hint).toMatch(/again/);
      // Before the first write there is nothing.
      if (until === 1) {
        expect(await to.keys()).toEqual([]);
        continue;
      }
      expect(await failure(to.open({ create: true }))).toMatchObject(refused);
      expect(await failure(promoted(to))).toMatchObject(refused);
      expect(await failure(scrub(environment(to)))).toMatchObject(refused);
      expect(await failure(replicated(half))).toMatchObject(refused);
      expect(await failure(replicated({ source: to, destination: other(200) }))).toMatchObject(refused);
      const trace = new Trace();
      const report = await restored(half, { to: recording(to.bare, trace) });
      expect(report).toMatchObject({ restored: 5, version: 6, resumed: true });
      // Root 1 is sent again where it may be there: create-only.
      const written = trace.entries.filter(
        ({ method, outcome }) => method === 'put' && outcome !== 'refused',
      );
      expect(written).toHaveLength(writes - until + 1);
      expect(await to.read()).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await damaged(to)).toEqual([]);
      await append(to, 6);
    }
  });

  test.each(['missing', 'damaged'] as const)(
    'and whose hint is %s, too: nobody takes it for a dataset, and a second run goes on',
    async (loss) => {
      // Hint and mark, then objects and roots, then the first version of its own.
      for (let until = 4; until <= 13; until++) {
        const to = other(300 + until);
        const half = { source, destination: to };
        const plan = nth(calls('put'), until, { kind: 'error', code: 'Aborted' }, Infinity);
        await failure(restored(half, { to: faulty(to.bare, plan) }));
        if (loss === 'missing') await to.bare.delete([hintKey]);
        else await to.flip(hintKey);
        const isWhole = (await to.slots()).length === 6;
        if (isWhole) {
          expect(await to.read()).toEqual([0, 1, 2, 3, 4, 5]);
          continue;
        }
        if ((await to.slots()).length > 0) {
          expect(await failure(to.open({ create: true }))).toMatchObject(refused);
          expect(await failure(scrub(environment(to)))).toMatchObject(refused);
          expect(await failure(repair(environment(to), []))).toMatchObject(refused);
          if (loss === 'missing') expect(await failure(replicated(half))).toMatchObject(refused);
          expect(await failure(replicated({ source: to, destination: other(400) }))).toMatchObject(refused);
        }
        const report = await restored(half);
        expect(report).toMatchObject({ restored: 5, version: 6 });
        expect(await to.read()).toEqual([0, 1, 2, 3, 4, 5]);
        expect(await damaged(to)).toEqual([]);
      }
    },
  );

  test('what says that it is under way is damaged, and so is the hint: nobody opens it', async () => {
    const plan = nth(calls('put'), 9, { kind: 'error', code: 'Aborted' }, Infinity);
    await failure(restored(pair, { to: faulty(destination.bare, plan) }));
    await destination.bare.delete([hintKey]);
    await destination.flip(restoringKey);
    const error = await failure(destination.open({ create: true }));
    expect(error).toMatchObject({ code: 'Corrupt', context: { key: restoringKey } });
  });

  test('what is left of an earlier restore says nothing of what came after it', async () => {
    await restored(pair, { at: { version: 3 } });
    const keys = (await destination.keys()).filter((key) => key !== restoringKey);
    await destination.bare.delete(keys);
    await destination.open({ create: true });
    await destination.bare.delete([hintKey]);
    await destination.open({ create: false });
    await destination.bare.delete((await destination.keys()).filter((key) => key !== restoringKey));
    expect(await restored(pair)).toMatchObject({ restored: 5, resumed: false });
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('all that is there is a damaged hint: it is named, and nothing is said to be in use', async () => {
    const plan = nth(calls('put'), 2, { kind: 'error', code: 'Aborted' }, Infinity);
    await failure(restored(pair, { to: faulty(destination.bare, plan) }));
    expect(await destination.keys()).toEqual([hintKey]);
    const onItsWay = nth(calls('get', /^latest$/), 1, { kind: 'truncate', bytes: 9 }, 2);
    const error = await failure(restored(pair, { to: faulty(destination.bare, onItsWay) }));
    expect(error).toMatchObject({ code: 'Corrupt', context: { key: hintKey } });
    expect(await restored(pair)).toMatchObject({ restored: 5, version: 6, resumed: true });
  });

  test('what says that it is under way is hurt on its way to who goes on: it is not written anew', async () => {
    const plan = nth(calls('put', /^versions/), 3, { kind: 'error', code: 'Aborted' }, Infinity);
    await failure(restored(pair, { to: faulty(destination.bare, plan) }));
    const before = await destination.bare.head(restoringKey);
    const onItsWay = nth(calls('get', /^restoring$/), 1, { kind: 'truncate', bytes: 9 });
    const report = await restored(pair, { to: faulty(destination.bare, onItsWay) });
    expect(report).toMatchObject({ restored: 5, version: 6, resumed: true });
    expect(await destination.bare.head(restoringKey)).toEqual(before);
  });

  test('a hint that is hurt on its way to whoever asks opens it for nobody, and hinders nobody who goes on', async () => {
    const dying = faulty(
      destination.bare,
      nth(calls('put', /^versions/), 3, { kind: 'error', code: 'Aborted' }, Infinity),
    );
    expect((await failure(restored(pair, { to: dying }))).code).toBe('Aborted');
    for (const fault of [
      { kind: 'flipBit', bit: 999 },
      { kind: 'truncate', bytes: 1 },
    ] as const) {
      const plan = nth(calls('get', /^latest$/), 1, fault);
      expect(await failure(destination.open({ create: false, plan }))).toMatchObject(refused);
      expect(await failure(destination.open({ create: true, plan }))).toMatchObject(refused);
    }
    const onItsWay = nth(calls('get', /^latest$/), 1, { kind: 'flipBit', bit: 999 });
    const report = await restored(pair, { to: faulty(destination.bare, onItsWay) });
    expect(report).toMatchObject({ restored: 5, version: 6, resumed: true });
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('goes on with the version that it was begun with, though the source has gone on', async () => {
    const dying = faulty(
      destination.bare,
      nth(calls('put', /^versions/), 3, { kind: 'error', code: 'Aborted' }, Infinity),
    );
    expect((await failure(restored(pair, { to: dying }))).code).toBe('Aborted');
    await append(source, 6, 7);
    const wrong = await failure(restored(pair, { at: { version: 7 } }));
    expect(wrong).toMatchObject({ code: 'InvalidArgument', context: { version: 5 } });
    expect(await failure(restored(pair, { only: true }))).toMatchObject({ code: 'InvalidArgument' });
    expect(await restored(pair, { dryRun: true })).toMatchObject({ restored: 5, versions: 3, resumed: true });
    expect(await restored(pair)).toMatchObject({ restored: 5, version: 6, versions: 3 });
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('by credentials that end: whoever has new ones goes on', async () => {
    const ended = (store: World['bare'], method: 'get' | 'put', n: number) =>
      faulty(store, nth(calls(method), n, { kind: 'error', code: 'PermissionDenied' }, Infinity));
    const to = ended(destination.bare, 'put', 5);
    expect((await failure(restored(pair, { to }))).code).toBe('PermissionDenied');
    const from = ended(source.bare, 'get', 6);
    expect((await failure(restored(pair, { from }))).code).toBe('PermissionDenied');
    expect(await restored(pair)).toMatchObject({ version: 6, resumed: true });
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('what somebody else put above the restored version is not taken for its own', async () => {
    const plan = nth(calls('put', /^latest/), 2, { kind: 'error', code: 'Aborted' }, Infinity);
    expect((await failure(restored(pair, { to: faulty(destination.bare, plan) }))).code).toBe('Aborted');
    await destination.bare.delete([rootKey(6)]);
    await destination.plantNext({});
    expect(await failure(restored(pair))).toMatchObject({ code: 'Conflict', context: { version: 6 } });
    expect((await failure(destination.open())).code).toBe('Unavailable');
  });

  test('two at once make one dataset', async () => {
    const reports = await Promise.all([restored(pair), restored(pair)]);
    expect(reports.map(({ version }) => version)).toEqual([6, 6]);
    expect(await destination.slots()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await damaged(destination)).toEqual([]);
  });

  test('a dataset that is made there in the same moment keeps its place', async () => {
    const racing = {
      ...faulty(destination.bare, () => undefined),
      put: async (...[key, body, options]: Parameters<World['bare']['put']>) => {
        // Its hint comes after that of the restore.
        if (key === rootKey(1)) {
          const stranger = await (await filled(other(31), [9])).bare.get(rootKey(1));
          await destination.bare.put(key, stranger?.bytes ?? new Uint8Array());
        }
        return destination.bare.put(key, body, options);
      },
    };
    expect(await failure(restored(pair, { to: racing }))).toMatchObject({ code: 'Conflict' });
    const { dataset } = await destination.open({ create: false });
    expect(await dataset.version()).toBe(1);
    expect(dataset.uri).toBe(destination.bare.uri);
  });
});

describe('a source', () => {
  test('that is damaged: replicas are asked, by hash, for objects and roots', async () => {
    const replica = other(5);
    await replicated({ source, destination: replica });
    const [first = '', second = ''] = await source.keys('arrays/');
    await source.flip(first);
    await source.bare.delete([second, rootKey(2)]);
    for (const version of [1, 4]) await source.flip(rootKey(version));
    await restored(pair, { others: [other(6), replica] });
    expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await damaged(destination)).toEqual([]);
  });

  describe.each([
    ['damaged', (key: string) => source.flip(key)],
    ['missing', (key: string) => source.bare.delete([key])],
    [
      'another one',
      async (key: string) => {
        const stranger = await source.bare.get(rootKey(2));
        await source.bare.put(key, stranger?.bytes ?? new Uint8Array());
      },
    ],
  ] as const)('whose root of the restored version is %s', (_, hurt) => {
    test.each([
      ['a number', async () => ({ version: 3 })],
      ['a number from the end', async () => ({ version: -3 })],
      ['a tag', async () => ({ tag: 'good' })],
      ['a time', async () => ({ time: new Date((await source.head()).root.timeMs - dayMs / 2) })],
    ])('by %s: a replica is asked, though another does not answer', async (__, reference) => {
      await source.runtime.advance(dayMs);
      const { dataset } = await source.open();
      await dataset.tag('good', { at: { version: 3 } });
      await dataset.close();
      const [gone, replica] = [other(6), other(7)];
      await replicated({ source, destination: replica });
      await replicated({ source, destination: gone });
      const at = await reference();
      const version = 'time' in at ? 5 : 3;
      await hurt(rootKey(version));
      gone.bare.get = () => Promise.reject(new NacreError('Unavailable', 'the region is away'));
      await restored(pair, { at, others: [gone, replica] });
      expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5].slice(0, version + 1));
      expect(await damaged(destination)).toEqual([]);
    });

    test('or of one below it: a replica is asked', async () => {
      const replica = other(7);
      await replicated({ source, destination: replica });
      await hurt(rootKey(3));
      const dry = await restored(pair, { at: { version: 4 }, others: [replica], dryRun: true });
      const done = await restored(pair, { at: { version: 4 }, others: [replica] });
      expect(dry).toEqual({ ...done, version: null });
      expect(await destination.read()).toEqual([0, 1, 2, 3, 4]);
      expect(await damaged(destination)).toEqual([]);
    });

    test('and whose hint carries it', async () => {
      const head = await source.head();
      await append(source, 6);
      const { token } = await readHint(source.bare, functions);
      await writeHint(source.bare, head, token, functions);
      await hurt(rootKey(5));
      await restored(pair, { at: { version: 5 } });
      expect(await destination.read()).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await damaged(destination)).toEqual([]);
    });

    test('and that nobody else has: it is named', async () => {
      await hurt(rootKey(3));
      const error = await failure(restored(pair, { at: { version: 3 }, others: [other(6)] }));
      expect(error).toMatchObject({ code: 'Corrupt', context: { key: rootKey(3) } });
      expect(await destination.keys()).toEqual([]);
    });
  });

  test.each(['object', 'root'] as const)('of whose %s nobody has the bytes ends it by name', async (what) => {
    const key = what === 'root' ? rootKey(3) : ((await source.keys('arrays/'))[1] ?? '');
    const right = await source.bare.get(key);
    await source.flip(key);
    const error = await failure(restored(pair, { others: [other(6)] }));
    expect(error).toMatchObject({ code: 'Corrupt', context: { key } });
    expect(await failure(destination.open())).toMatchObject({ code: 'Unavailable' });
    await source.bare.put(key, right?.bytes ?? new Uint8Array());
    expect(await restored(pair)).toMatchObject({ version: 6, resumed: true });
    expect(await damaged(destination)).toEqual([]);
  });

  test('that expires versions meanwhile: what is gone is left out', async () => {
    const { dataset } = await source.open();
    await dataset.write(async (tx) => {
      await tx.dropArray('a');
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(30));
    });
    await dataset.tag('keep');
    await dataset.close();
    let isDone = false;
    const from = {
      ...faulty(source.bare, () => undefined),
      get: async (...[key, options]: Parameters<World['bare']['get']>) => {
        if (key.startsWith('arrays/') && !isDone) {
          isDone = true;
          await expireAll(source);
        }
        return source.bare.get(key, options);
      },
    };
    const report = await restored(pair, { from, at: { tag: 'keep' } });
    expect(report).toMatchObject({ restored: 6, version: 7, keptFrom: 6, left: [{ from: 1, to: 5 }] });
    expect(await destination.read()).toEqual([30]);
    expect(await damaged(destination)).toEqual([]);
  });
});

describe('after it', () => {
  test('the two histories part at its own version, which each replication names', async () => {
    const replica = other(5);
    await replicated({ source, destination: replica });
    await restored(pair, { at: { version: 4 } });
    await append(destination, 40);
    const parted = { code: 'Conflict', context: { version: 5 } };
    expect(await failure(replicated(pair))).toMatchObject(parted);
    expect(await failure(replicated({ source: destination, destination: replica }))).toMatchObject(parted);
  });

  test('it is replicated, restored from, and restored in place as any other', async () => {
    await restored(pair);
    await append(destination, 6);
    const [replica, again] = [other(5), other(6)];
    await replicated({ source: destination, destination: replica });
    expect(await replica.read()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(await restored({ source: replica, destination: again })).toMatchObject({
      restored: 7,
      version: 8,
    });
    expect(await damaged(again)).toEqual([]);
    const { dataset } = await destination.open({ create: false });
    await dataset.restore({ version: 3 });
    await dataset.write((tx) => tx.append('a', int32(7)));
    expect(await values(dataset)).toEqual([0, 1, 2, 3, 7]);
  });
});
