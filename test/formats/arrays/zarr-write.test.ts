// Arrays written as a Zarr: to the byte the same when they are read again, by this product and by Python.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ArrayToWrite } from '../../../src/index.js';
import { openArrayFile, writeArrayFile } from '../../../src/index.js';
import {
  arrayToWrite,
  bytesOf,
  type ReadArray,
  readArray,
  temporaryFolder,
} from '../../support/array-files.js';
import { failure } from '../../support/failure.js';
import { pythonWithZarr, runPython } from '../../support/python.js';
import { everything } from './zarr-arrays.js';

const folder = temporaryFolder();
const python = await pythonWithZarr();

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const expected = Object.fromEntries(
  everything.map(({ array, type, rows, pieces }) => [
    array,
    {
      dtype: type.dtype,
      shape: type.scalar ? [] : [rows, ...type.rowShape],
      hash: digest(Buffer.concat([...(pieces() as Iterable<Uint8Array>)])),
    },
  ]),
);

/** Large, so that they are compared by what they hash to. */
type Hashed = Omit<ReadArray, 'bytes'> & { readonly hash: string };

async function readBack(name: string, step = Infinity): Promise<Record<string, Hashed>> {
  const opened = await openArrayFile(name);
  const found: Record<string, Hashed> = {};
  for (const array of opened.arrays) {
    const { dtype, shape, bytes } = await readArray(array, step);
    found[array.array ?? ''] = { dtype, shape, hash: digest(bytes) };
  }
  await opened.close();
  return found;
}

async function contents(root: string): Promise<Record<string, readonly [bytes: number, hash: string]>> {
  const files = await readdir(root, { recursive: true, withFileTypes: true });
  const found: Record<string, readonly [number, string]> = {};
  for (const file of files.filter((one) => one.isFile()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const full = path.join(file.parentPath, file.name);
    const bytes = await readFile(full);
    found[path.relative(root, full)] = [bytes.byteLength, digest(bytes)];
  }
  return found;
}

describe('a Zarr that is written', () => {
  test('has the same arrays when it is read, and the same bytes when it is written again', async () => {
    const [one, two] = [path.join(folder.path, 'one.zarr'), path.join(folder.path, 'two.zarr')];
    const written = await writeArrayFile(one, everything);
    expect(await writeArrayFile(two, [...everything].reverse())).toBe(written);
    const files = await contents(one);
    expect(Object.values(files).reduce((sum, [bytes]) => sum + bytes, 0)).toBe(written);
    expect(await contents(two)).toEqual(files);
    // Chunks of whole rows, of some MiB.
    expect(Object.keys(files).filter((key) => key.startsWith('Wide and far/ä/c/'))).toHaveLength(2);
    for (const step of [Infinity, 2]) expect(await readBack(one, step)).toEqual(expected);
    expect((await readdir(folder.path)).sort()).toEqual(['one.zarr', 'two.zarr']);
  });

  test('of one array without a name is that array, and not a group', async () => {
    const file = path.join(folder.path, 'alone');
    const array = arrayToWrite('', 'int16', [3], bytesOf(6));
    await writeArrayFile(file, [array], { format: 'zarr' });
    expect(await readBack(file)).toEqual({
      '': { dtype: 'int16', shape: [3], hash: digest(bytesOf(6)) },
    });
    await writeArrayFile(path.join(folder.path, 'none.zarr'), []);
    expect(await readBack(path.join(folder.path, 'none.zarr'))).toEqual({});
  });

  test('is refused where a byte of a chunk has become another', async () => {
    const file = path.join(folder.path, 'hurt.zarr');
    await writeArrayFile(file, [arrayToWrite('a', 'int16', [3], bytesOf(6))]);
    const chunk = path.join(file, 'a/c/0');
    const bytes = await readFile(chunk);
    await writeFile(
      chunk,
      bytes.map((byte, i) => (i === 2 ? byte ^ 16 : byte)),
    );
    const error = await failure(readBack(file));
    expect([error.code, error.message]).toEqual([
      'InvalidArgument',
      expect.stringContaining('its CRC32C is'),
    ]);
  });

  test.runIf(python !== undefined)(
    'is read by Zarr of Python',
    async () => {
      if (python === undefined) return;
      const file = path.join(folder.path, 'python.zarr');
      await writeArrayFile(file, everything);
      const script = `
import hashlib, json, sys, zarr, numpy as np
g = zarr.open_group(sys.argv[1], mode='r')
assert g.metadata.consolidated_metadata is not None
out = {}
for name, z in g.members(max_depth=None):
    if isinstance(z, zarr.Array):
        a = np.asarray(z[...])
        out[name] = [a.dtype.name, list(a.shape), hashlib.sha256(a.tobytes()).hexdigest()]
json.dump(out, sys.stdout)
`;
      const out = await runPython(script, [file], { python });
      const wanted = Object.entries(expected).map(([name, { dtype, shape, hash }]) => [
        name,
        [dtype, shape, hash],
      ]);
      expect(JSON.parse(out.toString())).toEqual(Object.fromEntries(wanted));
    },
    60_000,
  );
});

describe('a Zarr is not written', () => {
  const one = arrayToWrite('a', 'int16', [3], bytesOf(6));

  test('over a folder that holds something, or a file, which stay as they are', async () => {
    const full = path.join(folder.path, 'full.zarr');
    await mkdir(full);
    await writeArrayFile(full, [one]);
    const before = await contents(full);
    const error = await failure(writeArrayFile(full, [one]));
    expect([error.code, error.message]).toEqual(['AlreadyExists', expect.stringContaining('full.zarr')]);
    expect(await contents(full)).toEqual(before);
    const file = path.join(folder.path, 'file.zarr');
    await writeFile(file, 'x');
    expect((await failure(writeArrayFile(file, [one]))).code).toBe('InvalidArgument');
    expect(await readFile(file, 'utf8')).toBe('x');
  });

  test('into a bucket, a pipe, or a folder that is not there', async () => {
    for (const name of ['s3://bucket/x.zarr', 'gs://bucket/x.zarr'])
      expect((await failure(writeArrayFile(name, [one]))).message).toContain('to this machine only');
    expect((await failure(writeArrayFile('-', [one], { format: 'zarr' }))).message).toContain(
      'this machine only',
    );
    const deep = path.join(folder.path, 'not', 'there.zarr');
    expect((await failure(writeArrayFile(deep, [one]))).code).toBe('NotFound');
  });

  test.each(['', '..', '../a', '/a', 'a//b', 'a/../b', 'a\0', 'a\\b', '__a', 'b/zarr.json', '\ud800'])(
    'with an array of the name %j, and nothing is left behind',
    async (name) => {
      const before = await readdir(folder.path);
      const error = await failure(
        writeArrayFile(path.join(folder.path, 'named.zarr'), [
          one,
          arrayToWrite(name, 'int16', [3], bytesOf(6)),
        ]),
      );
      expect(error.code).toBe('InvalidArgument');
      expect(await readdir(folder.path)).toEqual(before);
    },
  );

  test('with an array twice, one within another, or rows that are not as many as said', async () => {
    const before = await readdir(folder.path);
    const file = path.join(folder.path, 'refused.zarr');
    const message = async (arrays: readonly ArrayToWrite[]): Promise<string> => {
      const error = await failure(writeArrayFile(file, arrays));
      expect(error.code).toBe('InvalidArgument');
      return error.message;
    };
    expect(await message([one, one])).toContain('is there twice');
    expect(await message([one, { ...one, array: 'a/b' }])).toContain("lies within the array 'a'");
    expect(await message([{ ...one, rows: 4 }])).toContain('are 8 bytes by their shape, 6 came');
    expect(await message([{ ...one, rows: 2 }])).toContain('are 4 bytes by their shape, 6 came');
    const wide = { dtype: 'uint8', rowShape: [2 ** 30], scalar: false } as const;
    expect(await message([{ ...one, type: wide }])).toContain('has rows of 1073741824 bytes');
    expect(await readdir(folder.path)).toEqual(before);
  });

  test('on after its signal', async () => {
    const before = await readdir(folder.path);
    const controller = new AbortController();
    const array: ArrayToWrite = {
      ...one,
      *pieces() {
        controller.abort();
        yield bytesOf(6);
      },
    };
    const call = writeArrayFile(path.join(folder.path, 'aborted.zarr'), [array], {
      signal: controller.signal,
    });
    expect((await failure(call)).code).toBe('Aborted');
    expect(await readdir(folder.path)).toEqual(before);
  });
});
