import { expect, test } from 'vitest';
import { MemoryStore } from '../../src/storage/memory.js';
import { failure } from './failure.js';
import { FakeRuntime } from './fake-runtime.js';
import { calls, type Fault, type FaultPlan, faulty, nth, plans } from './faulty-store.js';

const runtime = new FakeRuntime();
const one = new Uint8Array([1]);
const two = new Uint8Array([2]);
const absent = { condition: 'absent' } as const;

function setUp(plan: FaultPlan) {
  const memory = new MemoryStore('', runtime);
  return { memory, store: faulty(memory, plan, runtime) };
}

const firstPut = (fault: Fault): FaultPlan => nth(calls('put'), 1, fault);
const unavailable = { code: 'Unavailable', retryable: true };

test('drop: the caller hears of a failure and nothing was written', async () => {
  const { memory, store } = setUp(firstPut({ kind: 'drop' }));
  await expect(store.put('a', one)).rejects.toMatchObject(unavailable);
  expect(await memory.get('a')).toBeUndefined();
  expect(await store.put('a', one)).toMatchObject({ outcome: 'written' });
});

test('loseReply: the caller hears of a failure and it was written', async () => {
  const { memory, store } = setUp(firstPut({ kind: 'loseReply' }));
  await expect(store.put('a', one, absent)).rejects.toMatchObject(unavailable);
  expect((await memory.get('a'))?.bytes).toEqual(one);
  expect(await store.put('a', one, absent)).toEqual({ outcome: 'refused' });
});

test('late: it is written on demand, with the body and condition of its time, after its caller gave up', async () => {
  const { memory, store } = setUp(nth(calls('put'), 1, { kind: 'late' }, 2));
  const controller = new AbortController();
  const body = one.slice();
  await expect(store.put('a', body, { ...absent, signal: controller.signal })).rejects.toMatchObject(
    unavailable,
  );
  body.fill(9);
  controller.abort();
  await expect(store.put('a', two, absent)).rejects.toMatchObject(unavailable);
  expect([store.late, await memory.get('a')]).toEqual([2, undefined]);
  await store.applyLate();
  expect(store.late).toBe(0);
  expect((await memory.get('a'))?.bytes).toEqual(one);
});

test('late: a delete that arrives late takes what was written since', async () => {
  const { memory, store } = setUp(nth(calls('delete'), 1, { kind: 'late' }));
  await expect(store.delete(['a', 'b'])).rejects.toMatchObject(unavailable);
  await store.put('a', one);
  await store.applyLate();
  expect(await memory.get('a')).toBeUndefined();
});

test('echo: it is written now, and once more on demand', async () => {
  const { memory, store } = setUp(firstPut({ kind: 'echo' }));
  expect(await store.put('a', one)).toMatchObject({ outcome: 'written' });
  await store.put('a', two);
  await store.applyLate();
  expect((await memory.get('a'))?.bytes).toEqual(one);
});

test('duplicate: a create-only put meets itself and is refused', async () => {
  const { memory, store } = setUp(firstPut({ kind: 'duplicate' }));
  expect(await store.put('a', one, absent)).toEqual({ outcome: 'refused' });
  expect((await memory.get('a'))?.bytes).toEqual(one);
});

test('error: any code, status and waiting time', async () => {
  const { store } = setUp(
    plans(
      nth(calls('get'), 1, { kind: 'error', code: 'Unavailable', status: 503, retryAfterMs: 20 }),
      nth(calls('list'), 1, { kind: 'error', code: 'PermissionDenied', status: 403 }),
    ),
  );
  await expect(store.get('a')).rejects.toMatchObject({
    ...unavailable,
    context: { key: 'a', status: 503, retryAfterMs: 20 },
  });
  await expect(store.list()).rejects.toMatchObject({ code: 'PermissionDenied', context: { status: 403 } });
  expect(store.injected).toEqual(new Map([['error', 2]]));
});

test('delay and stall: the reply comes later, or only the signal ends the wait', async () => {
  const { store } = setUp(
    plans(nth(calls('get'), 1, { kind: 'delay', ms: 500 }), nth(calls('get'), 2, { kind: 'stall' })),
  );
  const before = runtime.monotonic();
  expect(await store.get('a')).toBeUndefined();
  expect(runtime.monotonic() - before).toBe(500);
  const controller = new AbortController();
  const stalled = failure(store.get('a', { signal: controller.signal }));
  controller.abort();
  expect((await stalled).code).toBe('Aborted');
});

test('flipBit and truncate: bodies and pieces arrive wrong, what is stored stays right', async () => {
  const { memory, store } = setUp(
    plans(
      nth(calls('get'), 1, { kind: 'flipBit', bit: 9 }),
      nth(calls('getRanges'), 1, { kind: 'flipBit', bit: 9 }),
      nth(calls('get'), 2, { kind: 'truncate', bytes: 2 }),
      nth(calls('getRanges'), 2, { kind: 'truncate', bytes: 2 }),
    ),
  );
  await memory.put('a', new Uint8Array([1, 2, 3]));
  const ranges = [0, 1, 2].map((start) => ({ start, end: start + 1 }));
  expect((await store.get('a'))?.bytes).toEqual(new Uint8Array([1, 0, 3]));
  expect(await store.getRanges('a', ranges)).toEqual([1, 0, 3].map((byte) => new Uint8Array([byte])));
  expect(await store.get('a')).toMatchObject({ bytes: new Uint8Array([1]), sizeBytes: 3 });
  expect(await store.getRanges('a', ranges)).toEqual([[1], [], []].map((bytes) => new Uint8Array(bytes)));
  expect((await store.get('a'))?.bytes).toEqual(new Uint8Array([1, 2, 3]));
});

test('staleList: the last puts do not show yet', async () => {
  const { store } = setUp(nth(calls('list'), 1, { kind: 'staleList', puts: 2 }));
  for (const key of ['b', 'a', 'c']) await store.put(key, one);
  const keys = async (): Promise<string[]> => (await store.list()).entries.map(({ key }) => key);
  expect(await keys()).toEqual(['b']);
  expect(await keys()).toEqual(['a', 'b', 'c']);
});

test('a fault that does not suit its call is a mistake in the plan', async () => {
  const { store } = setUp(firstPut({ kind: 'flipBit', bit: 0 }));
  await expect(store.put('a', one)).rejects.toMatchObject({ code: 'Internal' });
});
