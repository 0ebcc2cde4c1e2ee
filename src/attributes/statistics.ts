// What a column holds, in a few words: enough to know of many filters that no row of it can match, without
// reading it. A value that is left out makes a statistic wider, never wrong.
import { fromNative, type NativeBinding } from '../native.js';
import type { ColumnStatistics } from '../native/statistics.js';
import { compareText } from '../util/text.js';
import type { Column } from './column.js';
import { inBytes } from './native-column.js';
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
  /**
   * All values, or items, each once, in order of their first rows; absent where they are more than 16. 0
   * stands for -0 as well.
   */
  readonly distinct?: readonly Value[];
}

/** Characters of a text that a statistic tells at most. */
export const mostCharacters = 32;

/**
 * Cost: one pass over the column off the event loop. Until the promise settles nobody changes the column.
 * `Corrupt` for offsets that lead out of it.
 */
export async function statisticsOf(native: NativeBinding, column: Column): Promise<Statistics> {
  const found = await native.columnStatistics(inBytes(column)).catch((error: unknown) => {
    throw fromNative(error);
  });
  return statisticsOfPlaces(column, found);
}

/** Lists are told by their items. */
function statisticsOfPlaces(column: Column, found: ColumnStatistics): Statistics {
  const values = column.type === 'strings' ? column.items : column;
  const at = (place: number | null | undefined): Value =>
    place === null || place === undefined ? null : valueAt(values, place);
  const [least, most] = [at(found.least), at(found.most)];
  const distinct = found.distinct?.map(at).map((value) => (Object.is(value, -0) ? 0 : value));
  const upper = typeof most === 'string' ? cutAbove(most) : most;
  return {
    rows: column.rows,
    nulls: found.nulls,
    nans: found.nans,
    ...(least !== null && { least: typeof least === 'string' ? cut(least) : least }),
    ...(upper !== null && { most: upper }),
    ...(distinct?.every(isShort) && { distinct }),
  };
}

/** Of values of one type; false is below true. */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (a === b || a === null || b === null) return 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

function isShort(value: Value): boolean {
  if (typeof value !== 'string' || value.length <= mostCharacters) return true;
  return value.length <= 2 * mostCharacters && Array.from(value).length <= mostCharacters;
}

/** A beginning of the text is not above it. */
function cut(text: string): string {
  return isShort(text) ? text : firstCharacters(text).join('');
}

/** A short text that is not below this one; null where there is none. */
function cutAbove(text: string): string | null {
  if (isShort(text)) return text;
  const characters = firstCharacters(text);
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const next = (last.codePointAt(0) ?? 0) + 1;
    // Halves of surrogate pairs are no characters.
    if (next <= 0x10ffff) return characters.join('') + String.fromCodePoint(next === 0xd800 ? 0xe000 : next);
  }
  return null;
}

function firstCharacters(text: string): string[] {
  // A character has two halves at most.
  return Array.from(text.slice(0, 2 * mostCharacters)).slice(0, mostCharacters);
}
