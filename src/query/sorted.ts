// Terms of filters by sorted blocks: a term as ranges of values, the blocks that these touch, and the rows of
// them as sets.
//
// Of a term the rows of the side that is asked for are taken, or all others, whichever are in fewer bytes.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { IndexedRows } from '../arrays/attribute-index.js';
import { encodeValue } from '../arrays/column-message.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { bytesRead, readUnchecked } from '../arrays/self-checked.js';
import { firstBlock, type SortedIndex } from '../arrays/sorted-index.js';
import { compareValues } from '../attributes/statistics.js';
import type { Value } from '../attributes/values.js';
import { NacreError } from '../errors.js';
import { fromNative } from '../native.js';
import type { ValueRanges } from '../native/sorted-blocks.js';
import type { ByteRange, CallOptions } from '../storage/object-store.js';
import { concat } from '../util/bytes.js';
import { defined } from '../util/assert.js';
import type { BoundComparison } from './filter/bind.js';
import type { OnColumn } from './filter/scan.js';
import {
  type Asked,
  bytesWithin,
  type LoadedIndex,
  loadedIndex,
  type Picked,
  rangesOf,
} from './index-sets.js';

/**
 * The share of the column's bytes up to which blocks are read in its place. A pair has 1.5 times the bytes of
 * a number, and its rows are put into sets one by one: RFC 0009 has the figures.
 */
const mostOfColumn = 1 / 2;

/** Rows of a segment by their values; of all others nothing is wanted. */
interface Rows {
  readonly values: ValueRanges;
  readonly nans: boolean;
  readonly nulls: boolean;
}

interface Pick extends Rows {
  readonly to: boolean;
  /** Numbers of blocks in the directory. */
  readonly blocks: Uint32Array;
  /** Numbers of what is read in the object, ascending. */
  readonly parts: readonly number[];
  readonly bytes: number;
}

/** Terms that are looked up until the event loop has its turn: some milliseconds. */
const termsOfTurn = 100;

/** Made once for all segments: a list may have thousands of values. */
const made = new WeakMap<OnColumn, { readonly rows: Rows | undefined }>();

/** Whether blocks can answer the term: its values lie in ranges of their order. */
export function hasRanges(term: OnColumn): boolean {
  return rowsOf(term) !== undefined;
}

/** The rows of which a term is true; undefined where that is no matter of order. */
function rowsOf(term: OnColumn): Rows | undefined {
  const known = made.get(term) ?? { rows: makeRows(term) };
  made.set(term, known);
  return known.rows;
}

export interface LoadedBlocks {
  readonly index: LoadedIndex;
  readonly blocks: number;
  readonly bytes: number;
}

/**
 * What stands for each side of a term that is asked for, all of which have ranges; undefined where the column
 * is fewer bytes. Cost: one wave. `Corrupt` for what is not as its checksum says.
 */
export async function loadBlocks(
  environment: ArrayEnvironment,
  { part }: IndexedRows,
  index: SortedIndex,
  asked: readonly Asked[],
  options: CallOptions,
): Promise<LoadedBlocks | undefined> {
  const picks: (Asked & { readonly pick: Pick })[] = [];
  for (const one of asked) {
    picks.push({ ...one, pick: pickOf(one, index) });
    if (picks.length % termsOfTurn === 0) await nextTurn();
  }
  const parts = [...new Set(picks.flatMap(({ pick }) => pick.parts))].sort((a, b) => a - b);
  const bytes = parts.reduce((sum, number) => sum + (index.lengths[number] ?? 0), 0);
  const ranges = rangesOf(parts, index);
  const isMore = bytes > index.columnBytes * mostOfColumn;
  if (isMore || bytesRead(environment, ranges) > index.columnBytes) return undefined;
  const bytesAt = bytesWithin(ranges, await readUnchecked(environment, part, ranges, options));
  const picked = await Promise.all(
    picks.map(async (one) => ({ ...one, picked: await rowsIn(environment, index, one.pick, bytesAt) })),
  );
  const blocks = parts.filter((number) => number >= firstBlock).length;
  return { index: loadedIndex(picked), blocks, bytes };
}

async function rowsIn(
  { functions }: ArrayEnvironment,
  index: SortedIndex,
  { values, blocks, parts, to }: Pick,
  bytesAt: (range: ByteRange) => Uint8Array,
): Promise<Picked> {
  const sets = parts
    .filter((number) => number < firstBlock)
    .map((number) => {
      const set = defined(rangesOf([number], index).map(bytesAt)[0], 'set');
      const { rows, sum } = defined(index.sets[number], 'set');
      if (functions.crc32c(set) === sum) return { set, rows };
      throw new NacreError('Corrupt', 'a set of rows is not what its checksum says');
    });
  if (blocks.length > 0) {
    const pieces = rangesOf(blocksOf(blocks), index).map(bytesAt);
    sets.push(
      await index.blocks.select(values, blocks, pieces).catch((error: unknown) => {
        throw fromNative(error);
      }),
    );
  }
  return {
    ...{ to, bytes: sets.reduce((sum, { set }) => sum + set.byteLength, 0) },
    pieces: sets.map(({ set }) => set),
    lengths: Uint32Array.from(sets, ({ set }) => set.byteLength),
    counts: Uint32Array.from(sets, ({ rows }) => rows),
  };
}

function blocksOf(blocks: Uint32Array): number[] {
  return Array.from(blocks, (block) => block + firstBlock);
}

function pickOf({ term, side }: Asked, index: SortedIndex): Pick {
  const holds = defined(rowsOf(term), 'ranges of a term');
  // Of a null a term is unknown, but one: it is on neither side.
  const wanted = side === 'holds' ? holds : { ...others(holds), nulls: false };
  const [some, rest] = [pick(wanted, true, index), pick(others(wanted), false, index)];
  return rest.bytes < some.bytes ? rest : some;
}

function pick(rows: Rows, to: boolean, index: SortedIndex): Pick {
  const blocks = index.blocks.touched(rows.values);
  const isThere = [rows.nulls, rows.nans];
  const sets = isThere.flatMap((is, number) => (is && (index.lengths[number] ?? 0) > 0 ? [number] : []));
  const parts = [...sets, ...blocksOf(blocks)];
  const bytes = parts.reduce((sum, number) => sum + (index.lengths[number] ?? 0), 0);
  return { ...rows, to, blocks, parts, bytes };
}

function others({ values, nans, nulls }: Rows): Rows {
  return { values: { ...values, inverted: !values.inverted }, nans: !nans, nulls: !nulls };
}

function makeRows(term: OnColumn): Rows | undefined {
  const none = { nans: false, nulls: false };
  switch (term.kind) {
    case 'isNull':
      return { ...none, values: ranges([]), nulls: true };
    case 'ofValues':
      return { ...none, values: { ...ranges([]), inverted: term.value }, nans: term.value };
    case 'in':
      return { ...none, values: ranges([...term.values].map(point)) };
    case 'startsWith':
      return { ...none, values: ranges([beginningWith(encodeValue(term.prefix))]) };
    case 'range':
      return { ...none, values: ranges([between(term.terms)]) };
    case 'like': {
      // A text, or the beginning of one.
      const [begin, end, ...rest] = term.pattern.stretches;
      if (begin === undefined || begin.wild || rest.length > 0 || (end?.units.length ?? 0) > 0)
        return undefined;
      const text = String.fromCharCode(...begin.units);
      const range = end === undefined ? point(text) : beginningWith(encodeValue(text));
      return { ...none, values: ranges([range]) };
    }
    case 'compare': {
      const { operator, value } = term;
      if (operator === '=') return { ...none, values: ranges([point(value)]) };
      if (operator !== '!=') return { ...none, values: ranges([between([term])]) };
      return { values: { ...ranges([point(value)]), inverted: true }, nans: true, nulls: false };
    }
    case 'hasText':
    case 'hasItem':
      return undefined;
  }
}

interface End {
  readonly value: Uint8Array;
  readonly isIncluded: boolean;
}

interface Range {
  readonly low?: End;
  readonly high?: End;
}

/** The closest of the bounds. */
function between(terms: readonly BoundComparison[]): Range {
  const closest = (isLow: boolean): { low?: End; high?: End } => {
    let bound: BoundComparison | undefined;
    for (const term of terms) {
      if (term.operator.startsWith('>') !== isLow) continue;
      const order = bound === undefined ? 1 : compareValues(term.value, bound.value) * (isLow ? 1 : -1);
      if (order > 0 || (order === 0 && !term.operator.endsWith('='))) bound = term;
    }
    if (bound === undefined) return {};
    const end = { value: encodeValue(bound.value), isIncluded: bound.operator.endsWith('=') };
    return isLow ? { low: end } : { high: end };
  };
  return { ...closest(true), ...closest(false) };
}

function point(value: Value): Range {
  const end = { value: encodeValue(value), isIncluded: true };
  return { low: end, high: end };
}

/** No byte of a text is 255, so that the last byte of a prefix has one above it. */
function beginningWith(prefix: Uint8Array): Range {
  if (prefix.length === 0) return {};
  const behind = prefix.slice();
  behind[behind.length - 1] = (behind.at(-1) ?? 0) + 1;
  return { low: { value: prefix, isIncluded: true }, high: { value: behind, isIncluded: false } };
}

function ranges(each: readonly Range[]): ValueRanges {
  const values: Uint8Array[] = [];
  const ends = new Uint32Array(2 * each.length);
  const flags = new Uint8Array(each.length);
  let at = 0;
  for (const [i, { low, high }] of each.entries()) {
    for (const [k, end] of [low, high].entries()) {
      if (end !== undefined) {
        values.push(end.value);
        at += end.value.byteLength;
        flags[i] = (flags[i] ?? 0) | ((end.isIncluded ? 3 : 1) << (2 * k));
      }
      ends[2 * i + k] = at;
    }
  }
  return { values: concat(values), ends, flags, inverted: false };
}
