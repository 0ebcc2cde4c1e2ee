// ObjectStore over one prefix of a Google Cloud Storage bucket, by @google-cloud/storage. The token of a
// state is its generation. Every body goes in one request, however large: resumable uploads would add a
// session whose state must be settled after a lost answer, and one server that tests run on drops their
// preconditions.
//
// Reads and listings use the library's own `requestStream` and `request` below `createReadStream` and
// `getFiles`: in 7.22 an error answer whose connection breaks (file.ts, `getBufferFromReadable` without a
// catch) and a listing with an empty body (bucket.ts, `resp.items`) reject where nobody can catch it, which
// ends the process; and `createReadStream` closes the connections of every other call when one read fails.
import { pipeline } from 'node:stream/promises';
import type { Bucket, File } from '@google-cloud/storage';
import { NacreError } from '../../errors.js';
import { type ByteSource, byteLength } from '../../util/bytes.js';
import { type Runtime, throwIfAborted } from '../../util/runtime.js';
import { base64Crc, cutToRange, readBody } from '../http-body.js';
import { mapBounded } from '../../util/bounded.js';
import { getEachRange, parallelRequests } from '../http-bounded.js';
import { StoreClock } from '../http-clock.js';
import { checkForeignKey, checkKey, checkKeyPrefix, checkRange } from '../keys.js';
import type {
  ByteRange,
  CallOptions,
  GetOptions,
  ListEntry,
  ListOptions,
  ListPage,
  ObjectBody,
  ObjectHead,
  ObjectStore,
  PutOptions,
  PutResult,
  StoreCapabilities,
} from '../object-store.js';
import type { ConfiguredGcs } from './config.js';
import {
  type GcsCall,
  type GcsRefusal,
  gcsError,
  gcsFailure,
  noCredentials,
  RefusedError,
  refusalOf,
  unreadable,
} from './errors.js';
import { Exchange, uploadTimeoutMs } from './exchange.js';

/** The steps in which the progress of an upload is seen. */
const uploadStepBytes = 256 * 1024;

type Query = Readonly<Record<string, string>>;
type LibraryRequest = Parameters<File['requestStream']>[0];
type Answered<T> = { readonly value: T } | { readonly refusal: GcsRefusal };

interface ObjectResource {
  readonly name?: string;
  readonly generation?: string | number;
  readonly size?: string | number;
  readonly updated?: string;
}

interface Listing {
  readonly items?: readonly ObjectResource[];
  readonly nextPageToken?: string;
}

interface MediaAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export class GcsStore implements ObjectStore {
  readonly uri: string;
  readonly capabilities: StoreCapabilities;
  readonly #configured: ConfiguredGcs;
  readonly #runtime: Runtime;
  readonly #bucket: Bucket;
  readonly #prefix: string;
  readonly #checkReadKey: (key: string) => void;
  readonly #clock: StoreClock;
  /** An answer has shown that the bucket is there, so that a 404 is about the key. */
  #bucketSeen = false;
  #closed = false;

  constructor(
    configured: ConfiguredGcs,
    location: { readonly bucket: string; readonly prefix: string },
    options: { readonly runtime: Runtime; readonly foreignKeys: boolean },
  ) {
    const { runtime, foreignKeys } = options;
    const { bucket, prefix } = location;
    this.uri = `gs://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.capabilities = {
      scheme: 'gs',
      server: new URL(configured.endpoint).origin,
      sortedList: true,
      deleteBatch: 1000,
      singlePutBytes: 5 * 2 ** 40,
      checksOnPut: true,
    };
    this.#configured = configured;
    this.#runtime = runtime;
    this.#bucket = configured.storage.bucket(bucket);
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#checkReadKey = foreignKeys ? checkForeignKey : checkKey;
    this.#clock = new StoreClock(runtime);
  }

  async get(key: string, options: GetOptions = {}): Promise<ObjectBody | undefined> {
    this.#checkReadKey(key);
    const { range, signal } = options;
    if (range) checkRange(range);
    if (range && range.start === range.end) return this.#emptyRange(key, options);
    const call = this.#call('get', signal, key);
    const headers = range ? { Range: `bytes=${range.start}-${range.end - 1}` } : {};
    const got = await this.#send(call, (exchange) => this.#read(this.#file(key), headers, exchange));
    // The range begins at the end of the object or past it.
    if ('refusal' in got && got.refusal.status === 416) return this.#emptyRange(key, options);
    if ('refusal' in got) return this.#missing(got.refusal, call);
    const { bytes, answer } = got.value;
    return {
      ...cutToRange(bytes, answer.headers['content-range'], range, `${this.uri}/${key}`),
      token: required(answer.headers['x-goog-generation'], call),
      modifiedMs: Date.parse(answer.headers['last-modified'] ?? '') || 0,
    };
  }

  getRanges(
    key: string,
    ranges: readonly ByteRange[],
    options: CallOptions = {},
  ): Promise<Uint8Array[] | undefined> {
    return getEachRange(`${this.uri}/${key}`, ranges, (range) => this.get(key, { ...options, range }));
  }

  async head(key: string, options: CallOptions = {}): Promise<ObjectHead | undefined> {
    this.#checkReadKey(key);
    const call = this.#call('head', options.signal, key);
    const query = { fields: 'generation,size,updated' };
    const got = await this.#send(call, () => this.#file(key).getMetadata(query));
    if ('refusal' in got) return this.#missing(got.refusal, call);
    const resource = got.value[0] as ObjectResource | undefined;
    return {
      token: required(resource?.generation, call),
      sizeBytes: Number(resource?.size ?? 0),
      modifiedMs: secondOf(resource?.updated),
    };
  }

  async put(key: string, body: ByteSource, options: PutOptions = {}): Promise<PutResult> {
    checkKey(key);
    const { condition } = options;
    const call = this.#call('put', options.signal, key);
    const got = await this.#send(call, (exchange) => this.#write(this.#file(key), body, options, exchange));
    if ('value' in got) return { outcome: 'written', token: required(got.value?.generation, call) };
    if (got.refusal.status === 412 && condition !== undefined) return { outcome: 'refused' };
    throw gcsError(got.refusal, call);
  }

  async list(options: ListOptions = {}): Promise<ListPage> {
    const { prefix = '', after, limit = 1000 } = options;
    checkKeyPrefix(prefix);
    const call = this.#call('list', options.signal);
    let pageToken: string | undefined;
    do {
      // `startOffset` includes the key it names, so that one more is asked for.
      const got = await this.#page(call, {
        prefix: this.#prefix + prefix,
        maxResults: String(limit + 1),
        fields: 'items(name,size,updated),nextPageToken',
        ...(after === undefined ? {} : { startOffset: this.#prefix + after }),
        ...(pageToken === undefined ? {} : { pageToken }),
      });
      if ('refusal' in got) throw gcsError(got.refusal, call);
      const page = got.value;
      const found = (page.items ?? []).map((item) => this.#entry(item)).filter(({ key }) => key !== after);
      const entries = found.slice(0, limit);
      const more = page.nextPageToken !== undefined || found.length > limit;
      if (entries.length > 0 || !more) return { entries, next: more ? entries.at(-1)?.key : undefined };
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    return { entries: [], next: undefined };
  }

  async delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    for (const key of keys) checkKey(key);
    await mapBounded(keys, parallelRequests, async (key) => {
      const call = this.#call('delete', options.signal, key);
      const got = await this.#send(call, () => this.#file(key).delete());
      if ('refusal' in got) await this.#missing(got.refusal, call);
    });
  }

  timeMs(): number | undefined {
    return this.#clock.timeMs();
  }

  /** The library shares its connections among all clients of the process; idle ones hold nothing up. */
  async close(): Promise<void> {
    this.#closed = true;
  }

  #call(verb: string, signal: AbortSignal | undefined, key?: string): GcsCall {
    if (this.#closed) throw new NacreError('Closed', `the store ${this.uri} was closed`);
    throwIfAborted(signal);
    const uri = `${this.uri}${key === undefined ? '' : `/${key}`}`;
    const { endpoint } = this.#configured;
    return { what: `${verb} of ${uri}`, uri, bucket: this.#bucket.name, endpoint, signal };
  }

  /** Of its own for each call, since it carries the call's settings and its answer. */
  #file(key: string): File {
    return this.#bucket.file(this.#prefix + key);
  }

  #entry({ name = '', size, updated }: ObjectResource): ListEntry {
    return {
      key: name.slice(this.#prefix.length),
      sizeBytes: Number(size ?? 0),
      modifiedMs: secondOf(updated),
    };
  }

  /** What the library answers, or the refusal that it met. */
  async #send<T>(call: GcsCall, ask: (exchange: Exchange) => Promise<T>): Promise<Answered<T>> {
    const exchange = new Exchange({
      runtime: this.#runtime,
      uri: call.uri,
      stallMs: this.#configured.stallMs,
      signal: call.signal,
      observe: (headers) => this.#clock.observe(headers.date),
    });
    await this.#configured.authorize().catch((error: unknown) => {
      throw noCredentials(error, call);
    });
    try {
      const value = await exchange.run(() => ask(exchange));
      this.#bucketSeen = true;
      return { value };
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) return { refusal };
      throw gcsFailure(error, call);
    }
  }

  async #read(
    file: File,
    headers: Readonly<Record<string, string>>,
    exchange: Exchange,
  ): Promise<{ bytes: Uint8Array; answer: MediaAnswer }> {
    const stream = exchange.holds(file.requestStream({ uri: '', qs: { alt: 'media' }, headers }));
    const answer = await new Promise<MediaAnswer>((resolve, reject) => {
      stream.once('response', resolve).once('error', reject);
    });
    const length = answer.headers['content-length'];
    const lengthBytes = length === undefined ? undefined : Number(length);
    const bytes = await readBody(stream, { lengthBytes, uri: this.uri });
    const { statusCode } = answer;
    if (statusCode >= 200 && statusCode < 300) return { bytes, answer };
    throw new RefusedError(statusCode, answer.headers, new TextDecoder().decode(bytes));
  }

  async #write(
    file: File,
    body: ByteSource,
    { condition, crc32c, cacheControl, contentType = 'application/octet-stream' }: PutOptions,
    exchange: Exchange,
  ): Promise<ObjectResource | undefined> {
    const timeout = uploadTimeoutMs(byteLength(body), this.#configured.stallMs);
    file.interceptors.push({ request: (asked) => ({ ...asked, timeout }) as LibraryRequest });
    const upload = file.createWriteStream({
      resumable: false,
      // The server compares the checksum of the metadata; the library would compute another one.
      validation: false,
      metadata: {
        contentType,
        ...(cacheControl === undefined ? {} : { cacheControl }),
        ...(crc32c === undefined ? {} : { crc32c: base64Crc(crc32c) }),
      },
      ...(condition === undefined
        ? {}
        : { preconditionOpts: { ifGenerationMatch: condition === 'absent' ? 0 : condition.token } }),
    });
    exchange.holds(upload).on('progress', exchange.moved);
    await pipeline(steps(body), upload);
    return file.metadata;
  }

  #page(call: GcsCall, qs: Query): Promise<Answered<Listing>> {
    return this.#send(
      call,
      () =>
        new Promise((resolve, reject) => {
          this.#bucket.request({ uri: '/o', qs }, (error, page: unknown) => {
            if (error) reject(error);
            else if (typeof page === 'object' && page !== null) resolve(page);
            else reject(unreadable(call));
          });
        }),
    );
  }

  /** The state of the object with no bytes of it. */
  async #emptyRange(key: string, options: CallOptions): Promise<ObjectBody | undefined> {
    const head = await this.head(key, options);
    return head && { ...head, bytes: new Uint8Array(0) };
  }

  /** `undefined` when the refusal says that there is no such object; throws every other one. */
  async #missing(refusal: GcsRefusal, call: GcsCall): Promise<undefined> {
    if (refusal.status !== 404) throw gcsError(refusal, call);
    if (this.#bucketSeen) return undefined;
    // A 404 does not reliably say which of the two is missing, so the bucket is asked for once.
    const got = await this.#page(call, { prefix: this.#prefix, maxResults: '1' });
    // Credentials that may read and not list are refused, which shows that the bucket is there.
    if ('refusal' in got && got.refusal.status !== 403) throw gcsError(got.refusal, call);
    this.#bucketSeen = true;
    return undefined;
  }
}

function* steps(body: ByteSource): Generator<Uint8Array> {
  for (const piece of body instanceof Uint8Array ? [body] : body) {
    for (let start = 0; start < piece.byteLength; start += uploadStepBytes) {
      yield piece.subarray(start, start + uploadStepBytes);
    }
  }
}

function required(generation: string | number | undefined, call: GcsCall): string {
  if (generation) return String(generation);
  throw new NacreError('Unavailable', `${call.what} was answered without a generation`, {
    hint: 'Check what stands between this machine and the store: something removes headers.',
  });
}

/** `Last-Modified` headers tell whole seconds, so that the same time is told everywhere. */
function secondOf(time: string | undefined): number {
  return Math.floor((Date.parse(time ?? '') || 0) / 1000) * 1000;
}
