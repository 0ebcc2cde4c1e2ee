// A filter against the columns of one array: names become places, and what is compared becomes a value of the
// column's own type. A bound filter compares like with like, whoever evaluates it.
import type { Attribute, AttributeType } from '../../attributes/column.js';
import { NacreError } from '../../errors.js';
import { nearestName } from '../../manifest/names.js';
import type { CompareOperator, Expression, Literal } from './expression.js';
import { formatLiteral } from './format.js';
import { compileLike, type LikePattern } from './like.js';
import { checkBounds } from './limits.js';
import { type Comparison, compareFloat, compareInt } from './numbers.js';
import { quoted } from '../../util/text.js';
import { parseTimestamp } from '../../util/timestamp.js';

interface On {
  /** Index among the attributes that the filter was bound to. */
  readonly column: number;
}

/** What a column's value is compared with; of timestamps, microseconds since 1970. */
export type BoundValue =
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int' | 'timestamp'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'string'; readonly value: string };

/** A comparison with one value. */
export type BoundComparison = On &
  BoundValue & { readonly kind: 'compare'; readonly operator: CompareOperator };

/** A filter in terms of columns by index. Of a null every node is unknown but `isNull` and `constant`. */
export type BoundExpression =
  | BoundComparison
  /** All of these are true; none is of `=` or `!=`, and there are two at least. */
  | (On & { readonly kind: 'range'; readonly terms: readonly BoundComparison[] })
  /** Equals a member; the members are of the column's type, and there is one at least. */
  | (On & { readonly kind: 'in'; readonly values: ReadonlySet<boolean | bigint | number | string> })
  | (On & { readonly kind: 'like'; readonly pattern: LikePattern })
  /** Of a list of strings: has the item. */
  | (On & { readonly kind: 'hasItem'; readonly item: string })
  /** Of a string: has the text somewhere within. */
  | (On & { readonly kind: 'hasText'; readonly text: string })
  | (On & { readonly kind: 'startsWith'; readonly prefix: string })
  | (On & { readonly kind: 'isNull' })
  /** The same for every value of the column, unknown of a null: no value of its type makes a difference. */
  | (On & { readonly kind: 'ofValues'; readonly value: boolean })
  /** The same for every row, nulls too. */
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'and'; readonly operands: readonly BoundExpression[] }
  | { readonly kind: 'or'; readonly operands: readonly BoundExpression[] }
  | { readonly kind: 'not'; readonly operand: BoundExpression };

/**
 * Checks that the columns of a filter exist and hold what it compares them with.
 *
 * Numbers compare as real numbers, exactly: `x < 1.5` of integers is `x <= 1`, and 9007199254740993 is
 * neither of the floats beside it. A decimal is the float64 nearest to it. A string compared with a timestamp
 * is read as one. An integer beyond int64 is no error: it is above or below every value.
 *
 * Cost: linear in the filter. Errors: `InvalidArgument` for a column that is not there, a comparison that its
 * type does not have, a filter beyond the bounds of the language.
 */
export function bindFilter(expression: Expression, attributes: readonly Attribute[]): BoundExpression {
  checkBounds(expression);
  const columns = new Map<string, Found>();
  for (const [column, { name, type }] of attributes.entries()) columns.set(name, { column, name, type });
  return bind(expression, columns);
}

interface Found extends On, Attribute {}

type Columns = ReadonlyMap<string, Found>;

function bind(node: Expression, columns: Columns): BoundExpression {
  if (node.kind === 'not') return { kind: 'not', operand: bind(node.operand, columns) };
  if (node.kind === 'and') return allOf(node.operands.map((operand) => bind(operand, columns)));
  if (node.kind === 'or') {
    return { kind: node.kind, operands: node.operands.map((operand) => bind(operand, columns)) };
  }
  return bindTerm(node, find(node.column, columns));
}

function bindTerm(node: Extract<Expression, { readonly column: string }>, found: Found): BoundExpression {
  const { column, type } = found;
  switch (node.kind) {
    case 'compare':
      return bindCompare(found, node.operator, node.value);
    case 'between': {
      return allOf([bindCompare(found, '>=', node.low), bindCompare(found, '<=', node.high)]);
    }
    case 'in':
      return bindIn(found, node.values);
    case 'like':
      requireType(found, 'like', ['string']);
      return { kind: 'like', column, pattern: compileLike(node.pattern) };
    case 'startsWith':
      requireType(found, 'starts_with', ['string']);
      return { kind: 'startsWith', column, prefix: node.prefix };
    case 'contains':
      requireType(found, 'contains', ['string', 'strings']);
      return type === 'strings'
        ? { kind: 'hasItem', column, item: node.value }
        : { kind: 'hasText', column, text: node.value };
    case 'isNull':
      return { kind: 'isNull', column };
  }
}

/** Bounds of one column are one range, in the place of the first: an index looks them up together. */
function allOf(operands: readonly BoundExpression[]): BoundExpression {
  const bounds = new Map<number, BoundComparison[]>();
  for (const operand of operands) {
    for (const bound of boundsOf(operand)) {
      const known = bounds.get(bound.column);
      if (known === undefined) bounds.set(bound.column, [bound]);
      else known.push(bound);
    }
  }
  const joined = operands.flatMap((operand): BoundExpression[] => {
    const [first] = boundsOf(operand);
    if (first === undefined) return [operand];
    const { column } = first;
    const terms = bounds.get(column);
    bounds.delete(column);
    if (terms === undefined) return [];
    return terms.length > 1 ? [{ kind: 'range', column, terms }] : terms;
  });
  const [only] = joined;
  return joined.length === 1 && only !== undefined ? only : { kind: 'and', operands: joined };
}

function boundsOf(node: BoundExpression): readonly BoundComparison[] {
  if (node.kind === 'range') return node.terms;
  return node.kind === 'compare' && node.operator !== '=' && node.operator !== '!=' ? [node] : [];
}

function bindIn(found: Found, literals: readonly Literal[]): BoundExpression {
  if (literals.length === 0) return { kind: 'constant', value: false };
  const values = new Set<boolean | bigint | number | string>();
  for (const literal of literals) {
    const bound = bindCompare(found, '=', literal);
    // A number that no value of the column equals.
    if (bound.kind === 'compare') values.add(bound.value);
  }
  const { column } = found;
  return values.size === 0 ? { kind: 'ofValues', column, value: false } : { kind: 'in', column, values };
}

type BoundCompare = Extract<BoundExpression, { readonly kind: 'compare' | 'ofValues' }>;

function bindCompare(found: Found, operator: CompareOperator, literal: Literal): BoundCompare {
  const { column, type } = found;
  const node = { kind: 'compare', column, operator } as const;
  switch (type) {
    case 'bool': {
      if (literal.type !== 'bool') throw mismatch(found, literal);
      if (operator === '=' || operator === '!=') return { ...node, type, value: literal.value };
      throw refused(found, operator, 'Booleans have no order: write = true, = false.');
    }
    case 'int':
      if (literal.type !== 'number') throw mismatch(found, literal);
      return ofComparison(column, type, compareInt(operator, literal.value));
    case 'float': {
      if (literal.type !== 'number') throw mismatch(found, literal);
      const compared = compareFloat(operator, literal.value);
      return typeof compared === 'boolean'
        ? { kind: 'ofValues', column, value: compared }
        : { ...node, type, ...compared };
    }
    case 'timestamp':
      if (literal.type === 'timestamp') return { ...node, type, value: literal.value };
      if (literal.type === 'string') return { ...node, type, value: parseTimestamp(literal.value) };
      throw mismatch(found, literal);
    case 'string':
      if (literal.type !== 'string') throw mismatch(found, literal);
      return { ...node, type, value: literal.value };
    case 'strings':
      throw refused(found, operator, "A list has items: tags contains 'red'.");
  }
}

function ofComparison(column: number, type: 'int', compared: Comparison<bigint>): BoundCompare {
  return typeof compared === 'boolean'
    ? { kind: 'ofValues', column, value: compared }
    : { kind: 'compare', column, type, ...compared };
}

/** Names that an error lists, at most. */
const maxListed = 50;

function find(name: string, columns: Columns): Found {
  const found = columns.get(name);
  if (found !== undefined) return found;
  const names = [...columns.keys()];
  // The distance costs the product of the lengths, and no name of a column is long.
  const near = name.length > 200 ? undefined : nearestName(name, names);
  const listed = names.slice(0, maxListed);
  throw new NacreError('InvalidArgument', `there is no column ${quoted(name)}`, {
    context: { column: name.slice(0, 80), columns: listed.map((known) => known.slice(0, 80)) },
    hint: near === undefined ? listOf(listed, names.length) : `Did you mean ${quoted(near, 80)}?`,
  });
}

function listOf(listed: readonly string[], count: number): string {
  if (count === 0) return 'There are no columns.';
  const rest = count > listed.length ? ` and ${count - listed.length} more` : '';
  return `The columns are ${listed.map((name) => quoted(name, 80)).join(', ')}${rest}.`;
}

const operatorsOf: Readonly<Record<AttributeType, string>> = {
  bool: '= and !=',
  int: '= != < <= > >= in between',
  float: '= != < <= > >= in between',
  timestamp: '= != < <= > >= in between',
  string: '= != < <= > >= in between like contains starts_with',
  strings: 'contains',
};

function requireType(found: Found, operator: string, types: readonly AttributeType[]): void {
  if (types.includes(found.type)) return;
  throw refused(found, operator, `Of ${found.type} there are ${operatorsOf[found.type]}, and is null.`);
}

function refused({ name, type }: Found, operator: string, hint: string): NacreError {
  const what = `the column ${quoted(name)} is of ${type}, which has no ${operator}`;
  return new NacreError('InvalidArgument', what, {
    context: { column: name.slice(0, 80), type, operator },
    hint,
  });
}

const valuesOf: Readonly<Record<AttributeType, string>> = {
  bool: 'true or false',
  int: 'numbers, which stand without quotes',
  float: 'numbers, which stand without quotes',
  timestamp: "instants: timestamp '2026-01-02T03:04:05Z'",
  string: "strings, in single quotes: 'text'",
  strings: "its items: contains 'text'",
};

function mismatch({ name, type }: Found, literal: Literal): NacreError {
  const shown = quoted(formatLiteral(literal).slice(0, 200));
  const what = `the column ${quoted(name)} is of ${type} and does not compare with ${shown}, a ${literal.type}`;
  return new NacreError('InvalidArgument', what, {
    context: { column: name.slice(0, 80), type, value: literal.type },
    hint: `It compares with ${valuesOf[type]}.`,
  });
}
