// What a text says, what code says, and that both come out as one text that says the same again.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { and, type Condition, col, not, or } from '../../../src/query/filter/col.js';
import { toExpression } from '../../../src/query/filter/filter.js';
import { formatExpression } from '../../../src/query/filter/format.js';
import { parseFilter } from '../../../src/query/filter/parse.js';
import { expressions } from './filters.js';

const a = col('a');
const b = col('b');
const instant = new Date('2026-01-02T03:04:05Z');

describe('a text and its builder make the same filter', () => {
  test.each<[string, Condition]>([
    ['label = 7', col('label').eq(7)],
    ['a == 7', a.eq(7n)],
    ['a<>7', a.ne(7)],
    ['a != -7', a.ne(-7)],
    ['a<7', a.lt(7)],
    ['a<=7.5', a.le(7.5)],
    ['a > 1e3', a.gt(1000)],
    ['a >= .5', a.ge(0.5)],
    ['a = 5.', a.eq(5)],
    ['a = 007', a.eq(7)],
    ['a = -0.0', a.eq(-0)],
    ['a = 9007199254740993', a.eq(9007199254740993n)],
    ['a = 9007199254740992.0', a.eq(2 ** 53)],
    ['a < infinity and a > -INFINITY', a.lt(Number.POSITIVE_INFINITY).and(a.gt(Number.NEGATIVE_INFINITY))],
    ['a in (1, 2.5, 3)', a.in([1, 2.5, 3])],
    ['a in()', a.in([])],
    ['a NOT IN (1)', a.notIn([1])],
    ['not a in (1)', a.notIn([1])],
    ['a between 1 and 2 and b = 3', a.between(1, 2).and(b.eq(3))],
    ['a not between 1 and 2', a.between(1, 2).not()],
    ["a like '%draft\\%'", a.like('%draft\\%')],
    ["a not like 'x'", not(a.like('x'))],
    ["tags contains 'red'", col('tags').contains('red')],
    ["path starts_with 'a/'", col('path').startsWith('a/')],
    ['a is null or a Is Not Null', a.isNull().or(a.isNotNull())],
    ['"odd name" = 1', col('odd name').eq(1)],
    ['"a""b" = 1', col('a"b').eq(1)],
    ['größe = 1', col('größe').eq(1)],
    ['नाम.x_1 = 1', col('नाम.x_1').eq(1)],
    ["seen >= timestamp '2026-01-02T03:04:05Z'", col('seen').ge(instant)],
    ["timestamp = TimeStamp '2026-01-02T03:04:05Z'", col('timestamp').eq(instant)],
    ['infinity = 1', col('infinity').eq(1)],
    ['flag = true or flag = FALSE', col('flag').eq(true).or(col('flag').eq(false))],
    ["a = 'it''s'", a.eq("it's")],
    ["a = ''", a.eq('')],
    ['a = 1\r\n\tand\fb = 2', a.eq(1).and(b.eq(2))],
    ['(((a = 1)))', a.eq(1)],
    ['a = 1 or b = 2 and a = 3', or(a.eq(1), and(b.eq(2), a.eq(3)))],
    ['(a = 1 or b = 2) and a = 3', a.eq(1).or(b.eq(2)).and(a.eq(3))],
    ['not a = 1 and b = 2', a.eq(1).not().and(b.eq(2))],
    ['not (a = 1 and b = 2)', a.eq(1).and(b.eq(2)).not()],
    ['not not a = 1', a.eq(1).not().not()],
    ['a=1 and(b=2)or(not(a=3))', a.eq(1).and(b.eq(2)).or(a.eq(3).not())],
    [
      "lang in ('de', 'en') and not (year < 1990 or title like '%draft%')",
      col('lang')
        .in(['de', 'en'])
        .and(not(or(col('year').lt(1990), col('title').like('%draft%')))),
    ],
  ])('%s', (text, condition) => {
    expect(parseFilter(text)).toEqual(condition.expression);
    expect(parseFilter(condition.toString())).toEqual(condition.expression);
  });
});

test('a filter is passed as text or as a condition, and as nothing else', () => {
  expect(toExpression('a = 1')).toEqual(a.eq(1).expression);
  expect(toExpression(a.eq(1))).toEqual(a.eq(1).expression);
  for (const other of [undefined, null, 7, {}, a, a.eq(1).expression]) {
    expect(() => toExpression(other as never)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  }
});

test('chains are flat, from text and from code', () => {
  const flat = parseFilter('a = 1 or b = 2 or a = 3');
  expect(flat).toMatchObject({ kind: 'or', operands: { length: 3 } });
  expect(a.eq(1).or(b.eq(2)).or(a.eq(3)).expression).toEqual(flat);
  expect(a.eq(1).or(b.eq(2).or(a.eq(3))).expression).toEqual(flat);
  expect(parseFilter('(a = 1 or b = 2) or a = 3')).toEqual(flat);
  expect(and(a.eq(1)).expression).toEqual(a.eq(1).expression);
});

test('filters and their parts are frozen, and keep no hold of what they were made from', () => {
  const values = [1, 2];
  const filter = a.in(values).or(b.eq(1)).not();
  values.push(3);
  expect(filter.toString()).toBe('not (a in (1, 2) or b = 1)');
  const isFrozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(isFrozen));
  expect(isFrozen(filter)).toBe(true);
  expect(isFrozen(col('a'))).toBe(true);
  expect(isFrozen(parseFilter("a in (1, 'x') and (b between 1 and 2 or not b like '%')"))).toBe(true);
});

test.each([
  [a.ge(1990).and(col('odd name').eq('x')), 'a >= 1990 and "odd name" = \'x\''],
  [a.eq(1).or(b.eq(2)).and(b.ne(3)), '(a = 1 or b = 2) and b != 3'],
  [a.eq(1).and(b.eq(2)).or(b.ne(3)), 'a = 1 and b = 2 or b != 3'],
  [a.isNotNull().and(b.notIn(['x'])), "a is not null and b not in ('x')"],
  [a.eq(1).not().not(), 'not not a = 1'],
  [a.notIn([1]).not(), 'not a not in (1)'],
  [a.eq(instant), "a = timestamp '2026-01-02T03:04:05Z'"],
  [a.between(2 ** 60, 1e300), 'a between 1152921504606847000.0 and 1e+300'],
  [a.lt(Number.POSITIVE_INFINITY), 'a < infinity'],
  [col('In').eq(true), '"In" = true'],
])('formats in one way: %s', (condition, text) => {
  expect(condition.toString()).toBe(text);
  expect(parseFilter(text)).toEqual(condition.expression);
});

test('the parser reads back what formatting writes', () => {
  fc.assert(
    fc.property(expressions, (expression) => {
      const text = formatExpression(expression);
      const again = parseFilter(text);
      expect(again).toEqual(expression);
      expect(formatExpression(again)).toBe(text);
    }),
    { numRuns: 5_000 },
  );
});

test('names of columns come back, whatever they are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
      const { expression } = col(name).eq(1);
      expect(parseFilter(formatExpression(expression))).toEqual(expression);
    }),
  );
});
