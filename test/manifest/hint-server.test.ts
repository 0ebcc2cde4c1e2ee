// A copy to another server under the same bucket and prefix is a copy.
import { describe, expect, test } from 'vitest';
import { serverOf } from '../../src/dataset/server.js';
import { readHint, writeHint } from '../../src/manifest/hint.js';
import { hintKey } from '../../src/manifest/keys.js';
import { MemoryStore } from '../../src/storage/memory.js';
import { parseStoreUri } from '../../src/storage/uri.js';
import { firstRoot, functions, runtime } from '../manifest/drafts.js';

describe('the server of an address', () => {
  const none = () => Promise.resolve({});
  const of = (uri: string, variables = {}, profiles: Parameters<typeof serverOf>[2] = none) =>
    serverOf(parseStoreUri(uri), variables, profiles);

  test('is not there for a folder and for memory', async () => {
    expect(await of('/tmp/x', { AWS_ENDPOINT_URL: 'http://localhost:9000' })).toBeUndefined();
    expect(await of('memory://x')).toBeUndefined();
  });

  test("is Amazon's for every region, network and style, Google's without an emulator", async () => {
    const endpoints = [
      undefined,
      'https://s3.eu-central-1.amazonaws.com',
      'https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com',
      'https://s3.cn-north-1.amazonaws.com.cn',
    ];
    for (const endpoint of endpoints) {
      expect(await of('s3://bucket/a', { AWS_ENDPOINT_URL: endpoint })).toBe('https://s3.amazonaws.com');
    }
    expect(await of('gs://bucket/a')).toBe('https://storage.googleapis.com');
    expect(await of('gs://bucket/a', { STORAGE_EMULATOR_HOST: 'LOCALHOST:4443' })).toBe(
      'http://localhost:4443',
    );
  });

  test('is written in one way: lower case, without path and without the own port of the scheme', async () => {
    const variables = { AWS_ENDPOINT_URL: 'HTTPS://MinIO.Example:443/' };
    expect(await of('s3://bucket/a', variables)).toBe('https://minio.example');
    expect(await of('s3://bucket/a', { ...variables, AWS_ENDPOINT_URL_S3: 'http://Other:9000/x' })).toBe(
      'http://other:9000',
    );
  });

  test('comes from the profile of the URI first, and from the default profile last', async () => {
    const profiles = (name: string) => Promise.resolve({ endpoint_url: `http://${name}:9000` });
    const variables = { AWS_ENDPOINT_URL: 'http://variable:9000' };
    expect(await of('s3://bucket/a?profile=mine', variables, profiles)).toBe('http://mine:9000');
    expect(await of('s3://bucket/a', variables, profiles)).toBe('http://variable:9000');
    expect(await of('s3://bucket/a', { AWS_PROFILE: 'other' }, profiles)).toBe('http://other:9000');
    expect(await of('s3://bucket/a', {}, profiles)).toBe('http://default:9000');
    const ignored = { ...variables, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' };
    expect(await of('s3://bucket/a', ignored, profiles)).toBe('https://s3.amazonaws.com');
  });
});

describe('a hint', () => {
  const [here, there] = ['https://s3.amazonaws.com', 'http://localhost:9000'];
  const store = new MemoryStore('servers', runtime);
  const problemOf = async (written: string | undefined, read: string | undefined, waitMs = 0) => {
    const token = (await store.head(hintKey))?.token;
    await writeHint(store, firstRoot(), token, functions, { server: written });
    await runtime.sleep(waitMs);
    const body = (await store.get(hintKey))?.bytes ?? new Uint8Array();
    // As a tool mirrors a bucket: the same bytes, put later.
    if (waitMs > 0) await store.put(hintKey, body);
    return readHint(store, functions, { server: read });
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
