// The nearest of those rows that a filter matches: partitions with all other rows taken out, or few rows by
// their ids.
import { LRUCache } from 'lru-cache';
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/row-type.js';
import type { RowMap, ScanPart } from '../arrays/row-map.js';
import { countBits } from '../attributes/bits.js';
import type { RowSetFunctions } from '../manifest/functions.js';
import { defaultBlockBytes } from '../manifest/objects.js';
import type { CallOptions } from '../storage/object-store.js';
import type { QueryCounts } from './analysis.js';
import type { Expression } from './filter/expression.js';
import { formatExpression } from './filter/format.js';
import { fromNative, type ScanResults } from '../native.js';
import type { SearchNow } from './asked.js';
import { mostPartitions } from './coded-here.js';
import { matchedWindows } from './match.js';
import { isShort, rowsAMilli } from './now.js';
import type { NearestPlan } from './plan.js';
import { dimensionsOf, hitsOfTurn, scanDtype } from './scan.js';

/** The live rows that a filter matches. */
export class Matched {
  /** Row ids. */
  readonly set: Uint8Array;
  readonly count: number;
  readonly #rowSets: RowSetFunctions;
  readonly #parts = new WeakMap<readonly ScanPart[], readonly ScanPart[]>();
  #ids: Float64Array | undefined;

  constructor(set: Uint8Array, count: number, rowSets: RowSetFunctions) {
    this.set = set;
    this.count = count;
    this.#rowSets = rowSets;
  }

  /** Ascending: for few rows. */
  get ids(): Float64Array {
    this.#ids ??= this.#rowSets.toSorted(this.set);
    return this.#ids;
  }

  /** Partitions as a scan of the matching rows alone sees them; those without any are left away. */
  within(parts: readonly ScanPart[]): readonly ScanPart[] {
    const known = this.#parts.get(parts);
    if (known !== undefined) return known;
    const rowSets = this.#rowSets;
    const within = parts.flatMap((one) => {
      const { part, firstRowId, rowIds, dead } = one;
      const all =
        rowIds === undefined ? rowSets.range(firstRowId, firstRowId + part.rows) : rowSets.fromSorted(rowIds);
      const others = rowSets.difference(all, this.set);
      const taken = dead === undefined ? others : rowSets.union(dead, others);
      const count = rowSets.count(taken);
      if (count === part.rows) return [];
      return count === 0 ? one : { ...one, dead: taken };
    });
    this.#parts.set(parts, within);
    return within;
  }
}

/**
 * Of each snapshot of an array what filters matched, the last ones that were asked for: the same filter comes
 * with many vectors.
 */
const matches = new WeakMap<ArrayView, LRUCache<string, Matched>>();

/** A part of the memory budget, and the longest text of a filter that is known by it. */
const keptShare = 1 / 16;
const longestText = 4096;

function keptMatches({ memoryBytes }: ArrayEnvironment, view: ArrayView): LRUCache<string, Matched> {
  let kept = matches.get(view);
  if (kept === undefined) {
    // With a set there are its complements in partitions and in segments of an index, and bits of those.
    const sizeCalculation = ({ set }: Matched): number => set.byteLength + Math.ceil(view.liveRows / 2) + 1;
    kept = new LRUCache({ maxSize: Math.max(1, Math.floor(memoryBytes * keptShare)), sizeCalculation });
    matches.set(view, kept);
  }
  return kept;
}

/** Cost: that of reading what the filter names, the first time of a snapshot. */
export async function matchedRows(
  environment: ArrayEnvironment,
  view: ArrayView,
  map: RowMap,
  filter: Expression,
  options: CallOptions,
  counts?: QueryCounts,
): Promise<Matched> {
  const text = formatExpression(filter);
  const kept = keptMatches(environment, view);
  const known = kept.get(text);
  if (known !== undefined) return known;
  const { rowSets } = environment.functions;
  let [set, count] = [rowSets.range(0, 0), 0];
  const windows = matchedWindows(environment, view, map, filter, options, counts);
  for await (const { start, end, bits } of windows) {
    const found = countBits(bits, end - start);
    if (found === 0) continue;
    set = count === 0 ? rowSets.fromBits(start, bits) : rowSets.union(set, rowSets.fromBits(start, bits));
    count += found;
  }
  const matched = new Matched(set, count, rowSets);
  if (text.length <= longestText) kept.set(text, matched);
  return matched;
}

/** A scan in order is so many times as fast as rows that lie here and there. */
const scattered = 16;

/** Whether the matching rows are so few that reading each by itself is less than a scan of all. */
export function areFew({ pages }: ArrayEnvironment, view: ArrayView, { count }: Matched): boolean {
  const rowBytes = rowBytesOf(view.type);
  // From a store each row comes with its whole block.
  const each = pages.lendRows === undefined ? Math.max(rowBytes, defaultBlockBytes) : rowBytes;
  return count * each * scattered <= view.liveRows * rowBytes;
}

/**
 * Scores few rows for one query in one call, where they lie mapped; undefined where something has to be
 * waited for.
 */
export function scoreFewNow(
  environment: ArrayEnvironment,
  view: ArrayView,
  { metric }: NearestPlan,
  matched: Matched,
  { parts, k, vectors: { values, count }, counts }: SearchNow,
): ScanResults | undefined {
  const { pages, native } = environment;
  const dtype = scanDtype(view);
  const rowBytes = rowBytesOf(view.type);
  if (count !== 1 || k > hitsOfTurn || parts.length > mostPartitions || pages.lendRows === undefined)
    return undefined;
  if (!isShort(native, rowsAMilli(metric, dtype), matched.count * rowBytes, 1)) return undefined;
  // Rows that were replaced lie in partitions of other ids.
  if (parts.some(({ rowIds }) => rowIds !== undefined)) return undefined;
  const { ids } = matched;
  const lent = pages.lendRows(parts, rowBytes);
  if (lent?.areHere(ids) !== true) return undefined;
  const { rows, wereRead } = lent;
  const of = { metric, dtype, dimensions: dimensionsOf(view), k, queries: values };
  try {
    const found = native.scoreRowsNow(of, rows, ids);
    counts.scoredRows += ids.length;
    wereRead(ids);
    return { counts: Uint32Array.of(found.ids.length), ...found };
  } catch (error) {
    throw fromNative(error);
  }
}
