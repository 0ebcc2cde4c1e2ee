// Clean-up beside writers, readers, other clean-ups and its own death: what is kept reads as before, what
// is not needed goes, and nobody commits a version that names a missing object.
import { afterEach, describe, expect, test } from 'vitest';
import { parseDataKey, rootKey } from '../../src/manifest/keys.js';
import { make, v1 } from '../../src/manifest/message.js';
import { writePlan } from '../../src/manifest/plan.js';
import type { Fault, FaultPlan, StoreCall } from '../support/faulty-store.js';
import { failure } from '../support/failure.js';
import type { Lease } from '../../src/dataset/lease.js';
import { filled, functions, Gate, int32, type Member, values, World, worldWith } from '../dataset/world.js';
import { dayMs, missingKeys, orphan, orphanKeys, reads, stalled } from './support.js';

let world: World;
afterEach(() => world.close());

const append = (member: Member, ...rows: number[]) =>
  member.dataset.write((tx) => tx.append('a', int32(...rows)));

describe('expire', () => {
  test('needs to be told what is kept, and numbers that can be', async () => {
    world = await worldWith(1);
    const { dataset } = await world.open();
    for (const options of [
      {},
      { keepLast: 0 },
      { keepLast: 1.5 },
      { keepWithinMs: -1 },
      { keepLast: 1, minAgeMs: Number.NaN },
    ]) {
      expect((await failure(dataset.expire(options))).code).toBe('InvalidArgument');
    }
    for (const options of [{ graceMs: -1 }, { graceMs: Number.NaN }, { batch: 0 }]) {
      expect((await failure(dataset.gc(options))).code).toBe('InvalidArgument');
    }
    expect(await world.slots()).toEqual([1, 2]);
  });

  test('keeps the newest, what was the newest within a time, and nothing that went once comes back', async () => {
    world = await worldWith(1);
    const member = await world.open();
    for (let day = 1; day <= 8; day++) {
      await world.runtime.advance(dayMs);
      await append(member, day);
    }
    // Version 3 + day came after so many days; it is the tenth day's beginning now.
    const { dataset } = member;
    const planned = await dataset.expire({ keepLast: 2, keepWithinMs: 3.5 * dayMs, dryRun: true });
    // Version 7 was the newest until version 8 came, 3 days ago less nothing: 3.5 days ago it was version
    // 6.
    expect(planned).toEqual({
      version: 10,
      expired: [{ start: 1, end: 6 }],
      keptFrom: 6,
      keptAlso: [],
    });
    expect(await world.slots()).toHaveLength(10);
    expect(await dataset.expire({ keepLast: 2, keepWithinMs: 3.5 * dayMs })).toEqual({
      ...planned,
      version: 11,
    });
    expect((await failure(dataset.at({ version: 5 }))).code).toBe('Expired');
    expect(await values(await dataset.at({ version: 6 }))).toEqual([1, 1, 2, 3, 4]);
    const none = await dataset.expire({ keepLast: 100 });
    expect(none).toEqual({ version: 11, expired: [], keptFrom: 6, keptAlso: [] });
    expect(await world.slots()).toHaveLength(11);
  });
});

describe('gc', () => {
  test('deletes what no kept version needs, and nothing else', async () => {
    world = await worldWith(1, 2, 3);
    const member = await world.open();
    await member.dataset.write((tx) => tx.replace('a', { all: true }, int32(4, 5, 6)));
    await world.runtime.advance(2 * dayMs);
    await member.dataset.write((tx) => tx.dropArray('a'));
    await member.dataset.write(async (tx) => {
      await tx.create('a', { dtype: 'int32' });
      await tx.append('a', int32(7, 8));
    });
    const before = await world.keys();
    expect(await member.dataset.gc()).toMatchObject({ orphans: 0, deleted: 0, plans: 0, version: 5 });
    await world.runtime.advance(2 * dayMs);
    await member.dataset.expire({ keepLast: 1 });
    expect(await member.dataset.gc()).toMatchObject({ orphans: 0, deleted: 0 });
    await world.runtime.advance(dayMs);
    const planned = await member.dataset.gc({ dryRun: true });
    expect(planned).toMatchObject({ orphans: 2, deleted: 0, plans: 0, version: 6 });
    expect(await member.dataset.gc()).toMatchObject({ orphans: 2, deleted: 2, plans: 1, version: 7 });
    expect(await values(member.dataset)).toEqual([7, 8]);
    expect(await values(await member.dataset.at({ version: 5 }))).toEqual([7, 8]);
    expect((await world.keys('arrays/')).length).toBe(1);
    expect(before.filter((key) => key.startsWith('arrays/'))).toHaveLength(3);
    expect(await orphanKeys(world)).toEqual([]);
  });
});

/** A world with two versions that are gone and three orphans, ready for clean-up. */
async function littered(seed = 1): Promise<World> {
  world = await filled(new World(seed), [1, 2, 3]);
  const member = await world.open();
  for (const row of [10, 20, 30]) {
    await member.dataset.write(async (tx) => {
      await tx.dropArray('a');
      await tx.create('b', { dtype: 'int32' });
      await tx.append('b', int32(row));
      await tx.rename('b', 'a');
    });
  }
  await append(member, 31);
  for (let i = 0; i < 3; i++) await orphan(world);
  await world.runtime.advance(2 * dayMs);
  await member.dataset.expire({ keepLast: 2 });
  await world.runtime.advance(2 * dayMs);
  await member.dataset.close();
  return world;
}

describe('a clean-up that is killed', () => {
  const from = (index: number, fault: Fault): FaultPlan => {
    const isAfter = (call: StoreCall): boolean => call.index >= index;
    let faults = 0;
    return (call) => {
      if (!isAfter(call)) return undefined;
      faults += 1;
      return faults === 1 ? fault : { kind: 'drop' };
    };
  };

  test('at each of its requests: the next one ends it, and what is kept reads as before', async () => {
    await littered();
    const whole = await world.open();
    const opening = whole.trace.entries.length;
    await whole.dataset.version();
    expect(await whole.dataset.gc()).toMatchObject({ orphans: 6, deleted: 6 });
    const requests = whole.trace.entries.length;
    expect(requests).toBeGreaterThan(15);
    let kills = 0;
    for (const kind of ['drop', 'loseReply'] as const) {
      for (let index = opening + 1; index <= requests; index++) {
        await world.close();
        await littered();
        const before = await reads(world);
        const killed = await world.open({ plan: from(index, { kind }), create: false });
        kills += await killed.dataset.gc().then(
          () => 0,
          () => 1,
        );
        await world.runtime.advance(dayMs);
        const next = await world.open();
        await next.dataset.gc();
        expect(await orphanKeys(world), `${kind} at request ${index}`).toEqual([]);
        for (const [version, rows] of await reads(world)) {
          if (before.has(version)) expect(rows).toEqual(before.get(version));
        }
        await append(next, 40);
        expect(await world.read()).toEqual([30, 31, 40]);
      }
    }
    // The hint is written beside it, and its loss is nobody's.
    expect(kills).toBeGreaterThan(2 * (requests - opening) - 5);
  });

  test('a signal ends it between its deletes, and the report of the next one is of what was left', async () => {
    await littered();
    const abort = new AbortController();
    const { dataset } = await world.open();
    const error = await failure(
      dataset.gc({ batch: 2, signal: abort.signal, onProgress: () => abort.abort() }),
    );
    expect(error.code).toBe('Aborted');
    expect(await dataset.gc()).toMatchObject({ orphans: 4, deleted: 4, plans: 1 });
    expect(await orphanKeys(world)).toEqual([]);
  });

  test('where it may not delete, nothing is said to be deleted', async () => {
    await littered();
    const plan: FaultPlan = ({ method }) =>
      method === 'delete' ? { kind: 'error', code: 'PermissionDenied' } : undefined;
    const { dataset } = await world.open({ plan });
    expect((await failure(dataset.gc())).code).toBe('PermissionDenied');
    expect(await orphanKeys(world)).toHaveLength(6);
  });
});

describe('several clean-ups', () => {
  test('in portions, each with a plan and a fence of its own', async () => {
    await littered();
    const { dataset } = await world.open();
    const told: [number, number][] = [];
    const onProgress = (deleted: number, planned: number): void => void told.push([deleted, planned]);
    expect(await dataset.gc({ batch: 4, onProgress })).toMatchObject({ orphans: 6, deleted: 6, plans: 2 });
    expect(told).toEqual([
      [4, 4],
      [6, 6],
    ]);
    expect(await world.keys('gc/')).toHaveLength(2);
  });

  test('two at once, by one handle and by two, with a writer that is stalled', async () => {
    for (const handles of [1, 2]) {
      await littered();
      const first = await world.open();
      const second = handles === 1 ? first : await world.open();
      const late = await stalled(world, await world.open(), (tx) => tx.append('a', int32(50)));
      await world.runtime.advance(2 * dayMs);
      const reports = await Promise.all([first.dataset.gc(), second.dataset.gc()]);
      for (const { orphans, deleted } of reports) expect([orphans, deleted]).toEqual([7, 7]);
      const { root } = await world.head();
      // Each plan has a version of its own.
      expect(root.version).toBe(9);
      expect((await failure(late.resume())).context['collected']).toBe(true);
      expect(await orphanKeys(world)).toEqual([]);
      expect(await world.read()).toEqual([30, 31]);
      await world.close();
    }
  });
});

describe('the fence', () => {
  test('one version has one: two clean-ups that wait for the same root get a version each', async () => {
    await littered();
    const gate = new Gate(/^versions\//);
    const { dataset } = await world.open({ gate });
    await dataset.version();
    gate.shut();
    const before = dataset.write((tx) => tx.append('a', int32(32)));
    await gate.arrived();
    const collecting = [dataset.gc(), dataset.gc()];
    while ((await world.keys('gc/')).length < 2) await gate.idle();
    gate.open();
    const { version } = await before;
    const reports = await Promise.all(collecting);
    expect(reports.map(({ orphans }) => orphans)).toEqual([6, 6]);
    const { root } = await world.head();
    expect(root.version).toBe(version + 2);
    expect(root.fence?.version).toBe(version + 2);
  });

  test('costs a commit that began above it nothing, and one that began below it the plan', async () => {
    await littered();
    const [writer, other, maintainer] = [await world.open(), await world.open(), await world.open()];
    for (const { dataset } of [writer, other]) await dataset.version();
    await maintainer.dataset.gc();
    await writer.dataset.refresh();
    const plansRead = async (member: Member): Promise<number> => {
      const from = member.trace.entries.length;
      await append(member, 32);
      return member.trace.entries.slice(from).filter(({ key }) => key.startsWith('gc/')).length;
    };
    expect([await plansRead(writer), await plansRead(other), await plansRead(other)]).toEqual([0, 1, 0]);
    expect(await world.read()).toEqual([30, 31, 32, 32, 32]);
  });

  test('what made room in a root before it is made anew', async () => {
    world = await worldWith(1);
    const writer = await world.open();
    const once = (i: number) => ({ operationId: i.toString(16).padStart(32, '0') });
    for (let i = 1; i <= 129; i++) await writer.dataset.write(() => undefined, once(i));
    // Nothing of its own is uploaded: what it waits for is the list of operation ids.
    const late = await stalled(world, writer, async () => undefined, once(130));
    const [list = ''] = await world.keys('segments/');
    // A fence that makes no room itself, as another release may set one.
    const parsed = parseDataKey(list);
    if (parsed === undefined) throw new Error(`${list} is no key of a list`);
    const environment = { store: world.bare, functions, runtime: world.runtime };
    const { pattern, id: ids } = parsed;
    const plan = await writePlan(environment, await world.head(), 0, [{ pattern, ids }]);
    await world.plantNext(({ version }) => ({ fence: make(v1.Fence, { version: version + 1, plan }) }));
    await world.bare.delete([list]);
    await late.resume();
    const { root } = await world.head();
    expect(root.olderOperations).toHaveLength(1);
    expect(await world.keys('segments/')).not.toContain(list);
    expect(await missingKeys(world)).toEqual([]);
  });
});

describe('what is not known', () => {
  test('a root, a segment or a lease that is missing or damaged: nothing is deleted', async () => {
    const spoils: [RegExp, 'flip' | 'delete'][] = [
      [/^versions/, 'flip'],
      [/^versions/, 'delete'],
      [/^segments/, 'flip'],
      [/^segments/, 'delete'],
      [/^leases/, 'flip'],
    ];
    for (const [match, how] of spoils) {
      world = await worldWith(1);
      const member = await world.open();
      const rows = Int32Array.from({ length: 400 }, (_, i) => i);
      await member.dataset.write((tx) => tx.append('a', { data: rows }), { partitionBytes: 4 });
      await append(member, 2);
      await member.dataset.lease({ version: 2 }, { forMs: 99 * dayMs });
      const keys = [rootKey(3), ...(await world.keys('segments/')), ...(await world.keys('leases/'))];
      const key = keys.find((one) => match.test(one)) ?? '';
      const stray = await orphan(world);
      await world.runtime.advance(2 * dayMs);
      if (how === 'flip') await world.flip(key, 0);
      else await world.bare.delete([key]);
      expect((await failure(member.dataset.gc())).code, `${how} ${key}`).toBe('Corrupt');
      expect(await world.keys('segments/')).toContain(stray);
      expect(await world.keys('gc/')).toEqual([]);
      await world.close();
    }
  });
});

describe('leases', () => {
  async function leased(): Promise<{ member: Member; lease: Lease }> {
    world = await worldWith(1, 2);
    const member = await world.open();
    const lease = await member.dataset.lease({ version: 2 }, { forMs: 5 * dayMs, label: 'training run 7' });
    await member.dataset.write(async (tx) => {
      await tx.dropArray('a');
      await tx.create('b', { dtype: 'int32' });
    });
    await world.runtime.advance(2 * dayMs);
    return { member, lease };
  }

  test('a leased version is not expired; once it is over, it is', async () => {
    const { member, lease } = await leased();
    expect(await member.dataset.expire({ keepLast: 1 })).toMatchObject({ keptFrom: 3, keptAlso: [2] });
    await lease.renew({ forMs: 5 * dayMs });
    await world.runtime.advance(4 * dayMs);
    await member.dataset.expire({ keepLast: 1 });
    await member.dataset.gc();
    expect(await values(lease.dataset)).toEqual([1, 2]);
    await lease.release();
    expect(await world.keys('leases/')).toEqual([]);
    expect(await member.dataset.expire({ keepLast: 1 })).toMatchObject({ keptAlso: [] });
    await world.runtime.advance(dayMs);
    expect(await member.dataset.gc()).toMatchObject({ deleted: 1 });
    expect((await failure(values(lease.dataset))).code).toBe('Expired');
  });

  test('one that is written after expiry looked protects its data', async () => {
    world = await worldWith(1, 2);
    const gate = new Gate(/^versions\//);
    const [holder, maintainer] = [await world.open(), await world.open({ gate })];
    await holder.dataset.write((tx) => tx.dropArray('a'));
    await holder.dataset.write((tx) => tx.create('b', { dtype: 'int32' }));
    await world.runtime.advance(2 * dayMs);
    await maintainer.dataset.version();
    gate.shut();
    const expiring = maintainer.dataset.expire({ keepLast: 1 });
    await gate.arrived();
    const lease = await holder.dataset.lease({ version: 2 }, { forMs: 9 * dayMs });
    gate.open();
    expect(await expiring).toMatchObject({ keptFrom: 4, keptAlso: [] });
    await world.runtime.advance(2 * dayMs);
    expect(await maintainer.dataset.gc()).toMatchObject({ orphans: 0 });
    expect(await values(lease.dataset)).toEqual([1, 2]);
    // Whoever comes now is too late, and leaves no lease behind.
    expect((await failure(holder.dataset.lease({ version: 2 }))).code).toBe('Expired');
    expect(await world.keys('leases/')).toHaveLength(1);
  });

  test('one whose version expired between its look and its write is removed again', async () => {
    world = await worldWith(1, 2);
    const gate = new Gate(/^leases\//);
    const [holder, maintainer] = [await world.open({ gate }), await world.open()];
    await maintainer.dataset.write((tx) => tx.dropArray('a'));
    await world.runtime.advance(2 * dayMs);
    gate.shut();
    const leasing = holder.dataset.lease({ version: 2 });
    leasing.catch(() => undefined);
    await gate.arrived();
    await maintainer.dataset.expire({ keepLast: 1 });
    gate.open();
    expect((await failure(leasing)).code).toBe('Expired');
    expect(await world.keys('leases/')).toEqual([]);
  });

  test('one that is there when the fence is set is heeded, whatever stood before', async () => {
    const { member } = await leased();
    const [key = ''] = await world.keys('leases/');
    const body = await world.bare.get(key);
    await world.bare.delete([key]);
    await member.dataset.expire({ keepLast: 1 });
    await world.runtime.advance(2 * dayMs);
    const gate = new Gate(/^versions\//);
    const { dataset } = await world.open({ gate });
    gate.shut();
    const collecting = dataset.gc();
    await gate.arrived();
    await world.bare.put(key, body?.bytes ?? new Uint8Array(0));
    gate.open();
    expect(await collecting).toMatchObject({ orphans: 1, spared: 1, deleted: 0 });
  });

  test('one that is over is not renewed, and one that was changed is a conflict', async () => {
    const { member, lease } = await leased();
    const [key = ''] = await world.keys('leases/');
    await world.runtime.advance(3 * dayMs);
    expect((await failure(lease.renew())).code).toBe('Expired');
    const other = await member.dataset.lease({ version: 3 });
    const [mine = ''] = (await world.keys('leases/')).filter((one) => one !== key);
    await world.bare.delete([mine]);
    expect((await failure(other.renew())).code).toBe('Conflict');
    await other.release();
    for (const forMs of [-1, Number.NaN])
      expect((await failure(member.dataset.lease({ version: 3 }, { forMs }))).code).toBe('InvalidArgument');
    expect((await failure(member.dataset.lease({ version: 99 }))).code).toBe('NotFound');
    const tooLong = member.dataset.lease({ version: 3 }, { label: 'x'.repeat(1_001) });
    expect((await failure(tooLong)).code).toBe('InvalidArgument');
    expect((await failure((await member.dataset.at({ version: 2 })).gc())).code).toBe('InvalidArgument');
  });

  test('who may not delete ends it all the same', async () => {
    world = await worldWith(1, 2);
    const plan: FaultPlan = ({ method }) =>
      method === 'delete' ? { kind: 'error', code: 'PermissionDenied' } : undefined;
    const { dataset } = await world.open({ plan });
    const lease = await dataset.lease({ version: 2 }, { forMs: 9 * dayMs });
    await lease.release();
    expect(await world.keys('leases/')).toHaveLength(1);
    expect((await failure(lease.renew())).code).toBe('Expired');
    const member = await world.open();
    await append(member, 3);
    await world.runtime.advance(2 * dayMs);
    expect(await member.dataset.expire({ keepLast: 1 })).toMatchObject({ keptAlso: [] });
  });

  test('plans and leases that ended leave after 30 days', async () => {
    const { member } = await leased();
    await orphan(world);
    await world.runtime.advance(2 * dayMs);
    await member.dataset.gc();
    expect([await world.keys('gc/'), await world.keys('leases/')].map(({ length }) => length)).toEqual([
      1, 1,
    ]);
    await world.runtime.advance(29 * dayMs);
    await member.dataset.gc();
    expect([await world.keys('gc/'), await world.keys('leases/')].map(({ length }) => length)).toEqual([
      1, 1,
    ]);
    await world.runtime.advance(9 * dayMs);
    await member.dataset.gc();
    expect([await world.keys('gc/'), await world.keys('leases/')]).toEqual([[], []]);
  });
});
