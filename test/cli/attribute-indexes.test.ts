// Indexes of attributes on the command line.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { answer, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
let count = 0;
let uri: string;

async function attributesFile(rows: number, lang: (i: number) => string): Promise<string> {
  const file = path.join(folder, `rows-${count++}.jsonl`);
  const lines = Array.from({ length: rows }, (_, i) =>
    JSON.stringify({ lang: lang(i), tags: [lang(i)], year: i % 7 }),
  );
  await writeFile(file, lines.join('\n'));
  return file;
}

beforeEach(async () => {
  uri = path.join(folder, `dataset-${count++}`);
  const rows = await pairs(path.join(folder, 'rows.npy'), 10);
  const attributes = await attributesFile(10, (i) => (i % 2 === 0 ? 'de' : 'en'));
  await answer(['import', uri, 'e', rows, '--attributes', attributes]);
});

const counted = (filter: string) => answer(['query', uri, 'e', '--where', filter, '--count']);

test('index --attribute builds indexes, info lists them, and counts stay', async () => {
  const build = ['index', uri, 'e', '--attribute', 'lang', '--attribute', 'year'];
  const what = { array: 'e', update: false };
  expect(await answer([...build, '--dry-run'])).toMatchObject({ ...what, version: null, dryRun: true });
  expect(await answer(build)).toMatchObject({
    ...what,
    version: 3,
    attributes: [
      { attribute: 'lang', indexedRows: 10, notIndexed: [] },
      { attribute: 'year', indexedRows: 10, notIndexed: [] },
    ],
  });
  const indexes = [
    { attribute: 'lang', rows: 10 },
    { attribute: 'year', rows: 10 },
  ];
  expect(await answer(['info', uri])).toMatchObject({ arrays: { e: { attributeIndexes: indexes } } });
  expect(String((await nacre(['info', uri])).stdout)).toContain("indexed attributes of 'e': lang (");
  expect(await counted("lang = 'de' and year < 3")).toMatchObject({ count: 3 });
  expect(String((await nacre([...build, '--update'])).stdout)).toContain('there is nothing to index');
});

test('index --attribute --update tells of rows that it leaves out', async () => {
  await answer(['index', uri, 'e', '--attribute', 'tags']);
  const rows = await pairs(path.join(folder, 'more.npy'), 300);
  const attributes = await attributesFile(300, (i) => `l${i}`);
  await answer(['append', uri, 'e', rows, '--attributes', attributes]);
  const update = ['index', uri, 'e', '--attribute', 'tags', '--update'];
  expect(await answer(update)).toMatchObject({
    version: 4,
    attributes: [{ indexedRows: 0, notIndexed: [{ firstRowId: 10, rows: 300, reason: 'values' }] }],
  });
  const text = String((await nacre(update)).stdout);
  expect(text).toContain('not row ids 10 to 309: lists of more than 256 items');
  expect(await counted("tags contains 'de' or tags contains 'l7'")).toMatchObject({ count: 6 });
  expect(await answer(['index', uri, 'e', '--attribute', 'year', '--update'])).toMatchObject({
    version: 5,
    attributes: [{ indexedRows: 310 }],
  });
});

test('index --attribute takes bitmaps or sorted blocks by itself, and info tells which', async () => {
  await answer(['index', uri, 'e', '--attribute', 'lang']);
  expect(String((await nacre(['info', uri])).stdout)).toContain('lang (bitmaps, ');
  const rows = await pairs(path.join(folder, 'many.npy'), 300);
  const attributes = await attributesFile(300, (i) => `l${i}`);
  await answer(['append', uri, 'e', rows, '--attributes', attributes]);
  await answer(['index', uri, 'e', '--attribute', 'lang', '--update']);
  expect(await answer(['info', uri])).toMatchObject({
    arrays: { e: { attributeIndexes: [{ attribute: 'lang', types: ['bitmaps', 'sorted'], rows: 310 }] } },
  });
  expect(String((await nacre(['info', uri])).stdout)).toContain('lang (bitmaps, sorted, ');
  expect(await counted("lang in ('de', 'l7')")).toMatchObject({ count: 6 });
  expect(await counted("lang between 'l7' and 'l8'")).toMatchObject({ count: 12 });
  // So many come with a segment of their own.
  const most = await pairs(path.join(folder, 'most.npy'), 5000);
  const ofMost = await attributesFile(5000, (i) => `m${i}`);
  await answer(['append', uri, 'e', most, '--attributes', ofMost]);
  expect(await answer(['info', uri])).toMatchObject({
    arrays: { e: { attributeIndexes: [{ attribute: 'lang', rows: 5310, segments: 3 }] } },
  });
  expect(await counted("lang = 'm4999' or lang = 'l7'")).toMatchObject({ count: 2 });
});

test('index --attribute --drop takes indexes away, and says how to build them again', async () => {
  const drop = ['index', uri, 'e', '--attribute', 'lang', '--drop', '--yes'];
  const missing = await nacre([...drop, '--json']);
  expect([missing.code, missing.error.code]).toEqual([4, 'NotFound']);
  await answer(['index', uri, 'e', '--attribute', 'lang']);
  expect(await answer([...drop, '--dry-run'])).toMatchObject({ version: null, drop: true });
  const dropped = await answer(drop);
  expect(dropped).toMatchObject({ version: 4, drop: true, attributes: ['lang'] });
  expect(await answer(['info', uri])).toMatchObject({ arrays: { e: { attributeIndexes: [] } } });
  const undo = String(dropped['undo']).split(' ');
  expect(undo.shift()).toBe('nacre');
  expect(await answer(undo)).toMatchObject({ version: 5 });
});

test('index --attribute refuses what it cannot do, before anything is written', async () => {
  const index = (...args: string[]) => nacre(['index', uri, 'e', ...args, '--json']);
  const typo = await index('--attribute', 'lnag');
  expect([typo.code, typo.error.hint]).toEqual([4, "Did you mean 'lang'?"]);
  expect((await index('--attribute', 'lnag', '--dry-run')).code).toBe(4);
  expect((await index('--attribute', 'lnag', '--drop')).code).toBe(4);
  expect((await index('--attribute', 'lang', '--type', 'exact')).code).toBe(2);
  expect((await index('--attribute', 'lang', '--bits')).code).toBe(2);
  expect((await index('--attribute', 'lang', '--drop', '--update')).code).toBe(2);
  const rows = await pairs(path.join(folder, 'more.npy'), 300);
  const attributes = await attributesFile(300, (i) => `l${i}`);
  await answer(['append', uri, 'e', rows, '--attributes', attributes]);
  const many = await index('--attribute', 'tags');
  expect([many.code, many.error.message]).toEqual([
    2,
    "the attribute 'tags' has lists of more than 256 items, for which there is no index",
  ]);
  expect(await answer(['info', uri])).toMatchObject({ version: 3 });
});
