// ObjectStore over one prefix of an S3 bucket: one request per call where that is possible, every answer
// checked for length, every failure typed. No retries: whether a put may be repeated is for others to say.
// Reads go by `S3Reads`; all else by the SDK, which is loaded when it is first needed.
import { NacreError } from '../../errors.js';
import { type ByteSource, byteLength, concat } from '../../util/bytes.js';
import { type Runtime, throwIfAborted } from '../../util/runtime.js';
import { base64Crc, cutToRange, readBody } from '../http-body.js';
import { mapBounded } from '../../util/bounded.js';
import { getEachRange, parallelRequests } from '../http-bounded.js';
import type { StoreClock } from '../http-clock.js';
import { checkForeignKey, checkKey, checkKeyPrefix, checkRange } from '../keys.js';
import type {
  ByteRange,
  CallOptions,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectBody,
  ObjectHead,
  ObjectStore,
  PutOptions,
  PutResult,
  ServerCopies,
  StoreCapabilities,
  VersionedObjects,
} from '../object-store.js';
import type { ConfiguredS3 } from './config.js';
import { S3Copies } from './copies.js';
import { type S3Call, s3Error, serverCode, statusOf } from './errors.js';
import { type PartsHeaders, putInParts } from './multipart.js';
import { lockParameters, S3Versions } from './versions.js';
import { type LoadedSdk, sendOptions } from './sdk.js';
import { asServiceError, conditionHeaders, isRefusal, streamed, tokenOf, unsignedPayload } from './wire.js';

const deleteBatch = 1000;

export interface S3StoreOptions {
  readonly runtime: Runtime;
  /** Fed by `ConfiguredS3`. */
  readonly clock: StoreClock;
  readonly foreignKeys: boolean;
  readonly singlePutBytes: number;
  readonly partBytes: number;
}

export class S3Store implements ObjectStore {
  readonly uri: string;
  readonly capabilities: StoreCapabilities;
  readonly versioned: VersionedObjects;
  readonly copies: ServerCopies;
  readonly #configured: ConfiguredS3;
  readonly #options: S3StoreOptions;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #checkReadKey: (key: string) => void;
  readonly #clock: StoreClock;
  /** An answer has shown that the bucket is there, so that a bare 404 is about the key. */
  #bucketSeen = false;
  /** The server refused a batched delete once. */
  #deletesSingly = false;
  #closed = false;

  constructor(
    configured: ConfiguredS3,
    location: { readonly bucket: string; readonly prefix: string },
    options: S3StoreOptions,
  ) {
    const { bucket, prefix } = location;
    this.uri = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.capabilities = {
      scheme: 's3',
      server: configured.server,
      sortedList: true,
      deleteBatch,
      singlePutBytes: options.singlePutBytes,
      checksOnPut: true,
    };
    this.#configured = configured;
    this.#options = options;
    this.#checkReadKey = options.foreignKeys ? checkForeignKey : checkKey;
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#clock = options.clock;
    this.versioned = new S3Versions({
      bucket,
      prefix: this.#prefix,
      sdk: () => this.#sdk(),
      call: (operation, signal, key) => this.#call(operation, signal, key),
      get: (key, version, get) => this.#get(key, version, get),
    });
    this.copies = new S3Copies({
      ...{ server: configured.server, bucket, prefix: this.#prefix },
      sdk: () => this.#sdk(),
      call: (operation, signal, key) => this.#call(operation, signal, key),
    });
  }

  get(key: string, options: GetOptions = {}): Promise<ObjectBody | undefined> {
    return this.#get(key, undefined, options);
  }

  async #get(key: string, version: string | undefined, options: GetOptions): Promise<ObjectBody | undefined> {
    this.#checkReadKey(key);
    const { range, signal, into } = options;
    if (range) checkRange(range);
    if (range && range.start === range.end) return this.#emptyRange(key, options);
    const call = this.#call('GetObject', signal, key);
    const uri = `${this.uri}/${key}`;
    try {
      const request = { key: this.#prefix + key, version, range, into, uri, signal };
      const answer = await this.#send(() => this.#configured.reads.get(request));
      const { lengthBytes, contentRange, etag, modifiedMs } = answer;
      const bytes = await readBody(answer.body, { lengthBytes, uri, signal, into });
      return { ...cutToRange(bytes, contentRange, range, uri), token: tokenOf(etag, call), modifiedMs };
    } catch (error) {
      // The range begins at the end of the object or past it.
      if (statusOf(error) === 416) return this.#emptyRange(key, options);
      return this.#missing(error, call);
    }
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
    const call = this.#call('HeadObject', options.signal, key);
    try {
      const request = { key: this.#prefix + key, signal: options.signal };
      const answer = await this.#send(() => this.#configured.reads.head(request));
      const { etag, lengthBytes = 0, modifiedMs, lock } = answer;
      const token = tokenOf(etag, call);
      return { token, sizeBytes: lengthBytes, modifiedMs, ...(lock === undefined ? {} : { lock }) };
    } catch (error) {
      return this.#missing(error, call);
    }
  }

  async put(key: string, body: ByteSource, options: PutOptions = {}): Promise<PutResult> {
    checkKey(key);
    const { condition, crc32c, signal } = options;
    const headers = {
      ContentType: options.contentType ?? 'application/octet-stream',
      ...(options.cacheControl === undefined ? {} : { CacheControl: options.cacheControl }),
      ...(options.lock === undefined ? {} : lockParameters(options.lock)),
    };
    if (byteLength(body) > this.#options.singlePutBytes) {
      return this.#putInParts(key, body, headers, options);
    }
    const call = this.#call('PutObject', signal, key);
    // The checksum guards the body against accidents. Where nobody can tamper with the wire, hashing it once
    // more for the signature would only cost time (SHA-256 on both sides).
    const unsigned = crc32c !== undefined && this.#configured.trustedWire;
    const { sdk, client } = await this.#sdk();
    const command = new sdk.PutObjectCommand({
      ...this.#at(key),
      ...headers,
      ...conditionHeaders(condition),
      ...(crc32c === undefined ? {} : { ChecksumCRC32C: base64Crc(crc32c) }),
      ContentLength: byteLength(body),
      Body: unsigned ? streamed(body) : concat(body),
    });
    if (unsigned) {
      command.middlewareStack.add(unsignedPayload, { step: 'build', name: 'nacreUnsignedPayload' });
    }
    try {
      const answer = await this.#send(() => client.send(command, sendOptions(signal)));
      return { outcome: 'written', token: tokenOf(answer.ETag, call) };
    } catch (error) {
      if (isRefusal(error, condition)) return { outcome: 'refused' };
      throw s3Error(error, call);
    }
  }

  async list(options: ListOptions = {}): Promise<ListPage> {
    const { prefix = '', after, limit = 1000, signal } = options;
    checkKeyPrefix(prefix);
    const call = this.#call('ListObjectsV2', signal);
    const { sdk, client } = await this.#sdk();
    const command = new sdk.ListObjectsV2Command({
      Bucket: this.#bucket,
      Prefix: this.#prefix + prefix,
      MaxKeys: limit,
      ...(after === undefined ? {} : { StartAfter: this.#prefix + after }),
    });
    try {
      const answer = await this.#send(() => client.send(command, sendOptions(signal)));
      const found = answer.Contents ?? [];
      const entries = found.map((object) => ({
        key: (object.Key ?? '').slice(this.#prefix.length),
        sizeBytes: object.Size ?? 0,
        modifiedMs: object.LastModified?.getTime() ?? 0,
      }));
      return { entries, next: answer.IsTruncated ? entries.at(-1)?.key : undefined };
    } catch (error) {
      throw s3Error(error, call);
    }
  }

  async delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    for (const key of keys) checkKey(key);
    for (let first = 0; first < keys.length; first += deleteBatch) {
      const batch = keys.slice(first, first + deleteBatch);
      if (batch.length > 1 && !this.#deletesSingly && (await this.#deleteBatch(batch, options))) continue;
      await mapBounded(batch, parallelRequests, (key) => this.#deleteOne(key, options));
    }
  }

  timeMs(): number | undefined {
    return this.#clock.timeMs();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#configured.close();
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + key };
  }

  #checkOpen(): void {
    if (this.#closed) throw new NacreError('Closed', `the store ${this.uri} was closed`);
  }

  async #sdk(): Promise<LoadedSdk> {
    const loaded = await this.#configured.load();
    this.#checkOpen();
    return loaded;
  }

  #call(operation: string, signal: AbortSignal | undefined, key?: string): S3Call {
    this.#checkOpen();
    throwIfAborted(signal);
    const { region, endpoint } = this.#configured;
    const what = `${operation} of ${this.uri}${key === undefined ? '' : `/${key}`}`;
    return { what, bucket: this.#bucket, region, endpoint, signal };
  }

  async #send<T>(send: () => Promise<T>): Promise<T> {
    const answer = await send();
    this.#bucketSeen = true;
    return answer;
  }

  /** The state of the object with no bytes of it. */
  async #emptyRange(key: string, options: CallOptions): Promise<ObjectBody | undefined> {
    const head = await this.head(key, options);
    return head && { ...head, bytes: new Uint8Array(0) };
  }

  /** `undefined` when the failure says that there is no such key; throws every other one. */
  async #missing(error: unknown, call: S3Call): Promise<undefined> {
    const code = serverCode(error);
    if (statusOf(error) !== 404 || (code !== '' && code !== 'NoSuchKey')) throw s3Error(error, call);
    // A HEAD answer has no body, so that a missing bucket looks like a missing key until the bucket was seen.
    if (code === '' && !this.#bucketSeen) await this.#seeBucket(call);
    return undefined;
  }

  async #seeBucket(call: S3Call): Promise<void> {
    // Unlike HeadBucket, the answer has a body that says what is missing.
    try {
      await this.#configured.reads.seeBucket({ prefix: this.#prefix, signal: call.signal });
    } catch (error) {
      // Some credentials may read and not list; that the server refuses shows that the bucket is there.
      if (statusOf(error) !== 403 || serverCode(error) !== 'AccessDenied') throw s3Error(error, call);
    }
    this.#bucketSeen = true;
  }

  async #putInParts(
    key: string,
    body: ByteSource,
    headers: PartsHeaders,
    options: PutOptions,
  ): Promise<PutResult> {
    const { runtime, partBytes } = this.#options;
    return putInParts({
      ...(await this.#sdk()),
      target: { ...this.#at(key), ...headers },
      conditionHeaders: conditionHeaders(options.condition),
      body,
      partBytes,
      runtime,
      signal: options.signal,
      call: (operation) => this.#call(operation, options.signal, key),
      isRefusal: (error) => isRefusal(error, options.condition),
    });
  }

  /** False when the server does not take batches. */
  async #deleteBatch(keys: readonly string[], { signal }: CallOptions): Promise<boolean> {
    const call = this.#call('DeleteObjects', signal);
    const { sdk, client } = await this.#sdk();
    const command = new sdk.DeleteObjectsCommand({
      Bucket: this.#bucket,
      Delete: { Quiet: true, Objects: keys.map((key) => ({ Key: this.#prefix + key })) },
    });
    try {
      const answer = await this.#send(() => client.send(command, sendOptions(signal)));
      const failed = (answer.Errors ?? []).find((entry) => entry.Code !== 'NoSuchKey');
      if (!failed) return true;
      throw s3Error(asServiceError(failed), {
        ...call,
        what: `${call.what} (${answer.Errors?.length} keys, the first ${failed.Key})`,
      });
    } catch (error) {
      // Servers differ in the checksum they want of a batch, and some know no batches at all.
      const unsupported = [
        'NotImplemented',
        'MissingContentMD5',
        'InvalidRequest',
        'MalformedXML',
        'InvalidDigest',
      ];
      if (statusOf(error) !== 501 && !unsupported.includes(serverCode(error))) throw s3Error(error, call);
      this.#deletesSingly = true;
      return false;
    }
  }

  async #deleteOne(key: string, { signal }: CallOptions): Promise<void> {
    const call = this.#call('DeleteObject', signal, key);
    const { sdk, client } = await this.#sdk();
    const command = new sdk.DeleteObjectCommand(this.#at(key));
    try {
      await this.#send(() => client.send(command, sendOptions(signal)));
    } catch (error) {
      await this.#missing(error, call);
    }
  }
}
