// Which live rows of an array have some keys: files that statistics rule out are not read, of the others the
// column of the key alone.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { bitAt, bytesOfBits } from '../attributes/bits.js';
import { type KeyColumn, KeyRows, type KeyTable, turnRows } from '../attributes/key-table.js';
import { inBytes } from '../attributes/native-column.js';
import { columnOf } from '../attributes/values.js';
import { fromNative } from '../native.js';
import type { FilterTerm } from '../native/filter.js';
import type { CallOptions } from '../storage/object-store.js';
import { inOrderAhead } from '../util/ahead.js';
import { throwIfAborted } from '../util/runtime.js';
import { lowerBound, mergeSorted, slice } from '../util/sorted.js';
import type { ArrayView } from './array-view.js';
import { readColumns, readValues } from './column-reader.js';
import { type ColumnFile, ColumnSources, type ColumnWindow } from './column-sources.js';
import type { ArrayEnvironment } from './environment.js';
import type { KeyAttribute } from './key-attribute.js';
import { keyFiles } from './key-files.js';

/** A live row with one of the keys. */
export interface KeyHit {
  readonly rowId: number;
  /** What the key's row is called in the table. */
  readonly label: number;
}

/** Windows that are read at once at most. */
const windowsAhead = 8;

/** Up to so many keys are looked for natively, in all rows at once; of more each row looks for its key. */
const nativeKeys = 10_000;

/**
 * The live rows from id `from` on that have a key of the table, in the order of their ids. Cost: no read
 * where statistics say that no row can have one; else one wave for a window of at most 262,144 rows, several
 * of which are under way at once. Up to 10,000 keys are looked for by one native pass, more row by row.
 */
export async function* findKeys(
  environment: ArrayEnvironment,
  view: ArrayView,
  key: KeyAttribute,
  table: KeyTable,
  options: CallOptions & { readonly from?: number } = {},
): AsyncGenerator<readonly KeyHit[]> {
  const { from = 0, ...call } = options;
  if (table.rows === 0 || from >= view.entry.nextRowId) return;
  const term = table.rows <= nativeKeys ? termOf(environment, table) : undefined;
  const files = await keyFiles(environment, view, key, { table, from }, call);
  const windows = windowsOf(environment, view, key, files).filter(({ end }) => end > from);
  const read = (window: ColumnWindow) => readWindow(environment, window, key, { table, term, from }, call);
  // Read and marked ahead; looked through one after the other, so that turns stay short.
  for await (const looked of inOrderAhead(windows, windowsAhead, read, call.signal)) {
    const { window, dense, patched } = looked;
    const hits = dense === undefined ? [] : await denseHits(dense, table, call);
    const all = patched.ids.length === 0 ? hits : hits.filter(({ rowId }) => !has(patched.ids, rowId));
    const keys = new KeyRows(patched.column);
    for (const [row, rowId] of patched.ids.entries()) {
      const label = rowId < from ? -1 : table.find(keys, row);
      if (label >= 0) all.push({ rowId, label });
    }
    if (all.length === 0) continue;
    const dropped = await (await view.rowMap(call)).droppedWithin(window.start, window.end);
    const live = all
      .filter(({ rowId }) => !has(dropped, rowId))
      .sort((one, other) => one.rowId - other.rowId);
    if (live.length > 0) yield live;
  }
}

/** Rows of a file that may have one of the keys, the first of them, and which ones do where that is known. */
interface DenseRows {
  readonly first: number;
  readonly column: KeyColumn;
  readonly marked: Uint8Array | undefined;
}

async function readWindow(
  environment: ArrayEnvironment,
  window: ColumnWindow,
  key: KeyAttribute,
  asked: { readonly table: KeyTable; readonly term: FilterTerm | undefined; readonly from: number },
  options: CallOptions,
) {
  const [dense, patched] = await Promise.all([
    readDense(environment, window, asked, options),
    patchedKeys(environment, window, key, options),
  ]);
  return { window, dense, patched };
}

/** Row ids in windows of one file each, in their order. */
export function windowsOf(
  { functions }: ArrayEnvironment,
  view: ArrayView,
  key: KeyAttribute,
  files: readonly ColumnFile[],
): ColumnWindow[] {
  return new ColumnSources([key], files, view.entry.nextRowId, functions.rowSets).windows();
}

/** The values that single rows of a window were given later: of each id, ascending, the key. */
export async function patchedKeys(
  { pages }: ArrayEnvironment,
  window: ColumnWindow,
  { name, type }: KeyAttribute,
  options: CallOptions,
): Promise<{ readonly ids: Float64Array; readonly column: KeyColumn }> {
  let ids: Float64Array = new Float64Array(0);
  for (const { ids: some } of window.patches.flat())
    ids = mergeSorted(ids, slice(some, window.start, window.end));
  const [values = []] = ids.length === 0 ? [] : await readValues(pages, [{ window, ids }], 1, options);
  return { ids, column: columnOf(name, type, values as (bigint | string | null)[]) as KeyColumn };
}

async function readDense(
  { pages }: ArrayEnvironment,
  { start, end, sources: [dense] }: ColumnWindow,
  { table, term, from }: Parameters<typeof readWindow>[3],
  options: CallOptions,
): Promise<DenseRows | undefined> {
  if (dense === undefined || !table.mayMatch(dense.source.statistics)) return undefined;
  const { source, firstRowId } = dense;
  const first = Math.max(start, from);
  const stretch = { source, start: first - firstRowId, end: end - firstRowId };
  const check = term === undefined ? 'here' : 'in kernels';
  const [column] = (await readColumns(pages, [stretch], check, options)) as KeyColumn[];
  if (column === undefined) return undefined;
  return { first, column, marked: term === undefined ? undefined : await marks(term, column) };
}

async function denseHits(
  { first, column, marked }: DenseRows,
  table: KeyTable,
  { signal }: CallOptions,
): Promise<KeyHit[]> {
  const keys = new KeyRows(column);
  const hits: KeyHit[] = [];
  let looked = 0;
  for (let row = 0; row < column.rows; row++) {
    if (marked !== undefined && marked[row >> 3] === 0) {
      // Few rows are marked: whole bytes of others are passed over.
      row |= 7;
      continue;
    }
    if (marked !== undefined && !bitAt(marked, row)) continue;
    if (looked++ % turnRows === turnRows - 1) {
      await nextTurn();
      throwIfAborted(signal);
    }
    const label = table.find(keys, row);
    if (label >= 0) hits.push({ rowId: first + row, label });
  }
  return hits;
}

function termOf({ native }: ArrayEnvironment, table: KeyTable): FilterTerm {
  // Instants are compared as integers.
  const keys = inBytes(table.column());
  return native.createFilterTerm('in', { ...keys, type: keys.type === 'timestamp' ? 'int' : keys.type });
}

/** A bit for each row that has one of the keys. */
async function marks(term: FilterTerm, column: KeyColumn): Promise<Uint8Array> {
  const holds = new Uint8Array(bytesOfBits(column.rows));
  const fails = new Uint8Array(holds.length);
  try {
    await term.evaluate(inBytes(column), holds, fails);
  } catch (error) {
    throw fromNative(error);
  }
  return holds;
}

function has(sorted: Float64Array, value: number): boolean {
  return sorted[lowerBound(sorted, value)] === value;
}
