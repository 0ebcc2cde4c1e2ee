// Every command on a folder: what it does, and the documents that --json prints.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { QueryAnalysis } from '../../src/index.js';
import { viewAs } from '../../src/npy/dtype.js';
import { headerOf } from '../support/npy-file.js';
import { answer, nacre, pairs, saveNpy, scratch } from './support.js';

const folder = await scratch();
let count = 0;
let uri: string;
let rows10: string;

beforeEach(async () => {
  uri = path.join(folder, `dataset-${count++}`);
  rows10 = await pairs(path.join(folder, 'rows10.npy'), 10);
});

async function numbers(file: string): Promise<{ shape: readonly number[]; data: number[] }> {
  const bytes = await readFile(file);
  const { shape, dtype, dataOffset } = headerOf(bytes);
  return { shape, data: Array.from(viewAs(dtype, bytes.subarray(dataOffset)) as Float32Array) };
}

/** The array as it is now. */
async function stored(array: string, ...options: string[]): Promise<number[]> {
  const out = path.join(folder, 'out.npy');
  await answer(['read', uri, array, '--out', out, ...options]);
  return (await numbers(out)).data;
}

describe('create', () => {
  test('makes a dataset, then an array in it, and refuses to make either again', async () => {
    expect(await answer(['create', uri])).toMatchObject({
      version: 1,
      created: { dataset: true, array: null },
    });
    expect((await nacre(['create', uri, '--json'])).error.code).toBe('AlreadyExists');
    const made = await answer(['create', uri, '--array', 'e', '--dtype', 'float16', '--row-shape', '3,4']);
    expect(made).toMatchObject({ version: 2, created: { dataset: false, array: 'e' } });
    const again = await nacre(['create', uri, '--array', 'e', '--dtype', 'float16', '--json']);
    expect([again.code, again.error.code]).toEqual([6, 'AlreadyExists']);
    expect(await answer(['info', uri])).toMatchObject({
      version: 2,
      arrays: { e: { dtype: 'float16', shape: [0, 3, 4], partitions: [] } },
    });
  });

  test('refuses a dtype or a shape that is none, and leaves no dataset behind', async () => {
    const wrong = await nacre(['create', uri, '--array', 'e', '--dtype', 'float33']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('float33');
    expect((await nacre(['create', uri, '--array', 'e', '--dtype', 'int8', '--row-shape', '3,x'])).code).toBe(
      2,
    );
    expect((await nacre(['create', uri, '--array', 'e'])).code).toBe(2);
    expect((await nacre(['info', uri])).code).toBe(4);
  });
});

describe('import', () => {
  test('makes dataset and array in one version and says so, then appends', async () => {
    const first = await nacre(['import', uri, 'e', rows10, rows10]);
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(/created dataset .*\ncreated array 'e' \(float32 rows of shape \(2,\)\)\n/);
    expect(first.stdout.toString()).toContain('imported 20 rows');
    const second = await answer(['import', uri, 'e', rows10]);
    expect(second).toMatchObject({
      version: 3,
      created: { dataset: false, arrays: [] },
      files: [{ file: rows10, array: 'e', rows: 10, sizeBytes: 208, skipped: false }],
    });
    const info = (await answer(['info', uri])) as {
      arrays: { e: { shape: number[]; partitions: unknown[] } };
    };
    expect(info.arrays.e.shape).toEqual([30, 2]);
    expect(info.arrays.e.partitions).toHaveLength(3);
  });

  test('takes the names of the files for arrays, every kind of array included', async () => {
    const scalar = await saveNpy(path.join(folder, 'scalar.npy'), 'float64', [], Float64Array.of(2.5));
    const empty = await saveNpy(path.join(folder, 'empty.npy'), 'int8', [0, 3], new Int8Array(0));
    await answer(['import', uri, '-', rows10, scalar, empty]);
    expect(await answer(['ls', uri])).toMatchObject({
      version: 2,
      arrays: [
        { name: 'rows10', dtype: 'float32', shape: [10, 2] },
        { name: 'scalar', dtype: 'float64', shape: [] },
        { name: 'empty', dtype: 'int8', shape: [0, 3] },
      ],
    });
    expect(await stored('scalar')).toEqual([2.5]);
  });

  test('looks at every file first: one that is bad leaves everything as it was', async () => {
    const wrong = await saveNpy(path.join(folder, 'wrong.npy'), 'int64', [3], BigInt64Array.of(1n, 2n, 3n));
    expect((await nacre(['import', uri, 'e', rows10, wrong])).code).toBe(2);
    expect((await nacre(['info', uri])).code).toBe(4);
    await answer(['import', uri, 'e', rows10]);
    const refused = await nacre(['import', uri, 'e', wrong, '--json']);
    expect([refused.code, refused.error.code]).toEqual([2, 'InvalidArgument']);
    expect(refused.error.message).toContain('wrong.npy');
    expect(await answer(['info', uri])).toMatchObject({ version: 2, arrays: { e: { shape: [10, 2] } } });
  });

  test('--no-create makes nothing', async () => {
    expect((await nacre(['import', uri, 'e', rows10, '--no-create'])).code).toBe(4);
    await answer(['create', uri]);
    const refused = await nacre(['import', uri, 'e', rows10, '--no-create', '--json']);
    expect([refused.code, refused.error.code]).toEqual([4, 'NotFound']);
  });

  test('--once brings each content in once, and goes on where it stopped', async () => {
    const more = await pairs(path.join(folder, 'more.npy'), 5, 100);
    expect(await answer(['import', uri, 'e', rows10, '--once'])).toMatchObject({ version: 2 });
    const again = (await answer(['import', uri, 'e', rows10, more, more, '--once'])) as {
      files: { skipped: boolean }[];
    };
    expect(again.files.map(({ skipped }) => skipped)).toEqual([true, false, true]);
    const racing = await Promise.all(
      Array.from({ length: 4 }, () => answer(['import', uri, 'other', more, '--once'])),
    );
    expect(racing).toHaveLength(4);
    expect(await answer(['info', uri])).toMatchObject({
      arrays: { e: { shape: [15, 2] }, other: { shape: [5, 2] } },
    });
  });

  test('reads standard input, and a hundred small files keep their order', async () => {
    await answer(['import', uri, 'e', '-'], { input: await readFile(rows10) });
    const files = await Promise.all(
      Array.from({ length: 100 }, (_, i) => pairs(path.join(folder, `part-${i}.npy`), 1, 1000 + i)),
    );
    await answer(['import', uri, 'e', ...files]);
    const all = await stored('e', '--rows', '10:');
    expect(all.filter((_, i) => i % 2 === 0)).toEqual(Array.from({ length: 100 }, (_, i) => 1000 + i));
  });
});

describe('append, replace, drop and rename', () => {
  test('append adds rows, from standard input too, and needs the array', async () => {
    await answer(['import', uri, 'e', rows10]);
    expect(await answer(['append', uri, 'e', rows10])).toMatchObject({
      version: 3,
      rows: 10,
      shape: [20, 2],
    });
    await answer(['append', uri, 'e', '-'], { input: await readFile(rows10) });
    const missing = await nacre(['append', uri, 'f', rows10, '--json']);
    expect([missing.code, missing.error.code]).toEqual([4, 'NotFound']);
    expect(missing.error.hint).toContain("'e'");
    expect(await answer(['info', uri])).toMatchObject({ version: 4, arrays: { e: { shape: [30, 2] } } });
  });

  test('replace by place, by id, by a file of places and of all rows; the undo that it prints undoes it', async () => {
    await answer(['import', uri, 'e', rows10]);
    const two = await pairs(path.join(folder, 'two.npy'), 2, 500);
    const before = await stored('e');
    const done = await answer(['replace', uri, 'e', two, '--rows', '0:2', '--yes']);
    expect(done).toMatchObject({ version: 3, rows: 2 });
    expect((await stored('e', '--rows', '0:3')).slice(0, 5)).toEqual([500, 501, 502, 503, 4]);
    const [read = '', put = ''] = String(done['undo']).split(' && ');
    for (const command of [read, put]) {
      const words = command.replaceAll("'", '').split(' ').slice(1);
      expect((await nacre(words, { cwd: folder })).code).toBe(0);
    }
    expect(await stored('e')).toEqual(before);
    await answer(['replace', uri, 'e', two, '--ids', '9,0']);
    expect(await stored('e', '--ids', '9,0')).toEqual([500, 501, 502, 503]);
    const places = await saveNpy(path.join(folder, 'places.npy'), 'uint16', [2], Uint16Array.of(3, 4));
    await answer(['replace', uri, 'e', two, '--rows', places]);
    expect(await stored('e', '--rows', '3:5')).toEqual([500, 501, 502, 503]);
    await answer(['replace', uri, 'e', rows10, '--all']);
    expect(await stored('e')).toEqual(before);
  });

  test('drop takes rows out, later ones move up and keep their ids', async () => {
    await answer(['import', uri, 'e', rows10]);
    expect(await answer(['drop', uri, 'e', '--rows', '0,2,-1'])).toMatchObject({
      version: 3,
      rows: 3,
      shape: [7, 2],
    });
    expect((await stored('e', '--rows', '0,1')).filter((_, i) => i % 2 === 0)).toEqual([2, 6]);
    expect(await stored('e', '--ids', '3')).toEqual([6, 7]);
    const gone = await nacre(['read', uri, 'e', '--ids', '0', '--out', path.join(folder, 'x.npy'), '--json']);
    expect([gone.code, gone.error.code]).toEqual([4, 'NotFound']);
    expect(await answer(['drop', uri, 'e', '--all'])).toMatchObject({ rows: 7, shape: [0, 2] });
    expect(await answer(['drop', uri, 'e', '--array'])).toMatchObject({ rows: 0 });
    expect(await answer(['ls', uri])).toMatchObject({ arrays: [] });
    expect(await stored('e', '--at', '2')).toHaveLength(20);
  });

  test('rename moves no data', async () => {
    await answer(['import', uri, 'e', rows10]);
    expect(await answer(['rename', uri, 'e', 'ärger/2'])).toMatchObject({
      version: 3,
      array: 'ärger/2',
      from: 'e',
    });
    expect(await stored('ärger/2')).toHaveLength(20);
    expect((await nacre(['rename', uri, 'e', 'x'])).code).toBe(4);
  });

  test('index codes the rows, and --update those that came later', async () => {
    await answer(['import', uri, 'e', rows10]);
    const wanted = await answer(['query', uri, 'e', '--row', '3', '-k', '4']);
    expect(await answer(['index', uri, 'e', '--type', 'exact', '--dry-run'])).toMatchObject({
      version: null,
    });
    expect(await answer(['index', uri, 'e', '--type', 'exact'])).toMatchObject({ version: 3, rows: 10 });
    expect(await answer(['query', uri, 'e', '--row', '3', '-k', '4'])).toMatchObject({
      results: wanted['results'],
    });
    expect(String((await nacre(['index', uri, 'e', '--update'])).stdout)).toContain('no rows');
    await answer(['append', uri, 'e', rows10]);
    expect(await answer(['index', uri, 'e', '--update'])).toMatchObject({ version: 5, update: true });
    expect((await nacre(['index', uri, 'e'])).code).toBe(2);
    expect((await nacre(['index', uri, 'missing', '--type', 'exact'])).code).toBe(4);
  });

  test('index --drop takes the index away, and says how to build it again', async () => {
    await answer(['import', uri, 'e', rows10]);
    const drop = ['index', uri, 'e', '--type', 'exact', '--drop'];
    const missing = await nacre([...drop, '--json']);
    expect([missing.code, missing.error.code]).toEqual([4, 'NotFound']);
    expect((await nacre([...drop, '--dry-run'])).code).toBe(4);
    expect((await nacre(['index', uri, 'no-array', '--type', 'exact', '--drop'])).code).toBe(4);
    await answer(['index', uri, 'e', '--type', 'exact']);
    const before = await answer(['query', uri, 'e', '--row', '3', '-k', '4']);
    const indexed = { version: 3, arrays: { e: { indexes: [{ type: 'exact', rows: 10, bits: false }] } } };
    expect(await answer(['info', uri])).toMatchObject(indexed);
    expect(await answer([...drop, '--dry-run'])).toMatchObject({ version: null, dryRun: true, rows: 10 });
    expect(await answer(['info', uri])).toMatchObject(indexed);
    expect((await nacre([...drop, '--update'])).code).toBe(2);
    expect((await nacre(['index', uri, 'e', '--drop'])).code).toBe(2);
    const dropped = await answer(drop);
    expect(dropped).toMatchObject({ version: 4, drop: true, rows: 10 });
    expect(await answer(['info', uri])).toMatchObject({ version: 4, arrays: { e: { indexes: [] } } });
    const after = await answer(['query', uri, 'e', '--row', '3', '-k', '4']);
    expect(after['results']).toEqual(before['results']);
    expect((await nacre(drop)).code).toBe(4);
    const undo = String(dropped['undo']).split(' ');
    expect(undo.shift()).toBe('nacre');
    expect(await answer(undo)).toMatchObject({ version: 5, rows: 10 });
  });

  test('query --precision says which hits are estimates', async () => {
    await answer(['import', uri, 'e', rows10]);
    const ask = ['query', uri, 'e', '--row', '3', '-k', '4', '--precision'];
    const exact = await answer([...ask, 'f64']);
    expect(exact).toMatchObject({ exact: true });
    expect(await answer([...ask, 'f8']), 'no codes yet').toEqual(exact);
    await answer(['index', uri, 'e', '--type', 'exact']);
    const estimated = await answer([...ask, 'f8']);
    const [{ hits }] = estimated['results'] as [{ hits: { row: number; estimated?: boolean }[] }];
    expect([estimated['exact'], hits.length, hits[0]?.row]).toEqual([false, 4, 3]);
    expect(hits.every((hit) => hit.estimated)).toBe(true);
    expect(await answer([...ask, 'f16'])).toMatchObject({ exact: true, results: exact['results'] });
    expect(await answer([...ask, 'bit']), 'no bits yet').toEqual(estimated);
    expect(await answer(['index', uri, 'e', '--type', 'exact', '--bits'])).toMatchObject({ version: 4 });
    const ofBits = await answer([...ask, 'bit']);
    expect(ofBits).toMatchObject({ version: 4, exact: false });
    expect(ofBits['results']).not.toEqual(estimated['results']);
    expect((await nacre(['index', uri, 'e', '--type', 'exact', '--drop', '--dry-run'])).code).toBe(0);
    expect(await answer(['info', uri])).toMatchObject({ arrays: { e: { indexes: [{ bits: true }] } } });
    expect((await nacre(['index', uri, 'e', '--update', '--bits'])).code).toBe(0);
    const text = (await nacre([...ask, 'f8'])).stdout.toString();
    expect(text.split('\n')[1]).toMatch(/^ *3 +3 +~\d/);
  });

  test('--if-version lets a change happen only on the version that was seen', async () => {
    await answer(['import', uri, 'e', rows10]);
    const stale = await nacre(['drop', uri, 'e', '--rows', '0', '--if-version', '1', '--json']);
    expect([stale.code, stale.error.code]).toEqual([6, 'Conflict']);
    const two = await pairs(path.join(folder, 'two.npy'), 2, 500);
    expect((await nacre(['replace', uri, 'e', two, '--rows', '0,1', '--if-version', '1'])).code).toBe(6);
    const racing = await Promise.all(
      Array.from({ length: 5 }, () => nacre(['drop', uri, 'e', '--rows', '0', '--if-version', '2'])),
    );
    expect(racing.map(({ code }) => code).toSorted((a = 0, b = 0) => a - b)).toEqual([0, 6, 6, 6, 6]);
    expect(await answer(['info', uri])).toMatchObject({ version: 3, arrays: { e: { shape: [9, 2] } } });
  });

  test('--dry-run says what would be done and changes nothing, and finds what would fail', async () => {
    await answer(['import', uri, 'e', rows10]);
    const two = await pairs(path.join(folder, 'two.npy'), 2, 500);
    const other = path.join(folder, 'never-made');
    for (const args of [
      ['create', other],
      ['create', uri, '--array', 'f', '--dtype', 'int8'],
      ['import', other, 'e', rows10],
      ['import', uri, 'f', rows10],
      ['append', uri, 'e', rows10],
      ['replace', uri, 'e', two, '--rows', '0,1'],
      ['drop', uri, 'e', '--rows', '0:5'],
      ['drop', uri, 'e', '--array'],
      ['rename', uri, 'e', 'f'],
      ['index', uri, 'e', '--type', 'exact'],
    ])
      expect(await answer([...args, '--dry-run'])).toMatchObject({ dryRun: true, version: null });
    for (const args of [
      ['create', uri, '--array', 'e', '--dtype', 'int8'],
      ['append', uri, 'f', rows10],
      ['replace', uri, 'e', two, '--rows', '0,10'],
      ['replace', uri, 'e', two, '--ids', '0,10'],
      ['drop', uri, 'e', '--rows', '10'],
      ['rename', uri, 'e', 'e'],
    ])
      expect((await nacre([...args, '--dry-run'])).code).toBeGreaterThan(0);
    expect(await answer(['info', uri])).toMatchObject({ version: 2, arrays: { e: { shape: [10, 2] } } });
    expect(await readdir(folder)).not.toContain('never-made');
  });
});

describe('read, info, ls and log', () => {
  test('rows by every way of NumPy, to a file and to standard output', async () => {
    await answer(['import', uri, 'e', rows10]);
    const first = (values: readonly number[]): number[] =>
      values.filter((_, i) => i % 2 === 0).map((n) => n / 2);
    expect(first(await stored('e', '--rows', '0:3'))).toEqual([0, 1, 2]);
    expect(first(await stored('e', '--rows', '-3:'))).toEqual([7, 8, 9]);
    expect(first(await stored('e', '--rows', '8:100'))).toEqual([8, 9]);
    expect(first(await stored('e', '--rows', '::4'))).toEqual([0, 4, 8]);
    expect(first(await stored('e', '--rows', '::-4'))).toEqual([9, 5, 1]);
    expect(first(await stored('e', '--rows', '9,3,-1,3'))).toEqual([9, 3, 9, 3]);
    expect(await stored('e', '--rows', '5:2')).toEqual([]);
    const piped = await nacre(['read', uri, 'e', '--rows', '0:1', '--out', '-']);
    expect(headerOf(piped.stdout).shape).toEqual([1, 2]);
    expect(piped.stderr).toBe('');
  });

  test('the document of read says what was written', async () => {
    await answer(['import', uri, 'e', rows10]);
    const out = path.join(folder, 'doc.npy');
    expect(await answer(['read', uri, 'e', '--rows', '0:4', '--out', out])).toMatchObject({
      version: 2,
      array: 'e',
      dtype: 'float32',
      shape: [4, 2],
      out,
      sizeBytes: 160,
    });
  });

  test('older versions by number, counted from the newest too', async () => {
    await answer(['import', uri, 'e', rows10]);
    await answer(['drop', uri, 'e', '--rows', '0:9']);
    for (const at of ['2', '-1']) {
      expect(await answer(['info', uri, '--at', at])).toMatchObject({
        version: 2,
        arrays: { e: { shape: [10, 2] } },
      });
      expect(await answer(['ls', uri, '--at', at])).toMatchObject({ version: 2 });
      expect(await stored('e', '--at', at)).toHaveLength(20);
    }
    expect((await nacre(['info', uri, '--at', '9'])).code).toBe(4);
    expect((await nacre(['info', uri, '--at', '-9'])).code).toBe(4);
  });

  test('info names every object, and each opens by its key', async () => {
    await answer(['import', uri, 'e', rows10, '--partition-size', '40']);
    const info = (await answer(['info', uri])) as {
      arrays: { e: { partitions: { key: string; rows: number; sizeBytes: number }[] } };
    };
    const { partitions } = info.arrays.e;
    expect(partitions.map(({ rows }) => rows)).toEqual([5, 5]);
    for (const { key, sizeBytes } of partitions)
      expect((await readFile(path.join(uri, key))).byteLength).toBe(sizeBytes);
  });

  test('log lists versions, newest first, with who and what', async () => {
    await answer(['import', uri, 'e', rows10, '--message', 'nightly']);
    await answer(['drop', uri, 'e', '--rows', '0:3']);
    const log = (await answer(['log', uri])) as { versions: Record<string, unknown>[] };
    expect(log.versions.map(({ version }) => version)).toEqual([3, 2, 1]);
    expect(log.versions[0]).toMatchObject({
      operations: [{ kind: 'drop', array: 'e', rowsAdded: 0, rowsDropped: 3 }],
    });
    expect(log.versions[1]).toMatchObject({
      message: 'nightly',
      operations: [{ array: 'e', rowsAdded: 10, rowsDropped: 0 }],
    });
    for (const { time, host, author } of log.versions.slice(0, 2)) {
      expect(String(time)).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      expect([host, author].every((name) => typeof name === 'string' && name !== '')).toBe(true);
    }
    const limited = (await answer(['log', uri, '--limit', '1'])) as { versions: unknown[] };
    expect(limited.versions).toHaveLength(1);
  });

  test('an array called __proto__ is an array like others', async () => {
    await answer(['import', uri, '__proto__', rows10]);
    expect((await nacre(['info', uri, '--json'])).stdout.toString()).toContain(
      '"__proto__":{"dtype":"float32"',
    );
    await answer(['append', uri, '__proto__', rows10]);
    expect(await stored('__proto__')).toHaveLength(40);
  });
});

describe('query', () => {
  test('gives hits a query, as many as asked, with what it cost', async () => {
    await answer(['import', uri, 'e', rows10]);
    const found = await answer([
      'query',
      uri,
      'e',
      '--vector',
      '[0, 1]',
      '-k',
      '2',
      '--metric',
      'l2',
      '--exact',
      '--analyze',
    ]);
    expect(found).toMatchObject({
      version: 2,
      metric: 'l2',
      order: 'ascending',
      exact: true,
      results: [
        {
          hits: [
            { row: 0, id: '0', score: 0 },
            { row: 1, id: '1', score: Math.sqrt(8) },
          ],
        },
      ],
    });
    const { analyze } = found as { analyze: QueryAnalysis };
    expect(Object.keys(analyze)).toEqual(
      expect.arrayContaining(['requests', 'waves', 'elapsedMs', 'priceUsd']),
    );
    expect(analyze.bytesRead).toBeGreaterThan(0);
    expect(analyze.rows).toMatchObject({ live: 10, scanned: 10, scored: 0 });
    const many = await answer(['query', uri, 'e', '--vector', rows10, '-k', '1']);
    const { results } = many as { results: { hits: { row: number }[] }[] };
    expect(results.map(({ hits }) => hits[0]?.row)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const stdin = await nacre(['query', uri, 'e', '--vector', '-', '-k', '1', '--json'], {
      input: await readFile(rows10),
    });
    expect(stdin.json['results']).toEqual(results);
  });

  test('similarities descend, and a stored row can be the query', async () => {
    await answer(['import', uri, 'e', rows10]);
    const byRow = await answer(['query', uri, 'e', '--row', '-1', '-k', '1', '--metric', 'dot']);
    expect(byRow).toMatchObject({
      order: 'descending',
      results: [{ hits: [{ row: 9, score: 18 * 18 + 19 * 19 }] }],
    });
  });

  test('distances ascend, and numbers that are no bits are refused where bits are compared', async () => {
    const bytes = path.join(folder, 'bytes.npy');
    await saveNpy(bytes, 'uint8', [3, 2], Uint8Array.of(0, 0, 255, 1, 7, 0));
    await answer(['import', uri, 'bits', bytes]);
    const ask = (vector: string) => [
      'query',
      uri,
      'bits',
      '--vector',
      vector,
      '-k',
      '2',
      '--metric',
      'hamming',
    ];
    expect(await answer(ask('[3, 0]'))).toMatchObject({
      metric: 'hamming',
      order: 'ascending',
      results: [
        {
          hits: [
            { row: 2, score: 1 },
            { row: 0, score: 2 },
          ],
        },
      ],
    });
    const refused = await nacre([...ask('[3, 0.5]'), '--json']);
    expect([refused.code, refused.error.code]).toEqual([2, 'InvalidArgument']);
    expect(refused.error.message).toContain('got 0.5');
  });

  test('refuses a query that is none', async () => {
    await answer(['import', uri, 'e', rows10]);
    for (const args of [
      [],
      ['--vector', '[1]'],
      ['--vector', '[1, "x"]'],
      ['--vector', '[1, 2'],
      ['--vector', '[0, 1]', '--row', '1'],
      ['--vector', '[0, 1]', '--metric', 'manhattan'],
      ['--vector', '[0, 1]', '-k', '0'],
      ['--row', '77'],
    ])
      expect((await nacre(['query', uri, 'e', ...args])).code).toBe(2);
    expect((await nacre(['query', uri, '--row', '0'])).code).toBe(2);
  });

  test('searches a file as it is', async () => {
    await answer(['import', uri, 'e', rows10]);
    const ofFile = await answer(['query', rows10, '--row', '-1', '-k', '3', '--metric', 'cosine']);
    const ofArray = await answer(['query', uri, 'e', '--row', '-1', '-k', '3', '--metric', 'cosine']);
    const hits = (found: unknown) =>
      (found as { results: { hits: { row: number; score: number }[] }[] }).results.map(({ hits }) =>
        hits.map(({ row, score }) => [row, score]),
      );
    expect(hits(ofFile)).toEqual(hits(ofArray));
    expect(ofFile).toMatchObject({ order: 'descending', exact: true });
    expect(ofFile).not.toHaveProperty('version');
    const text = await nacre(['query', rows10, '--vector', '[0, 1]', '-k', '1']);
    expect(text.stdout.toString()).toMatch(/^ROW +SCORE\n +0 +0\n$/);
    for (const args of [
      ['e', '--row', '0'],
      ['--row', '10'],
      ['--row', '0.5'],
      ['--row', '0', '--at', '1'],
      ['--row', '0', '--analyze'],
      ['--vector', '[1]'],
      [],
    ])
      expect([args, (await nacre(['query', rows10, ...args])).code]).toEqual([args, 2]);
    expect((await nacre(['query', `${rows10}.none.npy`, '--row', '0'])).code).toBe(4);
  });
});

describe('settle and cache', () => {
  test('settle tells what became of a token, and refuses what is none', async () => {
    await answer(['import', uri, 'e', rows10]);
    const log = (await answer(['log', uri])) as { versions: { operations: { id: string }[] }[] };
    const { dataset } = (await answer(['info', uri])) as { dataset: string };
    const operation = log.versions[0]?.operations[0]?.id ?? '';
    const token = (slot: number, id: string): string => `nacre1.${dataset}.${slot}.${id}`;
    expect(await answer(['settle', uri, token(2, operation)])).toMatchObject({
      outcome: 'committed',
      version: 2,
    });
    const lost = token(3, '0'.repeat(32));
    const open = await nacre(['settle', uri, lost, '--json']);
    expect([open.code, open.json['outcome']]).toEqual([12, 'open']);
    expect(await answer(['settle', uri, lost, '--fence'])).toMatchObject({ outcome: 'not-committed' });
    expect((await nacre(['settle', uri, 'nacre1.zzz'])).code).toBe(2);
  });

  test('cache shows, checks and clears the folder that it is given', async () => {
    const dir = path.join(folder, 'cache');
    expect(await answer(['cache', 'info', '--dir', dir])).toMatchObject({ folder: dir, pages: 0 });
    expect(await answer(['cache', 'verify', '--dir', dir])).toMatchObject({ pages: 0, damagedPages: 0 });
    expect(await answer(['cache', 'clear', '--dir', dir, '--yes'])).toMatchObject({ files: 0 });
    expect((await nacre(['cache', 'info'])).code).toBe(2);
  });
});
