// What a user is told when something about Google Cloud Storage is wrong, and that credentials are sent.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { isNacreError, type NacreError } from '../../src/errors.js';
import { type GcsOptions, openGcs } from '../../src/storage/gcs.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { server, serversUnderTest } from '../support/servers/index.ts';
import { tinyServer } from '../support/tiny-server.ts';

const disposals: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const dispose of disposals.splice(0)) await dispose();
});

async function open(options: Partial<GcsOptions>, bucket = 'some-bucket'): Promise<ObjectStore> {
  const store = await openGcs(
    { bucket, prefix: 'p' },
    { runtime: systemRuntime, anonymous: true, ...options },
  );
  disposals.push(() => store.close());
  return store;
}

async function before(
  answer: (request: http.IncomingMessage, response: http.ServerResponse) => void,
  options: Partial<GcsOptions> = {},
): Promise<{ store: ObjectStore; requests: readonly string[]; endpoint: string }> {
  const tiny = await tinyServer(answer);
  disposals.push(() => tiny.close());
  const store = await open({ endpoint: tiny.endpoint, ...options });
  return { store, requests: tiny.requests, endpoint: tiny.endpoint };
}

async function failure(call: Promise<unknown>): Promise<NacreError> {
  const error: unknown = await call.then(
    () => new Error('it did not fail'),
    (caught: unknown) => caught,
  );
  if (!isNacreError(error)) throw error;
  return error;
}

const json = (code: number, reason: string, message = 'said so'): string =>
  JSON.stringify({ error: { code, message, errors: [{ domain: 'global', reason, message }] } });

const body = new Uint8Array([1, 2, 3]);
const calls: readonly ((store: ObjectStore) => Promise<unknown>)[] = [
  (store) => store.get('k'),
  (store) => store.get('k', { range: { start: 0, end: 1 } }),
  (store) => store.getRanges('k', [{ start: 0, end: 1 }]),
  (store) => store.head('k'),
  (store) => store.put('k', body),
  (store) => store.list(),
  (store) => store.delete(['k', 'l']),
];

describe.runIf(serversUnderTest().includes('gcs'))('fake-gcs-server', () => {
  test('a bucket that is not there is NotFound, whatever is called', async () => {
    const { endpoint } = await server('gcs');
    for (const call of calls) {
      const error = await failure(call(await open({ endpoint }, 'nacre-nowhere')));
      expect([error.code, error.message]).toEqual(['NotFound', expect.stringContaining('nacre-nowhere')]);
    }
  });

  test('the emulator of the environment is asked without credentials, with or without a scheme', async () => {
    const found = await server('gcs');
    const bucket = await found.bucket();
    for (const host of [found.endpoint, found.endpoint.replace('http://', ''), `${found.endpoint}/`]) {
      vi.stubEnv('STORAGE_EMULATOR_HOST', host);
      const store = await openGcs({ bucket, prefix: '' }, { runtime: systemRuntime });
      expect(await store.get('k')).toBeUndefined();
      expect(Math.abs((store.timeMs() ?? 0) - Date.now())).toBeLessThan(5 * 60_000);
      await store.close();
    }
  });

  test('a call that is aborted before or while it runs is Aborted', async () => {
    const found = await server('gcs');
    const store = await open({ endpoint: found.endpoint }, await found.bucket());
    expect((await failure(store.get('k', { signal: AbortSignal.abort() }))).code).toBe('Aborted');
    const controller = new AbortController();
    const put = store.put('k', new Uint8Array(16 << 20), { signal: controller.signal });
    setImmediate(() => controller.abort());
    expect((await failure(put)).code).toBe('Aborted');
  });
});

describe('an endpoint', () => {
  test('where nothing listens, or whose name has no address, is Unavailable and named', async () => {
    for (const endpoint of ['http://127.0.0.1:1', 'http://no-such-host.invalid']) {
      const error = await failure((await open({ endpoint })).get('k'));
      expect([error.code, error.message]).toEqual(['Unavailable', expect.stringContaining(endpoint)]);
    }
  });

  test.each(['http://', 'ftp://host', 'http://user:secret-word@host'])('%s is refused', async (endpoint) => {
    const error = await failure(open({ endpoint }));
    expect(error.code).toBe('InvalidArgument');
    expect(error.message + error.hint).not.toContain('secret-word');
  });

  test('that speaks no TLS though https is asked for is Unavailable, and another try is no use', async () => {
    const tiny = await tinyServer((_, response) => response.end());
    disposals.push(() => tiny.close());
    const store = await open({ endpoint: tiny.endpoint.replace('http:', 'https:') });
    expect(await failure(store.get('k'))).toMatchObject({ code: 'Unavailable', retryable: false });
  });

  test('that is silent, at once or half-way through a body, is given up as stalled', async () => {
    for (const bytesFirst of [undefined, 50]) {
      const { store } = await before(
        (_, response) => {
          if (bytesFirst === undefined) return;
          response.writeHead(200, { 'content-length': 100, 'x-goog-generation': '1' });
          response.write(Buffer.alloc(bytesFirst));
        },
        { stallMs: 200 },
      );
      const error = await failure(store.get('k'));
      expect([error.code, error.message]).toEqual(['Unavailable', expect.stringContaining('stalled')]);
    }
  });
});

describe('an answer', () => {
  const answer = (status: number, text = '', headers: http.OutgoingHttpHeaders = {}) =>
    before((_, response) => {
      response.writeHead(status, headers).end(text);
    });

  test.each([
    [429, 'rateLimitExceeded', '7', 7000],
    [403, 'userRateLimitExceeded', undefined, undefined],
    [503, 'backendError', '2', 2000],
    [500, 'internalError', undefined, undefined],
    [408, 'uploadBrokenConnection', undefined, undefined],
    [409, 'conflict', undefined, undefined],
  ])('%i %s is Unavailable once, with the wait that it asks for', async (status, reason, after, waitMs) => {
    const { store, requests } = await answer(
      status,
      json(status, reason),
      after ? { 'retry-after': after } : {},
    );
    const error = await failure(store.put('k', body, { condition: 'absent' }));
    expect(error).toMatchObject({ code: 'Unavailable', retryable: true });
    expect(error.context['retryAfterMs']).toBe(waitMs);
    expect(requests).toHaveLength(1);
  });

  test.each([
    [401, 'authError', 'PermissionDenied', 'gcloud auth'],
    [403, 'forbidden', 'PermissionDenied', 'storage.objects.list'],
  ])('%i %s is %s with a hint', async (status, reason, code, words) => {
    const { store, requests } = await answer(status, json(status, reason));
    const error = await failure(store.get('k'));
    expect([error.code, error.hint]).toEqual([code, expect.stringContaining(words)]);
    expect(requests).toHaveLength(1);
  });

  test('that redirects without end is InvalidArgument, for reads and for writes', async () => {
    const { store } = await answer(302, '', { location: '/' });
    for (const call of [() => store.get('k'), () => store.put('k', body)]) {
      const error = await failure(call());
      expect([error.code, error.hint]).toEqual([
        'InvalidArgument',
        expect.stringContaining('STORAGE_EMULATOR_HOST'),
      ]);
    }
  });

  test('that a checksum differs is Corrupt', async () => {
    const { store } = await answer(400, json(400, 'invalid', "Provided CRC32C doesn't match calculated"));
    expect((await failure(store.put('k', body))).code).toBe('Corrupt');
  });

  test('that is cut short is Unavailable, with both lengths', async () => {
    const { store } = await before((_, response) => {
      response.writeHead(200, { 'content-length': 100, 'x-goog-generation': '1' });
      response.write(Buffer.alloc(50), () => response.destroy());
    });
    const error = await failure(store.get('k'));
    expect(error).toMatchObject({ code: 'Unavailable', retryable: true });
    expect(error.context).toMatchObject({ problem: 'truncated', receivedBytes: 50, expectedBytes: 100 });
  });

  test('of failure whose connection breaks is Unavailable for its own call only', async () => {
    const { store } = await before((request, response) => {
      if (request.url?.includes('whole')) {
        response.writeHead(200, { 'content-length': 100, 'x-goog-generation': '1' });
        response.write(Buffer.alloc(50), () => setTimeout(() => response.end(Buffer.alloc(50)), 50));
        return;
      }
      response.writeHead(503, { 'content-length': 100 });
      response.write(Buffer.alloc(50), () => request.socket.resetAndDestroy());
    });
    const whole = store.get('whole');
    for (const call of calls) expect((await failure(call(store))).code).toBe('Unavailable');
    expect((await whole)?.sizeBytes).toBe(100);
  });

  test.each(['<html>captive portal</html>', 'null', ''])(
    'of success that is no GCS (%s) is Unavailable',
    async (text) => {
      for (const type of ['text/html', 'application/json']) {
        const { store } = await answer(200, text, { 'content-type': type });
        for (const call of [
          () => store.put('k', body),
          () => store.head('k'),
          () => store.get('k'),
          () => store.list(),
        ]) {
          expect((await failure(call())).code).toBe('Unavailable');
        }
      }
    },
  );

  test('of success that names no generation is Unavailable', async () => {
    const { store } = await answer(200, '{}', { 'content-type': 'application/json' });
    for (const call of [() => store.put('k', body), () => store.head('k'), () => store.get('k')]) {
      expect((await failure(call())).code).toBe('Unavailable');
    }
  });
});

describe('a call that is given up', () => {
  test('is Unavailable or Aborted for an upload that the server takes no more of', async () => {
    const server = http.createServer(() => {}).listen(0, '127.0.0.1');
    disposals.push(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const store = await open({ endpoint: `http://127.0.0.1:${port}`, stallMs: 200 });
    const large = new Uint8Array(32 << 20);
    const stalled = await failure(store.put('k', large));
    expect([stalled.code, stalled.message]).toEqual(['Unavailable', expect.stringContaining('stalled')]);
    const controller = new AbortController();
    server.once('request', () => controller.abort());
    expect((await failure(store.put('k', large, { signal: controller.signal }))).code).toBe('Aborted');
  });

  test.each([
    ['before the answer', undefined],
    ['half-way through a body', 50],
  ])('%s closes its connection, and the others go on', async (_when, bytesFirst) => {
    let given = (): void => {};
    const gone = new Promise<void>((resolve) => {
      given = resolve;
    });
    let came = (): void => {};
    const asked = new Promise<void>((resolve) => {
      came = resolve;
    });
    let finish = (): void => {};
    const { store } = await before((request, response) => {
      const slow = request.url?.includes('slow');
      if (slow) request.socket.once('close', given);
      else finish = () => void response.end(Buffer.alloc(50));
      if (bytesFirst !== undefined || !slow) {
        response.writeHead(200, { 'content-length': 100, 'x-goog-generation': '1' });
        response.write(Buffer.alloc(50));
      }
      if (slow) setTimeout(came, 50);
    });
    const other = store.get('other');
    const controller = new AbortController();
    const slow = failure(store.get('slow', { signal: controller.signal }));
    await asked;
    controller.abort();
    expect((await slow).code).toBe('Aborted');
    await gone;
    finish();
    expect((await other)?.sizeBytes).toBe(100);
  });
});

describe('credentials', () => {
  function credentialsFile(content: unknown): string {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-adc-'));
    disposals.push(() => rmSync(folder, { recursive: true }));
    writeFileSync(path.join(folder, 'subject'), 'subject-token');
    const file = path.join(folder, 'adc.json');
    writeFileSync(file, JSON.stringify(content).replace('<folder>', folder));
    return file;
  }

  test('of the environment are exchanged for a token once, and the token is sent', async () => {
    const seen: (string | undefined)[] = [];
    const { endpoint, requests } = await before((request, response) => {
      response.setHeader('content-type', 'application/json');
      if (request.url === '/token') {
        response.end(JSON.stringify({ access_token: 'a-token', expires_in: 3600, token_type: 'Bearer' }));
      } else {
        seen.push(request.headers.authorization);
        response.end(JSON.stringify({ generation: '7', size: '3', updated: '2026-11-21T00:00:00.5Z' }));
      }
    });
    vi.stubEnv('STORAGE_EMULATOR_HOST', undefined);
    // Else the library asks Google which project the credentials belong to.
    vi.stubEnv('GOOGLE_CLOUD_PROJECT', 'a-project');
    vi.stubEnv(
      'GOOGLE_APPLICATION_CREDENTIALS',
      credentialsFile({
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${endpoint}/token`,
        credential_source: { file: '<folder>/subject' },
      }),
    );
    const store = await open({ endpoint, anonymous: false });
    expect(await store.head('k')).toMatchObject({ token: '7', sizeBytes: 3 });
    expect(await store.head('k')).toMatchObject({ token: '7' });
    expect(seen).toEqual(['Bearer a-token', 'Bearer a-token']);
    expect(requests.filter((line) => line === 'POST /token')).toHaveLength(1);
  });

  test('that cannot be used are PermissionDenied, with where to put them', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', credentialsFile({ type: 'no such thing' }));
    const store = await open({ endpoint: 'http://127.0.0.1:1', anonymous: false });
    const error = await failure(store.get('k'));
    expect([error.code, error.hint]).toEqual(['PermissionDenied', expect.stringContaining('gcloud auth')]);
  });
});
