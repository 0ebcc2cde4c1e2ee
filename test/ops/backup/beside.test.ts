// Backups beside forget, either of them stalled or dead at any of its requests: every point that is there can
// be restored, and in the end nothing is left over.
import { afterEach, describe, expect, test } from 'vitest';
import { isNacreError } from '../../../src/errors.js';
import { rootKey } from '../../../src/manifest/keys.js';
import { listPoints } from '../../../src/manifest/points.js';
import { verifyBackups } from '../../../src/ops/backup/verify.js';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import { forwarding } from '../../../src/storage/wrap/forwarding.js';
import { functions, int32, World, worldWith } from '../../dataset/world.js';
import { failure } from '../../support/failure.js';
import { type Fault, faulty, type FaultPlan } from '../../support/faulty-store.js';
import { append, backedUp, environment, forgotten, listed, type Pair } from './support.js';

const dayMs = 24 * 3_600_000;

let pair: Pair;
afterEach(async () => {
  await pair.source.close();
  await pair.backup.close();
});

/** A backup with two points, and a source that went on: of version 2 an object is the old point's alone. */
async function begun(): Promise<Pair> {
  const source = await worldWith(0, 1, 2);
  const backup = new World(2);
  pair = { source, backup };
  await backedUp(pair);
  const { dataset } = await source.open({ create: false });
  await dataset.write(async (tx) => {
    await tx.dropArray('a');
    await tx.create('a', { dtype: 'int32' });
    await tx.append('a', int32(7, 8));
  });
  await source.runtime.advance(3 * dayMs);
  await backup.runtime.advance(3 * dayMs);
  await dataset.expire({ keepLast: 1 });
  await dataset.close();
  await backedUp(pair);
  await append(source, 9);
  return pair;
}

/** Every point reads whole; what forget leaves when all is quiet is what they need. */
async function isSound(what: string): Promise<void> {
  const { backup } = pair;
  const { points } = await listed(backup);
  if (points.length > 0) {
    const { damaged } = await verifyBackups(environment(backup), { all: true });
    expect(damaged, what).toEqual([]);
  }
}

/** Calls go on one at a time: `step` lets one more through. */
class Stepped {
  #waiting: (() => void)[] = [];
  #free = false;
  calls = 0;

  guard(inner: ObjectStore): ObjectStore {
    const turn = async <T>(call: () => Promise<T>): Promise<T> => {
      this.calls += 1;
      if (!this.#free) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      return call();
    };
    return forwarding(inner, {
      get: (key, options) => turn(() => inner.get(key, options)),
      put: (key, body, options) => turn(() => inner.put(key, body, options)),
      head: (key, options) => turn(() => inner.head(key, options)),
      list: (options) => turn(() => inner.list(options)),
      delete: (keys, options) => turn(() => inner.delete(keys, options)),
    });
  }

  /** Waits until a call stands here, and lets it go; false when the work has ended before. */
  async step(work: Promise<unknown>): Promise<boolean> {
    const state = { ended: false };
    const over = (): void => {
      state.ended = true;
    };
    work.then(over, over);
    for (let turn = 0; turn < 10_000 && this.#waiting.length === 0 && !state.ended; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    const [first] = this.#waiting.splice(0, 1);
    first?.();
    return first !== undefined;
  }

  release(): void {
    this.#free = true;
    for (const go of this.#waiting.splice(0)) go();
  }
}

const settled = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => {
    if (!isNacreError(error)) throw error;
    return error;
  });

describe('a backup that stands still at each of its requests', () => {
  test('while forget runs from beginning to end: its point is whole, or it is made anew', async () => {
    let requests = Number.POSITIVE_INFINITY;
    for (let at = 1; at <= requests; at++) {
      const { backup } = await begun();
      const steps = new Stepped();
      const work = backedUp(pair, { to: steps.guard(backup.bare) });
      for (let step = 1; step < at && (await steps.step(work)); step++);
      await forgotten(backup, { keepLast: 1 });
      steps.release();
      const report = await work;
      await isSound(`at request ${at}`);
      expect((await listed(backup)).points[0]?.point).toBe(report.point);
      requests = Math.min(requests, steps.calls);
      await pair.source.close();
    }
    expect(requests).toBeGreaterThan(8);
  }, 60_000);

  test('for so long that it is given up: forget revokes it, deletes, and it begins anew', async () => {
    let [requests, restarts] = [Number.POSITIVE_INFINITY, 0];
    for (let at = 1; at <= requests; at++) {
      const { backup } = await begun();
      const steps = new Stepped();
      const work = backedUp(pair, { to: steps.guard(backup.bare) });
      for (let step = 1; step < at && (await steps.step(work)); step++);
      await backup.runtime.advance(2 * dayMs);
      await forgotten(backup, { keepLast: 1 });
      steps.release();
      await work;
      await isSound(`at request ${at}`);
      const { revoked } = await listPoints(backup.bare, functions);
      restarts += revoked.size;
      requests = Math.min(requests, steps.calls);
      await pair.source.close();
    }
    expect(restarts).toBeGreaterThan(5);
  }, 60_000);
});

describe('forget that stands still at each of its requests', () => {
  test('while a backup runs from beginning to end: what that needs stays', async () => {
    let requests = Number.POSITIVE_INFINITY;
    for (let at = 1; at <= requests; at++) {
      const { backup, source } = await begun();
      const steps = new Stepped();
      const work = forgotten(backup, { keepLast: 1, to: steps.guard(backup.bare) });
      for (let step = 1; step < at && (await steps.step(work)); step++);
      await backedUp(pair);
      await append(source, 10);
      steps.release();
      await settled(work);
      await isSound(`at request ${at}`);
      await backedUp(pair);
      await isSound(`at request ${at}, and after the next one`);
      requests = Math.min(requests, steps.calls);
      await pair.source.close();
    }
    expect(requests).toBeGreaterThan(15);
  }, 60_000);

  test('while another source, which is behind, needs again what it is about to delete', async () => {
    let requests = Number.POSITIVE_INFINITY;
    for (let at = 1; at <= requests; at++) {
      const { backup, source } = await begun();
      // The source as it was: its version 2 needs the object that only the old point has.
      const past = new World(5);
      for (const key of await source.keys())
        if (key !== 'latest')
          await past.bare.put(key, (await source.bare.get(key))?.bytes ?? new Uint8Array());
      const { root } = await source.head();
      await past.bare.delete([3, 4, 5, 6].filter((one) => one <= root.version).map(rootKey));
      const steps = new Stepped();
      const work = forgotten(backup, { keepLast: 1, to: steps.guard(backup.bare) });
      for (let step = 1; step < at && (await steps.step(work)); step++);
      const old = await backedUp({ source: past, backup });
      expect(old.version).toBe(2);
      steps.release();
      await settled(work);
      await isSound(`at request ${at}`);
      requests = Math.min(requests, steps.calls);
      await past.close();
      await pair.source.close();
    }
    expect(requests).toBeGreaterThan(15);
  }, 60_000);
});

describe('what is killed', () => {
  /** From one request on none arrives, or the first is answered to nobody. */
  const from = (index: number, fault: Fault): FaultPlan => {
    let faults = 0;
    return (call) => {
      if (call.index < index) return undefined;
      faults += 1;
      return faults === 1 ? fault : { kind: 'drop' };
    };
  };

  test('a backup, at each of its requests: the next one is whole, and forget takes what was left', async () => {
    for (const kind of ['drop', 'loseReply'] as const) {
      let isOver = false;
      for (let at = 1; !isOver; at++) {
        const { backup } = await begun();
        const store = faulty(backup.bare, from(at, { kind }), backup.runtime);
        const work = backedUp(pair, { to: store });
        isOver = (await settled(work)) instanceof Error === false;
        await isSound(`${kind} at request ${at}`);
        await backedUp(pair);
        await backup.runtime.advance(2 * dayMs);
        const { underWay } = await forgotten(backup, { keepLast: 1 });
        expect(underWay, `${kind} at request ${at}`).toEqual([]);
        await isSound(`${kind} at request ${at}, and after forget`);
        expect(await backup.keys('drafts/')).toEqual([]);
        expect(await backup.keys('arrays/')).toHaveLength(2);
        await pair.source.close();
      }
    }
  }, 120_000);

  test('forget, at each of its requests: the next one ends it, and points are whole', async () => {
    for (const kind of ['drop', 'loseReply'] as const) {
      let isOver = false;
      for (let at = 1; !isOver; at++) {
        const { backup } = await begun();
        const store = faulty(backup.bare, from(at, { kind }), backup.runtime);
        const work = forgotten(backup, { keepLast: 1, to: store });
        isOver = (await settled(work)) instanceof Error === false;
        await isSound(`${kind} at request ${at}`);
        await backup.runtime.advance(2 * dayMs);
        await forgotten(backup, { keepLast: 1 });
        await isSound(`${kind} at request ${at}, and after the next one`);
        expect((await listed(backup)).points).toHaveLength(1);
        expect(await backup.keys('arrays/'), `${kind} at request ${at}`).toHaveLength(1);
        await backedUp(pair);
        await isSound(`${kind} at request ${at}, and after the next backup`);
        await pair.source.close();
      }
    }
  }, 120_000);
});

describe('forget', () => {
  test('says which backup is under way, and deletes no object because of it', async () => {
    const { backup } = await begun();
    const steps = new Stepped();
    const work = backedUp(pair, { to: steps.guard(backup.bare) });
    for (let step = 0; step < 2; step++) await steps.step(work);
    const before = await backup.keys('arrays/');
    const report = await forgotten(backup, { keepLast: 1 });
    expect(report).toMatchObject({ deleted: 0, forgotten: [expect.any(String)] });
    expect(report.underWay).toHaveLength(1);
    expect(await backup.keys('arrays/')).toEqual(before);
    steps.release();
    await work;
  });

  test('by rules, by names, all: refuses what says neither, and what would leave none', async () => {
    const { backup } = await begun();
    const { points } = await listed(backup);
    const invalid = { code: 'InvalidArgument' };
    expect(await failure(forgotten(backup, {}))).toMatchObject(invalid);
    expect(await failure(forgotten(backup, { keepLast: 0 }))).toMatchObject(invalid);
    expect(await failure(forgotten(backup, { keepLast: 1, keepNone: true }))).toMatchObject(invalid);
    const names = points.map(({ point }) => point);
    expect(await failure(forgotten(backup, { points: names }))).toMatchObject(invalid);
    expect(await failure(forgotten(backup, { points: ['nobody'] }))).toMatchObject({ code: 'NotFound' });
    await backup.runtime.advance(100 * dayMs);
    expect(await failure(forgotten(backup, { keepWithinMs: dayMs }))).toMatchObject(invalid);
    const planned = await forgotten(backup, { points: [names[1] ?? ''], dryRun: true });
    expect(planned).toMatchObject({ forgotten: [names[1]], unneeded: 1, deleted: 0 });
    expect((await listed(backup)).points).toHaveLength(2);
    const done = await forgotten(backup, { points: [names[1] ?? ''] });
    expect(done).toMatchObject({ forgotten: [names[1]], unneeded: 1, deleted: 1 });
  });

  test('deletes nothing where it is not known what a point needs', async () => {
    const { backup } = await begun();
    await backup.flip(rootKey(2));
    const error = await failure(forgotten(backup, { keepLast: 1 }));
    expect(error.code).toBe('Corrupt');
    expect(await backup.keys('arrays/')).toHaveLength(2);
  });
});
