// Rows that an index does not cover yet.
import type { ArrayIndex, ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { BasePart } from '../arrays/row-map.js';
import { eachWindow, windowsOf } from '../arrays/windows.js';
import type { CallOptions } from '../storage/object-store.js';
import { throwIfAborted } from '../util/runtime.js';

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

/** How many rows they have, and the id after the last of these. */
export function extentOf(parts: readonly BasePart[]): { readonly rows: number; readonly endRowId: number } {
  const last = parts.at(-1);
  return {
    rows: parts.reduce((sum, { part }) => sum + part.rows, 0),
    endRowId: last === undefined ? 0 : last.firstRowId + last.part.rows,
  };
}

/**
 * Ids of the base rows that are dropped or overridden at the version of the view. No later version brings one
 * back: ids are not used again, and what overrides a row is only overridden in its turn.
 */
export async function goneRows(
  { functions: { rowSets } }: ArrayEnvironment,
  view: ArrayView,
  options: CallOptions,
): Promise<Uint8Array> {
  let gone = rowSets.fromSorted(new Float64Array(0));
  let next = 0;
  const skipTo = (id: number): void => {
    if (id > next) gone = rowSets.union(gone, rowSets.range(next, id));
  };
  for (const { part, firstRowId, rowIds, dead } of await view.scanParts(options)) {
    if (rowIds !== undefined) continue;
    // Partitions without a live row are not scanned.
    skipTo(firstRowId);
    if (dead !== undefined) gone = rowSets.union(gone, dead);
    next = firstRowId + part.rows;
  }
  skipTo(view.entry.nextRowId);
  return gone;
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

/** The rows of a stretch, window by window, the next one fetched meanwhile. */
export async function eachWindowOf(
  { pages, memoryBytes }: ArrayEnvironment,
  { parts }: Pick<Stretch, 'parts'>,
  rowBytes: number,
  work: (bytes: Uint8Array, rows: number, firstRowId: number) => Promise<void>,
  options: CallOptions,
): Promise<void> {
  for (const { part, firstRowId } of parts) {
    const windows = windowsOf(part, part.rows, memoryBytes, (rows) => rows * rowBytes);
    const each = async (bytes: Uint8Array, { row, rows }: { row: number; rows: number }): Promise<void> => {
      throwIfAborted(options.signal);
      await work(bytes, rows, firstRowId + row);
    };
    await eachWindow(pages, part, windows, each, options);
  }
}
