// Random filters over columns of every type, with rows to hold them against. What is made always binds.
import fc from 'fast-check';
import type { Attribute } from '../../../src/attributes/column.js';
import type { Value } from '../../../src/attributes/values.js';
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
} from '../../../src/query/filter/expression.js';

export const attributes: readonly Attribute[] = [
  { name: 'flag', type: 'bool' },
  { name: '__proto__', type: 'int' },
  { name: 'odd "name"', type: 'float' },
  { name: 'größe', type: 'string' },
  { name: 'not', type: 'strings' },
  { name: 'a.b_1', type: 'timestamp' },
];

const [flag, int, float, string, strings, timestamp] = attributes.map(({ name }) => name) as [
  string,
  string,
  string,
  string,
  string,
  string,
];

const ints = fc.oneof(
  fc.bigInt({ min: -2n, max: 2n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -2n, max: 2n }).map((n) => 2n ** 53n + n),
);
const floats = fc.oneof(
  fc.integer({ min: -4, max: 4 }).map((n) => n / 2),
  fc.double(),
);
const texts = fc.oneof(
  fc
    .array(fc.constantFrom('a', 'b', '%', '_', "'", '"', '\uffff', '\u{1f600}'), { maxLength: 4 })
    .map((l) => l.join('')),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const itemLists = fc.array(fc.constantFrom('a', 'b', '', '%'), { maxLength: 3 });

const bools = fc.boolean().map(boolLiteral);
const numbers = fc
  .oneof(ints, floats, fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }))
  .filter((value) => !Number.isNaN(value))
  .map(numberLiteral);
const strs = texts.map(stringLiteral);
const instants = fc
  .oneof(fc.bigInt({ min: -2n, max: 2n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
  .map(timestampLiteral);

const operators = fc.constantFrom<CompareOperator>('=', '!=', '<', '<=', '>', '>=');

function ordered(column: string, values: fc.Arbitrary<Literal>): fc.Arbitrary<Expression> {
  return fc.oneof(
    fc.tuple(operators, values).map(([operator, value]) => compare(column, operator, value)),
    fc.tuple(values, values).map(([low, high]) => between(column, low, high)),
    lists(column, values),
  );
}

function lists(column: string, values: fc.Arbitrary<Literal>): fc.Arbitrary<Expression> {
  return fc.array(values, { maxLength: 4 }).map((list) => isIn(column, list));
}

const patterns = fc
  .array(fc.constantFrom('a', 'b', '%', '_', '\\%', '\\\\', "'"), { maxLength: 5 })
  .map((parts) => parts.join(''));

const terms: fc.Arbitrary<Expression> = fc.oneof(
  fc
    .tuple(fc.constantFrom<CompareOperator>('=', '!='), bools)
    .map(([operator, value]) => compare(flag, operator, value)),
  lists(flag, bools),
  ordered(int, numbers),
  ordered(float, numbers),
  ordered(string, strs),
  ordered(timestamp, instants),
  patterns.map((pattern) => like(string, pattern)),
  fc.tuple(fc.constantFrom(string, strings), texts).map(([column, value]) => contains(column, value)),
  texts.map((prefix) => startsWith(string, prefix)),
  fc.constantFrom(flag, int, float, string, strings, timestamp).map(isNull),
);

/** Filters that bind to {@link attributes}. */
export const expressions: fc.Arbitrary<Expression> = fc.letrec<{ any: Expression }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    terms,
    tie('any').map(negate),
    fc
      .tuple(fc.constantFrom('and', 'or'), fc.array(tie('any'), { minLength: 1, maxLength: 4 }))
      .map(([kind, operands]) => combine(kind, operands)),
  ),
})).any;

const orNull = <T extends Value>(values: fc.Arbitrary<T>): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 3, arbitrary: values }, { weight: 1, arbitrary: fc.constant(null) });

/** A value for each of {@link attributes}. */
export const rows: fc.Arbitrary<Value[]> = fc
  .tuple(
    orNull(fc.boolean()),
    orNull(ints),
    orNull(floats),
    orNull(texts),
    orNull<readonly string[]>(itemLists),
    orNull(fc.oneof(fc.bigInt({ min: -2n, max: 2n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))),
  )
  .map((row) => [...row]);

/** Whether values of this order compare so. Of NaN only `!=` holds, which is what an `order` of NaN gives. */
export function holds(operator: CompareOperator, order: number): boolean {
  return {
    '=': order === 0,
    '!=': order !== 0,
    '<': order < 0,
    '<=': order <= 0,
    '>': order > 0,
    '>=': order >= 0,
  }[operator];
}
