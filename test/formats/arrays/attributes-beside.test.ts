// Attributes beside the arrays of an Arrow or Parquet file that is written: what comes back, and what pyarrow
// reads.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RowType } from '../../../src/arrays/row-type.js';
import type { Attribute, AttributeType } from '../../../src/attributes/column.js';
import { sliceColumn } from '../../../src/attributes/slice.js';
import type { AttributeSource } from '../../../src/attributes/source.js';
import { type AttributeValues, columnOf } from '../../../src/attributes/values.js';
import type { ArrayToWrite } from '../../../src/formats/arrays/array-file.js';
import { readArrow, writeArrow } from '../../../src/formats/arrays/arrow.js';
import { readParquet, writeParquet } from '../../../src/formats/arrays/parquet.js';
import { writeStream } from '../../../src/formats/npy-writer.js';
import { writeArrayFile } from '../../../src/index.js';
import { failure } from '../../support/failure.js';
import { pythonWithNumpy, runPython } from '../../support/python.js';
import { inFolder, valuesOf } from '../attributes/files.js';
import { arrayOf, bytesOfPieces, noise, readAll } from './column-files.js';

const folder = inFolder();
const python = await pythonWithNumpy();
const formats = [
  { format: 'parquet', reader: readParquet, writer: writeParquet },
  { format: 'arrow', reader: readArrow, writer: writeArrow },
] as const;

type Given = Readonly<Record<string, { readonly type: AttributeType; readonly values: AttributeValues }>>;

function sourceOf(rows: number, given: Given): AttributeSource {
  const attributes: Attribute[] = Object.entries(given).map(([name, { type }]) => ({ name, type }));
  const columns = Object.entries(given).map(([name, { type, values }]) => columnOf(name, type, values));
  return {
    ...{ name: 'given', rows, attributes },
    read: async (start, end) => columns.map((column) => sliceColumn(column, start, end)),
    close: async () => undefined,
  };
}

function rowsOf(rows: number): ArrayToWrite {
  const type: RowType = { dtype: 'float32', rowShape: [3], scalar: false };
  return arrayOf(
    'rows',
    type,
    rows,
    noise(7, rows * 12).map((byte) => byte & 0xbb),
  );
}

const text = fc.oneof(fc.constant(''), fc.string({ unit: 'grapheme', maxLength: 12 }));
const whole = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const kinds: Readonly<Record<AttributeType, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  int: whole,
  float: fc.double(),
  string: text,
  strings: fc.array(text, { maxLength: 4 }),
  timestamp: fc.bigInt({ min: -(2n ** 55n), max: 2n ** 55n }),
};

/** Columns of every type, of which none, some or all values are null. */
const columnsOf = (rows: number): fc.Arbitrary<Given> =>
  fc.record(
    Object.fromEntries(
      Object.entries(kinds).flatMap(([type, value]) =>
        [0, 0.3, 1].map((share) => [
          `${type}-${share}`,
          fc
            .array(fc.tuple(value, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })), {
              minLength: rows,
              maxLength: rows,
            })
            .map((pairs) => ({
              type: type as AttributeType,
              values: pairs.map(([one, chance]) => (chance < share ? null : one)) as AttributeValues,
            })),
        ]),
      ),
    ),
  );

const some = fc
  .oneof(fc.constantFrom(0, 1, 8, 9), fc.nat(60))
  .chain((rows) => columnsOf(rows).map((given) => ({ rows, given })));

describe.each(formats)('$format', ({ format, reader, writer }) => {
  test('gives attributes of every type back', async () => {
    await fc.assert(
      fc.asyncProperty(some, async ({ rows, given }) => {
        const file = folder.path(`beside.${format}`);
        await writeStream(file, writer([rowsOf(rows)], { attributes: sourceOf(rows, given) }));
        const { arrays, attributes } = await readAll(reader, file, 17);
        expect(Object.keys(arrays)).toEqual(['rows']);
        expect(attributes).toEqual(await valuesOf(sourceOf(rows, given)));
      }),
      { numRuns: 60 },
    );
  });

  test('goes on over groups of rows', async () => {
    const rows = 70_001;
    const given: Given = {
      n: { type: 'int', values: Float64Array.from({ length: rows }, (_, i) => i) },
      t: { type: 'string', values: Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? null : `t${i}`)) },
    };
    const file = folder.path(`groups.${format}`);
    const array = rowsOf(rows);
    await writeArrayFile(file, [array], { attributes: sourceOf(rows, given) });
    const { arrays, attributes } = await readAll(reader, file, 20_000);
    expect(Buffer.from(arrays['rows']?.bytes ?? []).equals(bytesOfPieces(array))).toBe(true);
    expect(attributes).toEqual(await valuesOf(sourceOf(rows, given)));
  });

  test.skipIf(python === undefined)('is what pyarrow reads', async () => {
    const check = `
import sys, json, pyarrow as pa, pyarrow.parquet as pq, pyarrow.feather as feather
name = sys.argv[1]
if name.endswith('parquet'):
    table = pq.ParquetFile(name, page_checksum_verification=True).read()
else:
    table = feather.read_table(name)
table.validate(full=True)
out = {}
for field in table.schema:
    if field.name == 'rows':
        continue
    column = table[field.name]
    if pa.types.is_timestamp(field.type):
        assert field.type == pa.timestamp('us', tz='UTC'), field.type
        column = column.cast(pa.int64())
    text = lambda x: str(x) if isinstance(x, int) and not isinstance(x, bool) else x
    out[field.name] = [str(field.type), [text(x) for x in column.to_pylist()]]
print(json.dumps(out))
`;
    const rows = 21;
    const times = Array.from({ length: rows }, (_, i) => (i === 5 ? null : new Date(1_700_000_000_000 + i)));
    const of = <T>(value: (i: number) => T) =>
      Array.from({ length: rows }, (_, i) => (i % 3 === 1 ? null : value(i)));
    const given: Given = {
      yes: { type: 'bool', values: of((i) => i % 2 === 0) },
      n: { type: 'int', values: of((i) => 2n ** 62n + BigInt(i)) },
      x: { type: 'float', values: of((i) => i / 4) },
      s: { type: 'string', values: of((i) => `é${i}`) },
      list: { type: 'strings', values: of((i) => Array.from({ length: i % 4 }, (_, j) => `${i}-${j}`)) },
      at: { type: 'timestamp', values: times },
      all: { type: 'string', values: Array.from({ length: rows }, (_, i) => `${i}`) },
    };
    const file = folder.path(`pyarrow.${format}`);
    await writeArrayFile(file, [rowsOf(rows)], { attributes: sourceOf(rows, given) });
    const found = JSON.parse((await runPython(check, [file])).toString()) as Record<string, unknown>;
    const wanted = Object.entries(given).map(([name, { values }]) => [
      name,
      Array.from(values as Iterable<unknown>, (value) =>
        value instanceof Date ? `${value.getTime() * 1000}` : typeof value === 'bigint' ? `${value}` : value,
      ),
    ]);
    const values = Object.entries(found).map(([name, column]) => [name, (column as unknown[])[1]]);
    expect(values).toEqual(wanted);
    expect(Object.values(found).map((column) => (column as unknown[])[0])).toEqual([
      ...['bool', 'int64', 'double', 'string', expect.stringMatching(/^list<.*string>$/)],
      ...['timestamp[us, tz=UTC]', 'string'],
    ]);
  });

  test('refuses attributes of other rows, and of the name of the array', async () => {
    const other = sourceOf(4, { n: { type: 'int', values: [1, 2, 3, 4] } });
    const file = folder.path(`refused.${format}`);
    const of = (attributes: AttributeSource) => failure(writeArrayFile(file, [rowsOf(5)], { attributes }));
    const refused = (message: RegExp) => ({
      code: 'InvalidArgument',
      message: expect.stringMatching(message),
    });
    expect(await of(other)).toMatchObject(refused(/4 rows for 5 rows/));
    const named = sourceOf(5, { rows: { type: 'int', values: [1, 2, 3, 4, 5] } });
    expect(await of(named)).toMatchObject(refused(/'rows'/));
  });
});

test('other formats hold none', async () => {
  const attributes = sourceOf(2, { n: { type: 'int', values: [1, 2] } });
  const error = await failure(writeArrayFile(folder.path('x.npz'), [rowsOf(2)], { attributes }));
  expect(error).toMatchObject({
    code: 'InvalidArgument',
    hint: expect.stringContaining('arrow and parquet'),
  });
});
