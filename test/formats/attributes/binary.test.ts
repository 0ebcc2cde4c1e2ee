// Arrow and Parquet files that pyarrow writes: the types of each that attributes have, those that are
// refused, and bytes that are no such file.
import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { openAttributeFile } from '../../../src/formats.js';
import { pythonWithNumpy, runPython } from '../../support/python.js';
import { inFolder, read, refusal, valuesOf } from './files.js';

const folder = inFolder();
const python = await pythonWithNumpy();

const script = `
import datetime as dt, decimal, os, struct, sys
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
os.chdir(sys.argv[1])
us = 1767323045000006
columns = {
    'i8': pa.array([-1, None], pa.int8()), 'i16': pa.array([-2, None], pa.int16()),
    'i32': pa.array([-3, None], pa.int32()), 'u8': pa.array([255, None], pa.uint8()),
    'u16': pa.array([65535, None], pa.uint16()), 'u32': pa.array([2**32 - 1, None], pa.uint32()),
    'u64': pa.array([2**63 - 1, None], pa.uint64()), 'f16': pa.array([1.5, None], pa.float16()),
    'f32': pa.array([0.1, None], pa.float32()), 'void': pa.nulls(2),
    's': pa.array([1767323045, None], pa.timestamp('s')),
    'ms': pa.array([1767323045001, None], pa.timestamp('ms')),
    'us': pa.array([us, None], pa.timestamp('us', 'Europe/Berlin')),
    'ns': pa.array([us * 1000, None], pa.timestamp('ns', 'UTC')),
    'date': pa.array([dt.date(1969, 12, 31), None], pa.date32()),
    'date64': pa.array([dt.date(2026, 1, 2), None], pa.date64()),
    'kind': pa.array(['ä', None]).dictionary_encode(),
    'tags': pa.array([['x', ''], None], pa.list_(pa.string())),
    'coded': pa.ListArray.from_arrays(pa.array([0, 1, 1]), pa.array(['y']).dictionary_encode()),
}
table = pa.table(columns)
feather.write_feather(table, 'types.feather')
pq.write_table(table.drop_columns(['coded']), 'types.parquet', coerce_timestamps=None)
def arrow(name, table):
    with pa.ipc.new_file(name, table.schema) as sink:
        sink.write_table(table)
def both(name, table):
    arrow(name + '.arrow', table)
    pq.write_table(table, name + '.parquet')
bad = {
    'binary': pa.array([b'x']), 'decimal': pa.array([decimal.Decimal('1.5')]),
    'time': pa.array([1], pa.time64('us')), 'struct': pa.array([{'a': 1}]),
    'map': pa.array([[('a', 'b')]], pa.map_(pa.string(), pa.string())),
    'ints': pa.array([[1]]), 'lists': pa.array([[['x']]]), 'fixed': pa.array([b'x'], pa.binary(1)),
}
for name, values in bad.items():
    both('bad-' + name, pa.table({'good': pa.array([1]), name: values}))
arrow('bad-codes.arrow', pa.table({'codes': pa.array([1]).dictionary_encode()}))
pq.write_table(pa.table({'at': pa.array([1], pa.timestamp('ns'))}), 'bad-int96.parquet',
               use_deprecated_int96_timestamps=True)
both('fine-ns', pa.table({'ok': [1, 2], 'at': pa.array([1000, 1001], pa.timestamp('ns'))}))
both('fine-u64', pa.table({'ok': [1, 2], 'at': pa.array([1, 2**63], pa.uint64())}))
both('fine-null-item', pa.table({'ok': [1, 2], 'at': pa.array([['x'], ['y', None]])}))
invalid = pa.StringArray.from_buffers(1, pa.py_buffer(struct.pack('<2i', 0, 1)), pa.py_buffer(b'\\xff'))
both('fine-utf8', pa.table({'at': invalid}))
split = pa.StringArray.from_buffers(2, pa.py_buffer(struct.pack('<3i', 0, 1, 2)), pa.py_buffer('ä'.encode()))
both('fine-split', pa.table({'at': split}))
both('twice', pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=['a', 'a']))
both('nameless', pa.table({'': [1]}))
both('casts', pa.table({'at': ['2026-01-02T03:04:05Z', None], 'n': [2**53 + 1, 1], 'bad': ['x', 'y']}))
both('empty', pa.table({'a': pa.array([], pa.int64()), 'b': pa.array([], pa.string())}))
# Dictionaries that grow, and that are replaced.
with pa.ipc.new_stream('growing.arrow', pa.schema({'k': pa.dictionary(pa.int8(), pa.string())}),
                       options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)) as sink:
    for words, codes in [(['a'], [0]), (['a', 'b'], [1, 0]), (['c'], [0])]:
        array = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), words)
        sink.write_batch(pa.record_batch({'k': array}))
# A slice begins in the middle of its buffers.
sliced = {'t': ['a', 'b', None, 'dd'], 'b': [True, None, False, True], 'l': [['x'], ['y', 'z'], None, []]}
arrow('sliced.arrow', pa.table(sliced).slice(1))
# Row groups of more than a window, with and without an index of pages.
many = pa.table({'n': pa.array(range(200000)), 't': [str(i) * 100 for i in range(200000)]})
options = {'row_group_size': 150000, 'compression': 'zstd', 'use_dictionary': False}
pq.write_table(many, 'many.parquet', write_page_index=True, **options)
pq.write_table(many, 'plain.parquet', **options)
feather.write_feather(many, 'many.feather', chunksize=70000)
`;

describe.skipIf(python === undefined)('as pyarrow writes them', () => {
  beforeAll(async () => {
    await runPython(script, [folder.path('')]);
  }, 120_000);

  const instants = {
    s: [1767323045000000n, null],
    ms: [1767323045001000n, null],
    us: [1767323045000006n, null],
    ns: [1767323045000006n, null],
    date: [-86_400_000_000n, null],
    date64: [1767312000000000n, null],
  };
  const values = {
    i8: [-1n, null],
    i16: [-2n, null],
    i32: [-3n, null],
    u8: [255n, null],
    u16: [65535n, null],
    u32: [2n ** 32n - 1n, null],
    u64: [2n ** 63n - 1n, null],
    f16: [1.5, null],
    f32: [Math.fround(0.1), null],
    void: [null, null],
    ...instants,
    kind: ['ä', null],
    tags: [['x', ''], null],
  };

  test.each([
    ['types.feather', { ...values, coded: [['y'], []] }],
    ['types.parquet', values],
  ])('%s has every type', async (name, wanted) => {
    const { types, values } = await read(folder.path(name));
    expect(values).toEqual(wanted);
    expect(types).toMatchObject({ i8: 'int', f16: 'float', void: 'string', kind: 'string', tags: 'strings' });
    for (const instant of Object.keys(instants)) expect(types[instant]).toBe('timestamp');
  });

  test.each(['types.feather', 'types.parquet'])('%s has nulls of any type that is known', async (name) => {
    const known = [
      { name: 'void', type: 'timestamp' },
      { name: 'elsewhere', type: 'int' },
    ] as const;
    const { types, values } = await read(folder.path(name), { known, types: { i8: 'float' } });
    expect(types).toMatchObject({ void: 'timestamp', i8: 'float' });
    expect([values['void'], values['i8']]).toEqual([
      [null, null],
      [-1, null],
    ]);
    expect(types).not.toHaveProperty('elsewhere');
  });

  const bad = ['binary', 'decimal', 'time', 'struct', 'map', 'ints', 'lists', 'fixed'];
  test.each([
    ...bad.flatMap((name) => [`bad-${name}.arrow`, `bad-${name}.parquet`]),
    'bad-codes.arrow',
    'bad-int96.parquet',
  ])('%s is refused when it is opened, and its column named', async (name) => {
    const file = folder.path(name);
    const attribute = /-(\w+)\./.exec(name)?.[1]?.replace('int96', 'at');
    const error = await refusal(file);
    expect(error).toMatchObject({ code: 'UnsupportedFormat', context: { file, attribute } });
    expect(error.hint).toContain('cast it');
  });

  test.each(['arrow', 'parquet'])('values of %s that attributes do not have are refused', async (ending) => {
    for (const [name, context] of [
      ['fine-ns', ending === 'arrow' ? { row: 1, attribute: 'at' } : { attribute: 'at' }],
      ['fine-u64', { row: 1, attribute: 'at' }],
      ['fine-null-item', { row: 1, attribute: 'at' }],
      ['fine-utf8', { attribute: 'at' }],
      ['fine-split', { attribute: 'at' }],
      ['twice', { attribute: 'a' }],
      ['nameless', {}],
    ] as const) {
      const file = folder.path(`${name}.${ending}`);
      expect(await refusal(file), name).toMatchObject({
        code: 'InvalidArgument',
        context: { file, ...context },
      });
    }
  });

  test.each(['arrow', 'parquet'])('types of %s that are asked for', async (ending) => {
    const file = folder.path(`casts.${ending}`);
    const types = { at: 'timestamp', n: 'float' } as const;
    expect((await read(file, { types })).values).toEqual({
      at: [1767323045000000n, null],
      n: [2 ** 53, 1],
      bad: ['x', 'y'],
    });
    for (const [types, code, context] of [
      [{ bad: 'timestamp' }, 'InvalidArgument', { row: 0, attribute: 'bad' }],
      [{ n: 'string' }, 'UnsupportedFormat', { attribute: 'n' }],
      [{ none: 'int' }, 'InvalidArgument', { attribute: 'none' }],
    ] as const)
      expect(await refusal(file, { types })).toMatchObject({ code, context });
    expect(await read(folder.path(`empty.${ending}`))).toEqual({
      types: { a: 'int', b: 'string' },
      values: { a: [], b: [] },
    });
  });

  test('dictionaries that grow and that are replaced hold from their place on', async () => {
    expect((await read(folder.path('growing.arrow'))).values).toEqual({ k: ['a', 'b', 'a', 'c'] });
    const source = await openAttributeFile(folder.path('growing.arrow'));
    expect(await source.read(2, 3)).toMatchObject([{ bytes: Uint8Array.of(97) }]);
    await source.close();
  });

  test('a slice of a table', async () => {
    expect((await read(folder.path('sliced.arrow'))).values).toEqual({
      t: ['b', null, 'dd'],
      b: [null, false, true],
      l: [['y', 'z'], null, []],
    });
  });

  test.each(['many.parquet', 'plain.parquet', 'many.feather'])(
    '%s, of several windows, in pieces that lie across them',
    async (name) => {
      const source = await openAttributeFile(folder.path(name));
      expect(source.rows).toBe(200_000);
      const { n = [], t = [] } = await valuesOf(source, [1, 69_999, 100_000, 149_000, 180_000]);
      expect(n.every((value, row) => value === BigInt(row))).toBe(true);
      expect(t.every((value, row) => value === `${row}`.repeat(100))).toBe(true);
      await source.close();
    },
    60_000,
  );

  test.each(['types.feather', 'growing.arrow', 'types.parquet'])(
    '%s, cut or with other bytes, is refused or read, and nothing else',
    async (name) => {
      const bytes = await readFile(folder.path(name));
      const seed = Math.floor(Math.random() * 2 ** 31);
      let state = seed;
      const below = (most: number): number => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return Math.floor((state / 2 ** 32) * most);
      };
      const ending = name.slice(name.indexOf('.'));
      for (let i = 0; i < 150; i++) {
        const isCut = i % 3 === 0;
        const damaged = isCut
          ? bytes.subarray(0, below(bytes.length))
          : Buffer.from(bytes.subarray(0, 2 ** 20));
        const from = isCut ? 0 : Math.max(0, damaged.length - 4000);
        if (!isCut) for (let n = 0; n < 3; n++) damaged[from + below(damaged.length - from)] = below(256);
        const file = folder.path(`damaged${ending}`);
        await writeFile(file, damaged);
        const error: unknown = await read(file).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error === undefined) continue;
        expect(error, `seed ${seed}, ${i}`).toMatchObject({
          code: expect.stringMatching(/^(InvalidArgument|UnsupportedFormat)$/),
          context: { file },
        });
      }
    },
    60_000,
  );
});

test.each(['arrow', 'parquet'])('what is no %s is refused', async (ending) => {
  for (const content of [
    '',
    'x',
    'id,name\n1,x\n',
    'PAR1PAR1',
    'ARROW1',
    '\0'.repeat(100),
    '\xff'.repeat(100),
  ]) {
    const file = await folder.write(`not.${ending}`, Buffer.from(content, 'latin1'));
    expect(await refusal(file), content).toMatchObject({ code: 'InvalidArgument', context: { file } });
  }
  const feather = await folder.write('old.feather', `FEA1${'\0'.repeat(20)}FEA1`);
  expect(await refusal(feather)).toMatchObject({ code: 'UnsupportedFormat', context: { file: feather } });
  expect(await refusal(folder.path(`none.${ending}`))).toMatchObject({ code: 'NotFound' });
});
