// What a replace adds to the manifest: partitions of the new rows, each with the ids that it holds.
import { NacreError } from '../errors.js';
import type { Change, RowSetDraft } from '../manifest/transaction.js';
import { defined } from '../util/assert.js';
import { isAscending } from '../util/sorted.js';
import type { ArrayEnvironment } from './environment.js';
import { rowBytesOf } from './row-type.js';
import type { PendingArray } from './pending-array.js';
import { permuteRows, rowSetOf, sortedOrder, splitPending } from './row-order.js';
import type { RowsWriter } from './rows-writer.js';

/** Uploads `bytes`, a row for each id in their order. `InvalidArgument` when a row is named twice. */
export async function replaceRows(
  { functions }: ArrayEnvironment,
  rows: RowsWriter,
  array: PendingArray,
  ids: Float64Array,
  bytes: Uint8Array,
  draftSet: (set: Uint8Array) => Promise<RowSetDraft>,
): Promise<Change> {
  const { rowSets } = functions;
  const rowBytes = rowBytesOf(array.type);
  const [sorted, inOrder] = ascending(ids, bytes, rowBytes, array.name);
  const writer = rows.writer(array);
  const sets: Uint8Array[] = [];
  for (const [start, end] of splitPending(sorted, rows.rowsPerPartition(array))) {
    sets.push(rowSetOf(sorted.subarray(start, end), rowSets));
    await writer.add(inOrder.subarray(start * rowBytes, end * rowBytes), end - start);
  }
  const drafts = await writer.finish();
  const partitions = await Promise.all(
    drafts.map(async (draft, i) => ({ ...draft, rowIds: await draftSet(defined(sets[i], 'row ids')) })),
  );
  array.replace(drafts.map((draft, i) => ({ draft, ids: defined(sets[i], 'row ids') })));
  return { kind: 'replace', array: array.id, rows: { set: rowSetOf(sorted, rowSets) }, partitions };
}

/** Ids and their rows in the order in which they are stored: themselves, where they are in it. */
function ascending(
  ids: Float64Array,
  bytes: Uint8Array,
  rowBytes: number,
  array: string,
): [ids: Float64Array, bytes: Uint8Array] {
  if (isAscending(ids)) return [ids, bytes];
  const order = sortedOrder(ids, array);
  return [order.map((at) => ids[at] ?? 0), permuteRows(bytes, order, rowBytes)];
}

/** Refuses data of another number of rows than are named. */
export function checkReplaced(array: string, expected: number, observed: number): void {
  if (expected === observed) return;
  throw new NacreError('InvalidArgument', `${expected} rows are to be replaced, the data has ${observed}`, {
    context: { array, expected, observed },
  });
}
