// Repair: the same bytes under the same keys, from whoever has them; what nobody has is named.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { environmentOf } from '../../src/dataset/environment.js';
import { NacreError } from '../../src/errors.js';
import { hintKey, rootKey } from '../../src/manifest/keys.js';
import { repair, type RepairOptions, type RepairReport, type RepairSource } from '../../src/ops/repair.js';
import { scrub } from '../../src/ops/scrub.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { filled, int32, values, World, worldWith } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import { calls, faulty, nth } from '../support/faulty-store.js';
import { refusing } from '../support/refusing-store.js';
import { storesUnderTest } from '../support/servers/index.ts';
import { Damaged } from './damaged-world.js';

let world: World;
let copy: World;
let other: World;

async function copyTo(target: World): Promise<World> {
  for (const key of await world.keys()) {
    const body = await world.bare.get(key);
    if (body !== undefined) await target.bare.put(key, body.bytes);
  }
  return target;
}

beforeEach(async () => {
  world = await worldWith(0, 1, 2);
  const { dataset } = await world.open();
  for (let row = 3; row < 8; row++) await dataset.write((tx) => tx.append('a', int32(row)));
  await dataset.close();
  copy = await copyTo(new World(2));
  other = await copyTo(new World(3));
});
afterEach(() => world.close());

const environment = (store: ObjectStore, of = world) =>
  environmentOf(store, { cacheDir: false, runtime: of.runtime });

const source = (of: World, store: ObjectStore = of.bare): RepairSource => ({
  ...environment(store, of),
  name: of.name,
});

const repaired = (
  sources: readonly RepairSource[],
  options: RepairOptions = {},
  store: ObjectStore = world.bare,
): Promise<RepairReport> => repair(environment(store), sources, options);

async function damage(): Promise<string[]> {
  return (await scrub(environment(world.bare))).damaged.map(({ key }) => key);
}

/** Everything that is there, by key. */
async function content(of = world): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const key of await of.keys())
    found.set(key, Buffer.from((await of.bare.get(key))?.bytes ?? []).toString('hex'));
  return found;
}

describe('bad input', () => {
  test('a source that is empty, is this place, or is another dataset is refused; nothing is written', async () => {
    const [key = ''] = await world.keys('arrays/');
    await world.flip(key);
    const before = await content();
    expect(await failure(repaired([source(new World(9))]))).toMatchObject({ code: 'NotFound' });
    expect(await failure(repaired([source(world)]))).toMatchObject({ code: 'InvalidArgument' });
    const stranger = await filled(new World(7), [5]);
    const error = await failure(repaired([source(copy), source(stranger)]));
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { uri: stranger.bare.uri } });
    expect(await content()).toEqual(before);
  });

  test('who says no to the plan changes nothing', async () => {
    const [key = ''] = await world.keys('arrays/');
    await world.flip(key);
    const before = await content();
    const no = new NacreError('Aborted', 'no');
    const error = await failure(
      repaired([source(copy)], {
        onPlan: (plan) => {
          expect(plan).toMatchObject([{ key, outcome: 'planned', from: copy.name }]);
          throw no;
        },
      }),
    );
    expect(error).toBe(no);
    expect(await content()).toEqual(before);
  });
});

describe('sources', () => {
  test('one whose bytes are bad, too, is passed over and named', async () => {
    const [first = '', second = '', third = ''] = await world.keys('arrays/');
    for (const key of [first, second, third]) await world.flip(key);
    await copy.flip(first, 9);
    await copy.bare.delete([second]);
    const { steps, isWhole } = await repaired([source(copy), source(other)]);
    expect(isWhole).toBe(true);
    expect(steps).toMatchObject(
      [
        { key: first, from: other.name, passedOver: [{ source: copy.name, reason: /damaged, too/ }] },
        { key: second, from: other.name, passedOver: [{ source: copy.name, reason: /not have it/ }] },
        { key: third, from: copy.name, passedOver: [] },
      ].map(({ passedOver, ...step }) => ({
        ...step,
        outcome: 'mended',
        passedOver: passedOver.map(({ source: name, reason }) => ({
          source: name,
          reason: expect.stringMatching(reason) as string,
        })),
      })),
    );
    expect(await damage()).toEqual([]);
  });

  test('what nobody has is lost, with its rows and versions; the rest is mended', async () => {
    const keys = await world.keys('arrays/');
    const first = (await world.head()).root;
    const [lost = '', mended = ''] = keys;
    for (const key of [lost, mended]) await world.flip(key);
    await copy.flip(lost, 9);
    const { steps, isWhole } = await repaired([source(copy)]);
    expect(isWhole).toBe(false);
    const [one] = steps.filter(({ outcome }) => outcome === 'lost');
    expect(one).toMatchObject({ key: lost, kind: 'partition', array: 'a', damage: 'blocks' });
    expect(one?.versions.at(-1)?.to).toBe(first.version);
    expect(one?.rows?.count).toBeGreaterThan(0);
    expect(await damage()).toEqual([lost]);
    expect(one?.quarantine).toBeUndefined();
  });

  test('bytes that are hurt on their way from a source are read again', async () => {
    const [key = ''] = await world.keys('arrays/');
    await world.bare.delete([key]);
    for (const n of [1, 2]) {
      const plan = nth(calls('get', /^arrays/), n, { kind: 'flipBit', bit: 900 });
      await world.bare.delete([key]);
      const report = await repaired([source(copy, faulty(copy.bare, plan, copy.runtime))]);
      expect(report.isWhole).toBe(true);
      expect(await damage()).toEqual([]);
    }
  });

  test('a source whose hint and newest roots are damaged, too, gives what it has', async () => {
    const [key = ''] = await world.keys('arrays/');
    await world.flip(key);
    await copy.flip(hintKey);
    await copy.flip(rootKey(7));
    expect((await repaired([source(copy)])).isWhole).toBe(true);
  });
});

describe('putting back', () => {
  test('the bad bytes are kept, with what they should have been', async () => {
    const [key = ''] = await world.keys('arrays/');
    await world.flip(key);
    const bad = await world.bare.get(key);
    const { steps } = await repaired([source(copy)]);
    const [{ quarantine = '', hash } = { hash: '' }] = steps;
    expect((await world.bare.get(quarantine))?.bytes).toEqual(bad?.bytes);
    const note = JSON.parse(
      new TextDecoder().decode((await world.bare.get(`${quarantine}.json`))?.bytes),
    ) as object;
    expect(note).toMatchObject({ key, expected: hash, observedBytes: bad?.bytes.byteLength });
    // What is kept is no part of the dataset.
    expect(await damage()).toEqual([]);
  });

  test('nothing is replaced where what it was cannot be kept', async () => {
    const [key = ''] = await world.keys('arrays/');
    await world.flip(key);
    const bad = await world.bare.get(key);
    for (const code of ['PermissionDenied', 'ResourceExhausted'] as const) {
      const full = forwarding(world.bare, {
        put: async (at, body, options) => {
          if (at.startsWith('quarantine/')) throw new NacreError(code, 'not here');
          return world.bare.put(at, body, options);
        },
      });
      const ended = await repaired([source(copy)], {}, full).then(
        ({ steps }) => steps[0]?.outcome,
        (error: NacreError) => error.code,
      );
      expect(ended).toBe(code === 'PermissionDenied' ? 'healed' : code);
      expect((await world.bare.get(key))?.token).toBe(bad?.token);
    }
  });

  test('where overwriting is refused, what is damaged is healed elsewhere, what is missing is put back', async () => {
    const [bad = '', gone = ''] = await world.keys('arrays/');
    await world.flip(bad);
    await world.bare.delete([gone]);
    const { steps, isWhole } = await repaired([source(copy)], {}, refusing(world.bare));
    expect(isWhole).toBe(true);
    const healed = steps.find(({ key }) => key === bad);
    expect(healed).toMatchObject({ outcome: 'healed', reason: expect.stringContaining('403') as string });
    expect(healed?.healed).toBe(`healed/${healed?.hash}`);
    expect(steps.find(({ key }) => key === gone)).toMatchObject({ outcome: 'mended' });
    expect(await world.keys('healed/')).toEqual([healed?.healed]);
    expect(await damage()).toEqual([]);
  });

  test('where that is refused, too, it is left, with both reasons', async () => {
    const [bad = ''] = await world.keys('arrays/');
    await world.flip(bad);
    const before = await content();
    const store = forwarding(world.bare, {
      put: async (key) => {
        throw new NacreError('PermissionDenied', `no ${key}`);
      },
    });
    const { steps, isWhole } = await repaired([source(copy)], {}, store);
    expect(isWhole).toBe(false);
    expect(steps).toMatchObject([{ key: bad, outcome: 'left' }]);
    expect(steps[0]?.reason).toMatch(/no quarantine.*no healed/);
    expect(await content()).toEqual(before);
  });

  test.each(['loseReply', 'drop'] as const)(
    'a put of which the outcome is not known (%s) is looked up',
    async (kind) => {
      const [bad = '', gone = ''] = await world.keys('arrays/');
      await world.flip(bad);
      await world.bare.delete([gone]);
      const plan = nth(calls('put', /^arrays/), 1, { kind }, 2);
      const store = faulty(world.bare, plan, world.runtime);
      expect((await repaired([source(copy)], {}, store)).isWhole).toBe(true);
      expect(store.injected.get(kind)).toBe(2);
      expect(await damage()).toEqual([]);
    },
  );

  test('what somebody heals, or changes, meanwhile is not overwritten unseen', async () => {
    const [key = ''] = await world.keys('arrays/');
    const right = (await copy.bare.get(key))?.bytes ?? new Uint8Array(0);
    await world.flip(key);
    const { steps } = await repaired([source(copy)], {
      onPlan: async () => {
        await world.bare.put(key, right);
      },
    });
    expect(steps).toMatchObject([{ key, outcome: 'mended' }]);
    expect(steps[0]?.quarantine).toBeUndefined();
    expect(await world.keys('quarantine/')).toEqual([]);
    // Another change between the look and the put: the put is refused, and made anew.
    await world.flip(key);
    let changes = 0;
    const busy = forwarding(world.bare, {
      put: async (at, body, options) => {
        if (at === key && changes++ === 0) await world.bare.put(key, Uint8Array.of(1, 2, 3));
        return world.bare.put(at, body, options);
      },
    });
    expect((await repaired([source(copy)], {}, busy)).isWhole).toBe(true);
    expect(changes).toBe(2);
    expect(await world.keys('quarantine/')).toHaveLength(4);
    expect(await damage()).toEqual([]);
  });

  test.each([true, false])(
    'what a disk cannot read is replaced as it is (the disk gets well: %s)',
    async (heals) => {
      const keys = await world.keys('arrays/');
      const [bad = ''] = keys;
      const files = mkdtempSync(path.join(os.tmpdir(), 'nacre-disk-'));
      const fileOf = async (key: string): Promise<string> => {
        const file = path.join(files, path.basename(key));
        writeFileSync(file, (await world.bare.get(key))?.bytes ?? new Uint8Array(0));
        return file;
      };
      for (const key of keys) await fileOf(key);
      let isWell = false;
      const reads: string[] = [];
      const store = forwarding(world.bare, {
        get: (key, options) => {
          reads.push(key);
          return world.bare.get(key, options);
        },
        put: async (key, body, options) => {
          isWell ||= heals && key === bad;
          return world.bare.put(key, body, options);
        },
      });
      // Every read of it ends with EIO.
      const localPath = (key: string): string =>
        key === bad && !isWell ? '/proc/self/mem' : path.join(files, path.basename(key));
      const { steps } = await repair({ ...environment(store), localPath }, [source(copy)]);
      expect(steps).toMatchObject([{ key: bad, damage: 'unreadable', outcome: heals ? 'mended' : 'left' }]);
      expect(steps[0]?.quarantine).toBeUndefined();
      expect(reads.filter((key) => key === bad)).toEqual([]);
      rmSync(files, { recursive: true });
    },
  );

  test('one that was interrupted is gone on with', async () => {
    const keys = await world.keys('arrays/');
    for (const key of keys) await world.flip(key);
    const stop = new AbortController();
    const ended = repaired([source(copy)], {
      signal: stop.signal,
      onProgress: (done, _, phase) => {
        if (phase === 'objects' && done === 2) stop.abort();
      },
    });
    expect((await failure(ended)).code).toBe('Aborted');
    expect((await damage()).length).toBeLessThan(keys.length);
    expect((await repaired([source(copy)])).isWhole).toBe(true);
    expect(await damage()).toEqual([]);
    expect(await world.read()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('roots', () => {
  test('several in a row come back, each by the hash that its child names', async () => {
    const before = await content();
    for (const version of [2, 3, 4]) await world.flip(rootKey(version));
    await world.bare.delete([rootKey(5)]);
    expect((await damage()).toSorted()).toEqual([2, 3, 4, 5].map(rootKey).toSorted());
    expect((await repaired([source(copy)])).isWhole).toBe(true);
    const after = await content();
    for (const key of after.keys()) if (key.startsWith('quarantine/')) after.delete(key);
    expect(after).toEqual(before);
  });

  test('below one that nobody has, the others are still looked after', async () => {
    await world.flip(rootKey(4));
    await copy.flip(rootKey(4), 9);
    await world.flip(rootKey(2));
    const { steps } = await repaired([source(copy)]);
    expect(steps).toMatchObject([
      { key: rootKey(2), outcome: 'mended' },
      { key: rootKey(4), outcome: 'lost' },
    ]);
    expect(await damage()).toEqual([rootKey(4)]);
  });

  test('one that a source put there in another history is not taken', async () => {
    // A copy without a hint goes its own way from version 6, in the same lineage.
    const short = await copyTo(new World(4));
    await short.bare.delete([hintKey, rootKey(7)]);
    const { dataset } = await short.open({ create: false });
    expect(await dataset.write((tx) => tx.append('a', int32(100)))).toMatchObject({ version: 7 });
    await dataset.close();
    const lineages = [(await short.head()).root.lineage, (await copy.head()).root.lineage];
    expect(lineages[0]).toEqual(lineages[1]);
    await world.bare.delete([hintKey]);
    await world.bare.put(rootKey(7), Uint8Array.of(1, 2, 3));
    const before = await content();
    const { steps, isWhole } = await repaired([source(short)]);
    expect(isWhole).toBe(false);
    expect(steps).toMatchObject([{ key: rootKey(7), kind: 'root', outcome: 'lost' }]);
    expect(await content()).toEqual(before);
    // The right one comes with an object that is there; or what is left of it has its ids.
    expect((await repaired([source(short), source(copy)])).isWhole).toBe(false);
    expect((await repaired([source(copy)])).isWhole).toBe(true);
    expect(await world.read()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('all of them, and the hint, come back from a source', async () => {
    for (const key of await world.keys('versions/')) await world.flip(key);
    await world.bare.delete([hintKey]);
    expect((await failure(world.open({ create: false }))).code).toBe('Corrupt');
    const { isWhole, steps } = await repaired([source(copy)]);
    expect({ isWhole, roots: steps.length }).toEqual({ isWhole: true, roots: 7 });
    expect(await world.read()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('what a scrub found', () => {
  test('is all that is read by a repair of it', async () => {
    const cacheDir = mkdtempSync(path.join(os.tmpdir(), 'nacre-found-'));
    const noted = (store: ObjectStore) => environmentOf(store, { cacheDir, runtime: world.runtime });
    const keys = await world.keys('arrays/');
    await world.flip(keys[2] ?? '');
    await scrub(noted(world.bare));
    const read: string[] = [];
    const store = forwarding(world.bare, {
      get: (key, options) => {
        if (key.startsWith('arrays/')) read.push(key);
        return world.bare.get(key, options);
      },
    });
    expect((await repair(noted(store), [source(copy)], { mode: 'found' })).isWhole).toBe(true);
    expect(new Set(read)).toEqual(new Set([keys[2]]));
    expect(await damage()).toEqual([]);
    // Without notes, all of it is.
    read.length = 0;
    await repaired([source(copy)], { mode: 'found' }, store);
    expect(new Set(read)).toEqual(new Set(keys));
    rmSync(cacheDir, { recursive: true });
  });
});

describe('beside a live writer', () => {
  test('commits go on, and all that was acknowledged is there', async () => {
    const { dataset } = await world.open();
    await dataset.version();
    const keys = await world.keys('arrays/');
    for (const key of keys.slice(0, 3)) await world.flip(key);
    await world.flip(rootKey(3));
    let row = 100;
    const busy = forwarding(world.bare, {
      put: async (key, body, options) => {
        if (row < 106) await dataset.write((tx) => tx.append('a', int32(row++)));
        return world.bare.put(key, body, options);
      },
    });
    expect((await repaired([source(copy)], {}, busy)).isWhole).toBe(true);
    expect(await damage()).toEqual([]);
    await dataset.close();
    expect(await world.read()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 100, 101, 102, 103, 104, 105]);
    expect(await values((await world.open()).dataset)).toHaveLength(14);
  });
});

test.each(storesUnderTest())(
  'objects, roots and the hint come back on %s, and the bad ones are kept',
  async (name) => {
    const damaged = await Damaged.make(name, async (dataset) => {
      await dataset.write((tx) => tx.create('a', { dtype: 'int32' }));
      for (let row = 0; row < 4; row++) await dataset.write((tx) => tx.append('a', int32(row)));
    });
    try {
      const [flipped = '', lost = '', cut = ''] = await damaged.keys('arrays/');
      await damaged.hurt(flipped, { kind: 'flip' });
      await damaged.hurt(lost, { kind: 'delete' });
      await damaged.hurt(cut, { kind: 'truncate' });
      await damaged.hurt(rootKey(3), { kind: 'flip' });
      await damaged.hurt(rootKey(4), { kind: 'delete' });
      await damaged.hurt(rootKey(6), { kind: 'truncate' });
      await damaged.hurt(hintKey, { kind: 'flip' });
      const { steps, isWhole } = await damaged.repair();
      expect({ isWhole, count: steps.length }).toEqual({ isWhole: true, count: 7 });
      expect(await damaged.keys('quarantine/')).toHaveLength(2 * 4);
      expect(await damaged.scrub()).toMatchObject({ damaged: [], hint: 'right' });
      const dataset = await damaged.open();
      expect(await values(dataset)).toEqual([0, 1, 2, 3]);
      await dataset.close();
    } finally {
      await damaged.dispose();
    }
  },
);

const large = (['folder', 'minio'] as const).filter((name) => storesUnderTest().includes(name));

test.each(large)('an object that is too large to be held is put back (%s)', async (name) => {
  const rows = 40;
  const data = new Uint8Array(rows * 2 ** 20).map((_, i) => (i >> 12) & 255);
  const damaged = await Damaged.make(name, async (dataset) => {
    await dataset.write(async (tx) => {
      await tx.create('a', { dtype: 'uint8', rowShape: [2 ** 20] });
      await tx.append('a', { data, shape: [rows, 2 ** 20] });
    });
  });
  try {
    const [key = ''] = await damaged.keys('arrays/');
    await damaged.hurt(key, { kind: 'flip', at: 30 * 2 ** 20 });
    const { steps, isWhole } = await damaged.repair();
    expect(isWhole).toBe(true);
    expect(steps).toMatchObject([
      { key, damage: 'blocks', rows: { start: 29, end: 31 }, blocks: [{ start: 480, end: 481 }] },
    ]);
    expect((await damaged.scrub()).damaged).toEqual([]);
    const dataset = await damaged.open();
    expect(Buffer.from((await dataset.array('a').read()).data.buffer).equals(Buffer.from(data.buffer))).toBe(
      true,
    );
    await dataset.close();
  } finally {
    await damaged.dispose();
  }
});
