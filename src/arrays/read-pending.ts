// Rows of an array as a transaction sees them.
import type { CallOptions } from '../storage/object-store.js';
import type { ArrayEnvironment } from './environment.js';
import { rowBytesOf, type RowType } from './row-type.js';
import type { PendingArray } from './pending-array.js';
import { readPicks } from './reader.js';
import type { Picked } from './runs.js';
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
  const bytes = allocate(
    indices.length * rowBytes,
    `reading ${indices.length} rows of '${array.name}'`,
    native,
  );
  const found = { bytes, rows: indices.length, type: array.type, ids };
  const others = array.staged?.copy(ids, bytes);
  if (others?.length === 0) return found;
  const picks = await map.picksOfList(others === undefined ? indices : at(indices, others));
  const placed = others === undefined ? picks : picks.map((pick) => placedAt(pick, others));
  await readPicks(placed, rowBytes, () => bytes, pages, options);
  return found;
}

function at(indices: Float64Array, places: readonly number[]): Float64Array {
  return Float64Array.from(places, (place) => indices[place] ?? 0);
}

/** The same rows at the places that those of the list stand for. */
function placedAt(pick: Picked, places: readonly number[]): Picked {
  return { ...pick, places: pick.places.map((place) => places[place] ?? 0) };
}
