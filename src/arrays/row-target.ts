// The rows that a change is of, as callers name them.
import { NacreError } from '../errors.js';
import type { PendingArray } from './pending-array.js';
import { resolveIndices } from './selection.js';
import type { RowTarget } from './write-options.js';

/** Their ids, in the order in which they are named. `NotFound` for an id that no row has. */
export async function idsOf(array: PendingArray, target: RowTarget): Promise<Float64Array> {
  const map = await array.rowMap();
  if ('all' in target) return map.idsOf(Float64Array.from({ length: map.liveRows }, (_, i) => i));
  if (!('ids' in target)) return map.idsOf(resolveIndices(target, map.liveRows, array.name));
  const ids = Float64Array.from(target.ids);
  const missing = (await map.indicesOf(ids)).indexOf(-1);
  if (missing < 0) return ids;
  throw new NacreError('NotFound', `array '${array.name}' has no row with the id ${ids[missing] ?? 0}`, {
    context: { array: array.name, id: ids[missing] ?? 0 },
    hint: 'It was dropped, or the id was never given.',
  });
}
