// How a Zarr that is not read is reported: the folder, the array in it, and what was found.
import { NacreError } from '../../../errors.js';
import { quoted } from '../../../util/text.js';

/** Where something was found. */
export interface ZarrPlace {
  /** The folder, as messages name it. */
  readonly file: string;
  /** Of the array, or the group, below it; '' for what is opened itself. */
  readonly array: string;
}

function where({ file, array }: ZarrPlace): string {
  return array === '' ? file : `${file}: ${quoted(array, 80)}`;
}

/** For what is malformed, or says two things. */
export function damagedZarr(place: ZarrPlace, what: string, cause?: unknown): NacreError {
  return new NacreError('InvalidArgument', `${where(place)} ${what}`, {
    context: { ...place },
    hint: 'Write it again, or copy it anew from where it came from.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** For what Zarr has and Nacre does not read. */
export function unsupportedZarr(place: ZarrPlace, what: string, hint: string): NacreError {
  return new NacreError('UnsupportedFormat', `${where(place)} ${what}`, { context: { ...place }, hint });
}
