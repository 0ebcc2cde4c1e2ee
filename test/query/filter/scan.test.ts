// Filters over whole columns, held against the same filter on each row.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOfBits, countBits, makeBits } from '../../../src/attributes/bits.js';
import type { Attribute, Column, StringColumn } from '../../../src/attributes/column.js';
import { type AttributeValues, columnOf, type Value } from '../../../src/attributes/values.js';
import { native } from '../../../src/native.js';
import { type BoundExpression, bindFilter } from '../../../src/query/filter/bind.js';
import { matches } from '../../../src/query/filter/evaluate.js';
import { negate } from '../../../src/query/filter/expression.js';
import { parseFilter } from '../../../src/query/filter/parse.js';
import { filterColumns } from '../../../src/query/filter/scan.js';
import { sequence } from '../../native/support.js';
import { attributes, expressions, rows } from './filters.js';

const binary = native();

/** A column of values as rows have them, where instants are bigints. */
function columnFrom({ name, type }: Attribute, values: readonly Value[]): Column {
  if (type !== 'timestamp') return columnOf(name, type, values as AttributeValues);
  const { valid, values: micros } = columnOf(name, 'int', values as AttributeValues) as Column & {
    readonly values: BigInt64Array;
  };
  return { type, rows: values.length, values: micros, ...(valid && { valid }) };
}

function expected(filter: BoundExpression, table: readonly (readonly Value[])[]): Uint8Array {
  return makeBits(table.length, (row) => matches(filter, table[row] as readonly Value[]));
}

const sizes = fc.oneof(
  fc.constantFrom(0, 1, 7, 8, 31, 32, 33, 63, 64, 65, 127, 128, 129),
  fc.integer({ min: 0, max: 300 }),
);

/** What becomes of a column: null in every row, null in rows that hold something, or as it is. */
const fates = fc.array(fc.constantFrom('gone', 'hidden', 'whole', 'whole', 'whole'), {
  minLength: attributes.length,
  maxLength: attributes.length,
});

/** Rows, and the columns that hold them. */
const tables = sizes.chain((count) =>
  fc
    .tuple(fc.array(rows, { minLength: count, maxLength: count }), fates, fc.integer())
    .map(([drawn, fate, seed]) => {
      const random = sequence(seed);
      const table = drawn.map((row) => [...row]);
      const columns = attributes.map((attribute, i): Column | undefined => {
        const values = table.map((row) => row[i] as Value);
        if (fate[i] === 'whole') return columnFrom(attribute, values);
        for (const row of table) if (fate[i] === 'gone' || random() % 3 === 0) row[i] = null;
        if (fate[i] === 'gone') return undefined;
        const valid = makeBits(count, (row) => table[row]?.[i] !== null);
        // Arrow says nothing of the bits behind the last row.
        const last = valid.length - 1;
        if (count % 8 > 0) valid[last] = (valid[last] as number) | (0xff << (count % 8));
        return { ...columnFrom(attribute, values), valid };
      });
      return { table, columns };
    }),
);

test('a filter over columns matches the rows that it matches one by one', async () => {
  await fc.assert(
    fc.asyncProperty(
      tables,
      fc.array(expressions, { minLength: 1, maxLength: 6 }),
      async ({ table, columns }, filters) => {
        for (const filter of filters.flatMap((one) => [one, negate(one)])) {
          const bound = bindFilter(filter, attributes);
          const found = await filterColumns(binary, bound, columns, table.length);
          expect(found).toEqual(expected(bound, table));
        }
      },
    ),
    { numRuns: 1_500 },
  );
});

test('and so it is of columns that several threads share', async () => {
  const count = 200_003;
  const random = sequence(7);
  const words = ['', 'a', 'ab', 'red', 'blue', 'Ünder', '😀 smile', 'a fairly long text of no meaning'];
  const pick = (): string => words[random() % words.length] as string;
  const table = Array.from({ length: count }, (): Value[] => {
    const orNull = <T extends Value>(value: T): T | null => (random() % 9 === 0 ? null : value);
    const number = random() % 1_000;
    const items = Array.from({ length: random() % 3 }, pick);
    const text = `${pick()}${pick()}`;
    return [
      orNull(number % 2 === 0),
      orNull(BigInt(number)),
      orNull(number === 0 ? Number.NaN : number / 8 - 20),
      orNull(text),
      orNull<readonly string[]>(items),
      orNull(BigInt(number) * 1_000_000n),
    ];
  });
  const named = attributes.map(({ type }) => ({ name: `a_${type}`, type }));
  const columns = named.map((attribute, i) =>
    columnFrom(
      attribute,
      table.map((row) => row[i] as Value),
    ),
  );
  for (const text of [
    'a_int < 500 and a_float >= -3.5',
    "a_string like '%red_l%' or a_string contains 'Ünder' or not a_strings contains 'ab'",
    "(a_string > 'b' or a_timestamp >= timestamp '1970-01-01T00:10:00Z') and a_bool = true",
    'not (a_float in (1, -20) or a_int not in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89)) or a_bool is null',
    "a_string in ('', 'redred', 'bluea') or a_string like '%_e_'",
  ]) {
    const bound = bindFilter(parseFilter(text), named);
    const found = await filterColumns(binary, bound, columns, count);
    expect(Buffer.compare(found, expected(bound, table)), text).toBe(0);
    expect(countBits(found, count)).toBe(table.filter((row) => matches(bound, row)).length);
  }
});

describe('a filter', () => {
  const on = [
    { name: 'n', type: 'int' },
    { name: 'text', type: 'string' },
    { name: 'tags', type: 'strings' },
  ] as const;
  const bound = (text: string): BoundExpression => bindFilter(parseFilter(text), on);
  const numbers = columnOf('n', 'int', [1, 2, 3]);
  const texts = columnOf('text', 'string', ['a', 'b', 'c']) as StringColumn;
  const lying: StringColumn = { ...texts, offsets: Int32Array.of(0, 2, 1, 9) };
  const run = async (text: string, columns: readonly (Column | undefined)[], signal?: AbortSignal) =>
    filterColumns(binary, bound(text), columns, 3, signal && { signal });

  test('of offsets that lie fails as Corrupt', async () => {
    const tags: Column = { type: 'strings', rows: 3, offsets: Int32Array.of(0, 1, 2, 3), items: lying };
    const out: Column = { type: 'strings', rows: 3, offsets: Int32Array.of(0, 1, 2, 4), items: texts };
    const corrupt = { code: 'Corrupt' };
    await expect(run("text = 'a'", [numbers, lying, tags])).rejects.toMatchObject(corrupt);
    await expect(run("tags contains 'a'", [numbers, lying, tags])).rejects.toMatchObject(corrupt);
    await expect(run("tags contains 'a'", [numbers, lying, out])).rejects.toMatchObject(corrupt);
    // On the pool, too.
    const many = 50_000;
    const offsets = new Int32Array(many + 1).fill(1, many / 2, many / 2 + 1);
    const long: StringColumn = { type: 'string', rows: many, offsets, bytes: texts.bytes };
    const found = filterColumns(binary, bound("text = 'a'"), [undefined, long], many);
    await expect(found).rejects.toMatchObject(corrupt);
  });

  test('of columns that are too short, or of other rows, fails as Corrupt', async () => {
    const corrupt = { code: 'Corrupt' };
    const short: Column = { type: 'int', rows: 3, values: new BigInt64Array(2) };
    await expect(run('n = 0', [short])).rejects.toMatchObject(corrupt);
    const unknown: Column = { ...numbers, valid: new Uint8Array(0) };
    for (const text of ['n is null', 'n = 1', 'n < 1e30']) {
      await expect(run(text, [unknown]), text).rejects.toMatchObject(corrupt);
      await expect(run(text, [{ ...numbers, rows: 4 }]), text).rejects.toMatchObject(corrupt);
    }
  });

  test('looks at no more columns once all rows are decided', async () => {
    expect([...(await run("n > 3 and text = 'a'", [numbers, lying]))]).toEqual([0]);
    expect([...(await run("n > 0 or text = 'a'", [numbers, lying]))]).toEqual([0b111]);
    // Of a null no `and` is true, whatever else it has.
    expect([...(await run("n > 3 and text = 'a'", [undefined, lying]))]).toEqual([0]);
    // Unknown is not false: for what must be false a column of nulls decides nothing.
    const denied = run("not (n > 3 and text = 'a')", [undefined, lying]);
    await expect(denied).rejects.toMatchObject({ code: 'Corrupt' });
  });

  test('ends as Aborted, between its terms as well', async () => {
    await expect(run('n = 1', [numbers], AbortSignal.abort())).rejects.toMatchObject({ code: 'Aborted' });
    const many = 100_000;
    const long = columnOf('n', 'int', new Int32Array(many));
    const controller = new AbortController();
    const found = filterColumns(binary, bound('n = 0 and n < 1'), [long], many, controller);
    controller.abort();
    await expect(found).rejects.toMatchObject({ code: 'Aborted' });
  });

  test('gives the event loop its turn, however many terms it has', async () => {
    const filter = bound(Array.from({ length: 2_000 }, (_, i) => `n != ${i + 10}`).join(' and '));
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const found = await filterColumns(binary, filter, [numbers], 3);
    isDone = true;
    expect([...found]).toEqual([0b111]);
    expect(turns).toBeGreaterThan(5);
  });

  test('of no rows has no bits', async () => {
    const empty = [columnOf('n', 'int', []), columnOf('text', 'string', []), columnOf('tags', 'strings', [])];
    const filter = bound("n = 1 or text = '' or not tags contains '' or n is null");
    expect(await filterColumns(binary, filter, empty, 0)).toHaveLength(bytesOfBits(0));
  });
});
