// Parquet files that are written: what pyarrow reads in them, what comes back, and what is refused.
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { asyncBufferFromFile, parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { type RowType, rowBytesOf } from '../../../src/arrays/row-type.js';
import type { ArrayToWrite } from '../../../src/formats/arrays/array-file.js';
import { readParquet, writeParquet } from '../../../src/formats/arrays/parquet.js';
import { type Dtype, dtypeNames, dtypes } from '../../../src/npy/dtype.js';
import { failure } from '../../support/failure.js';
import { pythonWithNumpy, runPython } from '../../support/python.js';
import { inFolder } from '../attributes/files.js';
import { arrayOf, bytesOfPieces, noise, readAll, refusal, someArrays, write } from './column-files.js';

const folder = inFolder();
const python = await pythonWithNumpy();
const held = dtypeNames.filter((name) => dtypes[name].kind !== 'complex');

function someOf(
  name: string,
  dtype: Dtype,
  rowShape: readonly number[],
  rows: number,
  seed = 1,
): ArrayToWrite {
  const type: RowType = { dtype, rowShape, scalar: false };
  // No NaN among them, whose bits not everybody keeps.
  const bytes = noise(seed, rows * rowBytesOf(type)).map((byte) =>
    dtype === 'bool' ? byte & 1 : byte & 0xbb,
  );
  return arrayOf(name, type, rows, bytes, 1000);
}

const check = `
import sys, numpy as np, pyarrow as pa, pyarrow.parquet as pq
table = pq.ParquetFile(sys.argv[1], page_checksum_verification=True).read()
table.validate(full=True)
print(table.num_rows)
for field in table.schema:
    column = table[field.name].combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], field.type)
    kind, shape = field.type, []
    if isinstance(kind, pa.FixedShapeTensorType):
        shape, column = list(kind.shape), column.storage
    elif pa.types.is_fixed_size_list(kind):
        shape = [kind.list_size]
    assert column.null_count == 0
    if shape:
        column = column.flatten()
    values = column.to_numpy(zero_copy_only=False)
    print(field.name, values.dtype, shape, np.ascontiguousarray(values).tobytes().hex(), sep=';')
`;

async function expectPyarrowReads(file: string, arrays: readonly ArrayToWrite[]): Promise<void> {
  const [rows, ...columns] = (await runPython(check, [file])).toString().trim().split('\n');
  expect(Number(rows)).toBe(arrays[0]?.rows);
  expect(columns).toEqual(
    arrays.map((array) => {
      const { dtype, rowShape } = array.type;
      return `${array.array};${dtype};[${rowShape.join(', ')}];${Buffer.from(bytesOfPieces(array)).toString('hex')}`;
    }),
  );
}

async function expectReadBack(file: string, arrays: readonly ArrayToWrite[], piece?: number): Promise<void> {
  const { arrays: found } = await readAll(readParquet, file, piece);
  expect(Object.keys(found)).toEqual(arrays.map(({ array }) => array));
  for (const array of arrays) {
    const { type, rows, bytes } = found[array.array] ?? {};
    expect({ type, rows }).toEqual({ type: array.type, rows: array.rows });
    const isSame = bytes !== undefined && Buffer.compare(bytes, bytesOfPieces(array)) === 0;
    expect(isSame, array.array).toBe(true);
  }
}

describe.skipIf(python === undefined)('pyarrow reads what is written', () => {
  test.each([0, 1, 5, 1000])('of every dtype, %d rows', async (rows) => {
    const lists = [[3], [2, 2], [1], [40]].flatMap((rowShape, i) =>
      held.map((dtype) => someOf(`${dtype}-${rowShape.join('x')}`, dtype, rowShape, rows, i)),
    );
    const file = await write(writeParquet, folder.path('lists.parquet'), lists);
    await expectPyarrowReads(file, lists);
    await expectReadBack(file, lists, 7);
    const numbers = held.map((dtype, i) => someOf(dtype, dtype, [], rows, i));
    const plain = await write(writeParquet, folder.path('numbers.parquet'), numbers);
    await expectPyarrowReads(plain, numbers);
    await expectReadBack(plain, numbers, 7);
  });

  test('in several row groups and pages', async () => {
    const arrays = [
      someOf('long', 'float32', [300], 30_000),
      someOf('wide', 'int8', [5], 30_000),
      someOf('flags', 'bool', [2], 30_000),
      someOf('tensor', 'float64', [3, 50], 30_000),
    ];
    const file = await write(writeParquet, folder.path('groups.parquet'), arrays);
    const metadata = parquetMetadata(new Uint8Array(await readFile(file)).buffer);
    expect(metadata.row_groups.map(({ num_rows: rows }) => Number(rows))).toEqual([27_880, 2120]);
    await expectReadBack(file, arrays, 10_000);
    const sums = `
import sys, hashlib, pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1], page_checksum_verification=True)
table = file.read()
for name in table.column_names:
    chunks = [getattr(chunk, 'storage', chunk).flatten().to_numpy(False) for chunk in table[name].chunks]
    print(hashlib.sha256(b''.join(chunk.tobytes() for chunk in chunks)).hexdigest())
`;
    const { createHash } = await import('node:crypto');
    const expected = arrays.map((array) => createHash('sha256').update(bytesOfPieces(array)).digest('hex'));
    expect((await runPython(sums, [file])).toString().trim().split('\n')).toEqual(expected);
  }, 60_000);

  test('with rows of more numbers than a page has', async () => {
    const arrays = [someOf('v', 'uint8', [300_001], 3), someOf('w', 'float32', [2, 70_000], 3)];
    const file = await write(writeParquet, folder.path('wide.parquet'), arrays);
    await expectReadBack(file, arrays, 2);
    await expectPyarrowReads(file, arrays);
  });

  test('without the schema of Arrow as lists, and with rows of nothing', async () => {
    const arrays = [someOf('none', 'int16', [0], 4), someOf('some', 'int16', [2], 4)];
    const file = await write(writeParquet, folder.path('empty.parquet'), arrays);
    await expectReadBack(file, arrays);
    const script = `
import sys, pyarrow.parquet as pq
print(pq.read_table(sys.argv[1])['none'].to_pylist())
print([column.path for column in pq.ParquetFile(sys.argv[1]).schema])
`;
    const printed = (await runPython(script, [file])).toString().trim().split('\n');
    expect(printed).toEqual(['[[], [], [], []]', "['none.list.element', 'some.list.element']"]);
  });
});

test('any arrays come back as they were written', async () => {
  let files = 0;
  await fc.assert(
    fc.asyncProperty(someArrays, async ({ arrays, read }) => {
      const file = await write(writeParquet, folder.path(`any-${files++}.parquet`), arrays);
      await expectReadBack(file, arrays, read);
    }),
    { numRuns: 150 },
  );
}, 60_000);

test('another library finds lists of numbers in it', async () => {
  const arrays = [someOf('v', 'int16', [2, 2], 3), someOf('n', 'uint8', [1], 3)];
  const file = await write(writeParquet, folder.path('other.parquet'), arrays);
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file) });
  const [v, n] = arrays.map((array) => bytesOfPieces(array));
  const numbers = [...new Int16Array(v?.buffer ?? new ArrayBuffer(0))];
  const expected = [0, 1, 2].map((row) => ({ v: numbers.slice(4 * row, 4 * row + 4), n: [n?.[row]] }));
  expect(rows).toEqual(expected);
});

test('arrays that are no columns of one file are refused, by name', async () => {
  const type = { dtype: 'int8', rowShape: [], scalar: false } as const;
  const a = arrayOf('a', type, 2, new Uint8Array(2));
  const refused = async (...arrays: readonly ArrayToWrite[]): Promise<unknown> =>
    failure(write(writeParquet, folder.path('never.parquet'), arrays));
  expect(await refused(a, arrayOf('b', type, 3, new Uint8Array(3)))).toMatchObject({
    code: 'InvalidArgument',
    context: { array: 'b' },
  });
  const complex = arrayOf('c', { ...type, dtype: 'complex128' }, 2, new Uint8Array(32));
  expect(await refused(complex)).toMatchObject({
    code: 'InvalidArgument',
    context: { array: 'c' },
    message: "array 'c': Parquet has no complex128",
  });
  expect(await refused(arrayOf('s', { ...type, scalar: true }, 1, new Uint8Array(1)))).toMatchObject({
    context: { array: 's' },
  });
  expect(await refused(a, a)).toMatchObject({ context: { array: 'a' } });
  expect(await refused()).toMatchObject({ code: 'InvalidArgument' });
  for (const bytes of [1, 3]) {
    const wrong = arrayOf('w', type, 2, new Uint8Array(bytes));
    expect(await refused(wrong)).toMatchObject({ code: 'InvalidArgument', context: { array: 'w' } });
  }
});

test('a bit of a page that is not as it was written is found by its CRC-32', async () => {
  const arrays = [someOf('v', 'float32', [8], 100)];
  const file = await write(writeParquet, folder.path('sum.parquet'), arrays);
  const bytes = await readFile(file);
  const at = bytes.indexOf(Buffer.from(bytesOfPieces(arrays[0] as ArrayToWrite)).subarray(400, 440));
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  const damaged = await folder.write('sum-damaged.parquet', bytes);
  const error = await refusal(readParquet, damaged);
  expect(error).toMatchObject({ code: 'InvalidArgument', context: { file: damaged } });
  expect(error.message).toContain('CRC-32');
});

test('a page at most is held of an array, whatever its rows are', async () => {
  const type = { dtype: 'float32', rowShape: [64], scalar: false } as const;
  const piece = new Float32Array(64 * 1024);
  let asked = 0;
  const pieces = function* (): Generator<Float32Array> {
    for (; asked < 400; asked++) yield piece;
  };
  const array = { array: 'a', type, rows: 400 * 1024, pieces };
  let written = 0;
  let most = 0;
  for await (const bytes of writeParquet([array], {})) {
    written += bytes.byteLength;
    most = Math.max(most, asked * piece.byteLength - written);
  }
  expect(written).toBeGreaterThan(400 * piece.byteLength);
  expect(most).toBeLessThan(2 * 2 ** 20);
});
