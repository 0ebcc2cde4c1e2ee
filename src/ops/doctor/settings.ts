// Settings of the bucket that work against a dataset in it.
import { isNacreError } from '../../errors.js';
import type { CallOptions } from '../../storage/object-store.js';
import type { StoreLocation } from '../../storage/uri.js';
import { type Finding, ok, skipped, warning } from './finding.js';

export async function settingsOf(location: StoreLocation, options: CallOptions): Promise<Finding> {
  const check = 'settings';
  if (location.scheme !== 's3' && location.scheme !== 'gs')
    return { check, ...skipped('this store has none') };
  try {
    const { readBucketSettings } =
      location.scheme === 's3'
        ? await import('../../storage/s3/settings.js')
        : await import('../../storage/gcs/settings.js');
    const { versioning, lock, dangers } = await readBucketSettings(location, options);
    if (dangers !== undefined && dangers.length > 0) return { check, ...warning(dangers.join('; ')) };
    const known = [
      dangers === undefined ? 'lifecycle cannot be read' : 'no lifecycle rule touches the dataset',
      versioning === undefined ? 'versioning cannot be read' : `versioning ${versioning ? 'on' : 'off'}`,
      lock === undefined ? 'lock cannot be read' : lock === '' ? 'no object lock' : `object lock ${lock}`,
    ];
    const nothing = dangers === undefined && versioning === undefined && lock === undefined;
    return { check, ...(nothing ? skipped('these credentials cannot read them') : ok(known.join('; '))) };
  } catch (error) {
    if (isNacreError(error, 'Aborted')) throw error;
    return { check, ...skipped('they could not be read') };
  }
}
