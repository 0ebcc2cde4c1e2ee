import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NacreError } from '../../../src/errors.js';
import { MemoryStore } from '../../../src/storage/memory.js';
import type { ObjectStore, StoreScheme } from '../../../src/storage/object-store.js';
import { instrumented } from '../../../src/storage/wrap/instrumented.js';
import { Meter } from '../../../src/storage/wrap/meter.js';
import { WaveCounter } from '../../../src/storage/wrap/waves.js';
import { FakeRuntime } from '../../support/fake-runtime.js';
import { calls, faulty, nth } from '../../support/faulty-store.js';

const body = new Uint8Array(100);

function setUp(scheme: StoreScheme = 's3', plan = nth(() => false, 1, { kind: 'drop' })) {
  const runtime = new FakeRuntime();
  const memory = new MemoryStore('', runtime);
  const capabilities = { ...memory.capabilities, scheme, singlePutBytes: 1000, deleteBatch: 10 };
  const backend: ObjectStore = { ...faulty(memory, plan, runtime), capabilities };
  const meter = new Meter({ runtime });
  return { runtime, meter, store: instrumented(backend, meter) };
}

describe('what is counted', () => {
  test('requests by kind, bytes each way, waves and the price', async () => {
    const { store, meter } = setUp();
    await store.put('a', body);
    await store.put('a', body, { condition: 'absent' });
    await store.get('a');
    await store.get('a', { range: { start: 0, end: 10 } });
    await store.get('nowhere');
    await store.head('a');
    await store.list();
    await store.delete(['a']);
    const counts = meter.snapshot();
    expect(counts).toMatchObject({
      requests: { put: 2, get: 3, head: 1, list: 1, delete: 1 },
      totalRequests: 8,
      bytesUp: 100,
      bytesDown: 110,
      waves: 8,
      failures: 0,
    });
    // Three of class A (two puts, a list), four of class B (three gets, a head); deletes are free.
    expect(counts.priceUsd).toBeCloseTo((3 * 0.005 + 4 * 0.0004) / 1000, 12);
  });

  test('ranges, parts of an upload and batches of a delete as the requests that a bucket bills', async () => {
    const { store, meter } = setUp();
    await store.put('a', new Uint8Array(2500));
    await store.getRanges('a', [
      { start: 0, end: 10 },
      { start: 20, end: 30 },
    ]);
    await store.delete(Array.from({ length: 11 }, (_, i) => `key/${i}`));
    expect(meter.snapshot()).toMatchObject({
      requests: { put: 5, get: 2, delete: 2 },
      bytesUp: 2500,
      bytesDown: 20,
    });
  });

  test('a folder and memory cost nothing', async () => {
    for (const scheme of ['file', 'memory'] as const) {
      const { store, meter } = setUp(scheme);
      await store.put('a', body);
      await store.get('a');
      expect(meter.snapshot()).toMatchObject({ totalRequests: 2, priceUsd: 0 });
    }
  });

  test('failed requests, and those that the store turned away among them', async () => {
    const refused = nth(calls('get'), 1, { kind: 'error', code: 'Unavailable', status: 503 });
    const { store, meter } = setUp('s3', refused);
    await expect(store.get('a')).rejects.toThrow(NacreError);
    await expect(store.get('NOT ALLOWED')).rejects.toThrow(NacreError);
    expect(meter.snapshot()).toMatchObject({ requests: { get: 2 }, failures: 2, throttles: 1, waves: 2 });
  });

  test('time, and retries that are told', async () => {
    const { runtime, store, meter } = setUp('s3', nth(calls('get'), 1, { kind: 'delay', ms: 70 }));
    await store.get('a');
    await runtime.sleep(30);
    meter.retried();
    expect(meter.snapshot()).toMatchObject({ elapsedMs: 100, retries: 1 });
  });
});

describe('waves', () => {
  test('requests that overlap are one wave, however many; those that follow each other are many', async () => {
    const { store, meter } = setUp();
    const many = (): Promise<unknown> => Promise.all(['a', 'b', 'c'].map((key) => store.get(key)));
    await many();
    await many();
    expect(meter.snapshot()).toMatchObject({ totalRequests: 6, waves: 2 });
  });

  test('a request that runs beside a chain of others adds none', async () => {
    const { store, meter } = setUp('s3', nth(calls('get', /long/), 1, { kind: 'delay', ms: 10 }));
    const beside = store.get('long');
    await store.get('a');
    await store.get('b');
    await beside;
    expect(meter.snapshot().waves).toBe(2);
  });

  test('a background request counts as a request and in no wave', async () => {
    const { store, meter } = setUp();
    await store.put('hint', body, { background: true });
    expect(meter.snapshot()).toMatchObject({
      totalRequests: 1,
      backgroundRequests: 1,
      bytesUp: 100,
      waves: 0,
    });
  });

  test('are the longest chain of pairwise disjoint requests', () => {
    // Spans over distinct times; the longest chain by dynamic programming, apart from the greedy count.
    const spans = fc.uniqueArray(fc.nat(1000), { minLength: 2, maxLength: 24 }).map((times) =>
      Array.from({ length: times.length >> 1 }, (_, i) => {
        const [a = 0, b = 0] = times.slice(2 * i, 2 * i + 2);
        return { start: Math.min(a, b), end: Math.max(a, b) };
      }),
    );
    fc.assert(
      fc.property(spans, (all) => {
        const waves = new WaveCounter();
        const begun = new Map<number, number>();
        const events = all.flatMap((span, i) => [
          { at: span.start, run: () => begun.set(i, waves.begin()) },
          { at: span.end, run: () => waves.end(begun.get(i) ?? 0) },
        ]);
        for (const { run } of events.sort((a, b) => a.at - b.at)) run();
        const byEnd = [...all].sort((a, b) => a.end - b.end);
        const chains: number[] = [];
        byEnd.forEach((span, i) => {
          const before = byEnd.slice(0, i).map((other, j) => (other.end < span.start ? (chains[j] ?? 0) : 0));
          chains.push(1 + Math.max(0, ...before));
        });
        expect(waves.waves).toBe(Math.max(0, ...chains));
      }),
    );
  });
});

describe('scopes', () => {
  test('count what begins between their start and their stop', async () => {
    const { runtime, store, meter } = setUp();
    await store.get('before');
    const scope = meter.scope();
    await store.get('a');
    await runtime.sleep(5);
    expect(scope.snapshot()).toMatchObject({ requests: { get: 1 }, waves: 1 });
    await store.get('b');
    const counts = scope.stop();
    await store.get('after');
    expect(counts).toMatchObject({ requests: { get: 2 }, waves: 2, elapsedMs: 5 });
    expect(scope.stop()).toBe(counts);
    expect(scope.snapshot()).toBe(counts);
    expect(meter.snapshot()).toMatchObject({ requests: { get: 4 }, waves: 4 });
  });

  test('leave out a request that was under way when they began', async () => {
    const { store, meter } = setUp('s3', nth(calls('get'), 1, { kind: 'delay', ms: 10 }));
    const underWay = store.get('a');
    const scope = meter.scope();
    await underWay;
    expect(scope.stop()).toMatchObject({ totalRequests: 0, waves: 0 });
  });

  test('nest, and a reset of the meter leaves them alone', async () => {
    const { store, meter } = setUp();
    const outer = meter.scope();
    await store.get('a');
    const inner = meter.scope();
    await store.get('b');
    meter.reset();
    await store.get('c');
    expect([outer.stop(), inner.stop(), meter.snapshot()].map((counts) => counts.totalRequests)).toEqual([
      3, 2, 1,
    ]);
  });
});
