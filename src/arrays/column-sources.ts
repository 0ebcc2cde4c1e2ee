// Which files hold which values of attributes, at one version.
//
// Base files hold the rows that came with an append, by row ids that follow each other; files that were set
// later hold any rows. Of two that hold a value of one attribute for one row the later one wins; a row of
// which none holds one has null. Row ids are cut into windows within which each attribute has one file for
// all rows, and patches: files of single rows that are newer than it.
import { type ColumnExtents, type ColumnShape, extentsOf, markRows } from '../attributes/arrow/layout.js';
import type { Attribute } from '../attributes/column.js';
import type { Statistics } from '../attributes/statistics.js';
import { NacreError } from '../errors.js';
import { bySequence } from '../manifest/fold.js';
import type { RowSetFunctions } from '../manifest/functions.js';
import type { Column } from '../manifest/message.js';
import { defined } from '../util/assert.js';
import { lastAtMost } from '../util/sorted.js';
import { shapeFrom, statisticsFrom, statisticsOfNulls } from './column-message.js';
import type { Part } from './runs.js';

/** A file of columns as the manifest describes it. */
export interface ColumnFile {
  readonly part: Part;
  readonly columns: readonly Column[];
  readonly sequence: number;
  readonly step: number;
  readonly firstRowId: number;
  /** Of a file that was set later: row i has the i-th id, from `start` on and below `end`. */
  readonly ids: { readonly set: Uint8Array; readonly start: number; readonly end: number } | undefined;
}

/** One attribute in a file. */
export interface ColumnSource {
  readonly part: Part;
  readonly shape: ColumnShape;
  readonly extents: ColumnExtents;
  readonly statistics: Statistics;
}

/** Row ids that follow each other, and where the values of some attributes are. */
export interface ColumnWindow {
  readonly start: number;
  readonly end: number;
  /** Of each attribute; undefined where all rows have null. */
  readonly sources: readonly (DenseSource | undefined)[];
  /** Of each attribute, what holds single rows of the window, latest first. */
  readonly patches: readonly (readonly SparseSource[])[];
}

/** Holds every row from `firstRowId` on. */
export interface DenseSource {
  readonly source: ColumnSource;
  readonly sequence: number;
  readonly step: number;
  readonly firstRowId: number;
  readonly end: number;
}

/** Holds the rows of these ids, ascending. */
export interface SparseSource {
  readonly source: ColumnSource;
  readonly sequence: number;
  readonly step: number;
  readonly ids: Float64Array;
}

/** Rows of a window at most: what is looked at together. */
const windowRows = 262_144;

export class ColumnSources {
  readonly #base: (readonly DenseSource[])[] = [];
  readonly #later: (readonly DenseSource[])[] = [];
  readonly #sparse: (readonly SparseSource[])[] = [];
  readonly #endRowId: number;

  /** Of attributes with these ids and types. `Corrupt` where what is said of a file does not fit it. */
  constructor(
    attributes: readonly (Attribute & { readonly id: number })[],
    files: readonly ColumnFile[],
    endRowId: number,
    rowSets: RowSetFunctions,
  ) {
    this.#endRowId = endRowId;
    const idsOf = new Map<ColumnFile, Float64Array | undefined>();
    for (const file of files) idsOf.set(file, sparseIds(file, rowSets));
    for (const { id, name, type } of attributes) {
      const base: DenseSource[] = [];
      const later: DenseSource[] = [];
      const sparse: SparseSource[] = [];
      for (const file of files) {
        const at = file.columns.findIndex(({ attribute }) => attribute === id);
        if (at < 0) continue;
        const source = sourceOf(file, at, name);
        if (source.shape.type !== type) throw damaged(file.part, `'${name}' is no ${type} in it`);
        const { sequence, step, part, ids } = file;
        const sorted = idsOf.get(file);
        if (sorted !== undefined) sparse.push({ source, sequence, step, ids: sorted });
        else {
          const firstRowId = ids?.start ?? file.firstRowId;
          const dense = { source, sequence, step, firstRowId, end: firstRowId + part.rows };
          (ids === undefined ? base : later).push(dense);
        }
      }
      this.#base.push(inOrder(base));
      this.#later.push(later);
      this.#sparse.push(sparse.sort((a, b) => bySequence(b, a)));
    }
  }

  /** The windows of all row ids, in their order. */
  windows(): ColumnWindow[] {
    const cuts = new Set([0, this.#endRowId]);
    for (const { firstRowId, end } of [...this.#base, ...this.#later].flat()) cuts.add(firstRowId).add(end);
    const ends = Float64Array.from(cuts).sort();
    const windows: ColumnWindow[] = [];
    for (const [i, last] of ends.entries()) {
      for (let start = ends[i - 1] ?? last; start < last; start += windowRows) {
        windows.push(this.#window(start, Math.min(last, start + windowRows)));
      }
    }
    return windows;
  }

  #window(start: number, end: number): ColumnWindow {
    const sources = this.#base.map((base, i) => {
      let latest = lastAtMost(base, start, ({ firstRowId }) => firstRowId);
      if (latest !== undefined && latest.end < end) latest = undefined;
      for (const one of this.#later[i] ?? []) {
        if (one.firstRowId > start || one.end < end) continue;
        if (latest === undefined || bySequence(one, latest) > 0) latest = one;
      }
      return latest;
    });
    const patches = this.#sparse.map((sparse, i) =>
      sparse.filter((one) => {
        const [least = end, most = start] = [one.ids[0], one.ids.at(-1)];
        const dense = sources[i];
        return (dense === undefined || bySequence(one, dense) > 0) && least < end && most >= start;
      }),
    );
    return { start, end, sources, patches };
  }
}

/** Of each attribute of a window; those of its files, which may hold other rows too. */
export function statisticsOfWindow({ start, end, sources }: ColumnWindow): Statistics[] {
  return sources.map((dense) => dense?.source.statistics ?? statisticsOfNulls(end - start));
}

/** Ids of a file of single rows; undefined for one whose rows follow each other. */
function sparseIds({ ids, part }: ColumnFile, rowSets: RowSetFunctions): Float64Array | undefined {
  if (ids === undefined || ids.end - ids.start === part.rows) return undefined;
  return rowSets.toSorted(ids.set);
}

/** By their rows, which no two share. */
function inOrder(base: readonly DenseSource[]): readonly DenseSource[] {
  const sorted = base.toSorted((a, b) => a.firstRowId - b.firstRowId);
  for (const [i, { source, firstRowId }] of sorted.entries()) {
    if (firstRowId < (sorted[i - 1]?.end ?? 0)) throw damaged(source.part, 'another file has the same rows');
  }
  return sorted;
}

/** By the columns of a file, which are those of one view. */
const layouts = new WeakMap<readonly Column[], readonly Omit<ColumnSource, 'statistics' | 'part'>[]>();

/** Where each column of a file is; `name` is that of the attribute that is looked for. */
function layoutOf(
  { part, columns }: ColumnFile,
  name: string,
): readonly Omit<ColumnSource, 'statistics' | 'part'>[] {
  const known = layouts.get(columns);
  if (known !== undefined) return known;
  const shapes = columns.map((column) => shapeFrom(column, name));
  const { columns: extents, bodyBytes } = extentsOf(part.rows, shapes);
  if (part.dataOffset + bodyBytes > part.object.sizeBytes) {
    throw damaged(part, `its columns take up ${bodyBytes} bytes from ${part.dataOffset} on`);
  }
  const layout = shapes.map((shape, i) => ({ shape, extents: defined(extents[i], 'extents of a column') }));
  layouts.set(columns, layout);
  return layout;
}

function sourceOf(file: ColumnFile, at: number, name: string): ColumnSource {
  const { part, columns } = file;
  const { shape, extents } = defined(layoutOf(file, name)[at], 'column of a file');
  const marks = Math.ceil(part.rows / markRows);
  const texts = shape.type === 'string' || shape.type === 'strings' ? marks : 0;
  if (shape.textBytes.length !== texts || shape.items.length !== (shape.type === 'strings' ? marks : 0)) {
    throw damaged(part, `'${name}' has ${shape.textBytes.length} marks`);
  }
  const column = defined(columns[at], 'column of a file');
  return { part, shape, extents, statistics: statisticsFrom(column, part.rows, name) };
}

function damaged({ object: { key } }: Part, what: string): NacreError {
  return new NacreError('Corrupt', `${key}: ${what}`, { context: { key } });
}
