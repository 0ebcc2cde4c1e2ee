// Statistics hold for every value of the column that they are of.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareValues, mostCharacters, statisticsOf } from '../../src/attributes/statistics.js';
import { type AttributeValues, columnOf, type Value, valueAt } from '../../src/attributes/values.js';
import { native } from '../../src/native.js';
import { attributesOf } from './columns.js';
import { expectedStatistics } from './statistics-oracle.js';

const long = fc
  .tuple(fc.constantFrom('', 'a', '\ud7ff', '\u{10ffff}'), fc.nat(80))
  .map(([text, times]) => text.repeat(times));

describe('statistics of a column', () => {
  test('hold for its values, and are those found value by value', async () => {
    const cases = fc.oneof(
      fc.integer({ min: 0, max: 60 }).chain(attributesOf),
      fc
        .array(fc.option(long), { maxLength: 8 })
        .map((values) => [{ attribute: { name: 'a', type: 'string' as const }, values }]),
    );
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        for (const { attribute, values } of given) {
          const column = columnOf(attribute.name, attribute.type, values as AttributeValues);
          const statistics = await statisticsOf(native(), column);
          expect(statistics).toStrictEqual(expectedStatistics(column));
          const { rows, nulls, nans, least, most, distinct } = statistics;
          const all = Array.from({ length: column.rows }, (_, row) => valueAt(column, row));
          const told = all.flatMap((value): Value[] =>
            Array.isArray(value) ? value : value === null ? [] : [value],
          );
          const ordered = told.filter((value) => !Number.isNaN(value));
          expect([rows, nulls]).toEqual([all.length, all.filter((value) => value === null).length]);
          expect(nans).toBe(told.length - ordered.length);
          expect(least === undefined).toBe(ordered.length === 0);
          for (const value of ordered) {
            expect(compareValues(least as Value, value)).toBeLessThanOrEqual(0);
            if (most !== undefined) expect(compareValues(most, value)).toBeGreaterThanOrEqual(0);
          }
          if (distinct !== undefined) expect(new Set(distinct)).toEqual(new Set(told));
          for (const value of [least, most, ...(distinct ?? [])])
            if (typeof value === 'string')
              expect(Array.from(value).length).toBeLessThanOrEqual(mostCharacters);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('are tight where values are short', async () => {
    const of = (values: AttributeValues, type: 'int' | 'string' | 'float' | 'bool') =>
      statisticsOf(native(), columnOf('a', type, values));
    expect(await of([3, null, 1], 'int')).toEqual({
      rows: 3,
      nulls: 1,
      nans: 0,
      least: 1n,
      most: 3n,
      distinct: [3n, 1n],
    });
    expect(await of(['b', 'a', 'b'], 'string')).toMatchObject({
      least: 'a',
      most: 'b',
      distinct: ['b', 'a'],
    });
    expect(await of([Number.NaN, 1], 'float')).toMatchObject({ nans: 1, least: 1, most: 1 });
    expect(await of([null], 'bool')).toEqual({ rows: 1, nulls: 1, nans: 0, distinct: [] });
    expect(
      (
        await of(
          Array.from({ length: 17 }, (_, i) => i),
          'int',
        )
      ).distinct,
    ).toBeUndefined();
    expect((await of([`${'a'.repeat(31)}\ud7ffz`], 'string')).most).toBe(`${'a'.repeat(31)}\ue000`);
    expect((await of(['\u{10ffff}'.repeat(33)], 'string')).most).toBeUndefined();
  });
});
