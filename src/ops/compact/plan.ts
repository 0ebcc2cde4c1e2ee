// What of an array is worth compacting. Pure: by sizes and counts of its files, which the manifest has.
//
// Files whose rows follow each other are written as one where that lowers their number by much for what is
// written: none of them is larger than the others together, or all are next to nothing. So a row is written
// again a few times in its life, however often somebody compacts. Overrides go into the base files that they
// override where many rows of these are, or where those are written anyway; dropped rows leave them in runs.
// No file is written across the border of a segment of an index, and no row that one has is merged: an index
// is of base rows as they were, and stays as it is.
import type { RowSetFunctions } from '../../manifest/functions.js';

/** A base file, as its entry describes it. */
export interface BaseFile {
  readonly firstRowId: number;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly mergedUpTo: number;
}

export interface OverrideFile {
  readonly ids: Uint8Array;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly sequence: number;
}

export interface TrackState {
  /** Ascending by row id. */
  readonly base: readonly BaseFile[];
  /** Oldest first. */
  readonly overrides: readonly OverrideFile[];
  /** Ids that are of no live row. */
  readonly dead: Uint8Array;
  /** Rows of each segment of the indexes that are made of these files. */
  readonly indexed: readonly { readonly firstRowId: number; readonly rows: number }[];
}

export interface Limits {
  /** Bytes and rows of one file. */
  readonly targetBytes: number;
  readonly fileRows: number;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Base files `[from, to)` that are written as files of these ranges of rows; none where all rows go. */
export interface Group {
  readonly from: number;
  readonly to: number;
  readonly ranges: readonly Range[];
  /** The new files hold the overrides of their rows. */
  readonly merges: boolean;
  readonly sizeBytes: number;
}

/** Overrides that are written as fewer. */
export interface Join {
  readonly overrides: readonly number[];
  /** Rows that need one of them still. */
  readonly ids: Uint8Array;
}

export interface TrackPlan {
  readonly groups: readonly Group[];
  /** Of overrides as they are now, before any group is written. */
  readonly join: Join | undefined;
  /** What it will be once all groups are written: to be told, not to be done. */
  readonly joinAfter: Join | undefined;
}

/** A file from this share of the target on is large enough. */
const largeShare = 1 / 2;

/** Files that have less than this share of the target together are written whatever they save. */
const smallShare = 1 / 64;

/** Dropped rows are cut out from this share of the target on: each cut parts the files beside it for good. */
const cutShare = 1 / 16;

/** A file is written without its dropped rows where these are such a part of it, */
const worthLeaving = 0.2;

/** and with its overrides where that many rows have one. */
const worthMerging = 0.1;

/** An override is written anew where fewer of its rows are needed. */
const worthThinning = 0.5;

export class Planner {
  readonly #state: TrackState;
  readonly #limits: Limits;
  readonly #rowSets: RowSetFunctions;
  /** By version: what overrides after it hold. */
  readonly #later = new Map<number, Uint8Array>();

  constructor(state: TrackState, limits: Limits, rowSets: RowSetFunctions) {
    this.#state = state;
    this.#limits = limits;
    this.#rowSets = rowSets;
  }

  plan(): TrackPlan {
    const groups = this.#candidates().flatMap(({ from, to }) => this.#worthwhile(from, to));
    return { groups, join: this.#join(), joinAfter: this.#after(groups).#join() };
  }

  /** What there is once groups are written. */
  #after(groups: readonly Group[]): Planner {
    if (groups.length === 0) return this;
    const base: BaseFile[] = [];
    let next = 0;
    for (const { from, to, ranges, merges } of groups) {
      const files = this.#state.base.slice(from, to);
      const version = merges ? Number.POSITIVE_INFINITY : 0;
      const mergedUpTo = Math.max(version, Math.min(...files.map((file) => file.mergedUpTo)));
      base.push(...this.#state.base.slice(next, from));
      for (const { start, end } of ranges)
        base.push({ firstRowId: start, rows: end - start, sizeBytes: 0, mergedUpTo });
      next = to;
    }
    base.push(...this.#state.base.slice(next));
    return new Planner({ ...this.#state, base }, this.#limits, this.#rowSets);
  }

  /** Neighbours that fit one file; every file is in one of them. */
  #candidates(): { from: number; to: number }[] {
    const { base, indexed } = this.#state;
    const { targetBytes, fileRows } = this.#limits;
    const borders = new Set(indexed.flatMap(({ firstRowId, rows }) => [firstRowId, firstRowId + rows]));
    const found: { from: number; to: number }[] = [];
    let [bytes, rows] = [0, 0];
    for (const [i, file] of base.entries()) {
      const before = base[i - 1];
      const last = found.at(-1);
      const follows =
        before !== undefined &&
        before.firstRowId + before.rows === file.firstRowId &&
        !borders.has(file.firstRowId) &&
        !this.#isLarge(before) &&
        !this.#isLarge(file) &&
        bytes + file.sizeBytes <= targetBytes &&
        rows + file.rows <= fileRows;
      if (last !== undefined && follows) {
        last.to = i + 1;
        bytes += file.sizeBytes;
        rows += file.rows;
      } else {
        found.push({ from: i, to: i + 1 });
        [bytes, rows] = [file.sizeBytes, file.rows];
      }
    }
    return found;
  }

  #isLarge({ sizeBytes }: { readonly sizeBytes: number }): boolean {
    return sizeBytes >= this.#limits.targetBytes * largeShare;
  }

  /** What of neighbours is worth it: all of them, or those on both sides of the largest. */
  #worthwhile(from: number, to: number): Group[] {
    if (from >= to) return [];
    const files = this.#state.base.slice(from, to);
    if (files.length > 1 && !isWorthJoining(files, this.#limits)) {
      const largest = files.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 0);
      const at = from + files.findIndex(({ sizeBytes }) => sizeBytes === largest);
      return [
        ...this.#worthwhile(from, at),
        ...this.#worthwhile(at, at + 1),
        ...this.#worthwhile(at + 1, to),
      ];
    }
    const sizeBytes = sum(files, (file) => file.sizeBytes);
    const rows = sum(files, (file) => file.rows);
    const stay = this.#staying(from, to);
    const left = rows - sum(stay, ({ start, end }) => end - start);
    const overridden = this.#mergeable(from, to);
    const isWorth =
      files.length > 1 ||
      (left > 0 && (left >= rows * worthLeaving || left === rows)) ||
      (overridden > 0 && overridden >= rows * worthMerging);
    if (!isWorth) return [];
    return [
      {
        from,
        to,
        ranges: this.#cut(stay, sizeBytes / Math.max(1, rows)),
        ...{ merges: overridden > 0, sizeBytes },
      },
    ];
  }

  /** The rows of files without runs of dropped ones that are long, or that begin or end at a gap. */
  #staying(from: number, to: number): Range[] {
    const { base, dead } = this.#state;
    const [first, last] = [base[from], base[to - 1]];
    if (first === undefined || last === undefined) return [];
    const [start, end] = [first.firstRowId, last.firstRowId + last.rows];
    const before = base[from - 1];
    const after = base[to];
    const opens = before === undefined || before.firstRowId + before.rows < start;
    const closes = after !== undefined && after.firstRowId > end;
    const bytes = sum(base.slice(from, to), ({ sizeBytes }) => sizeBytes);
    const least = (this.#limits.targetBytes * cutShare) / (bytes / Math.max(1, end - start));
    const runs = runsOf(this.#rowSets.toSorted(this.#rowSets.slice(dead, start, end))).filter(
      (run) => run.end - run.start >= least || (opens && run.start === start) || (closes && run.end === end),
    );
    const stay: Range[] = [];
    let next = start;
    for (const run of [...runs, { start: end, end }]) {
      if (run.start > next) stay.push({ start: next, end: run.start });
      next = run.end;
    }
    return stay;
  }

  /** In pieces that fit a file. */
  #cut(ranges: readonly Range[], rowBytes: number): Range[] {
    const { targetBytes, fileRows } = this.#limits;
    const most = Math.max(1, Math.min(fileRows, Math.floor(targetBytes / Math.max(rowBytes, 1e-9))));
    return ranges.flatMap(({ start, end }) => {
      // The file that is as large as the target with its header is not cut for that.
      const pieces = Math.max(1, Math.round((end - start) / most), Math.ceil((end - start) / fileRows));
      const step = Math.ceil((end - start) / pieces);
      return Array.from({ length: Math.ceil((end - start) / step) }, (_, i) => ({
        start: start + i * step,
        end: Math.min(end, start + (i + 1) * step),
      }));
    });
  }

  /** How many rows of files have an override that they do not hold; 0 where an index has one of those. */
  #mergeable(from: number, to: number): number {
    const { base, dead, indexed } = this.#state;
    const { slice, difference, count } = this.#rowSets;
    if (this.#state.overrides.length === 0) return 0;
    let rows = 0;
    for (const { firstRowId, rows: own, mergedUpTo } of base.slice(from, to)) {
      const end = firstRowId + own;
      const later = slice(this.#laterThan(mergedUpTo), firstRowId, end);
      if (indexed.some((one) => count(slice(later, one.firstRowId, one.firstRowId + one.rows)) > 0)) return 0;
      rows += count(difference(later, slice(dead, firstRowId, end)));
    }
    return rows;
  }

  /** Rows of overrides after a version. */
  #laterThan(version: number): Uint8Array {
    const known = this.#later.get(version);
    if (known !== undefined) return known;
    const later = this.#union(this.#state.overrides.filter(({ sequence }) => sequence > version));
    this.#later.set(version, later);
    return later;
  }

  #union(overrides: readonly OverrideFile[]): Uint8Array {
    const { union, range } = this.#rowSets;
    return overrides.reduce((all, { ids }) => union(all, ids), range(0, 0));
  }

  /** Rows whose base files hold all overrides of them. */
  #merged(): Uint8Array {
    const { union, range, difference } = this.#rowSets;
    return this.#state.base.reduce(
      (merged, { firstRowId, rows, mergedUpTo }) => {
        if (mergedUpTo === 0) return merged;
        const held = difference(range(firstRowId, firstRowId + rows), this.#laterThan(mergedUpTo));
        return union(merged, held);
      },
      range(0, 0),
    );
  }

  #join(): Join | undefined {
    const { overrides, dead } = this.#state;
    const { difference, count } = this.#rowSets;
    if (overrides.length === 0) return undefined;
    const merged = this.#merged();
    const needed = overrides.map(({ ids }) => count(difference(difference(ids, dead), merged)));
    const isThin = (i: number): boolean => (needed[i] ?? 0) < (overrides[i]?.rows ?? 0) * worthThinning;
    const numbers = [...overrides.keys()];
    const small = numbers.filter((i) => !this.#isLarge(overrides[i] ?? { sizeBytes: 0 }));
    const isWorth =
      small.length > 1 &&
      isWorthJoining(
        small.flatMap((i) => overrides[i] ?? []),
        this.#limits,
      );
    const pool = numbers.filter((i) => isThin(i) || (isWorth && small.includes(i)));
    if (pool.length === 0) return undefined;
    const taken = pool.flatMap((i) => overrides[i] ?? []);
    // What stays and has a merged row, too, would come to light.
    const others = this.#union(overrides.filter((_, i) => !pool.includes(i)));
    const ids = difference(difference(this.#union(taken), dead), difference(merged, others));
    const rows = sum(taken, (one) => one.rows);
    const rowBytes = sum(taken, ({ sizeBytes }) => sizeBytes) / Math.max(1, rows);
    const { targetBytes, fileRows } = this.#limits;
    const files = Math.max((count(ids) * rowBytes) / targetBytes, count(ids) / fileRows);
    return Math.ceil(files) < pool.length || count(ids) < rows * worthThinning
      ? { overrides: pool, ids }
      : undefined;
  }
}

/** Whether files are worth being written as one. */
function isWorthJoining(files: readonly { readonly sizeBytes: number }[], { targetBytes }: Limits): boolean {
  const bytes = sum(files, ({ sizeBytes }) => sizeBytes);
  const largest = files.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 0);
  return 2 * largest <= bytes || bytes <= targetBytes * smallShare;
}

/** Runs of ids that follow each other. */
export function runsOf(ids: Float64Array): Range[] {
  const runs: { start: number; end: number }[] = [];
  for (const id of ids) {
    const last = runs.at(-1);
    if (last?.end === id) last.end = id + 1;
    else runs.push({ start: id, end: id + 1 });
  }
  return runs;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((all, item) => all + of(item), 0);
}
