// What a query needs of an index of lists before it knows which of them it looks into.
import { readListCoding } from '../ann/epoch.js';
import { indexMetric } from '../ann/metrics.js';
import { probesFor } from '../ann/probes.js';
import { openSegment, readDirectory } from '../ann/segments.js';
import type { ArrayIndex, ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { v1 } from '../manifest/message.js';
import type { IvfQuantizer, IvfSegment } from '../native/ivf.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import type { SearchNow } from './asked.js';
import type { CodedRows } from './coded.js';
import type { NearestPlan } from './plan.js';
import { dimensionsOf } from './scan.js';

/** What has to be there before a query knows its lists. */
export interface Heads {
  readonly index: ArrayIndex;
  readonly quantizer: IvfQuantizer;
  /** Of each segment of the index. */
  readonly directories: readonly Uint8Array[];
}

/** Of an index of a snapshot, once they are there: looking for each of them takes longer than some lists. */
const known = new WeakMap<ArrayIndex, Heads>();

/**
 * Those of the index that answers a plan; undefined where it is to be answered exactly. Cost: one wave, the
 * first time, which does not wait for the map of rows. Errors: `Corrupt` for an index that is damaged.
 */
export async function readHeads(
  environment: ArrayEnvironment,
  view: ArrayView,
  { metric }: NearestPlan,
  options: CallOptions,
): Promise<Heads | undefined> {
  const index = view.index(v1.IndexKind.INDEX_KIND_IVF);
  if (index === undefined || index.lists.length === 0) return undefined;
  if (index.metric !== indexMetric(metric)) return undefined;
  const there = known.get(index);
  if (there !== undefined) return there;
  const [{ quantizer }, directories] = await Promise.all([
    readListCoding(environment, index.epoch, dimensionsOf(view), options),
    Promise.all(index.lists.map((list) => readDirectory(environment, list, options))),
  ]);
  const heads = { index, quantizer, directories };
  known.set(index, heads);
  return heads;
}

/** Of each list of an index that stands for partitions its segment, without the rows that are dead. */
export function openSegments(
  environment: ArrayEnvironment,
  { index, quantizer, directories }: Heads,
  lists: readonly CodedRows[],
): IvfSegment[] {
  return lists.map(({ list, dead }) => {
    const directory = defined(directories[index.lists.indexOf(list)], 'directory');
    const segment = openSegment(environment, quantizer, directory, list);
    return dead === undefined ? segment : segment.without(dead);
  });
}

/**
 * Lists that a query without a filter looks into. What may be missed is measured with exact scores; where
 * these are estimates, half of it is left to them, as far as was measured.
 */
function probesOf(
  { approximate = {} }: NearestPlan,
  { index: { calibrations }, quantizer }: Heads,
  k: number,
  mayEstimate: boolean,
): number {
  const most = quantizer.lists();
  const { nprobe, recall = 1 } = approximate;
  const listsFor = (least: number): number => probesFor(calibrations, k, least, most);
  if (nprobe !== undefined) return Math.min(most, nprobe);
  const careful = mayEstimate ? listsFor((1 + recall) / 2) : most;
  return careful < most ? careful : listsFor(recall);
}

/** How far a query looks. */
export interface Reach {
  /** Lists at first, and at most. */
  readonly first: number;
  readonly most: number;
  /** It goes on until it has seen so many of the rows that are searched. */
  readonly rows: number;
}

/** Matching rows that are looked at for each row that is wanted, at least. */
const seenForEach = 10;

/**
 * The part of the matching rows that lists hold on average that is enough: the first lists have them most of
 * the time, and others would be a round trip more.
 */
const seenOfAverage = 0.9;

/**
 * A filter takes rows out of all lists alike, or out of those near the query: at first as many more lists are
 * looked into as fewer rows match, and then more until as many matching rows were seen as the lists of the
 * calibration have on average.
 */
export function reachOf(
  { k, counts }: Pick<SearchNow, 'k' | 'counts'>,
  plan: NearestPlan,
  heads: Heads,
  lists: readonly CodedRows[],
  mayEstimate = false,
): Reach {
  const most = heads.quantizer.lists();
  const probes = probesOf(plan, heads, k, mayEstimate);
  if (plan.filter === undefined || plan.approximate?.nprobe !== undefined)
    return { first: probes, most: probes, rows: 0 };
  const share = counts.matchedRows / counts.liveRows;
  const covered = lists.reduce((sum, { list }) => sum + list.rows, 0);
  const rows = Math.max(seenForEach * k, Math.ceil((seenOfAverage * probes * covered) / most));
  return { first: Math.min(most, Math.ceil(probes / share)), most, rows };
}
