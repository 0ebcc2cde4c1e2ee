// Approximate search: a query looks into the lists whose centroids are near it. Where lists and rows lie
// mapped it is one call; from a bucket the lists are one wave, and the few rows that are scored another.
import { readLists } from '../ann/segments.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { type ExactScan, fromNative } from '../native.js';
import type { IvfQuantizer, IvfSearch } from '../native/ivf.js';
import type { ApproximateSearch } from './asked.js';
import { type CodedRows, divided, estimate, refine } from './coded.js';
import { mostPartitions } from './coded-here.js';
import { type Heads, openSegments, type Reach, reachOf } from './list-heads.js';
import { type FoundLists, searchListsHere } from './lists-here.js';
import type { NearestPlan } from './plan.js';
import { estimates } from './precision.js';
import { untilCancelled } from './scan.js';

/**
 * Gives the scan what the lists near its queries hold, and the rows that no list covers. False where codes
 * cannot bound a query. Errors: `Corrupt` for an index that is damaged.
 */
export async function searchApproximately(
  search: ApproximateSearch,
  plan: NearestPlan,
  heads: Heads,
): Promise<boolean> {
  const { environment, view, scan, parts, counts, options } = search;
  const { index, quantizer } = heads;
  const { lists, covered, plain } = divided(index.lists, parts, environment);
  const segments = openSegments(environment, heads, lists);
  const isHere = environment.pages.lendObject !== undefined && covered.length <= mostPartitions;
  // Rows that are away are a wave of their own: scores are estimates then, unless they were asked to be
  // exact.
  const mayEstimate = plan.precision === undefined ? !isHere : estimates(plan.precision);
  const reach = reachOf(search, plan, heads, lists, mayEstimate);
  const opened = open(environment, scan, quantizer, reach.most, mayEstimate);
  if (opened === null) return false;
  const found = { opened, segments, lists, covered };
  if (isHere && !mayEstimate && reach.rows === 0) {
    const probed = opened.lists(0, reach.most).length;
    const searched = await searchListsHere(search, quantizer, found);
    if (searched !== undefined) {
      counts.probedLists += probed;
      if (searched.unbounded) return false;
      counts.codedRows += searched.coded;
      await search.scanPlain(plain);
      return true;
    }
  }
  // One wave: neither waits for the other.
  const [scanned, scannedPlain] = await Promise.allSettled([
    scanLists(search, found, reach),
    search.scanPlain(plain),
  ]);
  if (scannedPlain.status === 'rejected') throw scannedPlain.reason;
  if (scanned.status === 'rejected') throw scanned.reason;
  if (!scanned.value) return false;
  if (mayEstimate) await estimate(opened, options);
  const onScored = (rows: number): void => {
    counts.scoredRows += rows;
  };
  await refine(environment, view, search.map, opened, { ...search, onScored }, options);
  return true;
}

function open(
  { native }: ArrayEnvironment,
  scan: ExactScan,
  quantizer: IvfQuantizer,
  probes: number,
  mayEstimate: boolean,
): IvfSearch | null {
  try {
    return native.createIvfSearch(scan, quantizer, probes, mayEstimate);
  } catch (error) {
    throw fromNative(error);
  }
}

/** Reads lists and scans them, a wave for each round. False when codes cannot stand for the rows. */
async function scanLists(
  search: ApproximateSearch,
  { opened, segments, lists }: FoundLists,
  { first, most, rows }: Reach,
): Promise<boolean> {
  const { environment, counts, options } = search;
  for (let start = 0, end = first; ; start = end, end *= 2) {
    const numbers = opened.lists(start, end);
    counts.probedLists += numbers.length;
    const done = await Promise.all(
      segments.map(async (segment, i) => {
        const { list } = lists[i] as CodedRows;
        const pieces = await readLists(environment, list, segment, numbers, options);
        counts.codedRows += segment.rowsOf(numbers);
        return untilCancelled(opened, options.signal, () =>
          opened.scan(segment, numbers, pieces, start, end),
        );
      }),
    );
    if (done.includes(true)) return false;
    if (end >= most || opened.seen() >= rows) return true;
  }
}
