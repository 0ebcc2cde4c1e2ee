// Settings of a bucket that would break a dataset in it: rules that remove or freeze its objects, statements
// that deny. Read for `nacre doctor` only; a reader or writer needs no right to them.
import type { LifecycleRule, ReplicationRule } from '@aws-sdk/client-s3';
import { type BucketSettings, type Danger, letExpireDoIt, ruleMeets } from '../bucket-settings.js';
import type { CallOptions } from '../object-store.js';
import { systemRuntime } from '../../util/runtime.js';
import { policyDangers } from './bucket-policy.js';
import { configureS3 } from './config.js';
import { serverCode, statusOf } from './errors.js';
import { type LoadedSdk, sendOptions } from './sdk.js';

/** Classes whose objects cannot be read before they were restored. */
const frozen = ['GLACIER', 'DEEP_ARCHIVE'];

/** Answers that nothing was ever set. */
const unset = [
  'NoSuchLifecycleConfiguration',
  'ObjectLockConfigurationNotFoundError',
  'NoSuchBucketPolicy',
  'ReplicationConfigurationNotFoundError',
];

interface Place {
  readonly bucket: string;
  readonly prefix: string;
  readonly profile?: string | undefined;
}

/** Cost: six requests. Errors: none of the server's; what cannot be read is undefined. */
export async function readBucketSettings(
  { bucket, prefix, profile }: Place,
  { signal }: CallOptions = {},
): Promise<BucketSettings> {
  const patience = { stallMs: 10_000, connectMs: 5_000, maxSockets: 6 };
  const configured = await configureS3({ bucket, profile, runtime: systemRuntime, ...patience });
  const loaded = await configured.load();
  const { sdk, client } = loaded;
  const send = sendOptions(signal);
  const of = { Bucket: bucket };
  try {
    const [versioning, lock, rules, policy, replicatedTo, classes] = await Promise.all([
      readable(async () => {
        const { Status } = await client.send(new sdk.GetBucketVersioningCommand(of), send);
        return Status === 'Enabled';
      }),
      readable(async () => {
        const answer = await client.send(new sdk.GetObjectLockConfigurationCommand(of), send);
        const { Mode, Days, Years } = answer.ObjectLockConfiguration?.Rule?.DefaultRetention ?? {};
        if (Mode === undefined) return '';
        return `${Mode} ${Days === undefined ? `${Years ?? 0} years` : `${Days} days`}`;
      }, ''),
      readable(async () => {
        const { Rules = [] } = await client.send(new sdk.GetBucketLifecycleConfigurationCommand(of), send);
        return Rules.filter((rule) => isMet(rule, prefix));
      }, []),
      readable(async () => {
        const { Policy = '{}' } = await client.send(new sdk.GetBucketPolicyCommand(of), send);
        return policyDangers(Policy, bucket, prefix);
      }, []),
      readable(() => replicatedFrom(loaded, bucket, prefix, signal), []),
      readable(() => frozenOf(loaded, bucket, prefix, signal)),
    ]);
    return {
      ...{ versioning, lock, policy, replicatedTo },
      ...{ classes: classes?.dangers, classesOf: classes?.lookedAt },
      lifecycle: rules?.flatMap(dangersOf),
      noncurrentGo: rules?.some((rule) => rule.NoncurrentVersionExpiration?.NoncurrentDays !== undefined),
    };
  } finally {
    await configured.close();
  }
}

/** `none` where the server says that nothing was ever set; undefined where it does not say. */
async function readable<T>(ask: () => Promise<T>, none?: T): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (unset.includes(serverCode(error))) return none;
    if (statusOf(error) > 0) return undefined;
    throw error;
  }
}

/** A rule of either form, some servers answer with both; '' for all keys. */
function prefixOf({ Prefix, Filter }: Pick<LifecycleRule | ReplicationRule, 'Prefix' | 'Filter'>): string {
  return [Prefix, Filter?.Prefix, Filter?.And?.Prefix].find((one) => one !== undefined && one !== '') ?? '';
}

function isMet(rule: LifecycleRule, prefix: string): boolean {
  const { Filter: filter } = rule;
  // Objects of a dataset have no tags, so a rule that asks for one passes them by.
  const tagged = filter?.Tag !== undefined || (filter?.And?.Tags ?? []).length > 0;
  return rule.Status === 'Enabled' && !tagged && ruleMeets(prefixOf(rule), prefix);
}

function dangersOf(rule: LifecycleRule): Danger[] {
  const name = `the lifecycle rule '${rule.ID ?? prefixOf(rule)}'`;
  const { Days, Date: date } = rule.Expiration ?? {};
  const when = Days === undefined ? `on ${date?.toISOString().slice(0, 10) ?? ''}` : `${Days} days old`;
  const cold = (rule.Transitions ?? []).find(({ StorageClass }) => frozen.includes(StorageClass ?? ''));
  return [
    ...(Days === undefined && date === undefined
      ? []
      : [
          {
            kind: 'loss' as const,
            text: `${name} removes objects of the dataset ${when}`,
            change: letExpireDoIt,
          },
        ]),
    ...(cold === undefined
      ? []
      : [
          {
            kind: 'loss' as const,
            text: `${name} moves objects to ${cold.StorageClass}, where reads fail`,
            change: 'Take the dataset out of it, or let it move to GLACIER_IR, which can be read.',
          },
        ]),
  ];
}

async function replicatedFrom(
  { sdk, client }: LoadedSdk,
  bucket: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const command = new sdk.GetBucketReplicationCommand({ Bucket: bucket });
  const { ReplicationConfiguration: found } = await client.send(command, sendOptions(signal));
  return (found?.Rules ?? [])
    .filter((rule) => rule.Status === 'Enabled' && ruleMeets(prefixOf(rule), prefix))
    .map(({ Destination }) => Destination?.Bucket?.replace(/^arn:aws[\w-]*:s3:::/, '') ?? 'another bucket');
}

/** Of the first 1,000 objects those that cannot be read. */
async function frozenOf(
  { sdk, client }: LoadedSdk,
  bucket: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly dangers: Danger[]; readonly lookedAt: number | undefined }> {
  const Prefix = prefix === '' ? '' : `${prefix}/`;
  const command = new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix, MaxKeys: 1_000 });
  const { Contents = [], IsTruncated } = await client.send(command, sendOptions(signal));
  const cold = Contents.filter(({ StorageClass }) => frozen.includes(StorageClass ?? ''));
  const lookedAt = IsTruncated === true ? Contents.length : undefined;
  if (cold.length === 0) return { dangers: [], lookedAt };
  const classes = [...new Set(cold.map(({ StorageClass }) => StorageClass))].join(' and ');
  const many =
    lookedAt === undefined ? String(Contents.length) : `the first ${lookedAt.toLocaleString('en')}`;
  const danger: Danger = {
    kind: 'loss',
    text: `${cold.length} of ${many} objects are in ${classes}, where reads fail`,
    change: 'Restore them (`aws s3api restore-object`), then copy them in place to STANDARD.',
  };
  return { dangers: [danger], lookedAt };
}
