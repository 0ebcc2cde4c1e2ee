// Attribute files: any rows of any column are read back by their ranges alone, and damage of any kind is a
// typed error or another valid column, never a crash.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extentsOf, type OffsetCheck, readOf } from '../../src/attributes/arrow/layout.js';
import { writeArrow } from '../../src/attributes/arrow/write.js';
import type { Attribute, Column } from '../../src/attributes/column.js';
import { inBytes } from '../../src/attributes/native-column.js';
import { type AttributeValues, columnOf, valueAt } from '../../src/attributes/values.js';
import { isNacreError } from '../../src/errors.js';
import { fromNative, native } from '../../src/native.js';
import { concat } from '../../src/util/bytes.js';
import { attributesOf } from './columns.js';

type Given = readonly { readonly attribute: Attribute; readonly values: AttributeValues }[];

interface Written {
  readonly bytes: Uint8Array;
  /** Reads rows of a column; `shift` is where the bytes of a range lie within a word. */
  readonly read: (column: number, start: number, end: number, shift?: number, check?: OffsetCheck) => Column;
}

function write(given: Given): Written {
  const columns = given.map(({ attribute: { name, type }, values }) => columnOf(name, type, values));
  const attributes = given.map(({ attribute }) => attribute);
  const { pieces, bodyOffset, columns: shapes } = writeArrow(attributes, columns);
  const bytes = concat(pieces);
  const { columns: extents, bodyBytes } = extentsOf(columns[0]?.rows ?? 0, shapes);
  expect(bodyOffset % 64).toBe(0);
  expect(bodyOffset + bodyBytes).toBeLessThan(bytes.byteLength);
  const read: Written['read'] = (column, from, to, shift = 0, check = 'here') => {
    const { ranges, build } = readOf(shapes[column] as never, extents[column] as never, from, to, check);
    const parts = ranges.map(({ start, end }) => {
      const piece = new Uint8Array(shift + end - start).subarray(shift);
      piece.set(bytes.subarray(bodyOffset + start, bodyOffset + end));
      return piece;
    });
    return build(parts);
  };
  return { bytes, read };
}

/** A value as columns have it. */
function stored(type: string, value: unknown): unknown {
  if (value instanceof Date) return BigInt(value.getTime()) * 1000n;
  return type === 'int' && typeof value === 'number' ? BigInt(value) : (value ?? null);
}

const rows = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(1023, 1024, 1025, 2050));

const damages = fc
  .integer({ min: 1, max: 30 })
  .chain((count) =>
    fc.tuple(
      attributesOf(count),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.nat(count - 1),
    ),
  );

describe('an attribute file', () => {
  test('gives back any rows of any column, wherever their bytes lie', () => {
    const cases = rows.chain((count) =>
      fc.tuple(attributesOf(count), fc.nat(count), fc.nat(count), fc.integer({ min: 0, max: 9 })),
    );
    fc.assert(
      fc.property(cases, ([given, one, other, shift]) => {
        const { read } = write(given);
        const count = given[0]?.values.length ?? 0;
        for (const [i, { attribute, values }] of given.entries()) {
          for (const [start, end] of [
            [0, count] as const,
            [Math.min(one, other), Math.max(one, other)] as const,
          ]) {
            const column = read(i, start, end, shift);
            expect(column.rows).toBe(end - start);
            for (let row = start; row < end; row++) {
              expect(valueAt(column, row - start)).toEqual(stored(attribute.type, values[row]));
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test('is the same for the same values, whatever stood where they are null', () => {
    const name = 'a';
    const bytesOf = (values: AttributeValues): Uint8Array =>
      write([{ attribute: { name, type: 'string' }, values }]).bytes;
    expect(bytesOf(['x', null, 'y'])).toEqual(bytesOf(['x', undefined, 'y']));
  });

  test('that is damaged is a typed error, or another column of as many rows', () => {
    fc.assert(
      fc.property(damages, ([given, changes, start]) => {
        const { bytes, read } = write(given);
        for (const [at, byte] of changes) bytes[at % bytes.byteLength] = byte;
        const end = given[0]?.values.length ?? 0;
        for (let i = 0; i < given.length; i++) {
          try {
            const column = read(i, start, end);
            for (let row = 0; row < column.rows; row++) valueAt(column, row);
          } catch (error) {
            expect(isNacreError(error, 'Corrupt'), String(error)).toBe(true);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('has the same damage whoever looks through the offsets', async () => {
    await fc.assert(
      fc.asyncProperty(damages, async ([given, changes, start]) => {
        const { bytes, read } = write(given);
        for (const [at, byte] of changes) bytes[at % bytes.byteLength] = byte;
        const end = given[0]?.values.length ?? 0;
        for (let i = 0; i < given.length; i++) {
          const refused = async (check: OffsetCheck): Promise<boolean> => {
            try {
              // The statistics are one of the kernels that look, too, and have no values made of text.
              const column = read(i, start, end, 0, check);
              if (check === 'in kernels') await native().columnStatistics(inBytes(column));
              return false;
            } catch (error) {
              expect(fromNative(error).code).toBe('Corrupt');
              return true;
            }
          };
          expect(await refused('in kernels')).toBe(await refused('here'));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
