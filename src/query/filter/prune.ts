// What a filter can be of rows of which only statistics are known. More may be said to be possible than is,
// never less: what is ruled out here need not be read.
import { compareValues, type Statistics } from '../../attributes/statistics.js';
import type { Value } from '../../attributes/values.js';
import type { BoundExpression } from './bind.js';
import { evaluate } from './evaluate.js';

/** What the filter can be of a row; of all three nothing is known, of `true` alone every row matches. */
export interface Truths {
  readonly true: boolean;
  readonly false: boolean;
  readonly unknown: boolean;
}

const anything: Truths = { true: true, false: true, unknown: true };

/**
 * `statistics` has those of the attributes that the filter was bound to, all of the same rows; undefined
 * where nothing is known of one. Operands are looked at one by one, as if each were of another row.
 */
export function possibleTruths(
  filter: BoundExpression,
  statistics: readonly (Statistics | undefined)[],
): Truths {
  if (filter.kind === 'constant') return { true: filter.value, false: !filter.value, unknown: false };
  if (filter.kind === 'not') return denied(possibleTruths(filter.operand, statistics));
  if (filter.kind === 'and')
    return all(filter.operands.map((operand) => possibleTruths(operand, statistics)));
  if (filter.kind === 'or') {
    return denied(all(filter.operands.map((operand) => denied(possibleTruths(operand, statistics)))));
  }
  if (filter.kind === 'range') return all(filter.terms.map((term) => possibleTruths(term, statistics)));
  return ofColumn(filter, statistics[filter.column]);
}

function denied(truths: Truths): Truths {
  return { true: truths.false, false: truths.true, unknown: truths.unknown };
}

function all(operands: readonly Truths[]): Truths {
  return {
    true: operands.every((operand) => operand.true),
    false: operands.some((operand) => operand.false),
    unknown: operands.some(
      ({ unknown }, i) => unknown && operands.every((other, k) => k === i || other.true || other.unknown),
    ),
  };
}

type OnColumn = Exclude<Extract<BoundExpression, { readonly column: number }>, { readonly kind: 'range' }>;

function ofColumn(filter: OnColumn, statistics: Statistics | undefined): Truths {
  if (statistics === undefined) return anything;
  const { rows, nulls } = statistics;
  if (filter.kind === 'isNull') return { true: nulls > 0, false: nulls < rows, unknown: false };
  const unknown = nulls > 0;
  if (nulls >= rows) return { true: false, false: false, unknown };
  return { ...ofValues(filter, statistics), unknown };
}

type OfValues = Omit<Truths, 'unknown'>;

/** Of the rows that are not null; there are some. */
function ofValues(filter: Exclude<OnColumn, { readonly kind: 'isNull' }>, statistics: Statistics): OfValues {
  const { distinct } = statistics;
  if (filter.kind === 'ofValues') return { true: filter.value, false: !filter.value };
  if (filter.kind === 'hasItem') {
    // `distinct` are items, of whatever rows.
    const may = distinct?.includes(filter.item) ?? isWithin(filter.item, statistics);
    return { true: may, false: true };
  }
  if (distinct !== undefined) {
    const truths = distinct.map((value) => truthOf(filter, value));
    return { true: truths.includes(true), false: truths.includes(false) };
  }
  if (filter.kind === 'compare') return compared(filter, statistics);
  if (filter.kind === 'in') {
    return { true: [...filter.values].some((value) => isWithin(value, statistics)), false: true };
  }
  if (filter.kind === 'startsWith') return { true: mayStartWith(filter.prefix, statistics), false: true };
  return { true: true, false: true };
}

function truthOf(filter: OnColumn, value: Value): boolean | null {
  const row: Value[] = [];
  row[filter.column] = value;
  return evaluate(filter, row);
}

/** Whether a row can have the value, by the range of all. */
function isWithin(value: Value, { least, most }: Statistics): boolean {
  if (least === undefined) return false;
  return compareValues(least, value) <= 0 && (most === undefined || compareValues(value, most) <= 0);
}

function compared(
  { operator, value }: Extract<BoundExpression, { readonly kind: 'compare' }>,
  statistics: Statistics,
): OfValues {
  const { least, most, nans } = statistics;
  const isNan = nans > 0;
  // NaN is unequal to everything, and neither below nor above it.
  if (least === undefined) return { true: operator === '!=', false: operator !== '!=' };
  const low = compareValues(least, value);
  const high = most === undefined ? 1 : compareValues(most, value);
  const isOnly = low === 0 && high === 0;
  switch (operator) {
    case '=':
      return { true: low <= 0 && high >= 0, false: !isOnly || isNan };
    case '!=':
      return { true: !isOnly || isNan, false: low <= 0 && high >= 0 };
    case '<':
      return { true: low < 0, false: high >= 0 || isNan };
    case '<=':
      return { true: low <= 0, false: high > 0 || isNan };
    case '>':
      return { true: high > 0, false: low <= 0 || isNan };
    case '>=':
      return { true: high >= 0, false: low < 0 || isNan };
  }
}

/** Whether a text between the bounds can begin so. */
function mayStartWith(prefix: string, { least, most }: Statistics): boolean {
  if (most !== undefined && compareValues(most, prefix) < 0) return false;
  const begins = typeof least === 'string' && least.startsWith(prefix);
  return least !== undefined && (begins || compareValues(least, prefix) <= 0);
}
