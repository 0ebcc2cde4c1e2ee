// What bad input gets where attributes and filters are concerned: the code, what was wrong, and a dataset
// that is as it was.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dataset, open } from '../../src/index.js';
import { answer, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
const uri = path.join(folder, 'dataset');
const good = path.join(folder, 'good.jsonl');
let rows: string;
let dataset: Dataset;

beforeAll(async () => {
  rows = await pairs(path.join(folder, 'rows.npy'), 3);
  await writeFile(good, '{"lang": "de", "n": 1}\n{}\n{"tags": ["x"]}');
  await answer(['import', uri, 'e', rows, '--attributes', good]);
  dataset = await open(uri, { cacheDir: false });
});
afterAll(() => dataset.close());
async function file(name: string, content: string): Promise<string> {
  await writeFile(path.join(folder, name), content);
  return path.join(folder, name);
}

/**
 * The exit code and the code of the error; its message names `what`, standard output is empty, and the
 * dataset is as it was.
 */
async function refused(args: readonly string[], what: string | RegExp, input?: string): Promise<string> {
  const ended = await nacre([...args, '--json'], input === undefined ? {} : { input });
  const { code, message } = ended.error;
  expect(message).toMatch(what);
  expect(ended.stdout.toString()).toBe('');
  expect(await dataset.refresh()).toBe(2);
  return `${ended.code} ${code}`;
}

const usage = '2 InvalidArgument';
const append = (...args: string[]): string[] => ['append', uri, 'e', rows, '--attributes', ...args];
const set = (...args: string[]): string[] => ['set-attributes', uri, 'e', ...args];

describe('files of attributes', () => {
  test('of another number of rows, for import, append and set-attributes, with --dry-run too', async () => {
    const two = await file('two.jsonl', '{"n": 1}\n{"n": 2}');
    const what = 'two.jsonl has attributes of 2 rows, ';
    for (const more of [[], ['--dry-run'], ['--once']]) {
      const args = ['import', uri, 'e', rows, '--attributes', two, ...more];
      expect(await refused(args, `${what}${rows} has 3 rows`)).toBe(usage);
    }
    expect(await refused(append(two), what)).toBe(usage);
    expect(await refused(set(two, '--all'), `${what}3 rows of 'e' are named`)).toBe(usage);
    expect(await refused(set(two, '--rows', '0'), "1 row of 'e' is named")).toBe(usage);
  });

  test('more or fewer than there are files, and standard input twice', async () => {
    const two = ['--attributes', good, '--attributes', good];
    expect(await refused(['import', uri, 'e', rows, ...two], '2 files of attributes for 1 file')).toBe(usage);
    expect(await refused(['append', uri, 'e', rows, ...two], '2 files of attributes for 1 file')).toBe(usage);
    const three = ['import', uri, 'e', rows, rows, rows, '--attributes', good];
    expect(await refused(three, '1 file of attributes for 3 files')).toBe(usage);
    const piped = ['--attributes', '-', '--attributes-format', 'csv'];
    expect(await refused(['append', uri, 'e', '-', ...piped], 'input is named twice', '')).toBe(usage);
    expect(await refused(['import', uri, 'e', '-', ...piped], 'input is named twice', '')).toBe(usage);
    const typed = ['append', uri, 'e', rows, '--attribute-type', 'n=int'];
    expect(await refused(typed, 'no file of attributes is named')).toBe(usage);
  });

  test('whose format is not told, is none, or is another one; that are missing or malformed', async () => {
    const odd = await file('odd.txt', '{"n": 1}\n{}\n{}');
    expect(await refused(append(odd), 'has no ending that tells its format')).toBe(usage);
    expect(await refused(append(odd, '--attributes-format', 'xml'), "no format 'xml'")).toBe(usage);
    expect(await refused(append(odd, '--attributes-format', 'parquet'), 'no Parquet file')).toBe(usage);
    expect(await refused(append(path.join(folder, 'no.csv')), 'no.csv')).toBe('4 NotFound');
    expect(await refused(append(await file('cut.jsonl', '{}\n{}\n{"n": ')), 'cut.jsonl, line 3')).toBe(usage);
    const nested = await file('nested.jsonl', '{"n": {}}\n{}\n{}');
    expect(await refused(append(nested), "line 1, attribute 'n'")).toBe(usage);
  });

  test('with values of another type than the attribute has, or the file before', async () => {
    const text = await file('text.csv', 'n\n1\nx\n2\n');
    const what = /text\.csv, line 3, attribute 'n': 'x' is no int/;
    expect(await refused(['import', uri, 'e', rows, '--attributes', text], what)).toBe(usage);
    expect(await refused(append(text), what)).toBe(usage);
    expect(await refused(set(text, '--all'), what)).toBe(usage);
    const list = await file('list.csv', 'tags\nx\ny\nz\n');
    expect(await refused(append(list), 'CSV has no lists')).toBe('1 UnsupportedFormat');
    const ints = await file('ints.jsonl', '{"new": 1}\n{}\n{}');
    const texts = await file('texts.jsonl', '{"new": "x"}\n{}\n{}');
    const both = ['import', uri, 'e', rows, rows, '--attributes', ints, '--attributes', texts];
    expect(await refused(both, /texts\.jsonl.*is string, where int is wanted/)).toBe(usage);
  });

  test('types that are none, are said twice, differ from what is there, or are of no attribute', async () => {
    const typed = (...types: string[]): string[] =>
      append(good, ...types.flatMap((type) => ['--attribute-type', type]));
    expect(await refused(typed('n=decimal'), "'decimal' is no type")).toBe(usage);
    expect(await refused(typed('n'), "'n' is no name with a type")).toBe(usage);
    expect(await refused(typed('=int'), "'=int' is no name")).toBe(usage);
    expect(await refused(typed('n=int', 'n=float'), 'said twice')).toBe(usage);
    expect(await refused(typed('n=float'), "'n' of 'e' is int, not float")).toBe(usage);
    expect(await refused(typed('nn=float'), "has 'nn'")).toBe(usage);
  });

  test.each([[''], ['a\u0308rger'], ['new\nline'], ['x'.repeat(201)]])(
    'with the name %j, which no attribute takes',
    async (name) => {
      const bad = await file('bad.jsonl', `${JSON.stringify({ [name]: 1 })}\n{}\n{}`);
      const fresh = path.join(folder, 'fresh');
      expect(await refused(append(bad), /name/)).toBe(usage);
      expect(await refused(['import', fresh, 'e', rows, '--attributes', bad], /name/)).toBe(usage);
      expect((await nacre(['info', fresh])).code).toBe(4);
    },
  );
});

describe('queries', () => {
  const ask = (...args: string[]): string[] => ['query', uri, 'e', ...args];

  test('filters that cannot be read show their character, for people above a caret', async () => {
    expect(await refused(ask('--where', "lang = 'de"), 'at character 7 of the filter')).toBe(usage);
    const shown = await nacre(ask('--where', 'n > 1', '--where', 'n = = 2', '--count'));
    expect(shown.code).toBe(2);
    const lines = /^error: expected .* at character 4 of the filter\n {2}n = = 2\n {6}\^\nhint: /;
    expect(shown.stderr).toMatch(lines);
    expect(await refused(ask('--where', ''), 'expected a condition')).toBe(usage);
    const deep = `${'('.repeat(200)}n = 1${')'.repeat(200)}`;
    expect(await refused(ask('--where', deep), 'deeper than 100')).toBe(usage);
    expect(await refused(ask('--row', '0', '--where', 'n ='), 'expected a value')).toBe(usage);
  });

  test('columns and attributes that are not there, or are of another type', async () => {
    expect(await refused(ask('--where', "lnag = 'x'", '--count'), "no column 'lnag'")).toBe(usage);
    expect(await refused(ask('--where', 'lang = 1'), 'does not compare')).toBe(usage);
    expect(await refused(ask('--select', 'x'), "no attribute 'x'")).toBe(usage);
    expect(await refused(ask('--row', '0', '--select', 'x'), "no attribute 'x'")).toBe(usage);
    expect(await refused(['query', uri, 'f', '--where', 'n = 1'], "'f'")).toBe('4 NotFound');
    for (const select of ['', ',', 'a,,b', 'a,', '"a', '"a"b'])
      expect(await refused(ask('--select', select), 'is no list of attributes')).toBe(usage);
  });

  test('options that exclude each other', async () => {
    const near = (...args: string[]): string[] => ask('--row', '1', ...args);
    const certify = ['--certify', path.join(folder, 'c.json')];
    for (const [args, what] of [
      [ask(), 'what to look for is not said'],
      [['query', uri, '--where', 'n = 1'], 'the array is not said'],
      [['query', rows, '--where', 'n = 1'], 'no attributes'],
      [['query', rows, '--row', '1', '--where', 'n = 1'], 'no attributes'],
      [near('--count'), '--count is of a filter'],
      [near('--all'), '--all is of a filter'],
      [near('--select', 'n', ...certify), 'no attributes'],
      [near('--where', 'n = 1', ...certify), 'knows no filter'],
      [ask('--count', '--select', 'n'), '--count gives a number'],
      [ask('--all', '-k', '3'), '--all excludes'],
      [ask('--select', 'n', '-k', '3', '--limit', '3'), 'say the same'],
      [ask('--select', 'n', '--limit', '0'), 'no row is asked for'],
      [ask('--where', 'n = 1', '--metric', 'l2'), '--metric is of a search'],
    ] as const)
      expect(await refused(args, what)).toBe(usage);
  });
});

describe('changes of attributes', () => {
  test.each([[[]], [['--dry-run']]])('of what is not there, or is there already: %j', async (more) => {
    const change = (...args: string[]): string[] => ['attributes', uri, 'e', ...args, ...more];
    expect(await refused(change('--drop', 'lnag'), "no attribute 'lnag'")).toBe('4 NotFound');
    expect(await refused(change('--rename', 'x=y'), "no attribute 'x'")).toBe('4 NotFound');
    expect(await refused(change('--rename', 'lang=n'), "'n' already")).toBe('6 AlreadyExists');
    expect(await refused(change('--add', 'lang=int'), "'lang' already")).toBe('6 AlreadyExists');
    expect(await refused(change('--drop', 'n', '--drop', 'n'), "no attribute 'n'")).toBe('4 NotFound');
    expect(await refused(change('--add', 'new=decimal'), "'decimal' is no type")).toBe(usage);
    expect(await refused(change('--rename', 'lang'), "'lang' is no name with a new one")).toBe(usage);
    expect(await refused(change('--rename', 'a=b=c'), 'no name with a new one')).toBe(usage);
    expect(await refused(change('--add', `${'x'.repeat(201)}=int`), '201 bytes')).toBe(usage);
  });

  test('of no array, of nothing, of the past', async () => {
    expect(await refused(['attributes', uri, 'f'], "'f'")).toBe('4 NotFound');
    expect(await refused(['attributes', uri, 'e', '--dry-run'], 'nothing is to be changed')).toBe(usage);
    expect(await refused(['attributes', uri, 'e', '--add', 'x=int', '--at', '1'], 'past version')).toBe(
      usage,
    );
  });

  test('of rows that are not said, not there, or named twice, and of another version', async () => {
    const one = await file('one.jsonl', '{"n": 7}');
    expect(await refused(set(one), 'which rows')).toBe(usage);
    expect(await refused(set(one, '--rows', '3'), 'row 3 is not in')).toBe(usage);
    expect(await refused(set(one, '--rows', '3', '--dry-run'), 'row 3 is not in')).toBe(usage);
    expect(await refused(set(one, '--ids', '3'), 'id 3')).toBe('4 NotFound');
    expect(await refused(set(one, '--rows', '0', '--all'), 'more than one way')).toBe(usage);
    expect(await refused(set(one, '--rows', '0', '--if-version', '1'), 'not 1')).toBe('6 Conflict');
    const two = await file('pair.jsonl', '{"n": 7}\n{"n": 8}');
    expect(await refused(set(two, '--rows', '1,-2'), 'a second time')).toBe(usage);
    expect(await refused(['set-attributes', uri, 'f', one, '--all'], "'f'")).toBe('4 NotFound');
  });
});
