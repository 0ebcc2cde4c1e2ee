// Why an answer is the answer: one pass over all live rows against keys that stay as they are, so that what
// it counts depends on no order, no thread and no instruction set.
//
// Rows that codes stand for are bounded; those whose bound is above the key of their query are pruned. All
// others are refined: the scanner compares them as they are stored. It keeps one row more than was asked for:
// that is the nearest row outside of the answer.
import { createHash } from 'node:crypto';
import { readEpoch } from '../ann/epoch.js';
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { RowMap, ScanPart } from '../arrays/row-map.js';
import type { Part } from '../arrays/runs.js';
import { NacreError } from '../errors.js';
import { v1 } from '../manifest/message.js';
import type { StoredObject } from '../manifest/objects.js';
import { type Certifier, type ExactScan, fromNative, type ScanMetric } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { toHex } from '../util/bytes.js';
import { throwIfAborted, untilAborted } from '../util/runtime.js';
import { type CertificateClaims, type CertifiedReads, type ObjectSet, toExact } from './certificate.js';
import { type CodedRows, codeRowsOf, divide, scanIds } from './coded.js';
import {
  areTurnedNow,
  byTurns,
  dimensionsOf,
  keysOf,
  mapByTurns,
  resultsOf as hitsOf,
  scanRows,
  startScan,
  Turns,
} from './scan.js';
import type { ResolvedVectors } from './vectors.js';

/** What is asked, of an array at one version. */
export interface Asked {
  readonly environment: ArrayEnvironment;
  readonly view: ArrayView;
  readonly metric: ScanMetric;
  readonly k: number;
  readonly vectors: ResolvedVectors;
}

export interface ProofOptions extends CallOptions {
  /** Told of rows as they are done. */
  readonly onRows?: (rows: number) => void;
}

export type Proof = Pick<CertificateClaims, 'read' | 'results'>;

/** The rows of an array as a proof goes over them. */
export interface Ground {
  readonly map: RowMap;
  /** Every partition with live rows. */
  readonly parts: readonly ScanPart[];
  /** Keeps one row more than was asked for. */
  readonly scan: ExactScan;
  /** Rows of an answer. */
  readonly wanted: number;
  readonly coded: CodedGround | undefined;
  /** What no list of codes covers. */
  readonly plain: readonly ScanPart[];
}

interface CodedGround {
  readonly certifier: Certifier;
  readonly epoch: StoredObject;
  readonly lists: readonly CodedRows[];
}

/**
 * The pass. `thresholds` are the keys of the last rows of the answers: with others, what is found is not what
 * a certificate claims. Errors: `Corrupt` for damage, of codes as of rows.
 */
export async function prove(
  asked: Asked,
  thresholds: Float64Array,
  how: { readonly method: CertifiedReads['method']; readonly tier?: 'scalar' },
  options: ProofOptions,
): Promise<Proof> {
  const ground = await openGround(asked, thresholds, how, options);
  const { coded, scan, plain } = ground;
  const count = asked.vectors.count;
  const bounded = {
    live: 0,
    pruned: new Float64Array(count),
    bounds: new Float64Array(count).fill(Infinity),
  };
  for await (const [one, codes] of loadedAhead(asked, coded?.lists ?? [], ({ list }) => list.part, options)) {
    const { certifier } = defined(coded, 'codes of a list');
    const found = await untilAborted(
      typed(() => certifier.scan(codeRowsOf(one, codes))),
      options.signal,
    );
    bounded.live += found.live;
    for (let q = 0; q < count; q++) {
      bounded.pruned[q] = (bounded.pruned[q] ?? 0) + (found.pruned[q] ?? 0);
      bounded.bounds[q] = Math.min(bounded.bounds[q] ?? Infinity, found.bounds[q] ?? Infinity);
    }
    await refine(asked, ground, one, found.left, options);
    options.onRows?.(found.live);
  }
  await scanParts(asked, scan, plain, options);
  const plainRows = plain.reduce((rows, part) => rows + liveRowsOf(asked.environment, part), 0);
  const scanned = bounded.live + plainRows;
  if (scanned !== ground.map.liveRows) {
    throw new NacreError(
      'Corrupt',
      `'${asked.view.name}' has ${ground.map.liveRows} rows, ${scanned} were seen`,
    );
  }
  return { read: readsOf(ground), results: await resultsOf(asked, ground, bounded, options.signal) };
}

/** The partitions and codes of the array. Without rows, or without queries, nothing is there to scan. */
export async function openGround(
  { environment, view, metric, k, vectors }: Asked,
  thresholds: Float64Array,
  { method, tier }: { readonly method: CertifiedReads['method']; readonly tier?: 'scalar' },
  options: CallOptions,
): Promise<Ground> {
  const map = await view.rowMap(options);
  const wanted = Math.min(k, map.liveRows);
  const parts = await view.scanParts(options);
  const scan = await startScan(environment.native, view, metric, wanted + 1, vectors, tier);
  const plain = { map, parts, scan, wanted, coded: undefined, plain: parts };
  const index = method === 'codes' ? view.index(v1.IndexKind.INDEX_KIND_EXACT) : undefined;
  if (index === undefined || index.lists.length === 0) return plain;
  const transform = await readEpoch(environment, index.epoch, dimensionsOf(view), options);
  const { native } = environment;
  const certifier = await typed(async () =>
    areTurnedNow(vectors)
      ? native.createCertifier(scan, transform, thresholds)
      : native.createCertifierLater(scan, transform, thresholds),
  );
  const divided = divide(index.lists, parts, environment);
  if (certifier === null || divided.lists.length === 0) return plain;
  return { ...plain, plain: divided.plain, coded: { certifier, epoch: index.epoch, lists: divided.lists } };
}

/** What a native call throws, typed. */
export async function typed<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fromNative(error);
  }
}

/** Partitions that a list stands for. */
export function partsOf({ parts }: Ground, { list }: CodedRows): ScanPart[] {
  const end = list.firstRowId + list.rows;
  return parts.filter(
    ({ part, firstRowId, rowIds }) =>
      rowIds === undefined && firstRowId >= list.firstRowId && firstRowId + part.rows <= end,
  );
}

export function liveRowsOf({ functions }: ArrayEnvironment, { part, dead }: ScanPart): number {
  return part.rows - (dead === undefined ? 0 : functions.rowSets.count(dead));
}

/** A list that leaves more of its rows than this is scanned by its partitions. */
const leftAtMost = 1 / 16;

/** Compares the rows that a list left. Those that only one of many queries left do the others no harm. */
async function refine(
  asked: Asked,
  ground: Ground,
  list: CodedRows,
  left: Float64Array,
  options: ProofOptions,
): Promise<void> {
  const { environment, view } = asked;
  const { signal } = options;
  if (left.length > list.liveRows * leftAtMost) {
    await scanParts(asked, ground.scan, partsOf(ground, list), signal === undefined ? {} : { signal });
    return;
  }
  await scanIds(environment, view, ground.map, ground.scan, left.sort(), options);
}

async function scanParts(
  asked: Asked,
  scan: ExactScan,
  parts: readonly ScanPart[],
  options: ProofOptions,
): Promise<void> {
  for await (const [part, bytes] of loadedAhead(asked, parts, (one) => one.part, options)) {
    const rows = bytes.subarray(part.part.dataOffset);
    await scanRows(scan, options.signal, rows, part.firstRowId, part.rowIds, part.dead);
    options.onRows?.(liveRowsOf(asked.environment, part));
  }
}

/** Objects in flight at most. */
const objectsAhead = 8;

/**
 * Items in order with the bytes of their objects, the next ones fetched within half of the memory budget: the
 * partitions of a list are gone over while the list is held.
 */
export async function* loadedAhead<T>(
  { environment: { pages, memoryBytes } }: Pick<Asked, 'environment'>,
  items: readonly T[],
  partOf: (item: T) => Part,
  { signal }: CallOptions,
): AsyncGenerator<[T, Uint8Array]> {
  const call = signal === undefined ? {} : { signal };
  const waiting: { readonly item: T; readonly bytes: Promise<Uint8Array>; readonly sizeBytes: number }[] = [];
  let [at, held] = [0, 0];
  for (;;) {
    for (let item = items[at]; item !== undefined && waiting.length < objectsAhead; item = items[++at]) {
      const { sizeBytes } = partOf(item).object;
      if (waiting.length > 0 && held + sizeBytes > memoryBytes / 2) break;
      const bytes = pages.whole(partOf(item), call);
      // Whoever gets to it hears of it.
      bytes.catch(() => undefined);
      waiting.push({ item, bytes, sizeBytes });
      held += sizeBytes;
    }
    const first = waiting.shift();
    if (first === undefined) return;
    throwIfAborted(signal);
    yield [first.item, await untilAborted(first.bytes, signal)];
    held -= first.sizeBytes;
  }
}

function readsOf({ coded, parts }: Ground): CertifiedReads {
  const lists = coded?.lists.map(({ list }) => list.part) ?? [];
  return {
    method: coded === undefined ? 'rows' : 'codes',
    epoch: coded === undefined ? null : { key: coded.epoch.key, hash: toHex(coded.epoch.hash) },
    lists: objectSet(lists),
    partitions: objectSet(parts.map(({ part }) => part)),
  };
}

function objectSet(parts: readonly Part[]): ObjectSet {
  const lines = parts.map(({ object }) => `${object.key} ${toHex(object.hash)}\n`).sort();
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  return { objects: parts.length, rows, digest: createHash('sha256').update(lines.join('')).digest('hex') };
}

async function resultsOf(
  { vectors }: Asked,
  { map, scan, wanted }: Ground,
  bounded: { readonly pruned: Float64Array; readonly bounds: Float64Array },
  signal: AbortSignal | undefined,
): Promise<Proof['results']> {
  const hits = vectors.count * (wanted + 1);
  const { counts, ids, scores } = await hitsOf(scan, hits);
  const keys = await keysOf(scan, hits);
  const indices = await byTurns(ids, (some) => map.indicesOf(some), signal);
  const turns = new Turns(signal);
  const results: Proof['results'][number][] = [];
  for (let q = 0; q < vectors.count; q++) {
    const first = q * (wanted + 1);
    const found = counts[q] ?? 0;
    const count = Math.min(found, wanted);
    const pruned = bounded.pruned[q] ?? 0;
    const bound = pruned === 0 ? undefined : (bounded.bounds[q] ?? Number.NaN);
    const next = found > wanted ? keys[first + wanted] : undefined;
    const kthKey = count > 0 ? (keys[first + count - 1] ?? Number.NaN) : undefined;
    const listOf = <T>(of: (at: number) => T): Promise<T[]> => mapByTurns(first, first + count, of, turns);
    results.push({
      answer: {
        rows: await listOf((at) => indices[at] ?? -1),
        ids: await listOf((at) => ids[at] ?? -1),
        scores: await listOf((at) => toExact(scores[at] ?? Number.NaN)),
      },
      proof: {
        scanned: map.liveRows,
        pruned,
        refined: map.liveRows - pruned,
        bound: bound === undefined ? null : toExact(bound),
        kthKey: kthKey === undefined ? null : toExact(kthKey),
        kthScore: count > 0 ? toExact(scores[first + count - 1] ?? Number.NaN) : null,
        margin: kthKey === undefined ? null : marginOf(kthKey, bound, next),
      },
    });
  }
  return results;
}

/** From the last row of an answer to the nearest that is outside, or to what its key is at least. */
export function marginOf(
  kthKey: number,
  bound: number | undefined,
  next: number | undefined,
): ReturnType<typeof toExact> | null {
  if (bound === undefined && next === undefined) return null;
  // NaN ranks last, and all NaN are alike.
  const ranked = (key: number | undefined): number =>
    key === undefined || Number.isNaN(key) ? Infinity : key;
  const outside = Math.min(ranked(bound), ranked(next));
  const within = ranked(kthKey);
  return toExact(outside === within ? 0 : outside - within);
}
