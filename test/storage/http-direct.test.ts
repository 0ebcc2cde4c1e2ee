// GETs straight into their place: the plain answer, and everything that a server may say instead.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import type { Readable } from 'node:stream';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { HeldBody, PlacedBody } from '../../src/storage/http-body.js';
import { type DirectGet, DirectGets } from '../../src/storage/http-direct.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that does with each request as `answer` says; the number of its connections. */
async function serve(answer: (socket: Socket, request: string) => void) {
  const made = { connections: 0 };
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    made.connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (head) => answer(socket, head.toString('latin1')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gets = new DirectGets({ connectMs: 2_000, stallMs: 300 });
  closers.push(() => {
    gets.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const to = { protocol: 'http:', hostname: '127.0.0.1', port, path: '/k?x=1', headers: { host: 'h' } };
  const get = (into: Uint8Array | undefined, more: Partial<DirectGet> = {}) =>
    gets.get({ ...to, into, uri: 's3://b/k', ...more });
  return { get, made };
}

const ok = (length: number, more = '') =>
  `HTTP/1.1 200 OK\r\nETag: "e"\r\n${more}Content-Length: ${length}\r\n\r\n`;

function writeAfter(ms: number, socket: Socket, byte: number): void {
  setTimeout(() => socket.write(Uint8Array.of(byte)), ms);
}

async function textOf(body: Readable): Promise<string> {
  return Buffer.concat(await body.toArray()).toString();
}

describe('a plain answer', () => {
  test('lies in its place, and its connection serves again', async () => {
    const requests: string[] = [];
    const { get, made } = await serve((socket, request) => {
      requests.push(request);
      socket.write(`${ok(3)}abc`);
    });
    for (let i = 0; i < 3; i++) {
      const into = new Uint8Array(3);
      const { statusCode, headers, body } = await get(into);
      expect([statusCode, headers]).toEqual([200, { etag: '"e"', 'content-length': '3' }]);
      expect(body instanceof PlacedBody && body.bytes).toBe(into);
      expect(Buffer.from(into).toString()).toBe('abc');
      expect(await textOf(body)).toBe('');
    }
    expect(made.connections).toBe(1);
    expect(requests[0]).toBe('GET /k?x=1 HTTP/1.1\r\nhost: h\r\n\r\n');
  });

  test('may come byte by byte, or in large pieces', async () => {
    const large = Buffer.alloc(3 << 20, 'xyz');
    const { get } = await serve((socket, request) => {
      if (request.includes('large')) socket.write(Buffer.concat([Buffer.from(ok(large.byteLength)), large]));
      else for (const [i, byte] of Buffer.from(`${ok(3)}abc`).entries()) writeAfter(i, socket, byte);
    });
    const small = new Uint8Array(3);
    const into = new Uint8Array(large.byteLength);
    await Promise.all([get(small), get(into, { path: '/large' })]);
    expect(Buffer.from(small).toString()).toBe('abc');
    expect(large.equals(into)).toBe(true);
  });

  test('that says so is the last on its connection', async () => {
    const { get, made } = await serve((socket) => socket.write(`${ok(1, 'Connection: close\r\n')}a`));
    await get(new Uint8Array(1));
    await get(new Uint8Array(1));
    expect(made.connections).toBe(2);
  });

  test('that runs over does not reach the next request', async () => {
    const { get, made } = await serve((socket) => {
      socket.write(`${ok(1)}a`);
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\n\r\n'), 5);
    });
    await get(new Uint8Array(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await get(new Uint8Array(1));
    expect(made.connections).toBe(2);
  });
});

describe('a request without a place for its answer', () => {
  test('gets memory as long as the body, which may be empty', async () => {
    const { get, made } = await serve((socket, request) => {
      socket.write(request.includes('/empty') ? ok(0) : `${ok(3)}abc`);
    });
    const { body } = await get(undefined);
    expect(body instanceof PlacedBody && Buffer.from(body.bytes).toString()).toBe('abc');
    const empty = await get(undefined, { path: '/empty' });
    expect(empty.body instanceof PlacedBody && empty.body.bytes.byteLength).toBe(0);
    expect(made.connections).toBe(1);
  });

  test('gets none for a body that no read may hold', async () => {
    const { get } = await serve((socket) => socket.write(`${ok(5 * 2 ** 30)}abc`));
    const { headers, body } = await get(undefined);
    expect([headers['content-length'], body instanceof PlacedBody]).toEqual([String(5 * 2 ** 30), false]);
    body.on('error', () => {}).destroy();
  });

  test('may be a HEAD, whose answer has a length and no body', async () => {
    const requests: string[] = [];
    const { get, made } = await serve((socket, request) => {
      requests.push(request);
      socket.write(request.includes('/none') ? 'HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n' : ok(3));
    });
    for (const [path, status] of [
      ['/k', 200],
      ['/none', 404],
      ['/k', 200],
    ] as const) {
      const { statusCode, body } = await get(undefined, { method: 'HEAD', path });
      expect([statusCode, await textOf(body)]).toEqual([status, '']);
    }
    expect(requests[0]).toBe('HEAD /k HTTP/1.1\r\nhost: h\r\n\r\n');
    expect(made.connections).toBe(1);
  });
});

describe('a refusal', () => {
  const refusal = (length: number, more = '') =>
    `HTTP/1.1 404 Not Found\r\n${more}Content-Length: ${length}\r\n\r\n`;

  test('is held with its message, and its connection serves again', async () => {
    const { get, made } = await serve((socket, request) => {
      if (request.includes('/empty')) socket.write(refusal(0));
      else if (request.includes('/none')) socket.write(`${refusal(3)}abc`);
      else socket.write(`${ok(3)}xyz`);
    });
    for (const into of [new Uint8Array(3), new Uint8Array(5), undefined]) {
      const { statusCode, headers, body } = await get(into, { path: '/none' });
      expect([statusCode, headers]).toEqual([404, { 'content-length': '3' }]);
      expect(body instanceof HeldBody && Buffer.from(body.bytes).toString()).toBe('abc');
      expect(await textOf(body)).toBe('abc');
      // What was to be read has not come.
      expect(into?.some((byte) => byte !== 0) ?? false).toBe(false);
    }
    expect(await textOf((await get(undefined, { path: '/empty' })).body)).toBe('');
    const { body } = await get(new Uint8Array(3));
    expect(body instanceof PlacedBody && Buffer.from(body.bytes).toString()).toBe('xyz');
    expect(made.connections).toBe(1);
  });

  test('may come byte by byte', async () => {
    const { get } = await serve((socket) => {
      for (const [i, byte] of Buffer.from(`${refusal(3)}abc`).entries()) writeAfter(i, socket, byte);
    });
    expect(await textOf((await get(new Uint8Array(3))).body)).toBe('abc');
  });

  test.each([
    ['that says so', `${refusal(3, 'Connection: close\r\n')}abc`],
    ['that runs over', `${refusal(3)}abc${ok(3)}abc`],
    ['with a message of more than 64 KiB', refusal(2 ** 16 + 1)],
  ])('%s is the last on its connection', async (_, answer) => {
    const { get, made } = await serve((socket) => socket.write(answer));
    for (let i = 0; i < 2; i++) {
      const { statusCode, body } = await get(new Uint8Array(3));
      expect(statusCode).toBe(404);
      body.on('error', () => {}).destroy();
    }
    expect(made.connections).toBe(2);
  });

  test('that is cut says how much came', async () => {
    const { get } = await serve((socket) => socket.end(`${refusal(9)}abc`));
    await expect(get(new Uint8Array(3))).rejects.toMatchObject({
      code: 'Unavailable',
      context: { problem: 'truncated', receivedBytes: 3, expectedBytes: 9 },
    });
  });

  test('that stalls is given up', async () => {
    const { get } = await serve((socket) => socket.write(`${refusal(9)}abc`));
    await expect(get(new Uint8Array(3))).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('another answer is left to node:http', () => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
  test.each([
    ['of another length', `${ok(2)}ab`, 200, 'ab'],
    ['in chunks', chunked, 200, 'abc'],
    ['a refusal in chunks', chunked.replace('200 OK', '404 Not Found'), 404, 'abc'],
    ['elsewhere', 'HTTP/1.1 301 Moved Permanently\r\nContent-Length: 3\r\n\r\nabc', 301, 'abc'],
    ['after a hint', `HTTP/1.1 103 Early Hints\r\n\r\n${ok(3)}abc`, 200, 'abc'],
  ])('%s', async (_, answer, status, said) => {
    const { get, made } = await serve((socket) => socket.write(answer));
    for (let i = 0; i < 3; i++) {
      const { statusCode, body } = await get(new Uint8Array(3));
      expect([statusCode, body instanceof PlacedBody]).toEqual([status, false]);
      expect(await textOf(body)).toBe(said);
    }
    // Its connection serves again.
    expect(made.connections).toBe(1);
  });

  const begun = 'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';
  test.each([
    ['that says so', chunked.replace('200 OK', '404 Not Found\r\nConnection: close'), 'abc'],
    ['of HTTP/1.0', 'HTTP/1.0 404 Not Found\r\nContent-Length: 3\r\n\r\nabc', 'abc'],
    ['that runs over', `${begun}0\r\n\r\n${ok(3)}abc`, 'abc'],
    ['that is not read to its end', begun, undefined],
  ])('one %s is the last on its connection', async (_, answer, said) => {
    const { get, made } = await serve((socket) => socket.write(answer));
    for (let i = 0; i < 2; i++) {
      const { body } = await get(new Uint8Array(3));
      if (said === undefined) body.on('error', () => {}).destroy();
      else expect(await textOf(body)).toBe(said);
    }
    expect(made.connections).toBe(2);
  });

  test('an abort ends it, too', async () => {
    const { get, made } = await serve((socket) => socket.write(begun));
    const controller = new AbortController();
    const { body } = await get(new Uint8Array(3), { signal: controller.signal });
    controller.abort();
    await expect(textOf(body)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await get(new Uint8Array(3));
    expect(made.connections).toBe(2);
  });

  test.each([
    ['no head', 'no head at all\r\n\r\n'],
    ['a broken head', 'HTTP/1.1 200 OK\r\nA\r\n: b\r\n\r\n'],
    ['too long a head', `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(20_000)}`],
  ])('%s fails', async (_, answer) => {
    const { get } = await serve((socket) => socket.write(answer));
    await expect(get(new Uint8Array(3))).rejects.toMatchObject({ code: expect.stringMatching(/^HPE_/) });
  });

  test('also when it stalls', async () => {
    const { get } = await serve((socket) => socket.write(ok(2)));
    const { body } = await get(new Uint8Array(3));
    await expect(textOf(body)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('a connection', () => {
  test('that is cut says how much came', async () => {
    const { get } = await serve((socket) => socket.end(`${ok(3)}a`));
    await expect(get(new Uint8Array(3))).rejects.toMatchObject({
      code: 'Unavailable',
      context: { problem: 'truncated', receivedBytes: 1, expectedBytes: 3 },
    });
  });

  test('that is closed before the answer is reset', async () => {
    const { get } = await serve((socket) => socket.destroy());
    await expect(get(new Uint8Array(3))).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test.each(['', ok(3), `${ok(3)}a`])('that falls silent after %j is given up', async (said) => {
    const { get } = await serve((socket) => socket.write(said));
    await expect(get(new Uint8Array(3))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('is dropped by an abort, which leaves later ones alone', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const { get, made } = await serve((socket, request) => {
      socket.write(request.includes('/half') ? `${ok(3)}a` : `${ok(3)}abc`);
    });
    await get(new Uint8Array(3), { signal });
    const half = get(new Uint8Array(3), { path: '/half', signal });
    setTimeout(() => controller.abort(), 20);
    await expect(half).rejects.toMatchObject({ code: 'Aborted' });
    await expect(get(new Uint8Array(3), { signal })).rejects.toMatchObject({ code: 'Aborted' });
    await get(new Uint8Array(3));
    expect(made.connections).toBe(2);
  });

  test('that was aborted writes into no place any more', async () => {
    const controller = new AbortController();
    const { get } = await serve((socket, request) => {
      if (!request.includes('/half')) return void socket.write(`${ok(3)}abc`);
      socket.write(`${ok(3)}a`);
      // The rest is on its way when the client leaves.
      socket.write('bc', () => controller.abort());
    });
    const into = new Uint8Array(3);
    const [half] = await Promise.allSettled([get(into, { path: '/half', signal: controller.signal })]);
    if (half.status === 'rejected') expect(half.reason).toMatchObject({ code: 'Aborted' });
    into.fill(7);
    await get(new Uint8Array(3));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([...into]).toEqual([7, 7, 7]);
  });

  test('takes no header that would begin another', async () => {
    const { get } = await serve(() => {});
    const headers = { host: 'h', range: 'bytes=0-1\r\nx: y' };
    await expect(get(new Uint8Array(1), { headers })).rejects.toMatchObject({ code: 'ERR_INVALID_CHAR' });
  });
});

test.each(['k', '/a b', '/a\r\nhost: evil', '/ü'])(
  'the path %j, which is not escaped, is refused',
  async (path) => {
    const { get, made } = await serve((socket) => socket.end());
    await expect(get(new Uint8Array(1), { path })).rejects.toThrow('escaped');
    expect(made.connections).toBe(0);
  },
);

describe('over TLS', () => {
  const fixtures = path.join(import.meta.dirname, 'fixtures');
  const certificate = path.join(fixtures, 'localhost-cert.pem');
  const body = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7) % 251);

  /** What a process says that trusts `trusted` and gets the body from `host`; and the connections made. */
  async function ask(host: string, trusted: string | undefined) {
    let connections = 0;
    const key = readFileSync(path.join(fixtures, 'localhost-key.pem'));
    const server = tls.createServer({ key, cert: readFileSync(certificate) }, (socket) => {
      connections++;
      socket.on('error', () => {});
      socket.on('data', () => {
        socket.write(ok(body.byteLength));
        socket.write(body);
      });
    });
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const child = path.join(import.meta.dirname, 'tls-child.mjs');
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [child, host, String(port), String(body.byteLength)],
      { env: { ...env, ...(trusted === undefined ? {} : { NODE_EXTRA_CA_CERTS: trusted }) } },
    );
    return { ...(JSON.parse(stdout) as { found?: unknown; code?: string }), connections };
  }

  test('a body arrives whole, and its connection serves again', async () => {
    const sum = createHash('sha256').update(body).digest('hex');
    const each = [200, sum];
    expect(await ask('localhost', certificate)).toEqual({ found: [each, each], connections: 1 });
  });

  test('who is not trusted, or has another name, gets no request', async () => {
    expect(await ask('localhost', undefined)).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(await ask('127.0.0.1', certificate)).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});
