// Parquet files as arrays: those that pyarrow writes, real ones, those that are damaged or hold what no array
// is, and those that Nacre writes.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { beforeAll, describe, expect, test } from 'vitest';
import { readParquet } from '../../../src/formats/arrays/parquet.js';
import { openAccess } from '../../../src/formats/random-access.js';
import { float16ToNumber } from '../../../src/npy/float16.js';
import { dataPath } from '../../support/data.js';
import { failure } from '../../support/failure.js';
import { pythonWithNumpy, runPython } from '../../support/python.js';
import { inFolder } from '../attributes/files.js';
import { expectRefusedOrRead, numbersOf, readAll, refusal } from './column-files.js';

const folder = inFolder();
const python = await pythonWithNumpy();

const script = `
import os, sys
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
os.chdir(sys.argv[1])
def fixed(values, n):
    return pa.FixedSizeListArray.from_arrays(pa.array(values), n)
n = np.arange(24, dtype=np.float32)
required = pa.list_(pa.field('element', pa.int64(), nullable=False))
mixed = pa.table({
    'name': pa.array(['a', 'b', None, 'd']),
    'vector': fixed(n, 6),
    'list': pa.array([[2 * i, 2 * i + 1] for i in range(4)], pa.list_(pa.uint16())),
    'half': pa.array(
        [list(n[3 * i:3 * i + 3].astype(np.float16)) for i in range(4)], pa.large_list(pa.float16())),
    'nested': pa.array([[[i, 1], [2, 3], [4, 5]] for i in range(4)], pa.list_(pa.list_(pa.int8(), 2))),
    'flags': pa.array([[True, False, True]] * 3 + [[False] * 3], pa.list_(pa.bool_(), 3)),
    'tensor': pa.FixedShapeTensorArray.from_numpy_ndarray(n.reshape(4, 2, 3)),
    'wide': pa.array([[2**63 + i] for i in range(4)], pa.list_(pa.uint64())),
    'sure': pa.array([[i] * 2 for i in range(4)], required),
    'n': pa.array([1, None, 3, 4]),
    'tags': pa.array([['x'], [], None, ['y', 'z']]),
})
def write(name, table, **options):
    pq.write_table(table, name + '.parquet', **options)
write('default', mixed)
write('plain', mixed, use_dictionary=False, compression='none', row_group_size=3)
write('v2', mixed, data_page_version='2.0', compression='zstd', row_group_size=3)
write('gzip', mixed, compression='gzip', store_schema=False, row_group_size=2, write_page_index=True)
write('lz4', mixed, compression='lz4', data_page_size=1, write_batch_size=1)
write('brotli', mixed, compression='brotli', use_compliant_nested_type=False)
def encoded(encoding):
    names = {'split': ['vector', 'tensor'], 'delta': ['list', 'nested', 'sure', 'wide', 'n']}[encoding]
    kind = {'split': 'BYTE_STREAM_SPLIT', 'delta': 'DELTA_BINARY_PACKED'}[encoding]
    leaf = {'nested': 'nested.list.element.list.element', 'n': 'n'}
    write(encoding, mixed, use_dictionary=False,
          column_encoding={leaf.get(name, name + '.list.element'): kind for name in names})
encoded('split')
encoded('delta')
write('scalars', pa.table({
    'f': pa.array([1.5, -2], pa.float16()), 'b': [True, False], 'u': pa.array([2**64 - 1, 0], pa.uint64()),
    'i': pa.array([-128, 127], pa.int8()), 't': ['x', 'y'], 'at': pa.array([1, 2], pa.timestamp('us'))}))
write('ragged', pa.table({'ok': [1] * 5, 'v': [[1, 2], [3, 4], [5, 6], [7], [8, 9]]}), row_group_size=2)
write('ragged-longer', pa.table({'v': [[1, 2], [3, 4], [5, 6, 7], [8, 9]]}))
write('ragged-last', pa.table({'v': [[1, 2], [3, 4], [5, 6, 7]]}))
write('ragged-short', pa.table({'v': [[1, 2], [3, 4], [5]]}))
write('ragged-inner', pa.table({'v': [[[1, 2], [3, 4]], [[5, 6, 7], [8]]]}))
write('ragged-empty', pa.table({'v': [[1], [], [2]]}))
write('ragged-full', pa.table({'v': pa.array([[], [1]], pa.list_(pa.int8()))}))
nulls = pa.array([[1, 2], [3, 4], None], pa.list_(pa.int64(), 2))
write('null-row', pa.table({'v': nulls}), row_group_size=2)
write('null-value', pa.table({'v': [[1, 2], [3, 4], [5, None]]}))
write('null-first', pa.table({'v': pa.array([None, [1]], pa.list_(pa.int64()))}))
write('null-scalar', pa.table({'v': [1.5, 2, None]}))
write('null-inner', pa.table({'v': [[[1]], [[2]], [None]]}))
write('no-rows', pa.table({
    'v': pa.array([], pa.list_(pa.float32(), 4)), 'l': pa.array([], pa.list_(pa.float64())),
    'n': pa.array([], pa.int8())}))
write('no-columns', pa.table({}))
write('empty-lists', pa.table({'v': pa.array([[], []], pa.list_(pa.int32()))}))
write('twice', pa.Table.from_arrays([fixed(n, 6), fixed(n, 6)], names=['v', 'v']))
write('struct', pa.table({
    'v': fixed(n, 6), 's': [{'a': 1}] * 4, 'ls': [[{'a': 1}]] * 4, 
    'm': pa.array([[('k', 1)]] * 4, pa.map_(pa.string(), pa.int64())), 't': ['x'] * 4}))
permuted = pa.fixed_shape_tensor(pa.float32(), [2, 3], permutation=[1, 0])
write('permuted', pa.table({'v': pa.ExtensionArray.from_storage(permuted, fixed(n, 6))}))
big = pa.table({'v': fixed(np.arange(600000, dtype=np.int32), 3), 't': [str(i) for i in range(200000)]})
write('big', big, row_group_size=70000)
write('big-pages', big, data_page_size=1000, compression='zstd', write_page_index=True)
# Few bytes that stand for many: a dictionary of one value.
write('constant', pa.table({'v': fixed(np.full(600000, 7, np.int64), 3)}))
`;

describe.skipIf(python === undefined)('as pyarrow writes them', () => {
  beforeAll(async () => {
    await runPython(script, [folder.path('')]);
  }, 120_000);

  const rows = [0, 1, 2, 3];
  const range = (length: number, start: number): number[] => Array.from({ length }, (_, i) => start + i);

  test.each(['default', 'plain', 'v2', 'gzip', 'lz4', 'brotli', 'split', 'delta'])(
    '%s: lists of numbers are arrays, and what is beside them attributes',
    async (name) => {
      for (const piece of [1, 2, 100]) {
        const { arrays, attributes } = await readAll(readParquet, folder.path(`${name}.parquet`), piece);
        const shown = Object.entries(arrays).map(([name, { type }]) => [name, type.dtype, type.rowShape]);
        expect(shown).toEqual([
          ['vector', 'float32', [6]],
          ['list', 'uint16', [2]],
          ['half', 'float16', [3]],
          ['nested', 'int8', [3, 2]],
          ['flags', 'bool', [3]],
          ['tensor', 'float32', name === 'gzip' ? [6] : [2, 3]],
          ['wide', 'uint64', [1]],
          ['sure', 'int64', [2]],
        ]);
        const numbers = Object.fromEntries(
          Object.entries(arrays).map(([name, array]) => [name, numbersOf(array)]),
        );
        expect({ ...numbers, half: numbers['half']?.map((bits) => float16ToNumber(Number(bits))) }).toEqual({
          vector: range(24, 0),
          list: range(8, 0),
          half: range(12, 0),
          nested: rows.flatMap((row) => [row, 1, 2, 3, 4, 5]),
          flags: rows.flatMap((row) => (row === 3 ? [0, 0, 0] : [1, 0, 1])),
          tensor: range(24, 0),
          wide: rows.map((row) => 2n ** 63n + BigInt(row)),
          sure: rows.flatMap((row) => [BigInt(row), BigInt(row)]),
        });
        expect(attributes).toEqual({
          name: ['a', 'b', null, 'd'],
          n: [1n, null, 3n, 4n],
          tags: [['x'], [], null, ['y', 'z']],
        });
      }
    },
  );

  test('without a list each column of numbers is an array, and text and times are attributes', async () => {
    const { arrays, attributes } = await readAll(readParquet, folder.path('scalars.parquet'));
    expect(Object.values(arrays).map(({ type }) => [type.dtype, type.rowShape])).toEqual([
      ['float16', []],
      ['bool', []],
      ['uint64', []],
      ['int8', []],
    ]);
    expect(Object.values(arrays).map(numbersOf)).toEqual([
      [0x3e00, 0xc000],
      [1, 0],
      [2n ** 64n - 1n, 0n],
      [-128, 127],
    ]);
    expect(attributes).toEqual({ t: ['x', 'y'], at: [1n, 2n] });
  });

  test('no rows, no columns, lists of nothing', async () => {
    const { arrays } = await readAll(readParquet, folder.path('no-rows.parquet'));
    expect(arrays).toMatchObject({ v: { rows: 0, type: { rowShape: [4] } }, l: { rows: 0 } });
    expect(await readAll(readParquet, folder.path('no-columns.parquet'))).toMatchObject({ arrays: {} });
    const { arrays: empty } = await readAll(readParquet, folder.path('empty-lists.parquet'));
    expect(empty).toMatchObject({ v: { rows: 2, type: { rowShape: [0] }, bytes: new Uint8Array(0) } });
  });

  test.each([
    ['ragged', 3, 'its lists are not as long'],
    ['ragged-longer', 2, 'its lists are not as long'],
    ['ragged-last', 2, 'its lists are not as long'],
    ['ragged-short', 2, 'its lists are not as long'],
    ['ragged-inner', 1, 'its lists are not as long'],
    ['ragged-empty', 1, 'its lists are not as long'],
    ['ragged-full', 1, 'its lists are not as long'],
    ['null-row', 2, 'null'],
    ['null-value', 2, 'null'],
    ['null-first', 0, 'null'],
    ['null-scalar', 2, 'null'],
    ['null-inner', 2, 'null'],
  ])('%s is refused by its column and row', async (name, row, what) => {
    const file = folder.path(`${name}.parquet`);
    const error = await refusal(readParquet, file);
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { file, column: 'v', row } });
    expect(error.message).toContain(what);
  });

  test('what cannot be told apart or turned is refused', async () => {
    const twice = await refusal(readParquet, folder.path('twice.parquet'));
    expect(twice).toMatchObject({ code: 'InvalidArgument', context: { column: 'v' } });
    const permuted = await refusal(readParquet, folder.path('permuted.parquet'));
    expect(permuted).toMatchObject({ code: 'UnsupportedFormat', context: { column: 'v' } });
  });

  test('columns of structs are refused when attributes are read, and arrays are read', async () => {
    const access = await openAccess(folder.path('struct.parquet'));
    const opened = await readParquet(access, {});
    expect(opened.arrays.map(({ array }) => array)).toEqual(['v']);
    const [v] = opened.arrays;
    expect(await v?.read(3, 4)).toEqual(new Uint8Array(Float32Array.from(range(6, 18)).buffer));
    const { attributes } = opened;
    if (attributes === undefined) throw new Error('there are attributes');
    const error = await failure(attributes.read(0, 4));
    expect(error).toMatchObject({ code: 'UnsupportedFormat', context: { attribute: 's' } });
    await opened.close();
    await access.close();
  });

  test.each(['big', 'big-pages'])('%s is read in any order', async (name) => {
    const access = await openAccess(folder.path(`${name}.parquet`));
    const [v] = (await readParquet(access, {})).arrays;
    const places = [
      [150_000, 150_003],
      [0, 200_000],
      [69_999, 140_001],
      [7, 7],
      [140_001, 140_005],
    ] as const;
    for (const [start, end] of places) {
      const bytes = (await v?.read(start, end)) ?? new Uint8Array(0);
      const ints = new Int32Array(bytes.buffer);
      expect(ints.length).toBe(3 * (end - start));
      expect(ints.every((value, i) => value === 3 * start + i)).toBe(true);
    }
    await access.close();
  });

  test.each(['default', 'plain', 'v2', 'delta', 'constant'])(
    '%s, cut or with other bytes, is refused or read, and nothing else',
    async (name) => {
      await expectRefusedOrRead(readParquet, folder, `${name}.parquet`, 100_000);
    },
    120_000,
  );

  test('few bytes that stand for many rows take the memory of those that are asked for', async () => {
    const file = folder.path('constant.parquet');
    const access = await openAccess(file);
    expect(access.sizeBytes).toBeLessThan(100_000);
    const [v] = (await readParquet(access, {})).arrays;
    const bytes = (await v?.read(199_998, 200_000)) ?? new Uint8Array(0);
    expect([...new BigInt64Array(bytes.buffer)]).toEqual([7n, 7n, 7n, 7n, 7n, 7n]);
    await access.close();
  });
});

test('what is no Parquet file, or says that its footer is longer than it is, is refused', async () => {
  const lies = [0, 2 ** 20, 2 ** 31, 2 ** 32 - 1].map((length) => {
    const bytes = Buffer.alloc(100);
    bytes.write('PAR1');
    bytes.writeUInt32LE(length, 92);
    bytes.write('PAR1', 96);
    return bytes.toString('latin1');
  });
  for (const content of ['', 'x', 'PAR1PAR1', '\0'.repeat(100), '\xff'.repeat(100), ...lies]) {
    const file = await folder.write('not.parquet', Buffer.from(content, 'latin1'));
    expect(await refusal(readParquet, file)).toMatchObject({ code: 'InvalidArgument', context: { file } });
  }
});

const real = dataPath('parquet');

function hasNull(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasNull);
  return value === null || value === undefined;
}

describe.skipIf(real === undefined)('real files', () => {
  const names = real === undefined ? [] : readdirSync(real).filter((name) => name.endsWith('.parquet'));

  test.each(names)('%s holds what another reader finds in it', async (name) => {
    const file = path.join(real ?? '', name);
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file), compressors });
    const access = await openAccess(file);
    const { arrays } = await readParquet(access, {});
    for (const array of arrays) {
      const bytes = await array.read(0, array.rows).catch((error: unknown) => error);
      const column = array.array ?? '';
      if (!(bytes instanceof Uint8Array)) {
        // What is refused has to be a null in the row that is named, and no row before it.
        const row = rows.findIndex((each) => hasNull(each[column]));
        expect(bytes).toMatchObject({ code: 'InvalidArgument', context: { file, column, row } });
        continue;
      }
      const found = numbersOf({ type: array.type, rows: array.rows, bytes });
      const { dtype } = array.type;
      const asFound = (value: unknown): unknown => {
        if (dtype === 'bool') return Number(value);
        return value;
      };
      const expected = rows.flatMap((row) => row[column]).map(asFound);
      const shown = dtype === 'float16' ? found.map((bits) => float16ToNumber(Number(bits))) : found;
      expect(shown).toEqual(expected);
    }
    await access.close();
  });
});
