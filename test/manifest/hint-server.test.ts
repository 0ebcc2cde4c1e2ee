// A copy to another server under the same bucket and prefix is a copy.
import { describe, expect, test } from 'vitest';
import { readHint, writeHint } from '../../src/manifest/hint.js';
import { hintKey } from '../../src/manifest/keys.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { firstRoot, functions, runtime } from './drafts.js';

describe('a hint', () => {
  const [here, there] = ['https://s3.amazonaws.com', 'http://localhost:9000'];
  const store = new MemoryStore('servers', runtime);
  /** The bucket as a process sees it that reaches it at `server`. */
  const at = (server: string | undefined) => ({
    ...forwarding(store, {}),
    capabilities: { ...store.capabilities, ...(server === undefined ? {} : { server }) },
  });
  const problemOf = async (written: string | undefined, read: string | undefined, waitMs = 0) => {
    const token = (await store.head(hintKey))?.token;
    await writeHint(at(written), firstRoot(), token, functions);
    await runtime.sleep(waitMs);
    const body = (await store.get(hintKey))?.bytes ?? new Uint8Array();
    // As a tool mirrors a bucket: the same bytes, put later.
    if (waitMs > 0) await store.put(hintKey, body);
    return readHint(at(read), functions);
  };

  test('that was put on another server, and later, came with a copy, and says from where', async () => {
    expect((await problemOf(here, here, 600_000)).problem).toBeUndefined();
    expect(await problemOf(here, there, 600_000)).toMatchObject({
      problem: 'elsewhere',
      origin: { home: `memory://servers on ${here}`, version: 1 },
    });
  });

  test('that was put when it says, by a server of another name, was put here', async () => {
    expect((await problemOf('http://minio:9000', 'https://minio.example')).problem).toBeUndefined();
  });

  test('of an earlier release, which names none, is read as it was', async () => {
    expect((await problemOf(undefined, there, 600_000)).problem).toBeUndefined();
    expect((await problemOf(there, undefined, 600_000)).problem).toBeUndefined();
  });
});
