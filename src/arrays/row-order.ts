// Lists of row ids as a transaction is given them, brought into the order in which they are stored.
import { NacreError } from '../errors.js';
import type { RowSetFunctions } from '../manifest/functions.js';
import { isAscending, lowerBound, rangeOfAll } from '../util/sorted.js';
import { pendingRowId } from '../manifest/transaction.js';

/**
 * Positions in ascending order of id; a row that is named twice is refused, since either content could win.
 */
export function sortedOrder(ids: Float64Array, array: string): Float64Array {
  const order = new Float64Array(ids.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  if (isAscending(ids)) return order;
  order.sort((a, b) => (ids[a] ?? 0) - (ids[b] ?? 0));
  for (let i = 1; i < order.length; i++) {
    if (ids[order[i] ?? 0] !== ids[order[i - 1] ?? 0]) continue;
    throw new NacreError(
      'InvalidArgument',
      `row ${order[i] ?? 0} of the list names a row of '${array}' a second time`,
    );
  }
  return order;
}

export function permuteRows(bytes: Uint8Array, order: Float64Array, rowBytes: number): Uint8Array {
  const out = new Uint8Array(bytes.byteLength);
  for (const [i, at] of order.entries())
    out.set(bytes.subarray(at * rowBytes, (at + 1) * rowBytes), i * rowBytes);
  return out;
}

/** Ranges of at most `limit` ids; old and provisional ids never share one. */
export function splitPending(sorted: Float64Array, limit: number): [number, number][] {
  const ranges: [number, number][] = [];
  const boundary = lowerBound(sorted, pendingRowId);
  const ends = boundary === 0 || boundary === sorted.length ? [sorted.length] : [boundary, sorted.length];
  let start = 0;
  for (const end of ends) {
    for (; start < end; start = Math.min(end, start + limit))
      ranges.push([start, Math.min(end, start + limit)]);
  }
  return ranges;
}

/** Ids that ascend without repeats. */
export function rowSetOf(sorted: Float64Array, rowSets: RowSetFunctions): Uint8Array {
  const range = rangeOfAll(sorted);
  return range === undefined ? rowSets.fromSorted(sorted) : rowSets.range(range.start, range.end);
}

export function uniqueSorted(ids: Float64Array): Float64Array {
  if (isAscending(ids)) return ids.slice();
  const sorted = ids.slice().sort();
  return sorted.filter((id, i) => i === 0 || id !== sorted[i - 1]);
}
