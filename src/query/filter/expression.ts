// The filter language as a tree: what the builder and the parser make, and what binding and formatting read.
//
// Nodes are plain, frozen and in one form: a whole number that float64 holds safely is a bigint however it
// was written, an `and` within an `and` is part of it, and `not in`, `is not null` are a `not` around the
// node that they deny. So equal filters are equal trees. Nothing here knows columns; bind.ts does.
import { NacreError } from '../../errors.js';
import { halfPair } from '../../util/text.js';
import { checkPattern } from './like.js';
import { checkCount } from './limits.js';

/** A value that a column is compared with. */
export type Literal =
  | { readonly type: 'bool'; readonly value: boolean }
  /** A bigint where float64 holds the whole number safely or it was written in digits only. Never NaN. */
  | { readonly type: 'number'; readonly value: bigint | number }
  | { readonly type: 'string'; readonly value: string }
  /** Microseconds since 1970, UTC, within int64. */
  | { readonly type: 'timestamp'; readonly value: bigint };

export type CompareOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';

export type Expression =
  | {
      readonly kind: 'compare';
      readonly column: string;
      readonly operator: CompareOperator;
      readonly value: Literal;
    }
  | { readonly kind: 'in'; readonly column: string; readonly values: readonly Literal[] }
  /** From `low` to `high`, both included. */
  | { readonly kind: 'between'; readonly column: string; readonly low: Literal; readonly high: Literal }
  | { readonly kind: 'like'; readonly column: string; readonly pattern: string }
  | { readonly kind: 'contains'; readonly column: string; readonly value: string }
  | { readonly kind: 'startsWith'; readonly column: string; readonly prefix: string }
  | { readonly kind: 'isNull'; readonly column: string }
  /** Two or more operands, none of them an `and`. */
  | { readonly kind: 'and'; readonly operands: readonly Expression[] }
  /** Two or more operands, none of them an `or`. */
  | { readonly kind: 'or'; readonly operands: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression };

export function boolLiteral(value: boolean): Literal {
  return Object.freeze({ type: 'bool', value });
}

/** Errors: `InvalidArgument` for NaN, which compares with nothing. */
export function numberLiteral(value: bigint | number): Literal {
  if (Number.isNaN(value)) {
    throw new NacreError(
      'InvalidArgument',
      'NaN is no value to compare with: it equals nothing, not even NaN',
      {
        hint: 'For the rows that hold NaN: x is not null and not x >= -infinity.',
      },
    );
  }
  return Object.freeze({ type: 'number', value: Number.isSafeInteger(value) ? BigInt(value) : value });
}

/** Errors: `InvalidArgument` for half of a surrogate pair, which UTF-8 cannot hold. */
export function stringLiteral(value: string): Literal {
  return Object.freeze({ type: 'string', value: checkText(value) });
}

/** Microseconds since 1970, UTC; the caller has seen to it that int64 holds them. */
export function timestampLiteral(value: bigint): Literal {
  return Object.freeze({ type: 'timestamp', value });
}

export function compare(column: string, operator: CompareOperator, value: Literal): Expression {
  return Object.freeze({ kind: 'compare', column: checkColumn(column), operator, value });
}

export function isIn(column: string, values: readonly Literal[]): Expression {
  checkCount(values.length);
  return Object.freeze({ kind: 'in', column: checkColumn(column), values: Object.freeze([...values]) });
}

export function between(column: string, low: Literal, high: Literal): Expression {
  return Object.freeze({ kind: 'between', column: checkColumn(column), low, high });
}

/** Errors: `InvalidArgument` for a pattern that ends within an escape. */
export function like(column: string, pattern: string): Expression {
  return Object.freeze({
    kind: 'like',
    column: checkColumn(column),
    pattern: checkPattern(checkText(pattern)),
  });
}

export function contains(column: string, value: string): Expression {
  return Object.freeze({ kind: 'contains', column: checkColumn(column), value: checkText(value) });
}

export function startsWith(column: string, prefix: string): Expression {
  return Object.freeze({ kind: 'startsWith', column: checkColumn(column), prefix: checkText(prefix) });
}

export function isNull(column: string): Expression {
  return Object.freeze({ kind: 'isNull', column: checkColumn(column) });
}

/** One flat node of all operands; the operand itself where there is one. */
export function combine(kind: 'and' | 'or', operands: readonly Expression[]): Expression {
  const flat: Expression[] = [];
  for (const operand of operands) {
    const parts = operand.kind === kind ? operand.operands : [operand];
    checkCount(flat.length + parts.length);
    for (const part of parts) flat.push(part);
  }
  const [first] = flat;
  if (first === undefined) {
    throw new NacreError('InvalidArgument', `${kind}() was given no condition`, {
      hint: 'A query without a filter takes every row: leave the filter away.',
    });
  }
  return flat.length === 1 ? first : Object.freeze({ kind, operands: Object.freeze(flat) });
}

export function negate(operand: Expression): Expression {
  return Object.freeze({ kind: 'not', operand });
}

function checkColumn(name: string): string {
  if (typeof name === 'string' && name !== '') return checkText(name);
  throw new NacreError('InvalidArgument', 'the name of a column must be a string that is not empty');
}

/** Refuses what no column can hold, so that nothing compares with a text that was silently mended. */
function checkText(text: string): string {
  if (!halfPair.test(text)) return text;
  throw new NacreError('InvalidArgument', 'a string of the filter has half of a surrogate pair', {
    hint: 'Strings are UTF-8: pass text.toWellFormed() where what is lost does not matter.',
  });
}
