// Keys of rows in memory, each once: which row has one, told in constant time.
//
// Keys stay in columns as they came (8 bytes a number, a text its own), beside a hash table of 16 bytes a key
// in parts that grow by themselves, so that no step takes long. Added in turns of the event loop.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { lastIndexAtMost } from '../util/sorted.js';
import { bitAt } from './bits.js';
import type { Column, KeyType } from './column.js';
import { joinColumns } from './join.js';
import { sliceColumn } from './slice.js';
import type { Statistics } from './statistics.js';
import { type Value, columnOf, valueAt } from './values.js';

export type KeyColumn = Extract<Column, { readonly type: KeyType }>;

/** Keys that are looked at in one turn of the event loop: one to two milliseconds. */
export const turnRows = 4_096;

/** Keys that a look at statistics compares one by one, at most. */
const comparedKeys = 16_384;

/** A column whose rows are hashed and compared without making a value of each. */
export class KeyRows {
  readonly column: KeyColumn;
  readonly #halves: Int32Array;

  constructor(column: KeyColumn) {
    this.column = column;
    const { type, values } = column.type === 'string' ? { type: column.type, values: noValues } : column;
    const halves = type === 'string' ? 0 : 2 * column.rows;
    this.#halves = new Int32Array(values.buffer, values.byteOffset, halves);
  }

  isNull(row: number): boolean {
    return this.column.valid !== undefined && !bitAt(this.column.valid, row);
  }

  /** 32 bits. */
  hash(row: number): number {
    let hash = 0x811c9dc5;
    if (this.column.type === 'string') {
      const { offsets, bytes } = this.column;
      const end = offsets[row + 1] as number;
      for (let i = offsets[row] as number; i < end; i++)
        hash = Math.imul(hash ^ (bytes[i] as number), 16777619);
    } else {
      hash = Math.imul(hash ^ (this.#halves[2 * row] as number), 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 15) ^ (this.#halves[2 * row + 1] as number), 0xc2b2ae35);
    }
    // The last step of MurmurHash3: every bit counts for the part and for the place in it.
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }

  /** Negative, zero or positive, in the order of statistics. Both are of one type. */
  compare(row: number, other: KeyRows, at: number): number {
    if (this.column.type === 'string' && other.column.type === 'string') {
      const [a, b] = [this.column, other.column];
      const [from, end] = [a.offsets[row] as number, a.offsets[row + 1] as number];
      const [start, stop] = [b.offsets[at] as number, b.offsets[at + 1] as number];
      const shared = Math.min(end - from, stop - start);
      for (let i = 0; i < shared; i++) {
        const difference = (a.bytes[from + i] as number) - (b.bytes[start + i] as number);
        if (difference !== 0) return difference;
      }
      return end - from - (stop - start);
    }
    const high = (this.#halves[2 * row + 1] as number) - (other.#halves[2 * at + 1] as number);
    if (high !== 0) return high;
    return ((this.#halves[2 * row] as number) >>> 0) - ((other.#halves[2 * at] as number) >>> 0);
  }
}

const noValues = new BigInt64Array(0);

/** Keys that came together, and how each row is called. */
interface Piece {
  readonly keys: KeyRows;
  /** The name of its first row; those of the others follow. */
  readonly label: number;
  readonly start: number;
  readonly least: number;
  readonly most: number;
}

/** Pairs of entry + 1, 0 where there is none, and its hash. */
interface Part {
  slots: Int32Array;
  used: number;
}

export class KeyTable {
  readonly type: KeyType;
  readonly #pieces: Piece[] = [];
  readonly #parts: Part[] = [];
  /** Keys, those that another took the place of included. */
  rows = 0;
  sizeBytes = 0;

  constructor(type: KeyType) {
    this.type = type;
  }

  /**
   * Takes the keys of a column, none of them null; its rows are called `label` and up. Where a key is there
   * already `twin` is asked with the names of both rows: it throws, or gives whether the later one takes the
   * place. Cost: some 100 ns a key, in turns.
   */
  async add(
    column: KeyColumn,
    label: number,
    twin: (earlier: number, later: number) => boolean,
  ): Promise<void> {
    for (let start = 0; start < column.rows; start += turnRows) {
      if (start > 0) await nextTurn();
      const end = Math.min(column.rows, start + turnRows);
      this.#addPiece(ownCopy(sliceColumn(column, start, end) as KeyColumn), label + start, twin);
    }
  }

  #addPiece(column: KeyColumn, label: number, twin: (earlier: number, later: number) => boolean): void {
    const keys = new KeyRows(column);
    let [least, most] = [0, 0];
    for (let row = 1; row < column.rows; row++) {
      if (keys.compare(row, keys, least) < 0) least = row;
      else if (keys.compare(row, keys, most) > 0) most = row;
    }
    const start = this.rows;
    this.#pieces.push({ keys, label, start, least, most });
    this.rows += column.rows;
    this.sizeBytes += column.type === 'string' ? column.bytes.byteLength + 4 * column.rows : 8 * column.rows;
    for (let row = 0; row < column.rows; row++) {
      const hash = keys.hash(row);
      const part = (this.#parts[hash >>> 24] ??= { slots: new Int32Array(32), used: 0 });
      const at = this.#slotOf(part, keys, row, hash);
      const entry = (part.slots[at] as number) - 1;
      if (entry >= 0 && !twin(this.#labelOf(entry), label + row)) continue;
      part.slots[at] = start + row + 1;
      part.slots[at + 1] = hash;
      if (entry >= 0) continue;
      part.used++;
      this.sizeBytes += 16;
      if (4 * part.used > part.slots.length) grow(part);
    }
  }

  /** What the row that has the key is called; -1 where there is none, and of a null. */
  find(keys: KeyRows, row: number): number {
    if (keys.isNull(row)) return -1;
    const hash = keys.hash(row);
    const part = this.#parts[hash >>> 24];
    if (part === undefined) return -1;
    const entry = (part.slots[this.#slotOf(part, keys, row, hash)] as number) - 1;
    return entry < 0 ? -1 : this.#labelOf(entry);
  }

  /** The slot that has the key, or the free one where it would go. */
  #slotOf({ slots }: Part, keys: KeyRows, row: number, hash: number): number {
    const mask = slots.length - 1;
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const entry = (slots[at] as number) - 1;
      if (entry < 0) return at;
      if (slots[at + 1] !== hash) continue;
      const piece = this.#pieceOf(entry);
      if (piece.keys.compare(entry - piece.start, keys, row) === 0) return at;
    }
  }

  #pieceOf(entry: number): Piece {
    return this.#pieces[lastIndexAtMost(this.#pieces, entry, ({ start }) => start)] as Piece;
  }

  #labelOf(entry: number): number {
    const piece = this.#pieceOf(entry);
    return piece.label + entry - piece.start;
  }

  /** The key of the row that is called so. */
  keyAt(label: number): Value {
    const piece = this.#pieces.find((one) => label >= one.label && label < one.label + one.keys.column.rows);
    return piece === undefined ? null : valueAt(piece.keys.column, label - piece.label);
  }

  /** The keys in the order in which they came, with those that another took the place of. */
  columns(): readonly KeyRows[] {
    return this.#pieces.map(({ keys }) => keys);
  }

  /** All of them as one column; for few. There is one at least. */
  column(): KeyColumn {
    return joinColumns(this.#pieces.map(({ keys }) => keys.column)) as KeyColumn;
  }

  /** Whether rows of which the statistics are known may have one of the keys. */
  mayMatch({ rows, nulls, least, most, distinct }: Statistics): boolean {
    if (nulls >= rows || this.rows === 0) return false;
    if (distinct !== undefined) {
      const some = this.#keysOf(distinct);
      return distinct.some((_, i) => this.find(some, i) >= 0);
    }
    const [low, high] = [least, most].map((bound) =>
      bound === undefined ? undefined : this.#keysOf([bound]),
    );
    let left = comparedKeys;
    for (const piece of this.#pieces) {
      const { keys } = piece;
      if (low !== undefined && keys.compare(piece.most, low, 0) < 0) continue;
      if (high !== undefined && keys.compare(piece.least, high, 0) > 0) continue;
      for (let row = 0; row < keys.column.rows; row++) {
        const isAbove = low === undefined || keys.compare(row, low, 0) >= 0;
        if (isAbove && (high === undefined || keys.compare(row, high, 0) <= 0)) return true;
        if (--left === 0) return true;
      }
    }
    return false;
  }

  #keysOf(values: readonly Value[]): KeyRows {
    return new KeyRows(columnOf('key', this.type, values as readonly (bigint | string)[]) as KeyColumn);
  }
}

function grow(part: Part): void {
  const { slots } = part;
  const larger = new Int32Array(2 * slots.length);
  const mask = larger.length - 1;
  for (let from = 0; from < slots.length; from += 2) {
    if (slots[from] === 0) continue;
    const hash = slots[from + 1] as number;
    let at = (hash << 1) & mask;
    while (larger[at] !== 0) at = (at + 2) & mask;
    larger[at] = slots[from] as number;
    larger[at + 1] = hash;
  }
  part.slots = larger;
}

/** So that a few rows do not keep a large buffer, and nobody changes them. */
function ownCopy(column: KeyColumn): KeyColumn {
  if (column.type === 'string') return { ...column, bytes: column.bytes.slice() };
  return { ...column, values: column.values.slice(0, column.rows) };
}

/** The first row without a value; -1 where each has one. */
export function firstNull({ rows, valid }: Column): number {
  if (valid === undefined) return -1;
  for (let row = 0; row < rows; row++) if (!bitAt(valid, row)) return row;
  return -1;
}

/** A key in a message: texts in quotes, cut. */
export function keyText(value: Value): string {
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
