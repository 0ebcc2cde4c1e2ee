// What a bucket's settings would do to a dataset in it. No server that tests run on keeps lifecycle rules,
// so the answers are those of the documentation of the JSON API.
import { afterEach, expect, test, vi } from 'vitest';
import { openGcs } from '../../src/storage/gcs.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { readBucketSettings } from '../../src/storage/gcs/settings.js';
import { tinyServer, type TinyServer } from '../support/tiny-server.js';

let server: TinyServer | undefined;

afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.close();
});

const remove = { type: 'Delete' };

async function settingsWith(bucket: object, prefix = 'team/data'): ReturnType<typeof readBucketSettings> {
  server = await tinyServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ kind: 'storage#bucket', name: 'b', ...bucket }));
  });
  vi.stubEnv('STORAGE_EMULATOR_HOST', server.endpoint);
  return readBucketSettings({ bucket: 'b', prefix });
}

test('a bucket without any', async () => {
  expect(await settingsWith({})).toEqual({
    ...{ versioning: false, lock: '', noncurrentGo: false, lifecycle: [], classes: [] },
    ...{ policy: undefined, replicatedTo: [] },
  });
  expect(server?.requests).toHaveLength(1);
});

test('versioning and retention', async () => {
  const bucket = {
    versioning: { enabled: true },
    retentionPolicy: { retentionPeriod: '2592000', isLocked: true },
  };
  expect(await settingsWith(bucket)).toMatchObject({
    versioning: true,
    lock: 'locked 30 days',
    lifecycle: [],
  });
  const kept = { lifecycle: { rule: [{ action: remove, condition: { daysSinceNoncurrentTime: 30 } }] } };
  expect(await settingsWith({ ...bucket, ...kept })).toMatchObject({ noncurrentGo: true, lifecycle: [] });
});

test('a default class that is dear to read', async () => {
  const { classes } = await settingsWith({ storageClass: 'ARCHIVE' });
  expect(classes).toMatchObject([{ kind: 'limit', text: expect.stringMatching(/ARCHIVE/) as string }]);
});

test.each([
  ['a rule for all', { action: remove, condition: { age: 30 } }, 1],
  ['a rule for a folder above', { action: remove, condition: { age: 30, matchesPrefix: ['team/'] } }, 1],
  ['a rule for a folder within', { action: remove, condition: { matchesPrefix: ['team/data/arrays/'] } }, 1],
  ['a rule for partitions', { action: remove, condition: { age: 1, matchesSuffix: ['.npy'] } }, 1],
  ['a rule for attributes', { action: remove, condition: { age: 1, matchesSuffix: ['.tmp', '.arrow'] } }, 1],
  ['a rule for the hint', { action: remove, condition: { age: 1, matchesSuffix: ['latest'] } }, 1],
  ['a rule for some segments', { action: remove, condition: { age: 1, matchesSuffix: ['0'] } }, 1],
  ['a rule for some roots', { action: remove, condition: { age: 1, matchesSuffix: ['98.root'] } }, 1],
  ['a rule for another folder', { action: remove, condition: { age: 30, matchesPrefix: ['logs/'] } }, 0],
  ['a rule for another ending', { action: remove, condition: { age: 30, matchesSuffix: ['.tmp'] } }, 0],
  ['a rule for old generations', { action: remove, condition: { isLive: false } }, 0],
  ['a rule for the third generation', { action: remove, condition: { numNewerVersions: 2 } }, 0],
  [
    'a colder class',
    { action: { type: 'SetStorageClass', storageClass: 'COLDLINE' }, condition: { age: 9 } },
    0,
  ],
  ['broken uploads', { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 1 } }, 0],
])('%s', async (_, rule, dangers) => {
  const found = await settingsWith({ lifecycle: { rule: [rule] } });
  expect(found.lifecycle).toHaveLength(dangers);
});

test("the server of a bucket is Google's, or the emulator", async () => {
  const serverAt = async (endpoint?: string) => {
    vi.stubEnv('STORAGE_EMULATOR_HOST', endpoint);
    const store = await openGcs({ bucket: 'b', prefix: '' }, { runtime: systemRuntime });
    await store.close();
    return store.capabilities.server;
  };
  expect(await serverAt()).toBe('https://storage.googleapis.com');
  expect(await serverAt('LOCALHOST:4443')).toBe('http://localhost:4443');
});
