// The scanner as plans and searches use it: rows of a type, errors that are typed, lists of hits.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RowType } from '../arrays/row-type.js';
import type { RowMap } from '../arrays/row-map.js';
import type { Picked } from '../arrays/runs.js';
import { NacreError } from '../errors.js';
import {
  type ExactScan,
  fromNative,
  type NativeBinding,
  type ScanDtype,
  type ScanMetric,
  type ScanResults,
} from '../native.js';
import { untilCancelled } from '../native/cancel.js';
import { throwIfAborted } from '../util/runtime.js';
import type { ResolvedVectors } from './vectors.js';

export { untilCancelled };

/** What is scanned, as messages name it. */
export interface Scanned {
  readonly name: string;
  readonly type: RowType;
}

export function dimensionsOf({ type }: Pick<Scanned, 'type'>): number {
  return type.rowShape.reduce((product, length) => product * length, 1);
}

/** Numbers of a row that can be coded. */
export function codedDimensions(scanned: Scanned): number {
  const dimensions = dimensionsOf(scanned);
  if (dimensions > 0 && dimensions <= maxCodedDimensions) return dimensions;
  throw new NacreError('InvalidArgument', `rows of ${dimensions} numbers have no codes`, {
    context: { array: scanned.name, dimensions },
    hint: `An index needs rows of 1 to ${maxCodedDimensions} numbers.`,
  });
}

/** Sums over more numbers could overflow; `MAX_COORDINATES` of the kernels. */
const maxCodedDimensions = 16_384;

/** What the scanner reads rows as; `UnsupportedFormat` for complex ones. */
export function scanDtype({ name, type: { dtype } }: Scanned): ScanDtype {
  if (dtype !== 'complex64' && dtype !== 'complex128') return dtype;
  throw new NacreError('UnsupportedFormat', `rows of ${dtype} cannot be searched`, {
    context: { array: name, dtype },
    hint: 'Complex numbers have no order of nearness here; store their parts as two numbers.',
  });
}

/**
 * Numbers of queries that are made ready on the event loop, as those of a scan and as those of codes, which
 * are turned: about a millisecond. One query always is, since the way to the pool and back is longer.
 */
const startedNow = 2 ** 17;
const turnedNow = 2 ** 14;

/** Whether queries are few enough to be turned on the event loop. */
export function areTurnedNow({ values, count }: Pick<ResolvedVectors, 'values' | 'count'>): boolean {
  return count === 1 || values.length <= turnedNow;
}

/**
 * Many queries are made ready off the event loop. Errors: `UnsupportedFormat` for complex rows,
 * `ResourceExhausted` for more than 2^27 hits.
 */
export async function startScan(
  native: NativeBinding,
  scanned: Scanned,
  metric: ScanMetric,
  k: number,
  { values, count }: ResolvedVectors,
  tier?: 'scalar',
): Promise<ExactScan> {
  const [dtype, dimensions] = [scanDtype(scanned), dimensionsOf(scanned)];
  const asked = { metric, dtype, dimensions, k, queries: values, ...(tier && { tier }) };
  try {
    const isNow = count === 1 || values.length <= startedNow;
    return isNow ? native.createExactScan(asked) : await native.createExactScanLater(asked);
  } catch (error) {
    throw fromNative(error);
  }
}

/** See {@link ExactScan.scan}; `Aborted` within milliseconds of the signal. */
export function scanRows(
  scan: ExactScan,
  signal: AbortSignal | undefined,
  ...rows: Parameters<ExactScan['scan']>
): Promise<void> {
  return untilCancelled(scan, signal, () => scan.scan(...rows));
}

/** See {@link ExactScan.scanNow}. */
export function scanRowsNow(scan: ExactScan, ...rows: Parameters<ExactScan['scanNow']>): void {
  try {
    scan.scanNow(...rows);
  } catch (error) {
    throw fromNative(error);
  }
}

/** So many hits, or ids, are worked on in one turn of the event loop: a few milliseconds. */
export const hitsOfTurn = 2 ** 12;

/** What a scan found: many hits are sorted off the event loop. */
export async function resultsOf(scan: ExactScan, hits: number): Promise<ScanResults> {
  return hits <= hitsOfTurn ? scan.results() : scan.resultsLater();
}

/** What these rank by; see {@link ExactScan.keys}. */
export async function keysOf(scan: ExactScan, hits: number): Promise<Float64Array> {
  return hits <= hitsOfTurn ? scan.keys() : scan.keysLater();
}

/** Work that goes hit by hit, by turns of the event loop. */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  #left = hitsOfTurn;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** After work on so many hits. */
  async after(hits: number): Promise<void> {
    this.#left -= hits;
    if (this.#left > 0) return;
    this.#left = hitsOfTurn;
    await nextTurn();
    throwIfAborted(this.#signal);
  }
}

/** The hits of each query, best first; `hitAt` makes one of its place in the results. */
export async function listsOf<H>(
  counts: Uint32Array,
  k: number,
  hitAt: (at: number) => H,
  signal?: AbortSignal,
): Promise<H[][]> {
  const turns = new Turns(signal);
  const lists: H[][] = [];
  for (const [query, count] of counts.entries())
    lists.push(await mapByTurns(query * k, query * k + count, hitAt, turns));
  return lists;
}

/** What `of` makes of the numbers from `start` to before `end`. */
export async function mapByTurns<T>(
  start: number,
  end: number,
  of: (at: number) => T,
  turns: Turns,
): Promise<T[]> {
  const all: T[] = [];
  for (let at = start; at < end; ) {
    const until = Math.min(end, at + hitsOfTurn);
    const hits = until - at;
    while (at < until) all.push(of(at++));
    await turns.after(hits);
  }
  return all;
}

/** `ids.map`, by turns of the event loop where there are many. */
export async function byTurns(
  ids: Float64Array,
  work: (some: Float64Array) => Promise<Float64Array>,
  signal?: AbortSignal,
): Promise<Float64Array> {
  if (ids.length <= hitsOfTurn) return work(ids);
  const all = new Float64Array(ids.length);
  for (let at = 0; at < ids.length; at += hitsOfTurn) {
    all.set(await work(ids.subarray(at, at + hitsOfTurn)), at);
    await nextTurn();
    throwIfAborted(signal);
  }
  return all;
}

/** Where the rows of many logical indices are; see {@link RowMap.picksOfList}. */
export async function picksByTurns(
  map: Pick<RowMap, 'picksOfList'>,
  indices: Float64Array,
  signal?: AbortSignal,
): Promise<Picked[]> {
  if (indices.length <= hitsOfTurn) return map.picksOfList(indices);
  const all: Picked[] = [];
  for (let at = 0; at < indices.length; at += hitsOfTurn) {
    const picks = await map.picksOfList(indices.subarray(at, at + hitsOfTurn));
    for (const pick of picks) all.push({ ...pick, places: pick.places.map((place) => place + at) });
    await nextTurn();
    throwIfAborted(signal);
  }
  return all;
}
