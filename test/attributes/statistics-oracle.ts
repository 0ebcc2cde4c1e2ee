// Statistics of a column value by value, by the rules alone: what the native ones are held against.
import type { Column } from '../../src/attributes/column.js';
import { compareValues, mostCharacters, type Statistics } from '../../src/attributes/statistics.js';
import { type Value, valueAt } from '../../src/attributes/values.js';

const mostDistinct = 16;

export function expectedStatistics(column: Column): Statistics {
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
