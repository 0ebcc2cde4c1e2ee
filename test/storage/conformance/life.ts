import { expect, test } from 'vitest';
import type { ObjectStore } from '../../../src/storage/object-store.js';
import {
  bytes,
  codeOf,
  codeOfError,
  freshKey,
  type Get,
  minuteMs,
  noise,
  type Place,
  text,
  written,
} from './support.js';

const badKeys = [
  '',
  '/absolute',
  '../outside',
  'a/../../outside',
  'a/..',
  './a',
  'a/./b',
  'a//b',
  'a/',
  'a\\b',
  'a\0b',
  'a b',
  'a%2e',
  'UPPER',
  'caf\u00e9',
  '\u{1f41a}',
  'k'.repeat(1024),
];

export function keys(store: Get<ObjectStore>): void {
  const segments = [
    'abcdefghijklmnopqrstuvwxyz',
    '0123456789',
    '_',
    '-',
    '.hidden',
    'a..b',
    '...',
    'dot.',
    '-._',
  ];

  test.each(segments)('a key may hold the segment %s, as folder and as name', async (segment) => {
    const key = `${freshKey(segment)}/${segment}`;
    await store().put(key, bytes(key));
    expect(await text(store(), key)).toBe(key);
    const listed = await store().list({ prefix: key });
    expect(listed.entries.map((entry) => entry.key)).toEqual([key]);
    await store().delete([key]);
    expect(await store().get(key)).toBeUndefined();
  });

  test('a key may be 1,000 bytes long', async () => {
    const long = `${freshKey('long')}/${Array.from({ length: 5 }, () => 'k'.repeat(199)).join('/')}`;
    const key = long.slice(0, 1000);
    expect(key).toHaveLength(1000);
    written(await store().put(key, bytes('far down'), { condition: 'absent' }));
    expect(await text(store(), key)).toBe('far down');
    expect((await store().list({ prefix: key })).entries.map((entry) => entry.key)).toEqual([key]);
    await store().delete([key]);
    expect(await store().head(key)).toBeUndefined();
  });

  const shown = badKeys.map((key) => [JSON.stringify(key).slice(0, 30), key] as const);
  test.each(shown)('a key that could leave the store or its grammar is refused: %s', async (_shown, key) => {
    expect(await codeOf(() => store().get(key))).toBe('InvalidArgument');
    expect(await codeOf(() => store().head(key))).toBe('InvalidArgument');
    expect(await codeOf(() => store().put(key, bytes('x')))).toBe('InvalidArgument');
    expect(await codeOf(() => store().getRanges(key, [{ start: 0, end: 1 }]))).toBe('InvalidArgument');
    expect(await codeOf(() => store().delete([freshKey(), key]))).toBe('InvalidArgument');
  });
}

/** Every call, on a key that does not matter. */
function everyCall(
  store: ObjectStore,
  key: string,
  options: { signal?: AbortSignal },
): (() => Promise<unknown>)[] {
  return [
    () => store.get(key, options),
    () => store.getRanges(key, [{ start: 0, end: 1 }], options),
    () => store.put(key, bytes('x'), options),
    () => store.put(key, bytes('x'), { ...options, condition: 'absent' }),
    () => store.head(key, options),
    () => store.list({ prefix: key, ...options }),
    () => store.delete([key], options),
  ];
}

export function life(place: Get<Place>): void {
  test('a signal that fired before the call gives Aborted, and nothing is written', async () => {
    const { store } = place();
    const key = freshKey();
    const signal = AbortSignal.abort();
    for (const call of everyCall(store, key, { signal })) expect(await codeOf(call)).toBe('Aborted');
    expect(await store.get(key)).toBeUndefined();
  });

  test('a signal that fires during a put gives Aborted and no object, or comes too late', async () => {
    const { store } = place();
    const key = freshKey();
    const body = noise(4 << 20);
    const controller = new AbortController();
    const put = store.put(key, body, { signal: controller.signal });
    setImmediate(() => controller.abort());
    const outcome = await put.then((result) => result.outcome, codeOfError);
    expect(['written', 'Aborted']).toContain(outcome);
    // Over a network the bytes may all be there already; what must never be is a part of them.
    const size = (await store.head(key))?.sizeBytes;
    expect(outcome === 'written' ? [body.length] : [undefined, body.length]).toContain(size);
  });

  test('the time of the store is known after an answer and is near the clock', async () => {
    const { store } = place();
    await store.head(freshKey());
    const first = store.timeMs();
    expect(Math.abs((first ?? 0) - Date.now())).toBeLessThan(5 * minuteMs);
    await store.head(freshKey());
    expect(store.timeMs()).toBeGreaterThanOrEqual((first ?? 0) - 2000);
  });

  test('the URI names the place without a trailing slash', () => {
    expect(place().store.uri).toMatch(/^(s3|gs|file|memory):\/\/.*[^/]$/);
    expect(place().store.uri.startsWith(`${place().store.capabilities.scheme}:`)).toBe(true);
  });

  test('a closed store answers every call with Closed, and other clients go on', async () => {
    const { store } = place();
    const closing = await place().another();
    const key = freshKey();
    await closing.put(key, bytes('before'));
    await closing.close();
    await closing.close();
    for (const call of everyCall(closing, key, {})) expect(await codeOf(call)).toBe('Closed');
    expect(await text(store, key)).toBe('before');
  });
}
