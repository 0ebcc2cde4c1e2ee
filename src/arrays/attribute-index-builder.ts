// Builds indexes of attributes: of up to 2^20 rows that follow each other, which of them have which value. Of
// few values there are sets of rows, of many the values in their order, in blocks.
//
// Columns are read file by file, as the base files hold them; what is in memory is one file's column and the
// sets of one segment, or its values within a bound. Where values turn out to be many, the files of the
// segment that were read until then are read once more: mostly one. Rows that were appended without the
// attribute are null for good: base columns come with their rows, and whatever is set later is an override,
// which wins over the index too.
import type { Attribute } from '../attributes/column.js';
import { inBytes } from '../attributes/native-column.js';
import type { AttributeDraft, AttributeIndexDraft } from '../manifest/transaction.js';
import { fromNative } from '../native.js';
import type { FilterColumn } from '../native/filter.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { throwIfAborted } from '../util/runtime.js';
import type { ArrayView } from './array-view.js';
import { type IndexedRows, writeAttributeIndex } from './attribute-index.js';
import { typeOfNumber } from './column-message.js';
import { readColumns } from './column-reader.js';
import { ColumnSources, type ColumnWindow } from './column-sources.js';
import type { ArrayEnvironment } from './environment.js';
import { writeSortedIndex } from './sorted-index.js';

/** Rows that no index covers, since their values are not what one is for. */
export interface NotIndexed {
  readonly firstRowId: number;
  readonly rows: number;
  /**
   * `values`: lists have more than 256 items. `text`: an item has more than 32 characters, or a text more
   * than 4,096 bytes.
   */
  readonly reason: 'values' | 'text';
}

/** What became of the rows whose values an index was to be made of. */
export interface AttributeIndexReport {
  readonly indexedRows: number;
  readonly notIndexed: readonly NotIndexed[];
}

export interface BuildAttributeIndexOptions extends CallOptions {
  /** Only the rows that no segment covers yet. Default false. */
  readonly update?: boolean;
  /** Told how many of the rows to be indexed were looked at. */
  readonly onProgress?: (doneRows: number, totalRows: number) => void;
}

/** Rows of a segment at most: bits of all of them are 128 KiB. */
export const segmentRows = 2 ** 20;

/**
 * Values of a segment in memory at most, and the share of the memory budget. The file that is read comes on
 * top.
 */
const mostHeldBytes = 128 * 2 ** 20;
const heldShare = 1 / 8;

/** Bytes of values that a segment that is made holds at most. */
export function heldBytes({ memoryBytes }: ArrayEnvironment): number {
  return Math.min(mostHeldBytes, memoryBytes * heldShare);
}

/** No draft where nothing is to be indexed. Errors: what reading and uploading throw. */
export async function buildAttributeIndex(
  environment: ArrayEnvironment,
  view: ArrayView,
  attribute: AttributeDraft & { readonly id: number },
  { update = false, onProgress, ...options }: BuildAttributeIndexOptions = {},
): Promise<{ readonly draft?: AttributeIndexDraft; readonly report: AttributeIndexReport }> {
  const { id, name } = attribute;
  const type = typeOfNumber(attribute.type, name);
  const windows = await windowsOf(environment, view, { id, name, type }, options);
  const known = update ? (view.attributeIndex(id) ?? []) : [];
  const map = await view.rowMap(options);
  const there = windows.filter(({ start, end }) => map.hasRows(start, end));
  const stretches = stretchesOf(there.filter((window) => !isCovered(window, known)));
  const total = stretches.reduce((sum, stretch) => sum + rowsOf(stretch), 0);
  const notIndexed: NotIndexed[] = [];
  const segments: AttributeIndexDraft['segments'][number][] = [];
  let [done, indexedRows] = [0, 0];
  for (const stretch of stretches) {
    let rest = stretch;
    while (rest.length > 0) {
      const built = await buildSegment(environment, view.entry.id, type, rest, options);
      const covered = coveredBy(rest.slice(0, built.windows));
      rest = rest.slice(built.windows);
      if (typeof built.segment === 'string') notIndexed.push({ ...covered, reason: built.segment });
      else {
        segments.push(built.segment);
        indexedRows += covered.rows;
      }
      done += covered.rows;
      onProgress?.(done, total);
    }
  }
  const report = { indexedRows, notIndexed };
  if (segments.length === 0) return { report };
  return { draft: { attribute, adds: update, rows: view.entry.nextRowId, segments }, report };
}

/** The rows of the array, file by file as the base files of the attribute hold them. */
export async function windowsOf(
  { functions }: ArrayEnvironment,
  view: ArrayView,
  attribute: Attribute & { readonly id: number },
  options: CallOptions,
): Promise<ColumnWindow[]> {
  const files = (await view.columnFiles(options)).filter(({ ids }) => ids === undefined);
  return new ColumnSources([attribute], files, view.entry.nextRowId, functions.rowSets).windows();
}

/** Of the first windows of a stretch how many, and their segment or why there is none. */
interface BuiltSegment {
  readonly windows: number;
  readonly segment: AttributeIndexDraft['segments'][number] | NotIndexed['reason'];
}

export async function buildSegment(
  environment: ArrayEnvironment,
  arrayId: Uint8Array,
  type: Attribute['type'],
  stretch: readonly ColumnWindow[],
  options: CallOptions,
): Promise<BuiltSegment> {
  const windows = stretch.length;
  const builder = environment.native.createValueSetBuilder();
  let reason: NotIndexed['reason'] | null = null;
  for (const window of stretch) {
    reason = (await addWindow(environment, builder, window, options)) ?? null;
    if (reason !== null) break;
  }
  if (reason === null) {
    const sets = await builder.finish().catch(rethrow);
    const covered = coveredBy(stretch);
    return {
      windows,
      segment: await writeAttributeIndex(environment, arrayId, type, covered, sets, options),
    };
  }
  // Lists have no order.
  if (type === 'strings') return { windows, segment: reason };
  return buildSorted(environment, arrayId, type, stretch, options);
}

/** As many windows as memory has room for. */
async function buildSorted(
  environment: ArrayEnvironment,
  arrayId: Uint8Array,
  type: Attribute['type'],
  stretch: readonly ColumnWindow[],
  options: CallOptions,
): Promise<BuiltSegment> {
  const builder = environment.native.createSortedBlockBuilder();
  const most = heldBytes(environment);
  let windows = 0;
  for (const window of stretch) {
    const isTaken = await addWindow(environment, builder, window, options);
    if (isTaken === false) return { windows: stretch.length, segment: 'text' };
    windows++;
    if (builder.heldBytes() >= most) break;
  }
  const made = await builder.finish().catch(rethrow);
  const covered = coveredBy(stretch.slice(0, windows));
  return { windows, segment: await writeSortedIndex(environment, arrayId, type, covered, made, options) };
}

/** What the builder says of the rows; nothing where all of them are null. */
async function addWindow<T>(
  { pages }: ArrayEnvironment,
  builder: { readonly add: (column: FilterColumn) => Promise<T>; readonly addNulls: (rows: number) => void },
  { start, end, sources: [dense] }: ColumnWindow,
  options: CallOptions,
): Promise<T | undefined> {
  throwIfAborted(options.signal);
  if (dense === undefined) {
    builder.addNulls(end - start);
    return undefined;
  }
  const { source, firstRowId } = dense;
  const stretch = { source, start: start - firstRowId, end: end - firstRowId };
  const [column] = await readColumns(pages, [stretch], 'in kernels', options);
  return builder.add(inBytes(defined(column, 'column'))).catch(rethrow);
}

function rethrow(error: unknown): never {
  throw fromNative(error);
}

function isCovered({ start, end }: ColumnWindow, known: readonly IndexedRows[]): boolean {
  return known.some(({ firstRowId, rows }) => firstRowId < end && start < firstRowId + rows);
}

/** Windows that follow each other; each stretch begins and ends with one that has a file. */
function stretchesOf(windows: readonly ColumnWindow[]): ColumnWindow[][] {
  const stretches: ColumnWindow[][] = [];
  // Windows without a file, which may come to lie between two that have one.
  let between: ColumnWindow[] = [];
  for (const window of windows) {
    const last = stretches.at(-1);
    const end = (between.at(-1) ?? last?.at(-1))?.end;
    const follows = last !== undefined && end === window.start;
    const fits = last !== undefined && window.end - firstOf(last).start <= segmentRows;
    if (window.sources[0] === undefined) {
      between = follows && fits ? [...between, window] : [];
      continue;
    }
    if (follows && fits) last.push(...between, window);
    else stretches.push([window]);
    between = [];
  }
  return stretches;
}

function firstOf(stretch: readonly ColumnWindow[]): ColumnWindow {
  return defined(stretch[0], 'window of a stretch');
}

function coveredBy(stretch: readonly ColumnWindow[]): { readonly firstRowId: number; readonly rows: number } {
  return { firstRowId: firstOf(stretch).start, rows: rowsOf(stretch) };
}

function rowsOf(stretch: readonly ColumnWindow[]): number {
  return (stretch.at(-1)?.end ?? 0) - firstOf(stretch).start;
}
