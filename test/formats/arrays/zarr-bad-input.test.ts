// Folders that are no Zarr, or lie: each is refused by name, and nothing outside of it is read or taken.
import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { deflateSync, gzipSync } from 'node:zlib';
import Zstd from 'numcodecs/zstd';
import { describe, expect, test } from 'vitest';
import type { NacreError } from '../../../src/errors.js';
import { openArrayFile } from '../../../src/index.js';
import { native } from '../../../src/native.js';
import { readArray, temporaryFolder } from '../../support/array-files.js';
import { failure } from '../../support/failure.js';

const folder = temporaryFolder();
let made = 0;

type Files = Readonly<Record<string, string | Uint8Array | object>>;

async function folderOf(files: Files): Promise<string> {
  const root = path.join(folder.path, `bad-${made++}.zarr`);
  await mkdir(root);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(path.dirname(file), { recursive: true });
    const isBytes = typeof content === 'string' || content instanceof Uint8Array;
    await writeFile(file, isBytes ? content : JSON.stringify(content));
  }
  return root;
}

/** Opening it, or reading all of it in pieces of two rows. */
async function refusal(files: Files): Promise<NacreError> {
  const root = await folderOf(files);
  const error = await failure(
    (async () => {
      const opened = await openArrayFile(root);
      try {
        for (const array of opened.arrays) await readArray(array, 2);
      } finally {
        await opened.close();
      }
    })(),
  );
  expect(error.message).toContain(path.basename(root));
  return error;
}

const bytesCodec = { name: 'bytes', configuration: { endian: 'little' } };
const v3 = {
  zarr_format: 3,
  node_type: 'array',
  shape: [4],
  data_type: 'int16',
  chunk_grid: { name: 'regular', configuration: { chunk_shape: [2] } },
  chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
  fill_value: 0,
  codecs: [bytesCodec],
};
const v2 = {
  zarr_format: 2,
  shape: [4],
  chunks: [2],
  dtype: '<i2',
  fill_value: 0,
  order: 'C',
  filters: null,
  compressor: null,
};
const chunk = Uint8Array.of(1, 0, 2, 0);
const grid = (chunk_shape: unknown): object => ({ name: 'regular', configuration: { chunk_shape } });
const keys = (separator: unknown): object => ({ name: 'default', configuration: { separator } });
const sharding = (more: object): object => ({
  name: 'sharding_indexed',
  configuration: {
    chunk_shape: [1],
    codecs: [bytesCodec],
    index_codecs: [bytesCodec, { name: 'crc32c' }],
    ...more,
  },
});

/** What is in the metadata, and what is said of it. */
const badV3: readonly (readonly [what: object, code: string, message: RegExp])[] = [
  [{ zarr_format: 4 }, 'InvalidArgument', /zarr_format 4/],
  [{ node_type: 'thing' }, 'InvalidArgument', /node_type is "thing"/],
  [{ shape: [-1] }, 'InvalidArgument', /shape holds -1/],
  [{ shape: [1.5] }, 'InvalidArgument', /shape holds 1.5/],
  [{ shape: ['4'] }, 'InvalidArgument', /shape holds "4"/],
  [{ shape: undefined }, 'InvalidArgument', /shape is missing/],
  [{ shape: [2 ** 52, 2 ** 40], chunk_grid: grid([1, 1]) }, 'InvalidArgument', /2\^53/],
  [
    { shape: [1, 2 ** 31], chunk_grid: grid([1, 2 ** 20]) },
    'ResourceExhausted',
    /a row has 4294967296 bytes/,
  ],
  [{ shape: Array(40).fill(1), chunk_grid: grid(Array(40).fill(1)) }, 'InvalidArgument', /41 dimensions/],
  [{ chunk_grid: grid([-2]) }, 'InvalidArgument', /chunk_shape holds -2/],
  [{ chunk_grid: grid([0]) }, 'InvalidArgument', /chunk_shape holds 0/],
  [{ chunk_grid: grid([2, 2]) }, 'InvalidArgument', /1 axes, and chunks of 2/],
  [{ chunk_grid: { name: 'rectilinear' } }, 'UnsupportedFormat', /chunk grid "rectilinear"/],
  [{ chunk_key_encoding: keys('/../') }, 'InvalidArgument', /separator is "\/\.\.\/"/],
  [{ chunk_key_encoding: { name: 'hashed' } }, 'UnsupportedFormat', /chunk key encoding "hashed"/],
  [{ data_type: 'int128' }, 'UnsupportedFormat', /data type "int128"/],
  [{ data_type: { name: 'numpy.datetime64', configuration: {} } }, 'UnsupportedFormat', /numpy.datetime64/],
  [{ data_type: 5 }, 'InvalidArgument', /data_type is 5/],
  [{ fill_value: 40_000 }, 'InvalidArgument', /fill value 40000, which no int16/],
  [{ fill_value: 1.5 }, 'InvalidArgument', /fill value 1.5/],
  [{ fill_value: 'NaN' }, 'InvalidArgument', /fill value "NaN"/],
  [{ codecs: [] }, 'InvalidArgument', /no codec that makes bytes/],
  [{ codecs: [{ name: 'bytes' }] }, 'InvalidArgument', /endian is missing/],
  [{ codecs: [bytesCodec, { name: 'zfp' }] }, 'UnsupportedFormat', /the codec "zfp"/],
  [
    { codecs: [{ name: 'gzip' }, bytesCodec] },
    'UnsupportedFormat',
    /the codec "gzip", which is not read there/,
  ],
  [
    { codecs: [{ name: 'transpose', configuration: { order: [1] } }, bytesCodec] },
    'InvalidArgument',
    /transpose by/,
  ],
  [{ codecs: [sharding({ chunk_shape: [3] })] }, 'InvalidArgument', /shards of \[2\]/],
  [{ codecs: [sharding({ index_location: 'middle' })] }, 'InvalidArgument', /index_location/],
  [
    { codecs: [sharding({ index_codecs: [bytesCodec, { name: 'gzip' }] })] },
    'UnsupportedFormat',
    /another index/,
  ],
  [{ codecs: [sharding({}), { name: 'gzip' }] }, 'UnsupportedFormat', /"gzip" around its shards/],
  [
    { codecs: [sharding({ codecs: [sharding({})] })] },
    'UnsupportedFormat',
    /"sharding_indexed", which is not read/,
  ],
  [{ storage_transformers: [{ name: 'x' }] }, 'UnsupportedFormat', /storage transformer/],
  [{ novelty: {} }, 'UnsupportedFormat', /"novelty" in its metadata/],
];

describe('metadata of version 3 that lie or go beyond what is read', () => {
  test.each(badV3)('%j is refused', async (what, code, message) => {
    const error = await refusal({ 'zarr.json': { ...v3, ...what }, 'c/0': chunk, 'c/1': chunk });
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  test('what may be passed over is', async () => {
    const novelty = { must_understand: false };
    const root = await folderOf({ 'zarr.json': { ...v3, novelty, dimension_names: ['x'] }, 'c/0': chunk });
    const opened = await openArrayFile(root);
    expect(await opened.arrays[0]?.read(0, 4)).toEqual(Uint8Array.of(1, 0, 2, 0, 0, 0, 0, 0));
    await opened.close();
  });
});

const badV2: readonly (readonly [what: object, code: string, message: RegExp])[] = [
  [{ zarr_format: 3 }, 'InvalidArgument', /zarr_format 3 in .zarray/],
  [{ shape: [-4] }, 'InvalidArgument', /shape holds -4/],
  [{ chunks: [0] }, 'InvalidArgument', /chunks without a row/],
  [{ chunks: [2, 1] }, 'InvalidArgument', /1 axes, and chunks of 2/],
  [{ dtype: '<q9' }, 'InvalidArgument', /a dtype that is none: <q9/],
  [{ dtype: '<M8[ns]' }, 'UnsupportedFormat', /the dtype "<M8\[ns\]"/],
  [{ dtype: [['a', '<i4']] }, 'UnsupportedFormat', /a structured one/],
  [{ order: 'X' }, 'InvalidArgument', /order is "X"/],
  [{ dimension_separator: '../' }, 'InvalidArgument', /dimension_separator is "..\/"/],
  [{ compressor: { id: 'lzma' } }, 'UnsupportedFormat', /compressed by "lzma"/],
  [{ compressor: { id: 'constructor' } }, 'UnsupportedFormat', /compressed by "constructor"/],
  [{ compressor: 'zlib' }, 'InvalidArgument', /compressor is "zlib"/],
  [{ filters: [{ id: 'packbits' }] }, 'UnsupportedFormat', /the filter "packbits"/],
  [
    { filters: [{ id: 'delta', dtype: '<i4' }] },
    'UnsupportedFormat',
    /the filter "delta" with these settings/,
  ],
  [{ filters: [{ id: 'shuffle', elementsize: -1 }] }, 'InvalidArgument', /elementsize holds -1/],
];

describe('metadata of version 2 that lie or go beyond what is read', () => {
  test.each(badV2)('%j is refused', async (what, code, message) => {
    const error = await refusal({ '.zarray': { ...v2, ...what }, '0': chunk, '1': chunk });
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });
});

describe('what is no metadata', () => {
  test('is refused, as a folder without any, a file, and one that is not there', async () => {
    for (const content of ['', '{', '[1]', 'null', Uint8Array.of(0xff, 0xfe)])
      expect((await refusal({ 'zarr.json': content })).code).toBe('InvalidArgument');
    expect((await refusal({ 'other.txt': '' })).message).toContain('so it is no Zarr');
    expect((await failure(openArrayFile(path.join(folder.path, 'none.zarr')))).code).toBe('NotFound');
    const file = path.join(folder.path, 'file.zarr');
    await writeFile(file, 'x');
    expect((await failure(openArrayFile(file))).message).toContain('is no folder');
    const plain = path.join(folder.path, 'plain');
    await mkdir(plain);
    expect((await failure(openArrayFile(plain))).message).toContain('a folder without arrays');
    expect((await failure(openArrayFile(plain, { format: 'npz' }))).message).toContain(
      'npz is a format of files',
    );
  });

  test.each(['../outside', '/etc', 'a/../../b', '', 'a//b', '.', 'a/./b'])(
    'the name %j in consolidated metadata is refused',
    async (name) => {
      const metadata = { [name]: v3 };
      const group = { zarr_format: 3, node_type: 'group', consolidated_metadata: { metadata } };
      const error = await refusal({ 'zarr.json': group });
      expect(error.message).toContain('no name of an array');
      if (name === '') return;
      const old = { zarr_consolidated_format: 1, metadata: { [`${name}/.zarray`]: v2 } };
      expect((await refusal({ '.zmetadata': old })).message).toContain('no name of an array');
    },
  );

  test('links below the folder are not followed', async () => {
    const secret = path.join(folder.path, 'secret');
    await mkdir(secret, { recursive: true });
    await writeFile(path.join(secret, '0'), chunk);
    const one = await folderOf({ 'zarr.json': v3 });
    await symlink(secret, path.join(one, 'c'));
    const two = await folderOf({ 'zarr.json': v3, 'c/1': chunk });
    await symlink(path.join(secret, '0'), path.join(two, 'c/0'));
    for (const root of [one, two]) {
      const opened = await openArrayFile(root);
      const error = await failure(opened.arrays[0]?.read(0, 4) ?? Promise.resolve());
      expect([error.code, error.message]).toEqual([
        'InvalidArgument',
        expect.stringContaining('symbolic link'),
      ]);
      await opened.close();
    }
  });
});

test('a pipe in the place of a chunk is refused, and nobody waits for its writer', async () => {
  const root = await folderOf({ 'zarr.json': v3, 'c/1': chunk });
  await promisify(execFile)('mkfifo', [path.join(root, 'c/0')]);
  const opened = await openArrayFile(root);
  const error = await failure(opened.arrays[0]?.read(0, 4) ?? Promise.resolve());
  expect([error.code, error.message]).toEqual(['InvalidArgument', expect.stringContaining('no plain file')]);
  await opened.close();
});

/** A chunk of two int16 as `codecs` would have it, and what is said of it. */
function coded(name: string, bytes: Uint8Array, configuration: object = {}): Files {
  return {
    'zarr.json': { ...v3, codecs: [bytesCodec, { name, configuration }] },
    'c/0': bytes,
  };
}

const zeros = new Uint8Array(60_000);
const zstd = Zstd.fromConfig({ id: 'zstd', level: 1 });

describe('chunks that are damaged', () => {
  test('are refused where they are cut or too long, as they are stored', async () => {
    for (const bytes of [chunk.subarray(1), new Uint8Array(5), new Uint8Array(0), zeros])
      for (const files of [
        { 'zarr.json': v3, 'c/0': bytes },
        { '.zarray': v2, '0': bytes },
      ]) {
        const error = await refusal(files);
        expect(error.message).toContain(`has ${bytes.byteLength} bytes, its shape takes 4`);
        expect([error.code, error.message]).toEqual([
          'InvalidArgument',
          expect.stringContaining('has a chunk'),
        ]);
      }
  });

  test('are refused where they become more or less than their shape, whoever compressed them', async () => {
    for (const content of [zeros, zeros.subarray(0, 5), zeros.subarray(0, 3)]) {
      const packed: readonly (readonly [string, Uint8Array])[] = [
        ['gzip', gzipSync(content)],
        ['numcodecs.zlib', deflateSync(content)],
        ['zstd', await zstd.encode(content)],
        ['blosc', bloscOf(content.byteLength)],
        ['numcodecs.lz4', lz4Of(content.byteLength)],
      ];
      for (const [name, bytes] of packed) {
        const error = await refusal(coded(name, bytes));
        expect([name, error.code, error.message]).toEqual([
          name,
          'InvalidArgument',
          expect.stringContaining('cannot be decoded'),
        ]);
      }
    }
  });

  test('are refused where they say nothing of their length, and go on', async () => {
    // A frame of zstd without a length: one run of zeros of 100,000 bytes.
    const run = (100_000 << 3) | 3;
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, run & 255, (run >> 8) & 255, run >> 16, 0);
    expect((await refusal(coded('zstd', frame))).message).toContain('cannot be decoded');
    const short = (4 << 3) | 3;
    const four = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, short, 0, 0, 7);
    // Two GiB of compressed blocks.
    const block = Uint8Array.of((4 << 3) | 4, 0, 0, 1, 2, 3, 4);
    const bomb = Buffer.concat([frame.subarray(0, 6), ...Array<Uint8Array>(8_000).fill(block)]);
    const last = Uint8Array.of(1, 0, 0);
    expect((await refusal(coded('zstd', Buffer.concat([bomb, last])))).message).toContain('zstd may give');
    const opened = await openArrayFile(await folderOf(coded('zstd', four)));
    expect(await opened.arrays[0]?.read(0, 2)).toEqual(Uint8Array.of(7, 7, 7, 7));
    await opened.close();
  });

  test('are refused wherever a compressed one is cut', async () => {
    const packed: readonly (readonly [string, Uint8Array])[] = [
      ['gzip', gzipSync(chunk)],
      ['zstd', await zstd.encode(chunk)],
      ['crc32c', summed(chunk)],
    ];
    for (const [name, bytes] of packed)
      for (let end = 0; end < bytes.byteLength; end++) {
        const error = await refusal(coded(name, bytes.subarray(0, end)));
        expect([name, end, error.code]).toEqual([name, end, 'InvalidArgument']);
      }
  });

  test('are refused by threads of their own where they are long, and those after them are read', async () => {
    const shape = [3 * 2 ** 20];
    const long = { ...v3, shape, chunk_grid: grid([2 ** 20]) };
    const packed = Buffer.from(
      await zstd.encode(new Uint8Array(2 ** 21).map((_, i) => Math.imul(i, 2_654_435_761) >>> 13)),
    );
    for (const [name, good] of [
      ['zstd', packed],
      ['blosc', bloscOf(2 ** 21)],
    ] as const) {
      const wrong = Buffer.from(good);
      wrong.fill(0xa5, 20, 4000);
      const codecs = [bytesCodec, { name }];
      const root = await folderOf({
        'zarr.json': { ...long, codecs },
        'c/0': good,
        'c/2': good,
        'c/1': wrong,
      });
      const opened = await openArrayFile(root);
      const [array] = opened.arrays;
      if (array === undefined) throw new Error('it is not there');
      const first = await array.read(0, 2 ** 20);
      if (name === 'zstd') {
        const error = await failure(array.read(0, array.rows));
        expect([error.code, error.message]).toEqual([
          'InvalidArgument',
          expect.stringContaining('chunk, c/1'),
        ]);
      }
      expect(Buffer.compare(await array.read(2 * 2 ** 20, array.rows), first)).toBe(0);
      expect(first[6]).toBe(name === 'zstd' ? (Math.imul(6, 2_654_435_761) >>> 13) & 255 : 0);
      await opened.close();
    }
  });

  test('that somebody asked for who went away are read for who stays', async () => {
    const root = await folderOf(coded('gzip', gzipSync(chunk)));
    const opened = await openArrayFile(root);
    const [array] = opened.arrays;
    if (array === undefined) throw new Error('it is not there');
    const controller = new AbortController();
    const one = failure(array.read(0, 1, { signal: controller.signal }));
    const other = array.read(0, 1);
    controller.abort();
    expect(await other).toEqual(Uint8Array.of(1, 0));
    expect((await one).code).toBe('Aborted');
    await opened.close();
  });

  test('are refused by their CRC32C, whichever bit is another', async () => {
    const right = summed(chunk);
    for (let bit = 0; bit < 8 * right.byteLength; bit++) {
      const wrong = Uint8Array.from(right, (byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect((await refusal(coded('crc32c', wrong))).message).toMatch(/its CRC32C is [0-9a-f]{8}, not/);
    }
  });

  test('are refused where a bool is neither 0 nor 1', async () => {
    const codecs = [{ name: 'bytes' }];
    const files = {
      'zarr.json': { ...v3, data_type: 'bool', fill_value: true, codecs },
      'c/0': Uint8Array.of(1, 2),
    };
    expect((await refusal(files)).message).toContain('row 1 of the bool array holds the byte 2');
  });

  test('are refused where one is too large to be decoded in memory', async () => {
    const codecs = [bytesCodec, { name: 'gzip' }];
    const metadata = { ...v3, shape: [2 ** 40], chunk_grid: grid([2 ** 40]), codecs };
    expect((await refusal({ 'zarr.json': metadata })).code).toBe('ResourceExhausted');
  });
});

describe('shards that are damaged', () => {
  const metadata = { ...v3, codecs: [sharding({ chunk_shape: [1] })] };
  /** Of two chunks of one int16. */
  const shard = (entries: readonly bigint[], data = chunk): Uint8Array =>
    Buffer.concat([data, summed(new Uint8Array(BigUint64Array.from(entries).buffer))]);

  test('are read where they are whole', async () => {
    const missing = 2n ** 64n - 1n;
    const root = await folderOf({
      'zarr.json': { ...metadata, fill_value: 9 },
      'c/0': shard([2n, 2n, 0n, 2n]),
      'c/1': shard([missing, missing, 0n, 2n]),
    });
    const opened = await openArrayFile(root);
    expect(await opened.arrays[0]?.read(0, 4)).toEqual(Uint8Array.of(2, 0, 1, 0, 9, 0, 1, 0));
    await opened.close();
  });

  test.each([
    ['a chunk beyond the end', shard([0n, 2n, 40n, 2n]), /whose chunk 1 has 2 at 40/],
    ['a chunk far beyond', shard([0n, 2n, 2n ** 63n, 2n ** 63n]), /whose chunk 1/],
    ['a chunk of another length', shard([0n, 3n, 2n, 2n]), /has 3 bytes, its shape takes 2/],
    ['no index', Uint8Array.of(1, 2, 3), /of 3 bytes, its index takes 36/],
    [
      'another sum',
      shard([0n, 2n, 2n, 2n]).map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte)),
      /index is damaged/,
    ],
  ])('are refused for %s', async (_, bytes, message) => {
    const error = await refusal({ 'zarr.json': metadata, 'c/0': bytes });
    expect([error.code, error.message]).toEqual(['InvalidArgument', expect.stringMatching(message)]);
  });

  test('are refused where there are too many chunks in one', async () => {
    const huge = { ...metadata, shape: [2 ** 30], chunk_grid: grid([2 ** 30]) };
    expect((await refusal({ 'zarr.json': huge })).message).toContain('shards of 1073741824 chunks');
  });
});

function summed(bytes: Uint8Array): Uint8Array {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(native().crc32c(bytes));
  return Buffer.concat([bytes, sum]);
}

/** Blosc that only stores, behind its header. */
function bloscOf(size: number): Uint8Array {
  const header = Buffer.alloc(16 + size);
  header.set([2, 1, 0x02, 1]);
  header.writeUInt32LE(size, 4);
  header.writeUInt32LE(size, 8);
  header.writeUInt32LE(16 + size, 12);
  return header;
}

/** Zeros, a literal and a match that goes on. */
function lz4Of(size: number): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(size);
  if (size < 20) return Buffer.concat([length, Uint8Array.of(size << 4), new Uint8Array(size)]);
  return Buffer.concat([length, Uint8Array.of(0x10, 0, 1, 0)]);
}
