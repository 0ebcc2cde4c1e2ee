// Rows of an array as a transaction sees them.
import type { CallOptions } from '../storage/object-store.js';
import type { ArrayEnvironment } from './environment.js';
import { rowBytesOf, type RowType } from './partition-writer.js';
import type { PendingArray } from './pending-array.js';
import { readPicks } from './reader.js';
import { allocate } from '../native/memory.js';
import { indicesOf, resolveSelection, type RowSelection } from './selection.js';

export async function readPending(
  { native, pages }: ArrayEnvironment,
  array: PendingArray,
  selection: RowSelection,
  options: CallOptions,
): Promise<{ bytes: Uint8Array; rows: number; type: RowType; ids: Float64Array }> {
  const map = await array.rowMap();
  const indices = indicesOf(resolveSelection(selection, map.liveRows, array.name));
  const ids = await map.idsOf(indices);
  const rowBytes = rowBytesOf(array.type);
  const what = `reading ${indices.length} rows of '${array.name}'`;
  const room = () => allocate(indices.length * rowBytes, what, native);
  const bytes = await readPicks(await map.picksOfList(indices), rowBytes, room, pages, options);
  return { bytes, rows: indices.length, type: array.type, ids };
}
