// Reads that are signed here: when they are, what they send, and that a process which reads loads no SDK.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { openS3, type S3Location, type S3Options } from '../../src/storage/s3.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { failure } from '../support/failure.ts';
import { serversUnderTest } from '../support/servers/index.ts';
import { openTestStore } from '../support/servers/open.ts';
import { tinyServer } from '../support/tiny-server.ts';

const disposals: (() => Promise<void> | void)[] = [];
const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-signed-'));
beforeEach(() => {
  for (const name of Object.keys(process.env).filter((name) => name.startsWith('AWS_')))
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

const headers = { etag: '"e"', 'last-modified': 'Sat, 21 Nov 2026 00:00:00 GMT' };
const credentials = { accessKeyId: 'OWN', secretAccessKey: 'secret' };

async function open(options: Partial<S3Options>, location: Partial<S3Location> = {}): Promise<ObjectStore> {
  const store = await openS3(
    { bucket: 'bucket', prefix: 'p', ...location },
    { runtime: systemRuntime, ...options },
  );
  disposals.push(() => store.close());
  return store;
}

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;
const plain: Answer = (_, response) => response.writeHead(200, { ...headers, 'content-length': 1 }).end('a');

/** A server, and what it was asked. */
async function serve(answer: Answer = plain) {
  const seen: http.IncomingMessage[] = [];
  const tiny = await tinyServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  disposals.push(() => tiny.close());
  return { endpoint: tiny.endpoint, seen };
}

/** Each test has files of its own: the SDK reads one once a process. */
let files = 0;
function configFile(text: string): void {
  const file = path.join(folder, `config-${files++}`);
  writeFileSync(file, text);
  vi.stubEnv('AWS_CONFIG_FILE', file);
}

/** As `AWS_CONFIG_FILE=<(…)` of a shell makes it. */
function pipeFile(): void {
  const file = path.join(folder, 'pipe');
  execFileSync('mkfifo', [file]);
  const writer = spawn('sh', ['-c', `echo '[default]' > ${file}`]);
  disposals.push(() => void writer.kill());
  vi.stubEnv('AWS_CONFIG_FILE', file);
}

describe('a read', () => {
  /** Who sends it, and with which key and region. */
  async function sender(options: Partial<S3Options> = {}, location: Partial<S3Location> = {}) {
    const { endpoint, seen } = await serve();
    vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint);
    await (await open(options, location)).get('key');
    const { 'user-agent': agent = '', authorization = '' } = seen[0]?.headers ?? {};
    const [, key, region] = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(authorization) ?? [];
    return [agent.startsWith('nacre') ? 'here' : 'SDK', key, region];
  }
  const environmentKeys = (): void => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'ENV');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  };

  test('with keys of the environment or of the options is signed here', async () => {
    environmentKeys();
    expect(await sender()).toEqual(['here', 'ENV', 'us-east-1']);
    expect(await sender({ credentials, region: 'code-1' })).toEqual(['here', 'OWN', 'code-1']);
    vi.stubEnv('AWS_DEFAULT_REGION', 'env-1');
    expect(await sender()).toEqual(['here', 'ENV', 'env-1']);
  });

  test('takes from the default profile what the environment leaves open', async () => {
    environmentKeys();
    configFile('[default]\nregion = file-1\naws_access_key_id = FILE\naws_secret_access_key = secret\n');
    expect(await sender()).toEqual(['here', 'ENV', 'file-1']);
    const { endpoint, seen } = await serve();
    configFile(`[default]\nendpoint_url = ${endpoint}\n`);
    vi.stubEnv('AWS_ENDPOINT_URL_S3', undefined);
    await (await open({})).get('key');
    expect(seen).toHaveLength(1);
  });

  test.each([
    [
      'a profile in the address',
      () => configFile(`[profile lab]\nregion = lab-1\n${fileKeys}`),
      'lab',
      'FILE',
    ],
    [
      'a profile in the environment',
      () => {
        configFile(`[profile lab]\nregion = lab-1\n${fileKeys}`);
        vi.stubEnv('AWS_PROFILE', 'lab');
      },
      undefined,
      'FILE',
    ],
    [
      'keys of a file alone',
      () => {
        configFile(`[default]\nregion = lab-1\n${fileKeys}`);
        vi.stubEnv('AWS_ACCESS_KEY_ID', '');
      },
      undefined,
      'FILE',
    ],
    ['keys that expire', () => vi.stubEnv('AWS_CREDENTIAL_EXPIRATION', '2099-01-01T00:00:00Z')],
    ['checksums of answers', () => vi.stubEnv('AWS_RESPONSE_CHECKSUM_VALIDATION', 'when_supported')],
    ['a way to sign', () => vi.stubEnv('AWS_AUTH_SCHEME_PREFERENCE', 'sigv4')],
    ['a file that can be read only once', () => pipeFile()],
    ['another kind of address', () => configFile('[default]\nuse_dualstack_endpoint = false\n')],
  ] as const)('with %s is the business of the SDK', async (_, set, profile?: string, key: string = 'ENV') => {
    environmentKeys();
    set();
    const region = key === 'FILE' ? 'lab-1' : 'us-east-1';
    expect(await sender({}, profile === undefined ? {} : { profile })).toEqual(['SDK', key, region]);
  });
  const fileKeys = 'aws_access_key_id = FILE\naws_secret_access_key = secret\n';
});

describe('requests', () => {
  test('of all kinds go on with the same keys after the SDK was loaded', async () => {
    const { endpoint, seen } = await serve();
    const token = { ...credentials, sessionToken: 'token' };
    const store = await open({ endpoint, credentials: token });
    await store.get('key');
    await store.put('key', Uint8Array.of(1));
    await store.get('key', { range: { start: 0, end: 1 }, into: new Uint8Array(1) });
    await store.head('key');
    const agents = seen.map((request) => request.headers['user-agent']?.split(/[/-]/)[0]);
    expect(agents).toEqual(['nacre', 'aws', 'nacre', 'nacre']);
    for (const request of seen) {
      expect(request.headers['x-amz-security-token']).toBe('token');
      expect(request.headers.authorization).toContain('Credential=OWN/');
    }
    expect(seen[2]?.headers.range).toBe('bytes=0-0');
  });

  test('share connections that stay open, whatever was answered', async () => {
    const { endpoint, seen } = await serve((request, response) => {
      if (request.url?.endsWith('missing'))
        response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
      else plain(request, response);
    });
    const store = await open({ endpoint, credentials });
    await store.get('key');
    expect(await store.get('missing')).toBeUndefined();
    await store.head('key');
    await store.get('key');
    const ports = new Set(seen.map((request) => request.socket.remotePort));
    expect([seen.length, ports.size]).toEqual([4, 1]);
  });

  test('reach a server by its IPv6 address, too', async (context) => {
    const server = net.createServer();
    server.listen(0, '::1');
    const works = await Promise.race([once(server, 'listening').then(() => true), once(server, 'error')]);
    if (works !== true) context.skip('this machine has no IPv6 on loopback');
    const { port } = server.address() as AddressInfo;
    server.on('connection', (socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 1\r\n\r\na'));
      disposals.push(() => void socket.destroy());
    });
    disposals.push(() => void server.close());
    const own = await open({ endpoint: `http://[::1]:${port}`, credentials });
    vi.stubEnv('AWS_AUTH_SCHEME_PREFERENCE', 'sigv4');
    const bySdk = await open({ endpoint: `http://[::1]:${port}`, credentials });
    for (const store of [own, bySdk])
      for (const into of [undefined, new Uint8Array(1)]) {
        const got = await store.get('key', { range: { start: 0, end: 1 }, ...(into && { into }) });
        expect(got?.bytes).toEqual(Uint8Array.of(97));
      }
  });

  test('end at a close, and none begins after it', async () => {
    const { endpoint } = await serve(() => {});
    const store = await open({ endpoint, credentials });
    const silent = [
      store.get('key'),
      store.get('key', { range: { start: 0, end: 1 }, into: new Uint8Array(1) }),
    ];
    const failures = Promise.all(silent.map((call) => failure(call)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await store.close();
    expect((await failures).map(({ code }) => code)).toEqual(['Unavailable', 'Unavailable']);
    expect((await failure(store.get('key'))).code).toBe('Closed');
    expect((await failure(store.put('key', Uint8Array.of(1)))).code).toBe('Closed');
  });

  test('with one signal leave one listener on it', async () => {
    const { endpoint } = await serve();
    const warned = vi.fn<(warning: Error) => void>();
    process.on('warning', warned);
    const { signal } = new AbortController();
    const store = await open({ endpoint, credentials });
    await Promise.all(Array.from({ length: 20 }, () => store.get('key', { signal })));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });

  test('whose TLS handshake stalls are given up as connections are', async () => {
    const server = net.createServer((socket) => disposals.push(() => void socket.destroy()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    disposals.push(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const store = await open({ endpoint: `https://127.0.0.1:${port}`, credentials, connectMs: 100 });
    const error = await failure(store.get('key'));
    expect([error.code, error.message]).toEqual(['Unavailable', expect.stringContaining('stalled')]);
  });
});

describe('a refusal', () => {
  test('of a clock that is wrong is followed by requests with the time of the server', async () => {
    const serverMs = Date.UTC(2020, 10, 21);
    const { endpoint, seen } = await serve((request, response) => {
      response.setHeader('date', new Date(serverMs).toUTCString());
      if (String(request.headers['x-amz-date']).startsWith('20201121T0000')) plain(request, response);
      else response.writeHead(403).end('<Error><Code>RequestTimeTooSkewed</Code></Error>');
    });
    const store = await open({ endpoint, credentials });
    const errors = await Promise.all([failure(store.get('key')), failure(store.head('key'))]);
    // A HEAD is refused without a word; the GET beside it has learnt the time.
    expect(errors[0]).toMatchObject({ code: 'Unavailable', retryable: true });
    expect((await store.get('key'))?.sizeBytes).toBe(1);
    expect((await store.head('key'))?.sizeBytes).toBe(1);
    expect(seen).toHaveLength(4);
  });

  test('that a cache hands on does not change the clock', async () => {
    const { endpoint, seen } = await serve((_, response) => {
      response.writeHead(403, { date: 'Sat, 21 Nov 2020 00:00:00 GMT', age: '7' });
      response.end('<Error><Code>RequestTimeTooSkewed</Code></Error>');
    });
    const store = await open({ endpoint, credentials });
    for (let i = 0; i < 2; i++) expect((await failure(store.get('key'))).code).toBe('PermissionDenied');
    expect(seen[1]?.headers['x-amz-date']).not.toMatch(/^2020/);
  });

  test.each([
    ['in HTML', 502, '<html><body>Bad Gateway</body></html>', 'Unavailable', undefined],
    ['in HTML', 403, '<html><body>No</body></html>', 'PermissionDenied', undefined],
    ['without words', 503, '', 'Unavailable', undefined],
    [
      'with a name space',
      403,
      '<Error xmlns="x">\n <Code> AccessDenied </Code></Error>',
      'PermissionDenied',
      'AccessDenied',
    ],
    [
      'with a long story',
      400,
      `<Error><Code>KeyTooLongError</Code>${'x'.repeat(200_000)}`,
      'InvalidArgument',
      'KeyTooLongError',
    ],
  ])('%s (%i) is understood', async (_, status, text, code, serverCode) => {
    const { endpoint } = await serve((_, response) => response.writeHead(status).end(text));
    const error = await failure((await open({ endpoint, credentials })).get('key'));
    expect([error.code, error.context['status'], error.context['serverCode']]).toEqual([
      code,
      status,
      serverCode,
    ]);
  });

  test('is quoted as it was meant', async () => {
    const message = '<Message>a &lt;b&gt; &amp;amp; &quot;c&quot;</Message>';
    const text = `<Error><Code>InvalidRequest</Code>${message}</Error>`;
    const { endpoint } = await serve((_, response) => response.writeHead(400).end(text));
    const error = await failure((await open({ endpoint, credentials })).get('key'));
    expect(error.message).toContain('a <b> &amp; "c"');
  });
});

test('all reads over TLS share connections, and further ones go on with their session', async () => {
  const fixtures = path.join(import.meta.dirname, 'fixtures');
  const certificate = path.join(fixtures, 'localhost-cert.pem');
  const tls = {
    key: readFileSync(path.join(fixtures, 'localhost-key.pem')),
    cert: readFileSync(certificate),
  };
  const resumed: boolean[] = [];
  const waiting: (() => void)[] = [];
  const server = https.createServer(tls, (request, response) => {
    const answer = (): void => {
      // As S3 does: an error comes in chunks.
      if (request.url?.endsWith('missing')) {
        response.writeHead(404).write('<Error><Code>NoSuchKey</Code>');
        response.end('</Error>');
      } else response.writeHead(200, { ...headers, 'content-length': 3 }).end('abc');
    };
    if (!request.url?.endsWith('together')) return answer();
    // Answered when all three are there, each on a connection of its own.
    waiting.push(answer);
    if (waiting.length === 3) for (const each of waiting.splice(0)) each();
  });
  server.on('secureConnection', (socket) => resumed.push(socket.isSessionReused()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  disposals.push(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const script = `
    const { openStore } = await import('./dist/storage/open.js');
    const store = await openStore({ scheme: 's3', bucket: 'bucket', prefix: '' });
    for (let i = 0; i < 2; i++) {
      const whole = await store.get('key');
      const placed = await store.get('key', { range: { start: 0, end: 3 }, into: new Uint8Array(3) });
      const { sizeBytes } = await store.head('key');
      const missing = await store.get('missing');
      const into = new Uint8Array(3);
      const nowhere = await store.get('missing', { range: { start: 0, end: 3 }, into });
      console.log(Buffer.from(whole.bytes).toString(), Buffer.from(placed.bytes).toString(), sizeBytes);
      if (missing !== undefined || nowhere !== undefined) throw new Error('it was missing');
    }
    await Promise.all([1, 2, 3].map(() => store.get('together')));
    await store.close();`;
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    NODE_EXTRA_CA_CERTS: certificate,
    AWS_ENDPOINT_URL: `https://localhost:${port}`,
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
  };
  const options = { cwd: path.resolve(import.meta.dirname, '../..'), env };
  const args = ['--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  expect([stdout, resumed]).toEqual(['abc abc 3\nabc abc 3\n', [false, true, true]]);
});

describe.runIf(serversUnderTest().includes('minio'))('a process', () => {
  /** What a process loads from node_modules/@aws-sdk and @smithy that does `work` with a store. */
  async function loaded(work: string, env: Readonly<Record<string, string>>, uri: string): Promise<string[]> {
    const hooks = `import { writeSync } from 'node:fs';
      export async function resolve(name, context, next) {
        const found = await next(name, context);
        writeSync(2, found.url + '\\n');
        return found;
      }`;
    const script = `
      import { register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
      const { openStore } = await import('./dist/storage/open.js');
      const { parseStoreUri } = await import('./dist/storage/uri.js');
      const store = await openStore(parseStoreUri(${JSON.stringify(uri)}));
      ${work}
      await store.close();`;
    const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: path.resolve(import.meta.dirname, '../..'),
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', ...env },
    });
    expect(stderr).toContain('/dist/storage/s3.js');
    return stderr.split('\n').filter((url) => /node_modules\/@(aws-sdk|smithy)\//.test(url));
  }

  test('that reads loads nothing of the SDK; one that writes or names a profile does', async () => {
    const place = await openTestStore('minio');
    disposals.push(() => place.dispose());
    const body = new Uint8Array(300_000).fill(7);
    await place.store.put('key', body);
    const read = `
      const whole = await store.get('key');
      const range = { start: 10, end: 20 };
      const part = await store.get('key', { range, into: new Uint8Array(10) });
      const head = await store.head('key');
      const missing = [await store.get('missing'), await store.head('missing')];
      const ranges = await store.getRanges('key', [range, { start: 299_999, end: 400_000 }]);
      const lengths = [whole.bytes.length, head.sizeBytes, ranges[1].length];
      const told = [...lengths, part.bytes.join(''), missing.filter(Boolean).length];
      if (String(told) !== '300000,300000,1,7777777777,0') throw new Error(String(told));`;
    expect(await loaded(read, place.env, place.uri)).toEqual([]);
    const write = `await store.put('k', new Uint8Array(1));`;
    expect(await loaded(write, place.env, place.uri)).not.toEqual([]);
    const profile = path.join(folder, 'profile');
    const [key, secret] = [place.env['AWS_ACCESS_KEY_ID'], place.env['AWS_SECRET_ACCESS_KEY']];
    const keys = `aws_access_key_id = ${key}\naws_secret_access_key = ${secret}\n`;
    writeFileSync(profile, `[profile lab]\n${keys}`);
    const env = { ...place.env, AWS_CONFIG_FILE: profile };
    expect(await loaded(read, env, `${place.uri}?profile=lab`)).not.toEqual([]);
  });
});

process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
