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

/** Neighbouring base partitions whose rows stand in one object of an index. */
export interface Stretch {
  readonly firstRowId: number;
  rows: number;
  readonly parts: BasePart[];
}

/** As long as they follow each other and as many rows fit. */
export function stretchesOf(parts: readonly BasePart[], fits: (rows: number) => boolean): Stretch[] {
  const found: Stretch[] = [];
  for (const base of parts) {
    const last = found.at(-1);
    const follows = last !== undefined && last.firstRowId + last.rows === base.firstRowId;
    if (follows && fits(last.rows + base.part.rows)) {
      last.rows += base.part.rows;
      last.parts.push(base);
    } else {
      found.push({ firstRowId: base.firstRowId, rows: base.part.rows, parts: [base] });
    }
  }
  return found;
}
