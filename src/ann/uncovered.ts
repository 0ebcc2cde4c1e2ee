// Rows that an index does not cover yet.
import type { ArrayIndex, ArrayView } from '../arrays/array-view.js';
import type { BasePart } from '../arrays/row-map.js';

/** Base partitions that no list of the index covers, ascending. */
export async function uncovered(view: ArrayView, known: ArrayIndex | undefined): Promise<BasePart[]> {
  const parts: BasePart[] = [];
  for (const unit of view.units()) {
    for (const base of await unit.load()) {
      const end = base.firstRowId + base.part.rows;
      const covers = known?.lists.some(
        ({ firstRowId, rows }) => firstRowId < end && base.firstRowId < firstRowId + rows,
      );
      if (covers !== true && base.part.rows > 0) parts.push(base);
    }
  }
  return parts;
}
