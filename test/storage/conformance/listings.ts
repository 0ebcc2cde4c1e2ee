import { beforeAll, expect, test } from 'vitest';
import type { ListEntry, ListOptions, ObjectStore } from '../../../src/storage/object-store.js';
import { bytes, freshKey, type Get, minuteMs, type Place } from './support.js';

// Names whose order by folder differs from their order by key: '-' and '.' sort before '/'.
const names = [
  'a-b',
  'a.b',
  'a/b',
  'a/c/d',
  'a/c-d',
  'a0',
  'a_b',
  'ab',
  'b/1',
  'b/2-x',
  'b/2.x',
  'b/2/x',
  'b/20',
];

async function listAll(store: ObjectStore, options: ListOptions): Promise<ListEntry[]> {
  const entries: ListEntry[] = [];
  let after = options.after;
  for (let page = 0; page < 100; page++) {
    const { entries: some, next } = await store.list(after === undefined ? options : { ...options, after });
    expect(some.length).toBeLessThanOrEqual(options.limit ?? 1000);
    entries.push(...some);
    if (next === undefined) return entries;
    expect(next).not.toBe(after);
    after = next;
  }
  throw new Error('the listing does not end');
}

export function listings(place: Get<Place>): void {
  const store = (): ObjectStore => place().store;
  let under = '';
  beforeAll(async () => {
    under = freshKey('list');
    await Promise.all(names.map((name) => store().put(`${under}/${name}`, bytes(name))));
  });

  /** Keys below `under`; in their own order where the store promises one. */
  const keysOf = (entries: readonly ListEntry[]): string[] => {
    const found = entries.map((entry) => entry.key.slice(under.length + 1));
    return store().capabilities.sortedList ? found : found.sort();
  };
  const expected = (keep: (name: string) => boolean): string[] => names.filter(keep).sort();

  test('a listing names every key below a prefix, with size and time, in byte order where promised', async () => {
    const entries = await listAll(store(), { prefix: `${under}/` });
    expect(keysOf(entries)).toEqual(expected(() => true));
    for (const entry of entries) {
      expect(entry.sizeBytes).toBe(entry.key.length - under.length - 1);
      expect(Math.abs(entry.modifiedMs - Date.now())).toBeLessThan(30 * minuteMs);
    }
  });

  test.each([1, 2, 5, names.length])('pages of %i keys add up to the whole, each key once', async (limit) => {
    expect(keysOf(await listAll(store(), { prefix: `${under}/`, limit }))).toEqual(expected(() => true));
  });

  test.each(['a', 'a/', 'a/c', 'a/c/', 'b/2', 'b/2/', 'b/2/x', 'zz'])(
    'the prefix %s is text, not a folder',
    async (prefix) => {
      const entries = await listAll(store(), { prefix: `${under}/${prefix}` });
      expect(keysOf(entries)).toEqual(expected((name) => name.startsWith(prefix)));
    },
  );

  test.each(['a', 'a-b', 'a/', 'a/b', 'a/bb', 'a/c-', 'a/c/d', 'b', 'b/20', 'zz'])(
    'only keys after %s are listed, whether it is a key or not',
    async (after) => {
      const options = { prefix: `${under}/`, after: `${under}/${after}` };
      expect(keysOf(await listAll(store(), options))).toEqual(expected((name) => name > after));
      expect(keysOf(await listAll(store(), { ...options, limit: 2 }))).toEqual(
        expected((name) => name > after),
      );
    },
  );

  test('a prefix that no key has lists nothing, and the end is said', async () => {
    expect(await store().list({ prefix: freshKey('nothing') })).toEqual({ entries: [], next: undefined });
  });

  test('a listing from any client shows what was written and hides what was deleted before it began', async () => {
    const { other } = place();
    const base = freshKey('fresh');
    for (let i = 0; i < 5; i++) {
      await store().put(`${base}/${i}`, bytes('x'), i % 2 === 0 ? {} : { condition: 'absent' });
      expect((await other.list({ prefix: `${base}/` })).entries.map((entry) => entry.key)).toHaveLength(
        i + 1,
      );
    }
    await store().delete([`${base}/2`]);
    const keys = (await other.list({ prefix: `${base}/` })).entries.map((entry) => entry.key).sort();
    expect(keys).toEqual([0, 1, 3, 4].map((i) => `${base}/${i}`));
  });
}
