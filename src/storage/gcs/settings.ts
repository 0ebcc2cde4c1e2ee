// Settings of a Google Cloud Storage bucket that would break a dataset in it: rules that remove its objects.
// Read for `nacre doctor` only; a reader or writer needs no right to them (storage.buckets.get).
import { type BucketSettings, type Danger, letExpireDoIt, ruleMeets } from '../bucket-settings.js';
import type { CallOptions } from '../object-store.js';
import { untilAborted } from '../../util/runtime.js';
import { configureGcs } from './config.js';

/** What is used of https://cloud.google.com/storage/docs/json_api/v1/buckets. */
interface BucketResource {
  readonly versioning?: { readonly enabled?: boolean };
  readonly retentionPolicy?: { readonly retentionPeriod?: string | number; readonly isLocked?: boolean };
  readonly lifecycle?: { readonly rule?: readonly Rule[] };
  readonly storageClass?: string;
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

/** What follows the ids that keys of a dataset end in: of segments, indexes and the like nothing. */
const endings = ['.npy', '.arrow', '.root', ''];

/** The hint. */
const hintKey = 'latest';

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
  const { versioning, retentionPolicy, lifecycle, storageClass = 'STANDARD' } = found as BucketResource;
  const rules = lifecycle?.rule ?? [];
  return {
    versioning: versioning?.enabled === true,
    lock: lockText(retentionPolicy),
    noncurrentGo: rules.some((rule) => rule.action?.type === 'Delete' && isOfOld(rule)),
    lifecycle: rules.flatMap((rule) => dangersOf(rule, prefix)),
    // Deny policies are of a project or an organisation, and no part of a bucket.
    policy: undefined,
    classes: coldClass(storageClass),
    replicatedTo: [],
  };
}

/** Every class can be read at once; what is read or removed early is paid for. */
function coldClass(storageClass: string): Danger[] {
  if (!['NEARLINE', 'COLDLINE', 'ARCHIVE'].includes(storageClass)) return [];
  return [
    {
      kind: 'limit',
      text: `new objects get the class ${storageClass}: every read is paid for by the byte, and so is an early removal`,
      change: 'Make STANDARD the default class of the bucket, or take another one.',
    },
  ];
}

function isOfOld({ condition = {} }: Rule): boolean {
  const { isLive, numNewerVersions = 0, daysSinceNoncurrentTime, noncurrentTimeBefore } = condition;
  return (
    isLive === false ||
    numNewerVersions > 0 ||
    daysSinceNoncurrentTime !== undefined ||
    noncurrentTimeBefore !== undefined
  );
}

function lockText(policy: BucketResource['retentionPolicy']): string {
  const seconds = Number(policy?.retentionPeriod ?? 0);
  if (seconds === 0) return '';
  const days = Math.ceil(seconds / secondsOfDay);
  return `${policy?.isLocked === true ? 'locked' : 'retention'} ${days} ${days === 1 ? 'day' : 'days'}`;
}

function endsAKey(suffix: string): boolean {
  if (hintKey.endsWith(suffix)) return true;
  return endings.some(
    (ending) =>
      ending.endsWith(suffix) ||
      (suffix.endsWith(ending) && /^[0-9a-f]*$/.test(suffix.slice(0, suffix.length - ending.length))),
  );
}

function dangersOf(rule: Rule, prefix: string): Danger[] {
  const { action, condition = {} } = rule;
  if (action?.type !== 'Delete') return [];
  const { matchesPrefix = [''], matchesSuffix = [''] } = condition;
  const meets = matchesPrefix.some((ruled) => ruleMeets(ruled, prefix));
  const ends = matchesSuffix.some(endsAKey);
  if (isOfOld(rule) || !meets || !ends) return [];
  const json = JSON.stringify(condition);
  const text = `a lifecycle rule (${json === '{}' ? 'for all objects' : json}) removes objects of the dataset`;
  return [{ kind: 'loss', text, change: letExpireDoIt }];
}
