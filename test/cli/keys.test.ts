// Keys on the command line: set, told, looked up, upserted; and what is refused.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { answer, nacre, saveNpy, scratch } from './support.js';

const folder = await scratch();
let count = 0;
let uri = '';

beforeEach(() => {
  uri = path.join(folder, `dataset-${++count}`);
});

/** Rows of two numbers, and lines of attributes. */
async function files(name: string, lines: readonly object[], first = 0): Promise<[string, string]> {
  const [rows, attributes] = [path.join(folder, `${name}.npy`), path.join(folder, `${name}.jsonl`)];
  const data = Float32Array.from({ length: 2 * lines.length }, (_, i) => first + i);
  await saveNpy(rows, 'float32', [lines.length, 2], data);
  await writeFile(attributes, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return [rows, attributes];
}

async function people(): Promise<void> {
  const [rows, attributes] = await files('people', [
    { id: 'anna', year: 1999 },
    { id: 'bert', year: 2001 },
  ]);
  await answer(['import', uri, 'people', rows, '--attributes', attributes, '--key', 'id']);
}

test('an import makes an array with a key, which info and attributes tell', async () => {
  await people();
  expect(await answer(['info', uri])).toMatchObject({ arrays: { people: { key: 'id' } } });
  const info = await nacre(['info', uri]);
  expect(info.stdout.toString()).toContain("attributes of 'people': id (string), year (int); the key is id");
  expect(await answer(['attributes', uri, 'people'])).toMatchObject({ key: 'id' });
});

test('create takes a key with its type', async () => {
  const made = ['create', uri, '--array', 'a', '--dtype', 'int8'];
  await answer([...made, '--key', 'id=int']);
  expect(await answer(['attributes', uri, 'a'])).toMatchObject({
    attributes: [{ name: 'id', type: 'int' }],
    key: 'id',
  });
  const float = await nacre([
    'create',
    uri,
    '--array',
    'b',
    '--dtype',
    'int8',
    '--key',
    'id=float',
    '--json',
  ]);
  expect(float.error.message).toBe(`'id' of 'b' is float, which is no key`);
  expect((await nacre(['create', uri, '--key', 'id=int', '--json'])).error.hint).toContain('--array');
});

test('append refuses a key that is there, upsert replaces its row', async () => {
  await people();
  const [rows, attributes] = await files('more', [{ id: 'carl' }, { id: 'bert' }], 100);
  const append = await nacre(['append', uri, 'people', rows, '--attributes', attributes, '--json']);
  expect(append.error).toMatchObject({
    code: 'AlreadyExists',
    message: `'people' has the key "bert" already, at row id 1`,
  });
  expect(append.error.hint).toContain('upsert');
  const bare = await nacre(['append', uri, 'people', rows, '--json']);
  expect(bare.error.message).toContain("need its key, the attribute 'id'");
  const upsert = ['upsert', uri, 'people', rows, '--attributes', attributes];
  expect(await answer([...upsert, '--dry-run'])).toMatchObject({ dryRun: true, version: null, rows: 2 });
  expect(await answer(upsert)).toMatchObject({ inserted: 1, replaced: 1, shape: [3, 2] });
  const found = await answer(['query', uri, 'people', '--key', 'carl', '--key', 'bert', '--select', 'year']);
  expect(found['rows']).toEqual([
    { key: 'carl', row: 2, id: '2', attributes: { year: null } },
    { key: 'bert', row: 1, id: '1', attributes: { year: 2001 } },
  ]);
  const text = await nacre(upsert);
  expect(text.stdout.toString()).toBe(`upserted 2 rows into 'people': 0 inserted, 2 replaced (version 4)\n`);
  const twice = await files('twice', [{ id: 'x' }, { id: 'x' }]);
  const error = (await nacre(['upsert', uri, 'people', twice[0], '--attributes', twice[1], '--json'])).error;
  expect(error).toMatchObject({ code: 'InvalidArgument' });
  expect(error.message).toBe(`rows 0 and 1 for 'people' have the same key "x"`);
  expect((await nacre(['upsert', uri, 'people', rows, '--json'])).error.hint).toContain('--attributes');
});

test('query --key gives the rows of keys, in their order', async () => {
  await people();
  const asked = ['query', uri, 'people', '--key', 'bert', '--key', 'nobody'];
  expect(await answer(asked)).toEqual({
    version: 2,
    rows: [
      { key: 'bert', row: 1, id: '1', attributes: {} },
      { key: 'nobody', row: null, id: null },
    ],
  });
  const text = (await nacre([...asked, '--select', 'year'])).stdout.toString();
  expect(text.split('\n').map((line) => line.trim().split(/\s+/))).toEqual([
    ['KEY', 'ROW', 'ID', 'year'],
    ['bert', '1', '1', '2001'],
    ['nobody', 'none', 'none'],
    [''],
  ]);
  expect((await nacre([...asked, '--where', 'year > 1', '--json'])).error.message).toBe(
    '--key excludes --where',
  );
});

test('query --key reads whole numbers and instants', async () => {
  const [rows, attributes] = await files('times', [
    { n: 7, at: '2026-01-02T03:04:05.000006Z' },
    { n: 8, at: '2026-01-02T03:04:06Z' },
  ]);
  const as = ['--attributes', attributes, '--attribute-type', 'at=timestamp'];
  await answer(['import', uri, 'n', rows, ...as, '--key', 'n']);
  await answer(['import', uri, 'at', rows, ...as, '--key', 'at']);
  expect(await answer(['query', uri, 'n', '--key', '8'])).toMatchObject({ rows: [{ row: 1 }] });
  expect(await answer(['query', uri, 'at', '--key', '2026-01-02T05:04:05.000006+02:00'])).toMatchObject({
    rows: [{ row: 0 }],
  });
  expect((await nacre(['query', uri, 'n', '--key', 'x', '--json'])).error.message).toContain("'n' is int");
  expect((await nacre(['query', uri, 'at', '--key', '2026-01-02', '--json'])).error.hint).toContain('zone');
});

test('attributes sets the key of rows that are there, and takes it away', async () => {
  const [rows, attributes] = await files('plain', [
    { id: 'x', n: 1 },
    { id: 'y', n: 1 },
  ]);
  await answer(['import', uri, 'a', rows, '--attributes', attributes]);
  const twice = await nacre(['attributes', uri, 'a', '--key', 'n', '--json']);
  expect(twice.error.message).toContain("with the ids 0 and 1 have the same 'n' 1");
  const set = await answer(['attributes', uri, 'a', '--rename', 'id=name', '--key', 'name']);
  expect(set).toMatchObject({ key: 'name', undo: `nacre attributes ${uri} a --rename name=id --no-key` });
  const drop = await nacre(['attributes', uri, 'a', '--drop', 'name', '--yes', '--json']);
  expect(drop.error.hint).toContain('--no-key');
  const without = await nacre(['query', uri, 'a', '--key', 'x']);
  expect(without.code).toBe(0);
  await answer(['attributes', uri, 'a', '--drop', 'name', '--no-key', '--yes']);
  const none = await nacre(['query', uri, 'a', '--key', 'x', '--json']);
  expect(none.error).toMatchObject({ code: 'InvalidArgument', message: "array 'a' has no key" });
  const missing = await nacre(['import', uri, 'b', rows, '--key', 'id', '--json']);
  expect(missing.error.hint).toContain('--attributes');
  const there = await nacre(['import', uri, 'a', rows, '--key', 'id', '--json']);
  expect(there.error.message).toBe("the key of 'a' is not set");
});
