// What statistics rule out of a filter is of no row of the column.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Statistics } from '../../../src/attributes/statistics.js';
import { type AttributeValues, columnOf, type Value } from '../../../src/attributes/values.js';
import { bindFilter } from '../../../src/query/filter/bind.js';
import { evaluate } from '../../../src/query/filter/evaluate.js';
import type { CompareOperator } from '../../../src/query/filter/expression.js';
import { parseFilter } from '../../../src/query/filter/parse.js';
import { possibleTruths } from '../../../src/query/filter/prune.js';
import { halfPair } from '../../../src/util/text.js';
import { expectedStatistics } from '../../attributes/statistics-oracle.js';
import { attributes, expressions, rows } from './filters.js';

/** Those of the values that the rows have for an attribute. */
function statistics(table: readonly (readonly Value[])[], index: number): Statistics {
  const { name, type } = attributes[index] as (typeof attributes)[number];
  const values = table.map((row) => row[index] ?? null) as AttributeValues;
  // JavaScript has no date for most instants of a column; as integers they rank alike.
  return expectedStatistics(columnOf(name, type === 'timestamp' ? 'int' : type, values));
}

/** Half of a surrogate pair is no text of a column. */
const wellFormed = (row: readonly Value[]): boolean =>
  row.every((value) => typeof value !== 'string' || !halfPair.test(value));

describe('pruning by statistics', () => {
  test('rules out nothing that is true of a row', () => {
    // What is left out of statistics makes them wider: each part is to be right without the others.
    const told = fc.constantFrom('all', 'range', 'least', 'nothing');
    const table = fc.array(rows.filter(wellFormed), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        expressions,
        table,
        fc.array(told, { minLength: 6, maxLength: 6 }),
        (expression, all, tell) => {
          const filter = bindFilter(expression, attributes);
          const known = attributes.map((_, i) => {
            const { distinct, most, ...rest } = statistics(all, i);
            if (tell[i] === 'nothing') return undefined;
            const range = { ...rest, ...(tell[i] !== 'least' && most !== undefined && { most }) };
            return tell[i] === 'all' && distinct !== undefined ? { ...range, distinct } : range;
          });
          const possible = possibleTruths(filter, known);
          for (const row of all) {
            const truth = evaluate(filter, row);
            expect(truth === null ? possible.unknown : possible[`${truth}`]).toBe(true);
          }
        },
      ),
      { numRuns: 10_000 },
    );
  });

  test('rules out nothing at the ends of a range, and where there is NaN', () => {
    const values = fc.array(fc.constantFrom(-1, 0.5, 2, Number.NaN, null), { minLength: 1, maxLength: 3 });
    const operators = fc.constantFrom<CompareOperator>('=', '!=', '<', '<=', '>', '>=');
    fc.assert(
      fc.property(values, operators, fc.constantFrom(-1, 0.5, 2), (column, operator, value) => {
        const { distinct: _, ...range } = expectedStatistics(columnOf('x', 'float', column));
        const filter = { kind: 'compare', column: 0, operator, type: 'float', value } as const;
        const possible = possibleTruths(filter, [range]);
        for (const row of column) {
          const truth = evaluate(filter, [row]);
          expect(truth === null ? possible.unknown : possible[`${truth}`]).toBe(true);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ['n > 9', false],
    ['n >= 9', true],
    ['n < 0', false],
    ['n = 4', true],
    ['n = 10', false],
    ['n in (11, 12)', false],
    ['n in (11, 3)', true],
    ['not n <= 9', false],
    ['n < 0 or n > 9', false],
    ['n < 0 or s is null', true],
    ['n is null', false],
    ["s starts_with 'zz'", false],
    ["s starts_with 'b'", true],
    ["s starts_with 'a'", true],
    ["s starts_with 'c'", true],
    ["s > 'c9'", false],
    ["t contains 'red'", true],
    ["t contains 'blue'", false],
    ['f != 1', true],
    ['f > 1', false],
    ['n > 9 and s is null', false],
    ['n between 20 and 30', false],
  ])('%s can match: %s', (text, may) => {
    const many = Array.from({ length: 30 }, (_, i) => i);
    const columns = [
      columnOf(
        'n',
        'int',
        many.map((i) => i % 10),
      ),
      columnOf(
        's',
        'string',
        many.map((i) => (i === 0 ? null : `${'abc'[i % 3]}${i % 10}`)),
      ),
      columnOf(
        't',
        'strings',
        many.map(() => ['red', 'green']),
      ),
      columnOf(
        'f',
        'float',
        many.map((i) => (i === 0 ? Number.NaN : i / 30)),
      ),
    ];
    const named = ['n', 's', 't', 'f'].map((name, i) => ({ name, type: columns[i]?.type ?? 'int' }));
    const filter = bindFilter(parseFilter(text), named);
    expect(possibleTruths(filter, columns.map(expectedStatistics)).true).toBe(may);
  });
});
