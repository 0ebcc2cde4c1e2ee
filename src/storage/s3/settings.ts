// Settings of a bucket that would break a dataset in it: rules that remove or freeze its objects. Read for
// `nacre doctor` only; a reader or writer needs no right to them.
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { type BucketSettings, ruleMeets } from '../bucket-settings.js';
import type { CallOptions } from '../object-store.js';
import { systemRuntime } from '../../util/runtime.js';
import { configureS3 } from './config.js';
import { serverCode, statusOf } from './errors.js';
import { sendOptions } from './sdk.js';

const colder = ['GLACIER', 'DEEP_ARCHIVE'];

/** Cost: three requests. Errors: none of the server's; what cannot be read is undefined. */
export async function readBucketSettings(
  location: { readonly bucket: string; readonly prefix: string; readonly profile?: string | undefined },
  { signal }: CallOptions = {},
): Promise<BucketSettings> {
  const { bucket, prefix, profile } = location;
  const patience = { stallMs: 10_000, connectMs: 5_000, maxSockets: 4 };
  const configured = await configureS3({ bucket, profile, runtime: systemRuntime, ...patience });
  const { sdk, client } = await configured.load();
  const send = sendOptions(signal);
  const of = { Bucket: bucket };
  try {
    const [versioning, lock, dangers] = await Promise.all([
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
        return Rules.flatMap((rule) => dangersOf(rule, prefix));
      }, []),
    ]);
    return { versioning, lock, dangers };
  } finally {
    await configured.close();
  }
}

/** `none` where the server says that nothing was ever set; undefined where it does not say. */
async function readable<T>(ask: () => Promise<T>, none?: T): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const unset = ['NoSuchLifecycleConfiguration', 'ObjectLockConfigurationNotFoundError'];
    if (unset.includes(serverCode(error))) return none;
    if (statusOf(error) > 0) return undefined;
    throw error;
  }
}

function dangersOf(rule: LifecycleRule, prefix: string): string[] {
  const { Filter: filter } = rule;
  // Objects of a dataset have no tags, so a rule that asks for one passes them by.
  const tagged = filter?.Tag !== undefined || (filter?.And?.Tags ?? []).length > 0;
  if (rule.Status !== 'Enabled' || tagged) return [];
  const ruled = rule.Prefix ?? filter?.Prefix ?? filter?.And?.Prefix ?? '';
  if (!ruleMeets(ruled, prefix)) return [];
  const name = `the lifecycle rule '${rule.ID ?? ruled}'`;
  const cold = (rule.Transitions ?? []).find(({ StorageClass }) => colder.includes(StorageClass ?? ''));
  return [
    ...(rule.Expiration?.Days === undefined && rule.Expiration?.Date === undefined
      ? []
      : [`${name} removes objects of the dataset`]),
    ...(cold === undefined ? [] : [`${name} moves objects to ${cold.StorageClass}, where reads fail`]),
  ];
}
