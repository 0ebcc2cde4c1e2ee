// `nacre import --link`, of the built program, on a folder and on a server.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { numbersFile } from '../ops/link-world.js';
import { storesUnderTest } from '../support/servers/index.ts';
import { openTestStore } from '../support/servers/open.ts';
import { points, saveArrays } from './array-files.js';
import { answer, nacre, scratch } from './support.js';

const folder = await scratch();
let count = 0;
let uri: string;

beforeEach(async () => {
  uri = path.join(folder, `dataset-${count++}`);
  await mkdir(path.join(uri, 'train'), { recursive: true });
  for (const [name, rows] of [
    ['a', [1, 2]],
    ['b', [3]],
  ] as const)
    await writeFile(path.join(uri, 'train', `${name}.npy`), numbersFile(...rows));
});

describe('bad input', () => {
  test.each([
    [['Train/a.npy'], 2, 'allowed are a-z'],
    [['versions/a.npy'], 2, 'of the dataset’s own'.replace('’', "'")],
    [['../elsewhere.npy'], 2, 'not below'],
    [['/elsewhere.npy'], 2, 'not below'],
    [['s3://bucket/a.npy'], 2, 'not below'],
    [['train/c.npy'], 4, 'no object train/c.npy'],
    [['none/*.npy'], 4, 'none/*.npy'],
    [['train/a.npy', '--attributes', 'x.jsonl'], 2, '--attributes'],
    [['train/a.npy', '--dtype', 'float32'], 2, '--dtype'],
    [['train/a.npy', '--key', 'id'], 2, '--key'],
    [['train/a.npy', '--partition-size', '1MiB'], 2, '--partition-size'],
    [['train/a.npy', '--no-create'], 4, 'no dataset'],
  ] as const)('%j ends with %i, and makes no dataset', async (args, code, text) => {
    const ended = await nacre(['import', uri, 'a', ...args, '--link', '--json']);
    expect([ended.code, ended.error.message]).toEqual([code, expect.stringContaining(text)]);
    expect((await nacre(['info', uri])).code).toBe(4);
  });

  test('a file that cannot be linked is refused with the reason, before anything is written', async () => {
    const npz = await saveArrays(path.join(folder, 'both.npz'), { a: points(2) });
    await writeFile(path.join(uri, 'train', 'c.npy'), await readFile(npz));
    const ended = await nacre(['import', uri, 'a', 'train/*.npy', '--link', '--json']);
    expect([ended.code, ended.error.message]).toEqual([2, expect.stringContaining('zip')]);
    expect(ended.error.message).toContain('train/c.npy');
    expect((await nacre(['info', uri])).code).toBe(4);
  });
});

test('--verify without --link is refused', async () => {
  const file = path.join(uri, 'train', 'a.npy');
  const ended = await nacre(['import', uri, 'a', file, '--verify', '--json']);
  expect([ended.code, ended.error.message]).toEqual([2, '--verify goes with --link']);
});

test('objects of a pattern become rows in one version, and a dry run says which', async () => {
  const args = ['import', uri, 'images', 'train/*.npy', '--link'];
  const planned = await answer([...args, '--dry-run']);
  expect(planned).toMatchObject({ version: null, dryRun: true, linked: true, created: { dataset: true } });
  expect((await nacre(['info', uri])).code).toBe(4);
  const text = await nacre([...args, '--dry-run']);
  expect(text.stdout.toString()).toContain("would link 3 rows (268 B, 2 objects) into 'images'");
  const done = await answer([...args, '--verify']);
  expect(done).toMatchObject({
    version: 2,
    linked: true,
    created: { dataset: true, arrays: ['images'] },
    files: [
      { file: 'train/a.npy', format: 'npy', array: 'images', rows: 2, sizeBytes: 136, skipped: false },
      { file: 'train/b.npy', array: 'images', rows: 1 },
    ],
  });
  const info = (await answer(['info', uri])) as { arrays: Record<string, { partitions: unknown[] }> };
  expect(info.arrays['images']?.partitions).toMatchObject([{ key: 'train/a.npy' }, { key: 'train/b.npy' }]);
  const out = path.join(folder, 'out.npy');
  await answer(['read', uri, 'images', '--out', out]);
  const bytes = await readFile(out);
  expect([...new Int32Array(bytes.buffer.slice(bytes.byteOffset + 128, bytes.byteOffset + 140))]).toEqual([
    1, 2, 3,
  ]);
  const { versions } = (await answer(['log', uri])) as { versions: { message: string }[] };
  expect(versions[0]?.message).toBe('link train/a.npy, train/b.npy');
});

test('what an array has is refused, or passed over with --once', async () => {
  await answer(['import', uri, 'images', 'train/a.npy', '--link']);
  for (const more of [[], ['--dry-run']]) {
    const ended = await nacre(['import', uri, 'images', 'train/*.npy', '--link', '--json', ...more]);
    expect([ended.code, ended.error.code]).toEqual([6, 'AlreadyExists']);
  }
  const done = await answer(['import', uri, 'images', 'train/*.npy', '--link', '--once']);
  expect(done).toMatchObject({ version: 3, files: [{ skipped: true }, { skipped: false }] });
  const again = await nacre(['import', uri, 'images', 'train/*.npy', '--link', '--once']);
  expect(again.stdout.toString()).toBe('linked nothing: every object is there already\n');
});

test('addresses below the dataset, and - for the names of the files', async () => {
  const full = path.join(uri, 'train', 'a.npy');
  const relative = `./${path.basename(uri)}/train/b.npy`;
  const done = await answer(['import', uri, '-', full, relative, '--link'], { cwd: folder });
  expect(done).toMatchObject({ created: { arrays: ['a', 'b'] }, files: [{ array: 'a' }, { array: 'b' }] });
});

test('damage of a linked object is told as such, and status and scrub find it', async () => {
  await answer(['import', uri, 'images', 'train/*.npy', '--link']);
  await writeFile(path.join(uri, 'train', 'a.npy'), numbersFile(1, 9));
  const ended = await nacre(['read', uri, 'images', '--out', path.join(folder, 'no.npy'), '--json']);
  expect([ended.code, ended.error.code, ended.error.hint]).toEqual([
    8,
    'Corrupt',
    expect.stringContaining('linked'),
  ]);
  const scrubbed = await nacre(['scrub', uri, '--full', '--json']);
  expect([scrubbed.code, scrubbed.json['damaged']]).toEqual([
    8,
    [expect.objectContaining({ key: 'train/a.npy' })],
  ]);
});

describe.each(storesUnderTest().filter((name) => name !== 'memory' && name !== 'folder'))('%s', (name) => {
  test('links objects of a bucket, by pattern and by address', async () => {
    const place = await openTestStore(name);
    const options = { env: place.env };
    try {
      await place.store.put('train/a.npy', numbersFile(1, 2));
      await place.store.put('train/b.npy', numbersFile(3));
      expect(await answer(['import', place.uri, 'a', 'train/*.npy', '--link'], options)).toMatchObject({
        version: 2,
      });
      const byAddress = ['import', place.uri, 'b', `${place.uri}/train/b.npy`, '--link'];
      expect(await answer(byAddress, options)).toMatchObject({
        version: 3,
        files: [{ file: 'train/b.npy' }],
      });
      const found = await answer(
        ['query', place.uri, 'a', '--vector', '[3]', '-k', '1', '--metric', 'l2'],
        options,
      );
      expect(found).toMatchObject({ results: [{ hits: [{ row: 2, score: 0 }] }] });
    } finally {
      await place.dispose();
    }
  });
});
