// Values of attributes in: rows of columns, checked, from wherever the array's pages come.
import { markRows, type OffsetCheck, readOf } from '../attributes/arrow/layout.js';
import type { Column } from '../attributes/column.js';
import { type Value, valueAt } from '../attributes/values.js';
import type { ByteRange, CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { lowerBound } from '../util/sorted.js';
import type { ColumnSource, ColumnWindow } from './column-sources.js';
import type { Pages } from './pages.js';
import type { Part } from './runs.js';

/** Rows of one column of a file, which follow each other. */
export interface ColumnStretch {
  readonly source: ColumnSource;
  readonly start: number;
  readonly end: number;
}

/**
 * The columns of stretches, in their order. One wave: what is wanted of one file is asked for at once, so
 * that neighbours come by one request. `valueAt()` is for columns whose offsets were looked through here.
 */
export async function readColumns(
  pages: Pages,
  stretches: readonly ColumnStretch[],
  check: OffsetCheck,
  options: CallOptions,
): Promise<Column[]> {
  const columns: Column[] = [];
  const byPart = new Map<Part, number[]>();
  for (const [i, { source }] of stretches.entries()) {
    const group = byPart.get(source.part);
    if (group === undefined) byPart.set(source.part, [i]);
    else group.push(i);
  }
  await Promise.all(
    [...byPart].map(async ([part, group]) => {
      const ranges: ByteRange[] = [];
      const builds = group.map((at) => {
        const { source, start, end } = defined(stretches[at], 'stretch');
        const read = readOf(source.shape, source.extents, start, end, check);
        const pieceAt = read.ranges.map((range) => {
          const place = { start: part.dataOffset + range.start, end: part.dataOffset + range.end };
          // No bytes are no request.
          return place.start < place.end ? ranges.push(place) - 1 : -1;
        });
        return { at, build: read.build, pieceAt };
      });
      const pieces = ranges.length === 0 ? [] : await pages.read(part, ranges, options);
      for (const { at, build, pieceAt } of builds) {
        columns[at] = build(pieceAt.map((i) => (i < 0 ? new Uint8Array(0) : defined(pieces[i], 'piece'))));
      }
    }),
  );
  return columns;
}

/** A window, and some of its rows by their ids, ascending. */
export interface WindowRows {
  readonly window: ColumnWindow;
  readonly ids: Float64Array;
}

/** Rows of a stretch whose values are wanted, and where in the lists these go. */
interface Wanted extends ColumnStretch {
  readonly attribute: number;
  readonly rows: number[];
  readonly places: number[];
}

/**
 * Values of the attributes of windows for some of their rows: of each attribute a list over all rows, in
 * their order. Reads stretches of 1,024 rows. One wave.
 */
export async function readValues(
  pages: Pages,
  windows: readonly WindowRows[],
  attributes: number,
  options: CallOptions,
): Promise<Value[][]> {
  const rows = windows.reduce((sum, { ids }) => sum + ids.length, 0);
  const values = Array.from({ length: attributes }, () => Array.from({ length: rows }, (): Value => null));
  const wanted: Wanted[] = [];
  for (let attribute = 0; attribute < attributes; attribute++) {
    const known = new Map<ColumnSource, Map<number, Wanted>>();
    let place = 0;
    for (const { window, ids } of windows) {
      for (const id of ids) {
        const found = placeOf(window, attribute, id);
        if (found !== undefined) wantedOf(known, wanted, attribute, found.source, found.row, place);
        place++;
      }
    }
  }
  const columns = await readColumns(pages, wanted, 'here', options);
  for (const [i, { attribute, rows: some, places, start }] of wanted.entries()) {
    const [column, list] = [defined(columns[i], 'column'), defined(values[attribute], 'values')];
    for (const [at, row] of some.entries()) list[places[at] ?? 0] = valueAt(column, row - start);
  }
  return values;
}

function placeOf(
  window: ColumnWindow,
  attribute: number,
  id: number,
): { readonly source: ColumnSource; readonly row: number } | undefined {
  const dense = window.sources[attribute];
  for (const { source, ids } of window.patches[attribute] ?? []) {
    const row = lowerBound(ids, id);
    if (ids[row] === id) return { source, row };
  }
  return dense && { source: dense.source, row: id - dense.firstRowId };
}

function wantedOf(
  known: Map<ColumnSource, Map<number, Wanted>>,
  wanted: Wanted[],
  attribute: number,
  source: ColumnSource,
  row: number,
  place: number,
): void {
  const bySource = known.get(source) ?? new Map<number, Wanted>();
  known.set(source, bySource);
  const start = Math.floor(row / markRows) * markRows;
  let one = bySource.get(start);
  if (one === undefined) {
    const end = Math.min(source.part.rows, start + markRows);
    one = { source, start, end, attribute, rows: [], places: [] };
    bySource.set(start, one);
    wanted.push(one);
  }
  one.rows.push(row);
  one.places.push(place);
}
