import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinColumns } from '../../src/attributes/join.js';
import { sliceColumn } from '../../src/attributes/slice.js';
import { columnOf } from '../../src/attributes/values.js';
import { attributesOf } from './columns.js';

test('the pieces of a column, joined, are the column', () => {
  const given = fc.integer({ min: 0, max: 30 }).chain((rows) =>
    fc.record({
      rows: fc.constant(rows),
      attributes: attributesOf(rows),
      cuts: fc.array(fc.nat(rows), { maxLength: 4 }),
    }),
  );
  fc.assert(
    fc.property(given, ({ rows, attributes, cuts }) => {
      const ends = [0, ...cuts, rows].sort((a, b) => a - b);
      for (const { attribute, values } of attributes) {
        const column = columnOf(attribute.name, attribute.type, values);
        const pieces = ends.slice(1).map((end, i) => sliceColumn(column, ends[i] ?? 0, end));
        expect(joinColumns(pieces)).toEqual(column);
      }
    }),
  );
});
