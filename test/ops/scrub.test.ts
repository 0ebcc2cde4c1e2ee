// What a scrub reads, what it remembers, and what it says of damage.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { environmentOf } from '../../src/dataset/environment.js';
import { advance } from '../../src/manifest/head.js';
import { hintKey, rootKey } from '../../src/manifest/keys.js';
import { evolve, make, v1 } from '../../src/manifest/message.js';
import { type ScrubOptions, type ScrubReport, scrub } from '../../src/ops/scrub.js';
import { status, type Status } from '../../src/ops/status.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { failure } from '../support/failure.js';
import { calls, faulty, nth } from '../support/faulty-store.js';
import { functions, int32, type World, worldWith } from '../dataset/world.js';

const root = mkdtempSync(path.join(os.tmpdir(), 'nacre-scrub-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let world: World;
let cacheDir: string;
let count = 0;
beforeEach(async () => {
  cacheDir = path.join(root, String(count++));
  world = await worldWith(0, 1, 2);
});
afterEach(() => world.close());

const day = 24 * 3_600_000;

async function appendMany(times: number, rows = 100): Promise<void> {
  const { dataset } = await world.open();
  for (let i = 0; i < times; i++)
    await dataset.write((tx) => tx.append('a', int32(...Array.from({ length: rows }, (_, row) => row))));
  await dataset.close();
}

const environment = (store: ObjectStore = world.bare) =>
  environmentOf(store, { cacheDir, runtime: world.runtime });

const scrubbed = (options: ScrubOptions = {}, store?: ObjectStore): Promise<ScrubReport> =>
  scrub(environment(store), options);

const statusNow = (): Promise<Status> => status(environment());

/** Keys whose bytes are asked for. */
function watched(): { readonly store: ObjectStore; readonly read: string[] } {
  const read: string[] = [];
  const get: ObjectStore['get'] = (key, options) => {
    if (/^(arrays|indexes)/.test(key)) read.push(key);
    return world.bare.get(key, options);
  };
  return { store: forwarding(world.bare, { get }), read };
}

describe('bad input', () => {
  test.each<[ScrubOptions, RegExp]>([
    [{ mode: 'half' as never }, /no mode/],
    [{ mode: 'sample' }, /needs/],
    [{ mode: 'full', subset: { part: 1, of: 7 } }, /has no/],
    [{ mode: 'sample', subset: { part: 0, of: 7 } }, /no part/],
    [{ mode: 'sample', subset: { part: 8, of: 7 } }, /no part/],
    [{ mode: 'sample', subset: { part: 1.5, of: 7 } }, /no part/],
    [{ mode: 'sample', subset: { fraction: 0 } }, /no part/],
    [{ mode: 'sample', subset: { fraction: 1.1 } }, /no part/],
    [{ mode: 'sample', subset: { bytes: Number.NaN } }, /no part/],
    [{ bytesPerSecond: 0 }, /no number of bytes/],
    [{ bytesPerSecond: Number.POSITIVE_INFINITY }, /no number of bytes/],
  ])('%o is refused', async (options, message) => {
    const error = await failure(scrubbed(options));
    expect(error.code).toBe('InvalidArgument');
    expect(error.message).toMatch(message);
  });

  test('a place without a dataset is NotFound, one whose roots are all gone is Corrupt', async () => {
    await world.bare.delete([hintKey]);
    const keys = await world.keys('versions/');
    for (const key of keys) await world.flip(key);
    expect((await failure(scrubbed())).code).toBe('Corrupt');
    await world.bare.delete(keys);
    expect((await failure(scrubbed())).code).toBe('NotFound');
  });
});

describe('reading', () => {
  test('structure reads no object, by listings alone', async () => {
    await appendMany(5);
    const { store, read } = watched();
    const before = environment(store);
    const report = await scrub(before, { mode: 'structure' });
    expect(read).toEqual([]);
    // The hint and the roots; the slots, three folders of objects, and that of parity.
    expect(before.meter.snapshot().requests).toMatchObject({ get: 1 + 7, list: 5, head: 0, put: 0 });
    expect(report).toMatchObject({ damaged: [], readObjects: 0, objects: 6, versions: 7, hint: 'right' });
  });

  test('seven parts read every object once', async () => {
    await appendMany(40);
    const all: string[] = [];
    for (let part = 1; part <= 7; part++) {
      const { store, read } = watched();
      await scrubbed({ mode: 'sample', subset: { part, of: 7 } }, store);
      all.push(...read);
    }
    const objects = await world.keys('arrays/');
    expect(objects).toHaveLength(41);
    expect(all.toSorted()).toEqual(objects.toSorted());
  });

  test('a budget begins where the last one ended, and damage is found in turn', async () => {
    await appendMany(20);
    const objects = await world.keys('arrays/');
    await world.flip(objects[7] ?? '', 8 * 200);
    const all: string[] = [];
    const damaged = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const { store, read } = watched();
      const report = await scrubbed({ mode: 'sample', subset: { fraction: 0.25 } }, store);
      for (const { key } of report.damaged) damaged.add(key);
      all.push(...read);
      await world.runtime.sleep(60_000);
    }
    expect(new Set(all)).toEqual(new Set(objects));
    expect([...damaged]).toEqual([objects[7]]);
  });

  test('a limit is kept', async () => {
    await appendMany(10, 25_000);
    const before = world.runtime.monotonic();
    const report = await scrubbed({ bytesPerSecond: 100_000 });
    const seconds = (world.runtime.monotonic() - before) / 1000;
    expect(report.readBytes / seconds).toBeLessThan(120_000);
    expect(report.damaged).toEqual([]);
  });

  test('bytes that are hurt on their way are read again, and are no damage', async () => {
    await appendMany(3);
    const plan = nth(calls('get', /^arrays/), 2, { kind: 'flipBit', bit: 2000 });
    const store = faulty(world.bare, plan, world.runtime);
    expect((await scrubbed({}, store)).damaged).toEqual([]);
    expect(store.injected.get('flipBit')).toBe(1);
  });

  test('a listing that is behind is no damage', async () => {
    await appendMany(3);
    const hidden = (await world.keys('arrays/')).slice(0, 2);
    const store = forwarding(world.bare, {
      list: async (options) => {
        const page = await world.bare.list(options);
        return { ...page, entries: page.entries.filter(({ key }) => !hidden.includes(key)) };
      },
    });
    expect((await scrubbed({ mode: 'structure' }, store)).damaged).toEqual([]);
  });

  test('nor does one that is behind make roots of those below a damaged one missing', async () => {
    await appendMany(5);
    await world.flip(rootKey(4));
    const hidden = [2, 3].map(rootKey);
    const store = forwarding(world.bare, {
      list: async (options) => {
        const page = await world.bare.list(options);
        return { ...page, entries: page.entries.filter(({ key }) => !hidden.includes(key)) };
      },
    });
    const { damaged, versions } = await scrubbed({ mode: 'structure' }, store);
    expect(damaged.map(({ key, damage }) => [key, damage])).toEqual([[rootKey(4), 'blocks']]);
    expect(versions).toBe((await scrubbed({ mode: 'structure' })).versions);
  });
});

describe('damage', () => {
  test('is told with its versions, its array and the rows that it touches', async () => {
    await appendMany(2, 100_000);
    const big = (await world.bare.list({ prefix: 'arrays/' })).entries.filter(
      ({ sizeBytes }) => sizeBytes > 1e5,
    );
    const key = big[0]?.key ?? '';
    await world.flip(key, 8 * 70_000);
    const { damaged } = await scrubbed();
    const first = damaged[0]?.versions[0]?.from ?? 0;
    expect(damaged).toMatchObject([
      {
        ...{ key, kind: 'partition', array: 'a', damage: 'blocks', blockBytes: 65_536 },
        blocks: [{ start: 1, end: 2 }],
        versions: [{ from: first, to: 4 }],
      },
    ]);
    const { start = 0, end = 0, count = 0 } = damaged[0]?.rows ?? {};
    // A block of 65,536 bytes of int32, after a header of 128.
    expect({ start: start % 100_000, count }).toEqual({ start: 3 + (65_536 - 128) / 4, count: 16_384 });
    expect(end - start).toBe(count);
  });

  test('bytes of another object are called so', async () => {
    await appendMany(2);
    const [one = '', other = ''] = (await world.keys('arrays/')).toSorted();
    const body = await world.bare.get(other);
    await world.bare.put(one, body?.bytes ?? new Uint8Array(0));
    expect((await scrubbed()).damaged).toMatchObject([{ key: one, damage: 'other', holds: other }]);
  });

  test('of an expired version is none, also where it expires and is collected meanwhile', async () => {
    await appendMany(3);
    const [first = ''] = await world.keys('arrays/');
    const loaded = await world.head();
    const { dataset } = await world.open();
    await dataset.write((tx) => tx.dropArray('a'));
    await dataset.close();
    let collected = false;
    const store = forwarding(world.bare, {
      list: async (options) => {
        if (options?.prefix === 'arrays/' && !collected) {
          collected = true;
          const { root } = await world.head();
          await world.plantNext({ kept: make(v1.Kept, { from: root.version }) });
          await world.bare.delete([first]);
        }
        return world.bare.list(options);
      },
    });
    expect((await scrubbed({}, store)).damaged).toEqual([]);
    expect(collected).toBe(true);
    expect(loaded.root.version).toBe(5);
    expect(await scrubbed()).toMatchObject({ damaged: [], keptVersions: 2, versions: 7 });
  });

  test('a late root of another dataset is no head where the one below it is damaged', async () => {
    await appendMany(3);
    const { root: head } = await world.head();
    const version = head.version + 1;
    const parent = make(v1.Parent, { version: head.version, hash: new Uint8Array(32) });
    await world.plant(evolve(head, { version, parent, dataset: new Uint8Array(16) }));
    await world.flip(rootKey(head.version));
    await world.bare.delete([hintKey]);
    const { damaged, versions } = await scrubbed();
    expect(damaged).toMatchObject([{ key: rootKey(head.version), damage: 'blocks' }]);
    expect(versions).toBe(head.version - 1);
  });

  test('void roots and those of another dataset are none', async () => {
    await appendMany(2);
    const { root: head, hash } = await world.head();
    await world.plant(
      evolve(head, {
        version: head.version + 1,
        parent: make(v1.Parent, { version: head.version, hash: hash.map((byte) => byte ^ 1) }),
      }),
    );
    await world.plant(evolve(head, { version: 9, dataset: new Uint8Array(16) }), head.version + 2);
    expect((await scrubbed()).damaged).toEqual([]);
    expect((await advance(world.bare, await world.head(), functions)).head.root.version).toBe(head.version);
  });

  test('where two histories go on from one version, nobody decides which', async () => {
    await appendMany(3);
    const release = await world.holdHint();
    const { root } = await world.head();
    const forked = evolve(root, { commitId: world.runtime.randomBytes(16) });
    const planted = await world.plant(forked);
    await world.plant(
      evolve(root, {
        version: root.version + 1,
        parent: make(v1.Parent, { version: root.version, hash: planted.hash }),
      }),
    );
    await release();
    const error = await failure(scrubbed());
    expect(error).toMatchObject({ code: 'Corrupt', context: { version: root.version } });
    expect(error.hint).toContain('Remove `latest`');
  });

  test('what a lost root names is not called unreferenced', async () => {
    await appendMany(3);
    expect((await scrubbed()).unreferenced).toEqual({ objects: 0, sizeBytes: 0 });
    const { dataset } = await world.open();
    await dataset.write((tx) => tx.append('a', int32(1)));
    await dataset.close();
    await world.flip(rootKey(4));
    expect((await scrubbed()).unreferenced).toBeUndefined();
  });

  test('sums in the manifest that are wrong are told from wrong bytes', async () => {
    await appendMany(1);
    const { root } = await world.head();
    const objects = (root.objects?.objects ?? []).map((object, i) =>
      i === 0 ? evolve(object, { blocks: object.blocks.map((byte) => byte ^ 1) }) : object,
    );
    await world.plantNext({ objects: evolve(root.objects ?? make(v1.ObjectTable, {}), { objects }) });
    await world.hint(await world.head());
    // The newest version comes first, so its sums are what is compared.
    expect((await scrubbed()).damaged).toMatchObject([{ kind: 'partition', damage: 'manifest' }]);
  });

  test('a disk that fails to read one object does not hide the damage of others', async () => {
    await appendMany(3);
    const keys = await world.keys('arrays/');
    const [bad = '', flipped = ''] = keys;
    await world.flip(flipped);
    // Files of the same bytes, but one, of which every read ends with EIO.
    for (const key of keys) {
      const file = path.join(cacheDir, 'files', key);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, (await world.bare.get(key))?.bytes ?? new Uint8Array(0));
    }
    const localPath = (key: string): string =>
      key === bad ? '/proc/self/mem' : path.join(cacheDir, 'files', key);
    const { damaged } = await scrub({ ...environment(), localPath });
    expect(damaged.map(({ key, damage }) => [key, damage]).toSorted()).toEqual(
      [
        [bad, 'unreadable'],
        [flipped, 'blocks'],
      ].toSorted(),
    );
  });
});

describe('notes', () => {
  test('a full scrub that was ended goes on where it was', async () => {
    await appendMany(30);
    const stop = new AbortController();
    const first = watched();
    const ended = failure(
      scrubbed(
        {
          signal: stop.signal,
          onProgress: (done, total, phase) => {
            if (phase === 'bytes' && done > total / 2) stop.abort();
          },
        },
        first.store,
      ),
    );
    expect((await ended).code).toBe('Aborted');
    expect(await statusNow()).toMatchObject({ objects: 31, scrubs: {} });
    expect((await statusNow()).notVerifiedObjects).toBeLessThan(31);
    const second = watched();
    const report = await scrubbed({}, second.store);
    expect(report.damaged).toEqual([]);
    expect(report.resumedObjects).toBeGreaterThan(5);
    expect(report.resumedObjects + report.readObjects).toBe(31);
    expect(new Set([...first.read, ...second.read]).size).toBe(31);
    // The next one begins anew.
    expect((await scrubbed()).readObjects).toBe(31);
  });

  test('one that is restarted, or was left for longer than a week, begins anew', async () => {
    await appendMany(10);
    const cut = async (): Promise<void> => {
      const stop = new AbortController();
      await failure(
        scrubbed({
          signal: stop.signal,
          onProgress: (done, total, phase) => {
            if (phase === 'bytes' && done > total / 2) stop.abort();
          },
        }),
      );
    };
    await cut();
    expect((await scrubbed({ restart: true })).readObjects).toBe(11);
    await cut();
    await world.runtime.sleep(8 * day);
    expect((await scrubbed()).readObjects).toBe(11);
  });

  test('status tells what was not verified in thirty days', async () => {
    await appendMany(9);
    expect(await statusNow()).toMatchObject({
      objects: 10,
      notVerifiedObjects: 10,
      scrubs: {},
      hint: 'right',
    });
    await scrubbed();
    expect(await statusNow()).toMatchObject({ notVerifiedObjects: 0, notVerifiedBytes: 0 });
    await world.runtime.sleep(20 * day);
    await appendMany(2);
    const { scrubs, ...now } = await statusNow();
    expect(now).toMatchObject({ objects: 12, notVerifiedObjects: 2 });
    expect(scrubs.full).toMatchObject({ damaged: 0, version: 11 });
    await world.runtime.sleep(11 * day);
    expect((await statusNow()).notVerifiedObjects).toBe(12);
  });

  test('what is damaged counts as not verified', async () => {
    await appendMany(9);
    await scrubbed();
    const [key = ''] = await world.keys('arrays/');
    await world.flip(key);
    await scrubbed();
    expect(await statusNow()).toMatchObject({ notVerifiedObjects: 1, scrubs: { full: { damaged: 1 } } });
  });

  test('a second scrub at once is told who runs', async () => {
    await appendMany(3);
    let error: unknown;
    const store = forwarding(world.bare, {
      list: async (options) => {
        if (options?.prefix === 'arrays/') error ??= await failure(scrubbed({ mode: 'structure' }));
        return world.bare.list(options);
      },
    });
    expect((await scrubbed({}, store)).damaged).toEqual([]);
    expect(error).toMatchObject({ code: 'Conflict', context: { pid: process.pid, mode: 'full' } });
    expect((await statusNow()).running).toBeUndefined();
  });

  test('without a cache folder nothing is noted, and it is said', async () => {
    await appendMany(3);
    const report = await scrub(environmentOf(world.bare, { cacheDir: false, runtime: world.runtime }));
    expect(report).toMatchObject({ isNoted: false, damaged: [], readObjects: 4 });
    expect((await scrubbed()).isNoted).toBe(true);
  });

  test('a live writer does not disturb it', async () => {
    await appendMany(5);
    const { dataset } = await world.open();
    let writes = 0;
    const store = forwarding(world.bare, {
      get: async (key, options) => {
        if (/^arrays/.test(key) && writes < 5) {
          writes += 1;
          await dataset.write((tx) => tx.append('a', int32(writes)));
        }
        return world.bare.get(key, options);
      },
    });
    expect((await scrubbed({}, store)).damaged).toEqual([]);
    expect(writes).toBe(5);
    expect((await scrubbed()).damaged).toEqual([]);
  });

  test('what is told of a root that is damaged', async () => {
    await appendMany(4);
    await world.flip(rootKey(3));
    expect((await scrubbed({ mode: 'structure' })).damaged).toMatchObject([
      { key: rootKey(3), kind: 'root', damage: 'blocks', versions: [{ from: 3, to: 3 }] },
    ]);
    expect(await statusNow()).toMatchObject({ damagedRoots: 1 });
  });
});
