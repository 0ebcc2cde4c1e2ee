// Comparisons of real numbers, exactly: a number of the filter as the nearest value that a column can hold,
// with the operator that then says the same. What no value of the column can change comes out as a boolean.
import type { CompareOperator } from './expression.js';
import { maxInt64, minInt64 } from '../../util/timestamp.js';

/** The same comparison with a value of the column's type; or its outcome for every value but null. */
export type Comparison<T> = { readonly operator: CompareOperator; readonly value: T } | boolean;

/** For a column of int64. */
export function compareInt(operator: CompareOperator, value: bigint | number): Comparison<bigint> {
  if (value === Number.POSITIVE_INFINITY) return belowAll(operator);
  if (value === Number.NEGATIVE_INFINITY) return aboveAll(operator);
  const below = typeof value === 'bigint' ? value : BigInt(Math.floor(value));
  const between = typeof value === 'number' && !Number.isInteger(value);
  if (between) return inGap(operator, below, below + 1n);
  if (below > maxInt64) return belowAll(operator);
  if (below < minInt64) return aboveAll(operator);
  return { operator, value: below };
}

/** For a column of float64, infinities included; NaN differs from all and compares with none. */
export function compareFloat(operator: CompareOperator, value: bigint | number): Comparison<number> {
  if (typeof value === 'number') return { operator, value };
  const nearest = Number(value);
  if (Number.isFinite(nearest) && BigInt(nearest) === value) return { operator, value: nearest };
  const isBelow = Number.isFinite(nearest) ? BigInt(nearest) < value : nearest < 0;
  return isBelow
    ? inGap(operator, nearest, nextAbove(nearest))
    : inGap(operator, -nextAbove(-nearest), nearest);
}

/** Every value of the column is below the number. */
function belowAll(operator: CompareOperator): boolean {
  return operator === '<' || operator === '<=' || operator === '!=';
}

function aboveAll(operator: CompareOperator): boolean {
  return operator === '>' || operator === '>=' || operator === '!=';
}

/** The number lies between two neighbouring values of the column. */
function inGap<T>(operator: CompareOperator, below: T, above: T): Comparison<T> {
  switch (operator) {
    case '=':
      return false;
    case '!=':
      return true;
    case '<':
    case '<=':
      return { operator: '<=', value: below };
    case '>':
    case '>=':
      return { operator: '>=', value: above };
  }
}

const float = new Float64Array(1);
const bits = new BigInt64Array(float.buffer);

/** The next float64 above one that is not zero and not `infinity`: neighbours have neighbouring bits. */
function nextAbove(value: number): number {
  float[0] = value;
  bits[0] = (bits[0] as bigint) + (value > 0 ? 1n : -1n);
  return float[0];
}
