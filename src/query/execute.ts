// Runs an exact plan: partitions, or the codes that stand for them, stream through the scanner, which keeps
// the best rows; nothing is loaded into JavaScript but their places. They are fetched ahead of the scan
// within the memory budget.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { doubt, indexParts } from '../arrays/doubt.js';
import { rowBytesOf } from '../arrays/row-type.js';
import type { RowMap, ScanPart } from '../arrays/row-map.js';
import type { Part } from '../arrays/runs.js';
import { eachWindow, isOneWindow, rangeOf, scanBytes, type Window, windowsOf } from '../arrays/windows.js';
import { isNacreError, NacreError } from '../errors.js';
import type { BitScan, Cascade, ExactScan, ScanMetric, ScanResults } from '../native.js';
import { uniqueSorted } from '../arrays/row-order.js';
import { lowerBound } from '../util/sorted.js';
import { throwIfAborted } from '../util/runtime.js';
import { QueryCounts } from './analysis.js';
import type { SearchNow } from './asked.js';
import { type Near, openNear } from './near.js';
import { attributesOfRows, type RowAttributes, selectedAttributes } from './attributes.js';
import type { CallOptions } from '../storage/object-store.js';
import {
  type Coded,
  type CodedRows,
  estimate,
  type Listed,
  openCodes,
  refine,
  scanIds,
  scanList,
} from './coded.js';
import { scanListsHere, searchHere } from './coded-here.js';
import { areFew, matchedRows, scoreFewNow } from './filtered.js';
import type { NearestPlan } from './plan.js';
import { isShort, rowsAMilli } from './now.js';
import { estimates } from './precision.js';
import { byTurns, listsOf, resultsOf, scanDtype, scanRows, scanRowsNow, startScan } from './scan.js';
import type { ResolvedVectors } from './vectors.js';

export interface Hit {
  /** Logical index of the row at the version that was read. */
  readonly row: number;
  /** Row id: stays the same while rows before it are dropped. */
  readonly id: number;
  /** The similarity for `cosine` and `dot`, the distance for the other metrics. */
  readonly score: number;
  /** The score is an estimate: see {@link NearestQuery.precision}. Absent where it is exact. */
  readonly estimated?: true;
  /** Those that were selected; absent without `select()`. */
  readonly attributes?: RowAttributes;
}

export interface ExecuteOptions extends CallOptions {
  /** Told how many of the live rows were scanned. */
  readonly onProgress?: (scannedRows: number, totalRows: number) => void;
  /** Told what was looked at. */
  readonly counts?: QueryCounts;
}

/** Objects in flight at most; more would not make a scan faster. */
const partsAhead = 8;

export async function executeNearest(
  environment: ArrayEnvironment,
  view: ArrayView,
  plan: NearestPlan,
  vectors: ResolvedVectors,
  options: ExecuteOptions = {},
): Promise<Hit[][]> {
  // A name that is not there is told before anything is read.
  selectedAttributes(view, plan.select);
  const { counts = new QueryCounts(), ...call } = options;
  const near = plan.approximate && openNear(environment, view, plan, call);
  // Who needs it hears of what went wrong.
  near?.catch(() => undefined);
  const map = await view.rowMap(options);
  const matched = plan.filter && (await matchedRows(environment, view, map, plan.filter, call, counts));
  counts.liveRows = map.liveRows;
  counts.matchedRows = matched?.count ?? map.liveRows;
  const wanted = Math.min(plan.limit + plan.offset, matched?.count ?? map.liveRows);
  if (wanted === 0 || vectors.count === 0) return Array.from({ length: vectors.count }, () => []);
  const start = async (): Promise<Pass> => {
    const scan = await startScan(environment.native, view, plan.metric, wanted, vectors);
    return { environment, view, map, scan, wanted, vectors, options: call, counts, scanned: 0 };
  };
  const all = await view.scanParts(options);
  const few = matched !== undefined && areFew(environment, view, matched) ? matched : undefined;
  const parts = few === undefined && matched !== undefined ? matched.within(all) : all;
  throwIfAborted(call.signal);
  const asked = { parts, k: wanted, vectors, counts };
  const now = few ? scoreFewNow(environment, view, plan, few, asked) : near && (await nearNow(near, asked));
  if (now !== undefined) return hitsOf(environment, view, plan, map, now, wanted, call);
  let pass = await start();
  if (few !== undefined) {
    await scanIds(environment, view, map, pass.scan, few.ids, options);
    counts.scoredRows += few.count;
  } else {
    if (near === undefined || !(await scanNear(pass, plan, parts, near))) {
      // Anew: what an index that is given up left behind in the scan counts for nothing.
      if (near !== undefined) pass = await start();
      if (!(await scanCoded(pass, plan, parts))) {
        pass = await start();
        await scanPlain(pass, plan.metric, parts);
      }
    }
  }
  const found = await resultsOf(pass.scan, wanted * vectors.count);
  return hitsOf(environment, view, plan, map, found, wanted, call);
}

/** What an index finds at once; undefined where it has to be searched, or is damaged, of which that tells. */
async function nearNow(
  asked: Promise<Near | undefined>,
  search: SearchNow,
): Promise<ScanResults | undefined> {
  try {
    return (await asked)?.now?.(search);
  } catch (error) {
    if (isNacreError(error, 'Corrupt')) return undefined;
    throw error;
  }
}

async function hitsOf(
  environment: ArrayEnvironment,
  view: ArrayView,
  plan: NearestPlan,
  map: RowMap,
  found: ScanResults,
  wanted: number,
  call: CallOptions,
): Promise<Hit[][]> {
  const { ids, scores, estimated } = found;
  const rows = await byTurns(ids, (some) => map.indicesOf(some), call.signal);
  const hitAt = (at: number): Hit => {
    const hit = { row: rows[at] ?? -1, id: ids[at] ?? -1, score: scores[at] ?? Number.NaN };
    return estimated?.[at] === 1 ? { ...hit, estimated: true } : hit;
  };
  const lists = await listsOf(found.counts, wanted, hitAt, call.signal);
  const hits = plan.offset === 0 ? lists : lists.map((list) => list.slice(plan.offset));
  return withAttributes(environment, view, plan, hits, call);
}

/** Each hit with the selected attributes of its row, if any are. Cost: one wave. */
export async function withAttributes(
  environment: ArrayEnvironment,
  view: ArrayView,
  { select }: NearestPlan,
  lists: Hit[][],
  options: CallOptions,
): Promise<Hit[][]> {
  if (select.length === 0) return lists;
  const ids = uniqueSorted(Float64Array.from(lists.flat(), ({ id }) => id));
  const attributes = selectedAttributes(view, select);
  const values = await attributesOfRows(environment, view, attributes, ids, options);
  return lists.map((hits) =>
    hits.map((hit) => ({ ...hit, attributes: values[lowerBound(ids, hit.id)] ?? {} })),
  );
}

interface Pass {
  readonly environment: ArrayEnvironment;
  readonly view: ArrayView;
  readonly map: RowMap;
  readonly scan: ExactScan;
  readonly wanted: number;
  readonly vectors: ResolvedVectors;
  readonly options: ExecuteOptions;
  readonly counts: QueryCounts;
  scanned: number;
}

/** By an index for approximate search; false when that is not possible. */
async function scanNear(
  pass: Pass,
  plan: NearestPlan,
  parts: readonly ScanPart[],
  asked: Promise<Near | undefined>,
): Promise<boolean> {
  const { environment, view, map, scan, wanted, vectors, options, counts } = pass;
  const of = { environment, view, map, scan, parts, counts, options, k: wanted, queries: vectors.count };
  const start = (k: number): Promise<ExactScan> =>
    startScan(environment.native, view, plan.metric, k, vectors);
  const scanOthers = (others: readonly ScanPart[]): Promise<void> => scanPlain(pass, plan.metric, others);
  try {
    const near = await asked;
    return near === undefined ? false : await near.search({ ...of, start, scanPlain: scanOthers });
  } catch (error) {
    return giveUpIndex(pass, parts, error);
  }
}

/** Codes that leave more of their rows than this do not prune: the rows are read in order instead. */
const leftAtMost = 1 / 16;

/**
 * By the codes that the array has, and what they do not cover by its rows; false when that is not possible.
 * An index that is damaged is reported, and not used.
 */
async function scanCoded(pass: Pass, plan: NearestPlan, parts: readonly ScanPart[]): Promise<boolean> {
  const { environment, view, scan, wanted, vectors, options, counts } = pass;
  const coded = openCodes(environment, view, scan, plan, vectors, parts, options);
  if (coded === undefined) return false;
  const lists = [...coded.codes.lists, ...coded.bits.lists];
  const covered = lists.reduce((rows, { liveRows }) => rows + liveRows, 0);
  const enough = Math.floor((wanted + covered * leftAtMost) * vectors.count);
  counts.codedRows = covered;
  // Estimates have no use for rows, whether they are in memory or not.
  if (estimates(plan.precision)) return scanByStages(pass, plan, parts, coded, enough);
  const asked = { k: wanted, queries: vectors.count, enough, onScored: scoredBy(pass) };
  let isDone: boolean | undefined;
  try {
    isDone = await searchHere(environment, view, coded, asked, options);
  } catch (error) {
    return giveUpIndex(pass, parts, error);
  }
  if (isDone === undefined) return scanByStages(pass, plan, parts, coded, enough);
  if (!isDone) return false;
  progress(pass, covered);
  await scanPlain(pass, plan.metric, coded.plain);
  return true;
}

/** The same, where lists or rows have to be waited for: all lists, and then the rows that they leave. */
async function scanByStages(
  pass: Pass,
  plan: NearestPlan,
  parts: readonly ScanPart[],
  coded: Coded,
  enough: number,
): Promise<boolean> {
  const { environment, view, map, scan, wanted, vectors, options } = pass;
  let cascade: Cascade | null | undefined;
  let bits: BitScan | null | undefined;
  try {
    if (!(await scanLists(pass, coded.codes)) || !(await scanLists(pass, coded.bits))) return false;
    [cascade, bits] = await Promise.all([coded.codes.scan, coded.bits.scan]);
    if (cascade && estimates(plan.precision)) await estimate(cascade, options);
  } catch (error) {
    return giveUpIndex(pass, parts, error);
  }
  if ((cascade?.left() ?? 0) > enough || (bits?.left() ?? 0) * vectors.count > enough) return false;
  await scanPlain(pass, plan.metric, coded.plain);
  try {
    const asked = { k: wanted, queries: vectors.count, onScored: scoredBy(pass) };
    if (cascade) await refine(environment, view, map, cascade, asked, options);
    if (bits && bits.left() > 0) {
      const unscored = await bits.unscored();
      asked.onScored(unscored.length);
      await scanIds(environment, view, map, scan, unscored, options);
    }
  } catch (error) {
    // Rows that are not those of their codes; where it is rows that are damaged, the plain scan says so.
    return giveUpIndex(pass, parts, error);
  }
  return true;
}

function scoredBy({ counts }: Pass): (rows: number) => void {
  return (rows) => {
    counts.scoredRows += rows;
  };
}

/** False when codes cannot stand for rows by these queries. */
async function scanLists(pass: Pass, listed: Listed): Promise<boolean> {
  const { environment, vectors, options } = pass;
  const { lists, scan } = listed;
  if (lists.length === 0) return true;
  const left = await scanListsHere(environment, listed, vectors.count, options);
  if (left === undefined) return false;
  for (const one of lists) if (!left.includes(one)) progress(pass, one.liveRows);
  let bounded = true;
  const work = async (one: CodedRows): Promise<void> => {
    if (!bounded) return;
    bounded = await scanList(environment, scan, one, options);
    progress(pass, one.liveRows);
  };
  await eachAhead(pass, left, ({ list }) => list.part, work);
  return bounded;
}

/** Reports damage of an index, or of the rows that it is of; any other error goes on. */
function giveUpIndex({ environment, view }: Pass, parts: readonly ScanPart[], cause: unknown): false {
  if (!isNacreError(cause, 'Corrupt')) throw cause;
  // What was read of either was not compared block by block: that is to be done the next time.
  doubt(environment, [...indexParts(view), ...parts.map(({ part }) => part)]);
  environment.warn?.(
    new NacreError('Corrupt', `the index of '${view.name}' is damaged and not used: ${cause.message}`, {
      cause,
      context: { ...cause.context, array: view.name },
      hint: 'Answers stay right, and take longer. Build it again with `nacre index`.',
    }),
  );
  return false;
}

async function scanPlain(pass: Pass, metric: ScanMetric, parts: readonly ScanPart[]): Promise<void> {
  const { environment, view, scan, vectors, options } = pass;
  const { pages, native, memoryBytes } = environment;
  const rate = rowsAMilli(metric, scanDtype(view));
  const rowBytes = rowBytesOf(view.type);
  const bytes = parts.reduce((sum, { part }) => sum + part.object.sizeBytes, 0);
  const isNow = isShort(native, rate, bytes, vectors.count);
  await eachAhead(
    pass,
    parts,
    ({ part }) => part,
    async ({ part, firstRowId, rowIds, dead }) => {
      const here = isOneWindow(part, memoryBytes) ? pages.lendNow?.(part, rangeOf(part)) : undefined;
      if (here !== undefined) {
        const rows = [here.bytes, firstRowId, rowIds, dead] as const;
        try {
          if (isNow && native.isResident(here.bytes)) scanRowsNow(scan, ...rows);
          else await scanRows(scan, options.signal, ...rows);
        } finally {
          here.done();
        }
        plainScanned(pass, part.rows);
        return;
      }
      const windows = windowsOf(part, part.rows, memoryBytes, (rows) => rows * rowBytes);
      const work = async (bytes: Uint8Array, { row, rows }: Window): Promise<void> => {
        const ids = rowIds?.subarray(row, row + rows);
        await scanRows(scan, options.signal, bytes, rowIds === undefined ? firstRowId + row : 0, ids, dead);
        plainScanned(pass, rows);
      };
      await eachWindow(pages, part, windows, work, options);
    },
  );
}

function plainScanned(pass: Pass, rows: number): void {
  pass.counts.scannedRows += rows;
  progress(pass, rows);
}

function progress(pass: Pass, rows: number): void {
  pass.scanned += rows;
  const { liveRows } = pass.map;
  pass.options.onProgress?.(Math.min(pass.scanned, liveRows), liveRows);
}

/** Works on a few items at once, as far as their objects fit the memory budget. */
async function eachAhead<T>(
  { environment, options }: Pass,
  items: readonly T[],
  partOf: (item: T) => Part,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let inFlight = 0;
  for (const item of items) {
    throwIfAborted(options.signal);
    const bytes = scanBytes(partOf(item), environment.memoryBytes);
    while (running.size > 0 && (running.size >= partsAhead || inFlight + bytes > environment.memoryBytes)) {
      await Promise.race(running);
    }
    inFlight += bytes;
    const one = work(item).then(() => {
      inFlight -= bytes;
      running.delete(one);
    });
    one.catch(() => undefined);
    running.add(one);
  }
  await Promise.all(running);
}
