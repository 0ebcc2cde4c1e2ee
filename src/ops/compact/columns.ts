// Compacted files of columns: those of neighbours as one, with what was set of their rows later; and what was
// set later as fewer files.
//
// A file holds all attributes that one of those before it has; where such a file lacks one, its rows are null
// in it, as they were without. Of joined overrides every value is the one that the row has, whichever file
// has it.
import { writeAllColumns } from '../../arrays/column-writer.js';
import { typeOfNumber } from '../../arrays/column-message.js';
import { readColumns, readValues, type WindowRows } from '../../arrays/column-reader.js';
import { ColumnSources, type ColumnWindow } from '../../arrays/column-sources.js';
import { joinColumns } from '../../attributes/join.js';
import { sliceColumn } from '../../attributes/slice.js';
import type { Attribute, Column } from '../../attributes/column.js';
import { columnOf, type Value } from '../../attributes/values.js';
import type { PartitionDraft } from '../../manifest/transaction.js';
import { defined } from '../../util/assert.js';
import { mergeSorted, slice } from '../../util/sorted.js';
import { throwIfAborted } from '../../util/runtime.js';
import { type Range, runsOf } from './plan.js';
import type { Writing } from './rows.js';
import { columnFileOf, columnFileRows, type TrackFile } from './track.js';

type KnownAttribute = Attribute & { readonly id: number };

/** A file, its columns by the ids of their attributes. */
export interface ColumnsDraft {
  readonly draft: PartitionDraft;
  readonly attributes: readonly number[];
}

/** Rows of overrides whose values are in memory one by one. */
const rowsAtOnce = 8_192;

/** Files for the ranges of rows, in their order, several for one where it has many bytes. */
export async function writeBaseColumns(
  writing: Writing,
  ranges: readonly Range[],
  base: readonly TrackFile[],
  overrides: readonly TrackFile[],
): Promise<ColumnsDraft[]> {
  const attributes = attributesOf(writing, [...base, ...overrides]);
  if (attributes.length === 0) return [];
  const windows = windowsOf(writing, attributes, [...base, ...overrides]);
  const files: ColumnsDraft[] = [];
  for (const range of ranges) {
    const columns = await readRange(writing, attributes, windows, range);
    files.push(...(await write(writing, attributes, columns)));
  }
  return files;
}

/** The same of rows by their ids, with the ids of each file. */
export async function writeColumnOverrides(
  writing: Writing,
  ids: Float64Array,
  taken: readonly TrackFile[],
  all: readonly TrackFile[],
): Promise<readonly (ColumnsDraft & { readonly ids: Float64Array })[]> {
  const { options, pages } = writing;
  const attributes = attributesOf(writing, taken);
  if (attributes.length === 0) return [];
  const windows = windowsOf(writing, attributes, all);
  const files: (ColumnsDraft & { ids: Float64Array })[] = [];
  for (let start = 0; start < ids.length; start += columnFileRows) {
    const some = ids.subarray(start, start + columnFileRows);
    const parts: Column[][] = [];
    for (let at = 0; at < some.length; at += rowsAtOnce) {
      throwIfAborted(options.signal);
      const wanted = rowsOfWindows(windows, some.subarray(at, at + rowsAtOnce));
      const lists = await readValues(pages, wanted, attributes.length, options);
      parts.push(attributes.map(({ name, type }, i) => columnOf(name, type, defined(lists[i], 'values'))));
    }
    const columns = attributes.map((_, i) => joinColumns(parts.map((part) => defined(part[i], 'column'))));
    let first = 0;
    for (const file of await write(writing, attributes, columns)) {
      files.push({ ...file, ids: some.subarray(first, first + file.draft.rows) });
      first += file.draft.rows;
    }
  }
  return files;
}

async function write(
  { environment, view, options, wrote }: Writing,
  attributes: readonly KnownAttribute[],
  columns: readonly Column[],
): Promise<ColumnsDraft[]> {
  const drafts = await writeAllColumns(environment, view.entry.id, attributes, columns, options);
  wrote(columns[0]?.rows ?? 0);
  return drafts.map((draft) => ({ draft, attributes: attributes.map(({ id }) => id) }));
}

/** Attributes that the array has still and one of the files holds. */
function attributesOf({ view }: Writing, files: readonly TrackFile[]): KnownAttribute[] {
  const held = new Set(files.flatMap(({ partition }) => partition.columns.map(({ attribute }) => attribute)));
  return view.entry.attributes
    .filter(({ id }) => held.has(id))
    .map(({ id, name, type }) => ({ id, name, type: typeOfNumber(type, name) }));
}

function windowsOf(
  { environment, view }: Writing,
  attributes: readonly KnownAttribute[],
  files: readonly TrackFile[],
): ColumnWindow[] {
  const { rowSets } = environment.functions;
  return new ColumnSources(attributes, files.map(columnFileOf), view.entry.nextRowId, rowSets).windows();
}

function rowsOfWindows(windows: readonly ColumnWindow[], ids: Float64Array): WindowRows[] {
  return windows
    .map((window) => ({ window, ids: slice(ids, window.start, window.end) }))
    .filter((one) => one.ids.length > 0);
}

/** Of each attribute its column of a range of rows. */
async function readRange(
  writing: Writing,
  attributes: readonly KnownAttribute[],
  windows: readonly ColumnWindow[],
  { start, end }: Range,
): Promise<Column[]> {
  throwIfAborted(writing.options.signal);
  const within = windows
    .filter((window) => window.start < end && window.end > start)
    .map((window) => ({ window, start: Math.max(start, window.start), end: Math.min(end, window.end) }));
  const parts = await Promise.all(within.map((one) => readWindow(writing, attributes, one.window, one)));
  return attributes.map((_, i) => joinColumns(parts.map((part) => defined(part[i], 'column'))));
}

async function readWindow(
  { pages, options }: Writing,
  attributes: readonly KnownAttribute[],
  window: ColumnWindow,
  { start, end }: Range,
): Promise<Column[]> {
  let patched: Float64Array = new Float64Array(0);
  for (const { ids } of window.patches.flat()) patched = mergeSorted(patched, slice(ids, start, end));
  const dense = window.sources.flatMap((one, i) => (one === undefined ? [] : { one, i }));
  const stretches = dense.map(({ one: { source, firstRowId } }) => ({
    ...{ source, start: start - firstRowId, end: end - firstRowId },
  }));
  const [columns, values] = await Promise.all([
    readColumns(pages, stretches, 'here', options),
    patched.length === 0 ? [] : readValues(pages, [{ window, ids: patched }], attributes.length, options),
  ]);
  return attributes.map(({ name, type }, i) => {
    const at = dense.findIndex((found) => found.i === i);
    const whole = columns[at] ?? columnOf(name, type, nulls(end - start));
    if (patched.length === 0 || window.patches[i]?.length === 0) return whole;
    return patchedColumn(whole, columnOf(name, type, defined(values[i], 'values')), patched, start);
  });
}

function nulls(rows: number): Value[] {
  return Array.from({ length: rows }, () => null);
}

/** The column, its first row of id `start`, with the rows of the patch at the places of their ids. */
function patchedColumn(column: Column, patch: Column, ids: Float64Array, start: number): Column {
  const pieces: Column[] = [];
  let [next, taken] = [0, 0];
  for (const run of runsOf(ids)) {
    const at = run.start - start;
    if (at > next) pieces.push(sliceColumn(column, next, at));
    pieces.push(sliceColumn(patch, taken, taken + run.end - run.start));
    taken += run.end - run.start;
    next = run.end - start;
  }
  if (next < column.rows) pieces.push(sliceColumn(column, next, column.rows));
  return joinColumns(pieces);
}
