// A bound filter over whole columns: its terms are evaluated natively, each over one column, or taken from an
// index, and joined here. What comes out is what evaluate.ts says of each row.
//
// Of every node there are two sets of rows, those where it is true and those where it is false; of the rest
// it is unknown. So `not` swaps them, and `and` and `or` are one operation on words of 32 rows. One of the
// two is asked for, and that asks one of each operand.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { bytesOfBits } from '../../attributes/bits.js';
import type { AttributeType, Column } from '../../attributes/column.js';
import { bytesOf, inBytes } from '../../attributes/native-column.js';
import { columnOf } from '../../attributes/values.js';
import { NacreError } from '../../errors.js';
import { fromNative, type NativeBinding } from '../../native.js';
import type { FilterColumn, FilterTerm, FilterTest } from '../../native/filter.js';
import type { CallOptions } from '../../storage/object-store.js';
import { utf8 } from '../../util/bytes.js';
import { throwIfAborted } from '../../util/runtime.js';
import type { BoundExpression } from './bind.js';
import type { LikePattern } from './like.js';

/**
 * Bytes of a column that a term reads on the event loop: half a millisecond of short texts, and less than the
 * way to the pool and back for numbers.
 */
const mostNow = 64 << 10;
/** The same of all terms until the event loop has its turn. */
const mostTurn = 256 << 10;
/** What a term costs besides, in bytes of a column. */
const termCost = 1 << 10;
/** How many times as long a byte can take in a pattern that tries a stretch at every place. */
const wildCost = 256;

/**
 * The rows that match, as bits: those of which the filter is true, not false and not unknown. `columns[i]`
 * has the values of attribute i of those that the filter was bound to, or an index of them; undefined stands
 * for one that is null in every row.
 *
 * Cost: per term one pass over its column by all threads, numbers as fast as memory gives them. Terms of an
 * `and` (`or`) are left away once those before hold of no row (of every row). Until the promise settles
 * nobody changes the columns. Errors: `Corrupt` for a column that has not so many rows, or whose offsets lead
 * out of it; `Aborted` between two terms.
 */
export async function filterColumns(
  native: NativeBinding,
  filter: BoundExpression,
  columns: readonly (Column | IndexedColumn | undefined)[],
  rows: number,
  { signal }: CallOptions = {},
): Promise<Uint8Array> {
  const holds = await new Evaluation(native, columns, rows, signal).side(filter, 'holds');
  return new Uint8Array(holds.buffer, 0, bytesOfBits(rows));
}

/** Rows of which a node is true, or those of which it is false. */
export type Side = 'holds' | 'fails';

export type OnColumn = Extract<BoundExpression, { readonly column: number }>;

/** What stands for a column: it knows the rows of each term. */
export interface IndexedColumn {
  readonly type: 'indexed';
  readonly rows: number;
  /** What the next is on the event loop, in bytes of a column; more than `mostNow` goes to the pool. */
  cost(term: OnColumn, side: Side): number;
  /** Puts the rows into bits, all of them; behind the last row they are zero. */
  fillNow(term: OnColumn, side: Side, bits: Uint8Array): void;
  /** The same off the event loop. */
  fill(term: OnColumn, side: Side, bits: Uint8Array): Promise<void>;
}

/** Bits of rows, in words of 32; behind the last row they are zero. */
type Words = Uint32Array<ArrayBuffer>;

type OnValues = Exclude<OnColumn, { readonly kind: 'isNull' | 'ofValues' | 'range' }>;

class Evaluation {
  readonly #native: NativeBinding;
  readonly #columns: readonly (Column | IndexedColumn | undefined)[];
  readonly #rows: number;
  readonly #words: number;
  readonly #signal: AbortSignal | undefined;
  /** Work on the event loop since its last turn, in bytes of a column. */
  #spent = 0;

  constructor(
    native: NativeBinding,
    columns: readonly (Column | IndexedColumn | undefined)[],
    rows: number,
    signal: AbortSignal | undefined,
  ) {
    this.#native = native;
    this.#columns = columns;
    this.#rows = rows;
    this.#words = Math.ceil(rows / 32);
    this.#signal = signal;
  }

  /** The words are the caller's own. */
  async side(filter: BoundExpression, side: Side): Promise<Words> {
    if (filter.kind === 'not') return this.side(filter.operand, side === 'holds' ? 'fails' : 'holds');
    if (filter.kind === 'and') return this.#join(filter.operands, side, side === 'holds');
    if (filter.kind === 'or') return this.#join(filter.operands, side, side === 'fails');
    if (filter.kind !== 'constant') return this.#ofColumn(filter, side);
    return filter.value === (side === 'holds') ? this.#every() : this.#none();
  }

  /** The rows that all operands have on this side, or that one has. */
  async #join(operands: readonly BoundExpression[], side: Side, isOfAll: boolean): Promise<Words> {
    let joined: Words | undefined;
    for (const operand of operands) {
      const next = await this.side(operand, side);
      if (joined === undefined) joined = next;
      else if (isOfAll) andInto(joined, next);
      else orInto(joined, next);
      if (isOfAll ? isNone(joined) : this.#isEvery(joined)) break;
      await this.#pace(this.#words);
    }
    return joined ?? (isOfAll ? this.#every() : this.#none());
  }

  async #ofColumn(filter: OnColumn, side: Side): Promise<Words> {
    throwIfAborted(this.#signal);
    const column = this.#columns[filter.column];
    if (column === undefined) {
      return filter.kind === 'isNull' && side === 'holds' ? this.#every() : this.#none();
    }
    if (column.rows !== this.#rows) {
      throw damaged(`column ${filter.column} has ${column.rows} rows, where others have ${this.#rows}`);
    }
    if (column.type === 'indexed') return this.#ofIndex(filter, column, side);
    if (filter.kind === 'range') return this.#join(filter.terms, side, side === 'holds');
    if (filter.kind !== 'isNull' && filter.kind !== 'ofValues') return this.#ofValues(filter, column, side);
    await this.#pace(this.#words);
    const known = this.#known(column);
    if (filter.kind === 'ofValues') return filter.value === (side === 'holds') ? known : this.#none();
    if (side === 'fails') return known;
    const nulls = this.#every();
    for (let i = 0; i < nulls.length; i++) nulls[i] = (nulls[i] as number) & ~(known[i] as number);
    return nulls;
  }

  async #ofIndex(filter: OnColumn, column: IndexedColumn, side: Side): Promise<Words> {
    const words = this.#none();
    const bits = bytesOf(words).subarray(0, bytesOfBits(this.#rows));
    const cost = column.cost(filter, side);
    if (cost > mostNow) {
      await column.fill(filter, side, bits);
      this.#spent = 0;
    } else {
      await this.#pace(cost + termCost);
      column.fillNow(filter, side, bits);
    }
    return words;
  }

  async #ofValues(filter: OnValues, column: Column, side: Side): Promise<Words> {
    const [holds, fails] = [this.#none(), this.#none()];
    const values = inBytes(column);
    const size = values.values.length + bytesOf(values.offsets).length + bytesOf(values.lists).length;
    const cost = size * (filter.kind === 'like' && isWild(filter.pattern) ? wildCost : 1);
    try {
      const term = termOf(this.#native, filter, column.type);
      const answers = [holds, fails].map((words) => bytesOf(words).subarray(0, bytesOfBits(this.#rows)));
      const given = [values, ...answers] as [FilterColumn, Uint8Array, Uint8Array];
      if (cost > mostNow) {
        await term.evaluate(...given);
        this.#spent = 0;
      } else {
        await this.#pace(cost + termCost);
        term.evaluateNow(...given);
      }
    } catch (error) {
      throw fromNative(error);
    }
    return side === 'holds' ? holds : fails;
  }

  /** Rows that are not null. */
  #known({ valid }: Column): Words {
    const known = this.#every();
    if (valid === undefined) return known;
    const bytes = bytesOfBits(this.#rows);
    if (valid.length < bytes) {
      throw damaged(`${valid.length} bytes of bits do not reach to row ${this.#rows}`);
    }
    const words = this.#none();
    bytesOf(words).set(valid.subarray(0, bytes));
    andInto(known, words);
    return known;
  }

  #none(): Words {
    return new Uint32Array(this.#words);
  }

  #every(): Words {
    const every = this.#none().fill(0xffff_ffff);
    if (this.#rows % 32 > 0) every[this.#words - 1] = this.#lastWord();
    return every;
  }

  #isEvery(words: Uint32Array): boolean {
    const last = this.#words - 1;
    for (let i = 0; i < last; i++) if (words[i] !== 0xffff_ffff) return false;
    return last < 0 || words[last] === this.#lastWord();
  }

  #lastWord(): number {
    return 0xffff_ffff >>> (-this.#rows & 31);
  }

  /** Gives the event loop its turn once enough was done in one. */
  async #pace(cost: number): Promise<void> {
    this.#spent += cost;
    if (this.#spent <= mostTurn) return;
    this.#spent = cost;
    await nextTurn();
    throwIfAborted(this.#signal);
  }
}

function orInto(into: Uint32Array, from: Uint32Array): void {
  for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) | (from[i] as number);
}

function andInto(into: Uint32Array, from: Uint32Array): void {
  for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) & (from[i] as number);
}

function isNone(words: Uint32Array): boolean {
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}

function isWild({ stretches }: LikePattern): boolean {
  return stretches.slice(1, -1).some(({ wild }) => wild);
}

/** Made once for all columns that a filter is evaluated over: lists of values are sorted or hashed first. */
const terms = new WeakMap<OnValues, FilterTerm>();

function termOf(native: NativeBinding, filter: OnValues, type: AttributeType): FilterTerm {
  const made = terms.get(filter);
  if (made !== undefined) return made;
  const test: FilterTest = filter.kind === 'compare' ? filter.operator : filter.kind;
  const term = native.createFilterTerm(test, operandsOf(filter, type));
  terms.set(filter, term);
  return term;
}

/** Instants are compared as integers, and lists by an item. */
function operandsOf(filter: OnValues, type: AttributeType): FilterColumn {
  const values = valuesOf(filter);
  if (type === 'string' || type === 'strings') return textsOf(values as readonly string[]);
  return inBytes(columnOf('of a filter', type === 'timestamp' ? 'int' : type, values));
}

function valuesOf(filter: OnValues): readonly (boolean | bigint | number | string)[] {
  switch (filter.kind) {
    case 'compare':
      return [filter.value];
    case 'in':
      return [...filter.values];
    case 'like':
      return [filter.pattern.text];
    case 'hasItem':
      return [filter.item];
    case 'hasText':
      return [filter.text];
    case 'startsWith':
      return [filter.prefix];
  }
}

/** Encoded at once: thousands of texts one by one would hold up the event loop for some 10 ms. */
function textsOf(texts: readonly string[]): FilterColumn {
  const offsets = new Int32Array(texts.length + 1);
  for (const [i, text] of texts.entries()) offsets[i + 1] = (offsets[i] as number) + Buffer.byteLength(text);
  return { type: 'string', rows: texts.length, values: utf8.encode(texts.join('')), offsets };
}

function damaged(what: string): NacreError {
  return new NacreError('Corrupt', `attributes: ${what}`);
}
