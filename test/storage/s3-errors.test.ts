// What a user is told when something about S3 is wrong: the code, the words, and that no credential is in
// them.
import type http from 'node:http';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { isNacreError, type NacreError } from '../../src/errors.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { openS3, type S3Options } from '../../src/storage/s3.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { server, serversUnderTest, type TestServer } from '../support/servers/index.ts';
import { assumeRole } from '../support/servers/assume-role.ts';
import { tinyServer } from '../support/tiny-server.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI-EXAMPLEKEY' };
const disposals: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const dispose of disposals.splice(0)) await dispose();
});

async function open(options: Partial<S3Options>, bucket = 'some-bucket'): Promise<ObjectStore> {
  const store = await openS3({ bucket, prefix: 'p' }, { runtime: systemRuntime, credentials, ...options });
  disposals.push(() => store.close());
  return store;
}

/** A store before a server that answers every request alike. */
async function before(
  answer: (request: http.IncomingMessage, response: http.ServerResponse) => void,
  options: Partial<S3Options> = {},
): Promise<{ store: ObjectStore; requests: readonly string[] }> {
  const tiny = await tinyServer(answer);
  disposals.push(() => tiny.close());
  return { store: await open({ endpoint: tiny.endpoint, ...options }), requests: tiny.requests };
}

async function failure(call: Promise<unknown>): Promise<NacreError> {
  const error: unknown = await call.then(
    () => new Error('it did not fail'),
    (caught: unknown) => caught,
  );
  if (!isNacreError(error)) throw error;
  const told = JSON.stringify([error.message, error.hint, error.context, String(error.cause)]);
  expect(told).not.toContain(credentials.secretAccessKey);
  return error;
}

const xml = (code: string, more = ''): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>said so</Message>${more}</Error>`;

const body = new Uint8Array([1, 2, 3]);

const calls: readonly ((store: ObjectStore) => Promise<unknown>)[] = [
  (store) => store.get('k'),
  (store) => store.get('k', { range: { start: 0, end: 1 } }),
  (store) => store.get('k', { range: { start: 0, end: 3 }, into: new Uint8Array(3) }),
  (store) => store.getRanges('k', [{ start: 0, end: 1 }]),
  (store) => store.head('k'),
  (store) => store.put('k', body),
  (store) => store.put('k', body, { condition: 'absent' }),
  (store) => store.put('k', body, { condition: { token: '"0"' } }),
  (store) => store.put('k', new Uint8Array(6 << 20)),
  (store) => store.list(),
  (store) => store.delete(['k']),
  (store) => store.delete(['k', 'l']),
];

const s3Servers = serversUnderTest().filter((name) => name !== 'gcs');
describe.each(s3Servers)('%s', (name) => {
  let found: TestServer;
  let bucket: string;
  beforeAll(async () => {
    found = await server(name);
    bucket = await found.bucket();
  });

  test('wrong secrets and unknown keys are PermissionDenied, whatever is called', async () => {
    for (const wrong of [{ ...found, secretAccessKey: credentials.secretAccessKey }, credentials]) {
      const options = { endpoint: found.endpoint, credentials: wrong, singlePutBytes: 5 << 20 };
      const store = await open(options, bucket);
      for (const call of calls) {
        const error = await failure(call(store));
        expect(error.code).toBe('PermissionDenied');
        expect(error.message).not.toContain(found.accessKeyId);
        expect(error.hint).toBeTypeOf('string');
      }
    }
  });

  test('a bucket that is not there is NotFound, whatever is called', async () => {
    const options = { endpoint: found.endpoint, credentials: found };
    for (const call of calls) {
      const error = await failure(call(await open({ ...options, singlePutBytes: 5 << 20 }, 'nacre-nowhere')));
      expect([error.code, error.message]).toEqual(['NotFound', expect.stringContaining('nacre-nowhere')]);
    }
  });

  test('the store tells the time of the server, and never runs backwards', async () => {
    const store = await open({ endpoint: found.endpoint, credentials: found }, bucket);
    expect(store.timeMs()).toBeUndefined();
    let last = 0;
    for (let i = 0; i < 5; i++) {
      await store.head('k');
      const time = store.timeMs() ?? 0;
      expect(time).toBeGreaterThanOrEqual(last);
      last = time;
    }
    expect(Math.abs(last - Date.now())).toBeLessThan(5 * 60_000);
  });

  test('a call that is aborted before or while it runs is Aborted', async () => {
    const store = await open({ endpoint: found.endpoint, credentials: found }, bucket);
    expect((await failure(store.get('k', { signal: AbortSignal.abort() }))).code).toBe('Aborted');
    const controller = new AbortController();
    const put = store.put('k', new Uint8Array(8 << 20), { signal: controller.signal });
    setImmediate(() => controller.abort());
    expect((await failure(put)).code).toBe('Aborted');
  });
});

describe.runIf(serversUnderTest().includes('minio'))('rights on minio', () => {
  test('credentials that may only read objects read them, and are denied all else by name', async () => {
    const minio = await server('minio');
    const bucket = await minio.bucket();
    await (await open({ endpoint: minio.endpoint, credentials: minio }, bucket)).put('there', body);
    const credentials = await assumeRole(minio, ['s3:GetObject']);
    const store = await open({ endpoint: minio.endpoint, credentials }, bucket);
    expect((await store.get('there'))?.bytes).toEqual(body);
    expect(await store.head('missing')).toBeUndefined();
    const error = await failure(store.list());
    expect([error.code, error.hint]).toEqual(['PermissionDenied', expect.stringContaining('s3:ListBucket')]);
    expect((await failure(store.put('new', body))).code).toBe('PermissionDenied');
    expect((await failure(store.delete(['there']))).code).toBe('PermissionDenied');
    expect((await failure(store.delete(['there', 'missing']))).code).toBe('PermissionDenied');
  });

  test('a broken session token is PermissionDenied', async () => {
    const minio = await server('minio');
    const role = await assumeRole(minio, ['s3:GetObject']);
    const broken = { ...role, sessionToken: `${role.sessionToken.slice(0, -4)}AAAA` };
    const store = await open({ endpoint: minio.endpoint, credentials: broken }, await minio.bucket());
    expect((await failure(store.get('k'))).code).toBe('PermissionDenied');
  });
});

describe('an endpoint', () => {
  test('where nothing listens is Unavailable and named', async () => {
    const error = await failure((await open({ endpoint: 'http://127.0.0.1:1' })).get('k'));
    expect(error).toMatchObject({ code: 'Unavailable', retryable: true });
    expect(error.message).toContain('http://127.0.0.1:1');
    expect(error.hint).toContain('AWS_ENDPOINT_URL');
  });

  test('whose name has no address is Unavailable', async () => {
    const error = await failure((await open({ endpoint: 'http://no-such-host.invalid' })).get('k'));
    expect(error).toMatchObject({ code: 'Unavailable' });
    expect(error.message).toContain('no-such-host.invalid');
  });

  test('that speaks no TLS though https is asked for is Unavailable, and trying again is no use', async () => {
    const tiny = await tinyServer((_, response) => response.end());
    disposals.push(() => tiny.close());
    const store = await open({ endpoint: tiny.endpoint.replace('http:', 'https:') });
    const error = await failure(store.get('k'));
    expect(error).toMatchObject({ code: 'Unavailable', retryable: false });
    expect(error.message).toContain('TLS');
  });

  test.each(['not a url', 'ftp://host', 'http://user:secret-word@host'])(
    '%s is refused',
    async (endpoint) => {
      const error = await failure(open({ endpoint }));
      expect(error.code).toBe('InvalidArgument');
      expect(error.message + error.hint).not.toContain('secret-word');
    },
  );

  test('without a region or an endpoint the region is asked for', async () => {
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3']) {
      vi.stubEnv(name, '');
    }
    vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
    const error = await failure(open({}));
    expect([error.code, error.hint]).toEqual(['InvalidArgument', expect.stringContaining('AWS_REGION')]);
  });

  test('that is silent after it accepts is given up as stalled', async () => {
    const { store } = await before(() => {}, { stallMs: 200 });
    const error = await failure(store.get('k'));
    expect([error.code, error.message]).toEqual(['Unavailable', expect.stringContaining('stalled')]);
  });
});

describe('a body', () => {
  const headers = { etag: '"e"', 'last-modified': 'Sat, 21 Nov 2026 00:00:00 GMT' };

  test('that stalls half-way is given up by progress', async () => {
    const { store } = await before(
      (_, response) => {
        response.writeHead(200, { ...headers, 'content-length': 100 });
        response.write(Buffer.alloc(50));
      },
      { stallMs: 200 },
    );
    const error = await failure(store.get('k'));
    expect([error.code, error.message]).toEqual(['Unavailable', expect.stringContaining('stalled')]);
  });

  test('that trickles is read to its end, however long that takes', async () => {
    const { store } = await before(
      (_, response) => {
        response.writeHead(200, { ...headers, 'content-length': 8 });
        let sent = 0;
        const timer = setInterval(() => {
          response.write(Buffer.of(++sent));
          if (sent === 8) clearInterval(timer);
        }, 60);
      },
      { stallMs: 300 },
    );
    expect((await store.get('k'))?.bytes).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  });

  test('that is cut short is Unavailable, with both lengths', async () => {
    const { store } = await before((_, response) => {
      response.writeHead(200, { ...headers, 'content-length': 100 });
      response.write(Buffer.alloc(50), () => response.destroy());
    });
    const error = await failure(store.get('k'));
    expect(error).toMatchObject({ code: 'Unavailable', retryable: true });
    expect(error.context).toMatchObject({ problem: 'truncated', receivedBytes: 50, expectedBytes: 100 });
  });

  test('that is shorter than the range it claims is Unavailable', async () => {
    const { store } = await before((_, response) => {
      response.writeHead(206, { ...headers, 'content-length': 5, 'content-range': 'bytes 10-19/100' });
      response.end(Buffer.alloc(5));
    });
    const error = await failure(store.get('k', { range: { start: 10, end: 20 } }));
    expect(error.context).toMatchObject({ problem: 'truncated', receivedBytes: 5, expectedBytes: 10 });
  });

  test('of another range than the one asked for is Unavailable', async () => {
    const { store } = await before((_, response) => {
      response.writeHead(206, { ...headers, 'content-length': 10, 'content-range': 'bytes 0-9/100' });
      response.end(Buffer.alloc(10));
    });
    expect((await failure(store.get('k', { range: { start: 10, end: 20 } }))).code).toBe('Unavailable');
  });

  test('that comes whole although a range was asked for is cut here', async () => {
    const { store } = await before((_, response) => {
      response.writeHead(200, { ...headers, 'content-length': 6 });
      response.end(Buffer.from('abcdef'));
    });
    const got = await store.get('k', { range: { start: 2, end: 4 } });
    expect(got).toMatchObject({ bytes: new Uint8Array(Buffer.from('cd')), sizeBytes: 6 });
  });

  test('is dropped when the caller aborts while it comes', async () => {
    const controller = new AbortController();
    const { store } = await before((_, response) => {
      response.writeHead(200, { ...headers, 'content-length': 100 });
      response.write(Buffer.alloc(50), () => controller.abort());
    });
    expect((await failure(store.get('k', { signal: controller.signal }))).code).toBe('Aborted');
  });
});

describe('an answer', () => {
  const answer = (status: number, text = '', headers: http.OutgoingHttpHeaders = {}) =>
    before((request, response) => {
      response.writeHead(status, headers);
      response.end(request.method === 'HEAD' ? undefined : text);
    });

  test.each([
    [429, 'TooManyRequests', '7', 7000],
    [503, 'SlowDown', '2', 2000],
    [503, 'ServiceUnavailable', undefined, undefined],
    [500, 'InternalError', undefined, undefined],
    [400, 'RequestTimeout', undefined, undefined],
    [409, 'ConditionalRequestConflict', undefined, undefined],
    [409, 'OperationAborted', undefined, undefined],
  ])('%i %s is Unavailable once, with the wait that it asks for', async (status, code, after, waitMs) => {
    const { store, requests } = await answer(status, xml(code), after ? { 'retry-after': after } : {});
    const error = await failure(store.put('k', body, { condition: 'absent' }));
    expect(error).toMatchObject({ code: 'Unavailable', retryable: true });
    expect(error.context['retryAfterMs']).toBe(waitMs);
    expect(error.context['serverCode']).toBe(code);
    expect(requests).toHaveLength(1);
  });

  test('with a date to wait for is a wait from the time of the answer', async () => {
    const { store } = await answer(503, xml('SlowDown'), {
      date: 'Sat, 21 Nov 2026 00:00:00 GMT',
      'retry-after': 'Sat, 21 Nov 2026 00:00:30 GMT',
    });
    expect((await failure(store.get('k'))).context['retryAfterMs']).toBe(30_000);
  });

  test.each([
    [301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'eu-west-3' }],
    [307, 'TemporaryRedirect', '', { 'x-amz-bucket-region': 'eu-west-3' }],
    [400, 'AuthorizationHeaderMalformed', '<Region>eu-west-3</Region>', {}],
  ])('%i %s names the right region', async (status, code, more, headers) => {
    const { store } = await answer(status, xml(code, more), headers);
    const error = await failure(store.get('k'));
    expect([error.code, error.hint]).toEqual(['InvalidArgument', expect.stringContaining('eu-west-3')]);
    expect(error.message).toContain('us-east-1');
  });

  test('that redirects to itself is refused after one request', async () => {
    const { store, requests } = await answer(302, '', { location: '/some-bucket/p/k' });
    expect((await failure(store.get('k'))).code).toBe('InvalidArgument');
    expect(requests).toHaveLength(1);
  });

  test.each([
    ['ExpiredToken', 400, 'expired'],
    ['InvalidAccessKeyId', 403, 'does not know'],
    ['SignatureDoesNotMatch', 403, 'does not know'],
    ['AccessDenied', 403, 'access denied'],
  ])('%s is PermissionDenied in words of its own', async (code, status, words) => {
    const { store } = await answer(status, xml(code, `<AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId>`));
    const error = await failure(store.get('k'));
    expect([error.code, error.message]).toEqual(['PermissionDenied', expect.stringContaining(words)]);
    expect(error.message).not.toContain('AKIDEXAMPLE');
  });

  test('of 403 to a read names the list right, without which S3 hides that a key is missing', async () => {
    const { store } = await answer(403, xml('AccessDenied'));
    for (const call of [() => store.get('k'), () => store.head('k')]) {
      const error = await failure(call());
      expect([error.code, error.hint]).toEqual([
        'PermissionDenied',
        expect.stringContaining('s3:ListBucket'),
      ]);
    }
  });

  test('that the clock is wrong says so, and the next try signs with the time of the server', async () => {
    const { store } = await answer(403, xml('RequestTimeTooSkewed'), {
      date: 'Sat, 21 Nov 2020 00:00:00 GMT',
    });
    const error = await failure(store.get('k'));
    expect([error.retryable, error.hint]).toEqual([true, expect.stringContaining('clock')]);
  });

  test.each([
    ['BadDigest', 400, 'Corrupt'],
    ['XAmzContentChecksumMismatch', 400, 'Corrupt'],
    ['EntityTooLarge', 400, 'ResourceExhausted'],
    ['XMinioStorageFull', 507, 'ResourceExhausted'],
    ['NotImplemented', 501, 'InvalidArgument'],
    ['KeyTooLongError', 400, 'InvalidArgument'],
  ])('%s to a put is %s', async (code, status, as) => {
    const { store } = await answer(status, xml(code));
    expect((await failure(store.put('k', body))).code).toBe(as);
  });

  test('that an object lies in an archive is not worth another try', async () => {
    const { store } = await answer(403, xml('InvalidObjectState'));
    expect(await failure(store.get('k'))).toMatchObject({ code: 'Unavailable', retryable: false });
  });

  test.each(['<html>captive portal</html>', 'nothing of the kind'])(
    'of success that is no S3 (%s) is Unavailable',
    async (text) => {
      const { store } = await answer(200, text);
      expect((await failure(store.put('k', body))).code).toBe('Unavailable');
      expect((await failure(store.head('k'))).code).toBe('Unavailable');
      expect((await failure(store.get('k'))).code).toBe('Unavailable');
    },
  );

  test('404 without a code is a missing key only once the bucket was seen', async () => {
    const { store, requests } = await before((request, response) => {
      if (request.url?.startsWith('/some-bucket/p/')) response.writeHead(404).end();
      else response.end('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>');
    });
    expect(await store.head('k')).toBeUndefined();
    expect(await store.get('k')).toBeUndefined();
    expect(requests.filter((line) => !line.includes('/p/'))).toHaveLength(1);
  });

  test('that batched deletes are unknown makes single ones of them, from then on at once', async () => {
    const { store, requests } = await before((request, response) => {
      if (request.method === 'POST') response.writeHead(501).end(xml('NotImplemented'));
      else response.writeHead(204).end();
    });
    await store.delete(['a', 'b', 'c']);
    await store.delete(['d', 'e']);
    expect(requests.filter((line) => line.startsWith('POST'))).toHaveLength(1);
    expect(requests.filter((line) => line.startsWith('DELETE'))).toHaveLength(5);
  });

  test('that one key of a batched delete was refused fails the delete and names the key', async () => {
    const { store } = await answer(
      200,
      '<DeleteResult><Error><Key>p/b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>',
    );
    const error = await failure(store.delete(['a', 'b']));
    expect([error.code, error.message]).toEqual(['PermissionDenied', expect.stringContaining('p/b')]);
  });
});

describe('credentials', () => {
  test('that are nowhere to be found are PermissionDenied, with where to put them', async () => {
    for (const name of [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_PROFILE',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
    ]) {
      vi.stubEnv(name, '');
    }
    vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const options = { runtime: systemRuntime, endpoint: 'http://127.0.0.1:1' };
    const store = await openS3({ bucket: 'b', prefix: '' }, options);
    const error = await failure(store.get('k'));
    expect([error.code, error.hint]).toEqual([
      'PermissionDenied',
      expect.stringContaining('AWS_ACCESS_KEY_ID'),
    ]);
    await store.close();
  });
});
