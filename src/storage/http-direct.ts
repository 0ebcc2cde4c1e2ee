// GETs whose bodies go from the socket to where they belong, and nowhere in between.
//
// node:http makes two buffers of every 64 KiB that arrive, one for its parser and one for its reader, and
// the collector marks and sweeps them: 307 MB over loopback cost 530 ms of CPU that way; a prototype of
// this took 110 ms into memory that was in use before and 260 to 360 ms into fresh memory. So this speaks
// HTTP/1.1 itself, as far as it goes: one request at a time on a connection that stays open, and one kind
// of answer, 200 or 206 with a body as long as its place. Whatever else comes (an error, a body in chunks,
// a status of 1xx, a head that is not plain) is handed to node:http from its first byte on.
import http from 'node:http';
import net from 'node:net';
import { Duplex, type Readable } from 'node:stream';
import tls from 'node:tls';
import { abortedError, throwIfAborted } from '../util/runtime.js';
import { PlacedBody, wrongLength } from './http-body.js';

/** Longer heads are for node:http to judge. */
const headBytes = 16 * 1024;

export interface DirectGet {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly into: Uint8Array;
  /** For messages: the URI of the object. */
  readonly uri: string;
  readonly signal?: AbortSignal | undefined;
}

export interface DirectAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A {@link PlacedBody} when all of it is in its place. */
  readonly body: Readable;
}

export interface DirectOptions {
  readonly connectMs: number;
  /** Silence of either side that ends a request. */
  readonly stallMs: number;
}

/** Connections and the GETs on them; who calls says how many there are at once. */
export class DirectGets {
  readonly #options: DirectOptions;
  readonly #connections = new Set<Connection>();
  /** The one that was used last is taken first, so that the others may end. */
  readonly #idle: Connection[] = [];

  constructor(options: DirectOptions) {
    this.#options = options;
  }

  /** Fails as the connection does, with a cut body as {@link wrongLength}, or as the signal says. */
  async get(request: DirectGet): Promise<DirectAnswer> {
    throwIfAborted(request.signal);
    const head = headOf(request);
    const origin = `${request.protocol}//${request.hostname}:${request.port}`;
    const known = this.#idle.findLastIndex((connection) => connection.origin === origin);
    const [idle] = known < 0 ? [] : this.#idle.splice(known, 1);
    return (idle ?? this.#connect(origin, request)).get(request, head);
  }

  close(): void {
    for (const connection of this.#connections) connection.end();
  }

  #connect(origin: string, to: DirectGet): Connection {
    const connection: Connection = new Connection(origin, to, this.#options, {
      free: () => this.#idle.push(connection),
      ended: () => {
        this.#connections.delete(connection);
        const idle = this.#idle.indexOf(connection);
        if (idle >= 0) this.#idle.splice(idle, 1);
      },
    });
    this.#connections.add(connection);
    return connection;
  }
}

interface Exchange extends DirectGet {
  resolve(answer: DirectAnswer): void;
  reject(error: Error): void;
  /** Takes its ear off the signal. */
  over(): void;
}

interface Owner {
  free(): void;
  ended(): void;
}

class Connection {
  readonly origin: string;
  readonly #owner: Owner;
  readonly #socket: net.Socket;
  readonly #head = Buffer.allocUnsafeSlow(headBytes);
  /** Bytes in `#head`. */
  #held = 0;
  #exchange: Exchange | undefined;
  /** The plain answer whose body is on its way. */
  #answer: Omit<DirectAnswer, 'body'> | undefined;
  /** Bytes of that body so far. */
  #received = 0;
  /** What node:http reads, when it has taken over. */
  #replay: Duplex | undefined;

  constructor(origin: string, to: DirectGet, { connectMs, stallMs }: DirectOptions, owner: Owner) {
    this.origin = origin;
    this.#owner = owner;
    const options = {
      host: to.hostname,
      port: to.port ?? (to.protocol === 'https:' ? 443 : 80),
      timeout: connectMs,
      onread: { buffer: () => this.#room(), callback: (count: number) => this.#read(count) },
    };
    const secure = to.protocol === 'https:';
    const servername = net.isIP(to.hostname) > 0 ? '' : to.hostname;
    this.#socket = secure
      ? tls.connect({ ...options, servername, ALPNProtocols: ['http/1.1'] })
      : net.connect(options);
    this.#socket
      .setNoDelay(true)
      .once(secure ? 'secureConnect' : 'connect', () => this.#socket.setTimeout(stallMs))
      .on('timeout', () => this.end(Object.assign(new Error('no byte came'), { name: 'TimeoutError' })))
      .on('error', (error) => this.end(error))
      .on('close', () => this.end());
  }

  get(request: DirectGet, head: string): Promise<DirectAnswer> {
    const { signal } = request;
    const abort = (): void => this.end(abortedError(signal));
    const over = (): void => signal?.removeEventListener('abort', abort);
    signal?.addEventListener('abort', abort, { once: true });
    return new Promise((resolve, reject) => {
      this.#exchange = { ...request, resolve, reject, over };
      this.#socket.ref();
      this.#socket.write(head, 'latin1');
    });
  }

  /** Closes the connection; what is under way fails with `error`, or since the peer closed. */
  end(error?: Error): void {
    const [exchange, replay] = [this.#exchange, this.#replay];
    this.#exchange = undefined;
    this.#replay = undefined;
    exchange?.over();
    this.#owner.ended();
    this.#socket.destroy();
    if (replay !== undefined) {
      if (error === undefined) replay.push(null);
      else replay.destroy(error);
    } else if (error !== undefined) exchange?.reject(error);
    else if (exchange !== undefined) exchange.reject(this.#cut(exchange));
  }

  #cut({ into, uri }: Exchange): Error {
    if (this.#answer !== undefined) return wrongLength('truncated', uri, this.#received, into.byteLength);
    return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  }

  /** Where the next bytes go; never empty. */
  #room(): Uint8Array {
    const into = this.#answer && this.#exchange?.into;
    return into?.subarray(this.#received) ?? this.#head.subarray(this.#held);
  }

  /** So many bytes came into the last room. */
  #read(count: number): boolean {
    if (this.#replay !== undefined) this.#replay.push(Buffer.from(this.#head.subarray(0, count)));
    else if (this.#exchange === undefined) this.end();
    else if (this.#answer === undefined) this.#readHead(this.#exchange, count);
    else this.#readBody(this.#exchange, this.#answer, count);
    return true;
  }

  #readHead(exchange: Exchange, count: number): void {
    this.#held += count;
    const end = this.#head.subarray(0, this.#held).indexOf('\r\n\r\n');
    if (end < 0 && this.#held < headBytes) return;
    const answer = plainAnswer(this.#head.toString('latin1', 0, Math.max(0, end)), exchange.into.byteLength);
    const body = this.#head.subarray(end + 4, this.#held);
    if (answer === undefined || body.byteLength > exchange.into.byteLength) {
      this.#handOver(exchange);
      return;
    }
    exchange.into.set(body);
    this.#answer = answer;
    this.#held = 0;
    this.#readBody(exchange, answer, body.byteLength);
  }

  #readBody(exchange: Exchange, answer: Omit<DirectAnswer, 'body'>, count: number): void {
    this.#received += count;
    if (this.#received < exchange.into.byteLength) return;
    this.#exchange = undefined;
    this.#answer = undefined;
    this.#received = 0;
    exchange.over();
    // An idle connection does not keep the process alive.
    this.#socket.unref();
    if (/\bclose\b/i.test(answer.headers['connection'] ?? '')) this.end();
    else this.#owner.free();
    exchange.resolve({ ...answer, body: new PlacedBody(exchange.into) });
  }

  /** node:http reads this answer instead, on a connection of which it sees only what comes. */
  #handOver(exchange: Exchange): void {
    const replay = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
    replay.push(Buffer.from(this.#head.subarray(0, this.#held)));
    this.#held = 0;
    this.#replay = replay;
    replay.on('close', () => this.end());
    http
      .get({ path: exchange.path, createConnection: () => replay }, (answer) => {
        const headers = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
        exchange.resolve({
          statusCode: answer.statusCode ?? 0,
          headers: Object.fromEntries(headers) as Record<string, string>,
          body: answer,
        });
      })
      .on('error', (error) => exchange.reject(error));
  }
}

function headOf({ path, headers }: DirectGet): string {
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw new TypeError('a request path is escaped');
  for (const [name, value] of Object.entries(headers)) http.validateHeaderValue(name, value);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** The answer that a head announces when its body is so long and comes as it is; undefined for any other. */
function plainAnswer(head: string, bodyBytes: number): Omit<DirectAnswer, 'body'> | undefined {
  const [status = '', ...lines] = head.split('\r\n');
  const [, statusCode] = /^HTTP\/1\.1 (200|206)( |$)/.exec(status) ?? [];
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const key = name.toLowerCase();
    headers[key] = Object.hasOwn(headers, key) ? `${headers[key]}, ${value}` : value;
  }
  const plain = headers['content-length'] === String(bodyBytes) && !('transfer-encoding' in headers);
  return statusCode !== undefined && plain ? { statusCode: Number(statusCode), headers } : undefined;
}
