// The exact scan where an array has codes: they are read in the place of their rows, and then the few rows
// that their bounds leave, best bounds first.
import { readEpoch } from '../ann/epoch.js';
import type { ArrayView, CodeList } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/partition-writer.js';
import { allocate, readPicks } from '../arrays/reader.js';
import type { RowMap, ScanPart } from '../arrays/row-map.js';
import { v1 } from '../manifest/message.js';
import { type Cascade, type ExactScan, fromNative } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { dimensionsOf } from './scan.js';

/** A list of codes that takes the place of partitions. */
export interface CodedRows {
  readonly list: CodeList;
  /** Ids in the list that are no live rows of these partitions. */
  readonly dead: Uint8Array | undefined;
  readonly parts: readonly ScanPart[];
  readonly liveRows: number;
}

export interface Coded {
  readonly cascade: Cascade;
  readonly lists: readonly CodedRows[];
  /** What no list covers. */
  readonly plain: readonly ScanPart[];
}

/**
 * Undefined where there are no codes, or none that can bound these queries. Cost: a request, the first
 * time.
 */
export async function openCodes(
  environment: ArrayEnvironment,
  view: ArrayView,
  scan: ExactScan,
  parts: readonly ScanPart[],
  options: CallOptions,
): Promise<Coded | undefined> {
  const index = view.index(v1.IndexKind.INDEX_KIND_EXACT);
  if (index === undefined || index.lists.length === 0) return undefined;
  const transform = await readEpoch(environment, index.epoch, dimensionsOf(view), options);
  let cascade: Cascade | null;
  try {
    cascade = environment.native.createCascade(scan, transform);
  } catch (error) {
    throw fromNative(error);
  }
  return cascade === null ? undefined : { cascade, ...divide(index.lists, parts, environment) };
}

/** Which partitions each list stands for. One that lies in a list only in part is scanned itself. */
function divide(
  lists: readonly CodeList[],
  parts: readonly ScanPart[],
  { functions: { rowSets } }: ArrayEnvironment,
): Pick<Coded, 'lists' | 'plain'> {
  const covered = new Set<ScanPart>();
  const coded = lists.map((list): CodedRows => {
    const end = list.firstRowId + list.rows;
    const inside = parts.filter(
      ({ part, firstRowId, rowIds }) =>
        rowIds === undefined && firstRowId >= list.firstRowId && firstRowId + part.rows <= end,
    );
    let dead: Uint8Array | undefined;
    let liveRows = list.rows;
    const add = (set: Uint8Array): void => {
      dead = dead === undefined ? set : rowSets.union(dead, set);
      liveRows -= rowSets.count(set);
    };
    let next = list.firstRowId;
    const skipTo = (id: number): void => {
      if (id > next) add(rowSets.fromSorted(Float64Array.from({ length: id - next }, (_, i) => next + i)));
    };
    for (const part of inside.toSorted((a, b) => a.firstRowId - b.firstRowId)) {
      skipTo(part.firstRowId);
      if (part.dead !== undefined) add(part.dead);
      next = part.firstRowId + part.part.rows;
      covered.add(part);
    }
    skipTo(end);
    return { list, dead, parts: inside, liveRows };
  });
  const plain = parts.filter((part) => !covered.has(part));
  return { lists: coded.filter(({ parts: { length } }) => length > 0), plain };
}

export async function scanCodes(
  { pages }: ArrayEnvironment,
  cascade: Cascade,
  { list, dead }: CodedRows,
  options: CallOptions,
): Promise<void> {
  const codes = await pages.whole(list.part, options);
  try {
    await cascade.scan(codes, list.rows, list.firstRowId, dead);
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * Rows of a query that are scored in the first round, beside the k wanted; then four times as many each.
 * Codes of all coordinates leave fewer, those of a prefix about as many (MNIST: 94 on average).
 */
const firstRound = 118;

/** So many bytes of rows are scored on the event loop: a turn of the pool takes as long. */
const scoredNowBytes = 256 * 1024;

/** Scores the rows that the bounds left. Cost: a wave for each round, most of the time one. */
export async function refine(
  { pages, native }: ArrayEnvironment,
  view: ArrayView,
  map: RowMap,
  cascade: Cascade,
  k: number,
  options: CallOptions,
): Promise<void> {
  const rowBytes = rowBytesOf(view.type);
  for (let count = k + firstRound; ; count *= 4) {
    const ids = cascade.next(count);
    if (ids.length === 0) return;
    const picks = await map.picksOfList(await map.indicesOf(ids));
    const room = () =>
      allocate(ids.length * rowBytes, `scoring ${ids.length} rows of '${view.name}'`, native);
    const rows = await readPicks(picks, rowBytes, room, pages, options);
    try {
      if (rows.byteLength <= scoredNowBytes) cascade.scoreNow(ids, rows);
      else await cascade.score(ids, rows);
    } catch (error) {
      throw fromNative(error);
    }
  }
}
