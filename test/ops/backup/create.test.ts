// A backup holds what the dataset keeps, create-only, each object once; and only what is missing is copied.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hintKey, rootKey } from '../../../src/manifest/keys.js';
import { forwarding } from '../../../src/storage/wrap/forwarding.js';
import { filled, World, worldWith } from '../../dataset/world.js';
import { failure } from '../../support/failure.js';
import { recording, Trace } from '../../support/recording-store.js';
import { append, backedUp, listed, type Pair } from './support.js';

let source: World;
let backup: World;
let pair: Pair;

beforeEach(async () => {
  source = await worldWith(0, 1, 2);
  await append(source, 3, 4, 5);
  backup = new World(2);
  pair = { source, backup };
});
afterEach(async () => {
  await source.close();
  await backup.close();
});

const traced = async (options = {}): Promise<{ readonly from: string[]; readonly to: string[] }> => {
  const [from, to] = [new Trace(), new Trace()];
  await backedUp(pair, {
    ...options,
    from: recording(source.bare, from),
    to: recording(backup.bare, to),
  });
  const text = ({ entries }: Trace): string[] =>
    entries.map(
      ({ method, key }) => `${method} ${key.replace(/[0-9a-f]{32}/g, 'ID').replace(/\d{8}t\d{6}z/, 'TIME')}`,
    );
  return { from: text(from), to: text(to) };
};

describe('a backup', () => {
  test('has what the source has, bytes unchanged, and a point; the next one what is new alone', async () => {
    const first = await backedUp(pair, { label: 'the first one' });
    expect(first).toMatchObject({ version: 5, versions: 5, objects: 4, presentObjects: 0, movedObjects: 0 });
    await append(source, 6);
    const second = await backedUp(pair);
    expect(second).toMatchObject({ version: 6, versions: 1, objects: 1, presentObjects: 0 });
    for (const key of await source.keys()) {
      if (key === hintKey) continue;
      expect((await backup.bare.get(key))?.bytes, key).toEqual((await source.bare.get(key))?.bytes);
    }
    expect(await backup.bare.head(hintKey)).toBeUndefined();
    const { points, unreadable } = await listed(backup);
    expect(unreadable).toEqual([]);
    expect(points).toMatchObject([
      { point: second.point, version: 6, label: '', rows: 7, newObjects: 1, source: source.bare.uri },
      { point: first.point, version: 5, label: 'the first one', rows: 6, newObjects: 4, arrays: 1 },
    ]);
  });

  test('with nothing new takes eight requests, and one changed partition is all that is read', async () => {
    await backedUp(pair);
    const nothing = await traced();
    expect([...nothing.from, ...nothing.to]).toEqual([
      'get latest',
      `get ${rootKey(6)}`,
      'get latest',
      'put drafts/ID',
      'list gc/',
      'list points/',
      'get points/TIME-ID',
      'put points/TIME-ID',
    ]);
    await append(source, 6);
    const one = await traced();
    expect(one.from.filter((call) => call.startsWith('get arrays/'))).toHaveLength(1);
    expect([...one.from, ...one.to]).toHaveLength(14);
  });

  test('writes nothing that is not create-only, and deletes nothing', async () => {
    const conditions: unknown[] = [];
    const to = forwarding(backup.bare, {
      put: (key, body, options) => {
        conditions.push(options?.condition);
        return backup.bare.put(key, body, options);
      },
      delete: () => Promise.reject(new Error('nothing is deleted')),
    });
    await backedUp(pair, { to });
    await append(source, 6);
    await backedUp(pair, { to });
    expect(new Set(conditions)).toEqual(new Set(['absent']));
  });

  test('of a damaged object takes right bytes from a replica, else names it and makes none', async () => {
    const [key = ''] = await source.keys('arrays/');
    const whole = await filled(new World(3), []);
    for (const one of await source.keys())
      await whole.bare.put(one, (await source.bare.get(one))?.bytes ?? new Uint8Array());
    await source.flip(key);
    const error = await failure(backedUp(pair));
    expect(error).toMatchObject({ code: 'Corrupt', context: { key } });
    expect((await listed(backup)).points).toEqual([]);
    await backedUp(pair, { others: [whole] });
    expect((await backup.bare.get(key))?.bytes).toEqual((await whole.bare.get(key))?.bytes);
  });
});
