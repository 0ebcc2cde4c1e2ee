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

  test('takes a file of attributes for each file, of every format, and keeps types that are there', async () => {
    const [csv, named] = [path.join(folder, 'a.csv'), path.join(folder, 'rows.of.day')];
    await writeFile(csv, `lang,at,code\n${'de,2026-01-02T03:04:05Z,007\n'.repeat(10)}`);
    await writeFile(named, Array.from({ length: 10 }, () => '{"lang":null,"code":null,"more":1}').join('\n'));
    const files = ['import', uri, 'e', rows, rows, '--attributes', csv, '--attributes', csv];
    const made = [
      { array: 'e', name: 'lang', type: 'string' },
      { array: 'e', name: 'at', type: 'timestamp' },
      { array: 'e', name: 'code', type: 'string' },
    ];
    const typed = ['--attribute-type', 'at=timestamp'];
    expect(await answer([...files, ...typed, '--dry-run'])).toMatchObject({
      version: null,
      created: { dataset: true, arrays: ['e'], attributes: made },
    });
    expect(await answer([...files, ...typed])).toMatchObject({
      version: 2,
      created: { attributes: made },
      files: [{ attributes: csv }, { attributes: csv }],
    });
    const more = ['append', uri, 'e', rows, '--attributes', named, '--attributes-format', 'jsonl'];
    expect(await answer([...more, '--dry-run'])).toMatchObject({ version: null, dryRun: true });
    expect(await answer(more)).toMatchObject({
      version: 3,
      attributes: named,
      created: { attributes: [{ name: 'more', type: 'int' }] },
      shape: [30, 2],
    });
    const where = "code = '007' and at = '2026-01-02T03:04:05Z'";
    expect(await answer(['query', uri, 'e', '--where', where, '--count'])).toMatchObject({ count: 20 });
    expect(await answer(['query', uri, 'e', '--where', 'more = 1', '--count'])).toMatchObject({ count: 10 });
  });

  test('reads attributes from standard input, and arrays take the names of many files', async () => {
    const names = ['x', 'y'].map((name) => path.join(folder, `${name}.npy`));
    for (const name of names) await pairs(name, 1);
    const one = path.join(folder, 'one.jsonl');
    await writeFile(one, '{"n": 1}');
    await answer(['import', uri, '-', ...names, '--attributes', one, '--attributes', one]);
    const again = ['append', uri, 'y', names[0] ?? '', '--attributes', '-', '--attributes-format', 'jsonl'];
    await answer(again, { input: '{"n": 2}' });
    expect(await answer(['query', uri, 'y', '--select', 'n', '--all'])).toMatchObject({
      rows: [{ attributes: { n: 1 } }, { attributes: { n: 2 } }],
    });
  });

  test('a hundred files of attributes go in side by side, in their order', async () => {
    const names = Array.from({ length: 100 }, (_, i) => path.join(folder, `part-${i}`));
    for (const [i, name] of names.entries()) {
      await pairs(`${name}.npy`, 1, i);
      await writeFile(`${name}.csv`, `n\n${i}\n`);
    }
    const files = names.map((name) => `${name}.npy`);
    await answer(['import', uri, 'e', ...files, ...names.flatMap((name) => ['--attributes', `${name}.csv`])]);
    const found = (await answer(['query', uri, 'e', '--select', 'n', '--all'])) as {
      rows: { attributes: { n: number } }[];
    };
    expect(found.rows.map(({ attributes }) => attributes.n)).toEqual(names.map((_, i) => i));
  });
});

describe('query', () => {
  test('--where and --select without a vector give rows, or their number', async () => {
    await imported();
    const where = ['--where', "lang = 'de'", '--where', 'big > 2'];
    const first = [
      { row: 4, id: '4', attributes: { big: 4, tags: ['t1'] } },
      { row: 6, id: '6', attributes: { big: 6, tags: ['t0'] } },
    ];
    for (const limit of ['-k', '--limit']) {
      const found = await answer(['query', uri, 'e', ...where, '--select', 'big, tags', limit, '2']);
      expect(found).toEqual({ version: 2, rows: first, more: true });
    }
    expect(await answer(['query', uri, 'e', ...where, '--limit', '3'])).toMatchObject({ more: false });
    expect(await answer(['query', uri, 'e', ...where, '--count'])).toEqual({ version: 2, count: 3 });
    const exact = await answer(['query', uri, 'e', '--where', 'big > 9007199254740992', '--select', '*']);
    expect(exact).toMatchObject({ rows: [{ row: 3, attributes: { lang: null, big: '9007199254740993' } }] });
    const text = await nacre(['query', uri, 'e', '--where', 'big = 1', '--select', 'tags', '--analyze']);
    expect(text.stdout.toString()).toContain('["t1"]');
    expect(text.stdout.toString()).toContain('read');
    const none = ['query', uri, 'e', '--where', 'big = -1'];
    expect((await nacre(none)).stdout.toString()).toBe('no row matches\n');
    expect(await answer([...none, '--analyze'])).toMatchObject({ rows: [], more: false, analyze: {} });
  });

  test('gives ten rows unless more are asked for, and says that there are more', async () => {
    await imported();
    await imported();
    const ten = await nacre(['query', uri, 'e', '--select', 'big']);
    expect(ten.stdout.toString().split('\n')).toHaveLength(12);
    expect(ten.stderr).toBe('there are more: --limit N, or --all\n');
    const all = await answer(['query', uri, 'e', '--select', 'big', '--all']);
    expect([(all['rows'] as unknown[]).length, all['more']]).toEqual([20, false]);
    const before = await nacre(['query', uri, 'e', '--all', '--at', '-1']);
    expect(before.stdout.toString().split('\n')).toHaveLength(12);
  });

  test('values that JSON or a line of a table does not have are text', async () => {
    const csv = path.join(folder, 'odd.csv');
    const text = `"a\nb\u202e\u001b[31m${'x'.repeat(100)}"`;
    await writeFile(csv, `"odd, name",text,at\nnan,${text},2026-01-02T03:04:05.678Z\n-inf,,\n`);
    const two = await pairs(path.join(folder, 'two.npy'), 2);
    const typed = ['--attribute-type', 'at=timestamp', '--attribute-type', 'odd, name=float'];
    await answer(['import', uri, 'e', two, '--attributes', csv, ...typed]);
    expect(await answer(['query', uri, 'e', '--select', '"odd, name",at', '--all'])).toMatchObject({
      rows: [
        { attributes: { 'odd, name': 'NaN', at: '2026-01-02T03:04:05.678Z' } },
        { attributes: { 'odd, name': '-Infinity', at: null } },
      ],
    });
    const shown = await nacre(['query', uri, 'e', '--where', '"odd, name" is not null', '--select', 'text']);
    const lines = shown.stdout.toString().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^ +0 +0 +a\\nb\\u\{202e\}\\u\{1b\}\[31mx+…$/);
    expect(lines[2]).toMatch(/null$/);
  });

  test('--where and --select with a vector search the matching rows alone', async () => {
    await imported();
    const near = ['query', uri, 'e', '--row', '1', '-k', '2', '--where', "lang = 'de'", '--select', 'lang'];
    const found = (await answer(near)) as { results: { hits: { row: number; attributes: object }[] }[] };
    expect(found.results[0]?.hits.map(({ row }) => row)).toEqual([0, 2]);
    expect(found.results[0]?.hits[0]?.attributes).toEqual({ lang: 'de' });
    expect((await nacre(near)).stdout.toString()).toMatch(/SCORE +lang/);
    const all = (await nacre([...near.slice(0, 7), '--select', '*'])).stdout.toString();
    expect(all).toMatch(/^ROW +ID +SCORE +lang +big +tags\n/);
  });
});

describe('attributes', () => {
  test('are listed, of older versions too', async () => {
    await imported();
    await answer(['attributes', uri, 'e', '--drop', 'tags', '--yes']);
    const left = [
      { name: 'lang', type: 'string' },
      { name: 'big', type: 'int' },
    ];
    const listed = { version: 3, array: 'e', rows: 10, attributes: left };
    expect(await answer(['attributes', uri, 'e'])).toMatchObject(listed);
    expect(await answer(['attributes', uri, 'e', '--at', '-1'])).toMatchObject({
      version: 2,
      attributes: [...left, { name: 'tags', type: 'strings' }],
    });
    expect((await nacre(['attributes', uri, 'e'])).stdout.toString()).toMatch(
      /^2 attributes of 10 rows of 'e'\n\nNAME +TYPE\nlang +string\nbig +int\n$/,
    );
  });

  test('are dropped, renamed and added in one version; what was renamed and added is undone', async () => {
    await imported();
    const changes = ['--drop', 'tags', '--rename', 'lang=language', '--rename', 'big=lang'];
    const change = ['attributes', uri, 'e', ...changes, '--add', 'a=b=float'];
    const names = async (): Promise<string[]> => {
      const { attributes } = (await answer(['attributes', uri, 'e'])) as { attributes: { name: string }[] };
      return attributes.map(({ name }) => name);
    };
    expect(await answer([...change, '--dry-run'])).toMatchObject({ version: null, dryRun: true });
    expect(await names()).toEqual(['lang', 'big', 'tags']);
    const done = await answer([...change, '--yes']);
    expect(done).toMatchObject({ version: 3, dropped: ['tags'], added: [{ name: 'a=b', type: 'float' }] });
    expect(await names()).toEqual(['language', 'lang', 'a=b']);
    const words = (text: unknown): string[] => String(text).replaceAll("'", '').split(' ').slice(1);
    const before = (await nacre(words(done['valuesBefore']))).json['rows'] as unknown[];
    expect([before.length, before[0]]).toMatchObject([10, { attributes: { tags: ['t0'] } }]);
    expect((await nacre(words(done['undo']))).code).toBe(0);
    expect(await names()).toEqual(['lang', 'big']);
  });

  test('one may take the name of another that is dropped, of another type', async () => {
    await imported();
    await answer(['attributes', uri, 'e', '--drop', 'lang', '--add', 'lang=int', '--yes']);
    const nulls = ['query', uri, 'e', '--where', 'lang is null', '--count'];
    expect(await answer(nulls)).toMatchObject({ count: 10 });
    expect((await nacre(['query', uri, 'e', '--where', "lang = 'de'"])).code).toBe(2);
  });
});

describe('set-attributes', () => {
  test('gives rows values from a file, by place, by id and of all; the others stay', async () => {
    await imported();
    const csv = path.join(folder, 'set.csv');
    await writeFile(csv, 'lang,size\nit,1\n,2\n');
    const set = ['set-attributes', uri, 'e', csv];
    expect(await answer([...set, '--rows', '9,0', '--dry-run'])).toMatchObject({
      version: null,
      rows: 2,
      created: { attributes: [{ name: 'size', type: 'int' }] },
    });
    const done = await answer([...set, '--rows', '9,0', '--if-version', '2', '-m', 'by hand']);
    expect(done).toMatchObject({ version: 3, rows: 2 });
    expect(done['valuesBefore']).toMatch(/--select lang --all --at 2 --json$/);
    expect(await answer(['query', uri, 'e', '--where', 'size > 0', '--select', '*'])).toMatchObject({
      rows: [
        { row: 0, attributes: { lang: null, big: 0, size: 2 } },
        { row: 9, attributes: { lang: 'it', big: 9, size: 1 } },
      ],
    });
    const dropped = await answer(['drop', uri, 'e', '--rows', '0', '--yes']);
    // A file of the rows would not have their attributes.
    expect(dropped['undo']).toBe(`nacre restore ${uri} --at 3`);
    await answer([...set, '--ids', '8,9']);
    expect(await answer(['query', uri, 'e', '--where', 'size = 2', '--select', 'lang'])).toMatchObject({
      rows: [{ row: 8, id: '9', attributes: { lang: null } }],
    });
    const whole = path.join(folder, 'whole.jsonl');
    await writeFile(whole, '{"big": 9223372036854775807}\n'.repeat(9));
    await answer(['set-attributes', uri, 'e', whole, '--all']);
    expect(await answer(['query', uri, 'e', '--select', 'big', '-k', '1'])).toMatchObject({
      rows: [{ attributes: { big: '9223372036854775807' } }],
    });
  });
});
