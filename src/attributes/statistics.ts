// What a column holds, in a few words: enough to know of many filters that no row of it can match, without
// reading it. A value that is left out makes a statistic wider, never wrong.
import type { Column } from './column.js';
import { compareText } from '../util/text.js';
import { type Value, valueAt } from './values.js';

export interface Statistics {
  readonly rows: number;
  readonly nulls: number;
  /** Rows that are NaN; they are outside of `least` and `most`, and among `distinct`. */
  readonly nans: number;
  /**
   * No value is below `least` or above `most`: by number, by code points for text, by item for lists of text.
   * Absent where nothing has a value, and `most` where long texts have no short one above them.
   */
  readonly least?: Value;
  readonly most?: Value;
  /** All values, or items, each once, in order of their first rows; absent where they are many. */
  readonly distinct?: readonly Value[];
}

/** Values that are told one by one at most. */
export const mostDistinct = 16;
/** Characters of a text that a statistic tells at most. */
export const mostCharacters = 32;

export function statisticsOf(column: Column): Statistics {
  let [nulls, nans] = [0, 0];
  let least: Value = null;
  let most: Value = null;
  const distinct = new Set<Value>();
  const see = (value: Exclude<Value, null>): void => {
    if (distinct.size <= mostDistinct) distinct.add(value);
    if (Number.isNaN(value)) {
      nans++;
      return;
    }
    if (least === null || compareValues(value, least) < 0) least = value;
    if (most === null || compareValues(value, most) > 0) most = value;
  };
  for (let row = 0; row < column.rows; row++) {
    const value = valueAt(column, row);
    if (value === null) nulls++;
    else if (column.type === 'strings') for (const item of value as readonly string[]) see(item);
    else see(value);
  }
  const few = distinct.size <= mostDistinct && [...distinct].every(isShort);
  const upper = typeof most === 'string' ? cutAbove(most) : most;
  return {
    rows: column.rows,
    nulls,
    nans,
    ...(least !== null && { least: typeof least === 'string' ? cut(least) : least }),
    ...(upper !== null && { most: upper }),
    ...(few && { distinct: [...distinct] }),
  };
}

/** Of values of one type; false is below true. */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (a === b || a === null || b === null) return 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

function isShort(value: Value): boolean {
  return typeof value !== 'string' || Array.from(value).length <= mostCharacters;
}

/** A beginning of the text is not above it. */
function cut(text: string): string {
  return isShort(text) ? text : Array.from(text).slice(0, mostCharacters).join('');
}

/** A short text that is not below this one; null where there is none. */
function cutAbove(text: string): string | null {
  if (isShort(text)) return text;
  const characters = Array.from(text).slice(0, mostCharacters);
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const next = (last.codePointAt(0) ?? 0) + 1;
    // Halves of surrogate pairs are no characters.
    if (next <= 0x10ffff) return characters.join('') + String.fromCodePoint(next === 0xd800 ? 0xe000 : next);
  }
  return null;
}
