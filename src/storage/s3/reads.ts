// Reading from a bucket: GET and HEAD of an object, by one of two ways that answer alike. `SignedReads` signs
// and sends requests by itself; `SdkReads` hands them to the SDK. Failures are for `s3Error` to name.
import type { Readable } from 'node:stream';
import type { ByteRange, ObjectLock } from '../object-store.js';
import { type LoadedSdk, sendOptions } from './sdk.js';

export interface ReadRequest {
  /** In the bucket, prefix included. */
  readonly key: string;
  readonly signal: AbortSignal | undefined;
  /** Default: the current one. */
  readonly version?: string | undefined;
}

export interface GetRequest extends ReadRequest {
  readonly range: ByteRange | undefined;
  /** Memory for the body, used when it is as long. */
  readonly into: Uint8Array | undefined;
  /** For messages: the URI of the object. */
  readonly uri: string;
}

export interface HeadAnswer {
  readonly etag: string | undefined;
  readonly lengthBytes: number | undefined;
  readonly modifiedMs: number;
  readonly lock?: ObjectLock | undefined;
}

export interface GetAnswer extends HeadAnswer {
  readonly contentRange: string | undefined;
  readonly body: Readable;
}

export interface S3Reads {
  get(request: GetRequest): Promise<GetAnswer>;
  head(request: ReadRequest): Promise<HeadAnswer>;
  /** Succeeds when the bucket is there and may be listed; one key below the prefix is asked for. */
  seeBucket(request: Pick<ReadRequest, 'signal'> & { readonly prefix: string }): Promise<void>;
  close(): void;
}

export class SdkReads implements S3Reads {
  readonly #bucket: string;
  readonly #load: () => Promise<LoadedSdk>;

  constructor(bucket: string, load: () => Promise<LoadedSdk>) {
    this.#bucket = bucket;
    this.#load = load;
  }

  async get({ key, range, into, uri, signal, version }: GetRequest): Promise<GetAnswer> {
    const { sdk, client } = await this.#load();
    const command = new sdk.GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      ...(range ? { Range: rangeHeader(range) } : {}),
      ...(version === undefined ? {} : { VersionId: version }),
    });
    const send = { ...sendOptions(signal), ...(into ? { place: { bytes: into, uri } } : {}) };
    const answer = await client.send(command, send);
    return {
      etag: answer.ETag,
      lengthBytes: answer.ContentLength,
      contentRange: answer.ContentRange,
      modifiedMs: answer.LastModified?.getTime() ?? 0,
      body: answer.Body as Readable,
    };
  }

  async head({ key, signal }: ReadRequest): Promise<HeadAnswer> {
    const { sdk, client } = await this.#load();
    const command = new sdk.HeadObjectCommand({ Bucket: this.#bucket, Key: key });
    const answer = await client.send(command, sendOptions(signal));
    const until = answer.ObjectLockRetainUntilDate?.toISOString();
    return {
      etag: answer.ETag,
      lengthBytes: answer.ContentLength,
      modifiedMs: answer.LastModified?.getTime() ?? 0,
      lock: lockOf(answer.ObjectLockMode, until),
    };
  }

  async seeBucket({ prefix, signal }: { prefix: string; signal: AbortSignal | undefined }): Promise<void> {
    const { sdk, client } = await this.#load();
    const command = new sdk.ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, MaxKeys: 1 });
    await client.send(command, sendOptions(signal));
  }

  /** The client is its owner's to close. */
  close(): void {}
}

export function rangeHeader({ start, end }: ByteRange): string {
  return `bytes=${start}-${end - 1}`;
}

/** As servers tell it of an object. */
export function lockOf(mode: string | undefined, until: string | undefined): ObjectLock | undefined {
  const untilMs = Date.parse(until ?? '');
  if (mode === undefined || Number.isNaN(untilMs)) return undefined;
  return { mode: mode === 'COMPLIANCE' ? 'compliance' : 'governance', untilMs };
}
