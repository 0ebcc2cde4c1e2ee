// Reads that are signed and sent here, so that a process that only reads need not load the SDK. All of them
// share their connections, so that a wave of reads finds those that the one before it has made.
import type { Readable } from 'node:stream';
import { onAbort, type Runtime, throwIfAborted } from '../../util/runtime.js';
import { HeldBody, PlacedBody } from '../http-body.js';
import { type DirectAnswer, DirectGets, longestMessageBytes } from '../http-direct.js';
import { answeredError } from './errors.js';
import {
  type GetAnswer,
  type GetRequest,
  type HeadAnswer,
  lockOf,
  type ReadRequest,
  rangeHeader,
  type S3Reads,
} from './reads.js';
import { escapeText, queryText, type S3Credentials, Signer, type UnsignedRequest } from './sign.js';
import type { S3Target } from './target.js';

export interface SignedReadsOptions {
  readonly target: S3Target;
  readonly region: string;
  readonly credentials: S3Credentials;
  readonly runtime: Runtime;
  readonly connectMs: number;
  readonly stallMs: number;
  /** Sees the `Date` of each answer. */
  readonly observe: (date: string | undefined) => void;
}

/** Clocks this far apart are corrected for, as in the SDK; S3 refuses from 15 minutes on. */
const skewMs = 4 * 60_000;

interface Call extends Omit<UnsignedRequest, 'headers' | 'method'> {
  readonly method: 'GET' | 'HEAD';
  readonly signal: AbortSignal | undefined;
  readonly range?: GetRequest['range'];
  readonly into?: Uint8Array | undefined;
  /** For messages: the URI of the object. Default: the path. */
  readonly uri?: string;
}

export class SignedReads implements S3Reads {
  readonly #options: SignedReadsOptions;
  readonly #signer: Signer;
  readonly #direct: DirectGets;
  /** The server's clock is so much ahead of ours; 0 while they are near enough. */
  #aheadMs = 0;

  constructor(options: SignedReadsOptions) {
    this.#options = options;
    this.#signer = new Signer(options.credentials, options.region);
    this.#direct = new DirectGets(options);
  }

  async get({ key, range, into, uri, signal, version }: GetRequest): Promise<GetAnswer> {
    const query = version === undefined ? [] : ([['versionId', version]] as const);
    const call = { method: 'GET', path: this.#at(key), query, range, into, uri, signal } as const;
    const { headers, body } = await this.#send(call);
    return { ...described(headers), contentRange: headers['content-range'], body };
  }

  async head({ key, signal }: ReadRequest): Promise<HeadAnswer> {
    const { headers, body } = await this.#send({ method: 'HEAD', path: this.#at(key), signal });
    // Empty; its end gives the connection back, for the request that comes next.
    await messageText(body, signal);
    return described(headers);
  }

  async seeBucket({ prefix, signal }: { prefix: string; signal: AbortSignal | undefined }): Promise<void> {
    const { path } = this.#options.target;
    const query = [
      ['list-type', '2'],
      ['max-keys', '1'],
      ['prefix', prefix],
    ] as const;
    const { body } = await this.#send({ method: 'GET', path, query, signal });
    await messageText(body, signal);
  }

  close(): void {
    this.#direct.close();
  }

  #at(key: string): string {
    return this.#options.target.path + key.split('/').map(escapeText).join('/');
  }

  async #send({ method, path, query = [], range, into, uri = path, signal }: Call): Promise<DirectAnswer> {
    throwIfAborted(signal);
    const { target, runtime } = this.#options;
    const headers = { host: target.host, 'user-agent': 'nacre', ...(range && { range: rangeHeader(range) }) };
    const signedAhead = this.#aheadMs;
    const signed = this.#signer.sign({ method, path, query, headers }, runtime.now() + signedAhead);
    const { protocol, hostname, port } = target;
    const full = query.length === 0 ? path : `${path}?${queryText(query)}`;
    const to = { protocol, hostname, port, method, path: full, headers: signed };
    const answer = await this.#direct.get({ ...to, into, uri, signal });
    this.#learn(answer.headers);
    const { statusCode } = answer;
    if (statusCode >= 200 && statusCode < 300) return answer;
    const text = await messageText(answer.body, signal);
    throw answeredError({ ...answer, text, clockSkewCorrected: this.#aheadMs !== signedAhead });
  }

  /** A cache that answers says how old its answer is; its time is not that of the server. */
  #learn(headers: Readonly<Record<string, string>>): void {
    const { date, age } = headers;
    this.#options.observe(date);
    if (date === undefined || age !== undefined) return;
    const ahead = Date.parse(date) - this.#options.runtime.now();
    if (Math.abs(ahead - this.#aheadMs) >= skewMs) this.#aheadMs = Math.abs(ahead) < skewMs ? 0 : ahead;
  }
}

function described(headers: Readonly<Record<string, string>>): HeadAnswer {
  const { etag, 'content-length': length, 'last-modified': modified } = headers;
  return {
    etag,
    lengthBytes: length === undefined ? undefined : Number(length),
    modifiedMs: Date.parse(modified ?? '') || 0,
    lock: lockOf(headers['x-amz-object-lock-mode'], headers['x-amz-object-lock-retain-until-date']),
  };
}

/** The beginning of a body that is a message; what is longer is dropped with its connection. */
async function messageText(body: Readable, signal: AbortSignal | undefined): Promise<string> {
  if (body instanceof PlacedBody || body instanceof HeldBody) return Buffer.from(body.bytes).toString('utf8');
  const ended = onAbort(signal, () => void body.destroy());
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      pieces.push(piece);
      bytes += piece.byteLength;
      if (bytes > longestMessageBytes) break;
    }
  } finally {
    ended();
  }
  return Buffer.concat(pieces).toString('utf8', 0, longestMessageBytes);
}
