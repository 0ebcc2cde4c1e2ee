import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { NacreError } from '../../../src/errors.js';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import { forwarding } from '../../../src/storage/wrap/forwarding.js';
import { hedged } from '../../../src/storage/wrap/hedged.js';
import { checkHedge, type HedgeOptions } from '../../../src/storage/wrap/hedge-policy.js';
import { type Runtime, systemRuntime } from '../../../src/util/runtime.js';
import { failure } from '../../support/failure.js';
import { FakeRuntime } from '../../support/fake-runtime.js';
import { lingersMs, told, type Way } from '../../support/told-store.js';

const fast: Way = { thereMs: 5, backMs: 5, ends: 'answer' };
const slow: Way = { thereMs: 500, backMs: 500, ends: 'answer' };
const lost: Way = { ...fast, ends: 'never' };

async function setUp(ways: readonly Way[], options: HedgeOptions = { afterMs: 50 }) {
  const runtime = new FakeRuntime();
  let turn = 0;
  const { memory, store, sent } = told(runtime, () => ways[turn++ % ways.length] as Way);
  await memory.put('key', new Uint8Array([1, 2, 3]));
  return { runtime, memory, sent, store: hedged(store, store, { ...options, runtime }) };
}

describe('a late read', () => {
  test('is sent again, and the answer that comes first is taken', async () => {
    const { runtime, sent, store } = await setUp([lost, fast]);
    expect((await store.get('key'))?.bytes).toEqual(new Uint8Array([1, 2, 3]));
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 50]);
    expect(runtime.monotonic()).toBe(60 + lingersMs);
    expect(await store.getRanges('key', [{ start: 1, end: 2 }])).toEqual([new Uint8Array([2])]);
    expect(sent).toHaveLength(4);
  });

  test('keeps its first answer when that comes in the end', async () => {
    const { runtime, sent, store } = await setUp([slow, lost]);
    expect((await store.get('key'))?.bytes[0]).toBe(1);
    expect(sent).toHaveLength(2);
    expect(runtime.monotonic()).toBe(1000 + lingersMs);
  });

  test('that is answered in time is not sent again, nor does a timer stay', async () => {
    const { runtime, sent, store } = await setUp([fast]);
    await store.get('key');
    expect([sent.length, runtime.sleeping, runtime.monotonic()]).toEqual([1, 0, 10]);
  });

  test('is told that there is no such key by either request', async () => {
    for (const ways of [
      [lost, fast],
      [slow, lost],
    ]) {
      const { sent, store } = await setUp(ways);
      expect(await store.get('nowhere')).toBeUndefined();
      expect(sent).toHaveLength(2);
    }
  });

  test('waits for the other request when one fails', async () => {
    const fails: Way = { thereMs: 100, backMs: 0, ends: 'Unavailable' };
    for (const ways of [
      [fails, slow],
      [slow, fails],
    ]) {
      const { sent, store } = await setUp(ways);
      expect((await store.get('key'))?.bytes[0]).toBe(1);
      expect(sent).toHaveLength(2);
    }
  });

  test('fails as its first request did when both fail, whichever was earlier', async () => {
    const [late, early] = [400, 10].map((thereMs) => ({ thereMs, backMs: 0 })) as [Way, Way];
    for (const thereMs of [100, 400]) {
      const { store } = await setUp([
        { ...late, thereMs, ends: 'Unavailable' },
        { ...early, ends: 'PermissionDenied' },
      ]);
      expect((await failure(store.get('key'))).code).toBe('Unavailable');
    }
  });

  test('that failed in time is not sent again: that is for the retries', async () => {
    const { runtime, sent, store } = await setUp([{ ...fast, ends: 'Unavailable' }]);
    expect((await failure(store.get('key'))).code).toBe('Unavailable');
    expect([sent.length, runtime.sleeping]).toEqual([1, 0]);
  });

  test('ends with its signal, before and after it was sent again', async () => {
    for (const atMs of [20, 100]) {
      const { runtime, sent, store } = await setUp([lost]);
      const controller = new AbortController();
      const read = failure(store.get('key', { signal: controller.signal }));
      await runtime.sleep(atMs);
      controller.abort();
      expect((await read).code).toBe('Aborted');
      expect(sent).toHaveLength(atMs < 50 ? 1 : 2);
      expect(runtime.monotonic()).toBe(atMs + lingersMs);
      expect(runtime.sleeping).toBe(0);
    }
    const { sent, store } = await setUp([lost]);
    expect((await failure(store.get('key', { signal: AbortSignal.abort() }))).code).toBe('Aborted');
    expect(sent.filter(({ call }) => call.signal?.aborted !== true)).toEqual([]);
  });

  test('counts as late only when the event loop had a turn to take its answer in', async () => {
    // A program that was busy for long: all its timers are due, and each goes off at the next turn.
    const runtime: Runtime = { ...systemRuntime, sleep: () => nextTurn() };
    const { memory } = told(runtime, () => fast);
    await memory.put('key', new Uint8Array(1));
    let sent = 0;
    const arrives: ObjectStore = forwarding(memory, {
      get: async (key, call) => {
        sent += 1;
        await nextTurn();
        await nextTurn();
        return memory.get(key, call);
      },
    });
    await hedged(arrives, arrives, { runtime, afterMs: 50 }).get('key');
    expect(sent).toBe(1);
  });
});

describe('the memory of the caller', () => {
  const range = { start: 0, end: 3 };

  test('is given to the first request alone, which has ended when the read has', async () => {
    const { runtime, sent, store } = await setUp([{ ...slow, thereMs: 5 }, fast]);
    const into = new Uint8Array(3);
    const body = await store.get('key', { range, into });
    expect(body?.bytes).not.toBe(into);
    expect(body?.bytes).toEqual(new Uint8Array([1, 2, 3]));
    expect(sent.map(({ call }) => 'into' in call)).toEqual([true, false]);
    const then = into.slice();
    await runtime.sleep(10_000);
    expect(into).toEqual(then);
  });

  test('holds the answer when the first request brought it', async () => {
    const { store } = await setUp([slow, lost]);
    const into = new Uint8Array(3);
    expect((await store.get('key', { range, into }))?.bytes).toBe(into);
    expect(into).toEqual(new Uint8Array([1, 2, 3]));
  });
});

test('what changes the store, lists it, or has nobody waiting for it is never sent twice', async () => {
  const { sent, store, memory } = await setUp([slow]);
  let puts = 0;
  const again: ObjectStore = forwarding(memory, {
    put: async () => Promise.reject(new Error('sent again')),
    delete: async () => Promise.reject(new Error('sent again')),
  });
  const writes = hedged(
    forwarding(memory, {
      put: async (...call) => {
        puts += 1;
        await new FakeRuntime().sleep(1000);
        return memory.put(...call);
      },
    }),
    again,
    { runtime: new FakeRuntime(), afterMs: 1 },
  );
  await writes.put('other', new Uint8Array(1));
  await writes.delete(['other']);
  expect(puts).toBe(1);
  await store.head('key');
  await store.list();
  await store.get('key', { background: true });
  await store.getRanges('key', [{ start: 0, end: 1 }], { background: true });
  expect(sent).toHaveLength(4);
});

describe('when a read is late', () => {
  const long = { start: 0, end: 8 * 2 ** 20 };

  test('200 ms until 20 reads were seen, then their 95th percentile', async () => {
    const way = (ms: number): Way => ({ thereMs: ms, backMs: 0, ends: 'answer' });
    // The 19th of 20 in order takes 30 ms.
    const first = [...Array.from({ length: 18 }, () => way(10)), way(150), way(30)];
    const { runtime, sent, store } = await setUp([...first, lost, fast], {});
    for (let read = 0; read < first.length; read++) await store.get('key');
    expect(sent).toHaveLength(20);
    const begunMs = runtime.monotonic();
    await store.get('key');
    expect(sent.slice(20).map(({ atMs }) => atMs - begunMs)).toEqual([0, 30]);
  });

  test('a read that was outrun is among them, with the time that it had', async () => {
    const first = Array.from({ length: 18 }, () => fast);
    const { runtime, sent, store } = await setUp(
      [...first, ...[lost, fast], ...[lost, fast, lost, fast]],
      {},
    );
    for (let read = 0; read < 20; read++) await store.get('key');
    const begunMs = runtime.monotonic();
    await store.get('key');
    expect(sent.slice(-2).map(({ atMs }) => atMs - begunMs)).toEqual([0, 210 + lingersMs]);
  });

  test('a large body is not late because it is large', async () => {
    const takes = (thereMs: number): Way => ({ thereMs, backMs: 0, ends: 'answer' });
    const unseen = await setUp([takes(599), lost, fast], {});
    await unseen.store.get('key', { range: long });
    expect(unseen.sent).toHaveLength(1);
    await unseen.store.get('key', { range: long });
    expect(unseen.sent.slice(1).map(({ atMs }) => atMs - 599)).toEqual([0, 600]);
    const fixed = await setUp([lost, fast], { afterMs: 20 });
    await fixed.store.get('key', { range: long });
    expect(fixed.sent.map(({ atMs }) => atMs)).toEqual([0, 420]);
  });

  test('few reads of a slow bucket are sent again: one in twenty, and four more', async () => {
    const { sent, store } = await setUp([slow]);
    for (let read = 0; read < 200; read++) await store.get('key');
    expect(sent).toHaveLength(200 + 4 + 9);
    const half = await setUp([slow], { afterMs: 50, atMost: 0.5 });
    for (let read = 0; read < 100; read++) await half.store.get('key');
    expect(half.sent).toHaveLength(100 + 4 + 49);
  });

  test('a bucket that only fails earns no hedges', async () => {
    const { sent, store } = await setUp([{ ...slow, ends: 'Unavailable' }]);
    for (let read = 0; read < 100; read++) await failure(store.get('key'));
    expect(sent).toHaveLength(100 + 4);
  });

  test('hedges hold 16 MiB at most', async () => {
    const { sent, store } = await setUp([slow], { afterMs: 50 });
    await Promise.all([1, 2, 3].map(() => store.get('key', { range: long })));
    expect(sent).toHaveLength(3 + 2);
    await store.get('key', { range: { start: 0, end: 2 ** 33 } });
    expect(sent).toHaveLength(3 + 2 + 1);
  });
});

describe('the option', () => {
  test('what is none is refused by name', () => {
    for (const [given, option] of [
      ['yes', 'hedge'],
      [1, 'hedge'],
      [null, 'hedge'],
      [{ afterMs: -1 }, 'hedge.afterMs'],
      [{ afterMs: Number.NaN }, 'hedge.afterMs'],
      [{ afterMs: Number.POSITIVE_INFINITY }, 'hedge.afterMs'],
      [{ afterMs: 2 ** 31 }, 'hedge.afterMs'],
      [{ afterMs: '50' }, 'hedge.afterMs'],
      [{ atMost: 0 }, 'hedge.atMost'],
      [{ atMost: 1.5 }, 'hedge.atMost'],
      [{ atMost: Number.NaN }, 'hedge.atMost'],
    ] as const) {
      const check = (): unknown => checkHedge(given as HedgeOptions);
      expect(check).toThrow(NacreError);
      expect(check).toThrow(expect.objectContaining({ code: 'InvalidArgument', context: { option } }));
    }
  });

  test('off, on, and on with figures', () => {
    expect([undefined, false].map(checkHedge)).toEqual([undefined, undefined]);
    expect(checkHedge(true)).toEqual({});
    expect(checkHedge({ afterMs: 0, atMost: 1 })).toEqual({ afterMs: 0, atMost: 1 });
  });
});
