// Segments of an index of an attribute that appends made, as one: so that a root does not fill up with them.
import type { AttributeDraft, MergedAttributeSegments } from '../manifest/transaction.js';
import type { CallOptions } from '../storage/object-store.js';
import type { ArrayView } from './array-view.js';
import type { IndexedRows } from './attribute-index.js';
import { buildSegment, heldBytes, segmentRows, windowsOf } from './attribute-index-builder.js';
import { typeOfNumber } from './column-message.js';
import type { ArrayEnvironment } from './environment.js';

/** Segments that are made one at least. */
const fewSegments = 4;

/** Rows between two segments, which no index covers, that are indexed with them at most. */
const mostBetween = 65_536;

/**
 * The newest segments as one, with what is between them, where there are several of about one size: so there
 * are few, and a row is read again about as often as the number of rows doubles. Nothing where they are few,
 * and of lists: together these may have more items than there is an index for. Cost: their columns are read,
 * then one upload.
 */
export async function mergeSegments(
  environment: ArrayEnvironment,
  view: ArrayView,
  { id, name, type: number }: AttributeDraft & { readonly id: number },
  options: CallOptions,
): Promise<readonly MergedAttributeSegments[]> {
  const type = typeOfNumber(number, name);
  if (type === 'strings') return [];
  // Values in memory have up to twice the bytes of their segments.
  const taken = newestSegments(view.attributeIndex(id) ?? [], heldBytes(environment) / 2);
  const [first, last] = [taken[0], taken.at(-1)];
  if (first === undefined || last === undefined || taken.length < fewSegments) return [];
  const [start, end] = [first.firstRowId, last.firstRowId + last.rows];
  const all = await windowsOf(environment, view, { id, name, type }, options);
  const windows = all.filter((window) => start <= window.start && window.end <= end);
  const { segment } = await buildSegment(environment, view.entry.id, type, windows, options);
  // One of the texts between them is too long, or memory has no room for all.
  if (typeof segment === 'string' || segment.rows !== end - start) return [];
  return [{ taken: taken.map(({ part }) => part.object.hash), segment }];
}

/** What is looked at of a segment. */
type Sized = Pick<IndexedRows, 'firstRowId' | 'rows' | 'kind'> & {
  readonly part: { readonly object: { readonly sizeBytes: number } };
};

/** Those that one segment has room for, none of which has more than twice the rows of the later ones. */
export function newestSegments<T extends Sized>(segments: readonly T[], mostBytes: number): readonly T[] {
  let at = segments.length;
  const newest = segments.at(-1);
  const end = newest === undefined ? 0 : newest.firstRowId + newest.rows;
  let [later, bytes] = [Number.POSITIVE_INFINITY, 0];
  for (const { firstRowId, rows, kind, part } of segments.toReversed()) {
    const between = later === Number.POSITIVE_INFINITY ? 0 : end - later - firstRowId - rows;
    bytes += part.object.sizeBytes;
    const fits = end - firstRowId <= segmentRows && bytes <= mostBytes && between <= mostBetween;
    if (kind === 'other' || !fits || rows > 2 * later) break;
    later = end - firstRowId;
    at--;
  }
  return segments.slice(at);
}
