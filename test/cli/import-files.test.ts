// Files of arrays of every format on their way into a dataset by the command line.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, open, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { importAll } from '../../src/cli/import-arrays.js';
import { look } from '../../src/cli/inputs.js';
import { Session } from '../../src/cli/session.js';
import { everything, numbers, points, saveArrays, versionOf } from './array-files.js';
import { answer, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
let count = 0;
let uri: string;

beforeEach(() => {
  uri = path.join(folder, `dataset-${count++}`);
});

const both = { 'layer/weights': points(4), labels: numbers(4) };
const formats = [
  ['npz', 'npz'],
  ['safetensors', 'safetensors'],
  ['pt', 'torch'],
] as const;

describe('import', () => {
  test.each(formats)(
    'takes all arrays of a file by their names, in one version: .%s',
    async (ending, format) => {
      const file = await saveArrays(path.join(folder, `both.${ending}`), both);
      const made = await answer(['import', uri, '-', file]);
      expect(made).toMatchObject({ version: 2, created: { dataset: true } });
      const files = made['files'] as Record<string, unknown>[];
      expect(files).toHaveLength(2);
      const weights = { file, format, from: 'layer/weights', array: 'layer/weights', rows: 4, sizeBytes: 32 };
      expect(files).toContainEqual({ ...weights, skipped: false });
      expect(await everything(uri)).toEqual(both);
    },
  );

  test('says what a file is taken for: by its ending, by how it begins, and as it is told', async () => {
    const file = await saveArrays(path.join(folder, 'said.npz'), { a: points(2) });
    const plain = path.join(folder, 'without-ending');
    await copyFile(file, plain);
    const first = await nacre(['import', uri, '-', file]);
    expect(first.stdout.toString()).toBe("imported 2 rows (16 B, 1 file: npz) into 'a' (version 2)\n");
    expect(await answer(['import', uri, '-', plain])).toMatchObject({
      files: [{ format: 'npz', array: 'a' }],
    });
    const other = path.join(folder, 'told.pt');
    await copyFile(file, other);
    expect((await nacre(['import', uri, '-', other])).code).not.toBe(0);
    expect(await answer(['import', uri, '-', other, '--format', 'npz'])).toMatchObject({
      version: 4,
      files: [{ format: 'npz' }],
    });
    const wrong = await nacre(['import', uri, '-', file, '--format', 'zip', '--json']);
    expect([wrong.code, wrong.error.code]).toEqual([2, 'InvalidArgument']);
    expect(wrong.error.hint).toContain('npy, npz, safetensors, torch, arrow, parquet');
  });

  test('takes one array of several by --from, and asks for it', async () => {
    const file = await saveArrays(path.join(folder, 'several.npz'), both);
    const asked = await nacre(['import', uri, 'e', file, '--json']);
    expect(asked.code).toBe(2);
    expect(asked.error.message).toBe(`${file} has 2 arrays: 'layer/weights', 'labels'`);
    expect(asked.error.hint).toContain('--from NAME');
    const none = await nacre(['import', uri, 'e', file, '--from', 'label', '--json']);
    expect([none.code, none.error.code]).toEqual([4, 'NotFound']);
    expect(none.error.message).toBe(`${file} has no array 'label'`);
    expect(none.error.hint).toBe("It has 'layer/weights', 'labels'.");
    expect(await versionOf(uri)).toBeUndefined();
    await answer(['import', uri, 'e', file, file, '--from', 'labels']);
    const { e } = await everything(uri);
    expect(e?.data).toEqual(BigInt64Array.of(0n, 1n, 2n, 3n, 0n, 1n, 2n, 3n));
    await answer(['import', uri, '-', file, '--from', 'layer/weights']);
    expect(Object.keys(await everything(uri)).sort()).toEqual(['e', 'layer/weights']);
    const unnamed = await pairs(path.join(folder, 'unnamed.npy'), 1);
    const noName = await nacre(['import', uri, 'e', unnamed, '--from', 'x', '--json']);
    expect([noName.error.code, noName.error.hint]).toEqual(['NotFound', 'Its array has no name.']);
  });

  test('takes files of several formats, and the arrays of many files one after the other', async () => {
    const files = await Promise.all(
      ['a.npz', 'b.safetensors', 'c.pt', 'd.arrow'].map((name, i) =>
        saveArrays(path.join(folder, name), { p: points(3, 100 * i) }),
      ),
    );
    const last = await pairs(path.join(folder, 'e.npy'), 3, 400);
    const text = await nacre(['import', uri, 'p', ...files, last]);
    expect(text.stdout.toString()).toContain('5 files: npz, safetensors, torch, arrow, npy');
    const firsts = (await everything(uri))['p']?.data as Float32Array;
    expect([0, 6, 12, 18, 24].map((at) => firsts[at])).toEqual([0, 100, 200, 300, 400]);
  });

  test('reads a pipe with several arrays and attributes, once', async () => {
    const file = await saveArrays(path.join(folder, 'pipe.arrow'), {
      a: points(5),
      b: points(5, 50),
      n: numbers(5),
    });
    const made = await answer(['import', uri, '-', '-'], { input: await readFile(file) });
    expect(made).toMatchObject({ files: [{ file: '-', format: 'arrow', attributes: '-' }, { array: 'b' }] });
    for (const array of ['a', 'b']) {
      const found = await answer(['query', uri, array, '--where', 'n >= 3', '--count']);
      expect(found).toMatchObject({ count: 2 });
    }
    const unnamed = await readFile(await pairs(path.join(folder, 'pipe.npy'), 2));
    const refused = await nacre(['import', uri, '-', '-', '--json'], { input: unnamed });
    expect(refused.error.message).toContain('standard input has no name');
  });

  test('brings five hundred arrays of one file in; more than a dataset has room for before any is written', async () => {
    const file = async (count: number): Promise<string> => {
      const arrays = Array.from({ length: count }, (_, i) => [`model.layer.${i}`, numbers(1, i)] as const);
      return saveArrays(path.join(folder, `${count}.safetensors`), Object.fromEntries(arrays));
    };
    const source = await file(500);
    const made = await nacre(['import', uri, '-', source]);
    expect(made.stderr).toContain('created 500 arrays\n');
    expect(made.stderr).not.toContain('model.layer.7');
    const back = path.join(folder, 'back.safetensors');
    await answer(['export', uri, '-', '--out', back]);
    expect(await stat(back)).toMatchObject({ size: (await stat(source)).size });
    const found = await everything(uri);
    expect(Object.keys(found)).toHaveLength(500);
    expect(found['model.layer.477']?.data).toEqual(BigInt64Array.of(477n));
    const refused = await nacre(['import', `${uri}-more`, '-', await file(6_000), '--json']);
    expect(refused.error.code).toBe('ResourceExhausted');
    expect(refused.error.hint).toContain('fewer arrays');
    expect(await versionOf(`${uri}-more`)).toBeUndefined();
  });
});

test('an array that somebody else makes while files are looked at is added to', async () => {
  const columns = await saveArrays(path.join(folder, 'meanwhile.arrow'), { e: points(10), n: numbers(10) });
  const pipe = await makePipe('meanwhile.pipe');
  await answer(['create', uri]);
  const slow = answer(['import', uri, 'e', pipe]);
  // Open when the other end is: it has seen by then that there is no such array.
  const end = await open(pipe, 'w');
  await answer(['import', uri, 'e', columns, '--from', 'e', '--no-attributes']);
  await end.writeFile(await readFile(columns));
  await end.close();
  await slow;
  expect((await everything(uri))['e']?.shape).toEqual([20, 2]);
  expect(await answer(['query', uri, 'e', '--where', 'n >= 0', '--count'])).toMatchObject({ count: 10 });
});

test('a write that begins anew, as after a conflict, has its files, pipes and attributes again', async () => {
  const columns = await saveArrays(path.join(folder, 'anew.arrow'), { e: points(10), n: numbers(10) });
  const rows = await pairs(path.join(folder, 'anew.npy'), 10);
  const lines = path.join(folder, 'anew.jsonl');
  await writeFile(lines, '{"n": 1}\n'.repeat(10));
  const pipe = await makePipe('anew.pipe');
  const session = new Session({ quiet: true }, new AbortController().signal);
  const piped = writeFile(pipe, await readFile(columns));
  const looked = [
    ...(await look(session, {}, { name: 'e', files: [columns, pipe], arrays: {} })),
    ...(await look(session, { attributes: [lines] }, { name: 'e', files: [rows], arrays: {} })),
  ];
  await piped;
  for (const place of ['first', 'second']) {
    const dataset = await session.open(`${uri}-${place}`, { create: true });
    const make = new Map([['e', { dtype: 'float32', rowShape: [2] } as const]]);
    await importAll(session, {}, dataset, looked, make);
    expect(await dataset.array('e').shape()).toEqual([30, 2]);
    expect(await dataset.array('e').where('n >= 0').count()).toBe(30);
  }
  await session.close();
});

async function makePipe(name: string): Promise<string> {
  const pipe = path.join(folder, name);
  await promisify(execFile)('mkfifo', [pipe]);
  return pipe;
}

describe('attributes beside the rows of a file', () => {
  let file: string;

  beforeEach(async () => {
    file = await saveArrays(path.join(folder, 'columns.arrow'), {
      face: points(4),
      voice: points(4, 9),
      id: numbers(4, 70),
    });
  });

  test('become attributes of each array, and may be its key', async () => {
    const dry = await answer(['import', uri, '-', file, '--dry-run']);
    const attributes = ['face', 'voice'].map((array) => ({ array, name: 'id', type: 'int' }));
    expect(dry).toMatchObject({ version: null, created: { attributes } });
    const made = await answer(['import', uri, '-', file, '--key', 'id']);
    expect(made).toMatchObject({ version: 2, created: { attributes } });
    for (const array of ['face', 'voice']) {
      expect(await answer(['query', uri, array, '--key', '72'])).toMatchObject({ rows: [{ row: 2 }] });
    }
    const again = await nacre(['import', uri, 'face', file, '--from', 'face', '--json']);
    expect(again.code).not.toBe(0);
    expect(again.error.message).toContain('70');
    expect(await versionOf(uri)).toBe(2);
  });

  test('stay away with --no-attributes, and where others are given', async () => {
    await answer(['import', uri, 'plain', file, '--from', 'face', '--no-attributes']);
    const lines = path.join(folder, 'other.jsonl');
    await writeFile(lines, '{"lang":"de"}\n'.repeat(4));
    await answer(['import', uri, 'other', file, '--from', 'face', '--attributes', lines]);
    const info = (await answer(['info', uri])) as { arrays: Record<string, { attributes: unknown }> };
    expect(info.arrays['plain']?.attributes).toEqual([]);
    expect(info.arrays['other']?.attributes).toEqual([{ name: 'lang', type: 'string' }]);
    const many = await nacre(['import', uri, '-', file, '--attributes', lines, '--json']);
    expect([many.code, many.error.message]).toEqual([2, `a file of attributes for the 2 arrays of ${file}`]);
    const typed = ['--no-attributes', '--attribute-type', 'id=float', '--json'];
    const none = await nacre(['import', uri, 'plain', file, '--from', 'face', ...typed]);
    expect([none.code, none.error.message]).toEqual([2, 'no file of attributes is named']);
  });

  test('are read as the types that the array has, or that are asked for', async () => {
    const lines = path.join(folder, 'float.jsonl');
    await writeFile(lines, '{"id":0.5}\n'.repeat(4));
    await answer(['import', uri, 'e', file, '--from', 'face', '--attributes', lines]);
    await answer(['import', uri, 'e', file, '--from', 'voice']);
    expect(await answer(['query', uri, 'e', '--where', 'id > 70.5', '--count'])).toMatchObject({ count: 3 });
    await answer(['import', uri, 'f', file, '--from', 'face', '--attribute-type', 'id=float']);
    const info = (await answer(['info', uri])) as { arrays: Record<string, { attributes: unknown }> };
    expect(info.arrays['f']?.attributes).toEqual([{ name: 'id', type: 'float' }]);
    await writeFile(lines, '{"id":true}\n'.repeat(4));
    await answer(['import', uri, 'g', file, '--from', 'face', '--attributes', lines]);
    const version = await versionOf(uri);
    const wrong = await nacre(['import', uri, 'g', file, '--from', 'face', '--json']);
    expect(wrong.error.code).toBe('UnsupportedFormat');
    expect(wrong.error.message).toContain('id');
    expect(wrong.error.hint).toContain('--no-attributes');
    expect(await versionOf(uri)).toBe(version);
  });
});

describe('--once', () => {
  test('knows each array of a file by itself, with its attributes', async () => {
    const file = await saveArrays(path.join(folder, 'once.arrow'), {
      a: points(3),
      b: points(3),
      n: numbers(3),
    });
    const skipped = async (...args: string[]): Promise<unknown> => {
      const made = await answer(['import', uri, ...args, '--once']);
      return (made['files'] as { skipped: boolean }[]).map((one) => one.skipped);
    };
    expect(await skipped('a', file, '--from', 'a')).toEqual([false]);
    expect(await skipped('-', file)).toEqual([true, false]);
    expect(await skipped('-', file)).toEqual([true, true]);
    expect(await skipped('a', file, '--from', 'b')).toEqual([false]);
    expect(await skipped('a', file, '--from', 'a', '--no-attributes')).toEqual([false]);
    expect(await skipped('a', file, file, '--from', 'a', '--no-attributes')).toEqual([true, true]);
  });

  test('gives a .npy file the id that it always had', async () => {
    const file = await pairs(path.join(folder, 'always.npy'), 3);
    await answer(['import', uri, 'e', file, '--once']);
    const digest = createHash('sha256')
      .update(await readFile(file))
      .digest();
    const id = createHash('sha256').update('nacre import --once\0e\0').update(digest).digest('hex');
    const log = (await answer(['log', uri])) as { versions: { operations: { id: string }[] }[] };
    const ids = log.versions.flatMap(({ operations }) => operations.map((one) => one.id));
    expect(ids).toContain(id.slice(0, 32));
  });
});

describe('append, replace and upsert', () => {
  test('take an array of a file of any format', async () => {
    const file = await saveArrays(path.join(folder, 'more.npz'), both);
    await answer(['import', uri, 'e', file, '--from', 'layer/weights']);
    const asked = await nacre(['append', uri, 'e', file, '--json']);
    expect([asked.code, asked.error.message]).toEqual([2, `${file} has 2 arrays: 'layer/weights', 'labels'`]);
    const appended = await answer(['append', uri, 'e', file, '--from', 'layer/weights']);
    expect(appended).toMatchObject({ rows: 4, format: 'npz', from: 'layer/weights', shape: [8, 2] });
    const one = await saveArrays(path.join(folder, 'one.safetensors'), { x: points(2, 500) });
    const replaced = await answer(['replace', uri, 'e', one, '--rows', '6,1']);
    expect(replaced).toMatchObject({ rows: 2, format: 'safetensors' });
    const { data } = (await everything(uri))['e'] ?? points(0);
    expect([...data].slice(0, 4)).toEqual([0, 1, 502, 503]);
    expect([...data].slice(12, 14)).toEqual([500, 501]);
  });

  test('replace takes rows of every dtype as they are', async () => {
    const numbersOf = { dtype: 'complex64', shape: [2], data: Float32Array.of(1, 2, 3, 4) } as const;
    const flags = { dtype: 'bool', shape: [2, 3], data: Uint8Array.of(1, 0, 1, 0, 0, 1) } as const;
    const halves = { dtype: 'float16', shape: [2], data: Uint16Array.of(0x3c00, 0xc000) } as const;
    for (const [name, values] of Object.entries({ numbersOf, flags, halves, big: numbers(2, 2 ** 52) })) {
      const file = await saveArrays(path.join(folder, `${name}.npz`), { [name]: values });
      await answer(['import', uri, name, file, file]);
      await answer(['replace', uri, name, file, '--rows', '3,0']);
      const { data } = (await everything(uri))[name] ?? points(0);
      const width = values.data.length / 2;
      const rows = [1, 1, 0, 0].map((row) => [...values.data.slice(row * width, (row + 1) * width)]);
      expect([...data], name).toEqual(rows.flat());
    }
  });

  test('append and upsert bring the attributes beside the rows along, the key included', async () => {
    const columns = (rows: number, first: number): Promise<string> =>
      saveArrays(path.join(folder, `keyed-${first}.arrow`), {
        e: points(rows, first),
        id: numbers(rows, first),
      });
    await answer(['import', uri, 'e', await columns(3, 0), '--key', 'id']);
    const more = await columns(2, 3);
    expect(await answer(['append', uri, 'e', more])).toMatchObject({ rows: 2, attributes: more });
    const upserted = await answer(['upsert', uri, 'e', await columns(4, 4), '--yes']);
    expect(upserted).toMatchObject({ inserted: 3, replaced: 1, shape: [8, 2] });
    const keyless = await nacre(['upsert', uri, 'e', more, '--no-attributes', '--json']);
    expect([keyless.code, keyless.error.message]).toEqual([2, 'the keys of the rows are not said']);
  });
});
