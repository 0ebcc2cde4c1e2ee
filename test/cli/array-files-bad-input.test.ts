// Files of arrays that are damaged, lie or are somebody's trap, through the commands that take them: each
// ends in the typed error that names the file, and no version is made, and no file.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { dict as npyDict, npyFile } from '../support/npy-file.js';
import { pythonWithNumpy, runPython } from '../support/python.js';
import { dict, global, named, pickle, text, torchZip, tuple } from '../support/torch-file.js';
import { type EntryParts, zipFile } from '../support/zip-file.js';
import { everything, numbers, points, saveArrays, versionOf } from './array-files.js';
import { answer, errorInProcess, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
const uri = path.join(folder, 'dataset');
const fresh = path.join(folder, 'fresh');

beforeAll(async () => {
  await answer(['import', uri, 'e', await pairs(path.join(folder, 'rows.npy'), 10)]);
});

/**
 * What import says of it into a dataset that is there, in a process of its own. A new one, append, replace
 * and convert refuse it, too, in this process; what is seen only by reading rows leaves a new dataset
 * without arrays.
 */
async function refused(file: string, ...options: string[]): Promise<{ code: string; message: string }> {
  const out = path.join(folder, 'out.safetensors');
  const said = await nacre(['import', uri, '-', file, ...options, '--json']);
  const { code, message, hint } = said.error;
  expect(said.code).toBeGreaterThan(0);
  expect(message).toContain(path.basename(file));
  expect(hint).toBeTruthy();
  const others = [
    ['import', fresh, '-', file, ...options],
    ['append', uri, 'e', file, ...options],
    ['replace', uri, 'e', file, '--rows', '0', '--yes', ...options],
    ['convert', file, out],
  ];
  for (const args of others) expect(await errorInProcess(args), args[0]).toBeDefined();
  expect([undefined, 1]).toContain(await versionOf(fresh));
  expect(await versionOf(uri)).toBe(2);
  expect(Object.keys(await everything(uri))).toEqual(['e']);
  expect((await readdir(folder)).filter((name) => name.includes('out.safetensors'))).toEqual([]);
  return { code, message };
}

async function save(name: string, bytes: string | Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  return file;
}

const good = npyFile({
  header: npyDict("'<f4'", 'False', '(3, 2)'),
  data: Uint8Array.from({ length: 24 }, (_, i) => i),
});
const entry: EntryParts = { name: 'a.npy', bytes: good };

function safetensors(header: string, data = 0, length?: number): Uint8Array {
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(length ?? Buffer.byteLength(header)));
  return Buffer.concat([start, Buffer.from(header), new Uint8Array(data)]);
}

function one(name: string, start = 0, end = 8): string {
  return `${JSON.stringify(name)}:{"dtype":"F32","shape":[2],"data_offsets":[${start},${end}]}`;
}

function parquetFooter(length: number): Uint8Array {
  const bytes = Buffer.alloc(100);
  bytes.write('PAR1');
  bytes.writeUInt32LE(length, 92);
  bytes.write('PAR1', 96);
  return bytes;
}

const bomb = deflateRawSync(Buffer.concat([good, new Uint8Array(2 ** 28)]));
const hello = tuple(text(`touch ${path.join(folder, 'was-here')}`));

describe('traps', () => {
  test.each<[string, string, Uint8Array, string, RegExp]>([
    [
      '36: a .npz entry that leads out',
      'out.npz',
      zipFile([{ ...entry, name: '../a.npy' }]),
      'InvalidArgument',
      /\.\.\/a\.npy/,
    ],
    [
      '37: a .npz entry that inflates to 256 MiB more than it says',
      'bomb.npz',
      zipFile([{ ...entry, method: 8, packed: bomb, size: good.length }]),
      'InvalidArgument',
      /inflates to more than the 152 bytes/,
    ],
    [
      '38: an encrypted .npz entry',
      'encrypted.npz',
      zipFile([{ ...entry, flags: 1 }]),
      'UnsupportedFormat',
      /encrypted/,
    ],
    ['38: two .npz entries of one name', 'twice.npz', zipFile([entry, entry]), 'InvalidArgument', /a\.npy/],
    [
      '39: a .pt that calls os.system',
      'system.pt',
      torchZip(pickle(dict([text('w'), [global('os', 'system'), hello, 'R']]))),
      'UnsupportedFormat',
      /os\.system.*nothing was run/,
    ],
    [
      '40: a .pt that gives a class that is allowed a state',
      'build.pt',
      torchZip(pickle(global('torch', 'Size'), '}b')),
      'UnsupportedFormat',
      /BUILD gives torch\.Size/,
    ],
    [
      '41: a .pt with a stride out of its storage',
      'stride.pt',
      torchZip(named({ stride: [6, 1], length: 6 })),
      'InvalidArgument',
      /reaches element/,
    ],
    [
      '42: a .safetensors whose header is longer than it',
      'header.safetensors',
      safetensors('{}', 0, 1000),
      'InvalidArgument',
      /header/,
    ],
    [
      '43: a .safetensors with tensors over each other',
      'overlap.safetensors',
      safetensors(`{${one('a')},${one('b', 4, 12)}}`, 12),
      'InvalidArgument',
      /'?[ab]'?/,
    ],
    [
      '44: a .safetensors with one name twice',
      'keys.safetensors',
      safetensors(`{${one('a')},${one('a', 8, 16)}}`, 16),
      'InvalidArgument',
      /a/,
    ],
    [
      '45: a Parquet footer that is longer than the file',
      'lies.parquet',
      parquetFooter(2 ** 31),
      'InvalidArgument',
      /Parquet/,
    ],
  ])('%s', async (_, name, bytes, code, message) => {
    const said = await refused(await save(name, bytes));
    expect(said.code).toBe(code);
    expect(said.message).toMatch(message);
    expect(await readdir(folder)).not.toContain('was-here');
  });

  test('46: a Parquet dictionary of one long text that stands for 20 GB of attributes', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    const file = path.join(folder, 'dictionary.parquet');
    await runPython(
      `
import sys, numpy as np, pyarrow as pa, pyarrow.parquet as pq
rows = 20_000
texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, "int32")), pa.array(["x" * 2**20]))
lists = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(2 * rows, "float32")), 2)
pq.write_table(pa.table({"v": lists, "t": texts}), sys.argv[1], row_group_size=rows)
`,
      [file],
    );
    const said = await nacre(['import', uri, 'v', file, '--json']);
    expect(said.code).toBeGreaterThan(0);
    expect(['InvalidArgument', 'ResourceExhausted']).toContain(said.error.code);
    expect(await versionOf(uri)).toBe(2);
    await answer(['import', `${uri}-rows`, 'v', file, '--no-attributes']);
    expect((await everything(`${uri}-rows`))['v']).toMatchObject({ shape: [20_000, 2] });
  }, 60_000);
});

describe('files that are cut', () => {
  test.each(['npz', 'safetensors', 'pt', 'arrow', 'parquet'])(
    '.%s at the beginning, a half and one byte before its end',
    async (ending) => {
      const whole = await readFile(
        await saveArrays(path.join(folder, `whole.${ending}`), { a: points(50), b: points(50) }),
      );
      for (const length of [
        0,
        Math.floor(whole.length / 4),
        Math.floor(whole.length / 2),
        whole.length - 1,
      ]) {
        const { code } = await refused(await save(`cut-${length}.${ending}`, whole.subarray(0, length)));
        expect(code, String(length)).toBe('InvalidArgument');
      }
    },
  );

  test('bytes that are changed are found by the checksums of the file, before a version is made', async () => {
    const whole = await readFile(await saveArrays(path.join(folder, 'flip.npz'), { a: points(50) }));
    whole[whole.length / 2] = (whole[whole.length / 2] ?? 0) ^ 1;
    expect((await refused(await save('flipped.npz', whole))).message).toContain('CRC-32');
  });
});

describe('files that hold nothing to take', () => {
  test.each<[string, Uint8Array]>([
    ['none.npz', zipFile([])],
    ['none.safetensors', safetensors('{}')],
    ['none.safetensors', safetensors('{"__metadata__":{"a":"b"}}')],
  ])('%s has no arrays', async (name, bytes) => {
    const { code, message } = await refused(await save(name, bytes));
    expect([code, message]).toEqual(['InvalidArgument', `${path.join(folder, name)} has no arrays`]);
  });

  test('a .pt without tensors', async () => {
    const file = await save('none.pt', torchZip(pickle(dict([text('epoch'), 'K\x01']))));
    expect((await refused(file)).code).toBe('InvalidArgument');
  });

  test('what is of no format, a folder, and what is not there', async () => {
    const file = await save('notes.txt', 'what to do');
    const { code, message } = await refused(file);
    expect([code, message]).toEqual(['InvalidArgument', expect.stringContaining('nor how it begins')]);
    const [there] = [await nacre(['import', uri, '-', folder, '--json'])];
    expect(there.error.message).toContain('is a folder');
    const missing = path.join(folder, 'missing.npz');
    expect((await refused(missing)).code).toBe('NotFound');
  });
});

describe('names that an array may not have', () => {
  test.each(['', '..', 'a//b', ' x', 'cafe\u0301', 'a\u200bb', 'y'.repeat(201)])(
    'are refused with how to give another: %j',
    async (name) => {
      const file = await save('names.safetensors', safetensors(`{${one('ok')},${one(name, 8, 16)}}`, 16));
      const place = `${fresh}-${name.length}-${name.charCodeAt(0)}`;
      const said = await nacre(['import', place, '-', file, '--json']);
      expect([said.code, said.error.code]).toEqual([2, 'InvalidArgument']);
      expect(said.error.message).toMatch(/names\.safetensors: the name ".*" /);
      expect(said.error.hint).toContain(`nacre import URI NAME ${file} --from `);
      expect(await versionOf(place)).toBeUndefined();
      await answer(['import', place, 'named', file, '--from', name]);
      expect(Object.keys(await everything(place))).toEqual(['named']);
    },
  );
});

test('of several files one that is bad keeps all others out', async () => {
  const fine = await saveArrays(path.join(folder, 'fine.npz'), { a: points(2), b: numbers(2) });
  const cut = await save('cut.npz', (await readFile(fine)).subarray(0, 100));
  const said = await nacre(['import', `${fresh}-several`, '-', fine, cut, '--json']);
  expect(said.error.message).toContain('cut.npz');
  expect(await versionOf(`${fresh}-several`)).toBeUndefined();
  const other = await saveArrays(path.join(folder, 'other.npz'), { a: numbers(2) });
  const types = await nacre(['import', `${fresh}-several`, '-', fine, other, '--json']);
  expect(types.error.message).toBe(
    `${other}: a has int64 rows of shape (), ${fine}: a has float32 rows of shape (2,)`,
  );
  expect(await versionOf(`${fresh}-several`)).toBeUndefined();
});

test('a column that is no attribute is refused before rows are sent, and --no-attributes goes on', async (context) => {
  if ((await pythonWithNumpy()) === undefined) context.skip();
  const file = path.join(folder, 'structs.parquet');
  await runPython(
    `
import sys, pyarrow as pa, pyarrow.parquet as pq
lists = pa.FixedSizeListArray.from_arrays(pa.array([1.0, 2.0, 3.0, 4.0], "float32"), 2)
structs = pa.array([{"a": 1}, {"a": 2}])
pq.write_table(pa.table({"v": lists, "s": structs, "n": [1, 2]}), sys.argv[1])
`,
    [file],
  );
  const said = await nacre(['import', `${fresh}-structs`, 'v', file, '--json']);
  expect(said.error.code).toBe('UnsupportedFormat');
  expect(said.error.message).toContain('structs.parquet');
  expect(said.error.hint).toContain('--no-attributes');
  expect(await versionOf(`${fresh}-structs`)).toBeUndefined();
  await answer(['import', `${fresh}-structs`, 'v', file, '--no-attributes']);
  expect((await everything(`${fresh}-structs`))['v']?.data).toEqual(Float32Array.of(1, 2, 3, 4));
});
