// The histories of the list in docs/format.md's protocol that need expiry and clean-up, by their numbers.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { NacreError } from '../../src/errors.js';
import { evolve, make, v1 } from '../../src/manifest/message.js';
import { failure } from '../support/failure.js';
import { Gate, int32, type Member, values, World, worldWith } from '../dataset/world.js';
import { dataKeys, dayMs, orphan, orphanKeys, reads, stalled } from '../ops/support.js';

let world: World;
afterEach(() => world.close());

const append = (member: Member, ...rows: number[]) =>
  member.dataset.write((tx) => tx.append('a', int32(...rows)));

describe('history 2: a writer uploads, sleeps two days, clean-up collects it, and the writer wakes', () => {
  test('it conflicts, and no version names a missing object; with retries it uploads anew', async () => {
    for (const retries of [0, 1]) {
      world = await worldWith(1);
      const [writer, maintainer] = [await world.open(), await world.open()];
      const late = await stalled(world, writer, (tx) => tx.append('a', int32(2)), { retries });
      await world.runtime.advance(2 * dayMs);
      expect(await maintainer.dataset.gc()).toMatchObject({ orphans: 1, deleted: 1, version: 3 });
      if (retries === 0) {
        const error = await failure(late.resume());
        expect(error).toMatchObject({ code: 'Conflict', context: { fence: 3, collected: true } });
        expect(await world.read()).toEqual([1]);
      } else {
        expect((await late.resume()).version).toBe(4);
        expect(await world.read()).toEqual([1, 2]);
      }
      expect(await orphanKeys(world)).toEqual([]);
      await world.close();
    }
  });

  test('a root that is on its way when the fence lands is refused, and what it needs is gone for it', async () => {
    world = await worldWith(1);
    const gate = new Gate(/^versions\//);
    const [writer, maintainer] = [await world.open({ gate }), await world.open()];
    gate.shut();
    const late = append(writer, 2);
    late.catch(() => undefined);
    await gate.arrived();
    await world.runtime.advance(2 * dayMs);
    expect(await maintainer.dataset.gc()).toMatchObject({ deleted: 1 });
    gate.open();
    expect((await failure(late)).context['collected']).toBe(true);
    expect(await world.read()).toEqual([1]);
  });

  test('a root that lands before the fence keeps what was listed', async () => {
    world = await worldWith(1);
    const gate = new Gate(/^versions\//);
    const [writer, maintainer] = [await world.open(), await world.open({ gate })];
    const late = await stalled(world, writer, (tx) => tx.append('a', int32(2)));
    await world.runtime.advance(2 * dayMs);
    await maintainer.dataset.version();
    gate.shut();
    const collecting = maintainer.dataset.gc();
    await gate.arrived();
    expect((await late.resume()).version).toBe(3);
    gate.open();
    expect(await collecting).toMatchObject({ orphans: 1, deleted: 0, spared: 1, version: 4 });
    expect(await world.read()).toEqual([1, 2]);
  });

  test('every fence since counts, not the last one alone', async () => {
    world = await worldWith(1);
    const [writer, maintainer] = [await world.open(), await world.open()];
    const late = await stalled(world, writer, (tx) => tx.append('a', int32(2)));
    await world.runtime.advance(2 * dayMs);
    expect(await maintainer.dataset.gc()).toMatchObject({ deleted: 1, version: 3 });
    for (const version of [5, 7]) {
      await orphan(world);
      await world.runtime.advance(2 * dayMs);
      await append(maintainer, version);
      expect(await maintainer.dataset.gc()).toMatchObject({ deleted: 1, version });
    }
    expect(await failure(late.resume())).toMatchObject({ code: 'Conflict', context: { fence: 3 } });
    // A writer that began above the first fence and whose data nobody listed goes on.
    expect((await append(writer, 9)).version).toBe(8);
  });

  test('rows of many partitions are looked for in their segment', async () => {
    world = await worldWith(1);
    const [writer, maintainer] = [await world.open(), await world.open()];
    const rows = Int32Array.from({ length: 400 }, (_, i) => i);
    const append = (tx: Parameters<Parameters<Member['dataset']['write']>[0]>[0]) =>
      tx.append('a', { data: rows });
    const late = await stalled(world, writer, append, { partitionBytes: 4 });
    while ((await dataKeys(world.bare)).length < 401) await world.runtime.advance(1);
    await world.runtime.advance(2 * dayMs);
    expect(await maintainer.dataset.gc()).toMatchObject({ deleted: 400 });
    expect((await failure(late.resume())).context['collected']).toBe(true);
    await world.runtime.advance(2 * dayMs);
    // The segments that it made in the end are orphans, too.
    await maintainer.dataset.gc();
    expect(await orphanKeys(world)).toEqual([]);
  });

  test('a plan that is missing, or damaged, lists everything', async () => {
    for (const spoil of ['remove', 'damage']) {
      world = await worldWith(1);
      const [writer, maintainer] = [await world.open(), await world.open()];
      await orphan(world);
      await world.runtime.advance(2 * dayMs);
      const late = await stalled(world, writer, (tx) => tx.append('a', int32(2)), { retries: 1 });
      const without = await stalled(world, await world.open(), (tx) => tx.append('a', int32(3)));
      // The uploads are young: no plan lists them.
      expect(await maintainer.dataset.gc()).toMatchObject({ deleted: 1 });
      const [plan = ''] = await world.keys('gc/');
      if (spoil === 'remove') await world.bare.delete([plan]);
      else await world.flip(plan);
      expect((await failure(without.resume())).context['collected']).toBe(true);
      await late.resume();
      expect(await world.read()).toEqual([1, 2]);
      await world.close();
    }
  });
});

describe('history 3: an index build is stalled across expiry and clean-up', () => {
  test('it conflicts, is not taken up from what is gone, and is built anew', async () => {
    world = new World();
    const cacheDir = await mkdtemp(path.join(os.tmpdir(), 'nacre-clean-up-'));
    try {
      const [builder, maintainer] = [await world.open({ cacheDir }), await world.open()];
      const vectors = Float32Array.from({ length: 2_000 * 8 }, (_, i) => Math.sin(i * i));
      await builder.dataset.write(async (tx) => {
        await tx.create('a', { dtype: 'float32', rowShape: [8] });
        await tx.append('a', { data: vectors, shape: [2_000, 8] });
      });
      const build = await stalled(world, builder, (tx) => tx.index('a', { type: 'exact' }));
      const index = await world.keys('indexes/');
      expect(index.length).toBeGreaterThan(0);
      await world.runtime.advance(2 * dayMs);
      await maintainer.dataset.expire({ keepLast: 1 });
      expect(await maintainer.dataset.gc()).toMatchObject({ deleted: index.length });
      expect((await failure(build.resume())).context['collected']).toBe(true);
      await builder.dataset.write((tx) => tx.index('a', { type: 'exact' }));
      const near = builder.dataset.array('a').nearest(vectors.slice(80, 88), { metric: 'l2' }).limit(1);
      expect((await near.toArray())[0]).toMatchObject({ row: 10, score: 0 });
      expect(await orphanKeys(world)).toEqual([]);
    } finally {
      await rm(cacheDir, { recursive: true });
    }
  });

  test('one that a killed process left is compared by the version at which it began', async () => {
    world = new World();
    const cacheDir = await mkdtemp(path.join(os.tmpdir(), 'nacre-clean-up-'));
    try {
      const [first, maintainer] = [await world.open({ cacheDir }), await world.open()];
      const vectors = Float32Array.from({ length: 2_000 * 8 }, (_, i) => Math.sin(i * i));
      await first.dataset.write(async (tx) => {
        await tx.create('a', { dtype: 'float32', rowShape: [8] });
        await tx.append('a', { data: vectors, shape: [2_000, 8] });
      });
      const killed = first.dataset.write(async (tx) => {
        await tx.index('a', { type: 'exact' });
        throw new Error('killed');
      });
      await expect(killed).rejects.toThrow('killed');
      await world.runtime.advance(3_600_000);
      // Clean-up with a short grace lists what is up; its deletes never arrive.
      const plan = ({ method }: { readonly method: string }) =>
        method === 'delete' ? ({ kind: 'error', code: 'PermissionDenied' } as const) : undefined;
      const hasty = await world.open({ plan });
      expect((await failure(hasty.dataset.gc({ graceMs: 60_000 }))).code).toBe('PermissionDenied');
      const second = await world.open({ cacheDir });
      const build = second.dataset.write((tx) => tx.index('a', { type: 'exact' }));
      expect((await failure(build)).context['collected']).toBe(true);
      await second.dataset.write((tx) => tx.index('a', { type: 'exact' }));
      expect(await maintainer.dataset.gc({ graceMs: 0 })).toMatchObject({ spared: 0 });
      expect(await orphanKeys(world)).toEqual([]);
      const near = second.dataset.array('a').nearest(vectors.slice(80, 88), { metric: 'l2' }).limit(1);
      expect((await near.toArray())[0]).toMatchObject({ row: 10, score: 0 });
    } finally {
      await rm(cacheDir, { recursive: true });
    }
  });
});

describe("history 15: a writer's clock is in 2099, a maintainer's a year ahead", () => {
  test("expiry and clean-up follow the store's time, and say that the clock is off", async () => {
    world = await worldWith(1);
    const warnings: NacreError[] = [];
    const writer = await world.open({ skewMs: 73 * 365 * dayMs });
    const onWarning = (warning: NacreError): void => void warnings.push(warning);
    const maintainer = await world.open({ skewMs: 365 * dayMs, onWarning });
    await append(writer, 2);
    const late = await stalled(world, writer, (tx) => tx.append('a', int32(3)));
    expect(await maintainer.dataset.expire({ keepWithinMs: dayMs })).toMatchObject({ expired: [] });
    expect(await maintainer.dataset.gc()).toMatchObject({ orphans: 0 });
    expect(warnings.map(({ context }) => context['skewMs'])).toEqual([365 * dayMs, 365 * dayMs]);
    await late.resume();
    await world.runtime.advance(2 * dayMs);
    await append(writer, 4);
    expect(await maintainer.dataset.expire({ keepWithinMs: dayMs })).toMatchObject({
      expired: [{ start: 1, end: 4 }],
      keptFrom: 4,
    });
    expect(await world.read()).toEqual([1, 2, 3, 4]);
  });
});

describe('history 19: a reader without write rights, ten commits, expire --keep-last 5, gc', () => {
  test('its query ends well, and a day and a grace later it is told that the version expired', async () => {
    world = await worldWith(1, 2);
    let isLocked = false;
    const readOnly = ({ method, key }: { readonly method: string; readonly key: string }) =>
      method === 'put' || method === 'delete' || (isLocked && key.startsWith('versions/'))
        ? ({ kind: 'error', code: 'PermissionDenied' } as const)
        : undefined;
    const [writer, reader] = [await world.open(), await world.open({ plan: readOnly })];
    const then = await reader.dataset.at({ version: 2 });
    for (let i = 0; i < 10; i++) {
      await writer.dataset.write(async (tx) => {
        await tx.dropArray('a');
        await tx.create('b', { dtype: 'int32' });
        await tx.append('b', int32(i));
        await tx.rename('b', 'a');
      });
      await world.runtime.advance(200);
    }
    // Also where nothing but the grace protects it.
    for (const minAgeMs of [dayMs, 0]) {
      await writer.dataset.expire({ keepLast: 5, minAgeMs });
      await writer.dataset.gc();
      expect(await values(then)).toEqual([1, 2]);
    }
    await world.runtime.advance(dayMs);
    await writer.dataset.gc();
    // Whoever may not look whether it is still kept is not told that it is damaged.
    isLocked = true;
    expect((await failure(values(then))).code).toBe('PermissionDenied');
    isLocked = false;
    expect((await failure(values(then))).code).toBe('Expired');
    await reader.dataset.refresh();
    expect(await values(reader.dataset)).toEqual([9]);
  });
});

describe('history 22: a newer release adds a kind of object, and this clean-up runs', () => {
  test('keys that are not of this release stay, and so does what a root lists, whatever it is', async () => {
    world = await worldWith(1);
    const member = await world.open();
    const strange = [
      'segments/0123',
      `segments/${'0'.repeat(32)}.v2`,
      `arrays/${'1'.repeat(32)}.zst`,
      'parity/x/y',
    ];
    for (const key of [...strange, 'sketches/a', `healed/${'2'.repeat(32)}`])
      await world.bare.put(key, new Uint8Array(9));
    const listed = await orphan(world);
    await world.plantNext(({ objects }) => ({
      objects: evolve(objects ?? make(v1.ObjectTable, {}), {
        patterns: [...(objects?.patterns ?? []), make(v1.KeyPattern, { prefix: 'segments/' })],
        objects: [
          ...(objects?.objects ?? []),
          make(v1.ObjectRef, {
            pattern: objects?.patterns.length ?? 0,
            id: Uint8Array.from(Buffer.from(listed.slice('segments/'.length), 'hex')),
            sizeBytes: 100,
            hash: new Uint8Array(32),
            blocks: new Uint8Array(4),
          }),
        ],
      }),
    }));
    const before = await world.keys();
    await world.runtime.advance(9 * dayMs);
    await member.dataset.expire({ keepLast: 1 });
    await world.runtime.advance(9 * dayMs);
    expect(await member.dataset.gc()).toMatchObject({ orphans: 0 });
    expect(await world.keys()).toEqual(expect.arrayContaining(before));
  });

  test('where it may refer to what cannot be seen, nothing is deleted', async () => {
    for (const newer of ['field', 'feature']) {
      world = await worldWith(1);
      const member = await world.open();
      const stray = await orphan(world);
      const unknowns = { $unknowns: [Uint8Array.of(0xa2, 0x06, 1, 7)] };
      await world.plantNext(newer === 'feature' ? { requiredFeatures: [999] } : (unknowns as object));
      await world.runtime.advance(9 * dayMs);
      expect((await failure(member.dataset.gc())).code).toBe('UnsupportedFormat');
      expect(await world.keys('segments/')).toEqual([stray]);
      await world.close();
    }
  });
});

test('what a version reads does not change by clean-up', async () => {
  world = await worldWith(1);
  const member = await world.open();
  for (let i = 2; i < 40; i++) await append(member, i);
  await orphan(world);
  const before = await reads(world);
  await world.runtime.advance(3 * dayMs);
  expect(await member.dataset.gc()).toMatchObject({ deleted: 1 });
  const after = await reads(world);
  for (const [version, rows] of before) expect(after.get(version)).toEqual(rows);
});
