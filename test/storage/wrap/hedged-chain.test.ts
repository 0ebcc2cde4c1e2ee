// Hedges among the other wrappers: what is counted, who waits, what is repeated.
import { expect, test } from 'vitest';
import type { StoreScheme } from '../../../src/storage/object-store.js';
import { chain, type ChainOptions } from '../../../src/storage/wrap/chain.js';
import { Meter } from '../../../src/storage/wrap/meter.js';
import { FakeRuntime } from '../../support/fake-runtime.js';
import { told, type Way } from '../../support/told-store.js';

const takes = (thereMs: number, ends: Way['ends'] = 'answer'): Way => ({ thereMs, backMs: 0, ends });
const lost = takes(0, 'never');

/** Requests of each key go as is said for it, one after the other; the last of them again and again. */
async function setUp(
  ways: Readonly<Record<string, readonly Way[]>>,
  options: Partial<ChainOptions> = {},
  scheme: StoreScheme = 's3',
) {
  const runtime = new FakeRuntime();
  const meter = new Meter({ runtime });
  const { memory, store, sent } = told(
    runtime,
    (key, nth) => (ways[key]?.[nth - 1] ?? ways[key]?.at(-1)) as Way,
  );
  for (const key of Object.keys(ways)) await memory.put(key, new Uint8Array([7]));
  const backend = { ...store, capabilities: { ...store.capabilities, scheme } };
  const wrapped = chain(backend, { meter, runtime, hedge: { afterMs: 50 }, ...options });
  return { runtime, meter, sent, store: wrapped };
}

test('a hedge is a request at its price, no wave, and the request that it outran no failure', async () => {
  const { meter, store } = await setUp({ a: [takes(20)], b: [lost, takes(20)], c: [takes(20)] });
  // The hedge begins when the other read has ended, and would make two waves of reads that wait for nothing.
  await Promise.all([store.get('a'), store.get('b')]);
  expect(meter.snapshot()).toMatchObject({ requests: { get: 3 }, hedged: 1, waves: 1 });
  await store.get('c');
  const counts = meter.snapshot();
  expect(counts).toMatchObject({ requests: { get: 4 }, hedged: 1, waves: 2 });
  expect(counts).toMatchObject({ failures: 0, retries: 0, backgroundRequests: 0, bytesDown: 3 });
  expect(counts.priceUsd).toBeCloseTo((4 * 0.0004) / 1000, 12);
});

test('a hedge that was slower than the first request is no failure either', async () => {
  const { meter, store } = await setUp({ a: [takes(100), lost] });
  await store.get('a');
  expect(meter.snapshot()).toMatchObject({ requests: { get: 2 }, hedged: 1, waves: 1, failures: 0 });
});

test('a read that waits for its place is not late', async () => {
  const { sent, store } = await setUp({ a: [takes(40)] }, { limit: { reads: 1 } });
  await Promise.all(Array.from({ length: 10 }, () => store.get('a')));
  expect(sent).toHaveLength(10);
});

test('a hedge takes a place of its own, when no read waits for one', async () => {
  const ways = { late: [lost, takes(20)], other: [takes(40)] };
  const { sent, store } = await setUp(ways, { limit: { reads: 2 } });
  await Promise.all([store.get('late'), ...[1, 2, 3, 4].map(() => store.get('other'))]);
  expect(sent.map(({ key, atMs }) => `${key} ${atMs}`)).toEqual([
    ...['late 0', 'other 0', 'other 40', 'other 80', 'other 120'],
    'late 160',
  ]);
});

test('a read that fails while its hedge waits for a place is repeated at once', async () => {
  const { sent, meter, store } = await setUp(
    { a: [takes(100, 'Unavailable'), takes(20)] },
    { limit: { reads: 1 } },
  );
  expect((await store.get('a'))?.bytes[0]).toBe(7);
  expect(sent).toHaveLength(2);
  expect(meter.snapshot()).toMatchObject({ hedged: 0, retries: 1 });
});

test('two requests that fail are repeated as one, and one that fails is not', async () => {
  const both = await setUp({ a: [takes(100, 'Unavailable'), takes(100, 'Unavailable'), takes(20)] });
  expect((await both.store.get('a'))?.bytes[0]).toBe(7);
  expect(both.meter.snapshot()).toMatchObject({ requests: { get: 3 }, hedged: 1, retries: 1, failures: 2 });
  const one = await setUp({ a: [takes(60, 'Unavailable'), takes(20)] });
  expect((await one.store.get('a'))?.bytes[0]).toBe(7);
  expect(one.meter.snapshot()).toMatchObject({ requests: { get: 2 }, hedged: 1, retries: 0, failures: 1 });
});

test('each piece of a merged or cut read is hedged by itself', async () => {
  const { sent, store } = await setUp(
    { a: [takes(10)], long: [takes(10), lost, takes(10)] },
    { coalesce: { maxGapBytes: 0, maxGetBytes: 4, maxRangeBytes: 4 } },
  );
  await store.put(
    'long',
    Uint8Array.from({ length: 8 }, (_, i) => i),
  );
  const into = new Uint8Array(8);
  const body = await store.get('long', { range: { start: 0, end: 8 }, into });
  expect(body?.bytes).toBe(into);
  expect([...into]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(sent.map(({ atMs }) => atMs)).toEqual([0, 0, 50]);
});

test('of a folder and of memory nothing is sent twice', async () => {
  for (const scheme of ['file', 'memory'] as const) {
    const { sent, store } = await setUp({ a: [takes(1000)] }, {}, scheme);
    await store.get('a');
    expect(sent).toHaveLength(1);
  }
});
