// A bound filter on one row, by the rules alone: what faster ways of evaluating are held against.
//
// Three values, as in SQL: true, false and unknown, here null. A comparison with a null is unknown, and so is
// what hangs on it; `false and unknown` is false, `true or unknown` is true, `not unknown` is unknown.
import type { Value } from '../../attributes/values.js';
import { compareText } from '../../util/text.js';
import type { BoundExpression } from './bind.js';
import type { CompareOperator } from './expression.js';
import { matchesLike } from './like.js';

/**
 * Whether the row matches: the filter is true of it, not false and not unknown. `row` has a value for each of
 * the attributes that the filter was bound to.
 *
 * NaN is equal to nothing, NaN neither, and is not below or above anything: of it `!=` is true and the other
 * comparisons are false. 0 equals -0. Strings compare by code points, as their UTF-8 bytes do; no locale and
 * no normal form comes in. `in ()` is false, and `not in ()` true, of nulls too.
 */
export function matches(filter: BoundExpression, row: readonly Value[]): boolean {
  return evaluate(filter, row) === true;
}

/** The truth of the filter on the row; null is unknown. */
export function evaluate(filter: BoundExpression, row: readonly Value[]): boolean | null {
  if (filter.kind === 'constant') return filter.value;
  if (filter.kind === 'and') return decide(filter.operands, row, false);
  if (filter.kind === 'or') return decide(filter.operands, row, true);
  if (filter.kind !== 'not') return evaluateOn(filter, row[filter.column] ?? null);
  const truth = evaluate(filter.operand, row);
  return truth === null ? null : !truth;
}

/** `decisive` if an operand is; else unknown if an operand is; else the other. */
function decide(
  operands: readonly BoundExpression[],
  row: readonly Value[],
  decisive: boolean,
): boolean | null {
  let result: boolean | null = !decisive;
  for (const operand of operands) {
    const truth = evaluate(operand, row);
    if (truth === decisive) return decisive;
    if (truth === null) result = null;
  }
  return result;
}

type OnColumn = Extract<BoundExpression, { readonly column: number }>;

function evaluateOn(filter: OnColumn, value: Value): boolean | null {
  if (filter.kind === 'isNull') return value === null;
  if (value === null) return null;
  switch (filter.kind) {
    case 'ofValues':
      return filter.value;
    case 'compare':
      return filter.type === 'string'
        ? holds(filter.operator, compareText(value as string, filter.value), 0)
        : holds(filter.operator, value as typeof filter.value, filter.value);
    case 'range':
      return filter.terms.every((term) => evaluateOn(term, value) === true);
    case 'in':
      return filter.values.has(value as string);
    case 'like':
      return matchesLike(filter.pattern, value as string);
    case 'hasItem':
      return (value as readonly string[]).includes(filter.item);
    case 'hasText':
      return (value as string).includes(filter.text);
    case 'startsWith':
      return (value as string).startsWith(filter.prefix);
  }
}

function holds<T extends boolean | bigint | number>(operator: CompareOperator, a: T, b: T): boolean {
  switch (operator) {
    case '=':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}
