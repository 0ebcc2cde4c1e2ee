import { expect, test } from 'vitest';
import { MemoryStore } from '../../../src/storage/memory.js';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import { limiting } from '../../../src/storage/wrap/concurrency.js';
import { forwarding } from '../../../src/storage/wrap/forwarding.js';
import { failure } from '../../support/failure.js';
import { FakeRuntime } from '../../support/fake-runtime.js';

/** A store whose gets and puts take a second each, and that knows how many are under way. */
function slow(runtime: FakeRuntime) {
  const memory = new MemoryStore('', runtime);
  const now = { gets: 0, puts: 0 };
  const most = { gets: 0, puts: 0 };
  const order: string[] = [];
  async function take<T>(kind: 'gets' | 'puts', key: string, call: () => Promise<T>): Promise<T> {
    order.push(key);
    now[kind] += 1;
    most[kind] = Math.max(most[kind], now[kind]);
    await runtime.sleep(1000);
    now[kind] -= 1;
    return call();
  }
  const store: ObjectStore = forwarding(memory, {
    get: (key, options) => take('gets', key, () => memory.get(key, options)),
    put: (key, body, options) => take('puts', key, () => memory.put(key, body, options)),
  });
  return { store, most, order };
}

test('at most so many reads and so many writes are under way, and all are answered', async () => {
  const runtime = new FakeRuntime();
  const { store, most } = slow(runtime);
  const limited = limiting(store, { reads: 5, writes: 2 });
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  await Promise.all([
    ...numbers.map((i) => limited.put(`key/${i}`, new Uint8Array([i]))),
    ...numbers.map((i) => limited.get(`other/${i}`)),
  ]);
  expect(most).toEqual({ gets: 5, puts: 2 });
  expect(runtime.monotonic()).toBe(10_000);
  const bodies = await Promise.all(numbers.map((i) => limited.get(`key/${i}`)));
  expect(bodies.map((body) => body?.bytes[0])).toEqual(numbers);
});

test('long gets wait for each other, and leave places to short ones', async () => {
  const runtime = new FakeRuntime();
  const { store, most, order } = slow(runtime);
  const limited = limiting(store, { reads: 4, longReads: 2 });
  const range = { start: 0, end: 2 * 2 ** 20 };
  const long = ['a', 'b', 'c'].map((key) => limited.get(key, { range }));
  await Promise.all([...long, limited.get('short'), limited.get('part', { range: { start: 0, end: 9 } })]);
  expect([most.gets, order]).toEqual([4, ['a', 'b', 'short', 'part', 'c']]);
});

test('a waiting call leaves the queue when its signal fires, and takes no place', async () => {
  const runtime = new FakeRuntime({ advance: 'hand' });
  const { store, order } = slow(runtime);
  const limited = limiting(store, { reads: 1 });
  const controller = new AbortController();
  const first = limited.get('first');
  const second = limited.get('second', { signal: controller.signal });
  const third = limited.get('third');
  controller.abort();
  await expect(second).rejects.toMatchObject({ code: 'Aborted' });
  await runtime.advance(2000);
  await Promise.all([first, third]);
  expect(order).toEqual(['first', 'third']);
});

test('a call under way keeps its place until it has ended, though its signal has fired', async () => {
  const runtime = new FakeRuntime({ advance: 'hand' });
  const { store, order } = slow(runtime);
  const limited = limiting(store, { reads: 1 });
  const controller = new AbortController();
  const first = failure(limited.get('first', { signal: controller.signal }));
  const second = limited.get('second');
  await runtime.advance(500);
  controller.abort();
  await runtime.advance(499);
  expect(order).toEqual(['first']);
  await runtime.advance(1);
  expect((await first).code).toBe('Aborted');
  await runtime.advance(1000);
  await second;
  expect(order).toEqual(['first', 'second']);
});

test('a call that fails frees its place and keeps its error', async () => {
  const runtime = new FakeRuntime();
  const limited = limiting(new MemoryStore('', runtime), { reads: 1, writes: 1 });
  const results = await Promise.allSettled([limited.get('NOT ALLOWED'), limited.get('allowed')]);
  expect(results[0]).toMatchObject({ status: 'rejected', reason: { code: 'InvalidArgument' } });
  expect(results[1]).toMatchObject({ status: 'fulfilled', value: undefined });
});

test('background calls let all others pass', async () => {
  const runtime = new FakeRuntime();
  const { store, order } = slow(runtime);
  const limited = limiting(store, { reads: 1 });
  await Promise.all([
    limited.get('under-way'),
    limited.get('background', { background: true }),
    limited.get('one'),
    limited.get('two'),
  ]);
  expect(order).toEqual(['under-way', 'one', 'two', 'background']);
});

test('a queue that is full says so', async () => {
  const runtime = new FakeRuntime();
  const { store } = slow(runtime);
  const limited = limiting(store, { reads: 1, waiting: 2 });
  const accepted = ['a', 'b', 'c'].map((key) => limited.get(key));
  await expect(limited.get('d')).rejects.toMatchObject({
    code: 'ResourceExhausted',
    context: { waiting: 2, underWay: 1 },
  });
  await Promise.all(accepted);
});

test('one signal serves many calls without a warning of a leak', async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error): number => warnings.push(warning);
  process.on('warning', listen);
  const runtime = new FakeRuntime();
  const limited = limiting(slow(runtime).store, { reads: 2 });
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 40 }, (_, i) => limited.get(`key/${i}`, { signal })));
  process.off('warning', listen);
  expect(warnings).toEqual([]);
});
