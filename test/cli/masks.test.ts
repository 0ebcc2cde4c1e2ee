// Rows that a mask chooses, by the commands that take rows.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { RowMask } from '../../src/cli/row-mask.js';
import { open, openNpyFile } from '../../src/index.js';
import { encodeHeader } from '../../src/npy/header.js';
import { answer, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
const at = (name: string): string => path.join(folder, name);
const { signal } = new AbortController();

async function npy(
  name: string,
  dtype: 'bool' | 'uint8',
  shape: readonly number[],
  values: readonly number[],
) {
  await writeFile(at(name), [encodeHeader(dtype, shape), Uint8Array.from(values)]);
  return at(name);
}

const maskOf = (name: string, values: readonly boolean[]): Promise<string> =>
  npy(name, 'bool', [values.length], values.map(Number));

/** Row i of the dataset is (2 i, 2 i + 1). */
const rows = 1000;
const chosen = Array.from({ length: rows }, (_, i) => i % 7 === 3 || i > 990);
const places = chosen.flatMap((isChosen, i) => (isChosen ? [i] : []));

let sets = 0;
let uri = '';
let mask = '';
beforeEach(async () => {
  uri = at(`set-${++sets}`);
  mask = await maskOf('mask.npy', chosen);
  await answer(['import', uri, 'e', await pairs(at('rows.npy'), rows), '--partition-size', '1KiB']);
});

async function firsts(): Promise<number[]> {
  const dataset = await open(uri, { cacheDir: false });
  const { data } = await dataset.array('e').read();
  await dataset.close();
  return Array.from(data as Float32Array).filter((_, i) => i % 2 === 0);
}

async function fileFirsts(name: string): Promise<number[]> {
  const file = await openNpyFile(at(name));
  const { data } = await file.readRows(0, file.rows);
  await file.close();
  return Array.from(data as Float32Array).filter((_, i) => i % 2 === 0);
}

test('read --mask writes the rows that it chooses, in their order', async () => {
  const said = await answer(['read', uri, 'e', '--mask', mask, '--out', at('out.npy')]);
  expect(said).toMatchObject({ shape: [places.length, 2] });
  expect(await fileFirsts('out.npy')).toEqual(places.map((i) => 2 * i));
  const none = await maskOf(
    'none.npy',
    chosen.map(() => false),
  );
  expect(await answer(['read', uri, 'e', '--mask', none, '--out', at('no.npy')])).toMatchObject({
    shape: [0, 2],
  });
});

test('drop --mask takes them out, and what it says undoes it', async () => {
  const options = { cwd: folder };
  const before = await answer(['drop', uri, 'e', '--mask', mask, '--dry-run']);
  expect(before).toMatchObject({ rows: places.length, version: null });
  const said = await answer(['drop', uri, 'e', '--mask', mask]);
  expect(said).toMatchObject({ rows: places.length, shape: [rows - places.length, 2] });
  const left = chosen.flatMap((isChosen, i) => (isChosen ? [] : [2 * i]));
  expect(await firsts()).toEqual(left);
  for (const line of String(said['undo']).split(' && ')) {
    const words = line.split(' ').map((word) => word.replaceAll("'", ''));
    expect((await nacre(words.slice(1), options)).code).toBe(0);
  }
  expect(await firsts()).toEqual([...left, ...places.map((i) => 2 * i)]);
});

test('replace --mask puts the rows of a file in their places, and what it says undoes it', async () => {
  const news = await pairs(at('news.npy'), places.length, 9000);
  const said = await answer(['replace', uri, 'e', news, '--mask', mask]);
  const expected = Array.from({ length: rows }, (_, i) => 2 * i);
  for (const [i, place] of places.entries()) expected[place] = 9000 + 2 * i;
  expect(await firsts()).toEqual(expected);
  for (const line of String(said['undo']).split(' && ')) {
    const words = line.split(' ').map((word) => word.replaceAll("'", ''));
    expect((await nacre(words.slice(1), { cwd: folder })).code).toBe(0);
  }
  expect(await firsts()).toEqual(Array.from({ length: rows }, (_, i) => 2 * i));
});

test('set-attributes --mask gives values to them', async () => {
  await writeFile(at('values.jsonl'), places.map((i) => `{"n": ${i}}\n`).join(''));
  await answer(['set-attributes', uri, 'e', at('values.jsonl'), '--mask', mask]);
  const dataset = await open(uri, { cacheDir: false });
  const found = await dataset.array('e').where('n is not null').select('n').limit(rows).toArray();
  await dataset.close();
  expect(found.map(({ row, attributes }) => [row, attributes?.['n']])).toEqual(places.map((i) => [i, i]));
});

describe('what is no mask of the array is refused, by name', () => {
  const scalars = async (): Promise<string> => {
    const file = at('one.npy');
    await writeFile(file, [encodeHeader('float64', []), new Uint8Array(8)]);
    await answer(['import', uri, 'one', file]);
    return maskOf('one-mask.npy', [true]);
  };
  test.each<[string, () => Promise<string[]>, RegExp]>([
    [
      'too short',
      async () => ['e', '--mask', await maskOf('m.npy', [true])],
      /m\.npy has 1 value, 'e' has 1,?000 rows/,
    ],
    [
      'too long',
      async () => ['e', '--mask', await maskOf('m.npy', [...chosen, true])],
      /m\.npy has 1,?001 values/,
    ],
    [
      'of integers',
      async () => ['e', '--mask', await npy('m.npy', 'uint8', [2], [0, 1])],
      /no mask: it is uint8 of shape \(2,\)/,
    ],
    [
      'of two axes',
      async () => ['e', '--mask', await npy('m.npy', 'bool', [2, 1], [0, 1])],
      /is bool of shape \(2, 1\)/,
    ],
    [
      'without an axis',
      async () => ['e', '--mask', await npy('m.npy', 'bool', [], [1])],
      /is bool of shape \(\)/,
    ],
    [
      'of bytes that are no booleans',
      async () => ['e', '--mask', await npy('m.npy', 'bool', [3], [0, 1, 2])],
      /m\.npy/,
    ],
    ['cut', async () => ['e', '--mask', await npy('m.npy', 'bool', [9], [0, 1])], /m\.npy/],
    ['for an array without rows', async () => ['one', '--mask', await scalars()], /'one' is a 0-d array/],
    ['beside other rows', async () => ['e', '--mask', mask, '--rows', '0:1'], /more than one way/],
    ['given to --rows', async () => ['e', '--rows', mask], /no list of integers/],
  ])('%s', async (_, words, message) => {
    const given = await words();
    for (const verb of ['read', 'drop']) {
      const more = verb === 'read' ? ['--out', at('refused.npy')] : [];
      const ended = await nacre([verb, uri, ...given, ...more, '--json']);
      expect([ended.code, ended.error.message]).toEqual([2, expect.stringMatching(message)]);
      expect(ended.error.hint).not.toBeNull();
    }
    expect(await firsts()).toHaveLength(rows);
  });

  test('a file that is not there', async () => {
    const ended = await nacre(['read', uri, 'e', '--mask', at('gone.npy'), '--out', at('x.npy'), '--json']);
    expect([ended.code, ended.error.code]).toEqual([4, 'NotFound']);
  });

  test('a replacement of another number of rows', async () => {
    const news = await pairs(at('few.npy'), 2);
    const ended = await nacre(['replace', uri, 'e', news, '--mask', mask, '--json']);
    expect([ended.code, ended.error.message]).toEqual([2, expect.stringContaining('are named')]);
  });
});

test('any piece of the chosen rows is found, over the ends of what is counted and read together', async () => {
  const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 200_000 }), fc.integer({ min: 1, max: 5 })), {
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(runs, fc.double({ min: 0, max: 1, noNaN: true }), async (lengths, part) => {
      // Runs of rows, of which every so-manyth is chosen; every other run has none.
      const values = lengths.flatMap(([length, every], run) =>
        Array.from({ length }, (_, i) => run % 2 === 0 && i % every === 0),
      );
      const expected = values.flatMap((isChosen, i) => (isChosen ? [i] : []));
      const read = await RowMask.read(await maskOf('any.npy', values), signal);
      expect([read.length, read.count]).toEqual([values.length, expected.length]);
      const cut = Math.floor(part * expected.length);
      expect(read.places(0, cut)).toEqual(Float64Array.from(expected.slice(0, cut)));
      expect(read.places(cut, expected.length)).toEqual(Float64Array.from(expected.slice(cut)));
    }),
    { numRuns: 25 },
  );
});
