import { describe, expect, test } from 'vitest';
import { NacreError } from '../../../src/errors.js';
import { MemoryStore } from '../../../src/storage/memory.js';
import type { PutOptions } from '../../../src/storage/object-store.js';
import { retryBudget } from '../../../src/storage/wrap/retry-budget.js';
import { type RetryEvent, type RetryOptions, retrying } from '../../../src/storage/wrap/retrying.js';
import { failure } from '../../support/failure.js';
import { FakeRuntime } from '../../support/fake-runtime.js';
import { calls, type Fault, type FaultPlan, faulty, nth, plans } from '../../support/faulty-store.js';

const body = new Uint8Array([1, 2, 3]);
const drop: Fault = { kind: 'drop' };
const anyCall = (): boolean => true;

function setUp(plan: FaultPlan, options: RetryOptions = {}) {
  const runtime = new FakeRuntime();
  const memory = new MemoryStore('', runtime);
  const beneath = faulty(memory, plan, runtime);
  const retries: RetryEvent[] = [];
  const store = retrying(beneath, { runtime, onRetry: (event) => retries.push(event), ...options });
  return { runtime, memory, beneath, retries, store };
}

describe('calls that may be repeated', () => {
  const unique: PutOptions = { condition: 'absent', uniqueKey: true };

  test('get, getRanges, head, list, delete and plain puts go through after failures on the way', async () => {
    for (const lost of ['drop', 'loseReply'] as const) {
      const plan = nth((call) => call.index % 3 !== 0, 1, { kind: lost }, Number.POSITIVE_INFINITY);
      const { store, memory, retries } = setUp(plan);
      expect(await store.put('a', body)).toMatchObject({ outcome: 'written' });
      expect((await store.get('a'))?.bytes).toEqual(body);
      expect(await store.getRanges('a', [{ start: 1, end: 2 }])).toEqual([body.subarray(1, 2)]);
      expect(await store.head('a')).toMatchObject({ sizeBytes: 3 });
      expect((await store.list({ prefix: 'a' })).entries).toHaveLength(1);
      await store.delete(['a']);
      expect(await memory.head('a')).toBeUndefined();
      expect(retries.map(({ method, attempt }) => `${method} ${attempt}`)).toEqual(
        ['put', 'get', 'getRanges', 'head', 'list', 'delete'].flatMap((m) => [`${m} 1`, `${m} 2`]),
      );
    }
  });

  test('a missing object is an answer and is not asked for twice', async () => {
    const { store, retries } = setUp(() => undefined);
    expect(await store.get('nowhere')).toBeUndefined();
    expect(retries).toEqual([]);
  });

  test('errors that time does not change are handed on at once, as they are', async () => {
    for (const code of ['PermissionDenied', 'NotFound', 'InvalidArgument', 'ResourceExhausted'] as const) {
      const { store, beneath, retries } = setUp(nth(anyCall, 1, { kind: 'error', code }, 9));
      expect((await failure(store.get('a'))).code).toBe(code);
      expect(retries).toEqual([]);
      expect(beneath.injected.get('error')).toBe(1);
    }
  });

  test('a body that was hurt on its way is sent again; when it always is, the error stays Corrupt', async () => {
    const hurt: Fault = { kind: 'error', code: 'Corrupt' };
    const once = setUp(nth(calls('put'), 1, hurt));
    expect(await once.store.put('a', body, unique)).toMatchObject({ outcome: 'written' });
    const always = setUp(nth(calls('put'), 1, hurt, 99));
    expect(await failure(always.store.put('a', body, unique))).toMatchObject({
      code: 'Corrupt',
      context: { attempts: 8 },
    });
    const mixed = setUp(plans(nth(calls('put'), 1, drop), nth(calls('put'), 2, hurt, 99)));
    expect((await failure(mixed.store.put('a', body, unique))).code).toBe('Unavailable');
  });

  test('a create-only put of a unique key knows its own lost attempt, with the token it has', async () => {
    const { store, memory } = setUp(nth(calls('put'), 1, { kind: 'loseReply' }));
    const result = await store.put('a', body, unique);
    expect(result).toEqual({ outcome: 'written', token: (await memory.head('a'))?.token });
  });

  test('the head that finds the token may fail too', async () => {
    const { store } = setUp(
      plans(nth(calls('put'), 1, { kind: 'loseReply' }), nth(calls('head'), 1, drop, 3)),
    );
    expect(await store.put('a', body, unique)).toMatchObject({ outcome: 'written' });
  });

  test('a request that arrived twice is written, though its second copy was refused', async () => {
    const { store } = setUp(nth(calls('put'), 1, { kind: 'duplicate' }));
    expect((await store.put('a', body, unique)).outcome).toBe('written');
  });

  test('a refusal by an object of another length stays a refusal', async () => {
    const first = setUp(() => undefined);
    await first.memory.put('a', new Uint8Array(99));
    expect(await first.store.put('a', body, unique)).toEqual({ outcome: 'refused' });
    const other = setUp(nth(calls('put'), 1, drop));
    await other.memory.put('a', new Uint8Array(99));
    expect(await other.store.put('a', body, unique)).toEqual({ outcome: 'refused' });
  });

  test('after a lost attempt a definite error does not say that nothing was written', async () => {
    const { store } = setUp(
      plans(
        nth(calls('put'), 1, { kind: 'loseReply' }),
        nth(calls('put'), 2, { kind: 'error', code: 'PermissionDenied', status: 403 }),
      ),
    );
    const error = await failure(store.put('a', body));
    expect(error).toMatchObject({ code: 'Unavailable', retryable: false });
    expect(error.message).toContain('an earlier one may have been applied');
    expect(error.cause).toMatchObject({ code: 'PermissionDenied' });
  });
});

describe('calls that are sent once', () => {
  const once: PutOptions[] = [
    { condition: 'absent' },
    { condition: { token: '1' } },
    { condition: { token: '1' }, uniqueKey: true },
  ];

  test.each(once)('a put with %j', async (options) => {
    const { store, beneath, retries } = setUp(nth(calls('put'), 1, drop, 9));
    const error = await failure(store.put('a', body, options));
    expect(error).toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('before the request'),
    });
    expect(retries).toEqual([]);
    expect(beneath.injected.get('drop')).toBe(1);
  });

  test('a lost create-only put of a root is not repeated, although it landed', async () => {
    const { store, memory } = setUp(nth(calls('put'), 1, { kind: 'loseReply' }));
    expect((await failure(store.put('root', body, { condition: 'absent' }))).code).toBe('Unavailable');
    expect(await memory.head('root')).toBeDefined();
  });
});

describe('waits', () => {
  const dead = (): FaultPlan => nth(anyCall, 1, drop, Number.POSITIVE_INFINITY);

  test('each lies below twice the bound of the one before, up to the cap', async () => {
    const { store, retries } = setUp(dead(), { attempts: 12 });
    await failure(store.get('a'));
    expect(retries).toHaveLength(11);
    for (const { attempt, waitMs } of retries) {
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(waitMs).toBeLessThan(Math.min(5000, 50 * 2 ** (attempt - 1)));
    }
  });

  test('the error at the end says how often, over how long, and keeps the last cause', async () => {
    const { store, runtime } = setUp(dead());
    const error = await failure(store.get('some/key'));
    const elapsedMs = Math.round(runtime.monotonic());
    expect(error.message).toBe(
      `get of memory://unnamed/some/key failed 8 times over ${elapsedMs} ms: ` +
        'get some/key: the connection broke before the request was sent',
    );
    expect(error).toMatchObject({
      code: 'Unavailable',
      retryable: true,
      context: { attempts: 8, elapsedMs },
    });
    expect(error.cause).toMatchObject({ code: 'Unavailable' });
    expect(error.hint).toBeDefined();
  });

  test('the same seed waits the same', async () => {
    const waits = async (): Promise<number[]> => {
      const { store, retries } = setUp(dead());
      await failure(store.get('a'));
      return retries.map(({ waitMs }) => waitMs);
    };
    expect(await waits()).toEqual(await waits());
  });

  test('what the server asks for is waited, and some more so that not all come back at once', async () => {
    const slow: Fault = { kind: 'error', code: 'Unavailable', status: 503, retryAfterMs: 2000 };
    const { store, retries } = setUp(nth(anyCall, 1, slow));
    await store.get('a');
    expect(retries[0]?.waitMs).toBeGreaterThan(2000);
    expect(retries[0]?.waitMs).toBeLessThan(2050);
  });

  test('a server that asks for an hour is asked again after half a minute', async () => {
    const hour: Fault = { kind: 'error', code: 'Unavailable', retryAfterMs: 3_600_000 };
    const { store, retries } = setUp(nth(anyCall, 1, hour));
    await store.get('a');
    expect(retries[0]?.waitMs).toBeLessThan(30_050);
  });

  test('no attempt starts after the deadline', async () => {
    const options = { attempts: 1000, deadlineMs: 20_000, budget: { burst: 1000 } };
    const { store, runtime, retries } = setUp(dead(), options);
    const error = await failure(store.get('a'));
    expect(runtime.monotonic()).toBeLessThanOrEqual(20_000);
    expect(error.context['attempts']).toBe(retries.length + 1);
    expect(retries.length).toBeGreaterThan(5);
  });

  test('a signal ends a wait at once', async () => {
    const slow: Fault = { kind: 'error', code: 'Unavailable', retryAfterMs: 10_000 };
    const runtime = new FakeRuntime({ advance: 'hand' });
    const memory = new MemoryStore('', runtime);
    const store = retrying(faulty(memory, nth(anyCall, 1, slow)), { runtime });
    const controller = new AbortController();
    const call = failure(store.get('a', { signal: controller.signal }));
    await runtime.advance(5000);
    expect(runtime.sleeping).toBe(1);
    controller.abort();
    const error = await call;
    expect(error).toMatchObject({
      code: 'Aborted',
      context: { attempts: 1 },
      cause: { code: 'Unavailable' },
    });
    expect(error.message).toMatch(/^the operation was aborted; before, get of memory:.*a failed once: /);
    expect(runtime.sleeping).toBe(0);
  });

  test('a signal that fires with a failure that would pass ends the call with it, whatever it was at', async () => {
    const reason = new NacreError('Unavailable', 'another part of the read failed');
    const whiles: Record<string, Fault> = {
      'it waits for its next attempt': { kind: 'error', code: 'Unavailable', retryAfterMs: 10_000 },
      'a request is under way': { kind: 'stall' },
    };
    for (const [, fault] of Object.entries(whiles)) {
      const runtime = new FakeRuntime({ advance: 'hand' });
      const store = retrying(faulty(new MemoryStore('', runtime), nth(anyCall, 1, fault)), { runtime });
      const controller = new AbortController();
      const call = failure(store.get('a', { signal: controller.signal }));
      await runtime.advance(5_000);
      controller.abort(reason);
      expect(await call).toBe(reason);
    }
  });

  test('a store that is closed ends its waits at once, and repeats nothing', async () => {
    const slow: Fault = { kind: 'error', code: 'Unavailable', retryAfterMs: 10_000 };
    const runtime = new FakeRuntime({ advance: 'hand' });
    const store = retrying(faulty(new MemoryStore('', runtime), nth(anyCall, 1, slow, 9)), { runtime });
    const calls = ['a', 'b'].map((key) => failure(store.get(key)));
    await runtime.advance(5_000);
    expect(runtime.sleeping).toBe(2);
    await store.close();
    for (const error of await Promise.all(calls))
      expect(error).toMatchObject({ code: 'Unavailable', context: { attempts: 1 } });
    expect((await failure(store.get('c'))).context).toMatchObject({ attempts: 1 });
    expect(runtime.sleeping).toBe(0);
  });

  test('a call with a fired signal sends nothing', async () => {
    const { store, beneath } = setUp(dead());
    expect((await failure(store.get('a', { signal: AbortSignal.abort() }))).code).toBe('Aborted');
    expect(beneath.injected.size).toBe(0);
  });
});

describe('the retry budget', () => {
  test('a dead server sees a burst and then a trickle, however many callers there are', async () => {
    const { store, runtime, beneath } = setUp(nth(anyCall, 1, drop, Number.POSITIVE_INFINITY));
    const callers = 200;
    await Promise.all(Array.from({ length: callers }, (_, i) => failure(store.get(`key/${i}`))));
    const sent = beneath.injected.get('drop') ?? 0;
    const seconds = runtime.monotonic() / 1000;
    expect(sent).toBeGreaterThan(callers);
    expect(sent).toBeLessThanOrEqual(callers + 100 + 10 * seconds + 1);
  });

  test('a retry waits for its turn, and is not taken when the turn is too far away', () => {
    const budget = retryBudget({ burst: 2, perSecond: 10 });
    expect([budget.take(0, 1000), budget.take(0, 1000)]).toEqual([0, 0]);
    expect(budget.take(0, 1000)).toBe(100);
    expect(budget.take(0, 150)).toBeUndefined();
    expect(budget.take(0, 1000)).toBe(200);
    expect(budget.take(10_000, 0)).toBe(0);
  });

  test('calls that succeed earn retries, but never more than the burst', () => {
    const budget = retryBudget({ burst: 1, perSecond: 1, perSuccess: 0.5 });
    for (let i = 0; i < 100; i++) budget.succeeded();
    expect(budget.take(0, 10_000)).toBe(0);
    expect(budget.take(0, 10_000)).toBe(1000);
    budget.succeeded();
    budget.succeeded();
    expect(budget.take(0, 10_000)).toBe(1000);
  });
});
