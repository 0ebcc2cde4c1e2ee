// Approximate search by graphs: a query walks from row to row towards those that are near it. Graphs are at
// hand, mapped where they are files; rows are scored where they are mapped too, else in one wave.
import { readEpoch } from '../ann/epoch.js';
import { openGraph } from '../ann/graphs.js';
import { indexMetric } from '../ann/metrics.js';
import { mostKept, probesFor } from '../ann/probes.js';
import type { ArrayIndex, ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { Lent, LentRows } from '../arrays/pages.js';
import { rowBytesOf } from '../arrays/row-type.js';
import type { ScanPart } from '../arrays/row-map.js';
import { uniqueSorted } from '../arrays/row-order.js';
import { v1 } from '../manifest/message.js';
import {
  type CodeTransform,
  type ExactScan,
  fromNative,
  type ScanMetric,
  type ScanResults,
} from '../native.js';
import type { GraphsHere, HnswSearch, HnswSearched, HnswSegment } from '../native/hnsw.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { shortArray } from '../util/short-arrays.js';
import type { ApproximateSearch, SearchNow } from './asked.js';
import { type CodedRows, divided, firstRound, mostOfRound, scanIds } from './coded.js';
import { mostPartitions } from './coded-here.js';
import type { NearestPlan } from './plan.js';
import { estimates } from './precision.js';
import { dimensionsOf, hitsOfTurn, resultsOf, scanDtype, untilCancelled } from './scan.js';

export interface Graphs {
  readonly index: ArrayIndex;
  readonly transform: CodeTransform;
}

/** Walks that one turn of the event loop makes, and what each keeps: some 30 to 200 µs a walk. */
const walksOfTurn = 8;
const keptOfTurn = 512;

/**
 * The index that answers a plan; undefined where it is to be answered otherwise. Graphs are only walked where
 * they are mapped: a folder, or a bucket with a page cache, and there, once they are in it, or where there is
 * nothing else. Cost: one wave, the first time.
 */
export async function readGraphs(
  environment: ArrayEnvironment,
  view: ArrayView,
  { metric, approximate = {} }: NearestPlan,
  options: CallOptions,
): Promise<Graphs | undefined> {
  const { pages } = environment;
  if (approximate.nprobe !== undefined || pages.isAtHand === undefined) return undefined;
  const index = view.index(v1.IndexKind.INDEX_KIND_HNSW);
  if (index === undefined || index.lists.length === 0) return undefined;
  if (index.metric !== indexMetric(metric)) return undefined;
  // All of a graph is more than the few lists of a query.
  const lists = view.index(v1.IndexKind.INDEX_KIND_IVF);
  const hasLists = approximate.ef === undefined && lists?.metric === index.metric;
  if (hasLists && !index.lists.every(({ part }) => pages.isAtHand?.(part))) return undefined;
  return { index, transform: await readEpoch(environment, index.epoch, dimensionsOf(view), options) };
}

/**
 * Gives the scan what walks through the graphs find, and the rows that no graph covers. False where codes
 * cannot stand for a query. Errors: `Corrupt` for an index that is damaged.
 */
export async function searchGraphs(
  search: ApproximateSearch,
  plan: NearestPlan,
  { index, transform }: Graphs,
): Promise<boolean> {
  const { environment, view, parts, scan, k, queries, counts, options } = search;
  const { lists, covered, plain } = divided(index.lists, parts, environment);
  const { pages } = environment;
  const rowBytes = rowBytesOf(view.type);
  const lent = covered.length <= mostPartitions ? pages.lendRows?.(covered, rowBytes) : undefined;
  const isHere = lent !== undefined;
  const mayEstimate = plan.precision === undefined ? !isHere : estimates(plan.precision);
  // Rows that are away are chosen by estimates, and then scored.
  const roughly = Math.min(4 * k + firstRound, view.liveRows);
  const rough = mayEstimate || isHere ? scan : await search.start(roughly);
  const opened = create(environment, rough, transform, mayEstimate || !isHere);
  if (opened === null) return false;
  const ef = keptFor(plan, index, k);
  const scored = mayEstimate ? undefined : lent;
  const rows = scored?.rows ?? environment.native.createRowParts([]);
  const most = mostOfRound(environment.memoryBytes, rowBytes);
  const asked = { ef, first: k + firstRound, most };
  const walk = async (graphs: readonly Uint8Array[]): Promise<HnswSearched> => {
    const open = async ({ list, dead }: CodedRows, i: number): Promise<HnswSegment> =>
      openGraph(environment, transform, list, defined(graphs[i], 'graph'), dead);
    const segments = await Promise.all(lists.map(open));
    const what = [segments, graphs, rows, asked] as const;
    const isNow = isShortWalk(queries * segments.length, ef, k);
    return untilCancelled(opened, options.signal, async () =>
      isNow ? opened.searchNow(...what) : opened.search(...what),
    );
  };
  const [walked, scanned] = await Promise.allSettled([
    withGraphs(environment, lists, walk, options),
    search.scanPlain(plain),
  ]);
  if (scanned.status === 'rejected') throw scanned.reason;
  if (walked.status === 'rejected') throw walked.reason;
  counts.codedRows += walked.value.compared;
  counts.scoredRows += walked.value.read.length;
  scored?.wereRead(walked.value.read);
  if (rough !== scan) await score(search, rough, roughly);
  return true;
}

function isShortWalk(walks: number, ef: number, k: number): boolean {
  return walks <= walksOfTurn && ef <= keptOfTurn && k <= hitsOfTurn;
}

/**
 * The same for one query in one call, where nothing has to be waited for: more than half of the time of a
 * search is what is made around it. Undefined where something has, or where codes cannot stand for the query.
 */
export function searchGraphsNow(
  environment: ArrayEnvironment,
  view: ArrayView,
  plan: NearestPlan,
  graphs: Graphs,
  { parts, k, vectors: { values, count }, counts }: SearchNow,
): ScanResults | undefined {
  const { memoryBytes } = environment;
  const ef = keptFor(plan, graphs.index, k);
  const isExact = plan.precision === undefined || !estimates(plan.precision);
  if (count !== 1 || !isExact) return undefined;
  const { lists, covered, plain } = divided(graphs.index.lists, parts, environment);
  if (plain.length > 0 || covered.length > mostPartitions || !isShortWalk(lists.length, ef, k))
    return undefined;
  try {
    const found = graphsHere(environment, view, plan, graphs, lists, covered);
    if (found === undefined) return undefined;
    const { here, lent } = found;
    const most = mostOfRound(memoryBytes, rowBytesOf(view.type));
    const into = shortArray(2 + 2 * k);
    const hits = here.search(values, k, ef, k + firstRound, most, into);
    if (hits < 0) return undefined;
    const read = here.readRows();
    counts.codedRows += into[0] ?? 0;
    counts.scoredRows += read;
    if (!lent.wereReadSome(read)) lent.wereRead(here.read());
    return {
      counts: Uint32Array.of(hits),
      ids: into.subarray(2, 2 + hits),
      scores: into.subarray(2 + k, 2 + k + hits),
    };
  } catch (error) {
    throw fromNative(error);
  }
}

/** What was opened last for lists, and of what. */
interface OpenedHere {
  readonly here: GraphsHere;
  readonly lent: LentRows;
  readonly transform: CodeTransform;
  readonly metric: ScanMetric;
  readonly buffers: readonly ArrayBufferLike[];
}

const openedHere = new WeakMap<readonly CodedRows[], OpenedHere>();

/** Undefined where a graph or rows are not at hand. Throws what the binary does. */
function graphsHere(
  environment: ArrayEnvironment,
  view: ArrayView,
  { metric }: NearestPlan,
  { transform }: Graphs,
  lists: readonly CodedRows[],
  covered: readonly ScanPart[],
): OpenedHere | undefined {
  const { pages, native } = environment;
  const bytes: Uint8Array[] = [];
  for (const { list } of lists) {
    const graph = pages.lendNow?.(list.part, { start: 0, end: list.part.object.sizeBytes })?.bytes;
    if (graph === undefined) return undefined;
    bytes.push(graph);
  }
  const lent = pages.lendRows?.(covered, rowBytesOf(view.type));
  if (lent === undefined) return undefined;
  const known = openedHere.get(lists);
  const isSame =
    known?.lent === lent &&
    known.transform === transform &&
    known.metric === metric &&
    known.buffers.every((buffer, i) => buffer === bytes[i]?.buffer);
  if (isSame) return known;
  const segments: HnswSegment[] = [];
  for (const [i, { list, dead }] of lists.entries()) {
    const segment = openGraph(environment, transform, list, defined(bytes[i], 'graph'), dead);
    if (segment instanceof Promise) return undefined;
    segments.push(segment);
  }
  const of = { metric, dtype: scanDtype(view), dimensions: dimensionsOf(view) };
  const here = native.openGraphsHere(transform, of, segments, bytes, lent.rows);
  const opened = { here, lent, transform, metric, buffers: bytes.map(({ buffer }) => buffer) };
  openedHere.set(lists, opened);
  return opened;
}

function create(
  { native }: ArrayEnvironment,
  scan: ExactScan,
  transform: CodeTransform,
  mayEstimate: boolean,
): HnswSearch | null {
  try {
    return native.createHnswSearch(scan, transform, mayEstimate);
  } catch (error) {
    throw fromNative(error);
  }
}

/** How many rows a walk keeps. */
function keptFor({ approximate = {} }: NearestPlan, { calibrations }: ArrayIndex, k: number): number {
  const { ef, recall = 1 } = approximate;
  return Math.max(k, ef ?? probesFor(calibrations, k, recall, mostKept));
}

/** Lends all bytes of graphs for some work. */
async function withGraphs<T>(
  { pages }: ArrayEnvironment,
  lists: readonly CodedRows[],
  work: (graphs: readonly Uint8Array[]) => Promise<T>,
  options: CallOptions,
): Promise<T> {
  const lent: Lent[] = [];
  const lend = async ({ list: { part } }: CodedRows): Promise<Uint8Array> => {
    const range = { start: 0, end: part.object.sizeBytes };
    const found = pages.lendNow?.(part, range) ?? (await pages.lend(part, range, options));
    lent.push(found);
    return found.bytes;
  };
  try {
    const lending = await Promise.allSettled(lists.map(lend));
    const failed = lending.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return await work(lending.map((one) => (one as PromiseFulfilledResult<Uint8Array>).value));
  } finally {
    for (const { done } of lent) done();
  }
}

/** Exact scores for the rows that estimates found. Cost: one wave. */
async function score(
  { environment, view, map, scan, queries, counts, options }: ApproximateSearch,
  rough: ExactScan,
  k: number,
): Promise<void> {
  const found = await resultsOf(rough, k * queries);
  const ids = Array.from(found.counts, (count, q) => [...found.ids.subarray(q * k, q * k + count)]);
  const sorted = uniqueSorted(Float64Array.from(ids.flat()));
  counts.scoredRows += sorted.length;
  await scanIds(environment, view, map, scan, sorted, options);
}
