// The exact scan where an array has codes: they are read in the place of their rows, and then the few rows
// that their bounds leave, best bounds first.
import { readEpoch } from '../ann/epoch.js';
import type { ArrayView, CodeList } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/row-type.js';
import { allocate } from '../native/memory.js';
import type { RowMap, ScanPart } from '../arrays/row-map.js';
import { eachWindow, isOneWindow, type Window, windowsOf } from '../arrays/windows.js';
import { v1 } from '../manifest/message.js';
import {
  type BitScan,
  type Cascade,
  type CodeRows,
  type CodeTransform,
  type ExactScan,
  fromNative,
  type ListScan,
} from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { throwIfAborted } from '../util/runtime.js';
import { bitsAMilli, codesAMilli } from './now.js';
import type { NearestPlan } from './plan.js';
import { estimates, hasCodes } from './precision.js';
import {
  areTurnedNow,
  byTurns,
  dimensionsOf,
  hitsOfTurn,
  picksByTurns,
  scanRows,
  untilCancelled,
} from './scan.js';
import type { ResolvedVectors } from './vectors.js';

/** A list of codes that takes the place of partitions. */
export interface CodedRows {
  readonly list: CodeList;
  /** Ids in the list that are no live rows of the partitions that it stands for. */
  readonly dead: Uint8Array | undefined;
  readonly liveRows: number;
}

/** Lists that are scanned alike. */
export interface Listed<S extends ListScan = ListScan> {
  readonly lists: readonly CodedRows[];
  /** Null when codes cannot stand for rows by these queries. Not there without lists. */
  readonly scan: Promise<S | null> | undefined;
  /** Bytes of them that a thread scans in a millisecond for one query. */
  readonly bytesAMilli: number;
}

export interface Coded {
  readonly codes: Listed<Cascade>;
  /** In the place of the codes: the parts of these lists are bits. */
  readonly bits: Listed<BitScan>;
  /** The partitions that lists stand for, ascending by row id. */
  readonly covered: readonly ScanPart[];
  /** What no list covers. */
  readonly plain: readonly ScanPart[];
}

/** Lists of codes in the place of partitions. */
type Divided = Pick<Coded, 'covered' | 'plain'> & { readonly lists: readonly CodedRows[] };

/**
 * Undefined where there are no codes. Cost: a request, the first time; lists need not wait for it.
 */
export function openCodes(
  environment: ArrayEnvironment,
  view: ArrayView,
  scan: ExactScan,
  { metric, precision = 'f64' }: Pick<NearestPlan, 'metric' | 'precision'>,
  vectors: ResolvedVectors,
  parts: readonly ScanPart[],
  options: CallOptions,
): Coded | undefined {
  if (!hasCodes(metric)) return undefined;
  const index = view.index(v1.IndexKind.INDEX_KIND_EXACT);
  if (index === undefined || index.lists.length === 0) return undefined;
  const { native } = environment;
  const transform = readEpoch(environment, index.epoch, dimensionsOf(view), options);
  const listed = <S extends ListScan>(
    lists: readonly CodedRows[],
    bytesAMilli: number,
    create: (transform: CodeTransform) => Promise<S | null> | S | null,
  ): Listed<S> => {
    if (lists.length === 0) return { lists, bytesAMilli, scan: undefined };
    const opened = transform.then(create).catch((error: unknown) => {
      throw fromNative(error);
    });
    // Whoever waits for it hears of it.
    opened.catch(() => undefined);
    return { lists, bytesAMilli, scan: opened };
  };
  transform.catch(() => undefined);
  const { lists, covered, plain } = divided(index.lists, parts, environment);
  const ofBits = precision === 'bit' ? lists.flatMap(bitsOf) : [];
  const ofCodes = precision === 'bit' ? lists.filter(({ list }) => list.bits === undefined) : lists;
  const cascadeOf = (made: CodeTransform): Promise<Cascade | null> | Cascade | null =>
    areTurnedNow(vectors)
      ? native.createCascade(scan, made, estimates(precision))
      : native.createCascadeLater(scan, made, estimates(precision));
  return {
    codes: listed(ofCodes, codesAMilli, cascadeOf),
    bits: listed(ofBits, bitsAMilli, (made) => native.createBitScan(scan, made)),
    covered,
    plain,
  };
}

/** The same rows by their bits, where they have some. */
function bitsOf(one: CodedRows): CodedRows[] {
  const { bits } = one.list;
  return bits === undefined ? [] : [{ ...one, list: { ...one.list, part: bits } }];
}

/** By the lists of an index and the partitions of a view. */
const dividedParts = new WeakMap<readonly CodeList[], WeakMap<readonly ScanPart[], Divided>>();

export function divided(
  lists: readonly CodeList[],
  parts: readonly ScanPart[],
  environment: ArrayEnvironment,
): Divided {
  const ofIndex = dividedParts.get(lists) ?? new WeakMap<readonly ScanPart[], Divided>();
  dividedParts.set(lists, ofIndex);
  let known = ofIndex.get(parts);
  if (known === undefined) {
    known = divide(lists, parts, environment);
    ofIndex.set(parts, known);
  }
  return known;
}

/**
 * Which partitions each list stands for; both ascend. One that lies in a list only in part is scanned itself.
 */
export function divide(
  lists: readonly CodeList[],
  parts: readonly ScanPart[],
  { functions: { rowSets } }: ArrayEnvironment,
): Divided {
  const base = parts.filter(({ rowIds }) => rowIds === undefined);
  const plain = parts.filter(({ rowIds }) => rowIds !== undefined);
  const coded: CodedRows[] = [];
  const covered: ScanPart[] = [];
  let at = 0;
  for (const list of lists) {
    const end = list.firstRowId + list.rows;
    for (let part = base[at]; part !== undefined && part.firstRowId < list.firstRowId; part = base[++at])
      plain.push(part);
    const first = at;
    let dead: Uint8Array | undefined;
    let liveRows = list.rows;
    const add = (set: Uint8Array): void => {
      dead = dead === undefined ? set : rowSets.union(dead, set);
      liveRows -= rowSets.count(set);
    };
    let next = list.firstRowId;
    const skipTo = (id: number): void => {
      if (id > next) add(rowSets.range(next, id));
    };
    for (let part = base[at]; part !== undefined; part = base[++at]) {
      if (part.firstRowId + part.part.rows > end) break;
      skipTo(part.firstRowId);
      if (part.dead !== undefined) add(part.dead);
      next = part.firstRowId + part.part.rows;
      covered.push(part);
    }
    if (at === first) continue;
    skipTo(end);
    coded.push({ list, dead, liveRows });
  }
  return { lists: coded, covered, plain: [...plain, ...base.slice(at)] };
}

/** A list, or a window of it, as the scanner takes it. */
export function codeRowsOf(
  { list, dead }: CodedRows,
  codes: Uint8Array,
  { row, rows }: Pick<Window, 'row' | 'rows'> = { row: 0, rows: list.rows },
): CodeRows {
  const { firstRowId, norms } = list;
  return { codes, rows, firstRowId: firstRowId + row, ...(norms && { norms }), ...(dead && { dead }) };
}

/** Scans a list window by window; false when codes cannot stand for rows by these queries. */
export async function scanList(
  { pages, memoryBytes }: ArrayEnvironment,
  opened: Listed['scan'],
  one: CodedRows,
  options: CallOptions,
): Promise<boolean> {
  const { part, rows } = one.list;
  // Who looks at a list as a whole need not know how long its rows are: it is asked for at once.
  const layout = isOneWindow(part, memoryBytes) ? undefined : await opened;
  const bytesOf = (count: number): number => layout?.listBytes(count) ?? 0;
  const windows = windowsOf(part, rows, memoryBytes, bytesOf, chunkRows);
  let bounded = layout !== null;
  const work = async (codes: Uint8Array, window: Window): Promise<void> => {
    const scan = await opened;
    bounded = scan !== null;
    if (scan === undefined || scan === null) return;
    await untilCancelled(scan, options.signal, () => scan.scan([codeRowsOf(one, codes, window)]));
  };
  if (bounded) await eachWindow(pages, part, windows, work, options);
  return bounded;
}

/** Rows of a chunk of codes, `CHUNK_ROWS` of the kernels: windows are whole chunks. */
const chunkRows = 1024;

/**
 * Rows of a query that are scored in the first round, beside the k wanted; then four times as many each. From
 * a store each is a request: of ten wanted 64, which go out at once.
 */
export const firstRound = 54;

/** Rows of each query that are scored in one round at most: they lie in memory together. */
export function mostOfRound(memoryBytes: number, rowBytes: number, queries = 1): number {
  return Math.max(1, Math.floor(memoryBytes / 4 / (rowBytes * queries)));
}

/** So many bytes of rows are scored on the event loop: a turn of the pool takes as long. */
export const scoredNowBytes = 256 * 1024;

/** Takes the rows that the bounds left by their estimates; those that have none are left. No request. */
export async function estimate(
  cascade: Pick<Cascade, 'cancel' | 'left' | 'estimate' | 'estimateLater'>,
  { signal }: CallOptions,
): Promise<void> {
  await untilCancelled(cascade, signal, async () =>
    cascade.left() <= hitsOfTurn ? cascade.estimate() : cascade.estimateLater(),
  );
}

/**
 * Reads rows by their ids, which ascend, and hands them to a scan, a quarter of the memory budget at a time.
 * Cost: a wave for each time.
 */
export async function scanIds(
  { pages, native, memoryBytes }: ArrayEnvironment,
  view: ArrayView,
  map: RowMap,
  scan: ExactScan,
  ids: Float64Array,
  { signal }: CallOptions,
): Promise<void> {
  const call = signal === undefined ? {} : { signal };
  const rowBytes = rowBytesOf(view.type);
  const step = mostOfRound(memoryBytes, rowBytes);
  for (let start = 0; start < ids.length; start += step) {
    throwIfAborted(signal);
    const some = ids.slice(start, start + step);
    const rows = allocate(some.length * rowBytes, `scoring ${some.length} rows of '${view.name}'`, native);
    const indices = await byTurns(some, (turn) => map.indicesOf(turn), signal);
    const picks = await picksByTurns(map, indices, signal);
    await Promise.all(picks.map((pick) => pages.gather(pick, rowBytes, rows, call)));
    await scanRows(scan, signal, rows, 0, some);
  }
}

/** What hands out rows that bounds left, and takes them to be scored. */
export type Refined = Pick<Cascade, 'cancel' | 'left' | 'next' | 'nextLater' | 'score' | 'scoreNow'>;

/** What is wanted of rows that bounds left. */
export interface Refining {
  readonly k: number;
  readonly queries: number;
  /** Told how many rows were read to be scored. */
  readonly onScored: (rows: number) => void;
}

/** Scores the rows that the bounds left. Cost: a wave for each round, most of the time one. */
export async function refine(
  { pages, native, memoryBytes }: ArrayEnvironment,
  view: ArrayView,
  map: RowMap,
  cascade: Refined,
  { k, queries, onScored }: Refining,
  options: CallOptions,
): Promise<void> {
  const rowBytes = rowBytesOf(view.type);
  const most = mostOfRound(memoryBytes, rowBytes, queries);
  for (let count = k + firstRound; ; count *= 4) {
    const next = Math.min(count, most);
    const ids = cascade.left() <= hitsOfTurn ? cascade.next(next) : await cascade.nextLater(next);
    if (ids.length === 0) return;
    onScored(ids.length);
    const indices = await byTurns(ids, (some) => map.indicesOf(some), options.signal);
    const picks = await picksByTurns(map, indices, options.signal);
    const rows = allocate(ids.length * rowBytes, `scoring ${ids.length} rows of '${view.name}'`, native);
    // Each row is compared with the checksum that its code has of it.
    await Promise.all(picks.map((pick) => pages.gatherUnchecked(pick, rowBytes, rows, options)));
    try {
      if (rows.byteLength * queries <= scoredNowBytes) cascade.scoreNow(ids, rows);
      else await untilCancelled(cascade, options.signal, () => cascade.score(ids, rows));
    } catch (error) {
      throw fromNative(error);
    }
  }
}
