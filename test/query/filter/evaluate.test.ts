// The truth of filters, against an oracle that shares nothing with the engine but the tree: it works on the
// unbound filter, by ranks of text and by rationals.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bindFilter } from '../../../src/query/filter/bind.js';
import type { Value } from '../../../src/attributes/values.js';
import { evaluate, matches } from '../../../src/query/filter/evaluate.js';
import { compareText } from '../../../src/util/text.js';
import { type Expression, type Literal, negate } from '../../../src/query/filter/expression.js';
import { parseFilter } from '../../../src/query/filter/parse.js';
import { attributes, expressions, holds, rows } from './filters.js';

/** false < unknown < true: then `and` is the least, `or` the greatest, `not` the mirror (Kleene). */
type Rank = 0 | 1 | 2;

function oracle(node: Expression, row: ReadonlyMap<string, Value>): Rank {
  if (node.kind === 'and') return Math.min(...node.operands.map((operand) => oracle(operand, row))) as Rank;
  if (node.kind === 'or') return Math.max(...node.operands.map((operand) => oracle(operand, row))) as Rank;
  if (node.kind === 'not') return (2 - oracle(node.operand, row)) as Rank;
  const value = row.get(node.column) ?? null;
  if (node.kind === 'isNull') return value === null ? 2 : 0;
  if (node.kind === 'in' && node.values.length === 0) return 0;
  if (value === null) return 1;
  const order = (literal: Literal): number => compareValues(value, literal.value);
  const isTrue = ((): boolean => {
    switch (node.kind) {
      case 'compare':
        return holds(node.operator, order(node.value));
      case 'between':
        return order(node.low) >= 0 && order(node.high) <= 0;
      case 'in':
        return node.values.some((literal) => order(literal) === 0);
      case 'like':
        return asRegExp(node.pattern).test(value as string);
      case 'contains':
        return (value as string | readonly string[]).indexOf(node.value) >= 0;
      case 'startsWith':
        return (value as string).slice(0, node.prefix.length) === node.prefix;
    }
  })();
  return isTrue ? 2 : 0;
}

function compareValues(a: Value, b: boolean | bigint | number | string): number {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  if (typeof a === 'boolean') return Number(a) - Number(b);
  const [x, y] = [a as bigint | number, b as bigint | number];
  if (Number.isNaN(x)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY || y === Number.NEGATIVE_INFINITY) return x === y ? 0 : 1;
  if (y === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY) return x === y ? 0 : -1;
  const difference = rational(x) - rational(y);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** In units of 2^-1074: doubling is exact until the number is whole. */
function rational(value: bigint | number): bigint {
  if (typeof value === 'bigint') return value << 1_074n;
  let [scaled, shift] = [value, 0n];
  while (!Number.isInteger(scaled)) [scaled, shift] = [scaled * 2, shift + 1n];
  return BigInt(scaled) << (1_074n - shift);
}

function asRegExp(pattern: string): RegExp {
  const source = pattern.replace(/\\([\s\S])|([\s\S])/gu, (_, escaped: string, plain: string) => {
    if (plain === '%') return '.*';
    if (plain === '_') return '.';
    return `\\u{${((escaped ?? plain).codePointAt(0) ?? 0).toString(16)}}`;
  });
  return new RegExp(`^${source}$`, 'su');
}

const truths: readonly (boolean | null)[] = [false, null, true];

test('every filter is as true as the oracle says', () => {
  fc.assert(
    fc.property(expressions, rows, (expression, row) => {
      const bound = bindFilter(expression, attributes);
      const byName = new Map(attributes.map(({ name }, i) => [name, row[i] ?? null]));
      const truth = truths[oracle(expression, byName)];
      expect(evaluate(bound, row)).toBe(truth);
      expect(matches(bound, row)).toBe(truth === true);
    }),
    { numRuns: 10_000 },
  );
});

test('not moves inwards as De Morgan says', () => {
  const inwards = (node: Expression): Expression => {
    if (node.kind === 'and' || node.kind === 'or') {
      return { kind: node.kind === 'and' ? 'or' : 'and', operands: node.operands.map(inwards) };
    }
    return node.kind === 'not' ? node.operand : negate(node);
  };
  fc.assert(
    fc.property(expressions, rows, (expression, row) => {
      const outside = evaluate(bindFilter(negate(expression), attributes), row);
      expect(evaluate(bindFilter(inwards(expression), attributes), row)).toBe(outside);
    }),
    { numRuns: 3_000 },
  );
});

describe('unknown', () => {
  const columns = [
    { name: 'a', type: 'int' },
    { name: 'b', type: 'int' },
  ] as const;
  const truth = (text: string, ...row: Value[]): boolean | null =>
    evaluate(bindFilter(parseFilter(text), columns), row);

  test.each([
    ['a = 1', null],
    ['a != 1', null],
    ['not a = 1', null],
    ['a in (1, 2)', null],
    ['a not in (1, 2)', null],
    ['a between 1 and 2', null],
    ['a = 1 and b = 1', null],
    ['a = 1 and b = 2', false],
    ['a = 1 or b = 1', true],
    ['a = 1 or b = 2', null],
    ['a = 1 or not a = 1', null],
    ['a is null and b is not null', true],
    ['a in ()', false],
    ['a not in ()', true],
  ])('%s is %s where a is null and b is 1', (text, expected) => {
    expect(truth(text, null, 1n)).toBe(expected);
  });

  test('a row that is shorter than the columns has nulls', () => {
    expect(truth('b is null', 1n)).toBe(true);
  });
});

test('strings compare as their UTF-8 bytes do', () => {
  expect(compareText('\uffff', '\u{10000}')).toBeLessThan(0);
  expect(compareText('\ue000', '\u{1f600}')).toBeLessThan(0);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});
