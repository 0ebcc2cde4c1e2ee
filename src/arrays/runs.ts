// Where rows are: runs of one partition for a range of rows, picks for a list.
import type { StoredObject } from '../manifest/objects.js';
import { isAscending, lowerBound } from '../util/sorted.js';

/** One partition object and how to check it. */
export interface Part {
  readonly object: StoredObject;
  readonly rows: number;
  readonly dataOffset: number;
  /** Block sums, once they are loaded; `object.blocks` says where they stand until then. */
  readonly sums: () => Promise<Uint32Array>;
}

/** `count` rows of one partition from `row` on, and where they go in the result. */
export interface Run {
  readonly part: Part;
  readonly row: number;
  readonly count: number;
  readonly target: number;
}

/** Rows of one partition, and their places in the result: row `rows[i]` goes to place `places[i]`. */
export interface Picked {
  readonly part: Part;
  readonly rows: Float64Array;
  readonly places: Uint32Array;
}

/** Runs that grow while partition, row and target go on together. */
export class RunList {
  readonly runs: Run[];
  /** Its own: those of others are not changed. */
  #last: { -readonly [K in keyof Run]: Run[K] } | undefined;

  constructor(runs: Run[] = []) {
    this.runs = runs;
  }

  add(part: Part, row: number, target: number, count = 1): void {
    const last = this.#last;
    if (last?.part === part && last.row + last.count === row && last.target + last.count === target) {
      last.count += count;
    } else {
      this.#last = { part, row, count, target };
      this.runs.push(this.#last);
    }
  }
}

/** Picks that grow row by row; neighbours in the list often lie in one partition. */
export class PickList {
  readonly #picks = new Map<Part, GrowingPick>();
  #part: Part | undefined;
  #pick: GrowingPick | undefined;

  add(part: Part, row: number, place: number): void {
    if (this.#pick === undefined || part !== this.#part) {
      this.#part = part;
      this.#pick = this.#picks.get(part) ?? new GrowingPick();
      this.#picks.set(part, this.#pick);
    }
    this.#pick.add(row, place);
  }

  build(): Picked[] {
    return [...this.#picks].map(([part, pick]) => ({ part, ...pick.build() }));
  }
}

/** Typed arrays that double: lists of numbers would cost the collector more than the rows cost to read. */
class GrowingPick {
  #rows = new Float64Array(16);
  #places = new Uint32Array(16);
  #count = 0;

  add(row: number, place: number): void {
    if (this.#count === this.#rows.length) {
      const [rows, places] = [this.#rows, this.#places];
      this.#rows = new Float64Array(2 * rows.length);
      this.#places = new Uint32Array(2 * rows.length);
      this.#rows.set(rows);
      this.#places.set(places);
    }
    this.#rows[this.#count] = row;
    this.#places[this.#count] = place;
    this.#count++;
  }

  build(): { rows: Float64Array; places: Uint32Array } {
    return { rows: this.#rows.subarray(0, this.#count), places: this.#places.subarray(0, this.#count) };
  }
}

/** Counts up to here share their memory. */
const sharedPlaces = 65_536;
let shared: Uint32Array = new Uint32Array(0);

/** The places 0, 1, 2 and so on, for rows wanted in the order in which they are given. Read only. */
export function ascendingPlaces(count: number): Uint32Array {
  if (count > sharedPlaces) return countUp(count);
  if (shared.length < count) shared = countUp(sharedPlaces);
  return shared.subarray(0, count);
}

function countUp(count: number): Uint32Array {
  const places = new Uint32Array(count);
  for (let i = 0; i < count; i++) places[i] = i;
  return places;
}

/** A partition, and the id of its first row. */
export interface PlacedPart {
  readonly part: Part;
  readonly firstRowId: number;
}

/** Of each partition that has some of these rows its number, and their places in it. Sorts the ids. */
export function* byPart(parts: readonly PlacedPart[], ids: Float64Array): Generator<[number, Float64Array]> {
  if (!isAscending(ids)) ids.sort();
  let at = 0;
  for (const [i, { part, firstRowId }] of parts.entries()) {
    const end = at + lowerBound(ids.subarray(at), firstRowId + part.rows);
    if (end > at) yield [i, ids.subarray(at, end).map((id) => id - firstRowId)];
    at = end;
  }
}
