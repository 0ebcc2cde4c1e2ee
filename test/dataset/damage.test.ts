// Damage at rest and on the way: in whatever a read touches it is found, named, and never given out.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NacreError } from '../../src/errors.js';
import { isNacreError } from '../../src/errors.js';
import type { Dataset } from '../../src/dataset/dataset.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { hintKey, rootKey } from '../../src/manifest/keys.js';
import { LocalStore } from '../../src/storage/local.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { failure } from '../support/failure.js';
import { calls, nth } from '../support/faulty-store.js';
import { int32, values, World, worldWith } from './world.js';

let home: string;
let world: World | undefined;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'nacre-damage-'));
});
afterEach(async () => {
  await world?.close();
  world = undefined;
  await rm(home, { recursive: true, force: true });
});

const folder = (name = 'dataset'): string => path.join(home, name);
const open = (at = folder(), onWarning?: (warning: NacreError) => void): Promise<Dataset> =>
  openStoreDataset(new LocalStore(at, systemRuntime), {
    ...{ create: true, cacheDir: false },
    ...(onWarning === undefined ? {} : { onWarning }),
  });

const rows = Array.from({ length: 300 }, (_, i) => i);
const expected = [...rows.slice(1, 5), -5, ...rows.slice(6), 1000];

/** One row a partition, so that there is a segment; an override, dropped rows, and one more partition. */
async function make(dataset: Dataset): Promise<void> {
  await dataset.write(
    async (tx) => {
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(...rows));
    },
    { partitionBytes: 4 },
  );
  await dataset.write(async (tx) => {
    await tx.replace('a', [5], int32(-5));
    await tx.drop('a', [0]);
    await tx.append('a', int32(1000));
  });
  await dataset.close();
}

async function flip(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  const where = at % bytes.byteLength;
  bytes[where] = (bytes[where] ?? 0) ^ 0x10;
  await writeFile(file, bytes);
}

async function filesBelow(at: string): Promise<string[]> {
  const entries = await readdir(at, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

describe('a flipped bit at rest', () => {
  test('in any partition or segment that a read touches is found by that read', async () => {
    await make(await open());
    expect(await values(await open())).toEqual(expected);
    const files = [
      ...(await filesBelow(folder('dataset/arrays'))),
      ...(await filesBelow(folder('dataset/segments'))),
    ];
    expect(files.length).toBeGreaterThan(300);
    for (let i = 0; i < files.length; i += 7) {
      const file = files[i] ?? '';
      const whole = await readFile(file);
      await flip(file, 31 * i);
      const dataset = await open();
      const read = await values(dataset).catch((error: unknown) => error);
      const key = path.relative(folder(), file);
      // What the version does not use is not touched: the rows that were dropped or replaced.
      if (isNacreError(read)) expect(read).toMatchObject({ code: 'Corrupt', context: { key } });
      else expect(read).toEqual(expected);
      await dataset.close();
      await writeFile(file, whole);
    }
  });

  test('in the segment fails every read of its rows, and no other', async () => {
    await make(await open());
    const [segment = ''] = await filesBelow(folder('dataset/segments'));
    await flip(segment, 100);
    const dataset = await open();
    expect((await failure(values(dataset))).context['key']).toBe(path.relative(folder(), segment));
    expect(Array.from((await dataset.array('a').read({ rows: [-1] })).data as Int32Array)).toEqual([1000]);
    await dataset.close();
  });

  test('in the hint costs a LIST and nothing else', async () => {
    await make(await open());
    for (let at = 0; at < 600; at += 37) {
      await flip(path.join(folder(), hintKey), at);
      const dataset = await open();
      expect(await dataset.version()).toBe(3);
      await dataset.close();
    }
    // The next writer puts it right.
    const writer = await open();
    await writer.write((tx) => tx.append('a', int32(1)));
    await writer.close();
    const reader = await open();
    await reader.version();
    expect(reader.meter.snapshot().requests.list).toBe(0);
    await reader.close();
  });

  test('in an older root is found by the log and by at(), and by no read of the newest version', async () => {
    await make(await open());
    const key = rootKey(2);
    await flip(path.join(folder(), key), 333);
    const dataset = await open();
    expect(await values(dataset)).toEqual(expected);
    const log = async (): Promise<void> => {
      for await (const version of dataset.log()) void version;
    };
    expect(await failure(log())).toMatchObject({ code: 'Corrupt', context: { key } });
    expect(await failure(dataset.at({ version: 2 }))).toMatchObject({ code: 'Corrupt', context: { key } });
    await dataset.close();
  });

  test('in a cached copy is found in the next process, and the right bytes are fetched', async () => {
    world = await worldWith(...rows);
    const cacheDir = folder('cache');
    const first = await world.open({ cacheDir });
    expect(await values(first.dataset)).toEqual(rows);
    await first.dataset.close();
    const cached = (await filesBelow(cacheDir)).filter((file) => !path.basename(file).startsWith('.'));
    expect(cached.length).toBeGreaterThan(0);
    for (const file of cached) await flip(file, 1_000);
    const second = await world.open({ cacheDir });
    expect(await values(second.dataset)).toEqual(rows);
  });
});

describe('a flipped bit on the way', () => {
  const touched: Readonly<Record<string, RegExp>> = {
    hint: /^latest$/,
    'newest root': /^versions\//,
    segment: /^segments\//,
    partition: /^arrays\//,
  };
  for (const [what, key] of Object.entries(touched)) {
    test(`in the ${what} is healed by reading it again`, async () => {
      world = new World();
      await make((await world.open()).dataset);
      if (what === 'newest root') await world.bare.delete([hintKey]);
      const plan = nth(calls('get', key), 1, { kind: 'flipBit', bit: 1_234 });
      const reader = await world.open({ plan, create: false });
      expect(await values(reader.dataset)).toEqual(expected);
      expect(reader.store.injected.get('flipBit')).toBe(1);
    });
  }
});

describe('a missing object', () => {
  test('is Corrupt by its key, never zeros and never fewer rows', async () => {
    await make(await open());
    for (const kind of ['segments', 'arrays']) {
      const files = await filesBelow(folder(`dataset/${kind}`));
      for (const file of [files[0] ?? '', files.at(-1) ?? '']) {
        const whole = await readFile(file);
        await rm(file);
        const dataset = await open();
        const read = await values(dataset).catch((error: unknown) => error);
        if (isNacreError(read)) expect(read).toMatchObject({ code: 'Corrupt' });
        else expect(read).toEqual(expected);
        await dataset.close();
        await writeFile(file, whole);
      }
    }
  });
});

describe('a folder that was copied with cp -r', () => {
  test('opens and reads the same, and takes writes at its own home', async () => {
    await make(await open());
    await cp(folder(), folder('copy'), { recursive: true });
    const warnings: NacreError[] = [];
    const copy = await open(folder('copy'), (warning) => warnings.push(warning));
    expect(await values(copy)).toEqual(expected);
    expect((await copy.write((tx) => tx.append('a', int32(7)))).version).toBe(4);
    await copy.close();
    expect(warnings).toEqual([]);
    const again = await open(folder('copy'));
    expect(await values(again)).toEqual([...expected, 7]);
    expect(again.meter.snapshot().requests.list).toBe(0);
    await again.close();
    const original = await open();
    expect(await values(original)).toEqual(expected);
    await original.close();
  });
});

describe('history 26: two datasets in one cache folder, one of which was rolled back in place', () => {
  test("neither ever reads the other's bytes", async () => {
    const cacheDir = folder('cache');
    const one = await worldWith(1, 2, 3);
    world = await worldWith(4, 5, 6);
    const backup = new Map<string, Uint8Array>();
    for (const key of await one.keys()) backup.set(key, (await one.bare.get(key))?.bytes ?? new Uint8Array());
    const read = async (from: World): Promise<number[]> => {
      const { dataset } = await from.open({ cacheDir, create: false });
      const found = await values(dataset);
      await dataset.close();
      return found;
    };
    const append = async (to: World, row: number): Promise<void> => {
      const { dataset } = await to.open({ cacheDir });
      await dataset.write((tx) => tx.append('a', int32(row)));
      await dataset.close();
    };
    expect([await read(one), await read(world)]).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    await append(one, 10);
    expect([await read(one), await read(world)]).toEqual([
      [1, 2, 3, 10],
      [4, 5, 6],
    ]);
    await one.bare.delete(await one.keys());
    for (const [key, bytes] of backup) await one.bare.put(key, bytes);
    await append(one, 20);
    expect([await read(one), await read(world)]).toEqual([
      [1, 2, 3, 20],
      [4, 5, 6],
    ]);
    await one.close();
  });
});

describe('history 13: a replica is written to while the old primary goes on', () => {
  test('one cache serves both, and mixes nothing', async () => {
    const cacheDir = folder('cache');
    world = await worldWith(1, 2, 3);
    const copy = new World(9);
    for (const key of await world.keys()) {
      const body = await world.bare.get(key);
      if (body !== undefined) await copy.bare.put(key, body.bytes);
    }
    for (const [place, row] of [
      [world, 100],
      [copy, 200],
    ] as const) {
      const { dataset } = await place.open({ cacheDir });
      await dataset.write((tx) => tx.append('a', int32(row)));
      expect(await values(dataset)).toEqual([1, 2, 3, row]);
      await dataset.close();
    }
    for (const [place, row] of [
      [world, 100],
      [copy, 200],
    ] as const) {
      const { dataset } = await place.open({ cacheDir });
      expect(await dataset.version()).toBe(3);
      expect(await values(dataset)).toEqual([1, 2, 3, row]);
    }
    expect((await world.head()).root.lineage).not.toEqual((await copy.head()).root.lineage);
    await copy.close();
  });
});
