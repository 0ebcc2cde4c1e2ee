// What a filter may compare, and what a comparison of numbers says exactly.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Attribute, AttributeType } from '../../../src/attributes/column.js';
import { isNacreError, type NacreError } from '../../../src/errors.js';
import { bindFilter } from '../../../src/query/filter/bind.js';
import { col } from '../../../src/query/filter/col.js';
import type { Value } from '../../../src/attributes/values.js';
import { evaluate } from '../../../src/query/filter/evaluate.js';
import type { CompareOperator } from '../../../src/query/filter/expression.js';
import { compare, numberLiteral } from '../../../src/query/filter/expression.js';
import { parseFilter } from '../../../src/query/filter/parse.js';
import { holds } from './filters.js';

/** The truth of a text for one column `x` with the value. */
function truth(text: string, type: AttributeType, value: Value): boolean | null {
  return evaluate(bindFilter(parseFilter(text), [{ name: 'x', type }]), [value]);
}

function refusal(text: string, attributes: readonly Attribute[]): NacreError {
  try {
    bindFilter(parseFilter(text), attributes);
  } catch (error) {
    expect(isNacreError(error, 'InvalidArgument'), String(error)).toBe(true);
    return error as NacreError;
  }
  throw new Error(`not refused: ${text}`);
}

const types: readonly AttributeType[] = ['bool', 'int', 'float', 'string', 'strings', 'timestamp'];
const all: readonly Attribute[] = types.map((type) => ({ name: type, type }));

describe('columns', () => {
  test('a name that is not there is told of the nearest, and of all there are', () => {
    const error = refusal('strng = 1', all);
    expect(error.message).toContain("no column 'strng'");
    expect(error.hint).toContain("'string'");
    expect(error.context).toEqual({ column: 'strng', columns: types });
    expect(refusal('quite_another = 1', all).hint).toContain("'bool', 'int', 'float'");
    expect(refusal('x = 1', []).hint).toContain('no columns');
  });

  test('names are told in bounded time and length', () => {
    const many: Attribute[] = Array.from({ length: 5_000 }, (_, i) => ({ name: `c${i}`, type: 'int' }));
    const error = refusal(`"${'y'.repeat(60_000)}" = 1`, many);
    expect(error.message.length).toBeLessThan(200);
    expect(error.hint).toContain('4950 more');
  });

  test.each([
    ['bool = 1', 'true or false'],
    ["bool = 'true'", 'true or false'],
    ['bool < true', 'no order'],
    ['bool between false and true', 'no order'],
    ["int = '7'", 'without quotes'],
    ['int = true', 'without quotes'],
    ["int = timestamp '2026-01-02T03:04:05Z'", 'without quotes'],
    ["int in (1, 'x')", 'without quotes'],
    ["float = 'x'", 'without quotes'],
    ['string = 7', 'single quotes'],
    ["string < timestamp '2026-01-02T03:04:05Z'", 'single quotes'],
    ['timestamp = 7', 'instants'],
    ["timestamp = 'yesterday'", 'ISO 8601'],
    ["timestamp in ('2026-01-02T03:04:05')", 'zone'],
    ["strings = 'x'", 'contains'],
    ["strings like 'x'", 'contains'],
    ["strings in ('x')", 'contains'],
    ["int contains 'x'", 'between'],
    ["float like 'x'", 'between'],
    ["timestamp starts_with 'x'", 'between'],
    [`string like '%${'a_'.repeat(200)}%'`, undefined],
  ])('%s is refused', (text, hint) => {
    const error = refusal(text, all);
    if (hint !== undefined) expect(error.hint).toContain(hint);
  });

  test('every type has null, and what it compares with', () => {
    for (const type of types) {
      expect(truth('x is null', type, null)).toBe(true);
      expect(truth('x is not null', type, null)).toBe(false);
    }
    expect(truth('x = true', 'bool', true)).toBe(true);
    expect(truth('x in (false)', 'bool', true)).toBe(false);
    expect(truth("x contains 'red'", 'strings', ['blue', 'red'])).toBe(true);
    expect(truth("x contains 're'", 'strings', ['blue', 'red'])).toBe(false);
    expect(truth("x contains 're'", 'string', 'bread')).toBe(true);
    expect(truth("x contains ''", 'strings', [])).toBe(false);
    expect(truth("x starts_with 'a/'", 'string', 'a/b')).toBe(true);
    expect(truth("x not starts_with 'a/'", 'string', 'a/b')).toBe(false);
    expect(truth("x >= '1970-01-01T01:00:00+01:00'", 'timestamp', 0n)).toBe(true);
    expect(truth("x < timestamp '1970-01-01T00:00:00.000001Z'", 'timestamp', 0n)).toBe(true);
    const bound = bindFilter(col('x').eq(new Date(5)).expression, [{ name: 'x', type: 'timestamp' }]);
    expect(evaluate(bound, [5_000n])).toBe(true);
  });
});

describe('numbers', () => {
  test('integers beyond 2^53 are exact', () => {
    const big = 2n ** 53n + 1n;
    expect(truth('x = 9007199254740993', 'int', big)).toBe(true);
    expect(truth('x = 9007199254740993', 'int', big - 1n)).toBe(false);
    expect(truth('x = 9007199254740992.0', 'int', big)).toBe(false);
    expect(truth('x > 9007199254740992.0', 'int', big)).toBe(true);
    expect(truth('x < 9007199254740993', 'float', 2 ** 53)).toBe(true);
    expect(truth('x > 9007199254740993', 'float', 2 ** 53)).toBe(false);
    expect(truth('x > 9007199254740993', 'float', 2 ** 53 + 2)).toBe(true);
    expect(truth('x = 9007199254740993', 'float', 2 ** 53)).toBe(false);
    expect(truth('x in (9007199254740993)', 'float', 2 ** 53)).toBe(false);
    expect(truth('x not in (9007199254740993)', 'float', null)).toBe(null);
  });

  test('the limits of int64 and what lies beyond', () => {
    const [min, max] = [-(2n ** 63n), 2n ** 63n - 1n];
    expect(truth('x = 9223372036854775807', 'int', max)).toBe(true);
    expect(truth('x = -9223372036854775808', 'int', min)).toBe(true);
    for (const beyond of ['9223372036854775808', `1${'0'.repeat(1_000)}`, '1e300', 'infinity', '9.3e18']) {
      expect(truth(`x < ${beyond}`, 'int', max)).toBe(true);
      expect(truth(`x >= -${beyond}`, 'int', min)).toBe(true);
      expect(truth(`x != ${beyond}`, 'int', max)).toBe(true);
      expect(truth(`x = ${beyond}`, 'int', max)).toBe(false);
      expect(truth(`x > ${beyond}`, 'int', max)).toBe(false);
      expect(truth(`x < ${beyond}`, 'int', null)).toBe(null);
      expect(truth(`not x in (${beyond})`, 'int', null)).toBe(null);
    }
    expect(truth('x < -9223372036854775808.0', 'int', min)).toBe(false);
  });

  test('integers compare with decimals as real numbers do', () => {
    const rows = [-2n, -1n, 0n, 1n, 2n];
    const holding = (text: string): bigint[] => rows.filter((value) => truth(text, 'int', value));
    expect(holding('x < 1.5')).toEqual([-2n, -1n, 0n, 1n]);
    expect(holding('x <= 1.5')).toEqual([-2n, -1n, 0n, 1n]);
    expect(holding('x > 1.5')).toEqual([2n]);
    expect(holding('x >= -1.5')).toEqual([-1n, 0n, 1n, 2n]);
    expect(holding('x < -1.5')).toEqual([-2n]);
    expect(holding('x = 1.5')).toEqual([]);
    expect(holding('x != 1.5')).toEqual(rows);
    expect(holding('x between -0.5 and 1.5')).toEqual([0n, 1n]);
    expect(holding('x in (1.5, 1.0, 2e0)')).toEqual([1n, 2n]);
    expect(holding('x = 5e-324')).toEqual([]);
    expect(holding('x < 5e-324')).toEqual([-2n, -1n, 0n]);
  });

  test('NaN differs from all and compares with none; zeros are equal', () => {
    for (const operator of ['=', '<', '<=', '>', '>=']) {
      for (const value of ['0', '1.5', 'infinity', '-infinity', '9007199254740993', `1${'0'.repeat(400)}`]) {
        expect(truth(`x ${operator} ${value}`, 'float', Number.NaN)).toBe(false);
        expect(truth(`x != ${value}`, 'float', Number.NaN)).toBe(true);
      }
    }
    expect(truth('x in (0, infinity)', 'float', Number.NaN)).toBe(false);
    expect(truth('x not in (0, infinity)', 'float', Number.NaN)).toBe(true);
    expect(truth('x is not null and not x >= -infinity', 'float', Number.NaN)).toBe(true);
    expect(truth('x = 0', 'float', -0)).toBe(true);
    expect(truth('x in (-0.0)', 'float', 0)).toBe(true);
    expect(truth('x = infinity', 'float', Number.POSITIVE_INFINITY)).toBe(true);
    expect(truth(`x > 1${'0'.repeat(400)}`, 'float', Number.POSITIVE_INFINITY)).toBe(true);
    expect(truth(`x > 1${'0'.repeat(400)}`, 'float', Number.MAX_VALUE)).toBe(false);
    expect(truth(`x > -1${'0'.repeat(400)}`, 'float', Number.NEGATIVE_INFINITY)).toBe(false);
  });

  test('an empty list holds nothing, and not in it holds all, nulls too', () => {
    for (const value of [1n, null]) {
      expect(truth('x in ()', 'int', value)).toBe(false);
      expect(truth('x not in ()', 'int', value)).toBe(true);
    }
    const bound = bindFilter(col('x').in([]).expression, [{ name: 'x', type: 'strings' }]);
    expect(evaluate(bound, [['a']])).toBe(false);
  });

  const hardFloats = fc.oneof(
    fc.double({ noNaN: true }),
    fc.constantFrom(0, 1.5, 2 ** 53, 2 ** 63, -(2 ** 63), Number.MAX_VALUE, Number.MIN_VALUE),
    fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    fc.integer().map((n) => n / 4),
  );
  const hardInts = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -5n, max: 5n }),
    fc.bigInt({ min: -3n, max: 3n }).map((n) => 2n ** 53n + n),
    fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n),
  );
  const anyInts = fc.oneof(hardInts, fc.bigInt({ min: -(2n ** 1_100n), max: 2n ** 1_100n }));
  const operators = fc.constantFrom<CompareOperator>('=', '!=', '<', '<=', '>', '>=');

  test('comparisons are those of the rationals', () => {
    const values = fc.oneof(
      fc.tuple(fc.constant<AttributeType>('int'), hardInts),
      fc.tuple(fc.constant<AttributeType>('float'), hardFloats),
    );
    fc.assert(
      fc.property(values, fc.oneof(hardFloats, anyInts), operators, ([type, value], literal, operator) => {
        const expression = compare('x', operator, numberLiteral(literal));
        const bound = bindFilter(expression, [{ name: 'x', type }]);
        const order = compareExactly(value, literal);
        expect(evaluate(bound, [value])).toBe(holds(operator, order));
        expect(evaluate(bound, [null])).toBe(null);
      }),
      { numRuns: 5_000 },
    );
  });
});

/** Both as multiples of the smallest float64, 2^-1074; infinities lie beyond all that is tested. */
function compareExactly(a: bigint | number, b: bigint | number): number {
  const [x, y] = [scaled(a), scaled(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function scaled(value: bigint | number): bigint {
  if (typeof value === 'bigint') return value << 1_074n;
  if (!Number.isFinite(value)) return value > 0 ? 1n << 4_000n : -(1n << 4_000n);
  const bits = new BigUint64Array(new Float64Array([Math.abs(value)]).buffer)[0] ?? 0n;
  const exponent = bits >> 52n;
  const fraction = bits & ((1n << 52n) - 1n);
  const size = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return value < 0 ? -size : size;
}
