// Rows that an index does not cover yet.
import type { ArrayIndex, ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { BasePart } from '../arrays/row-map.js';
import type { Lent } from '../arrays/pages.js';
import type { Part } from '../arrays/runs.js';
import { discard, eachWindowOfParts, type Window, windowsOf } from '../arrays/windows.js';
import type { CallOptions } from '../storage/object-store.js';

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
 * Ids of the base rows that are dropped or overridden at the version of the view. Only a restore brings one
 * back, with the indexes of its version: ids are not used again, and what overrides a row is only overridden
 * in its turn.
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

/** Windows of the rows of partitions, with the ids of their first rows. */
function windowsOfParts(
  { memoryBytes }: ArrayEnvironment,
  parts: readonly BasePart[],
  rowBytes: number,
): { readonly part: Part; readonly window: Window; readonly firstRowId: number }[] {
  return parts.flatMap(({ part, firstRowId }) => {
    const windows = windowsOf(part, part.rows, memoryBytes, (rows) => rows * rowBytes);
    return windows.map((window) => ({ part, window, firstRowId: firstRowId + window.row }));
  });
}

/**
 * The rows of a stretch, window by window, the next one fetched meanwhile. `ahead` has the first one, where
 * the stretch begins with its rows.
 */
export async function eachWindowOf(
  environment: ArrayEnvironment,
  { parts }: Pick<Stretch, 'parts'>,
  rowBytes: number,
  work: (bytes: Uint8Array, rows: number, firstRowId: number) => Promise<void>,
  options: CallOptions,
  ahead?: WindowAhead,
): Promise<void> {
  const first = parts[0] === undefined ? undefined : ahead?.take(parts[0]);
  await eachWindowOfParts(
    environment.pages,
    windowsOfParts(environment, parts, rowBytes),
    (bytes, { window, firstRowId }) => work(bytes, window.rows, firstRowId),
    { ...options, ...(first && { first }) },
  );
}

/** The first window of some rows, fetched while other work goes on. */
export class WindowAhead {
  readonly #lend: (() => Promise<Lent>) | undefined;
  readonly #of: BasePart | undefined;
  #lent: Promise<Lent> | undefined;

  constructor(
    environment: ArrayEnvironment,
    parts: readonly BasePart[],
    rowBytes: number,
    options: CallOptions,
  ) {
    [this.#of] = parts;
    const [first] = windowsOfParts(environment, parts.slice(0, 1), rowBytes);
    this.#lend = first && (() => environment.pages.lend(first.part, first.window.range, options));
  }

  begin(): void {
    this.#lent ??= this.#lend?.();
    // Whoever takes it hears of it.
    this.#lent?.catch(() => undefined);
  }

  /** For who works on the rows of this part; once. */
  take(part: BasePart): Promise<Lent> | undefined {
    if (part !== this.#of) return undefined;
    const lent = this.#lent;
    this.#lent = undefined;
    return lent;
  }

  /** Gives back what nobody took. */
  end(): void {
    if (this.#lent !== undefined) void discard(this.#lent);
    this.#lent = undefined;
  }
}
