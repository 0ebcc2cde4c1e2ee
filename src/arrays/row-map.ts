// Which bytes hold which row, at one version.
//
// Base partitions are in the order of row ids and never overlap. An id between them is of no row: it was
// given at a version before which the array was put back. A row whose id is in `dropped` is gone; a row that
// an override holds is read there, the latest override winning. The logical index of a row is its rank
// among the live ids, which base partitions and dropped ids decide alone: an override moves a row's bytes,
// never its place.
//
// Entries that stand in segments are loaded when a selection touches them, so a lookup costs what it touches.
import type { RowSetFunctions } from '../manifest/functions.js';
import { assert, defined } from '../util/assert.js';
import {
  areWithin,
  countWithin,
  lastAtMost,
  lastIndexAtMost,
  lowerBound,
  mergeSorted,
  slice,
  upperBound,
} from '../util/sorted.js';
import { type Override, Overrides } from './overrides.js';
import { idsWithin, nthLive, placeAll, rangeOf, type Span, spanOf } from './row-spans.js';
import type { ResolvedSelection } from './selection.js';
import { ascendingPlaces, type Part, type Picked, PickList, type Run, RunList } from './runs.js';

export interface BaseUnit {
  readonly firstRowId: number;
  readonly rows: number;
  /** Rows that the unit's own entries record as dropped. */
  readonly foldedDrops: number;
  /** The partitions of the unit; reads a segment on first use. */
  readonly load: () => Promise<readonly BasePart[]>;
}

export interface BasePart {
  readonly part: Part;
  readonly firstRowId: number;
  /** Dropped ids that the entry records, ascending. */
  readonly folded: Float64Array;
}

/** A partition as a scan sees it: every row with its id, but for those in `dead`. */
export interface ScanPart {
  readonly part: Part;
  readonly firstRowId: number;
  readonly rowIds: Float64Array | undefined;
  readonly dead: Uint8Array | undefined;
}

interface PlacedPart extends Span {
  readonly part: Part;
}

export class RowMap {
  readonly liveRows: number;
  readonly #units: readonly BaseUnit[];
  /** Logical index of the first live row of each unit, and the end. */
  readonly #starts: Float64Array;
  readonly #dropped: Float64Array;
  readonly #droppedSet: Uint8Array;
  readonly #rowSets: RowSetFunctions;
  readonly #overrides: Overrides;

  /** Units ascending by first row id; overrides oldest first; `dropped` holds what no unit records. */
  constructor(
    units: readonly BaseUnit[],
    overrides: readonly Override[],
    dropped: Uint8Array,
    rowSets: RowSetFunctions,
  ) {
    this.#units = units;
    this.#overrides = new Overrides(overrides, dropped, rowSets);
    this.#droppedSet = dropped;
    this.#dropped = rowSets.toSorted(dropped);
    this.#rowSets = rowSets;
    this.#starts = new Float64Array(units.length + 1);
    for (const [i, unit] of units.entries()) {
      const drops =
        unit.foldedDrops + countWithin(this.#dropped, unit.firstRowId, unit.firstRowId + unit.rows);
      this.#starts[i + 1] = (this.#starts[i] ?? 0) + unit.rows - drops;
    }
    this.liveRows = this.#starts[units.length] ?? 0;
  }

  /** Runs that give the rows `[start, end)` in their order. */
  async runsOfRange(start: number, end: number): Promise<Run[]> {
    assert(start >= 0 && start <= end && end <= this.liveRows, 'a range within the rows');
    if (start === end) return [];
    const runs: Run[] = [];
    const parts = await this.#partsOf(start, end);
    for (const placed of parts) this.#baseRuns(placed, start, end, runs);
    if (!this.#overrides.isEmpty) for (const placed of parts) this.#overrideRuns(placed, start, end, runs);
    return runs;
  }

  /** Where the rows of a list of logical indices are, in any order and repeated at will. */
  async picksOfList(indices: Float64Array): Promise<Picked[]> {
    if (indices.length === 0) return [];
    const whole = await this.#pickOfOne(indices);
    if (whole !== undefined) return [whole];
    const { at, touched } = this.#unitsOf(indices);
    const places = await placeAll(touched, (unit) => this.#place(unit));
    return this.#picksAt(indices, at, places);
  }

  /** All rows in one partition that is as it was written: nothing to look up row by row. */
  async #pickOfOne(indices: Float64Array): Promise<Picked | undefined> {
    const [low, high] = rangeOf(indices);
    const unit = upperBound(this.#starts, low) - 1;
    if (!this.#overrides.isEmpty || high >= (this.#starts[unit + 1] ?? 0)) return undefined;
    const parts = await this.#place(unit);
    const found = lastAtMost(parts, low, ({ firstIndex }) => firstIndex);
    if (found === undefined || found.dropped.length > 0 || high >= found.endIndex) return undefined;
    const { part, firstIndex } = found;
    const rows = firstIndex === 0 ? indices : indices.map((index) => index - firstIndex);
    return { part, rows, places: ascendingPlaces(rows.length) };
  }

  /** Apart from what waits: a loop in an async function is slow to be compiled. */
  #picksAt(
    indices: Float64Array,
    at: Int32Array,
    places: ReadonlyMap<number, readonly PlacedPart[]>,
  ): Picked[] {
    const picks = new PickList();
    const overridden = !this.#overrides.isEmpty;
    let found: PlacedPart | undefined;
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] ?? 0;
      if (found === undefined || index < found.firstIndex || index >= found.endIndex) {
        const parts = defined(places.get(at[i] ?? 0), 'placed unit');
        found = defined(
          lastAtMost(parts, index, ({ firstIndex }) => firstIndex),
          'partition of a row',
        );
      }
      const id = nthLive(found, index - found.firstIndex);
      const newer = overridden ? this.#overrides.newest(id) : undefined;
      if (newer === undefined) picks.add(found.part, id - found.firstRowId, i);
      else picks.add(newer.part, newer.row, i);
    }
    return picks.build();
  }

  /** Row ids of logical indices. Segments are read where entries record dropped ids, else none is needed. */
  async idsOf(indices: Float64Array): Promise<Float64Array> {
    const { at, touched } = this.#unitsOf(indices);
    const places = await placeAll(touched, (unit) => this.#spansOf(unit));
    let found: Span | undefined;
    return indices.map((index, i) => {
      if (found === undefined || index < found.firstIndex || index >= found.endIndex) {
        const spans = defined(places.get(at[i] ?? 0), 'placed unit');
        found = defined(
          lastAtMost(spans, index, ({ firstIndex }) => firstIndex),
          'span of a row',
        );
      }
      return nthLive(found, index - found.firstIndex);
    });
  }

  /** The same of a list or a range. */
  async idsOfRows(rows: ResolvedSelection): Promise<Float64Array> {
    if (rows.kind === 'list') return this.idsOf(rows.indices);
    const runs = this.#rowSets.runs(await this.idSetOf(rows.start, rows.end));
    const ids = new Float64Array(rows.end - rows.start);
    let at = 0;
    for (let i = 0; i < runs.length; i += 2)
      for (let id = runs[i] ?? 0, end = runs[i + 1] ?? 0; id < end; id++) ids[at++] = id;
    return ids;
  }

  /** The same of the rows `[start, end)`, as a set. */
  async idSetOf(start: number, end: number): Promise<Uint8Array> {
    const { union, difference, range, fromSorted } = this.#rowSets;
    let ids = range(0, 0);
    for (let i = Math.max(0, upperBound(this.#starts, start) - 1); i < this.#units.length; i++) {
      if ((this.#starts[i] ?? 0) >= end) break;
      for (const span of await this.#spansOf(i)) {
        if (span.firstIndex >= span.endIndex || span.firstIndex >= end || span.endIndex <= start) continue;
        const within = idsWithin(span, start, end);
        ids = union(ids, range(within.start, within.end));
        const dropped = slice(span.dropped, within.start, within.end);
        if (dropped.length > 0) ids = difference(ids, fromSorted(dropped));
      }
    }
    return ids;
  }

  /** Logical indices of row ids, or `ids` itself; -1 for one of no live row. Reads as `idsOf` does. */
  async indicesOf(ids: Float64Array): Promise<Float64Array> {
    const { firstRowId: first = 0, rows = 0 } = this.#units.at(-1) ?? {};
    if (first + rows === this.liveRows && areWithin(ids, this.liveRows)) return ids;
    const unitOf = (id: number): number => lastIndexAtMost(this.#units, id, ({ firstRowId }) => firstRowId);
    const at = new Int32Array(ids.length);
    for (let i = 0; i < ids.length; i++) at[i] = unitOf(ids[i] ?? 0);
    const places = await placeAll(new Set(at.filter((unit) => unit >= 0)), (unit) => this.#spansOf(unit));
    return ids.map((id, i) => {
      const spans = places.get(at[i] ?? -1) ?? [];
      const span = lastAtMost(spans, id, ({ firstRowId }) => firstRowId);
      if (span === undefined || id >= span.firstRowId + span.rows) return -1;
      const below = lowerBound(span.dropped, id);
      return span.dropped[below] === id ? -1 : span.firstIndex + id - span.firstRowId - below;
    });
  }

  /** The ids of all live rows. Reads segments whose entries record dropped ones. */
  async liveIds(): Promise<Uint8Array> {
    const { union, difference, range, fromSorted } = this.#rowSets;
    let live = range(0, 0);
    for (const { firstRowId, rows, foldedDrops, load } of this.#units) {
      live = union(live, range(firstRowId, firstRowId + rows));
      if (foldedDrops === 0) continue;
      for (const { folded } of await load()) live = difference(live, fromSorted(folded));
    }
    return difference(live, this.#droppedSet);
  }

  /** Whether some base rows, dropped ones included, have ids of `[start, end)`. */
  hasRows(start: number, end: number): boolean {
    const unit = this.#units[lastIndexAtMost(this.#units, end - 1, ({ firstRowId }) => firstRowId)];
    return unit !== undefined && unit.firstRowId + unit.rows > start;
  }

  /** Ids of `[start, end)` that are of no live row, ascending. Reads segments whose entries record some. */
  async droppedWithin(start: number, end: number): Promise<Float64Array> {
    let dropped = mergeSorted(slice(this.#dropped, start, end), this.#unusedWithin(start, end));
    for (const { firstRowId, rows, foldedDrops, load } of this.#units) {
      if (foldedDrops === 0 || firstRowId >= end || firstRowId + rows <= start) continue;
      for (const { folded } of await load()) dropped = mergeSorted(dropped, slice(folded, start, end));
    }
    return dropped;
  }

  /** Ids that no base partition has a row for. */
  #unusedWithin(start: number, end: number): Float64Array {
    const gaps: [from: number, to: number][] = [];
    let next = start;
    for (const { firstRowId, rows } of this.#units) {
      if (firstRowId >= end) break;
      if (firstRowId > next) gaps.push([next, firstRowId]);
      next = Math.max(next, firstRowId + rows);
    }
    if (next < end) gaps.push([next, end]);
    const ids = new Float64Array(gaps.reduce((sum, [from, to]) => sum + to - from, 0));
    let at = 0;
    for (const [from, to] of gaps) for (let id = from; id < to; id++) ids[at++] = id;
    return ids;
  }

  /** Every partition with the rows that a scan must pass over; segments are read one after the other. */
  async *scanParts(): AsyncGenerator<ScanPart> {
    const { union, difference, intersection, fromSorted, toSorted, count, range } = this.#rowSets;
    const superseded = this.#overrides.set;
    // Overridden rows whose drop stands in their base entry alone.
    let gone = range(0, 0);
    for (const unit of this.#units) {
      for (const { part, firstRowId, folded } of await unit.load()) {
        const end = firstRowId + part.rows;
        const dropped = mergeSorted(folded, slice(this.#dropped, firstRowId, end));
        let dead = this.#rowSets.slice(superseded, firstRowId, end);
        if (folded.length > 0) gone = union(gone, intersection(fromSorted(folded), superseded));
        if (dropped.length > 0) dead = union(dead, fromSorted(dropped));
        const dying = count(dead);
        if (dying === part.rows) continue;
        yield { part, firstRowId, rowIds: undefined, dead: dying === 0 ? undefined : dead };
      }
    }
    for (const { part, ids, live } of this.#overrides.partitions(gone)) {
      const rowIds = toSorted(ids);
      const dead = count(live) === rowIds.length ? undefined : difference(ids, live);
      yield { part, firstRowId: 0, rowIds, dead };
    }
  }

  /** Partitions that hold live rows of `[start, end)`, placed. */
  async #partsOf(start: number, end: number): Promise<PlacedPart[]> {
    const touched: Promise<PlacedPart[]>[] = [];
    for (let i = Math.max(0, upperBound(this.#starts, start) - 1); i < this.#units.length; i++) {
      if ((this.#starts[i] ?? 0) >= end) break;
      if (this.#starts[i] !== this.#starts[i + 1]) touched.push(this.#place(i));
    }
    return (await Promise.all(touched))
      .flat()
      .filter(({ firstIndex, endIndex }) => firstIndex < endIndex && firstIndex < end && endIndex > start);
  }

  /** The unit of each logical index, and the set of them. */
  #unitsOf(indices: Float64Array): { at: Int32Array; touched: Set<number> } {
    const at = new Int32Array(indices.length);
    const touched = new Set<number>();
    let unit = 0;
    let start = 0;
    let end = 0;
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] ?? 0;
      if (index < start || index >= end) {
        unit = upperBound(this.#starts, index) - 1;
        start = this.#starts[unit] ?? 0;
        end = this.#starts[unit + 1] ?? 0;
        touched.add(unit);
      }
      at[i] = unit;
    }
    return { at, touched };
  }

  /** A unit as one span while nothing in its entries sets rows apart, else its partitions. */
  async #spansOf(at: number): Promise<readonly Span[]> {
    const { firstRowId, rows, foldedDrops } = defined(this.#units[at], 'unit');
    if (foldedDrops > 0) return this.#place(at);
    const dropped = slice(this.#dropped, firstRowId, firstRowId + rows);
    return [spanOf(firstRowId, rows, this.#starts[at] ?? 0, dropped)];
  }

  async #place(at: number): Promise<PlacedPart[]> {
    const unit = defined(this.#units[at], 'unit');
    let firstIndex = this.#starts[at] ?? 0;
    return (await unit.load()).map(({ part, firstRowId, folded }) => {
      const dropped = mergeSorted(folded, slice(this.#dropped, firstRowId, firstRowId + part.rows));
      const span = spanOf(firstRowId, part.rows, firstIndex, dropped);
      firstIndex = span.endIndex;
      return { ...span, part };
    });
  }

  #baseRuns(placed: PlacedPart, start: number, end: number, runs: Run[]): void {
    const { part, firstRowId } = placed;
    const ids = idsWithin(placed, start, end);
    const dropped = slice(placed.dropped, ids.start, ids.end);
    const emit = (from: number, count: number, at: number): void => {
      if (count > 0) runs.push({ part, row: from, count, target: at - start });
    };
    let row = ids.start - firstRowId;
    let index = ids.firstIndex;
    let d = 0;
    /** Gives the live rows up to `id`, and goes on at `next`. */
    const goTo = (id: number, next: number): void => {
      emit(row, id - firstRowId - row, index);
      index += id - firstRowId - row;
      row = next - firstRowId;
    };
    const passDropped = (before: number): void => {
      for (; (dropped[d] ?? before) < before; d++) goTo(dropped[d] ?? 0, (dropped[d] ?? 0) + 1);
    };
    for (const [from, to] of this.#overrides.runsWithin(ids.start, ids.end)) {
      passDropped(from);
      goTo(from, to);
      // A row that an override holds keeps its place; a dropped one has none.
      index += to - from - countWithin(dropped, from, to);
      d = lowerBound(dropped, to);
    }
    passDropped(ids.end);
    goTo(ids.end, ids.end);
  }

  #overrideRuns(placed: PlacedPart, start: number, end: number, runs: Run[]): void {
    const within = idsWithin(placed, start, end);
    const dropped = slice(placed.dropped, within.start, within.end);
    const list = new RunList(runs);
    let [before, below] = [within.start, 0];
    for (const { part, row, id, count } of this.#overrides.rowsWithin(within.start, within.end, dropped)) {
      // Of each override they ascend. A drop may stand in the base entry alone, once the entry was folded.
      if (id < before) below = 0;
      while ((dropped[below] ?? Number.POSITIVE_INFINITY) < id) below++;
      before = id;
      list.add(part, row, within.firstIndex + id - within.start - below - start, count);
    }
  }
}
