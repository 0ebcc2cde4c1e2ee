// Parity: objects are lost, and come back with the same bytes, as long as no more are lost than a group has
// shards of parity; what is not covered is counted, and what nobody can give is named.
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { defaultBlockBytes } from '../../src/manifest/objects.js';
import { decodeParity, encodeParity, siblingOf } from '../../src/manifest/parity.js';
import { evolve } from '../../src/manifest/message.js';
import { showParity } from '../../src/ops/parity.js';
import { readParityFrame } from '../../src/ops/parity/groups.js';
import { ParitySource } from '../../src/ops/parity/source.js';
import { status } from '../../src/ops/status.js';
import { NacreError } from '../../src/errors.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { concat, equalBytes } from '../../src/util/bytes.js';
import { functions, int32, World } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import { calls, faulty, nth } from '../support/faulty-store.js';
import { choices, ParityWorld } from './parity-world.js';
import { dayMs } from './support.js';

let made: ParityWorld;
afterEach(() => made.world.close());

const cover = async () => (await showParity(made.environment())).arrays[0];

describe('losses', () => {
  test('any two objects of 4+2 come back with the same bytes, missing or damaged', async () => {
    made = await ParityWorld.make([4, 2]);
    const { world } = made;
    expect(await made.update()).toMatchObject({ encodedGroups: 1, encodedObjects: 4, notEncoded: [] });
    const before = await made.content();
    const keys = [...(await world.keys('arrays/')), ...(await world.keys('parity/'))];
    expect(keys).toHaveLength(6);
    let lost = 0;
    for (const [a = '', b = ''] of choices(keys, 2)) {
      // What is put back is young, and a group all of which is may be on its way.
      await world.runtime.advance(dayMs);
      if (a.startsWith('parity/')) continue;
      lost += 1;
      const isFlipped = lost % 2 === 0;
      await world.bare.delete([a]);
      if (isFlipped) await world.flip(b, 900);
      else await world.bare.delete([b]);
      const { isWhole, steps } = await made.repair();
      expect(steps.map(({ from, outcome }) => [from, outcome])).toEqual([
        ['parity', 'mended'],
        ['parity', 'mended'],
      ]);
      expect(isWhole).toBe(true);
      expect(await made.content()).toEqual(before);
      expect((await made.scrub()).damaged).toEqual([]);
    }
    expect(lost).toBe(14);
  });

  test('one more than that: each that is lost is named, and nothing is put', async () => {
    made = await ParityWorld.make([4, 2]);
    const { world } = made;
    await made.update();
    const [a = '', b = '', c = ''] = await world.keys('arrays/');
    await world.bare.delete([a, b]);
    await world.flip(c, 900);
    const before = await made.content();
    const { isWhole, steps } = await made.repair();
    expect(isWhole).toBe(false);
    expect(steps.map(({ key, outcome }) => [key, outcome])).toEqual([
      [a, 'lost'],
      [b, 'lost'],
      [c, 'lost'],
    ]);
    for (const step of steps) {
      expect(step).toMatchObject({ kind: 'partition', array: 'a' });
      expect(step.passedOver).toEqual([
        { source: 'parity', reason: expect.stringMatching(/^3 of the 6 objects/) as string },
      ]);
    }
    expect(await made.content()).toEqual(before);
  });

  test('a replica has one of three, and parity the others with it', async () => {
    made = await ParityWorld.make([4, 2]);
    const { world } = made;
    await made.update();
    const before = await made.content();
    const copy = new World(7);
    const lost = (await world.keys('arrays/')).slice(0, 3);
    for (const key of await world.keys()) {
      const body = await world.bare.get(key);
      if (body !== undefined && !lost.slice(1).includes(key)) await copy.bare.put(key, body.bytes);
    }
    await world.bare.delete(lost);
    const source = { ...made.environment(copy.bare), name: 'copy' };
    const { isWhole, steps } = await made.repair({}, [source]);
    expect(steps.map(({ from }) => from)).toEqual(['copy', 'parity', 'parity']);
    expect(isWhole).toBe(true);
    expect(await made.content()).toEqual(before);
    await copy.close();
  });

  test('a segment that is lost is read from parity, and what it names is known', async () => {
    made = await ParityWorld.make([8, 2], { files: 1 });
    const { world } = made;
    const member = await world.open({ create: false });
    const rows = Int32Array.from({ length: 300 }, (_, i) => i);
    await member.dataset.write((tx) => tx.append('a', { data: rows }), { partitionBytes: 4 });
    await made.update();
    const before = await made.content();
    const [segment = ''] = await world.keys('segments/');
    const [partition = ''] = (await world.keys('arrays/')).slice(100);
    await world.bare.delete([segment, partition]);
    const { isWhole, steps } = await made.repair();
    expect(steps.map(({ kind }) => kind).toSorted()).toEqual(['partition', 'segment']);
    expect(isWhole).toBe(true);
    expect(await made.content()).toEqual(before);
  });

  test('indexes, columns and sets of rows are covered as rows are', async () => {
    made = await ParityWorld.make([8, 3], { files: 1 });
    const { world } = made;
    const { dataset } = await world.open({ create: false });
    const vectors = Float32Array.from({ length: 4 * 3000 }, (_, i) => Math.sin(i));
    const x = Array.from({ length: 3000 }, (_, i) => i % 7);
    await dataset.write(async (tx) => {
      await tx.create('v', { dtype: 'float32', rowShape: [4] });
      await tx.append('v', { data: vectors, shape: [3000, 4] }, { attributes: { x } });
      await tx.setParity('v', { dataShards: 8, parityShards: 3 });
    });
    await dataset.write(async (tx) => {
      await tx.index('v', { type: 'exact' });
      await tx.index('v', { attribute: 'x' });
    });
    await dataset.write((tx) =>
      tx.drop(
        'v',
        Array.from({ length: 900 }, (_, i) => 3 * i),
      ),
    );
    await made.update();
    const show = (await showParity(made.environment())).arrays;
    expect(show).toMatchObject([
      { array: 'a', notCoveredObjects: 0 },
      { array: 'v', notCoveredObjects: 0 },
    ]);
    const before = await made.content();
    const all = [...before.keys()].filter((key) => !key.startsWith('parity/'));
    expect(all.filter((key) => key.startsWith('indexes/')).length).toBeGreaterThan(2);
    for (const key of all) {
      await world.bare.delete([key]);
      const { isWhole, steps } = await made.repair({ mode: 'structure' });
      expect([steps.length, isWhole], key).toEqual([1, true]);
    }
    expect(await made.content()).toEqual(before);
  });
});

describe('what is wrong', () => {
  test('a member that is missing or damaged is not encoded over, and named; the others are covered', async () => {
    made = await ParityWorld.make([4, 2]);
    const { world } = made;
    const [a = '', b = ''] = await world.keys('arrays/');
    await world.bare.delete([a]);
    await world.flip(b, 900);
    const report = await made.update();
    expect(report).toMatchObject({ encodedGroups: 1, encodedObjects: 2 });
    expect(report.notEncoded.map(({ key, array }) => [key, array]).toSorted()).toEqual(
      [
        [a, 'a'],
        [b, 'a'],
      ].toSorted(),
    );
    expect(await cover()).toMatchObject({ notCoveredObjects: 2 });
  });

  test('a member that the disk fails to read is named at the end, and no other goes without parity', async () => {
    made = await ParityWorld.make([2, 2], { files: 6 });
    const { world } = made;
    const [first = '', , third = ''] = (await world.keys('arrays/')).toSorted();
    const dying = forwarding(world.bare, {
      get: async (key, options) => {
        if (key !== first && key !== third) return world.bare.get(key, options);
        throw new NacreError('Unavailable', `${key} (EIO)`, { context: { key, errno: 'EIO' } });
      },
    });
    const report = await made.update({}, dying);
    expect(report.notEncoded.map(({ key }) => key).toSorted()).toEqual([first, third]);
    expect(report).toMatchObject({ encodedObjects: 4 });
    expect(await cover()).toMatchObject({ notCoveredObjects: 2 });
    // The disk got well.
    expect(await made.update()).toMatchObject({ notEncoded: [] });
    expect(await cover()).toMatchObject({ notCoveredObjects: 0 });
  });

  test('bytes that are hurt on their way are read again', async () => {
    made = await ParityWorld.make([4, 2]);
    const { world } = made;
    const plan = nth(calls('get', /^arrays/), 2, { kind: 'flipBit', bit: 900 });
    const store = faulty(world.bare, plan, world.runtime);
    expect(await made.update({}, store)).toMatchObject({ encodedObjects: 4, notEncoded: [] });
    const before = await made.content();
    await world.bare.delete((await world.keys('arrays/')).slice(0, 2));
    expect((await made.repair()).isWhole).toBe(true);
    expect(await made.content()).toEqual(before);
  });

  test('members that are wrong by turns are left out: an update ends', async () => {
    made = await ParityWorld.make([4, 2]);
    const [a = '', b = ''] = await made.world.keys('arrays/');
    const reads = new Map<string, number>();
    const store = forwarding(made.world.bare, {
      get: async (key, options) => {
        const body = await made.world.bare.get(key, options);
        if (body === undefined || (key !== a && key !== b)) return body;
        const read = (reads.get(key) ?? 0) + 1;
        reads.set(key, read);
        if (read > 20) throw new Error('it goes on and on');
        const isWrong = (read % 2 === 1) === (key === a);
        return isWrong ? { ...body, bytes: body.bytes.with(0, (body.bytes[0] ?? 0) ^ 1) } : body;
      },
    });
    const report = await made.update({}, store);
    expect(report.notEncoded.map(({ key }) => key).toSorted()).toEqual([a, b]);
    expect(report).toMatchObject({ encodedGroups: 1, encodedObjects: 2 });
  });

  test('what is made of others at once keeps within the budget of memory', async () => {
    made = await ParityWorld.make([4, 2], { files: 1 });
    const member = await made.world.open({ create: false });
    for (let file = 0; file < 3; file++)
      await member.dataset.write((tx) => tx.append('a', { data: new Int32Array(2 ** 20).fill(file) }));
    await member.dataset.close();
    await made.update();
    const sizes = await Promise.all(
      (await made.world.keys('arrays/')).map(async (key) => ({
        key,
        sizeBytes: (await made.world.bare.head(key))?.sizeBytes ?? 0,
      })),
    );
    const { key, sizeBytes } = sizes.toSorted((x, y) => y.sizeBytes - x.sizeBytes)[0] ?? {
      key: '',
      sizeBytes: 0,
    };
    const right = (await made.world.bare.get(key))?.bytes ?? new Uint8Array();
    await made.world.bare.delete([key]);
    let [held, most] = [0, 0];
    const counting = forwarding(made.world.bare, {
      get: async (asked, options) => {
        const { range } = options ?? {};
        const bytes = range === undefined || range.end - range.start > 2 ** 22 ? 0 : range.end - range.start;
        held += bytes;
        most = Math.max(most, held);
        try {
          const body = await made.world.bare.get(asked, options);
          await setTimeout(1);
          return body;
        } finally {
          held -= bytes;
        }
      },
    });
    const memoryBytes = 2 ** 20;
    const source = new ParitySource({ ...made.environment(counting), memoryBytes }, [], {});
    const { store } = source.environment;
    await store.get(key, { range: { start: 0, end: 1 } });
    [held, most] = [0, 0];
    const pieces = await Promise.all(
      Array.from({ length: 8 }, (_, i) => {
        const length = Math.ceil(sizeBytes / 8);
        return store.get(key, { range: { start: i * length, end: Math.min(sizeBytes, (i + 1) * length) } });
      }),
    );
    expect(equalBytes(concat(pieces.map((piece) => piece?.bytes ?? new Uint8Array())), right)).toBe(true);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(memoryBytes);
  });

  test('a parity object that is flipped anywhere is named by a full scrub, and encoded anew', async () => {
    made = await ParityWorld.make([4, 2]);
    const { world } = made;
    await made.update();
    await world.runtime.advance(dayMs);
    const before = await made.content();
    const [key = ''] = await world.keys('parity/');
    const { sizeBytes = 0 } = (await world.bare.head(key)) ?? {};
    for (const at of [0, 7, 13, 40, 300, sizeBytes - 700, sizeBytes - 1]) {
      await world.flip(key, 8 * at);
      const { damaged } = await made.scrub();
      expect(damaged, `byte ${at}`).toMatchObject([{ key, kind: 'parity', array: 'a', damage: 'blocks' }]);
      const { steps, isWhole } = await made.repair();
      expect(steps).toMatchObject([{ key, outcome: 'mended', from: 'parity' }]);
      expect(isWhole).toBe(true);
      expect(await made.content()).toEqual(before);
    }
    await world.bare.put(key, new Uint8Array(9));
    expect((await made.scrub({ mode: 'structure' })).damaged).toMatchObject([{ key, damage: 'size' }]);
    expect((await made.repair({ mode: 'structure' })).isWhole).toBe(true);
    expect(await made.content()).toEqual(before);
  });

  test('frames that lie are refused', async () => {
    made = await ParityWorld.make([4, 2]);
    const { world } = made;
    await made.update();
    const [key = ''] = await world.keys('parity/');
    const frame = await readParityFrame(world.bare, key, functions, {});
    if (frame === undefined) throw new Error('there is a frame');
    const { header } = frame;
    const [first, second] = header.members;
    if (first === undefined || second === undefined) throw new Error('there are members');
    const lies = [
      { number: 0 },
      { number: 3 },
      { number: header.number === 1 ? 2 : 1 },
      { shardBytes: header.shardBytes + 64 },
      { shardBytes: 2 ** 50 },
      { group: new Uint8Array(3) },
      { policy: null },
      { policy: evolve(header.policy ?? { dataShards: 0, parityShards: 0 }, { parityShards: 17 }) },
      { members: [] },
      { members: [first, first] },
      { members: [evolve(first, { key: '../../x' }), second] },
      { members: [evolve(first, { key: 'latest' }), second] },
      { members: [evolve(first, { key: `parity/${'0'.repeat(32)}` }), second] },
      { members: [evolve(first, { hash: new Uint8Array(5) }), second] },
      { shards: header.shards.slice(1) },
      { blockBytes: 0 },
      { blocks: new Uint8Array(2) },
    ];
    for (const lie of lies) {
      const bytes = encodeParity(evolve(header, lie), functions);
      const error = await failure(Promise.resolve().then(() => decodeParity(bytes, key, functions)));
      expect(error.code, JSON.stringify(Object.keys(lie))).toBe('Corrupt');
    }
    const newer = encodeParity(evolve(header, { requiredFeatures: [999] }), functions);
    const error = await failure(Promise.resolve().then(() => decodeParity(newer, key, functions)));
    expect(error.code).toBe('UnsupportedFormat');
    // The sibling's own sums are another matter of its own.
    const other = siblingOf(header, header.number, header.blocks);
    expect(encodeParity(other, functions).byteLength).toBe(frame.frameBytes);
    expect(header.blockBytes).toBe(defaultBlockBytes);
  });

  test('policies out of the limits are refused', async () => {
    made = await ParityWorld.make([4, 2], { files: 1 });
    const { dataset } = await made.world.open({ create: false });
    for (const [dataShards, parityShards] of [
      [0, 2],
      [65, 2],
      [8, 0],
      [8, 17],
      [1.5, 1],
      [Number.NaN, 1],
    ] as const) {
      const error = await failure(dataset.write((tx) => tx.setParity('a', { dataShards, parityShards })));
      expect(error.code).toBe('InvalidArgument');
    }
    expect((await failure(dataset.write((tx) => tx.setParity('b', null)))).code).toBe('NotFound');
    expect((await failure(made.update({ arrays: ['b'] }))).code).toBe('NotFound');
    expect((await failure(made.update({ bytesPerSecond: 0 }))).code).toBe('InvalidArgument');
  });
});

describe('debt', () => {
  test('what came since is counted, and covered by the next update', async () => {
    made = await ParityWorld.make([4, 2]);
    const { world } = made;
    await made.update();
    expect(await cover()).toMatchObject({ groups: 1, notCoveredObjects: 0, brokenGroups: 0 });
    const member = await world.open({ create: false });
    await made.append(member, 9);
    const debt = { notCoveredObjects: 1, notCoveredBytes: 128 + 4 * 361 };
    expect(await cover()).toMatchObject({ objects: 5, ...debt });
    expect((await status(made.environment())).parity).toMatchObject([{ array: 'a', ...debt }]);
    expect(await made.update()).toMatchObject({ encodedGroups: 1, encodedObjects: 1, removedObjects: 0 });
    expect(await cover()).toMatchObject({ groups: 2, notCoveredObjects: 0 });
  });

  test('groups that are not full double, and so do what they save', async () => {
    made = await ParityWorld.make([8, 1], { files: 1 });
    const member = await made.world.open({ create: false });
    await made.update();
    const encoded: number[] = [];
    for (let i = 1; i < 9; i++) {
      await made.append(member, i);
      encoded.push((await made.update()).encodedObjects);
    }
    // 1+1, 1, 2+1+1, 1, 1+1, 1, then all eight.
    expect(encoded).toEqual([2, 1, 4, 1, 2, 1, 8, 1]);
    expect(await made.world.keys('parity/')).toHaveLength(2);
  });

  test('another policy, or none: groups are made anew, or go', async () => {
    made = await ParityWorld.make([4, 2]);
    const { world } = made;
    await made.update();
    const { dataset } = await world.open({ create: false });
    await dataset.write((tx) => tx.setParity('a', { dataShards: 2, parityShards: 1 }));
    expect(await cover()).toMatchObject({ groups: 0, notCoveredObjects: 4 });
    expect(await made.update()).toMatchObject({ encodedGroups: 2, removedObjects: 2 });
    expect(await world.keys('parity/')).toHaveLength(2);
    await dataset.write((tx) => tx.setParity('a', null));
    expect(await made.update()).toMatchObject({ arrays: [], encodedGroups: 0, removedObjects: 2 });
    expect(await world.keys('parity/')).toEqual([]);
  });

  test('older versions that are kept are covered, too; what expired is left out', async () => {
    made = await ParityWorld.make([4, 2], { files: 4, columns: 2 });
    const { world } = made;
    await made.update();
    expect(await cover()).toMatchObject({ objects: 6, groups: 2 });
    await made.dropColumns();
    expect(await cover()).toMatchObject({ objects: 4, brokenGroups: expect.any(Number) as number });
    const { notEncoded, removedObjects } = await made.update();
    expect([notEncoded, removedObjects > 0]).toEqual([[], true]);
    expect(await cover()).toMatchObject({ notCoveredObjects: 0, brokenGroups: 0 });
    const keys = await world.keys('arrays/');
    const before = await made.content();
    // Two that are kept, whatever becomes of what expired.
    const kept = keys.filter((key) => key.endsWith('.npy'));
    await world.bare.delete([...kept.slice(0, 2), ...keys.filter((key) => key.endsWith('.arrow'))]);
    expect((await made.repair()).isWhole).toBe(true);
    for (const key of kept) expect((await made.content()).get(key)).toBe(before.get(key));
  });

  test('two who update at once, and one that is killed at each of its requests: all is covered', async () => {
    made = await ParityWorld.make([4, 2]);
    const { world } = made;
    await Promise.all([made.update(), made.update()]);
    expect(await world.keys('parity/')).toHaveLength(4);
    await made.update();
    expect(await world.keys('parity/')).toHaveLength(2);
    await world.bare.delete(await world.keys('parity/'));
    let requests = 0;
    const counting = faulty(world.bare, () => void (requests += 1), world.runtime);
    await made.update({}, counting);
    expect(requests).toBeGreaterThan(8);
    for (let index = 1; index <= requests; index++) {
      await world.bare.delete(await world.keys('parity/'));
      let seen = 0;
      const dying = faulty(
        world.bare,
        () => (++seen >= index ? { kind: 'error', code: 'PermissionDenied' } : undefined),
        world.runtime,
      );
      await made.update({}, dying).catch(() => undefined);
      await made.update();
      await made.update();
      expect(await cover(), `killed at ${index}`).toMatchObject({ notCoveredObjects: 0 });
      expect(await world.keys('parity/'), `killed at ${index}`).toHaveLength(2);
    }
  });

  test('who sets it at once is in conflict; who appends is not', async () => {
    made = await ParityWorld.make([4, 2], { files: 1 });
    const [one, two] = [
      await made.world.open({ create: false }),
      await made.world.open({ create: false }),
    ] as const;
    for (const { dataset } of [one, two]) await dataset.version();
    await one.dataset.write((tx) => tx.setParity('a', { dataShards: 8, parityShards: 2 }));
    const error = await failure(two.dataset.write((tx) => tx.setParity('a', null)));
    expect(error).toMatchObject({ code: 'Conflict' });
    expect(error.message).toMatch(/changed the parity/);
    await two.dataset.refresh();
    await two.dataset.write((tx) => tx.append('a', int32(5)));
    // It saw no append, and follows it.
    await one.dataset.write((tx) => tx.setParity('a', null));
    expect((await two.dataset.info()).version).toBeLessThan(await one.dataset.version());
  });
});
