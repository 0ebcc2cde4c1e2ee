// Text and raw numbers through the command line: what they do not say by themselves is said by options.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { contentOf, everything, numbers, points, saveArrays, type Values, versionOf } from './array-files.js';
import { answer, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
const inFolder = (name: string): string => path.join(folder, name);
let count = 0;
let uri: string;

beforeEach(() => {
  uri = inFolder(`dataset-${count++}`);
});

async function save(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(inFolder(name), content);
  return inFolder(name);
}

function float32(shape: readonly number[], ...data: number[]): Values {
  return { dtype: 'float32', shape, data: Float32Array.from(data) };
}

function bytesOf(data: ArrayBufferView): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** Exit code, code of the error, message and hint. */
async function refused(args: readonly string[], input?: string | Uint8Array): Promise<string> {
  const ended = await nacre([...args, '--json'], input === undefined ? {} : { input });
  expect(ended.stdout.toString()).toBe('');
  return `${ended.code} ${ended.error.code}: ${ended.error.message} ${ended.error.hint}`;
}

describe('import of text', () => {
  test('takes the name of the file, and float64 unless --dtype says otherwise', async () => {
    const file = await save('data.csv', 'x,y\n0.1,2\n3,-inf\n');
    const made = await answer(['import', uri, '-', file]);
    expect(made).toMatchObject({ version: 2, files: [{ format: 'csv', array: 'data', rows: 2 }] });
    await answer(['import', uri, 'small', file, '--dtype', 'float32']);
    expect(await everything(uri)).toEqual({
      data: { dtype: 'float64', shape: [2, 2], data: Float64Array.of(0.1, 2, 3, -Infinity) },
      small: float32([2, 2], 0.1, 2, 3, -Infinity),
    });
  });

  test('--header and --no-header say what the first line is, of a file and of a pipe', async () => {
    const text = '0\t1\n2\t3.5\n';
    const file = await save('columns.tsv', text);
    expect(await refused(['import', uri, 'a', file])).toMatch(/^2 InvalidArgument: .*header/);
    expect(await versionOf(uri)).toBeUndefined();
    await answer(['import', uri, 'with', file, '--header']);
    await answer(['import', uri, 'without', file, '--no-header']);
    const piped = ['--format', 'tsv', '--dtype', '<f4'];
    expect(await refused(['import', uri, 'piped', '-', ...piped], text)).toContain('header');
    await answer(['import', uri, 'piped', '-', ...piped, '--header'], { input: text });
    await answer(['import', uri, 'rows', '-', ...piped, '--no-header'], { input: text });
    expect(await everything(uri)).toEqual({
      with: { dtype: 'float64', shape: [1, 2], data: Float64Array.of(2, 3.5) },
      without: { dtype: 'float64', shape: [2, 2], data: Float64Array.of(0, 1, 2, 3.5) },
      piped: float32([1, 2], 2, 3.5),
      rows: float32([2, 2], 0, 1, 2, 3.5),
    });
  });

  test('names the line and the field that is no number, and makes nothing', async () => {
    const file = await save('bad.csv', '1,2\n3,four\n');
    expect(await refused(['import', uri, '-', file])).toMatch(/^2 InvalidArgument: .*bad\.csv.*four/);
    expect(await refused(['import', uri, '-', file, '--dtype', 'float33'])).toMatch(/^2 .*float33/);
    expect([undefined, 1]).toContain(await versionOf(uri));
  });
});

describe('raw numbers', () => {
  const values = Uint16Array.of(1, 2, 3, 256, 5, 6);
  const big = Buffer.from(bytesOf(values)).swap16();

  test('are read by --dtype, --row-shape and --offset, of a file and of a pipe', async () => {
    const bytes = Buffer.concat([Buffer.alloc(7), big]);
    const file = await save('counts.bin', bytes);
    const said = ['--format', 'raw', '--dtype', '>u2', '--offset', '7'];
    await answer(['import', uri, 'single', file, ...said]);
    await answer(['import', uri, 'rows', file, ...said, '--row-shape', '3']);
    await answer(['import', uri, 'piped', '-', ...said, '--row-shape', '3x1'], { input: bytes });
    await answer(['import', uri, 'comma', '-', ...said, '--row-shape', '1,3'], { input: bytes });
    const of = (shape: readonly number[]): Values => ({ dtype: 'uint16', shape, data: values });
    expect(await everything(uri)).toEqual({
      ...{ single: of([6]), rows: of([2, 3]), piped: of([2, 3, 1]), comma: of([2, 1, 3]) },
    });
  });

  test('without a dtype are refused with the option that is missing', async () => {
    const file = await save('untold.bin', big);
    const message = /^2 InvalidArgument: .*raw numbers do not say their dtype .*--dtype/;
    expect(await refused(['import', uri, 'a', file, '--format', 'raw'])).toMatch(message);
    expect(await refused(['convert', file, inFolder('x.npy'), '--from', 'raw'])).toMatch(message);
    expect(await refused(['import', uri, 'a', '-', '--format', 'raw'], big)).toContain('standard input: raw');
    expect(await versionOf(uri)).toBeUndefined();
  });

  test.each([
    ['--row-shape', '4', /bytes over/],
    ['--row-shape', '0', /rows of no bytes/],
    ['--row-shape', '4294967296,4294967296', /takes more than 2\^53-1 bytes/],
    ['--row-shape', '99999999999999999999', /InvalidArgument/],
    ['--offset', '99999999999999999999', /is no size/],
    ['--row-shape', '3;4', /no shape of a row/],
    ['--row-shape', '-1', /no shape of a row/],
    ['--offset', '1', /over/],
    ['--offset', '13', /offset 13 is none of 12 bytes/],
    ['--offset', '-1', /is no size/],
    ['--offset', '1.5', /is no size/],
  ])('with %s %s that do not fit are refused', async (option, value, message) => {
    const file = await save('fit.bin', big);
    const args = ['import', uri, 'a', file, '--format', 'raw', '--dtype', 'uint16', option, value];
    expect(await refused(args)).toMatch(message);
    expect([undefined, 1]).toContain(await versionOf(uri));
  });
});

describe('append, replace and upsert', () => {
  test('take text and raw numbers by the same options', async () => {
    await answer(['import', uri, 'e', await pairs(inFolder('first.npy'), 3)]);
    const text = await save('more.csv', '6,7\n');
    const raw = await save('new.bin', bytesOf(Float32Array.of(0, -1, -2)).subarray(0));
    await answer(['append', uri, 'e', text, '--dtype', 'float32', '--no-header']);
    const said = ['--format', 'raw', '--dtype', '<f4', '--row-shape', '2', '--offset', '4'];
    await answer(['replace', uri, 'e', raw, '--rows', '1', ...said]);
    expect((await everything(uri))['e']).toEqual(float32([4, 2], 0, 1, -1, -2, 4, 5, 6, 7));
    const piped = ['append', uri, 'e', '-', '--format', 'csv', '--dtype', 'float32', '--header'];
    await answer(piped, { input: '0,1\n8,9\n' });
    expect((await everything(uri))['e']).toMatchObject({ shape: [5, 2] });
    // Text is float64 unless it is said.
    expect(await refused(['append', uri, 'e', text])).toContain("'e' holds float32");
  });

  test('upsert takes the rows of text whose keys another file has', async () => {
    await answer([
      'create',
      uri,
      '--array',
      'p',
      '--dtype',
      'float32',
      '--row-shape',
      '2',
      '--key',
      'id=int',
    ]);
    const first = ['--attributes', await save('ids.jsonl', '{"id":1}\n{"id":2}\n')];
    await answer(['append', uri, 'p', await pairs(inFolder('two.npy'), 2), ...first]);
    const rows = await save('rows.csv', 'x,y\n-1,-2\n8,9\n');
    const keys = ['--attributes', await save('keys.jsonl', '{"id":2}\n{"id":3}\n')];
    const done = await answer(['upsert', uri, 'p', rows, '--dtype', '<f4', ...keys, '--yes']);
    expect(done).toMatchObject({ inserted: 1, replaced: 1, shape: [3, 2] });
    expect((await everything(uri))['p']).toEqual(float32([3, 2], 0, 1, -1, -2, 8, 9));
  });
});

describe('formats that have no such option', () => {
  test('refuse it by name, as the library does', async () => {
    const npy = await pairs(inFolder('plain.npy'), 2);
    const csv = await save('plain.csv', '1\n2\n');
    await answer(['import', uri, 'e', npy]);
    const cases: readonly (readonly [file: string, option: string, given: readonly string[]])[] = [
      [npy, 'dtype', ['--dtype', 'float32']],
      [npy, 'header', ['--header']],
      [npy, 'header', ['--no-header']],
      [csv, 'rowShape', ['--row-shape', '2']],
      [csv, 'offset', ['--offset', '0']],
    ];
    for (const [file, option, given] of cases) {
      const format = file === npy ? 'npy' : 'csv';
      const message = `2 InvalidArgument: ${file}: the option ${option} says nothing of ${format} files`;
      for (const args of [
        ['import', uri, 'e', file],
        ['append', uri, 'e', file],
        ['replace', uri, 'e', file, '--all'],
        ['convert', file, inFolder('x.npz')],
      ]) {
        expect(await refused([...args, ...given])).toContain(message);
      }
    }
    expect(await versionOf(uri)).toBe(2);
  });
});

describe('import --once', () => {
  test('knows bytes that are read in another way from a repeat', async () => {
    const raw = await save('once.bin', Uint8Array.of(0, 1, 0, 2));
    const once = ['import', uri, 'a', raw, '--format', 'raw', '--once', '--dtype'];
    expect(await answer([...once, '<u2'])).toMatchObject({ files: [{ skipped: false }] });
    expect(await answer([...once, '<u2'])).toMatchObject({ files: [{ skipped: true }] });
    expect(await answer([...once, '>u2'])).toMatchObject({ files: [{ skipped: false }] });
    expect((await everything(uri))['a']).toMatchObject({ data: Uint16Array.of(256, 512, 1, 2) });
  });
});

describe('convert', () => {
  test('goes from raw numbers to .npy and back, byte by byte', async () => {
    const numbersOf = Float32Array.from({ length: 30 }, (_, i) => i / 3);
    const raw = await save('a.bin', bytesOf(numbersOf));
    const said = ['--from', 'raw', '--dtype', '<f4', '--row-shape', '10'];
    const made = await answer(['convert', raw, inFolder('b.npy'), ...said]);
    expect(made).toMatchObject({ from: 'raw', to: 'npy', arrays: [{ dtype: 'float32', shape: [3, 10] }] });
    await answer(['convert', inFolder('b.npy'), inFolder('c.bin'), '--to', 'raw']);
    expect(await readFile(inFolder('c.bin'))).toEqual(await readFile(raw));
  });

  test('goes from .npy to text and back, of files and of pipes', async () => {
    const npy = await pairs(inFolder('pairs.npy'), 3);
    for (const ending of ['csv', 'tsv']) {
      const out = inFolder(`pairs.${ending}`);
      expect(await answer(['convert', npy, out])).toMatchObject({ from: 'npy', to: ending });
      const back = inFolder(`back-${ending}.npy`);
      await answer(['convert', out, back, '--dtype', 'float32']);
      expect(await contentOf(back)).toEqual(await contentOf(npy));
      const input = await readFile(out);
      const args = ['convert', '-', '-', '--from', ending, '--to', 'npy', '--dtype', 'float32'];
      expect((await nacre(args, { input })).stdout).toEqual(await readFile(npy));
      // The first line is taken for names where it is said.
      const less = await nacre([...args, '--header'], { input });
      await writeFile(inFolder('less.npy'), less.stdout);
      expect(Object.values(await contentOf(inFolder('less.npy')))).toMatchObject([{ shape: [2, 2] }]);
    }
  });

  test('of several arrays takes one into text or raw numbers, and says so', async () => {
    const both = await saveArrays(inFolder('both.npz'), { a: points(2), b: numbers(2) });
    for (const to of ['csv', 'raw']) {
      const args = ['convert', both, inFolder(`both.${to}`), '--to', to];
      expect(await refused(args)).toMatch(/^2 InvalidArgument: .*one array/);
      await answer([...args, '--array', 'b']);
    }
    expect(await readFile(inFolder('both.csv'), 'utf8')).toMatch(/^0\r?\n1\r?\n$/);
    expect((await readFile(inFolder('both.raw'))).byteLength).toBe(16);
  });
});

test('export and read write text and raw numbers', async () => {
  await answer(['import', uri, 'e', await pairs(inFolder('out.npy'), 2)]);
  await answer(['export', uri, 'e', '-o', inFolder('export.csv')]);
  await answer(['read', uri, 'e', '-o', inFolder('read.csv')]);
  const text = await readFile(inFolder('export.csv'), 'utf8');
  expect(await readFile(inFolder('read.csv'), 'utf8')).toBe(text);
  const raw = await nacre(['export', uri, 'e', '--format', 'raw', '-o', '-']);
  expect(raw.stdout).toEqual(bytesOf(Float32Array.of(0, 1, 2, 3)));
  await answer(['import', uri, 'again', inFolder('export.csv'), '--dtype', 'float32', '--no-header']);
  const { e, again } = await everything(uri);
  expect(again).toEqual(e);
});
