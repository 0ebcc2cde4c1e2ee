// Settings of the bucket that work against a dataset in it: what would be lost or refused later, though all
// that is tried out now goes well. What cannot be read is said as not known.
import { isNacreError } from '../../errors.js';
import type { BucketSettings, Danger } from '../../storage/bucket-settings.js';
import type { CallOptions } from '../../storage/object-store.js';
import type { StoreLocation } from '../../storage/uri.js';
import { throwIfAborted } from '../../util/runtime.js';
import { failed, type Finding, ok, skipped, warning } from './finding.js';

/** Names of the checks, in their order. */
export const settingChecks = [
  'lifecycle',
  'bucket policy',
  'storage class',
  'versioning',
  'replication',
] as const;

type Check = (typeof settingChecks)[number];

export async function settingsOf(location: StoreLocation, options: CallOptions): Promise<Finding[]> {
  const all = (finding: Omit<Finding, 'check'>): Finding[] =>
    settingChecks.map((check) => ({ check, ...finding }));
  if (location.scheme !== 's3' && location.scheme !== 'gs') return all(skipped('this store has none'));
  try {
    const { readBucketSettings } =
      location.scheme === 's3'
        ? await import('../../storage/s3/settings.js')
        : await import('../../storage/gcs/settings.js');
    return findingsOf(await readBucketSettings(location, options), location.scheme);
  } catch (error) {
    if (isNacreError(error, 'Aborted')) throw error;
    // The SDKs end with errors of their own.
    throwIfAborted(options.signal);
    return all(skipped('not known: it could not be read'));
  }
}

/** Rights that reading each of them takes, for messages. */
const rights: Readonly<Record<'s3' | 'gs', Readonly<Record<Check, string>>>> = {
  s3: {
    lifecycle: 's3:GetLifecycleConfiguration',
    'bucket policy': 's3:GetBucketPolicy',
    'storage class': 's3:ListBucket',
    versioning: 's3:GetBucketVersioning',
    replication: 's3:GetReplicationConfiguration',
  },
  gs: {
    lifecycle: 'storage.buckets.get',
    'bucket policy': 'storage.buckets.getIamPolicy',
    'storage class': 'storage.buckets.get',
    versioning: 'storage.buckets.get',
    replication: 'storage.buckets.get',
  },
};

export function findingsOf(settings: BucketSettings, scheme: 's3' | 'gs'): Finding[] {
  const { lifecycle, policy, classes, classesOf, replicatedTo } = settings;
  const unknown = (check: Check): Omit<Finding, 'check'> =>
    skipped(`not known: it takes ${rights[scheme][check]}, or the server keeps none`);
  const judged = (check: Check, dangers: readonly Danger[] | undefined, good: string): Finding => {
    if (dangers === undefined) return { check, ...unknown(check) };
    const text = dangers.map((danger) => `${danger.text}. ${danger.change}`).join(' ');
    if (dangers.some(({ kind }) => kind === 'loss')) return { check, ...failed(text) };
    return { check, ...(dangers.length > 0 ? warning(text) : ok(good)) };
  };
  return [
    judged('lifecycle', lifecycle, 'no rule removes or freezes objects of the dataset'),
    scheme === 'gs'
      ? {
          check: 'bucket policy',
          ...skipped('rights are tried out above; what is denied elsewhere is not known'),
        }
      : judged('bucket policy', policy, 'no statement denies what a dataset needs'),
    judged('storage class', classes, readableText(classesOf)),
    { check: 'versioning', ...versioningOf(settings, unknown('versioning')) },
    { check: 'replication', ...replicationOf(replicatedTo, unknown('replication')) },
  ];
}

function readableText(lookedAt: number | undefined): string {
  if (lookedAt === undefined) return 'objects can be read at once';
  return `the first ${lookedAt.toLocaleString('en')} objects can be read at once; the others were not looked at`;
}

function versioningOf(
  { versioning, lock, noncurrentGo }: BucketSettings,
  unknown: Omit<Finding, 'check'>,
): Omit<Finding, 'check'> {
  if (versioning === undefined) return unknown;
  const locked =
    lock === undefined ? 'lock not known' : lock === '' ? 'no object lock' : `object lock ${lock}`;
  if (!versioning) return ok(`off; ${locked}`);
  // What is locked is to stay.
  if (noncurrentGo === false && (lock ?? '') === '')
    return warning(
      `on; ${locked}. What clean-up removes, and each earlier \`latest\`, stays and is paid for. ` +
        'Add a lifecycle rule for noncurrent versions, of 30 days say.',
    );
  return ok(`on; ${locked}${noncurrentGo === true ? '; noncurrent versions go by a rule' : ''}`);
}

function replicationOf(
  to: readonly string[] | undefined,
  unknown: Omit<Finding, 'check'>,
): Omit<Finding, 'check'> {
  if (to === undefined) return unknown;
  if (to.length === 0) return ok('the server copies nothing elsewhere');
  return warning(
    `the server copies to ${to.join(', ')}, in no order: a version may stand there before its data. ` +
      'Make a replica with `nacre replicate`, or look at that copy with `nacre scrub` before it is relied on.',
  );
}
