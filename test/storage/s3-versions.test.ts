// States of keys and locks on S3: what a backup rests on where credentials may only add.
import { afterEach, describe, expect, test } from 'vitest';
import { Meter } from '../../src/storage/wrap/meter.js';
import { chain } from '../../src/storage/wrap/chain.js';
import { openS3 } from '../../src/storage/s3.js';
import type { ObjectStore, VersionedObjects } from '../../src/storage/object-store.js';
import { prefixed } from '../../src/storage/prefixed.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { failure } from '../support/failure.js';
import { server, serversUnderTest } from '../support/servers/index.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: { readonly bytes: Uint8Array } | undefined): string | undefined =>
  body && new TextDecoder().decode(body.bytes);
const minute = 60_000;

let opened: ObjectStore | undefined;
afterEach(async () => {
  await opened?.close();
});

async function openOn(
  kind: 'plain' | 'versioned' | 'locked',
): Promise<{ readonly store: ObjectStore; readonly versioned: VersionedObjects }> {
  const minio = await server('minio');
  const location = { bucket: await minio.bucket(kind), prefix: 'some/where' };
  const { endpoint } = minio;
  const bare = await openS3(location, { runtime: systemRuntime, endpoint, credentials: minio });
  opened = prefixed(chain(bare, { meter: new Meter({ runtime: systemRuntime }) }), 'within');
  const { versioned } = opened;
  if (versioned === undefined) throw new Error('S3 has states of keys');
  return { store: opened, versioned };
}

describe.runIf(serversUnderTest().includes('minio'))('on MinIO', () => {
  test('all states of a key are listed, the newest first, and each can be read', async () => {
    const { store, versioned } = await openOn('versioned');
    await store.put('a/key', bytes('first'));
    await store.put('a/key', bytes('second one'));
    await store.put('a/key.2', bytes('another key'));
    await store.delete(['a/key']);
    const { entries, next } = await versioned.listVersions({ prefix: 'a/' });
    expect(next).toBeUndefined();
    const seen = entries.map(({ key, sizeBytes, isCurrent, isDeletion }) => [
      key,
      sizeBytes,
      isCurrent,
      isDeletion,
    ]);
    expect(seen).toEqual([
      ['a/key', 0, true, true],
      ['a/key', 10, false, false],
      ['a/key', 5, false, false],
      ['a/key.2', 11, true, false],
    ]);
    const [, second, first] = entries.map(({ version }) => version);
    expect(text(await versioned.getVersion('a/key', first ?? ''))).toBe('first');
    const range = { start: 2, end: 6 };
    expect(text(await versioned.getVersion('a/key', second ?? '', { range }))).toBe('cond');
    expect(await store.get('a/key')).toBeUndefined();
    expect(await versioned.deleteForGood(['a/key', 'a/nothing'])).toEqual([]);
    expect((await versioned.listVersions({ prefix: '' })).entries.map(({ key }) => key)).toEqual(['a/key.2']);
  });

  test('a bucket without versions has the one state of each key', async () => {
    const { store, versioned } = await openOn('plain');
    for (const content of ['first', 'second']) await store.put('key', bytes(content));
    const { entries } = await versioned.listVersions({ prefix: '' });
    expect(entries).toMatchObject([{ key: 'key', isCurrent: true, isDeletion: false, sizeBytes: 6 }]);
    expect(await versioned.deleteForGood(['key'])).toEqual([]);
    expect(await store.head('key')).toBeUndefined();
    const lock = { mode: 'governance', untilMs: Date.now() + minute } as const;
    expect((await failure(store.put('key', bytes('x'), { lock }))).code).toBe('InvalidArgument');
  });

  test('a lock is told, can be put off and never brought forward, and what has it stays', async () => {
    const { store, versioned } = await openOn('locked');
    const untilMs = Math.floor(Date.now() / 1000) * 1000 + 10 * minute;
    const lock = { mode: 'governance', untilMs } as const;
    await store.put('key', bytes('locked'), { condition: 'absent', lock });
    expect((await store.head('key'))?.lock).toEqual(lock);
    const later = { ...lock, untilMs: untilMs + minute };
    expect(await versioned.lock('key', later)).toBe('locked');
    expect((await store.head('key'))?.lock).toEqual(later);
    expect(await versioned.lock('key', { mode: 'compliance', untilMs })).toBe('refused');
    await store.put('free', bytes('free'));
    expect(await versioned.deleteForGood(['free', 'key'])).toEqual(['key']);
    expect(text(await store.get('key'))).toBe('locked');
    expect(await store.head('free')).toBeUndefined();
  });

  test('parts carry a lock, too', async () => {
    const minio = await server('minio');
    const location = { bucket: await minio.bucket('locked'), prefix: 'p' };
    const { endpoint } = minio;
    const parts = { singlePutBytes: 1024, partBytes: 5 * 2 ** 20 };
    opened = await openS3(location, { runtime: systemRuntime, endpoint, credentials: minio, ...parts });
    const lock = { mode: 'compliance', untilMs: Math.floor(Date.now() / 1000) * 1000 + minute } as const;
    await opened.put('key', new Uint8Array(6 * 2 ** 20), { condition: 'absent', lock });
    expect((await opened.head('key'))?.lock).toEqual(lock);
  });
});
