// Approximate search: a query looks into the lists whose centroids are near it. Where lists and rows lie
// mapped it is one call; from a bucket the lists are one wave, and the few rows that are scored another.
import { readListCoding } from '../ann/epoch.js';
import { indexMetric } from '../ann/metrics.js';
import { probesFor } from '../ann/probes.js';
import { openSegment, readDirectory, readLists } from '../ann/segments.js';
import type { ArrayIndex, ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { LentObject } from '../arrays/pages.js';
import { rowBytesOf } from '../arrays/partition-writer.js';
import type { RowMap, ScanPart } from '../arrays/row-map.js';
import { v1 } from '../manifest/message.js';
import { type ExactScan, fromNative } from '../native.js';
import type { IvfQuantizer, IvfSearch, IvfSearched, IvfSegment, ListMarks } from '../native/ivf.js';
import type { CallOptions } from '../storage/object-store.js';
import type { QueryCounts } from './analysis.js';
import { type CodedRows, divided, estimate, firstRound, refine } from './coded.js';
import { lendParts, mostPartitions, tellRead } from './coded-here.js';
import { isShort, listsAMilli } from './now.js';
import type { NearestPlan } from './plan.js';
import { estimates } from './precision.js';
import { dimensionsOf, hitsOfTurn, untilCancelled } from './scan.js';

export interface ApproximateSearch {
  readonly environment: ArrayEnvironment;
  readonly view: ArrayView;
  readonly map: RowMap;
  readonly scan: ExactScan;
  readonly parts: readonly ScanPart[];
  /** Rows wanted, and the queries that want them. */
  readonly k: number;
  readonly queries: number;
  readonly counts: QueryCounts;
  readonly options: CallOptions;
  /** Another scan of the same queries, for so many rows of each. */
  readonly start: (k: number) => Promise<ExactScan>;
  /** Scans rows as they are, beside the lists. */
  readonly scanPlain: (parts: readonly ScanPart[]) => Promise<void>;
}

/** What has to be there before a query knows its lists. */
export interface Heads {
  readonly index: ArrayIndex;
  readonly quantizer: IvfQuantizer;
  /** Of each segment of the index. */
  readonly directories: readonly Uint8Array[];
}

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
  const [{ quantizer }, directories] = await Promise.all([
    readListCoding(environment, index.epoch, dimensionsOf(view), options),
    Promise.all(index.lists.map((list) => readDirectory(environment, list, options))),
  ]);
  return { index, quantizer, directories };
}

/**
 * Gives the scan what the lists near its queries hold, and the rows that no list covers. False where codes
 * cannot bound a query. Errors: `Corrupt` for an index that is damaged.
 */
export async function searchApproximately(
  search: ApproximateSearch,
  plan: NearestPlan,
  { index, quantizer, directories }: Heads,
): Promise<boolean> {
  const { environment, view, scan, parts, counts, options } = search;
  const { lists, covered, plain } = divided(index.lists, parts, environment);
  const segments = lists.map(({ list, dead }) => {
    const directory = directories[index.lists.indexOf(list)] as Uint8Array;
    const segment = openSegment(environment, quantizer, directory, list);
    return dead === undefined ? segment : segment.without(dead);
  });
  const reach = reachOf(search, plan, index, quantizer, lists);
  const isHere = environment.pages.lendObject !== undefined && covered.length <= mostPartitions;
  // Rows that are away are a wave of their own: scores are estimates then, unless they were asked to be
  // exact.
  const mayEstimate = plan.precision === undefined ? !isHere : estimates(plan.precision);
  const opened = open(environment, scan, quantizer, reach.most, mayEstimate);
  if (opened === null) return false;
  const found = { opened, segments, lists, covered };
  if (isHere && !mayEstimate && reach.rows === 0) {
    counts.probedLists += opened.lists(0, reach.most).length;
    const searched = await searchHere(search, quantizer, found);
    if (searched.unbounded) return false;
    counts.codedRows += searched.coded;
    await search.scanPlain(plain);
    return true;
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

/** Found lists and what stands for them. */
interface Found {
  readonly opened: IvfSearch;
  readonly segments: readonly IvfSegment[];
  readonly lists: readonly CodedRows[];
  readonly covered: readonly ScanPart[];
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

/** How far a query looks. */
interface Reach {
  /** Lists at first, and at most. */
  readonly first: number;
  readonly most: number;
  /** It goes on until it has seen so many of the rows that are searched. */
  readonly rows: number;
}

/** Matching rows that are looked at for each row that is wanted, at least. */
const seenForEach = 10;

/**
 * A filter takes rows out of all lists alike, or out of those near the query: at first as many more lists are
 * looked into as fewer rows match, and then more until as many matching rows were seen as the lists of the
 * calibration have on average.
 */
function reachOf(
  { k, map, counts }: ApproximateSearch,
  { approximate = {}, filter }: NearestPlan,
  index: ArrayIndex,
  quantizer: IvfQuantizer,
  lists: readonly CodedRows[],
): Reach {
  const most = quantizer.lists();
  const { nprobe, recall = 1 } = approximate;
  const probes = Math.min(most, nprobe ?? probesFor(index.calibrations, k, recall, most));
  if (filter === undefined || nprobe !== undefined) return { first: probes, most: probes, rows: 0 };
  const share = counts.matchedRows / map.liveRows;
  const covered = lists.reduce((sum, { list }) => sum + list.rows, 0);
  const rows = Math.max(seenForEach * k, Math.ceil((probes * covered) / most));
  return { first: Math.min(most, Math.ceil(probes / share)), most, rows };
}

/** Reads lists and scans them, a wave for each round. False when codes cannot stand for the rows. */
async function scanLists(
  search: ApproximateSearch,
  { opened, segments, lists }: Found,
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

/** By the memory that a segment is mapped to, which stays what it is for as long as it is there. */
const listMarks = new WeakMap<Uint8Array, ListMarks>();

function marksOf({ native }: ArrayEnvironment, quantizer: IvfQuantizer, bytes: Uint8Array): ListMarks {
  const known = listMarks.get(bytes);
  if (known !== undefined) return known;
  const marks = native.createListMarks(quantizer);
  listMarks.set(bytes, marks);
  return marks;
}

/** All in one call, where nothing has to be fetched. */
async function searchHere(
  { environment, view, k, queries, counts, options }: ApproximateSearch,
  quantizer: IvfQuantizer,
  { opened, segments, lists, covered }: Found,
): Promise<IvfSearched> {
  const { pages, native, memoryBytes } = environment;
  const rowBytes = rowBytesOf(view.type);
  const objects = lists.map(({ list }) => pages.lendObject?.(list.part) as LentObject);
  const { lent, rows } = lendParts(environment, covered, rowBytes);
  const numbers = opened.lists(0, Number.MAX_SAFE_INTEGER);
  let bytes = 0;
  let isResident = true;
  for (const [i, segment] of segments.entries()) {
    const ranges = segment.ranges(numbers);
    const object = objects[i] as LentObject;
    for (let at = 0; at < ranges.length; at += 2) {
      const [start = 0, end = 0] = [ranges[at], ranges[at + 1]];
      bytes += end - start;
    }
    isResident &&= object.isResident(ranges);
    object.wereRead(ranges);
  }
  const first = k + firstRound;
  const most = Math.max(1, Math.floor(memoryBytes / 4 / rowBytes));
  const pieces = objects.map((object) => object.bytes);
  const marks = pieces.map((piece) => marksOf(environment, quantizer, piece));
  const what = [segments, pieces, marks, rows, { rowBytes, first, most }] as const;
  const isNow = isResident && isShort(native, listsAMilli, bytes, queries) && k <= hitsOfTurn;
  const run = async (): Promise<IvfSearched> => (isNow ? opened.searchNow(...what) : opened.search(...what));
  const searched = await untilCancelled(opened, options.signal, run);
  if (searched.read) {
    counts.scoredRows += searched.read.length;
    tellRead(searched.read, covered, lent);
  }
  return searched;
}
