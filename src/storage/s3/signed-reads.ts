// Reads that are signed and sent here, so that a process that only reads need not load the SDK. Bodies whose
// length is known go by DirectGets, straight into their place; the rest by node:http.
import type http from 'node:http';
import { type Runtime, throwIfAborted } from '../../util/runtime.js';
import { DirectGets } from '../http-direct.js';
import { answeredError } from './errors.js';
import { type ExchangeAnswer, exchange, messageText } from './exchange.js';
import {
  type GetAnswer,
  type GetRequest,
  type HeadAnswer,
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
  readonly agent: http.Agent;
  readonly connectMs: number;
  readonly stallMs: number;
  /** Sees the `Date` of each answer. */
  readonly observe: (date: string | undefined) => void;
}

/** Clocks this far apart are corrected for, as in the SDK; S3 refuses from 15 minutes on. */
const skewMs = 4 * 60_000;

interface Call extends Omit<UnsignedRequest, 'headers'> {
  readonly signal: AbortSignal | undefined;
  readonly range?: GetRequest['range'];
  readonly place?: { readonly into: Uint8Array; readonly uri: string } | undefined;
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

  async get({ key, range, into, uri, signal }: GetRequest): Promise<GetAnswer> {
    const place = into === undefined ? undefined : { into, uri };
    const { headers, body } = await this.#send({ method: 'GET', path: this.#at(key), range, place, signal });
    return { ...described(headers), contentRange: headers['content-range'], body };
  }

  async head({ key, signal }: ReadRequest): Promise<HeadAnswer> {
    const { headers, body } = await this.#send({ method: 'HEAD', path: this.#at(key), signal });
    // Empty; its end gives the connection back to the agent, for the request that comes next.
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

  async #send({ method, path, query = [], range, place, signal }: Call): Promise<ExchangeAnswer> {
    throwIfAborted(signal);
    const { target, runtime, agent, connectMs, stallMs } = this.#options;
    const headers = { host: target.host, 'user-agent': 'nacre', ...(range && { range: rangeHeader(range) }) };
    const signedAhead = this.#aheadMs;
    const signed = this.#signer.sign({ method, path, query, headers }, runtime.now() + signedAhead);
    const { protocol, hostname, port } = target;
    const full = query.length === 0 ? path : `${path}?${queryText(query)}`;
    const to = { protocol, hostname, port, path: full, headers: signed, signal };
    const answer = await (place === undefined
      ? exchange({ ...to, method, agent, connectMs, stallMs })
      : this.#direct.get({ ...to, ...place }));
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
  };
}
