// The nearest of those rows that a filter matches: partitions with all other rows taken out, or few rows by
// their ids.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/partition-writer.js';
import type { RowMap, ScanPart } from '../arrays/row-map.js';
import { countBits } from '../attributes/bits.js';
import type { RowSetFunctions } from '../manifest/functions.js';
import { defaultBlockBytes } from '../manifest/objects.js';
import type { CallOptions } from '../storage/object-store.js';
import type { QueryCounts } from './analysis.js';
import type { Expression } from './filter/expression.js';
import { matchedWindows } from './match.js';

/** The live rows that a filter matches. */
export interface Matched {
  /** Row ids. */
  readonly set: Uint8Array;
  readonly count: number;
}

export async function matchedRows(
  environment: ArrayEnvironment,
  view: ArrayView,
  map: RowMap,
  filter: Expression,
  options: CallOptions,
  counts?: QueryCounts,
): Promise<Matched> {
  const { rowSets } = environment.functions;
  let [set, count] = [rowSets.range(0, 0), 0];
  const windows = matchedWindows(environment, view, map, filter, options, counts);
  for await (const { start, end, bits } of windows) {
    const found = countBits(bits, end - start);
    if (found === 0) continue;
    set = count === 0 ? rowSets.fromBits(start, bits) : rowSets.union(set, rowSets.fromBits(start, bits));
    count += found;
  }
  return { set, count };
}

/** Partitions as a scan of the matching rows alone sees them; those without any are left away. */
export function filteredParts(
  parts: readonly ScanPart[],
  { set }: Matched,
  rowSets: RowSetFunctions,
): ScanPart[] {
  return parts.flatMap((one) => {
    const { part, firstRowId, rowIds, dead } = one;
    const all =
      rowIds === undefined ? rowSets.range(firstRowId, firstRowId + part.rows) : rowSets.fromSorted(rowIds);
    const others = rowSets.difference(all, set);
    const taken = dead === undefined ? others : rowSets.union(dead, others);
    const count = rowSets.count(taken);
    if (count === part.rows) return [];
    return count === 0 ? one : { ...one, dead: taken };
  });
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
