// The hash table of keys, beside a Map.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeyType } from '../../src/attributes/column.js';
import { firstNull, type KeyColumn, KeyRows, KeyTable } from '../../src/attributes/key-table.js';
import { compareValues, statisticsOf } from '../../src/attributes/statistics.js';
import { columnOf, type Value } from '../../src/attributes/values.js';
import { native } from '../../src/native.js';

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const values: Readonly<Record<KeyType, fc.Arbitrary<bigint | string>>> = {
  int: fc.oneof(fc.bigInt({ min: -5n, max: 5n }), fc.bigInt(int64), fc.constantFrom(2n ** 32n, -(2n ** 32n))),
  timestamp: fc.bigInt(int64),
  string: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom('', 'a', 'a\0', '\u{10ffff}'),
  ),
};

function column(type: KeyType, some: readonly (bigint | string | null)[]): KeyColumn {
  return columnOf('key', type, some) as KeyColumn;
}

for (const type of ['int', 'timestamp', 'string'] as const) {
  test(`${type}: finds the row of each key, and of no other`, async () => {
    const lists = fc.array(fc.array(values[type], { maxLength: 40 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(lists, fc.array(values[type]), async (pieces, others) => {
        const table = new KeyTable(type);
        const model = new Map<Value, number>();
        let label = 100;
        for (const piece of pieces) {
          const first = label;
          const expected: [number, number][] = [];
          for (const value of piece) {
            const earlier = model.get(value);
            if (earlier !== undefined) expected.push([earlier, label]);
            if (earlier === undefined || label % 2 === 0) model.set(value, label);
            label++;
          }
          const twins: [number, number][] = [];
          await table.add(column(type, piece), first, (earlier, later) => {
            twins.push([earlier, later]);
            return later % 2 === 0;
          });
          expect(twins).toEqual(expected);
        }
        const asked = [...pieces.flat(), ...others];
        const rows = new KeyRows(column(type, [...asked, null]));
        for (const [i, value] of asked.entries()) expect(table.find(rows, i)).toBe(model.get(value) ?? -1);
        expect(table.find(rows, asked.length)).toBe(-1);
        for (const [value, row] of model) expect(table.keyAt(row)).toEqual(value);
      }),
    );
  });

  test(`${type}: statistics rule out only files that have none of the keys`, async () => {
    const list = fc.array(values[type], { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(list, list, async (keys, file) => {
        const table = new KeyTable(type);
        await table.add(column(type, keys), 0, () => true);
        const statistics = await statisticsOf(native(), column(type, file));
        const isThere = keys.some((key) => file.includes(key));
        if (isThere) expect(table.mayMatch(statistics)).toBe(true);
        const below = keys.every((key) => file.every((one) => compareValues(key, one) < 0));
        if (below) expect(table.mayMatch(statistics)).toBe(false);
      }),
    );
  });
}

test('holds hundreds of thousands of keys', async () => {
  const table = new KeyTable('int');
  const numbers = Int32Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 1_000_003);
  const twins: number[] = [];
  await table.add(columnOf('key', 'int', numbers) as KeyColumn, 0, (earlier) => twins.push(earlier) < 0);
  expect(twins).toEqual([]);
  const rows = new KeyRows(columnOf('key', 'int', numbers) as KeyColumn);
  for (let i = 0; i < numbers.length; i += 997) expect(table.find(rows, i)).toBe(i);
  expect(table.find(new KeyRows(column('int', [-1n])), 0)).toBe(-1);
});

test('the first null is found', () => {
  expect(firstNull(column('int', [1n, 2n]))).toBe(-1);
  expect(firstNull(column('string', ['a', null, null]))).toBe(1);
});
