// Right bytes under `healed/<hash>`, where a store refuses to overwrite: reads find them, upkeep knows of
// them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import { NacreError } from '../../src/errors.js';
import { readRoot } from '../../src/manifest/head.js';
import { rootKey } from '../../src/manifest/keys.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { updateParity } from '../../src/ops/parity.js';
import { repair, type RepairReport } from '../../src/ops/repair.js';
import { scrub } from '../../src/ops/scrub.js';
import { status } from '../../src/ops/status.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { filled, functions, int32, type Member, values, World, worldWith } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import { calls, nth } from '../support/faulty-store.js';
import { refusing } from '../support/refusing-store.js';
import { storesUnderTest } from '../support/servers/index.ts';
import { Damaged } from './damaged-world.js';
import { ParityWorld } from './parity-world.js';
import { content, environment, replicated } from './replicate-world.js';
import { restored } from './restore-world.js';
import { dayMs } from './support.js';

let world: World;
let copy: World;
let warnings: NacreError[];

const rows = [0, 1, 2, 3, 4, 5];

beforeEach(async () => {
  world = await worldWith(0, 1, 2);
  const { dataset } = await world.open();
  for (let row = 3; row < 6; row++) await dataset.write((tx) => tx.append('a', int32(row)));
  await dataset.close();
  copy = new World(2);
  for (const key of await world.keys()) {
    const body = await world.bare.get(key);
    if (body !== undefined) await copy.bare.put(key, body.bytes);
  }
  warnings = [];
});
afterEach(() => world.close());

const repaired = (
  store: ObjectStore = refusing(world.bare),
  sources: readonly World[] = [copy],
  options = {},
): Promise<RepairReport> =>
  repair(
    environment(world, store),
    sources.map((of) => ({ ...environment(of), name: of.name })),
    options,
  );

const scrubbed = (options = {}) => scrub(environment(world), options);

/** Damages one and has it healed elsewhere; gives both keys. */
async function healed(key: string): Promise<{ key: string; at: string }> {
  await world.flip(key);
  const { steps } = await repaired();
  const step = steps.find((one) => one.key === key);
  expect(step).toMatchObject({ outcome: 'healed' });
  return { key, at: step?.healed ?? '' };
}

const open = (options = {}): Promise<Member> =>
  world.open({ create: false, onWarning: (warning) => warnings.push(warning), ...options });

async function partition(): Promise<string> {
  const [key = ''] = await world.keys('arrays/');
  return key;
}

describe('a read', () => {
  test('asks for what is healed after its second look at the own key, and tells of it once', async () => {
    const { key, at } = await healed(await partition());
    const { dataset, trace } = await open();
    expect(await values(dataset)).toEqual(rows);
    expect(await values(dataset)).toEqual(rows);
    const asked = trace.entries.map((entry) => entry.key).filter((one) => one === key || one === at);
    expect(asked.slice(0, 3)).toEqual([key, key, at]);
    expect(warnings).toMatchObject([{ code: 'Corrupt', context: { key, damage: 'block', healedBy: at } }]);
    const past = (await dataset.array('a').read({ at: { version: 3 } })).data;
    expect(Array.from(past as Int32Array)).toEqual([0, 1, 2, 3]);
    const hits = await dataset.array('a').nearest([2]).limit(1).toArray();
    expect(hits).toMatchObject([{ row: 2, score: 0 }]);
    // What a transaction reads, too.
    await dataset.write(async (tx) => {
      const { data } = await tx.read('a', { rows: [0, 5] });
      await tx.append('a', int32(...Array.from(data as Int32Array)));
    });
    expect(await values(dataset)).toEqual([...rows, 0, 5]);
  });

  test('asks nobody while all is well, whatever is healed', async () => {
    const { key } = await healed(await partition());
    await world.bare.put(key, (await copy.bare.get(key))?.bytes ?? new Uint8Array(0));
    const { dataset, trace } = await open();
    expect(await values(dataset)).toEqual(rows);
    expect(trace.entries.filter((entry) => entry.key.startsWith('healed/'))).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test('of bytes that were hurt on their way alone asks nobody', async () => {
    const { dataset, trace } = await open({
      plan: nth(calls('get', /^arrays/), 1, { kind: 'flipBit', bit: 1_100 }),
    });
    expect(await values(dataset)).toEqual(rows);
    expect(trace.entries.filter((entry) => entry.key.startsWith('healed/'))).toEqual([]);
  });

  test.each(['missing', 'cut'] as const)('is answered where the own key is %s', async (how) => {
    const { key, at } = await healed(await partition());
    if (how === 'missing') await world.bare.delete([key]);
    else await world.bare.put(key, new Uint8Array(10));
    const { dataset } = await open();
    expect(await values(dataset)).toEqual(rows);
    expect(warnings).toMatchObject([{ context: { key, healedBy: at } }]);
  });

  test('believes nothing that is not of the hash: damaged, cut, or another object', async () => {
    const { key, at } = await healed(await partition());
    const right = (await world.bare.get(at))?.bytes.slice() ?? new Uint8Array(0);
    const [, other = ''] = await world.keys('arrays/');
    const others = (await world.bare.get(other))?.bytes ?? new Uint8Array(0);
    const damages = [async () => world.flip(at, 1_040), async () => world.bare.put(at, right.subarray(5))];
    for (const hurt of [...damages, async () => world.bare.put(at, others)]) {
      await world.bare.put(at, right);
      await hurt();
      const { dataset } = await open();
      expect(await failure(values(dataset))).toMatchObject({ code: 'Corrupt', context: { key } });
      // It counts as damage again, and where it cannot be overwritten either, somebody has to be told.
      expect(await scrubbed()).toMatchObject({ damaged: [{ key }], healedElsewhere: [] });
      const { steps, isWhole } = await repaired();
      expect(steps).toMatchObject([{ key, outcome: 'left', reason: expect.stringContaining(at) as string }]);
      expect(isWhole).toBe(false);
    }
    expect((await repaired(world.bare)).steps).toMatchObject([{ key, outcome: 'mended' }]);
    expect(await world.read()).toEqual(rows);
  });

  test('asks no further than 16 roots up, where all that is above is damaged, too', async () => {
    const asked: string[] = [];
    const store = forwarding(environment(world).store, {
      get: async (key) => {
        asked.push(key);
        return { bytes: new Uint8Array(99), token: '1', sizeBytes: 99, modifiedMs: 0 };
      },
    });
    expect((await failure(readRoot(store, 2, functions))).code).toBe('Corrupt');
    // Each twice: it may have been hurt on its way.
    expect(asked).toHaveLength(2 * 16);
  });

  test('of a segment, a root and the newest root, by handles old and new', async () => {
    const { dataset: writer } = await world.open();
    for (let row = 6; row < 420; row++) await writer.write((tx) => tx.append('a', int32(row)));
    await writer.close();
    for (const key of await world.keys()) {
      const body = await world.bare.get(key);
      if (body !== undefined) await copy.bare.put(key, body.bytes);
    }
    const held = await world.holdHint();
    const { dataset: old } = await open();
    expect((await values(old)).length).toBe(420);
    const { dataset: another } = await world.open();
    await another.write((tx) => tx.append('a', int32(420)));
    await another.close();
    const { root } = await world.head();
    await copy.bare.put(
      rootKey(root.version),
      (await world.bare.get(rootKey(root.version)))?.bytes ?? new Uint8Array(0),
    );
    for (const key of await world.keys('arrays/')) {
      const body = await world.bare.get(key);
      if (body !== undefined) await copy.bare.put(key, body.bytes);
    }
    const hurt = [...(await world.keys('segments/')), rootKey(200), rootKey(root.version)];
    for (const key of hurt) await world.flip(key);
    // A hint that names an older version leads nobody to a root whose slot is damaged: repair moves it.
    await held();
    const { steps, isWhole } = await repaired();
    expect(isWhole).toBe(true);
    expect(steps.map(({ key, outcome }) => `${outcome} ${key}`).toSorted()).toEqual(
      hurt.map((key) => `healed ${key}`).toSorted(),
    );
    expect(await scrubbed()).toMatchObject({ damaged: [], hint: 'right' });
    const { dataset } = await open();
    expect((await values(dataset)).length).toBe(421);
    expect((await values(await dataset.at({ version: 200 }))).length).toBe(200 + 1);
    const versions: number[] = [];
    for await (const { version } of dataset.log()) versions.push(version);
    expect(versions).toHaveLength(root.version);
    // A handle from before comes to it, and goes on from it.
    await old.refresh();
    expect((await values(old)).length).toBe(421);
    expect(await old.write((tx) => tx.append('a', int32(421)))).toMatchObject({ version: root.version + 1 });
    await dataset.write((tx) => tx.append('a', int32(422)));
    expect((await world.read()).length).toBe(423);
    expect(await scrubbed()).toMatchObject({ damaged: [] });
  });
});

describe('an index that is damaged and healed elsewhere', () => {
  const places = (['memory', 'folder', 'minio'] as const).filter((name) => storesUnderTest().includes(name));

  test.each(places)('is used again from the second search on (%s)', async (name) => {
    const count = 4_096;
    const data = Float32Array.from({ length: count * 8 }, (_, i) => Math.sin(i * 1.7));
    const damaged = await Damaged.make(name, async (dataset) => {
      await dataset.write((tx) => tx.create('e', { dtype: 'float32', rowShape: [8] }));
      const year = Array.from({ length: count }, (_, i) => i % 400);
      await dataset.write((tx) => tx.append('e', { data, shape: [count, 8] }, { attributes: { year } }));
      await dataset.write((tx) => tx.index('e', { type: 'ivf', metric: 'l2' }));
      await dataset.write((tx) => tx.index('e', { type: 'exact' }));
      await dataset.write(async (tx) => {
        await tx.index('e', { attribute: 'year' });
      });
    });
    try {
      const search = async (dataset: Dataset) => {
        const { result, analysis } = await dataset
          .array('e')
          .nearest([...data.subarray(0, 8)])
          .limit(3)
          .analyze();
        const near = dataset
          .array('e')
          .nearest([...data.subarray(0, 8)])
          .nprobe(4)
          .limit(3);
        const approximate = await near.analyze();
        const where = await dataset.array('e').where('year = 7').count();
        return {
          ids: result.map(({ id }) => id),
          first: approximate.result[0]?.id,
          where,
          coded: analysis.rows.coded > 0 && analysis.rows.scanned === 0,
          lists: approximate.analysis.rows.lists > 0 && approximate.analysis.rows.scanned === 0,
        };
      };
      const whole = await damaged.open();
      const before = await search(whole);
      expect(before).toMatchObject({ coded: true, lists: true });
      await whole.close();
      for (const key of await damaged.keys('indexes/')) await damaged.hurt(key, { kind: 'flip' });
      expect((await damaged.repairRefused()).isWhole).toBe(true);
      const dataset = await damaged.open();
      const { ids, where } = before;
      expect(await search(dataset)).toMatchObject({ ids, where });
      await search(dataset);
      expect(await search(dataset)).toEqual(before);
      await dataset.close();
    } finally {
      await damaged.dispose();
    }
  });
});

describe('a scrub and a repair', () => {
  test('count it as healed elsewhere in every mode, and say where', async () => {
    const { key, at } = await healed(await partition());
    const full = await scrubbed();
    expect(full.damaged).toEqual([]);
    expect(full.healedElsewhere).toMatchObject([{ key, damage: 'blocks', healed: at, kind: 'partition' }]);
    await world.bare.delete([key]);
    const structure = await scrubbed({ mode: 'structure' });
    expect(structure).toMatchObject({
      damaged: [],
      healedElsewhere: [{ key, damage: 'missing', healed: at }],
    });
    const found = await status(environment(world));
    expect(found).toMatchObject({ healedObjects: 1, damagedRoots: 0 });
    expect(found.healedBytes).toBe((await world.bare.get(at))?.sizeBytes);
    // What is missing comes back under its own key, from there, though nothing may be overwritten.
    const planned = await repaired(refusing(world.bare), [], { dryRun: true });
    expect(planned).toMatchObject({
      isWhole: true,
      steps: [{ key, outcome: 'planned', from: at, healed: at }],
    });
    expect(await repaired(refusing(world.bare), [])).toMatchObject({
      steps: [{ outcome: 'mended', from: at }],
    });
    expect(await scrubbed()).toMatchObject({ damaged: [], healedElsewhere: [] });
  });

  test('run twice leave one copy of the bad bytes, and of the right ones', async () => {
    const { key } = await healed(await partition());
    const before = await content(world);
    const keys = await world.keys();
    expect(keys.filter((one) => one.startsWith('quarantine/'))).toHaveLength(2);
    for (let again = 0; again < 2; again++)
      expect(await repaired()).toMatchObject({ isWhole: true, steps: [{ key, outcome: 'healed' }] });
    expect(await world.keys()).toEqual(keys);
    expect(await content(world)).toEqual(before);
  });

  test('a put there of which the outcome is not known is looked up', async () => {
    const key = await partition();
    await world.flip(key);
    const store = refusing(world.bare);
    let lost = 0;
    const unsure: ObjectStore = {
      ...store,
      put: async (at, body, options) => {
        const put = await store.put(at, body, options);
        if (at.startsWith('healed/') && lost++ === 0)
          throw new NacreError('Unavailable', `put ${at}: no reply`);
        return put;
      },
    };
    expect(await repaired(unsure)).toMatchObject({ isWhole: true, steps: [{ key, outcome: 'healed' }] });
    expect(lost).toBeGreaterThan(0);
    expect(await world.read()).toEqual(rows);
  });
});

describe('clean-up', () => {
  test('keeps it while a version that is kept or leased refers to the object, and lets it go then', async () => {
    const { at } = await healed(await partition());
    const { at: root } = await healed(rootKey(3));
    const { dataset } = await open();
    await world.runtime.advance(2 * dayMs);
    expect(await dataset.gc()).toMatchObject({ healedDeleted: 0 });
    await dataset.write((tx) => tx.replace('a', { all: true }, int32(9, 9, 9, 9, 9, 9)));
    await dataset.write((tx) => tx.dropArray('a'));
    const lease = await dataset.lease({ version: 4 }, { forMs: 6 * dayMs });
    await dataset.expire({ keepLast: 1, minAgeMs: 0 });
    await world.runtime.advance(2 * dayMs);
    expect(await dataset.gc()).toMatchObject({ healedDeleted: 0 });
    expect(await values(await dataset.at({ version: 4 }))).toEqual([0, 1, 2, 3, 4].slice(0, 4 + 1));
    await lease.release();
    await dataset.expire({ keepLast: 1, minAgeMs: 0 });
    await world.runtime.advance(2 * dayMs);
    expect(await dataset.gc({ dryRun: true })).toMatchObject({ healedDeleted: 1 });
    expect(await world.keys('healed/')).toEqual([at, root].toSorted());
    expect(await dataset.gc()).toMatchObject({ healedDeleted: 1 });
    // Roots are never deleted, and a walk down the history needs this one.
    expect(await world.keys('healed/')).toEqual([root]);
    expect(await dataset.gc()).toMatchObject({ healedDeleted: 0 });
  });

  test('leaves what was healed just now, and what is no key of ours', async () => {
    await world.bare.put('healed/readme', new Uint8Array(3));
    await world.bare.put(`healed/${'0'.repeat(64)}`, new Uint8Array(3));
    const { dataset } = await open();
    expect(await dataset.gc()).toMatchObject({ healedDeleted: 0 });
    await world.runtime.advance(2 * dayMs);
    expect(await dataset.gc()).toMatchObject({ healedDeleted: 1, healedDeletedBytes: 3 });
    expect(await world.keys('healed/')).toEqual(['healed/readme']);
  });

  test('goes on where a segment is damaged and healed elsewhere', async () => {
    const { dataset: writer } = await world.open();
    for (let row = 6; row < 420; row++) await writer.write((tx) => tx.append('a', int32(row)));
    await writer.close();
    for (const key of await world.keys('segments/')) {
      await copy.bare.put(key, (await world.bare.get(key))?.bytes ?? new Uint8Array(0));
      await world.flip(key);
    }
    const { dataset } = await open();
    await world.runtime.advance(2 * dayMs);
    expect((await failure(dataset.gc())).code).toBe('Corrupt');
    for (const key of await world.keys()) {
      if (!/^(arrays|versions)/.test(key)) continue;
      await copy.bare.put(key, (await world.bare.get(key))?.bytes ?? new Uint8Array(0));
    }
    await repaired();
    expect(await dataset.gc()).toMatchObject({ deleted: 0, healedDeleted: 0 });
  });
});

describe('copies', () => {
  const data = async (of: World): Promise<Map<string, string>> => content(of);

  test('replication and a restore elsewhere put the right bytes under their own keys', async () => {
    const before = await data(world);
    await healed(await partition());
    await healed(rootKey(3));
    for (const take of [replicated, restored]) {
      const destination = new World(7);
      await take({ source: world, destination });
      const came = await data(destination);
      for (const [key, bytes] of before) expect({ key, bytes: came.get(key) }).toEqual({ key, bytes });
      expect(await destination.keys('healed/')).toEqual([]);
      expect(await scrub(environment(destination))).toMatchObject({ damaged: [], healedElsewhere: [] });
    }
  });

  test('a replica that refuses to overwrite is mended elsewhere by --verify', async () => {
    const destination = new World(7);
    await replicated({ source: world, destination });
    const key = await partition();
    await destination.flip(key);
    for (let again = 0; again < 2; again++)
      await replicated({ source: world, destination }, { to: refusing(destination.bare), verify: true });
    expect((await destination.keys('healed/')).length).toBe(1);
    expect(await destination.read()).toEqual(rows);
  });

  test('a repair of another place takes what its source has healed', async () => {
    const { key, at } = await healed(await partition());
    await copy.flip(key, 9);
    const { steps } = await repair(environment(copy), [{ ...environment(world), name: 'world' }]);
    expect(steps).toMatchObject([{ key, outcome: 'mended', from: `world/${at}` }]);
    expect(await scrub(environment(copy))).toMatchObject({ damaged: [], healedElsewhere: [] });
  });
});

test('parity takes a member that is healed for what it is, when it is made and when it mends', async () => {
  const made = await ParityWorld.make([4, 2], { files: 4 });
  world = made.world;
  const other = await filled(new World(9), []);
  for (const key of await world.keys()) await other.bare.put(key, (await world.bare.get(key))?.bytes ?? []);
  const [bad = '', first = '', second = ''] = (await world.keys('arrays/')).toSorted();
  await world.flip(bad);
  expect((await updateParity(made.environment(), { dryRun: true })).notEncoded).toEqual([]);
  const refused = refusing(world.bare);
  await repair(made.environment(refused), [{ ...environment(other), name: 'other' }]);
  expect((await made.update({}, refused)).notEncoded).toEqual([]);
  const right = [await other.bare.get(first), await other.bare.get(second)];
  await world.flip(first);
  await world.bare.delete([second]);
  expect((await made.repair()).isWhole).toBe(true);
  expect((await world.bare.get(first))?.bytes).toEqual(right[0]?.bytes);
  expect((await world.bare.get(second))?.bytes).toEqual(right[1]?.bytes);
});
