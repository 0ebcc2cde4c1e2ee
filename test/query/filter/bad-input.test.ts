// Texts and values that are no filters, or are made to do harm: every one is refused with a typed error that
// says where, in bounded time, and none changes what another part of the filter says.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Attribute } from '../../../src/attributes/column.js';
import { isNacreError, type NacreError } from '../../../src/errors.js';
import { bindFilter } from '../../../src/query/filter/bind.js';
import { and, type Condition, col, not, or } from '../../../src/query/filter/col.js';
import { matches } from '../../../src/query/filter/evaluate.js';
import { formatExpression } from '../../../src/query/filter/format.js';
import { parseFilter } from '../../../src/query/filter/parse.js';

function failure(call: () => unknown): NacreError {
  try {
    call();
  } catch (error) {
    expect(isNacreError(error, 'InvalidArgument'), String(error)).toBe(true);
    return error as NacreError;
  }
  throw new Error('it was not refused');
}

const refusal = (text: string): NacreError => failure(() => parseFilter(text));

describe('size', () => {
  test('a text beyond 65,536 characters is refused before it is read', () => {
    const nested = `${'('.repeat(100_000)}a = 1${')'.repeat(100_000)}`;
    expect(refusal(nested).message).toContain('200005 characters');
    const million = Array.from({ length: 1_000_000 }, () => "a = 'x'").join(' OR ');
    expect(refusal(million).context).toMatchObject({ at: 65_536, limit: 65_536 });
  });

  test('parentheses and nots go 100 deep, not 101', () => {
    const parentheses = (depth: number): string => `${'('.repeat(depth)}a = 1${')'.repeat(depth)}`;
    const nots = (depth: number): string => `${'not '.repeat(depth)}a = 1`;
    for (const nest of [parentheses, nots]) {
      expect(() => parseFilter(nest(100))).not.toThrow();
      expect(refusal(nest(101)).message).toContain('deeper than 100');
    }
    expect(refusal('('.repeat(65_000)).context).toMatchObject({ at: 101, limit: 100 });
    expect(refusal('not '.repeat(16_000)).context).toMatchObject({ at: 404 });
    expect(refusal('not(a=1 and '.repeat(5_000)).message).toContain('deeper than 100');
  });

  test('conditions and values count to 10,000 together', () => {
    const list = (values: number): string => `a in (${Array.from({ length: values }, () => '1').join(',')})`;
    expect(() => parseFilter(list(9_999))).not.toThrow();
    expect(refusal(list(10_000)).context).toMatchObject({ at: 20_004, limit: 10_000 });
    const chain = Array.from({ length: 8_000 }, () => 'a=1').join(' or ');
    expect(parseFilter(chain)).toMatchObject({ kind: 'or', operands: { length: 8_000 } });
  });

  test('what code builds has the same bounds, however its branches are shared', () => {
    let nots = col('a').eq(1);
    for (let i = 0; i < 100; i++) nots = nots.not();
    expect(parseFilter(nots.toString())).toEqual(nots.expression);
    expect(failure(() => nots.not().toString()).context).toMatchObject({ limit: 100 });
    let deep = col('a').eq(1).and(col('b').eq(1));
    for (let i = 0; i < 100_000; i++) deep = deep.not();
    expect(failure(() => deep.toString()).message).toContain('deeper than 100');
    expect(failure(() => bindFilter(deep.expression, [])).message).toContain('deeper than 100');

    const doubled = (next: (c: Condition) => Condition): unknown => {
      let condition = col('a').eq(1);
      for (let i = 0; i < 40; i++) condition = next(condition);
      return bindFilter(condition.expression, [{ name: 'a', type: 'int' }]);
    };
    expect(failure(() => doubled((c) => c.and(c))).context).toMatchObject({ limit: 10_000 });
    expect(failure(() => doubled((c) => c.or(c).not())).context).toMatchObject({ limit: 10_000 });
    expect(failure(() => doubled((c) => and(or(c, col('a').eq(2)), or(c, col('a').eq(3))))).code).toBe(
      'InvalidArgument',
    );
    expect(failure(() => col('a').in(Array.from({ length: 10_001 }, () => 1))).code).toBe('InvalidArgument');
  });
});

describe('smuggling', () => {
  test('comments and a second statement are refused where they stand', () => {
    for (const [text, at] of [
      ["a = 'x'; drop table t", 7],
      ["a = 'x' -- and b = 1", 8],
      ["a = 'x'/* and b = 1 */", 7],
      ['a = 1--2', 5],
      ['a = 1 # b', 6],
      [';', 0],
      ['--', 0],
    ] as const) {
      expect(refusal(text).context, text).toMatchObject({ at });
    }
  });

  test('what a string holds stays in the string', () => {
    const attack = "'; drop table t; --' or '1'='1";
    expect(parseFilter(col('a').eq(attack).toString())).toEqual(col('a').eq(attack).expression);
    expect(parseFilter("a = '''; -- /* */ \" or 1'")).toEqual(col('a').eq('\'; -- /* */ " or 1').expression);
    const name = '" or "b" = 1 or "';
    expect(parseFilter(col(name).eq(1).toString())).toEqual(col(name).eq(1).expression);
  });

  test('an open quote is shown where it opens', () => {
    expect(refusal("a = 'x").context).toMatchObject({ at: 4 });
    expect(refusal("a = 'x''").context).toMatchObject({ at: 4 });
    expect(refusal('"a = 1').context).toMatchObject({ at: 0 });
    expect(refusal(`a = '${"''".repeat(30_000)}`).context).toMatchObject({ at: 4 });
  });

  test('control characters and broken Unicode are refused outside of strings, and never printed', () => {
    for (const character of ['\0', '\u0007', '\u001b', '\u200b', '\u202e', '\u00a0', '\ufeff']) {
      const error = refusal(`a = 1 ${character} or b = 2`);
      expect(error.context).toMatchObject({ at: 6 });
      expect(error.message).not.toContain(character);
    }
    expect(parseFilter("a = 'tab\tnull\0'")).toEqual(col('a').eq('tab\tnull\0').expression);
    for (const text of ["a = '\ud800'", "a = '\udc00x'", '\ud83d = 1'])
      expect(refusal(text).code).toBeTruthy();
    for (const call of [
      () => col('\ud800'),
      () => col('a').eq('\udfff'),
      () => col('a').like('\ud800%'),
      () => col('a').contains('\ud800'),
      () => col('a').startsWith('\ud800'),
      () => col('a').in(['\ud800']),
    ]) {
      failure(call);
    }
  });

  test('no letter but those of ASCII makes a keyword', () => {
    expect(refusal("a li\u212ae 'x'").context).toMatchObject({ at: 2 }); // the sign of kelvin
    expect(refusal('a \u0131n (1)').context).toMatchObject({ at: 2 }); // i without its dot
  });

  test('a column may be called as members of objects are', () => {
    const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString'];
    const attributes: Attribute[] = names.map((name) => ({ name, type: 'int' }));
    for (const [i, name] of names.entries()) {
      const bound = bindFilter(parseFilter(`${name} = 7`), attributes);
      expect(
        matches(
          bound,
          names.map((_, j) => (i === j ? 7n : 0n)),
        ),
      ).toBe(true);
      expect(failure(() => bindFilter(parseFilter(`${name} = 7`), [])).message).toContain('no column');
    }
  });
});

describe('texts that are no filters', () => {
  test('the place is under the caret and the hint says what would be right', () => {
    const error = refusal("lang = 'de' adn year > 3");
    expect(error.message).toBe(
      [
        "expected and, or, or the end, found 'adn', at character 12 of the filter",
        "  lang = 'de' adn year > 3",
        '              ^',
      ].join('\n'),
    );
    expect(error.hint).toBe('Did you mean and?');
    expect(error.context).toEqual({ at: 12, found: 'adn' });
  });

  test.each([
    ['', 0, 'a condition'],
    ['   ', 3, 'a condition'],
    ['a', 1, 'an operator'],
    ['a =', 3, 'a value'],
    ['= 1', 0, 'a column'],
    ['7 = a', 0, 'a column'],
    ["'a' = 1", 0, 'a column'],
    ['"" = 1', 0, 'a column'],
    ['and = 1', 0, 'a column'],
    ['true', 0, 'a column'],
    ['a = b', 4, 'a value'],
    ['a = "b"', 4, 'a value'],
    ['a = null', 4, 'a value'],
    ['a = nan', 4, 'a value'],
    ['a in 1', 5, "'('"],
    ['a in (1', 7, "',' or ')'"],
    ['a in (1,)', 8, 'a value'],
    ['a in (,)', 6, 'a value'],
    ['a in (null)', 6, 'a value'],
    ['a in (1 2)', 8, "',' or ')'"],
    ['a between 1', 11, 'and'],
    ['a between 1 or 2', 12, 'and'],
    ['a like 7', 7, 'a string'],
    ['a starts_with x', 14, 'a string'],
    ['a is 1', 5, 'null or not null'],
    ['a is not 1', 9, 'null'],
    ['a not 1', 6, 'an operator'],
    ['a not = 1', 6, 'an operator'],
    ['a = 1 b = 2', 6, 'and, or, or the end'],
    ['a = 1)', 5, 'and, or, or the end'],
    ['(a = 1', 6, "')'"],
    ['()', 1, 'a column'],
    ['a = 1 and', 9, 'a column'],
    ['a = 1 and or b = 1', 10, 'a column'],
    ['a => 1', 2, 'an operator'],
    ['a lkie 1', 2, 'an operator'],
    ['a = timestamp 7', 14, 'a string'],
  ])('%j', (text, at, expected) => {
    const error = refusal(text);
    expect(error.context).toMatchObject({ at });
    expect(error.message).toContain(`expected ${expected}`);
    expect(error.hint).toBeTruthy();
  });

  test.each([
    ["a lkie 'x'", 'like'],
    ["a startswith 'x'", 'starts_with'],
    ["a starts with 'x'", 'starts_with'],
    ["a has 'x'", 'contains'],
    ['a betwen 1 and 2', 'between'],
    ['flag', 'flag = true'],
    ['(flag) and a = 1', 'flag = true'],
    ['a => 1', '>='],
    ['a === 1', '='],
    ['a = 1 && b = 1', 'and'],
    ['a = 1 || b = 1', 'or'],
    ['a = ‘x’', 'straight'],
    ['a = x', "'x'"],
    ['a = "x"', "'x'"],
    ['a = null', 'is null'],
    ['a is nul', 'is null'],
    ['a = NaN', 'infinity'],
    ['a = ?', 'col('],
    ['a = +1', 'plus'],
    ['a = 1and b = 1', 'decimal'],
    ['a = 12abc', 'decimal'],
    ['in = 1', '"in"'],
    ['`a` = 1', 'double quotes'],
  ])('%j is told of %s', (text, hint) => {
    expect(refusal(text).hint).toContain(hint);
  });

  test.each([
    ['a = 1_000', 5],
    ['a = 0x10', 5],
    ['a = 12abc', 6],
    ['a = 1.2.3', 7],
    ['a = 1e', 5],
    ['a = 10n', 6],
    ['a = 1e999', 4],
    ['a = -1e999', 4],
    ['a = - 1', 4],
    ['a = -infinityx', 4],
    ["a like 'x\\'", 7],
  ])('%j is no number or pattern', (text, at) => {
    expect(refusal(text).context).toMatchObject({ at });
  });

  test('a text that is none is refused, whatever it is', () => {
    for (const text of [undefined, null, 7, {}, ['a = 1']]) {
      expect(failure(() => parseFilter(text as string)).message).toContain('is a string');
    }
  });

  test('random texts parse or are refused, and never fail otherwise', () => {
    const words = fc.constantFrom(
      ...['a', '"b"', 'and', 'or', 'not', 'in', 'between', 'like', 'contains', 'is', 'null', '(', ')', ','],
      ...["'x'", "'", '"', '1', '-1.5e3', '=', '<>', '>', 'timestamp', 'infinity', ' ', '--', '\u{1f600}'],
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.array(words, { maxLength: 30 }).map((list) => list.join(' ')),
      fc.array(words, { maxLength: 30 }).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const expression = parseFilter(text);
          expect(parseFilter(formatExpression(expression))).toEqual(expression);
        } catch (error) {
          expect(isNacreError(error, 'InvalidArgument'), String(error)).toBe(true);
          expect((error as NacreError).context['at']).toBeTypeOf('number');
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('values that are none', () => {
  test('NaN, invalid dates, null and objects are refused by the builder', () => {
    for (const value of [Number.NaN, new Date(Number.NaN), null, undefined, {}, [], Symbol('x'), () => 1]) {
      const hint = failure(() => col('a').eq(value as never)).hint;
      expect(hint).toBeTruthy();
      failure(() => col('a').in([value as never]));
      failure(() => col('a').between(1, value as never));
    }
    failure(() => col('a').in(Array<number>(3)));
    for (const value of [7, null, undefined, {}]) {
      failure(() => col('a').like(value as never));
      failure(() => col('a').contains(value as never));
      failure(() => col('a').startsWith(value as never));
      failure(() => col('a').in(value as never));
      failure(() => col(value as never));
      failure(() => and(value as never));
      failure(() => not(value as never));
      failure(() =>
        col('a')
          .eq(1)
          .or(value as never),
      );
    }
    failure(() => col(''));
    failure(() => and());
    failure(() => or());
  });
});
