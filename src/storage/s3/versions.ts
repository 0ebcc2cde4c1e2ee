// States that keys had before, and locks. Nothing of it is asked for unless somebody needs it: it takes
// rights that readers and writers do not have.
import type {
  CallOptions,
  GetOptions,
  ListVersionsOptions,
  ObjectBody,
  ObjectLock,
  ObjectVersion,
  VersionedObjects,
  VersionPage,
} from '../object-store.js';
import { NacreError } from '../../errors.js';
import { mapBounded } from '../../util/bounded.js';
import { parallelRequests } from '../http-bounded.js';
import { checkKey, checkKeyPrefix } from '../keys.js';
import { type S3Call, s3Error, serverCode, statusOf } from './errors.js';
import { type LoadedSdk, sendOptions } from './sdk.js';
import { asServiceError } from './wire.js';

export interface LockParameters {
  readonly ObjectLockMode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly ObjectLockRetainUntilDate: Date;
}

export function lockParameters({ mode, untilMs }: ObjectLock): LockParameters {
  return {
    ObjectLockMode: mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
    ObjectLockRetainUntilDate: new Date(untilMs),
  };
}

export interface S3VersionsOptions {
  readonly bucket: string;
  /** With its slash; '' for the bucket itself. */
  readonly prefix: string;
  readonly sdk: () => Promise<LoadedSdk>;
  readonly call: (operation: string, signal: AbortSignal | undefined, key?: string) => S3Call;
  readonly get: (key: string, version: string, options: GetOptions) => Promise<ObjectBody | undefined>;
}

/** Keys and states of one delete at most. */
const deleteBatch = 1000;

export class S3Versions implements VersionedObjects {
  readonly #options: S3VersionsOptions;

  constructor(options: S3VersionsOptions) {
    this.#options = options;
  }

  async listVersions({ prefix, after, signal }: ListVersionsOptions): Promise<VersionPage> {
    checkKeyPrefix(prefix);
    const { bucket, prefix: root } = this.#options;
    const call = this.#options.call('ListObjectVersions', signal);
    const { sdk, client } = await this.#options.sdk();
    const command = new sdk.ListObjectVersionsCommand({
      Bucket: bucket,
      Prefix: root + prefix,
      ...(after === undefined ? {} : { KeyMarker: root + after.key }),
      ...(after === undefined || after.version === '' ? {} : { VersionIdMarker: after.version }),
    });
    try {
      const answer = await client.send(command, sendOptions(signal));
      const states = (answer.Versions ?? []).map((one) => ({ ...one, isDeletion: false }));
      const deletions = (answer.DeleteMarkers ?? []).map((one) => ({ ...one, Size: 0, isDeletion: true }));
      const entries = [...states, ...deletions].map((one) => ({
        key: (one.Key ?? '').slice(root.length),
        version: one.VersionId ?? 'null',
        sizeBytes: one.Size ?? 0,
        modifiedMs: one.LastModified?.getTime() ?? 0,
        isCurrent: one.IsLatest === true,
        isDeletion: one.isDeletion,
      }));
      const { NextKeyMarker: key, NextVersionIdMarker: version = '' } = answer;
      const isMore = answer.IsTruncated === true && key !== undefined;
      const next = isMore ? { key: key.slice(root.length), version } : undefined;
      return { entries: entries.toSorted(newestFirst), next };
    } catch (error) {
      // Not to be tried again: the server will not learn it.
      if (statusOf(error) === 501 || serverCode(error) === 'NotImplemented')
        throw new NacreError('InvalidArgument', `${call.what} failed: the server keeps no states of keys`);
      throw s3Error(error, call);
    }
  }

  getVersion(key: string, version: string, options: GetOptions = {}): Promise<ObjectBody | undefined> {
    return this.#options.get(key, version, options);
  }

  async lock(key: string, lock: ObjectLock, { signal }: CallOptions = {}): Promise<'locked' | 'refused'> {
    checkKey(key);
    const call = this.#options.call('PutObjectRetention', signal, key);
    const { sdk, client } = await this.#options.sdk();
    const { ObjectLockMode: Mode, ObjectLockRetainUntilDate: RetainUntilDate } = lockParameters(lock);
    const at = { Bucket: this.#options.bucket, Key: this.#options.prefix + key };
    try {
      const command = new sdk.PutObjectRetentionCommand({ ...at, Retention: { Mode, RetainUntilDate } });
      await client.send(command, sendOptions(signal));
      return 'locked';
    } catch (error) {
      if (isLocked(error)) return 'refused';
      throw s3Error(error, call);
    }
  }

  async deleteForGood(keys: readonly string[], options: CallOptions = {}): Promise<string[]> {
    for (const key of keys) checkKey(key);
    const found = await mapBounded(keys, parallelRequests, (key) => this.#statesOf(key, options));
    // What is deleted half way shows itself: the marks of deletions go before what they hide.
    const states = found.flat().toSorted((a, b) => Number(b.isDeletion) - Number(a.isDeletion));
    const locked = new Set<string>();
    for (let first = 0; first < states.length; first += deleteBatch)
      for (const key of await this.#deleteStates(states.slice(first, first + deleteBatch), options))
        locked.add(key);
    return [...locked];
  }

  async #statesOf(key: string, options: CallOptions): Promise<ObjectVersion[]> {
    const states: ObjectVersion[] = [];
    for (let after: VersionPage['next']; ; ) {
      const page = await this.listVersions({ ...options, prefix: key, ...(after && { after }) });
      states.push(...page.entries.filter((one) => one.key === key));
      after = page.next;
      if (after === undefined || after.key > key) return states;
    }
  }

  async #deleteStates(states: readonly ObjectVersion[], { signal }: CallOptions): Promise<string[]> {
    const { bucket, prefix } = this.#options;
    const call = this.#options.call('DeleteObjects', signal);
    const { sdk, client } = await this.#options.sdk();
    const Objects = states.map(({ key, version }) => ({ Key: prefix + key, VersionId: version }));
    try {
      const command = new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Quiet: true, Objects } });
      const { Errors = [] } = await client.send(command, sendOptions(signal));
      const failed = Errors.filter(({ Code }) => Code !== 'NoSuchKey' && Code !== 'NoSuchVersion');
      const errors = failed.map(asServiceError);
      const other = errors.find((error) => !isLocked(error));
      if (other !== undefined) throw other;
      // S3 refuses with one word what is locked, and what these credentials may not.
      const refused = errors.findIndex((error) => serverCode(error) === 'AccessDenied');
      const { Key, VersionId } = failed[refused] ?? {};
      if (Key !== undefined) {
        const head = new sdk.HeadObjectCommand({ Bucket: bucket, Key, VersionId });
        const { ObjectLockMode } = await client.send(head, sendOptions(signal));
        if (ObjectLockMode === undefined) throw errors[refused];
      }
      return failed.map((one) => (one.Key ?? '').slice(prefix.length));
    } catch (error) {
      throw s3Error(error, call);
    }
  }
}

/**
 * S3 says 403, for a lock as for credentials that may not; MinIO says it with a code of its own, or in words.
 */
function isLocked(error: unknown): boolean {
  const code = serverCode(error);
  if (statusOf(error) === 403 || code === 'ObjectLocked') return true;
  return code === 'InvalidRequest' && /\bWORM\b/.test((error as Partial<Error>).message ?? '');
}

function newestFirst(a: ObjectVersion, b: ObjectVersion): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return Number(b.isCurrent) - Number(a.isCurrent) || b.modifiedMs - a.modifiedMs;
}
