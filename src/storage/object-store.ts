// The one narrow interface between Nacre and bytes that are kept somewhere. Backends (local, memory, s3, gcs)
// do exactly what it says and nothing else: no retries, no cache, no checksums of their own; behaviour is
// added by the wrappers in wrap/. Keys are relative to the store's root, `[a-z0-9._-/]`, shorter than 1,024
// bytes.
//
// Errors: `PermissionDenied` (401/403), `NotFound` (the bucket or folder itself), `Unavailable` (429, 5xx,
// network, a stalled body; retryable; `context.retryAfterMs` when the server said so), `InvalidArgument`,
// `ResourceExhausted` (disk full, 413), `Corrupt` (a body of the wrong length, or one that differs from the
// crc32c sent with it), `Aborted`. A missing *object* is an answer, not an error.
//
// A put that throws `Unavailable` or `Aborted` may still have been applied, or may be applied later. Nothing
// else may.
import type { ObjectDigest } from '../native.js';
import type { ByteSource } from '../util/bytes.js';
import type { Healing } from './wrap/healing.js';

/** Half-open byte range `[start, end)`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface CallOptions {
  /**
   * Ends the call with `Aborted`. Node forgets a signal of `AbortSignal.timeout()` that only
   * `AbortSignal.any()` listens to (nodejs/node#57736): keep hold of the former until the call is over.
   */
  readonly signal?: AbortSignal;
  /** Nobody waits for this call: it yields to others in a queue and counts in no wave. Default false. */
  readonly background?: boolean;
}

export interface GetOptions extends CallOptions {
  /**
   * Default: the whole object. A range past the end is cut at the end; one that starts past it gives 0 bytes.
   */
  readonly range?: ByteRange;
  /**
   * Memory for the body, exactly as long as the range: a backend that can writes there as bytes arrive, and
   * gives it back as `bytes`, which saves a copy. Its content is undefined while the call runs and after it
   * failed. Nobody writes there when the call has ended, aborted or not.
   */
  readonly into?: Uint8Array;
}

/**
 * Names one state of one key: an ETag, a GCS generation, an inode with its time. Opaque; compared by the
 * store.
 */
export type StateToken = string;

export interface ObjectBody {
  readonly bytes: Uint8Array;
  readonly token: StateToken;
  /** Size of the whole object, also when a range was asked for. */
  readonly sizeBytes: number;
  /** Last-modified time by the store's clock, milliseconds since 1970. */
  readonly modifiedMs: number;
}

export interface ObjectHead {
  readonly token: StateToken;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Undefined also where the credentials may not see it. */
  readonly lock?: ObjectLock | undefined;
}

/**
 * Until when this state of a key is not deleted: `governance` by nobody without a right of its own,
 * `compliance` by nobody at all. The end may be put off, never brought forward.
 */
export interface ObjectLock {
  readonly mode: 'governance' | 'compliance';
  readonly untilMs: number;
}

/**
 * When a put takes effect. `absent`: only if the key is not there. `{ token }`: only if it is in that state.
 */
export type PutCondition = 'absent' | { readonly token: StateToken };

export interface BodyDigest {
  /** Bytes of a block: a positive multiple of 64. */
  readonly blockBytes: number;
  readonly take: (digest: ObjectDigest) => void;
}

export interface PutOptions extends CallOptions {
  readonly condition?: PutCondition;
  /** CRC32C of the whole body; sent along where the store can compare it on arrival. */
  readonly crc32c?: number;
  /** Default `application/octet-stream`. */
  readonly contentType?: string;
  readonly cacheControl?: string;
  /**
   * The key holds a random id that nobody else writes: a retry that finds it present found its own earlier
   * attempt. Lets the retrying wrapper repeat a create-only put; never set for roots.
   */
  readonly uniqueKey?: boolean;
  /**
   * Where the store {@link StoreCapabilities.digestsOnPut}: `take` gets the digests of the body, before the
   * key is there. Elsewhere nothing comes of it.
   */
  readonly digest?: BodyDigest;
  /**
   * Only where the store has {@link ObjectStore.versioned}; `InvalidArgument` where the bucket has no locks.
   */
  readonly lock?: ObjectLock;
}

/**
 * `refused`: the condition did not hold, for certain and at this attempt. An earlier lost attempt may have
 * landed.
 */
export type PutResult =
  | { readonly outcome: 'written'; readonly token: StateToken }
  | { readonly outcome: 'refused' };

export interface ListOptions extends CallOptions {
  /** Only keys that begin so. */
  readonly prefix?: string;
  /** Only keys that sort after this one. */
  readonly after?: string;
  /** At most this many keys a page; a backend may return fewer. Default 1,000. */
  readonly limit?: number;
}

export interface ListEntry {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface ListPage {
  readonly entries: readonly ListEntry[];
  /** Pass as `after` for the next page; undefined at the end. */
  readonly next: string | undefined;
}

/** One state that a key has or had. */
export interface ObjectVersion {
  readonly key: string;
  /** Names the state: a version id of S3. */
  readonly version: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly isCurrent: boolean;
  /** No state but the mark that the key was deleted. */
  readonly isDeletion: boolean;
}

export interface VersionPage {
  /** By their keys in byte order, of each key the newest first. */
  readonly entries: readonly ObjectVersion[];
  /** Pass as `after` for the next page; undefined at the end. */
  readonly next: { readonly key: string; readonly version: string } | undefined;
}

export interface ListVersionsOptions extends CallOptions {
  /** Only keys that begin so. */
  readonly prefix: string;
  readonly after?: VersionPage['next'];
}

/**
 * What only some stores have: states that a key had before, and locks. A bucket without versions has of each
 * key the one state that it has.
 */
export interface VersionedObjects {
  listVersions(options: ListVersionsOptions): Promise<VersionPage>;
  /** As `get`, of one state. */
  getVersion(key: string, version: string, options?: GetOptions): Promise<ObjectBody | undefined>;
  /**
   * Locks the current state, or puts the end off. `refused`: the credentials or an own lock do not allow it.
   */
  lock(key: string, lock: ObjectLock, options?: CallOptions): Promise<'locked' | 'refused'>;
  /**
   * Deletes all states of keys; gives the keys of which a state is locked and stays. `PermissionDenied` where
   * the credentials do not allow it.
   */
  deleteForGood(keys: readonly string[], options?: CallOptions): Promise<readonly string[]>;
}

/** A state of an object that lies somewhere on the server of a store. */
export interface CopySource {
  readonly store: ObjectStore;
  readonly key: string;
  readonly token: StateToken;
}

/**
 * `refused`: the state is there no longer, or the server or the credentials do not allow it, or the key is
 * taken, for certain and at this attempt. `crc32c` is of what was made, where the server says it.
 */
export type CopyResult =
  | { readonly outcome: 'written'; readonly crc32c: number | undefined }
  | { readonly outcome: 'refused' };

/** What only some stores have: objects that the server makes of others, so that no bytes come this way. */
export interface ServerCopies {
  /** Whether a copy from there may go well: both are of one server. */
  reaches(store: ObjectStore): boolean;
  /**
   * Makes an object of the state of another one, create-only where the server looks at that: some write over
   * what is there. A failure leaves the same doubt as that of a put.
   */
  copy(key: string, from: CopySource, options?: CallOptions): Promise<CopyResult>;
}

export type StoreScheme = 's3' | 'gs' | 'file' | 'memory';

export interface StoreCapabilities {
  readonly scheme: StoreScheme;
  /**
   * `scheme://host:port` in lower case of the server of a bucket: two servers may each have a bucket of one
   * name. Absent where the URI says it all: a folder, memory.
   */
  readonly server?: string;
  /** Listings come in the byte order of their keys. */
  readonly sortedList: boolean;
  /** Keys removed by one delete call at most. */
  readonly deleteBatch: number;
  /** Largest body that goes in one request; larger ones go in parts. */
  readonly singlePutBytes: number;
  /** The store compares `PutOptions.crc32c` with the body that arrived and refuses it as `Corrupt`. */
  readonly checksOnPut: boolean;
  /** The store makes {@link PutOptions.digest} while it writes: sooner than before it does. Default false. */
  readonly digestsOnPut?: boolean;
}

export interface ObjectStore {
  /** For messages and for `home`: the URI without credentials or a trailing slash. */
  readonly uri: string;
  readonly capabilities: StoreCapabilities;
  /** Absent where the store has nothing of it. */
  readonly versioned?: VersionedObjects;
  /** Absent where no server copies. */
  readonly copies?: ServerCopies;
  /** Who else has right bytes, for reads that check theirs; added by a wrapper. */
  readonly healing?: Healing;
  /** The object or a range of it; undefined when, and only when, the store says that there is no such key. */
  get(key: string, options?: GetOptions): Promise<ObjectBody | undefined>;
  /** Several ranges of one object, in the order asked for; undefined when there is no such key. */
  getRanges(
    key: string,
    ranges: readonly ByteRange[],
    options?: CallOptions,
  ): Promise<Uint8Array[] | undefined>;
  /**
   * Writes the whole object or nothing; durable when it resolves. Bodies over `singlePutBytes` go as
   * multipart.
   */
  put(key: string, body: ByteSource, options?: PutOptions): Promise<PutResult>;
  head(key: string, options?: CallOptions): Promise<ObjectHead | undefined>;
  list(options?: ListOptions): Promise<ListPage>;
  /** Deletes keys, batched where the store can; a key that is not there is no error. */
  delete(keys: readonly string[], options?: CallOptions): Promise<void>;
  /**
   * The store's clock, milliseconds since 1970: the newest `Date` header (on a folder, file time), carried on
   * by the local monotonic clock. Undefined before the first answer.
   */
  timeMs(): number | undefined;
  /** Ends idle connections; calls after it fail with `Closed`. */
  close(): Promise<void>;
}
