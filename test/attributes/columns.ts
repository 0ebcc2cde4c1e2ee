// Random attributes and their values, for tests.
import fc from 'fast-check';
import type { Attribute, AttributeType } from '../../src/attributes/column.js';
import type { AttributeValues } from '../../src/attributes/values.js';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('', 'a', 'ä', '\0', '𝄞'),
);

const valueOf: Record<AttributeType, fc.Arbitrary<unknown>> = {
  bool: fc.boolean(),
  int: fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.integer(),
    fc.constantFrom(2n ** 53n + 1n, -(2n ** 63n)),
  ),
  float: fc.double(),
  string: text,
  strings: fc.array(text, { maxLength: 4 }),
  timestamp: fc.date({ noInvalidDate: true }),
};

export const types = Object.keys(valueOf) as AttributeType[];

/** Some attributes with values for so many rows, null in about a fourth where there are nulls at all. */
export function attributesOf(
  rows: number,
): fc.Arbitrary<{ attribute: Attribute; values: AttributeValues }[]> {
  const one = fc
    .tuple(fc.constantFrom(...types), fc.string({ minLength: 1, maxLength: 8 }), fc.boolean())
    .chain(([type, name, hasNulls]) => {
      const value = hasNulls ? fc.option(valueOf[type], { freq: 3 }) : valueOf[type];
      return fc
        .array(value, { minLength: rows, maxLength: rows })
        .map((values) => ({ attribute: { name, type }, values: values as AttributeValues }));
    });
  return fc.uniqueArray(one, { minLength: 1, maxLength: 6, selector: ({ attribute }) => attribute.name });
}
