// Filters from code: `col('lang').eq('de').and(col('year').ge(1990))`. Values are never pasted into a text,
// so nothing that a value holds can change what the filter says.
import { microsOf } from '../../attributes/instant.js';
import { NacreError } from '../../errors.js';
import {
  between,
  boolLiteral,
  type CompareOperator,
  combine,
  compare,
  contains,
  type Expression,
  isIn,
  isNull,
  type Literal,
  like,
  negate,
  numberLiteral,
  startsWith,
  stringLiteral,
  timestampLiteral,
} from './expression.js';
import { formatExpression } from './format.js';

/** A value to compare a column with. A `Date` is an instant, for a column of timestamps. */
export type FilterValue = boolean | number | bigint | string | Date;

/**
 * A condition on the columns of a row; immutable. A row matches where the condition is true, which by the
 * rules of SQL it is not where it is unknown: every comparison with a null is, and `not` leaves it so.
 */
export class Condition {
  readonly expression: Expression;

  /** Use {@link col}. */
  constructor(expression: Expression) {
    this.expression = expression;
    Object.freeze(this);
  }

  /** Both hold. Errors: `InvalidArgument` for what is no condition. */
  and(other: Condition): Condition {
    return and(this, other);
  }

  /** One of the two holds, or both do. Errors: `InvalidArgument` for what is no condition. */
  or(other: Condition): Condition {
    return or(this, other);
  }

  /** It does not hold, and is not unknown either. */
  not(): Condition {
    return not(this);
  }

  /**
   * The condition as text of the filter language. Errors: `InvalidArgument` beyond the bounds of the
   * language.
   */
  toString(): string {
    return formatExpression(this.expression);
  }
}

/** A column to make conditions of; use {@link col}. */
export class Column {
  readonly name: string;

  /** Use {@link col}. */
  constructor(name: string) {
    this.name = name;
    isNull(name); // checks the name
    Object.freeze(this);
  }

  #compare(operator: CompareOperator, value: FilterValue): Condition {
    return new Condition(compare(this.name, operator, toLiteral(value)));
  }

  /** Equals the value. Numbers compare as real numbers, exactly, whatever their types. */
  eq(value: FilterValue): Condition {
    return this.#compare('=', value);
  }

  /** Differs from the value; true of NaN, unknown of null. */
  ne(value: FilterValue): Condition {
    return this.#compare('!=', value);
  }

  /** Is below the value. Strings compare by code points. */
  lt(value: FilterValue): Condition {
    return this.#compare('<', value);
  }

  /** Is at most the value. */
  le(value: FilterValue): Condition {
    return this.#compare('<=', value);
  }

  /** Is above the value. */
  gt(value: FilterValue): Condition {
    return this.#compare('>', value);
  }

  /** Is at least the value. */
  ge(value: FilterValue): Condition {
    return this.#compare('>=', value);
  }

  /**
   * Equals one of the values, at most 10,000. With no values false for every row, nulls too. Errors:
   * `InvalidArgument` for what is no array, for a value of another type, for more values.
   */
  in(values: readonly FilterValue[]): Condition {
    if (!Array.isArray(values)) {
      throw new NacreError('InvalidArgument', `in() takes an array of values, not ${describe(values)}`);
    }
    return new Condition(isIn(this.name, Array.from(values as readonly FilterValue[], toLiteral)));
  }

  /** Equals none of the values. With no values true for every row, nulls too. */
  notIn(values: readonly FilterValue[]): Condition {
    return this.in(values).not();
  }

  /** Is from `low` to `high`, both included. */
  between(low: FilterValue, high: FilterValue): Condition {
    return new Condition(between(this.name, toLiteral(low), toLiteral(high)));
  }

  /**
   * Is as the pattern says: `%` stands for any text, `_` for one character (code point), a backslash takes
   * the meaning from what follows it. Case matters. Errors: `InvalidArgument` for a pattern that ends with a
   * backslash that escapes nothing.
   */
  like(pattern: string): Condition {
    return new Condition(like(this.name, requireString('like', pattern)));
  }

  /** Of a list of strings: has the item. Of a string: has the text somewhere within. */
  contains(value: string): Condition {
    return new Condition(contains(this.name, requireString('contains', value)));
  }

  startsWith(prefix: string): Condition {
    return new Condition(startsWith(this.name, requireString('startsWith', prefix)));
  }

  isNull(): Condition {
    return new Condition(isNull(this.name));
  }

  isNotNull(): Condition {
    return this.isNull().not();
  }
}

/** A column by its name, as it stands: no quotes. Errors: `InvalidArgument` for what is no name. */
export function col(name: string): Column {
  return new Column(name);
}

/** All of the conditions hold. Errors: `InvalidArgument` for none at all, or for what is no condition. */
export function and(...conditions: readonly Condition[]): Condition {
  return new Condition(combine('and', conditions.map(expressionOf)));
}

/** One of the conditions holds, or several. Errors: as for {@link and}. */
export function or(...conditions: readonly Condition[]): Condition {
  return new Condition(combine('or', conditions.map(expressionOf)));
}

/** The condition does not hold, and is not unknown either. */
export function not(condition: Condition): Condition {
  return new Condition(negate(expressionOf(condition)));
}

/** The tree of a condition. `InvalidArgument` for what is none. */
export function expressionOf(condition: Condition): Expression {
  if (condition instanceof Condition) return condition.expression;
  throw new NacreError('InvalidArgument', `${describe(condition)} is no condition`, {
    hint: "Begin with a column: col('lang').eq('de').",
  });
}

function toLiteral(value: FilterValue): Literal {
  if (typeof value === 'boolean') return boolLiteral(value);
  if (typeof value === 'number' || typeof value === 'bigint') return numberLiteral(value);
  if (typeof value === 'string') return stringLiteral(value);
  if (value instanceof Date) return timestampLiteral(instantOf(value));
  const isAbsent = value === null || value === undefined;
  throw new NacreError('InvalidArgument', `a column cannot be compared with ${describe(value)}`, {
    hint: isAbsent
      ? 'Comparing with null is never true: use isNull() or isNotNull().'
      : 'Values are booleans, numbers, bigints, strings and Dates.',
  });
}

function instantOf(date: Date): bigint {
  const micros = microsOf(date);
  if (micros !== undefined) return micros;
  throw new NacreError('InvalidArgument', 'the Date to compare with is invalid', {
    hint: 'Dates end at +275760-09-13T00:00:00Z; a text reaches further: timestamp ….',
  });
}

function requireString(method: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new NacreError('InvalidArgument', `${method}() takes a string, not ${describe(value)}`);
}

/** What a value is, never what it holds: to print it might run code of its own. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}
