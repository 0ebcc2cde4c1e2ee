// Which bytes hold which row, at one version.
//
// Base partitions cover the row ids in order and never overlap. A row whose id is in `dropped` is gone; a row
// that an override holds is read there, the latest override winning. The logical index of a row is its rank
// among the live ids, which base partitions and dropped ids decide alone: an override moves a row's bytes,
// never its place.
//
// Entries that stand in segments are loaded when a selection touches them, so a lookup costs what it touches.
import type { RowSetFunctions } from '../manifest/functions.js';
import type { StoredObject } from '../manifest/objects.js';
import { assert, defined } from '../util/assert.js';
import { countWithin, lastAtMost, lowerBound, mergeSorted, slice, upperBound } from '../util/sorted.js';

/** One partition object and how to check it. */
export interface Part {
  readonly object: StoredObject;
  readonly rows: number;
  readonly dataOffset: number;
  /** Block sums, once they are loaded; `object.blocks` says where they stand until then. */
  readonly sums: () => Promise<Uint32Array>;
}

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

export interface Override {
  readonly part: Part;
  /** Row i of the partition has the i-th id. */
  readonly ids: Uint8Array;
}

/** `count` rows of one partition from `row` on, and where they go in the result. */
export interface Run {
  readonly part: Part;
  readonly row: number;
  readonly count: number;
  readonly target: number;
}

/** A partition as a scan sees it: every row with its id, but for those in `dead`. */
export interface ScanPart {
  readonly part: Part;
  readonly firstRowId: number;
  readonly rowIds: Float64Array | undefined;
  readonly dead: Uint8Array | undefined;
}

interface LiveOverride {
  readonly part: Part;
  /** Ids whose newest copy is here, ascending, with their rows. */
  readonly ids: Float64Array;
  readonly rows: Float64Array;
}

interface PlacedPart extends BasePart {
  /** Logical index of its first live row. */
  readonly firstIndex: number;
  /** Dropped ids within it, ascending. */
  readonly dropped: Float64Array;
}

export class RowMap {
  readonly liveRows: number;
  readonly #units: readonly BaseUnit[];
  /** Logical index of the first live row of each unit, and the end. */
  readonly #starts: Float64Array;
  readonly #dropped: Float64Array;
  readonly #droppedSet: Uint8Array;
  readonly #rowSets: RowSetFunctions;
  readonly #overrides: readonly Override[];
  #live: readonly LiveOverride[] | undefined;
  #superseded: Float64Array | undefined;

  /** Units ascending by first row id; overrides oldest first; `dropped` holds what no unit records. */
  constructor(
    units: readonly BaseUnit[],
    overrides: readonly Override[],
    dropped: Uint8Array,
    rowSets: RowSetFunctions,
  ) {
    this.#units = units;
    this.#overrides = overrides;
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
    if (this.#overrides.length > 0) for (const placed of parts) this.#overrideRuns(placed, start, end, runs);
    return runs;
  }

  /**
   * Runs for a list of logical indices, in any order and repeated at will; `target` counts within the list.
   */
  async runsOfList(indices: Float64Array): Promise<Run[]> {
    const order = Float64Array.from(indices, (_, i) => i).sort(
      (a, b) => (indices[a] ?? 0) - (indices[b] ?? 0),
    );
    const first = indices[order[0] ?? 0];
    const last = indices[order.at(-1) ?? 0];
    if (first === undefined || last === undefined) return [];
    const runs = new RunList();
    let next = 0;
    for (const placed of await this.#partsOfList(indices, order)) {
      const liveRows = placed.part.rows - placed.dropped.length;
      for (; next < order.length; next++) {
        const target = order[next] ?? 0;
        const index = indices[target] ?? 0;
        if (index >= placed.firstIndex + liveRows) break;
        const id = nthLive(placed, index - placed.firstIndex);
        const found = this.#newest(id) ?? { part: placed.part, row: id - placed.firstRowId };
        runs.add(found.part, found.row, target);
      }
    }
    return runs.runs;
  }

  /** Row ids of logical indices. */
  async idsOf(indices: Float64Array): Promise<Float64Array> {
    const out = new Float64Array(indices.length);
    const order = Float64Array.from(indices, (_, i) => i).sort(
      (a, b) => (indices[a] ?? 0) - (indices[b] ?? 0),
    );
    let next = 0;
    for (const placed of await this.#partsOfList(indices, order)) {
      const end = placed.firstIndex + placed.part.rows - placed.dropped.length;
      for (; next < order.length && (indices[order[next] ?? 0] ?? 0) < end; next++) {
        const target = order[next] ?? 0;
        out[target] = nthLive(placed, (indices[target] ?? 0) - placed.firstIndex);
      }
    }
    return out;
  }

  /** Logical indices of row ids; -1 for an id that is dropped or was never given. */
  async indicesOf(ids: Float64Array): Promise<Float64Array> {
    const out = new Float64Array(ids.length).fill(-1);
    const places = new Map<BaseUnit, PlacedPart[]>();
    for (const [i, id] of ids.entries()) {
      const unit = lastAtMost(this.#units, id, (candidate) => candidate.firstRowId);
      if (unit === undefined || id >= unit.firstRowId + unit.rows) continue;
      const known = places.get(unit) ?? (await this.#place(this.#units.indexOf(unit)));
      places.set(unit, known);
      const placed = lastAtMost(known, id, (candidate) => candidate.firstRowId);
      if (placed === undefined) continue;
      const below = countWithin(placed.dropped, placed.firstRowId, id);
      if (countWithin(placed.dropped, id, id + 1) === 0)
        out[i] = placed.firstIndex + id - placed.firstRowId - below;
    }
    return out;
  }

  /** Every partition with the rows that a scan must pass over; segments are read one after the other. */
  async *scanParts(): AsyncGenerator<ScanPart> {
    const superseded = this.#overriddenIds();
    // Overridden rows whose drop stands in their base entry alone.
    let gone: Float64Array = new Float64Array(0);
    for (const unit of this.#units) {
      for (const { part, firstRowId, folded } of await unit.load()) {
        gone = mergeSorted(gone, common(folded, superseded));
        const end = firstRowId + part.rows;
        const dead = mergeSorted(
          mergeSorted(folded, slice(this.#dropped, firstRowId, end)),
          slice(superseded, firstRowId, end),
        );
        if (dead.length === part.rows) continue;
        const set = dead.length === 0 ? undefined : this.#rowSets.fromSorted(dead);
        yield { part, firstRowId, rowIds: undefined, dead: set };
      }
    }
    for (const override of this.#overrides) {
      const live = defined(
        this.#liveOverrides().find(({ part }) => part === override.part),
        'override',
      );
      const ids = live.ids.filter((id) => countWithin(gone, id, id + 1) === 0);
      if (ids.length === 0) continue;
      const rowIds = this.#rowSets.toSorted(override.ids);
      const dead = ids.length === rowIds.length ? undefined : this.#deadOf(override.ids, ids);
      yield { part: override.part, firstRowId: 0, rowIds, dead };
    }
  }

  #deadOf(all: Uint8Array, live: Float64Array): Uint8Array {
    return this.#rowSets.difference(all, this.#rowSets.fromSorted(live));
  }

  /** Partitions that hold live rows of `[start, end)`, placed. */
  async #partsOf(start: number, end: number): Promise<PlacedPart[]> {
    const touched: Promise<PlacedPart[]>[] = [];
    for (let i = Math.max(0, upperBound(this.#starts, start) - 1); i < this.#units.length; i++) {
      if ((this.#starts[i] ?? 0) >= end) break;
      if (this.#starts[i] !== this.#starts[i + 1]) touched.push(this.#place(i));
    }
    return (await Promise.all(touched)).flat().filter((placed) => {
      const live = placed.part.rows - placed.dropped.length;
      return live > 0 && placed.firstIndex < end && placed.firstIndex + live > start;
    });
  }

  /** The partitions that the ordered indices touch, in order; their segments are read side by side. */
  async #partsOfList(indices: Float64Array, order: Float64Array): Promise<PlacedPart[]> {
    const units = [...this.#touchedUnits(indices, order)];
    return (await Promise.all(units.map(([from, to]) => this.#partsOf(from, to)))).flat();
  }

  async #place(at: number): Promise<PlacedPart[]> {
    const unit = defined(this.#units[at], 'unit');
    let firstIndex = this.#starts[at] ?? 0;
    return (await unit.load()).map((base) => {
      const { firstRowId, folded, part } = base;
      const dropped = mergeSorted(folded, slice(this.#dropped, firstRowId, firstRowId + part.rows));
      const placed = { ...base, firstIndex, dropped };
      firstIndex += part.rows - dropped.length;
      return placed;
    });
  }

  /** For each unit that the ordered indices touch, the range from the first to one past the last of them. */
  *#touchedUnits(indices: Float64Array, order: Float64Array): Generator<readonly [number, number]> {
    for (let i = 0; i < order.length; ) {
      const first = indices[order[i] ?? 0] ?? 0;
      const unitEnd = this.#starts[upperBound(this.#starts, first)] ?? this.liveRows;
      let last = first;
      for (; i < order.length && (indices[order[i] ?? 0] ?? 0) < unitEnd; i++)
        last = indices[order[i] ?? 0] ?? 0;
      yield [first, last + 1];
    }
  }

  #baseRuns(placed: PlacedPart, start: number, end: number, runs: Run[]): void {
    const { part, firstRowId, dropped } = placed;
    const superseded = slice(this.#overriddenIds(), firstRowId, firstRowId + part.rows);
    const emit = (row: number, count: number, index: number): void => {
      const from = Math.max(index, start);
      const to = Math.min(index + count, end);
      if (from < to) runs.push({ part, row: row + from - index, count: to - from, target: from - start });
    };
    let row = 0;
    let index = placed.firstIndex;
    for (let d = 0, s = 0; d < dropped.length || s < superseded.length; ) {
      const drop = dropped[d] ?? Number.POSITIVE_INFINITY;
      const other = superseded[s] ?? Number.POSITIVE_INFINITY;
      const gap = Math.min(drop, other) - firstRowId;
      emit(row, gap - row, index);
      index += gap - row;
      row = gap + 1;
      // A dropped row has no place; one that an override holds keeps its own.
      if (drop > other) index++;
      if (drop <= other) d++;
      if (other <= drop) s++;
    }
    emit(row, part.rows - row, index);
  }

  #overrideRuns(placed: PlacedPart, start: number, end: number, runs: Run[]): void {
    const { part: base, firstRowId, firstIndex, dropped } = placed;
    const list = new RunList(runs);
    for (const { part, ids, rows } of this.#liveOverrides()) {
      for (let i = lowerBound(ids, firstRowId); i < ids.length; i++) {
        const id = ids[i] ?? 0;
        if (id >= firstRowId + base.rows) break;
        const below = lowerBound(dropped, id);
        // Its drop may stand in the base entry alone, once the entry was folded.
        if (dropped[below] === id) continue;
        const index = firstIndex + id - firstRowId - below;
        if (index >= start && index < end) list.add(part, rows[i] ?? 0, index - start);
      }
    }
  }

  #newest(id: number): { part: Part; row: number } | undefined {
    if (this.#overrides.length === 0) return undefined;
    for (const { part, ids, rows } of this.#liveOverrides()) {
      const at = lowerBound(ids, id);
      if (ids[at] === id) return { part, row: rows[at] ?? 0 };
    }
    return undefined;
  }

  #overriddenIds(): Float64Array {
    this.#superseded ??= this.#rowSets.toSorted(
      this.#overrides.reduce(
        (union, { ids }) => this.#rowSets.union(union, ids),
        this.#rowSets.fromSorted(new Float64Array(0)),
      ),
    );
    return this.#superseded;
  }

  #liveOverrides(): readonly LiveOverride[] {
    if (this.#live !== undefined) return this.#live;
    const { difference, union, toSorted } = this.#rowSets;
    let gone = this.#droppedSet;
    const live: LiveOverride[] = [];
    for (const { part, ids } of this.#overrides.toReversed()) {
      const kept = toSorted(difference(ids, gone));
      const all = toSorted(ids);
      live.push({ part, ids: kept, rows: kept.map((id) => lowerBound(all, id)) });
      gone = union(gone, ids);
    }
    this.#live = live.reverse();
    return this.#live;
  }
}

/** Runs that grow while partition, row and target go on together. */
class RunList {
  readonly runs: Run[];

  constructor(runs: Run[] = []) {
    this.runs = runs;
  }

  add(part: Part, row: number, target: number): void {
    const last = this.runs.at(-1);
    if (last?.part === part && last.row + last.count === row && last.target + last.count === target) {
      this.runs[this.runs.length - 1] = { ...last, count: last.count + 1 };
    } else {
      this.runs.push({ part, row, count: 1, target });
    }
  }
}

function common(a: Float64Array, b: Float64Array): Float64Array {
  return a.filter((id) => countWithin(b, id, id + 1) === 1);
}

/** Id of the n-th live row of a partition. */
function nthLive({ firstRowId, dropped }: PlacedPart, n: number): number {
  // The answer is n plus the dropped ids at or below it: grows until it stands still.
  let id = firstRowId + n;
  for (;;) {
    const next = firstRowId + n + upperBound(dropped, id);
    if (next === id) return id;
    id = next;
  }
}
