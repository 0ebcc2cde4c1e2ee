// Arrow files as arrays: those that pyarrow writes, those that are damaged or hold what no array is, and
// those that Nacre writes.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { readArrow, writeArrow } from '../../../src/formats/arrays/arrow.js';
import { openAccess } from '../../../src/formats/random-access.js';
import { dtypeNames } from '../../../src/npy/dtype.js';
import { failure } from '../../support/failure.js';
import { pythonWithNumpy, runPython } from '../../support/python.js';
import { inFolder, valuesOf } from '../attributes/files.js';
import {
  arrayOf,
  bytesOfPieces,
  expectRefusedOrRead,
  noise,
  numbersOf,
  readAll,
  refusal,
  someArrays,
  write,
} from './column-files.js';

const folder = inFolder();
const python = await pythonWithNumpy();

const script = `
import os, sys
import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
os.chdir(sys.argv[1])
def fixed(values, n):
    return pa.FixedSizeListArray.from_arrays(pa.array(values), n)
n = np.arange(24, dtype=np.float32)
tensors = pa.FixedShapeTensorArray.from_numpy_ndarray(n.reshape(4, 2, 3))
half = pa.array(n.astype(np.float16))
mixed = pa.table({
    'name': pa.array(['a', 'b', None, 'd']),
    'vector': fixed(n, 6),
    'kind': pa.array(['x', 'y', 'x', 'x']).dictionary_encode(),
    'view': pa.array(['short', 'a text of more than twelve bytes'] * 2, pa.string_view()),
    'list': pa.ListArray.from_arrays(pa.array(range(0, 9, 2), pa.int32()), pa.array(range(8), pa.uint16())),
    'large': pa.LargeListArray.from_arrays(pa.array(range(0, 13, 3), pa.int64()), half[:12]),
    'nested': pa.array([[[i, 1], [2, 3], [4, 5]] for i in range(4)], pa.list_(pa.list_(pa.int8(), 2))),
    'flags': pa.array([[True, False, True]] * 3 + [[False] * 3], pa.list_(pa.bool_(), 3)),
    'tensor': tensors,
    'n': pa.array([1, None, 3, 4]),
    'tags': pa.array([['x'], [], None, ['y', 'z']]),
})
for name, options in [('mixed', {}), ('lz4', {'compression': 'lz4'}), ('zstd', {'compression': 'zstd'})]:
    with pa.ipc.new_file(name + '.arrow', mixed.schema, options=pa.ipc.IpcWriteOptions(**options)) as sink:
        sink.write_table(mixed, max_chunksize=3)
    with pa.ipc.new_stream(name + '.ipc', mixed.schema, options=pa.ipc.IpcWriteOptions(**options)) as sink:
        sink.write_table(mixed.slice(1), max_chunksize=2)
def arrow(name, table, chunk=None):
    with pa.ipc.new_file(name + '.arrow', table.schema) as sink:
        sink.write_table(table, max_chunksize=chunk)
arrow('scalars', pa.table({
    'f': pa.array([1.5, -2], pa.float16()), 'b': [True, False], 'u': pa.array([2**64 - 1, 0], pa.uint64()),
    't': ['x', 'y'], 'at': pa.array([1, 2], pa.timestamp('us'))}))
arrow('ragged', pa.table({'ok': [1] * 5, 'v': [[1, 2], [3, 4], [5, 6], [7], [8, 9]]}), 2)
arrow('ragged-inner', pa.table({'v': [[[1, 2], [3, 4]], [[5, 6], [7]]]}))
arrow('null-row', pa.table({'v': pa.array([[1, 2], [3, 4], None], pa.list_(pa.int64(), 2))}), 2)
arrow('null-value', pa.table({'v': [[1, 2], [3, 4], [5, None]]}))
arrow('null-first', pa.table({'v': pa.array([None, [1]], pa.list_(pa.int64()))}))
arrow('null-scalar', pa.table({'v': [1.5, 2, None]}))
arrow('null-inner', pa.table({'v': [[[1]], [[2]], [None]]}))
arrow('no-rows', pa.table({
    'v': pa.array([], pa.list_(pa.float32(), 4)), 'l': pa.array([], pa.list_(pa.float64())),
    'n': pa.array([], pa.int8())}))
arrow('no-columns', pa.table({}))
arrow('empty-lists', pa.table({'v': pa.array([[], []], pa.list_(pa.int32()))}))
arrow('twice', pa.Table.from_arrays([fixed(n, 6), fixed(n, 6)], names=['v', 'v']))
arrow('struct', pa.table({'v': fixed(n, 6), 's': [{'a': 1}] * 4, 't': ['x'] * 4}))
permuted = pa.fixed_shape_tensor(pa.float32(), [2, 3], permutation=[1, 0])
storage = fixed(n, 6)
arrow('permuted', pa.table({'v': pa.ExtensionArray.from_storage(permuted, storage)}))
arrow('unions', pa.table({
    'u': pa.UnionArray.from_sparse(pa.array([0] * 4, pa.int8()), [pa.array([1, 2, 3, 4])]),
    'd': pa.UnionArray.from_dense(
        pa.array([0] * 4, pa.int8()), pa.array(range(4), pa.int32()), [pa.array([1, 2, 3, 4])]),
    'm': pa.array([[('k', 1)]] * 4, pa.map_(pa.string(), pa.int64())),
    'r': pa.RunEndEncodedArray.from_arrays(pa.array([4], pa.int32()), pa.array([7])),
    'z': pa.nulls(4), 'x': pa.array([b'x'] * 4, pa.binary_view()),
    'lv': pa.array([[1]] * 4, pa.list_view(pa.int8())), 'bin': [b'x'] * 4,
    'v': fixed(n, 6)}))
big = pa.table({'v': fixed(np.arange(600000, dtype=np.int32), 3), 't': [str(i) for i in range(200000)]})
feather.write_feather(big, 'big.feather', compression='zstd', chunksize=70000)
arrow('big', big)
# A file that says it has batches of another schema: the messages of one, the footer of another.
other = pa.table({'v': fixed(n, 6), 'w': fixed(n, 6)})
with pa.ipc.new_stream('other.ipc', mixed.schema) as sink:
    pass
head = open('other.ipc', 'rb').read()[:-8]
with pa.ipc.new_stream('body.ipc', other.schema) as sink:
    sink.write_table(other)
body = open('body.ipc', 'rb').read()
start = 8 + int.from_bytes(body[4:8], 'little')
open('other.ipc', 'wb').write(head + body[start:])
`;

describe.skipIf(python === undefined)('as pyarrow writes them', () => {
  beforeAll(async () => {
    await runPython(script, [folder.path('')]);
  }, 120_000);

  const all = [0, 1, 2, 3];
  const rows = <T>(each: (row: number) => readonly T[], from: number): T[] => all.slice(from).flatMap(each);
  const range = (length: number, start: number): number[] => Array.from({ length }, (_, i) => start + i);

  test.each([
    ...['mixed', 'lz4', 'zstd'].map((name) => [`${name}.arrow`, 0] as const),
    ...['mixed', 'lz4', 'zstd'].map((name) => [`${name}.ipc`, 1] as const),
  ])('%s: lists of numbers are arrays, and what is beside them attributes', async (name, from) => {
    for (const piece of [1, 2, 100]) {
      const { arrays, attributes } = await readAll(readArrow, folder.path(name), piece);
      const shown = Object.entries(arrays).map(([name, { type }]) => [name, type.dtype, type.rowShape]);
      expect(shown).toEqual([
        ['vector', 'float32', [6]],
        ['list', 'uint16', [2]],
        ['large', 'float16', [3]],
        ['nested', 'int8', [3, 2]],
        ['flags', 'bool', [3]],
        ['tensor', 'float32', [2, 3]],
      ]);
      const numbers = Object.fromEntries(
        Object.entries(arrays).map(([name, array]) => [name, numbersOf(array)]),
      );
      const half = [
        0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600, 0x4700, 0x4800, 0x4880, 0x4900, 0x4980,
      ];
      expect(numbers).toEqual({
        vector: rows((row) => range(6, 6 * row), from),
        list: rows((row) => range(2, 2 * row), from),
        large: rows((row) => half.slice(3 * row, 3 * row + 3), from),
        nested: rows((row) => [row, 1, 2, 3, 4, 5], from),
        flags: rows((row) => (row === 3 ? [0, 0, 0] : [1, 0, 1]), from),
        tensor: rows((row) => range(6, 6 * row), from),
      });
      expect(attributes).toEqual({
        name: ['a', 'b', null, 'd'].slice(from),
        kind: ['x', 'y', 'x', 'x'].slice(from),
        view: [
          'short',
          'a text of more than twelve bytes',
          'short',
          'a text of more than twelve bytes',
        ].slice(from),
        n: [1n, null, 3n, 4n].slice(from),
        tags: [['x'], [], null, ['y', 'z']].slice(from),
      });
    }
  });

  test('without a list each column of numbers is an array, and text and times are attributes', async () => {
    const { arrays, attributes } = await readAll(readArrow, folder.path('scalars.arrow'));
    expect(Object.values(arrays).map(({ type }) => type)).toEqual([
      { dtype: 'float16', rowShape: [], scalar: false },
      { dtype: 'bool', rowShape: [], scalar: false },
      { dtype: 'uint64', rowShape: [], scalar: false },
    ]);
    expect(Object.values(arrays).map(numbersOf)).toEqual([
      [0x3e00, 0xc000],
      [1, 0],
      [2n ** 64n - 1n, 0n],
    ]);
    expect(attributes).toEqual({ t: ['x', 'y'], at: [1n, 2n] });
  });

  test('no rows, no columns, lists of nothing', async () => {
    const { arrays } = await readAll(readArrow, folder.path('no-rows.arrow'));
    expect(arrays).toMatchObject({ v: { rows: 0, type: { rowShape: [4] } }, l: { rows: 0 } });
    expect(await readAll(readArrow, folder.path('no-columns.arrow'))).toMatchObject({ arrays: {} });
    const { arrays: empty } = await readAll(readArrow, folder.path('empty-lists.arrow'));
    expect(empty).toMatchObject({ v: { rows: 2, type: { rowShape: [0] }, bytes: new Uint8Array(0) } });
  });

  test.each([
    ['ragged', 'v', 3, 'a list of 1, where those before it have 2'],
    ['ragged-inner', 'v', 1, 'a list of 1, where'],
    ['null-row', 'v', 2, 'null'],
    ['null-value', 'v', 2, 'null'],
    ['null-first', 'v', 0, 'null'],
    ['null-scalar', 'v', 2, 'null'],
    ['null-inner', 'v', 2, 'null'],
  ])('%s is refused by its column and row', async (name, column, row, what) => {
    const file = folder.path(`${name}.arrow`);
    const error = await refusal(readArrow, file);
    expect(error).toMatchObject({ code: 'InvalidArgument', context: { file, column, row } });
    expect(error.message).toContain(what);
  });

  test('what cannot be told apart or turned is refused', async () => {
    const twice = await refusal(readArrow, folder.path('twice.arrow'));
    expect(twice).toMatchObject({ code: 'InvalidArgument', context: { column: 'v' } });
    const permuted = await refusal(readArrow, folder.path('permuted.arrow'));
    expect(permuted).toMatchObject({ code: 'UnsupportedFormat', context: { column: 'v' } });
    const other = await refusal(readArrow, folder.path('other.ipc'));
    expect(other).toMatchObject({ code: 'InvalidArgument', context: { file: folder.path('other.ipc') } });
  });

  test.each([
    ['struct', 's'],
    ['unions', 'u'],
  ])('columns of %s are refused when attributes are read, and arrays are read', async (name, attribute) => {
    const access = await openAccess(folder.path(`${name}.arrow`));
    const opened = await readArrow(access, {});
    const { arrays, attributes } = opened;
    expect(arrays.map(({ array }) => array)).toEqual(['v']);
    expect(await arrays[0]?.read(3, 4)).toEqual(new Uint8Array(Float32Array.from(range(6, 18)).buffer));
    if (attributes === undefined) throw new Error('there are attributes');
    const error = await failure(attributes.read(0, 4));
    expect(error).toMatchObject({ code: 'UnsupportedFormat', context: { attribute } });
    await opened.close();
    await access.close();
  });

  test.each(['big.arrow', 'big.feather'])('%s is read in any order', async (name) => {
    const access = await openAccess(folder.path(name));
    const { arrays, attributes } = await readArrow(access, {});
    const [v] = arrays;
    for (const [start, end] of [
      [150_000, 150_003],
      [0, 200_000],
      [69_999, 140_001],
      [7, 7],
    ] as const) {
      const bytes = (await v?.read(start, end)) ?? new Uint8Array(0);
      const ints = new Int32Array(bytes.buffer);
      expect(ints.length).toBe(3 * (end - start));
      expect(ints.every((value, i) => value === 3 * start + i)).toBe(true);
    }
    if (attributes === undefined) throw new Error('there are attributes');
    const { t = [] } = await valuesOf(attributes, [69_999, 140_001]);
    expect(t.every((value, row) => value === `${row}`)).toBe(true);
    await access.close();
  });

  test.each(['mixed.arrow', 'mixed.ipc', 'zstd.arrow', 'lz4.ipc'])(
    '%s, cut or with other bytes, is refused or read, and nothing else',
    async (name) => {
      await expectRefusedOrRead(readArrow, folder, name);
    },
    60_000,
  );

  test('pyarrow reads what is written, shapes too', async () => {
    const dtypes = dtypeNames.filter((name) => !name.startsWith('complex'));
    const arrays = [[], [3], [2, 2]].flatMap((rowShape) =>
      dtypes.map((dtype) => {
        const items = rowShape.reduce((product, length) => product * length, 5);
        const bytes = noise(1, items * 8).map((byte) => (dtype === 'bool' ? byte & 1 : byte & 0x3f));
        const size = dtype === 'bool' ? 1 : Number(/\d+/.exec(dtype)?.[0]) / 8;
        return arrayOf(
          `${dtype}-${rowShape.length}`,
          { dtype, rowShape, scalar: false },
          5,
          bytes.subarray(0, items * size),
        );
      }),
    );
    const file = await write(writeArrow, folder.path('written.arrow'), arrays);
    const check = `
import sys, numpy as np, pyarrow as pa, pyarrow.feather as feather
table = feather.read_table(sys.argv[1])
table.validate(full=True)
for name in table.column_names:
    column = table[name].combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0)
    dtype, axes = name.split('-')
    if axes == '2':
        values = column.to_numpy_ndarray() if dtype != 'bool' else column.storage.flatten().to_numpy(False)
        if dtype != 'bool':
            assert values.shape == (5, 2, 2), values.shape
        assert list(column.type.shape) == [2, 2]
    elif axes == '1':
        assert column.type.list_size == 3
        values = column.flatten().to_numpy(False)
    else:
        values = column.to_numpy(False)
    assert str(values.dtype) == dtype, (name, values.dtype)
    print(name, np.ascontiguousarray(values).tobytes().hex())
`;
    const printed = (await runPython(check, [file])).toString().trim().split('\n');
    expect(printed).toEqual(
      arrays.map((array) => `${array.array} ${Buffer.from(bytesOfPieces(array)).toString('hex')}`),
    );
  });
});

test('what is no Arrow file is refused', async () => {
  for (const content of ['', 'x', 'ARROW1', '\0'.repeat(100), '\xff'.repeat(100)]) {
    const file = await folder.write('not.arrow', Buffer.from(content, 'latin1'));
    expect(await refusal(readArrow, file)).toMatchObject({ code: 'InvalidArgument', context: { file } });
  }
});

test('arrays of other numbers of rows, complex numbers and two of a name are refused, by name', async () => {
  const type = { dtype: 'int8', rowShape: [], scalar: false } as const;
  const a = arrayOf('a', type, 2, new Uint8Array(2));
  const refused = async (...arrays: Parameters<typeof writeArrow>[0]): Promise<unknown> =>
    failure(write(writeArrow, folder.path('never.arrow'), arrays));
  expect(await refused(a, arrayOf('b', type, 3, new Uint8Array(3)))).toMatchObject({
    code: 'InvalidArgument',
    context: { array: 'b' },
    hint: expect.stringContaining('one file for each'),
  });
  const complex = arrayOf('c', { ...type, dtype: 'complex64' }, 2, new Uint8Array(16));
  expect(await refused(a, complex)).toMatchObject({ code: 'InvalidArgument', context: { array: 'c' } });
  expect(await refused(a, a)).toMatchObject({ code: 'InvalidArgument', context: { array: 'a' } });
  expect(await refused()).toMatchObject({ code: 'InvalidArgument' });
  for (const bytes of [1, 3]) {
    const wrong = arrayOf('w', type, 2, new Uint8Array(bytes));
    expect(await refused(wrong)).toMatchObject({ code: 'InvalidArgument', context: { array: 'w' } });
  }
});

test('batches of some MiB come back as they were written', async () => {
  const type = { dtype: 'float32', rowShape: [3, 1000], scalar: false } as const;
  const bytes = noise(2, 2500 * 12_000);
  const arrays = [arrayOf('v', type, 2500, bytes, 2 ** 20)];
  const file = await write(writeArrow, folder.path('large.arrow'), arrays);
  const { arrays: read } = await readAll(readArrow, file, 333);
  expect(read['v']?.type).toEqual(type);
  expect(Buffer.compare(read['v']?.bytes ?? bytes.subarray(1), bytes)).toBe(0);
});

test('any arrays come back as they were written', async () => {
  let files = 0;
  await fc.assert(
    fc.asyncProperty(someArrays, async ({ arrays, read }) => {
      const file = await write(writeArrow, folder.path(`any-${files++}.arrow`), arrays);
      const { arrays: found } = await readAll(readArrow, file, read);
      expect(found).toEqual(
        Object.fromEntries(
          arrays.map((array) => [
            array.array,
            { type: array.type, rows: array.rows, bytes: bytesOfPieces(array) },
          ]),
        ),
      );
    }),
    { numRuns: 150 },
  );
}, 60_000);
