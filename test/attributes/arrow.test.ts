// Attribute files: what is written is read back batch by batch, and damage of any kind is a typed error or
// another valid batch, never a crash.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readBatch } from '../../src/attributes/arrow/read.js';
import { batchRows, writeArrow } from '../../src/attributes/arrow/write.js';
import type { Attribute } from '../../src/attributes/column.js';
import { type AttributeValues, columnOf, valueAt } from '../../src/attributes/values.js';
import { isNacreError } from '../../src/errors.js';
import { attributesOf } from './columns.js';

type Given = readonly { readonly attribute: Attribute; readonly values: AttributeValues }[];

function write(given: Given): ReturnType<typeof writeArrow> {
  const columns = given.map(({ attribute: { name, type }, values }) => columnOf(name, type, values));
  return writeArrow(
    given.map(({ attribute }) => attribute),
    columns,
  );
}

/** A value as columns have it. */
function stored(value: unknown): unknown {
  if (value instanceof Date) return BigInt(value.getTime()) * 1000n;
  return value ?? null;
}

const rows = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(1023, 1024, 1025, 2050));

describe('an attribute file', () => {
  test('gives back every value, batch by batch, wherever its bytes lie', () => {
    const cases = rows.chain((count) => fc.tuple(attributesOf(count), fc.integer({ min: 0, max: 9 })));
    fc.assert(
      fc.property(cases, ([given, shift]) => {
        const { bytes, batches } = write(given);
        let row = 0;
        for (const place of batches) {
          const piece = new Uint8Array(shift + place.metadataBytes + place.bodyBytes).subarray(shift);
          piece.set(bytes.subarray(place.offset, place.offset + piece.byteLength));
          const columns = readBatch(
            given.map(({ attribute }) => attribute),
            place,
            piece,
          );
          expect(place.rows).toBeLessThanOrEqual(batchRows);
          for (const [i, { attribute, values }] of given.entries()) {
            for (let r = 0; r < place.rows; r++) {
              const [got, want] = [valueAt(columns[i] as never, r), stored(values[row + r])];
              const isInt = attribute.type === 'int' && typeof want === 'number';
              expect(got).toEqual(isInt ? BigInt(want) : want);
            }
          }
          row += place.rows;
        }
        expect(row).toBe(given[0]?.values.length);
      }),
      { numRuns: 150 },
    );
  });

  test('is the same for the same values, whatever stood where they are null', () => {
    const name = 'a';
    const one = columnOf(name, 'string', ['x', null, 'y']);
    const other = columnOf(name, 'string', ['x', undefined, 'y']);
    const attributes = [{ name, type: 'string' }] as const;
    expect(writeArrow(attributes, [one]).bytes).toEqual(writeArrow(attributes, [other]).bytes);
  });

  test('that is damaged is a typed error, or another batch of as many rows', () => {
    const cases = fc
      .integer({ min: 1, max: 30 })
      .chain((count) =>
        fc.tuple(
          attributesOf(count),
          fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        ),
      );
    fc.assert(
      fc.property(cases, ([given, changes]) => {
        const { bytes, batches } = write(given);
        const [place] = batches;
        if (place === undefined) return;
        const { offset, metadataBytes, bodyBytes } = place;
        const piece = bytes.slice(offset, offset + metadataBytes + bodyBytes);
        // Most of them in the metadata, where all the offsets are.
        for (const [at, byte] of changes)
          piece[at % (at % 4 === 0 ? piece.byteLength : metadataBytes)] = byte;
        try {
          const columns = readBatch(
            given.map(({ attribute }) => attribute),
            place,
            piece,
          );
          for (const column of columns) for (let r = 0; r < place.rows; r++) valueAt(column, r);
        } catch (error) {
          expect(isNacreError(error, 'Corrupt'), String(error)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('of which a place says other lengths than it has is refused', () => {
    const given: Given = [{ attribute: { name: 'a', type: 'int' }, values: [1, 2, 3] }];
    const { bytes, batches } = write(given);
    const place = batches[0] as (typeof batches)[number];
    const { offset, metadataBytes, bodyBytes } = place;
    const piece = bytes.subarray(offset, offset + metadataBytes + bodyBytes);
    const attributes: Attribute[] = [{ name: 'a', type: 'int' }];
    const refused = (change: Partial<typeof place>, types = attributes, of = piece): void =>
      expect(() => readBatch(types, { ...place, ...change }, of)).toThrow(/attributes: /);
    refused({ rows: 2 });
    refused({ rows: 4 });
    refused({ metadataBytes: metadataBytes + 8, bodyBytes: bodyBytes - 8 });
    refused({}, attributes, piece.subarray(1));
    refused({}, [{ name: 'a', type: 'string' }]);
    refused({}, []);
    refused({}, [...attributes, { name: 'b', type: 'int' }]);
  });
});
