// What a bucket is asked before the engine is there.
import { afterEach, expect, test, vi } from 'vitest';
import { openBackend } from '../../src/dataset/backend.js';
import { LocalStore } from '../../src/storage/local.js';
import { failure } from '../support/failure.ts';
import { tinyServer } from '../support/tiny-server.ts';

const disposals: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

/** A bucket that answers as it is told, one answer a request; with 0 never. */
async function bucket(...statuses: readonly number[]) {
  let turn = 0;
  const tiny = await tinyServer((_, response) => {
    const status = statuses[turn++] ?? 200;
    if (status === 0) return;
    response.writeHead(status, { etag: `"${turn}"`, 'content-length': 1 }).end('a');
  });
  disposals.push(() => tiny.close());
  vi.stubEnv('AWS_ENDPOINT_URL_S3', tiny.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
  return tiny.requests;
}

async function open(signal?: AbortSignal) {
  const store = await openBackend('s3://bucket/set', signal === undefined ? {} : { signal });
  disposals.push(() => store.close());
  return store;
}

test('the hint is on its way when the store is open, and its first reader gets that answer', async () => {
  const requests = await bucket();
  const store = await open();
  await vi.waitFor(() => expect(requests).toEqual(['GET /bucket/set/latest']));
  expect((await store.get('other'))?.token).toBe('"2"');
  expect((await store.get('latest'))?.token).toBe('"1"');
  expect((await store.get('latest'))?.token).toBe('"3"');
});

test('a failure is for the first reader to hear, and to try again', async () => {
  const requests = await bucket(503);
  const store = await open();
  await vi.waitFor(() => expect(requests).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await failure(store.get('latest'))).code).toBe('Unavailable');
  expect((await store.get('latest'))?.token).toBe('"2"');
});

test('it ends with the signal of the opening', async () => {
  await bucket();
  const controller = new AbortController();
  const store = await open(controller.signal);
  controller.abort();
  expect((await failure(store.get('latest', { signal: controller.signal }))).code).toBe('Aborted');
});

test('its first reader may end it, and then asks anew', async () => {
  const requests = await bucket(0);
  const store = await open();
  await vi.waitFor(() => expect(requests).toHaveLength(1));
  const controller = new AbortController();
  const read = failure(store.get('latest', { signal: controller.signal }));
  controller.abort();
  expect((await read).code).toBe('Aborted');
  expect((await store.get('latest'))?.token).toBe('"2"');
  const other = await open();
  expect((await failure(other.get('latest', { signal: AbortSignal.abort() }))).code).toBe('Aborted');
});

test('of a folder nothing is asked ahead', async () => {
  expect(await openBackend('/never/made', {})).toBeInstanceOf(LocalStore);
});
