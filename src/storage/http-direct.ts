// GETs whose bodies go from the socket to where they belong, and nowhere in between; HEAD is one without.
//
// node:http makes two buffers of every 64 KiB that arrive, one for its parser and one for its reader, and
// the collector marks and sweeps them: 307 MB over loopback cost 530 ms of CPU that way; a prototype of
// this took 110 ms into memory that was in use before and 260 to 360 ms into fresh memory. So this speaks
// HTTP/1.1 itself, as far as it goes: one request at a time on a connection that stays open, and two kinds
// of answer, 200 or 206 with a body as long as its place, and a refusal with a short message: opening asks
// for a version that is not there yet, and the first use of node:http costs 6 to 12 ms. Whatever else comes
// (a body in chunks, a status of 1xx or 3xx, a head that is not plain) is handed to node:http from its first
// byte on; the connection serves again when that has read all of it.
import net from 'node:net';
import { Duplex, type Readable } from 'node:stream';
import { abortedError, onAbort, throwIfAborted } from '../util/runtime.js';
import { HeldBody, largestBodyBytes, PlacedBody, roomFor, wrongLength } from './http-body.js';

/** node:tls and node:http take 2 ms each at the start of a process, and not every one needs them. */
const tls = () => process.getBuiltinModule('node:tls');
const http = () => process.getBuiltinModule('node:http');

/** Longer heads are for node:http to judge. */
const headBytes = 16 * 1024;

/** Longer bodies of refusals, too: no server's message has as much. */
export const longestMessageBytes = 64 * 1024;

export interface DirectGet {
  /** Default `GET`. */
  readonly method?: 'GET' | 'HEAD';
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Memory for the body when it is as long. Default: new memory, whatever the length. */
  readonly into?: Uint8Array | undefined;
  /** For messages: the URI of the object. */
  readonly uri: string;
  readonly signal?: AbortSignal | undefined;
}

export interface DirectAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A {@link PlacedBody} when all of it is in its place, a {@link HeldBody} when it is a refusal's. */
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
  /** The last TLS session of each origin, which spares further connections the proof of who it is. */
  readonly #sessions = new Map<string, Buffer>();
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
      sessions: this.#sessions,
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
  readonly sessions: Map<string, Buffer>;
  free(): void;
  ended(): void;
}

/** A plain answer whose body is on its way. */
interface Arriving extends Omit<DirectAnswer, 'body'> {
  readonly into: Uint8Array;
}

class Connection {
  readonly origin: string;
  readonly #owner: Owner;
  readonly #socket: net.Socket;
  readonly #head = Buffer.allocUnsafeSlow(headBytes);
  /** Bytes in `#head`. */
  #held = 0;
  #exchange: Exchange | undefined;
  #answer: Arriving | undefined;
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
    const session = owner.sessions.get(origin);
    const tlsOptions = { servername, ALPNProtocols: ['http/1.1'], ...(session && { session }) };
    this.#socket = secure ? tls().connect({ ...options, ...tlsOptions }) : net.connect(options);
    this.#socket
      .on('session', (made: Buffer) => owner.sessions.set(origin, made))
      .setNoDelay(true)
      .once(secure ? 'secureConnect' : 'connect', () => this.#socket.setTimeout(stallMs))
      .on('timeout', () => this.end(Object.assign(new Error('no byte came'), { name: 'TimeoutError' })))
      .on('error', (error) => {
        owner.sessions.delete(origin);
        this.end(error);
      })
      .on('close', () => this.end());
  }

  get(request: DirectGet, head: string): Promise<DirectAnswer> {
    const { signal } = request;
    const over = onAbort(signal, () => this.end(abortedError(signal)));
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

  #cut({ uri }: Exchange): Error {
    const into = this.#answer?.into;
    if (into !== undefined) return wrongLength('truncated', uri, this.#received, into.byteLength);
    return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  }

  /** Where the next bytes go; never empty. */
  #room(): Uint8Array {
    return this.#answer?.into.subarray(this.#received) ?? this.#head.subarray(this.#held);
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
    const answer = plainAnswer(this.#head.toString('latin1', 0, Math.max(0, end)), exchange);
    const body = this.#head.subarray(end + 4, this.#held);
    if (answer === undefined || body.byteLength > answer.into.byteLength) {
      this.#handOver(exchange);
      return;
    }
    answer.into.set(body);
    this.#answer = answer;
    this.#held = 0;
    this.#readBody(exchange, answer, body.byteLength);
  }

  #readBody(exchange: Exchange, { into, ...answer }: Arriving, count: number): void {
    this.#received += count;
    if (this.#received < into.byteLength) return;
    this.#answer = undefined;
    this.#received = 0;
    this.#ended(exchange, !/\bclose\b/i.test(answer.headers['connection'] ?? ''));
    const body = answer.statusCode < 300 ? new PlacedBody(into) : new HeldBody(into);
    exchange.resolve({ ...answer, body });
  }

  /** All of the answer was taken. */
  #ended(exchange: Exchange, servesAgain: boolean): void {
    this.#exchange = undefined;
    this.#replay = undefined;
    exchange.over();
    // An idle connection does not keep the process alive.
    this.#socket.unref();
    if (servesAgain) this.#owner.free();
    else this.end();
  }

  /** node:http reads this answer instead, on a connection of which it sees only what comes. */
  #handOver(exchange: Exchange): void {
    const replay = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
    replay.push(Buffer.from(this.#head.subarray(0, this.#held)));
    this.#held = 0;
    this.#replay = replay;
    replay.on('close', () => {
      if (this.#replay === replay) this.end();
    });
    const { method = 'GET', path } = exchange;
    http()
      .request({ method, path, createConnection: () => replay }, (answer) => {
        // Heard before node:http closes what it takes for a connection; when a second answer came, it has.
        answer.prependListener('end', () => {
          if (this.#replay !== replay) return;
          const { httpVersion, headers } = answer;
          const stays = httpVersion === '1.1' && !/\bclose\b/i.test(headers.connection ?? '');
          this.#ended(exchange, stays && !replay.destroyed);
        });
        const headers = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
        exchange.resolve({
          statusCode: answer.statusCode ?? 0,
          headers: Object.fromEntries(headers) as Record<string, string>,
          body: answer,
        });
      })
      .on('error', (error) => exchange.reject(error))
      .end();
  }
}

function headOf({ method = 'GET', path, headers }: DirectGet): string {
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw new TypeError('a request path is escaped');
  for (const [name, value] of Object.entries(headers))
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
      throw Object.assign(new TypeError(`what ${name} says is no header`), { code: 'ERR_INVALID_CHAR' });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** The answer that a head announces when its body comes as it is and has room; undefined for any other. */
function plainAnswer(head: string, { method, into }: DirectGet): Arriving | undefined {
  const [status = '', ...lines] = head.split('\r\n');
  const [, said] = /^HTTP\/1\.1 (200|206|[45]\d\d)( |$)/.exec(status) ?? [];
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const key = name.toLowerCase();
    headers[key] = Object.hasOwn(headers, key) ? `${headers[key]}, ${value}` : value;
  }
  const { 'content-length': length = '', 'transfer-encoding': encoding } = headers;
  if (said === undefined || encoding !== undefined || !/^\d{1,15}$/.test(length)) return undefined;
  const statusCode = Number(said);
  const bytes = method === 'HEAD' ? 0 : Number(length);
  if (statusCode >= 400)
    return bytes > longestMessageBytes ? undefined : { statusCode, headers, into: roomFor(bytes) };
  if (into === undefined ? bytes > largestBodyBytes : bytes !== into.byteLength) return undefined;
  return { statusCode, headers, into: into ?? roomFor(bytes) };
}
