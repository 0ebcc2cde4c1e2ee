// Attributes and filters on the command line.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { answer, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
let count = 0;
let uri: string;
let rows: string;
let lines: string;

beforeEach(async () => {
  uri = path.join(folder, `dataset-${count++}`);
  rows = await pairs(path.join(folder, 'rows.npy'), 10);
  lines = path.join(folder, 'rows.jsonl');
  const attributes = Array.from({ length: 10 }, (_, i) => {
    const big = i === 3 ? '9007199254740993' : String(i);
    return `{"lang": ${i % 2 === 0 ? '"de"' : 'null'}, "big": ${big}, "tags": ["t${i % 3}"]}`;
  });
  await writeFile(lines, attributes.join('\n'));
});

const imported = (): Promise<unknown> => answer(['import', uri, 'e', rows, '--attributes', lines]);

describe('import', () => {
  test('takes attributes from a file, and info names them', async () => {
    await imported();
    const info = (await answer(['info', uri])) as { arrays: Record<string, { attributes: unknown }> };
    expect(info.arrays['e']?.attributes).toEqual([
      { name: 'lang', type: 'string' },
      { name: 'big', type: 'int' },
      { name: 'tags', type: 'strings' },
    ]);
    const text = await nacre(['info', uri]);
    expect(text.stdout.toString()).toContain("attributes of 'e'");
    await imported();
    expect(await answer(['query', uri, 'e', '--where', "lang = 'de'", '--count'])).toMatchObject({
      count: 10,
    });
  });

  test('--once tells other attributes of the same rows apart', async () => {
    const once = (): Promise<unknown> => answer(['import', uri, 'e', rows, '--attributes', lines, '--once']);
    await once();
    expect(await once()).toMatchObject({ files: [{ skipped: true }] });
    await writeFile(lines, Array.from({ length: 10 }, () => '{"lang": "it"}').join('\n'));
    expect(await once()).toMatchObject({ files: [{ skipped: false }] });
  });

  test('refuses attributes of other rows, of several files, and of another type, and writes nothing', async () => {
    const few = path.join(folder, 'few.jsonl');
    await writeFile(few, '{"lang": "de"}');
    const refused = async (...args: string[]): Promise<string> =>
      (await nacre(['import', uri, 'e', ...args, '--json'])).error.message;
    expect(await refused(rows, '--attributes', few)).toContain('attributes of 1 rows');
    expect(await refused(rows, rows, '--attributes', lines)).toContain('is of one file, not of 2');
    expect((await nacre(['info', uri, '--json'])).error.code).toBe('NotFound');
    await imported();
    await writeFile(few, Array.from({ length: 10 }, () => '{"lang": 7}').join('\n'));
    expect(await refused(rows, '--attributes', few)).toContain('string is wanted');
    expect(await answer(['query', uri, 'e', '--where', 'big >= 0', '--count'])).toMatchObject({ count: 10 });
  });
});

describe('query', () => {
  test('--where and --select without a vector give rows, or their number', async () => {
    await imported();
    const where = ['--where', "lang = 'de'", '--where', 'big > 2'];
    expect(await answer(['query', uri, 'e', ...where, '--select', 'big,tags', '-k', '2'])).toEqual({
      version: 2,
      rows: [
        { row: 4, id: '4', attributes: { big: 4, tags: ['t1'] } },
        { row: 6, id: '6', attributes: { big: 6, tags: ['t0'] } },
      ],
    });
    expect(await answer(['query', uri, 'e', ...where, '--count'])).toEqual({ version: 2, count: 3 });
    const exact = await answer(['query', uri, 'e', '--where', 'big > 9007199254740992', '--select', '*']);
    expect(exact).toMatchObject({ rows: [{ row: 3, attributes: { lang: null, big: '9007199254740993' } }] });
    const text = await nacre(['query', uri, 'e', '--where', 'big = 1', '--select', 'tags', '--analyze']);
    expect(text.stdout.toString()).toContain('["t1"]');
    expect(text.stdout.toString()).toContain('read');
    expect((await nacre(['query', uri, 'e', '--where', 'big = -1'])).stdout.toString()).toContain(
      'no row matches',
    );
  });

  test('--where and --select with a vector search the matching rows alone', async () => {
    await imported();
    const near = ['query', uri, 'e', '--row', '1', '-k', '2', '--where', "lang = 'de'", '--select', 'lang'];
    const found = (await answer(near)) as { results: { hits: { row: number; attributes: object }[] }[] };
    expect(found.results[0]?.hits.map(({ row }) => row)).toEqual([0, 2]);
    expect(found.results[0]?.hits[0]?.attributes).toEqual({ lang: 'de' });
    expect((await nacre(near)).stdout.toString()).toMatch(/SCORE +lang/);
  });

  test('names what cannot be asked', async () => {
    await imported();
    const refused = async (...args: string[]): Promise<string> =>
      (await nacre(['query', ...args, '--json'])).error.message;
    expect(await refused(uri, 'e', '--where', 'lang = ')).toContain('character');
    expect(await refused(uri, 'e', '--where', "lnag = 'x'", '--count')).toContain("no column 'lnag'");
    expect(await refused(uri, 'e', '--where', 'lang = 1')).toContain('does not compare');
    expect(await refused(uri, 'e', '--where', 'big = 1', '--select', 'x')).toContain("no attribute 'x'");
    expect(await refused(uri, 'e', '--row', '1', '--count')).toContain('--count is of a filter');
    expect(await refused(uri, 'e')).toContain('what to look for is not said');
    expect(await refused(rows, '--row', '1', '--where', 'big = 1')).toContain('no attributes');
  });
});
