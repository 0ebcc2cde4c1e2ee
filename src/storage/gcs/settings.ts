// Settings of a Google Cloud Storage bucket that would break a dataset in it: rules that remove its objects.
// Read for `nacre doctor` only; a reader or writer needs no right to them (storage.buckets.get).
import { type BucketSettings, ruleMeets } from '../bucket-settings.js';
import type { CallOptions } from '../object-store.js';
import { untilAborted } from '../../util/runtime.js';
import { configureGcs } from './config.js';

/** What is used of https://cloud.google.com/storage/docs/json_api/v1/buckets. */
interface BucketResource {
  readonly versioning?: { readonly enabled?: boolean };
  readonly retentionPolicy?: { readonly retentionPeriod?: string | number; readonly isLocked?: boolean };
  readonly lifecycle?: { readonly rule?: readonly Rule[] };
}

interface Rule {
  readonly action?: { readonly type?: string };
  readonly condition?: {
    readonly isLive?: boolean;
    readonly numNewerVersions?: number;
    readonly daysSinceNoncurrentTime?: number;
    readonly noncurrentTimeBefore?: string;
    readonly matchesPrefix?: readonly string[];
    readonly matchesSuffix?: readonly string[];
  };
}

const secondsOfDay = 86_400;

/** Cost: one request. What cannot be read is undefined. */
export async function readBucketSettings(
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
  { signal }: CallOptions = {},
): Promise<BucketSettings> {
  const { storage } = await configureGcs({ endpoint: undefined, anonymous: undefined, stallMs: 10_000 });
  // The library gives up by itself after a minute at most; whoever leaves earlier does not wait for it.
  const asked = storage.bucket(bucket).getMetadata();
  asked.catch(() => undefined);
  const [found] = await untilAborted(asked, signal);
  const { versioning, retentionPolicy, lifecycle } = found as BucketResource;
  return {
    versioning: versioning?.enabled === true,
    lock: lockText(retentionPolicy),
    dangers: (lifecycle?.rule ?? []).flatMap((rule) => dangersOf(rule, prefix)),
  };
}

function lockText(policy: BucketResource['retentionPolicy']): string {
  const seconds = Number(policy?.retentionPeriod ?? 0);
  if (seconds === 0) return '';
  const days = Math.ceil(seconds / secondsOfDay);
  return `${policy?.isLocked === true ? 'locked' : 'retention'} ${days} ${days === 1 ? 'day' : 'days'}`;
}

/** A storage class only makes reads dearer here; what is deleted is gone. */
function dangersOf({ action, condition = {} }: Rule, prefix: string): string[] {
  if (action?.type !== 'Delete') return [];
  const { isLive, numNewerVersions = 0, daysSinceNoncurrentTime, noncurrentTimeBefore } = condition;
  const onlyOld =
    isLive === false ||
    numNewerVersions > 0 ||
    daysSinceNoncurrentTime !== undefined ||
    noncurrentTimeBefore !== undefined;
  const { matchesPrefix = [''], matchesSuffix = [''] } = condition;
  const meets = matchesPrefix.some((ruled) => ruleMeets(ruled, prefix));
  // The names that objects of a dataset end in; those of segments and of the hint have no dot.
  const ends = matchesSuffix.some(
    (suffix) => suffix === '' || '.npy'.endsWith(suffix) || '.root'.endsWith(suffix),
  );
  if (onlyOld || !meets || !ends) return [];
  const text = JSON.stringify(condition);
  return [`a lifecycle rule (${text === '{}' ? 'for all objects' : text}) removes objects of the dataset`];
}
