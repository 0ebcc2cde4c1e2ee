// Replication within one server, which makes the objects itself: of what was read and compared, and what it
// made is compared, too.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NacreError } from '../../src/errors.js';
import type { CopyResult, CopySource, ObjectStore } from '../../src/storage/object-store.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { World } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import { content, type Pair, replicated } from './replicate-world.js';

let pair: Pair;
beforeEach(async () => {
  const source = new World(1);
  const { dataset } = await source.open();
  await dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'int32' });
    await tx.append('a', { data: Int32Array.from({ length: 400_000 }, (_, i) => i) });
    await tx.create('few', { dtype: 'int32' });
    await tx.append('few', { data: Int32Array.of(1, 2, 3) });
  });
  pair = { source, destination: new World(2) };
});
afterEach(async () => {
  await pair.source.close();
  await pair.destination.close();
});

/** The destination on a server that copies as `copy` does; what it was asked for, and what was put. */
function copying(copy: (key: string, from: CopySource) => Promise<CopyResult>): {
  readonly to: ObjectStore;
  readonly asked: string[];
  readonly put: Map<string, number>;
} {
  const { bare } = pair.destination;
  const asked: string[] = [];
  const put = new Map<string, number>();
  const to = forwarding(bare, {
    copies: {
      reaches: (store) => store.uri === pair.source.bare.uri,
      copy: (key, from) => {
        asked.push(key);
        return copy(key, from);
      },
    },
    put: (key, body, options) => {
      put.set(key, (put.get(key) ?? 0) + 1);
      return bare.put(key, body, options);
    },
  });
  return { to, asked, put };
}

/** Puts what the source has under the key, changed by `change`. */
async function made(key: string, from: CopySource, change = (bytes: Uint8Array): Uint8Array => bytes) {
  const found = await pair.source.bare.get(from.key);
  expect(found?.token).toBe(from.token);
  await pair.destination.bare.put(key, change(found?.bytes ?? new Uint8Array()));
}

const flipped = (bytes: Uint8Array): Uint8Array => bytes.with(5000, (bytes[5000] ?? 0) ^ 1);

async function largeKey(): Promise<string> {
  for (const key of await pair.source.keys('arrays/'))
    if (((await pair.source.bare.head(key))?.sizeBytes ?? 0) > 2 ** 20) return key;
  throw new Error('one is large');
}

async function crcOf(key: string): Promise<number> {
  const { native } = await import('../../src/native.js');
  return native().crc32c((await pair.source.bare.get(key))?.bytes ?? new Uint8Array());
}

describe('a large object', () => {
  test('is made by the server, and compared by its checksum; small ones are put', async () => {
    const key = await largeKey();
    const { to, asked, put } = copying(async (at, from) => {
      await made(at, from);
      return { outcome: 'written', crc32c: await crcOf(at) };
    });
    await replicated(pair, { to });
    expect([asked, put.has(key)]).toEqual([[key], false]);
    expect(await content(pair.destination)).toEqual(await content(pair.source));
  });

  test.each([
    ['by another checksum', true],
    ['by reading, where the server says none', false],
  ])('that came out wrong is found %s, and replaced', async (_, says) => {
    const key = await largeKey();
    const { to } = copying(async (at, from) => {
      await made(at, from, flipped);
      return { outcome: 'written', crc32c: says ? (await crcOf(at)) ^ 1 : undefined };
    });
    const report = await replicated(pair, { to });
    expect(report.mendedObjects).toBe(1);
    expect((await pair.destination.bare.get(key))?.bytes).toEqual((await pair.source.bare.get(key))?.bytes);
  });

  test('that the server does not make is put; one of which no answer comes ends the run, which goes on', async () => {
    const lost = copying(async (at, from) => {
      await made(at, from);
      throw new NacreError('Unavailable', 'no answer', { retryable: false });
    });
    expect((await failure(replicated(pair, { to: lost.to }))).code).toBe('Unavailable');
    const key = await largeKey();
    const refusing = copying(async () => ({ outcome: 'refused' }));
    // What came of the first try is there, and taken for what it is.
    await replicated(pair, { to: refusing.to });
    expect(refusing.asked).toEqual([]);
    await pair.destination.bare.delete([key]);
    pair = { ...pair, destination: new World(3) };
    const again = copying(async () => ({ outcome: 'refused' }));
    await replicated(pair, { to: again.to });
    expect([again.asked, again.put.get(key)]).toEqual([[key], 1]);
    expect(await content(pair.destination)).toEqual(await content(pair.source));
  });

  test('that is damaged at the source is not made', async () => {
    const key = await largeKey();
    await pair.source.flip(key);
    const { to, asked } = copying(async () => ({ outcome: 'refused' }));
    expect((await failure(replicated(pair, { to }))).code).toBe('Corrupt');
    expect(asked).toEqual([]);
    expect(await pair.destination.bare.head(key)).toBeUndefined();
  });
});
