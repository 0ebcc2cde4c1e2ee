// Codes that are mapped and in memory: all lists in one pass, and where the rows are mapped beside them, what
// the codes leave is scored by the same call.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/row-type.js';
import { isOneWindow, rangeOf } from '../arrays/windows.js';
import type { Cascade, CodeRows, Scoring, Searched } from '../native.js';
import type { RowParts } from '../native/row-parts.js';
import type { CallOptions } from '../storage/object-store.js';
import {
  type Coded,
  type CodedRows,
  codeRowsOf,
  firstRound,
  type Listed,
  mostOfRound,
  type Refining,
  scoredNowBytes,
} from './coded.js';
import { isShort } from './now.js';
import { untilCancelled } from './scan.js';

interface LentLists {
  readonly here: readonly CodeRows[];
  /** What has to be waited for. */
  readonly left: readonly CodedRows[];
  readonly done: () => void;
}

function lendLists({ pages, memoryBytes }: ArrayEnvironment, lists: readonly CodedRows[]): LentLists {
  const left: CodedRows[] = [];
  const here: CodeRows[] = [];
  const dones: (() => void)[] = [];
  for (const one of lists) {
    const { part } = one.list;
    const lent = isOneWindow(part, memoryBytes) ? pages.lendNow?.(part, rangeOf(part)) : undefined;
    if (lent === undefined) left.push(one);
    else {
      dones.push(lent.done);
      here.push(codeRowsOf(one, lent.bytes));
    }
  }
  return {
    here,
    left,
    done: () => {
      for (const done of dones) done();
    },
  };
}

/** Whether a pass over lists is so short that it runs on the event loop. */
function isShortPass(
  { native }: ArrayEnvironment,
  { bytesAMilli }: Listed,
  here: readonly CodeRows[],
  queries: number,
): boolean {
  const bytes = here.reduce((sum, { codes }) => sum + codes.byteLength, 0);
  return isShort(native, bytesAMilli, bytes, queries) && here.every(({ codes }) => native.isResident(codes));
}

/**
 * Scans in one pass the lists that need not be waited for. The other ones are left; undefined when codes
 * cannot stand for rows by these queries.
 */
export async function scanListsHere(
  environment: ArrayEnvironment,
  listed: Listed,
  queries: number,
  { signal }: CallOptions,
): Promise<readonly CodedRows[] | undefined> {
  const { here, left, done } = lendLists(environment, listed.lists);
  try {
    if (here.length === 0) return left;
    const scan = await listed.scan;
    if (scan === undefined || scan === null) return undefined;
    const isNow = isShortPass(environment, listed, here, queries);
    await untilCancelled(scan, signal, async () => (isNow ? scan.scanNow(here) : scan.scan(here)));
    return left;
  } finally {
    done();
  }
}

/** Partitions that are looked at for one search; of more, only those are that hold rows to be scored. */
export const mostPartitions = 256;

/** Queries that are scored by the thread that ends their pass; more are shared by all threads. */
const fewQueries = 3;

/**
 * The whole search by codes, where nothing has to be waited for: undefined where something has. False when
 * codes cannot bound these queries, or leave more than `enough` rows. Rows that codes leave are read where
 * they lie, and each is compared with the checksum that its code has of it.
 */
export async function searchHere(
  environment: ArrayEnvironment,
  view: ArrayView,
  { codes, covered }: Coded,
  { k, queries, enough, onScored }: Refining & { readonly enough: number },
  { signal }: CallOptions,
): Promise<boolean | undefined> {
  const { pages, memoryBytes } = environment;
  if (pages.lendRows === undefined || covered.length > mostPartitions) return undefined;
  // The queries begin to become codes, where that is work for the pool.
  await Promise.resolve();
  const { here, left, done } = lendLists(environment, codes.lists);
  try {
    if (here.length === 0 || left.length > 0) return undefined;
    const rowBytes = rowBytesOf(view.type);
    const lent = pages.lendRows(covered, rowBytes);
    if (lent === undefined) return undefined;
    const { rows, wereRead } = lent;
    const cascade = await codes.scan;
    if (cascade === undefined || cascade === null) return false;
    const first = k + firstRound;
    const most = mostOfRound(memoryBytes, rowBytes, queries);
    const scoresFew = first * rowBytes * queries <= scoredNowBytes;
    const isNow = scoresFew && isShortPass(environment, codes, here, queries);
    // What is more is scored off the event loop, and what is of many queries by all threads.
    const scored = isNow ? Math.min(enough, 4 * first) : enough;
    const scoring = { first, most, enough: queries <= fewQueries ? scored : 0 };
    const search = async (): Promise<Searched> =>
      isNow ? cascade.searchNow(here, rows, scoring) : cascade.search(here, rows, scoring);
    const { read, isDone } = await untilCancelled(cascade, signal, search);
    const tell = (ids: Float64Array): void => {
      onScored(ids.length);
      wereRead(ids);
    };
    if (isDone || cascade.left() > enough) {
      tell(read);
      return isDone;
    }
    await scoreByAll(cascade, rows, scoring, signal, read, tell);
    return true;
  } finally {
    done();
  }
}

/**
 * Rounds of scoring that all threads share. What was read, by the scan and by each round, is told while the
 * next round goes on.
 */
async function scoreByAll(
  cascade: Cascade,
  rows: RowParts,
  { first, most }: Scoring,
  signal: AbortSignal | undefined,
  read: Float64Array,
  tell: (ids: Float64Array) => void,
): Promise<void> {
  let ids = read;
  for (let count = first, isScored = false; !isScored; count *= 4) {
    const score = async (): Promise<Float64Array> => cascade.scoreInMemory(rows, Math.min(count, most));
    const scored = untilCancelled(cascade, signal, score);
    tell(ids);
    ids = await scored;
    isScored = cascade.isScored();
  }
  tell(ids);
}
