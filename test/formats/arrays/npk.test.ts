// Folders of NumPack: one that it made, those that it makes now where it is installed, and such as lie.
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { NacreError } from '../../../src/errors.js';
import { LiveRows } from '../../../src/formats/arrays/npk/live-rows.js';
import { open, openArrayFile, writeArrayFile } from '../../../src/index.js';
import { dtypeNames } from '../../../src/npy/dtype.js';
import { Meter } from '../../../src/storage/wrap/meter.js';
import { type ReadArray, readArray, temporaryFolder } from '../../support/array-files.js';
import { failure } from '../../support/failure.js';
import { runPython } from '../../support/python.js';
import { serversUnderTest } from '../../support/servers/index.ts';
import { openTestStore } from '../../support/servers/open.ts';
import { rawObjects } from '../../support/servers/raw-objects.ts';
import { numpackFiles, numpackReads } from './npk-fixture.js';

const folder = temporaryFolder();
let made = 0;

type Files = Readonly<Record<string, Uint8Array>>;

const fixture: Files = Object.fromEntries(
  Object.entries(numpackFiles).map(([name, text]) => [name, Buffer.from(text, 'base64')]),
);

async function folderOf(files: Files): Promise<string> {
  const root = path.join(folder.path, `numpack-${made++}.npk`);
  await mkdir(root);
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), bytes);
  }
  return root;
}

function texts({ dtype, shape, bytes }: ReadArray): readonly [string, readonly number[], string] {
  return [dtype, shape, bytes.toString('hex')];
}

async function readFolder(name: string, step = Infinity): Promise<Record<string, ReturnType<typeof texts>>> {
  const opened = await openArrayFile(name);
  try {
    expect(opened.format).toBe('npk');
    const found: Record<string, ReturnType<typeof texts>> = {};
    for (const array of opened.arrays) found[array.array ?? ''] = texts(await readArray(array, step));
    return found;
  } finally {
    await opened.close();
  }
}

interface Array {
  readonly name?: string;
  readonly shape?: readonly number[];
  readonly dataFile?: string;
  readonly size?: number;
  readonly dtype?: number;
  readonly algorithm?: number;
  readonly blocks?: number;
}

/** Metadata of arrays, by default one of two rows of two uint8. */
function metadataOf(arrays: readonly Array[] = [{}], version = 1): Buffer {
  const pieces = [Buffer.from('NPKB'), u32(version), u64(0), u32(arrays.length)];
  for (const { name = 'a', shape = [2, 2], dataFile = 'data_a.npkd', size = 4, ...more } of arrays)
    pieces.push(
      textOf(name),
      u32(shape.length),
      ...shape.map(u64),
      textOf(dataFile),
      u64(0),
      u64(size),
      Buffer.of(more.dtype ?? 1, more.algorithm ?? 0),
      u32(0),
      u64(0),
      u64(0),
      Buffer.of(more.blocks ?? 0),
    );
  return Buffer.concat(pieces);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function textOf(text: string): Buffer {
  return Buffer.concat([u32(Buffer.byteLength(text)), Buffer.from(text)]);
}

const data = Uint8Array.of(1, 2, 3, 4);

async function refusal(files: Files): Promise<NacreError> {
  const root = await folderOf(files);
  const error = await failure(readFolder(root));
  expect(error.message).toContain(path.basename(root));
  return error;
}

describe('a folder that NumPack made', () => {
  test('is read as it reads it, without the rows that were dropped, in pieces of any size', async () => {
    const root = await folderOf(fixture);
    for (const step of [Infinity, 1, 3, 7]) {
      const found = await readFolder(root, step);
      expect(Object.keys(found)).toHaveLength(dtypeNames.length + 5);
      expect(found).toMatchObject(numpackReads);
      // 0 to 5, in every dtype.
      for (const dtype of dtypeNames) expect(found[dtype]?.slice(0, 2)).toEqual([dtype, [3, 2]]);
      expect(found['int16']?.[2]).toBe('000001000200030004000500');
      expect(found['complex64']?.[2].slice(0, 64)).toBe(
        '00000000000000000000803f0000000000000040000000000000404000000000',
      );
    }
  });

  test('goes into a dataset, and is known without its ending', async () => {
    const root = path.join(folder.path, 'no-ending');
    await mkdir(root);
    for (const [name, bytes] of Object.entries(fixture)) await writeFile(path.join(root, name), bytes);
    const opened = await openArrayFile(root);
    const dropped = opened.arrays.find(({ array }) => array === 'dropped');
    if (dropped === undefined) throw new Error('it is not there');
    const dataset = await open(path.join(folder.path, 'dataset'), { create: true });
    await dataset.write((tx) => tx.appendFrom('dropped', dropped));
    const { data: rows } = await dataset.array('dropped').read();
    expect(Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength).toString('hex')).toBe(
      numpackReads['dropped']?.[2],
    );
    expect(await opened.hash()).toHaveLength(32);
    await opened.close();
    await dataset.close();
  });

  test('is not written', async () => {
    const error = await failure(writeArrayFile(path.join(folder.path, 'x.npk'), []));
    expect([error.code, error.message]).toEqual(['UnsupportedFormat', 'npk files are read, and not written']);
  });

  const python = peersPython();
  test.runIf(python !== undefined)(
    'is read as the installed NumPack reads it',
    async () => {
      if (python === undefined) return;
      const root = path.join(folder.path, 'live.npk');
      const script = `
import json, sys, numpack, numpy as np
rng = np.random.default_rng(int(sys.argv[2]))
p = numpack.NumPack(sys.argv[1], drop_if_exists=True); p.open()
for i in range(20):
    rows = int(rng.integers(1, 40000))
    p.save({f'a{i}': rng.integers(0, 2**31, (rows, int(rng.integers(1, 5)))).astype('i4')})
    if i % 4: p.drop(f'a{i}', sorted(set(rng.integers(0, rows, int(rng.integers(1, rows + 1))).tolist())))
    if i % 3 == 0: p.append({f'a{i}': np.zeros((int(rng.integers(1, 300)), p.load(f'a{i}').shape[1]), 'i4')})
import hashlib
out = {}
for i in range(20):
    a = p.load(f'a{i}'); out[f'a{i}'] = [list(a.shape), hashlib.sha256(a.tobytes()).hexdigest()]
p.close()
json.dump(out, sys.stdout)
`;
      const { createHash } = await import('node:crypto');
      const out = await runPython(script, [root, '1'], { python });
      const opened = await openArrayFile(root);
      const found: Record<string, unknown> = {};
      for (const array of opened.arrays) {
        const { shape, bytes } = await readArray(array, 1000);
        found[array.array ?? ''] = [shape, createHash('sha256').update(bytes).digest('hex')];
      }
      await opened.close();
      expect(found).toEqual(JSON.parse(out.toString()));
    },
    60_000,
  );
});

/** The Python of the benchmarks' peers, which has NumPack. */
function peersPython(): string | undefined {
  const cache =
    process.env['NACRE_TEST_CACHE'] ??
    path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'nacre-tests');
  const homes = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('bench-peers-')) : [];
  const found = homes.map((name) => path.join(cache, name, 'bin/python')).find((file) => existsSync(file));
  if (found === undefined)
    console.warn('SKIPPED: a folder that NumPack makes now: node bench/peers/setup.mjs installs it');
  return found;
}

describe('rows that are not dropped', () => {
  test('are found from any on, in bitmaps of any kind', () => {
    for (const rows of [1, 31, 32, 33, 64, 100, 70_000])
      for (const keep of [1, 2, 7, 97, 33_333]) {
        const words = new Uint8Array(8 * Math.ceil(rows / 64)).fill(keep === 1 ? 255 : 0);
        const live: number[] = [];
        for (let row = 0; row < rows; row++)
          if (row % keep === keep - 1) {
            live.push(row);
            words[row >> 3] = (words[row >> 3] ?? 0) | (1 << (row & 7));
          }
        const found = new LiveRows(words, rows);
        expect(found.count).toBe(live.length);
        const step = Math.max(1, Math.floor(live.length / 50));
        for (let start = 0; start < live.length; start += step) {
          const end = Math.min(live.length, start + 2 * step);
          const ids: number[] = [];
          for (const run of found.runs(start, end)) for (let id = run.start; id < run.end; id++) ids.push(id);
          expect(ids.join()).toBe(live.slice(start, end).join());
        }
      }
  });
});

describe('an array in several files', () => {
  const list = (segments: unknown, version = 1): Buffer => Buffer.from(JSON.stringify({ version, segments }));
  const metadata = metadataOf([{ shape: [5, 2], dataFile: 'data_a.npkseg', size: 10 }]);
  const segments = [
    { file: 'data_a_segments/seg_000000.npkd', rows: 2, bytes: 4 },
    { file: 'data_a_segments/seg_000001.npkd', rows: 3, bytes: 6 },
  ];
  const files = {
    'metadata.npkm': metadata,
    'data_a.npkseg': list(segments),
    'data_a_segments/seg_000000.npkd': data,
    'data_a_segments/seg_000001.npkd': Uint8Array.of(5, 6, 7, 8, 9, 10),
  };

  test('is read over their borders, without rows that were dropped', async () => {
    for (const step of [Infinity, 1, 2])
      expect((await readFolder(await folderOf(files), step))['a']).toEqual([
        'uint8',
        [5, 2],
        '0102030405060708090a',
      ]);
    const bitmap = Buffer.concat([u64(5), u64(2), Uint8Array.of(0b10101, 0, 0, 0, 0, 0, 0, 0)]);
    const some = { ...files, 'deleted_a.npkb': bitmap };
    expect((await readFolder(await folderOf(some)))['a']).toEqual(['uint8', [3, 2], '01020506090a']);
    // As releases without a header wrote it.
    const old = { ...files, 'deleted_a.npkb': bitmap.subarray(16) };
    expect((await readFolder(await folderOf(old)))['a']).toEqual(['uint8', [3, 2], '01020506090a']);
  });

  test.each([
    ['another version', list(segments, 2), 'UnsupportedFormat', 'another version than 1'],
    ['no JSON', Buffer.from('{'), 'InvalidArgument', 'no JSON'],
    ['no list', list(5), 'InvalidArgument', '5 rows, and files of 0'],
    ['nothing', Buffer.from('null'), 'UnsupportedFormat', 'another version'],
    ['other rows', list(segments.slice(1)), 'InvalidArgument', '5 rows, and files of 3'],
    ['rows that lie', list([{ file: 'x', rows: -1 }]), 'InvalidArgument', 'a list of files that lies'],
    ['a file elsewhere', list([{ file: '../../x', rows: 5 }]), 'InvalidArgument', 'no name below a folder'],
    ['a file that is not there', list([{ file: 'x', rows: 5 }]), 'InvalidArgument', "no file 'x'"],
    [
      'a short file',
      list([{ file: 'data_a_segments/seg_000000.npkd', rows: 5 }]),
      'InvalidArgument',
      'has 4 bytes',
    ],
  ])('is refused with a list of %s', async (_, bytes, code, message) => {
    const error = await refusal({ ...files, 'data_a.npkseg': bytes });
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });
});

const bad: readonly (readonly [what: string, metadata: Buffer, code: string, message: string])[] = [
  ['another version', metadataOf([{}], 2), 'UnsupportedFormat', "version 2 of NumPack's format"],
  ['another beginning', Buffer.from('\u0081¥array'), 'UnsupportedFormat', 'does not begin with NPKB'],
  ['an unknown dtype', metadataOf([{ dtype: 14 }]), 'UnsupportedFormat', 'the dtype 14'],
  ['compression', metadataOf([{ algorithm: 1 }]), 'UnsupportedFormat', 'is compressed'],
  ['blocks', metadataOf([{ blocks: 1 }]), 'UnsupportedFormat', 'compressed in blocks'],
  ['a name twice', metadataOf([{}, {}]), 'InvalidArgument', 'is there twice'],
  ['no axis', metadataOf([{ shape: [], size: 1 }]), 'InvalidArgument', 'has 0 axes'],
  [
    'many axes',
    metadataOf([{ shape: Array.from({ length: 33 }, () => 1) }]),
    'InvalidArgument',
    'has 33 axes',
  ],
  ['a huge shape', metadataOf([{ shape: [2 ** 40, 2 ** 40] }]), 'InvalidArgument', 'a shape that cannot be'],
  ['another size', metadataOf([{ size: 5 }]), 'InvalidArgument', 'said to have 5 bytes'],
  [
    'more rows than bytes',
    metadataOf([{ shape: [9, 2], size: 18 }]),
    'InvalidArgument',
    'its shape takes 18',
  ],
  ['a file elsewhere', metadataOf([{ dataFile: '../data' }]), 'InvalidArgument', 'no name below a folder'],
  [
    'an absolute file',
    metadataOf([{ dataFile: '/etc/passwd' }]),
    'InvalidArgument',
    'no name below a folder',
  ],
  ['a NUL', metadataOf([{ dataFile: 'a\0' }]), 'InvalidArgument', 'no name below a folder'],
  ['a bitmap elsewhere', metadataOf([{ name: 'x/../../../a' }]), 'InvalidArgument', 'no name below a folder'],
  ['a file that is not there', metadataOf([{ dataFile: 'none' }]), 'InvalidArgument', "no file 'none'"],
  ['bytes behind it', Buffer.concat([metadataOf(), Buffer.of(0)]), 'InvalidArgument', 'goes on behind'],
];

describe('a folder of NumPack that lies', () => {
  test.each(bad)('is refused with %s', async (_, metadata, code, message) => {
    const error = await refusal({ 'metadata.npkm': metadata, 'data_a.npkd': data });
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });

  test('is refused wherever its metadata are cut, or claim more arrays or longer names', async () => {
    const whole = metadataOf();
    for (let end = 4; end < whole.byteLength; end++) {
      const error = await refusal({ 'metadata.npkm': whole.subarray(0, end), 'data_a.npkd': data });
      expect([end, error.code]).toEqual([end, 'InvalidArgument']);
    }
    for (const at of [16, 20]) {
      const wrong = Buffer.from(whole);
      wrong.writeUInt32LE(0xffffffff, at);
      expect((await refusal({ 'metadata.npkm': wrong, 'data_a.npkd': data })).message).toContain('is cut');
    }
    expect((await refusal({})).message).toContain('holds no metadata.npkm');
  });

  test.each([0, 7, 15, 16, 23, 25, 32])('is refused with a bitmap of %d bytes', async (length) => {
    const files = { 'metadata.npkm': metadataOf(), 'data_a.npkd': data };
    const bitmap = Buffer.concat([u64(2), u64(0), Buffer.alloc(16, 255)]).subarray(0, length);
    expect((await refusal({ ...files, 'deleted_a.npkb': bitmap })).message).toContain('deleted_a.npkb');
    const other = Buffer.concat([u64(3), u64(0), Buffer.alloc(8, 255)]);
    expect((await refusal({ ...files, 'deleted_a.npkb': other })).message).toContain('for 3 rows');
  });

  test('is refused where a bool is neither 0 nor 1', async () => {
    const files = { 'metadata.npkm': metadataOf([{ dtype: 0 }]), 'data_a.npkd': data };
    expect((await refusal(files)).message).toContain('row 0 of the bool array holds the byte 2');
  });

  test('is read where an append that did not end left bytes behind', async () => {
    const files = { 'metadata.npkm': metadataOf(), 'data_a.npkd': Uint8Array.of(1, 2, 3, 4, 5) };
    expect((await readFolder(await folderOf(files)))['a']).toEqual(['uint8', [2, 2], '01020304']);
  });
});

describe.each(serversUnderTest())('in a bucket of %s', (name) => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('it is read without a listing', async () => {
    const place = await openTestStore(name);
    for (const [variable, value] of Object.entries(place.env)) vi.stubEnv(variable, value);
    const objects = await rawObjects(place.uri, name);
    try {
      for (const [key, bytes] of Object.entries(fixture)) await objects.put(`x.npk/${key}`, bytes);
      expect(await readFolder(`${place.uri}/x.npk`, 50)).toMatchObject(numpackReads);
      const meter = new Meter();
      const opened = await openArrayFile(`${place.uri}/x.npk`, { meter });
      await opened.close();
      expect(meter.snapshot().requests.list).toBe(0);
    } finally {
      objects.close();
      await place.dispose();
    }
  });
});
