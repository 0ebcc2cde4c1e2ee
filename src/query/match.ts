// Which rows a filter matches: windows of row ids are ruled out, or taken whole, by what is known of their
// files; of the others the columns that the filter names are read, or indexes of them, and nothing else.
import type { ArrayView } from '../arrays/array-view.js';
import { readColumns, readValues } from '../arrays/column-reader.js';
import { ColumnSources, type ColumnWindow, statisticsOfWindow } from '../arrays/column-sources.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { RowMap } from '../arrays/row-map.js';
import { clearBit, filledBits, setBit } from '../attributes/bits.js';
import type { Column } from '../attributes/column.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { mergeSorted, slice } from '../util/sorted.js';
import { inOrderAhead } from '../util/ahead.js';
import { QueryCounts } from './analysis.js';
import { attributesOf } from './attributes.js';
import { type BoundExpression, bindFilter } from './filter/bind.js';
import { matches } from './filter/evaluate.js';
import type { Expression } from './filter/expression.js';
import { possibleTruths } from './filter/prune.js';
import { filterColumns, type IndexedColumn } from './filter/scan.js';
import { AttributeIndexes } from './indexed.js';

/** The rows of a window that match and are live: bit i is row id `start + i`. */
export interface MatchedWindow {
  readonly start: number;
  readonly end: number;
  readonly bits: Uint8Array;
}

/** The filter that every row matches. */
export const everything: Expression = { kind: 'and', operands: [] };

/** Windows that are read at once at most. */
const windowsAhead = 8;

/**
 * The matching rows of an array, window by window in the order of row ids. `InvalidArgument` where the filter
 * does not fit the attributes. Cost: one wave for a window, several of which are under way at once.
 */
export async function* matchedWindows(
  environment: ArrayEnvironment,
  view: ArrayView,
  map: RowMap,
  filter: Expression,
  options: CallOptions = {},
  counts: QueryCounts = new QueryCounts(),
): AsyncGenerator<MatchedWindow> {
  const all = attributesOf(view);
  const whole = bindFilter(filter, all);
  const columns = usedColumns(whole);
  const used = columns.map((column) => defined(all[column], 'attribute'));
  const bound = renumbered(whole, columns);
  const { rowSets } = environment.functions;
  const files = used.length === 0 ? [] : await view.columnFiles(options);
  const sources = new ColumnSources(used, files, view.entry.nextRowId, rowSets);
  const indexes = new AttributeIndexes(environment, view, used, bound, options, counts);
  const match = async (window: ColumnWindow): Promise<MatchedWindow> => {
    const { start, end } = window;
    const [bits, dropped] = await Promise.all([
      matchWindow(environment, window, bound, indexes, options, counts),
      map.droppedWithin(start, end),
    ]);
    for (const id of dropped) clearBit(bits, id - start);
    return { start, end, bits };
  };
  const windows = sources.windows().filter(({ start, end }) => map.hasRows(start, end));
  yield* inOrderAhead(windows, windowsAhead, match, options.signal);
}

/** Indices of the columns that a filter names, ascending. */
function usedColumns(filter: BoundExpression): number[] {
  const used = new Set<number>();
  const visit = (node: BoundExpression): void => {
    if ('column' in node) used.add(node.column);
    else if (node.kind === 'not') visit(node.operand);
    else if (node.kind !== 'constant') for (const operand of node.operands) visit(operand);
  };
  visit(filter);
  return [...used].sort((a, b) => a - b);
}

/** The filter in terms of some columns alone, by their places among them. */
function renumbered(filter: BoundExpression, columns: readonly number[]): BoundExpression {
  if ('column' in filter) {
    const column = columns.indexOf(filter.column);
    if (filter.kind !== 'range') return { ...filter, column };
    return { ...filter, column, terms: filter.terms.map((term) => ({ ...term, column })) };
  }
  if (filter.kind === 'not') return { ...filter, operand: renumbered(filter.operand, columns) };
  if (filter.kind === 'constant') return filter;
  return { ...filter, operands: filter.operands.map((operand) => renumbered(operand, columns)) };
}

async function matchWindow(
  environment: ArrayEnvironment,
  window: ColumnWindow,
  filter: BoundExpression,
  indexes: AttributeIndexes,
  options: CallOptions,
  counts: QueryCounts,
): Promise<Uint8Array> {
  const { start, end, sources } = window;
  const { pages } = environment;
  counts.windows++;
  const truths = possibleTruths(filter, statisticsOfWindow(window));
  const base = async (): Promise<Uint8Array> => {
    if (!truths.true || !(truths.false || truths.unknown)) {
      if (truths.true) counts.wholeWindows++;
      else counts.ruledOutWindows++;
      return filledBits(end - start, truths.true);
    }
    // Once more for each index that turns out to be damaged.
    for (;;) {
      try {
        return await filterWindow(environment, window, filter, indexes, options);
      } catch (error) {
        indexes.giveUp(error);
      }
    }
  };
  const patched = patchedIds(window);
  if (patched.length === 0) return base();
  const values = readValues(pages, [{ window, ids: patched }], sources.length, options);
  const [bits, lists] = await Promise.all([base(), values]);
  for (const [i, id] of patched.entries()) {
    const row = lists.map((list) => list[i] ?? null);
    if (matches(filter, row)) setBit(bits, id - start);
    else clearBit(bits, id - start);
  }
  return bits;
}

/** By indexes where the window has some, of other attributes by the columns of its files. */
async function filterWindow(
  { pages, native }: ArrayEnvironment,
  window: ColumnWindow,
  filter: BoundExpression,
  indexes: AttributeIndexes,
  options: CallOptions,
): Promise<Uint8Array> {
  const { start, end, sources } = window;
  const covering = indexes.covering(window);
  const columns: (Column | IndexedColumn | undefined)[] = [];
  const readOf = async (places: readonly number[]): Promise<void> => {
    const stretches = places.map((i) => {
      const { source, firstRowId } = defined(sources[i], 'column');
      return { source, start: start - firstRowId, end: end - firstRowId };
    });
    const read = await readColumns(pages, stretches, 'in kernels', options);
    for (const [k, i] of places.entries()) columns[i] = read[k];
  };
  const there = [...sources.keys()].filter((i) => sources[i] !== undefined);
  const indexesOf = async (): Promise<void> => {
    const indexed = await indexes.read(window, covering);
    for (const i of there) columns[i] ??= indexed[i];
    // What is fewer bytes than its index.
    await readOf(there.filter((i) => covering[i] !== undefined && indexed[i] === undefined));
  };
  await Promise.all([indexesOf(), readOf(there.filter((i) => covering[i] === undefined))]);
  return filterColumns(native, filter, columns, end - start, options);
}

/** Ids of the window for which a file of single rows has a value, ascending, each once. */
function patchedIds({ start, end, patches }: ColumnWindow): Float64Array {
  let ids: Float64Array = new Float64Array(0);
  for (const { ids: some } of patches.flat()) ids = mergeSorted(ids, slice(some, start, end));
  return ids;
}

/** The ids of a window's rows, ascending. */
export function idsOfWindow({ start, bits }: MatchedWindow, count: number): Float64Array {
  const ids = new Float64Array(count);
  let next = 0;
  for (let i = 0; i < bits.length; i++) {
    for (let rest = bits[i] ?? 0; rest !== 0; rest &= rest - 1) {
      ids[next++] = start + 8 * i + (31 - Math.clz32(rest & -rest));
    }
  }
  return ids;
}
