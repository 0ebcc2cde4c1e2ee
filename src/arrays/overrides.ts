// The rows that replaced others, at one version: which copy of a row is its newest. Ids are held as runs, so
// that an array whose rows were all replaced costs no more than one of which a single row was.
import type { RowSetFunctions } from '../manifest/functions.js';
import { slice, upperBound } from '../util/sorted.js';
import type { Part } from './runs.js';

export interface Override {
  readonly part: Part;
  /** Row i of the partition has the i-th id. */
  readonly ids: Uint8Array;
}

/** Runs of ids that follow each other, ascending. */
interface IdRuns {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

interface LiveOverride {
  readonly part: Part;
  /** Ids whose newest copy is here. */
  readonly ids: IdRuns;
  /** The row of the first id of each run; those of the others follow it. */
  readonly rows: Float64Array;
}

export class Overrides {
  readonly #overrides: readonly Override[];
  readonly #dropped: Uint8Array;
  readonly #rowSets: RowSetFunctions;
  #set: Uint8Array | undefined;
  #runs: IdRuns | undefined;
  #live: readonly LiveOverride[] | undefined;

  /** Oldest first; dropped rows have no newest copy. */
  constructor(overrides: readonly Override[], dropped: Uint8Array, rowSets: RowSetFunctions) {
    this.#overrides = overrides;
    this.#dropped = dropped;
    this.#rowSets = rowSets;
  }

  get isEmpty(): boolean {
    return this.#overrides.length === 0;
  }

  /** The ids of all rows that overrides hold. */
  get set(): Uint8Array {
    const { union, range } = this.#rowSets;
    this.#set ??= this.#overrides.reduce((all, { ids }) => union(all, ids), range(0, 0));
    return this.#set;
  }

  /** Runs of them within `[start, end)`. */
  runsWithin(start: number, end: number): Iterable<[from: number, to: number, run: number]> {
    this.#runs ??= this.#runsOf(this.set);
    return within(this.#runs, start, end);
  }

  /** Rows of `[start, end)` that are read here, but for those in `dropped`, with the id of the first. */
  *rowsWithin(
    start: number,
    end: number,
    dropped: Float64Array,
  ): Generator<{ part: Part; row: number; id: number; count: number }> {
    for (const { part, ids, rows } of this.#liveOverrides()) {
      for (const [from, to, run] of within(ids, start, end)) {
        const first = (rows[run] ?? 0) - (ids.starts[run] ?? 0);
        let id = from;
        for (const gone of slice(dropped, from, to)) {
          if (gone > id) yield { part, row: first + id, id, count: gone - id };
          id = gone + 1;
        }
        if (to > id) yield { part, row: first + id, id, count: to - id };
      }
    }
  }

  /** Where the newest copy of a row is, unless its base partition has it. */
  newest(id: number): { part: Part; row: number } | undefined {
    if (this.isEmpty) return undefined;
    for (const { part, ids, rows } of this.#liveOverrides()) {
      const run = upperBound(ids.starts, id) - 1;
      if (id < (ids.ends[run] ?? 0)) return { part, row: (rows[run] ?? 0) + id - (ids.starts[run] ?? 0) };
    }
    return undefined;
  }

  /** Every partition with its ids, and those of them that are not in `gone` and have no newer copy. */
  *partitions(gone: Uint8Array): Generator<{ part: Part; ids: Uint8Array; live: Uint8Array }> {
    const { difference, union, count } = this.#rowSets;
    let newer = union(this.#dropped, gone);
    const found = this.#overrides.toReversed().map(({ part, ids }) => {
      const live = difference(ids, newer);
      newer = union(newer, ids);
      return { part, ids, live };
    });
    for (const partition of found.reverse()) if (count(partition.live) > 0) yield partition;
  }

  #runsOf(set: Uint8Array): IdRuns {
    const runs = this.#rowSets.runs(set);
    const starts = new Float64Array(runs.length / 2);
    const ends = new Float64Array(starts.length);
    for (let i = 0; i < starts.length; i++) {
      starts[i] = runs[2 * i] ?? 0;
      ends[i] = runs[2 * i + 1] ?? 0;
    }
    return { starts, ends };
  }

  #liveOverrides(): readonly LiveOverride[] {
    this.#live ??= Array.from(this.partitions(this.#rowSets.range(0, 0)), ({ part, ids, live }) => {
      const kept = this.#runsOf(live);
      return { part, ids: kept, rows: ranksOf(kept, this.#runsOf(ids)) };
    });
    return this.#live;
  }
}

/** What of each run lies within `[start, end)`, and the number of the run. */
function* within(
  runs: IdRuns,
  start: number,
  end: number,
): Generator<[from: number, to: number, run: number]> {
  const { starts, ends } = runs;
  for (let run = upperBound(ends, start); run < starts.length; run++) {
    const from = Math.max(start, starts[run] ?? 0);
    if (from >= end) return;
    yield [from, Math.min(end, ends[run] ?? 0), run];
  }
}

/** Of the first id of each run how many of all ids are below it. */
function ranksOf(some: IdRuns, all: IdRuns): Float64Array {
  let [at, below] = [0, 0];
  return some.starts.map((id) => {
    for (; id >= (all.ends[at] ?? Number.POSITIVE_INFINITY); at++)
      below += (all.ends[at] ?? 0) - (all.starts[at] ?? 0);
    return below + id - (all.starts[at] ?? 0);
  });
}
