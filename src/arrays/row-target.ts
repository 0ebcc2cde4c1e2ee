// The rows that a change is of, as callers name them.
import { NacreError } from '../errors.js';
import type { PendingArray } from './pending-array.js';
import { resolveSelection, type RowSelection, selectors } from './selection.js';
import type { RowTarget } from './write-options.js';

/** Their ids, in the order in which they are named. `NotFound` for an id that no row has. */
export async function idsOf(array: PendingArray, target: RowTarget): Promise<Float64Array> {
  const map = await array.rowMap();
  if (!('ids' in target)) {
    const resolved = resolveSelection(selectionOf(target), map.liveRows, array.name);
    return map.idsOfRows(resolved);
  }
  const ids = Float64Array.from(target.ids);
  const missing = (await map.indicesOf(ids)).indexOf(-1);
  if (missing < 0) return ids;
  throw new NacreError('NotFound', `array '${array.name}' has no row with the id ${ids[missing] ?? 0}`, {
    context: { array: array.name, id: ids[missing] ?? 0 },
    hint: 'It was dropped, or the id was never given.',
  });
}

function selectionOf(target: Exclude<RowTarget, { readonly ids: ArrayLike<number> }>): RowSelection {
  if ('length' in target) return { rows: target };
  if ('all' in target) return {};
  if (selectors.some((name) => target[name] !== undefined)) return target;
  throw new NacreError('InvalidArgument', 'which rows are meant is not said', {
    hint: 'Give a list of rows, { start, end }, { mask }, { ids }, or { all: true }.',
  });
}
