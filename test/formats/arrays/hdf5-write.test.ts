// Arrays written as HDF5: what is refused, and that the same bytes come back, by this product and by h5py.
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FileArray, OpenedArrays } from '../../../src/formats/arrays/array-file.js';
import { readHdf5 } from '../../../src/formats/arrays/hdf5.js';
import { writeHdf5 } from '../../../src/formats/arrays/hdf5/write.js';
import type { RandomAccess } from '../../../src/formats/random-access.js';
import type { ArrayToWrite } from '../../../src/index.js';
import { openArrayFile, writeArrayFile } from '../../../src/index.js';
import { dtypeNames, dtypes } from '../../../src/npy/dtype.js';
import {
  arrayToWrite,
  bytesOf,
  badFiles,
  readAll,
  temporaryFolder,
  withArrays,
  written,
} from '../../support/array-files.js';
import { failure } from '../../support/failure.js';
import { pythonWithHdf5, runPython } from '../../support/python.js';

const folder = temporaryFolder();
const python = await pythonWithHdf5();

const everything: readonly ArrayToWrite[] = [
  ...dtypeNames.flatMap((dtype) => {
    const { itemBytes } = dtypes[dtype];
    return [
      arrayToWrite(`d/${dtype}`, dtype, [5, 3], bytesOf(15 * itemBytes), 7),
      arrayToWrite(`scalars/deep/${dtype}`, dtype, [], bytesOf(itemBytes)),
      arrayToWrite(`no rows/${dtype}`, dtype, [0, 4], new Uint8Array(0)),
    ];
  }),
  arrayToWrite('nothing', 'int8', [4, 0], new Uint8Array(0)),
  arrayToWrite(
    'd/32 axes',
    'int8',
    Array.from({ length: 32 }, () => 1),
    bytesOf(1),
  ),
  arrayToWrite('Wide and far/ä', 'uint8', [7, 2 ** 18], bytesOf(7 * 2 ** 18), 2 ** 17),
];

const pieceBytes = ({ pieces }: ArrayToWrite): Buffer =>
  Buffer.concat([...(pieces() as Iterable<Uint8Array>)]);

const shapeOf = ({ type, rows }: ArrayToWrite): number[] => (type.scalar ? [] : [rows, ...type.rowShape]);

const one = arrayToWrite('a', 'int16', [3], bytesOf(6));

describe('HDF5 is not written', () => {
  test.each(['', '/', '/a', 'a/', 'b//c', '.', '..', 'b/../c', 'b/./c', 'a\0', '\ud800'])(
    'with an array of the name %j, and nothing is left behind',
    async (name) => {
      const before = await readdir(folder.path);
      const array = arrayToWrite(name, 'int16', [3], bytesOf(6));
      const error = await failure(writeArrayFile(path.join(folder.path, 'named.h5'), [one, array]));
      expect([error.code, error.hint]).toEqual(['InvalidArgument', expect.stringContaining('name')]);
      expect(await readdir(folder.path)).toEqual(before);
    },
  );

  test('with an array twice, one within another, or rows that are not as many as said', async () => {
    const before = await readdir(folder.path);
    const message = async (...arrays: ArrayToWrite[]): Promise<string> => {
      const error = await failure(writeArrayFile(path.join(folder.path, 'refused.h5'), arrays));
      expect(error.code).toBe('InvalidArgument');
      return error.message;
    };
    const below = { ...one, array: 'a/b' };
    const long = { ...one, array: `g/${'x'.repeat(65_001)}` };
    expect(await message(long)).toContain('has a name of more than 65000 bytes');
    expect(await message(one, one)).toContain('is there twice');
    expect(await message(one, below)).toContain("'a/b' lies within the array 'a'");
    expect(await message(below, one)).toContain("'a' has the name of a group");
    expect(await message({ ...one, rows: 4 })).toContain('are 8 bytes by their shape, 6 came');
    expect(await message({ ...one, rows: 2 })).toContain('are 4 bytes by their shape, 6 came');
    expect(await message({ ...one, rows: 0 })).toContain('are 0 bytes by their shape, 6 came');
    const huge = { dtype: 'uint8', rowShape: [2 ** 53 - 1], scalar: false } as const;
    expect(await message({ ...one, type: huge })).toContain('more than 2^53-1 bytes');
    const axes = { dtype: 'int8', rowShape: Array.from({ length: 32 }, () => 1), scalar: false } as const;
    expect(await message({ ...one, type: axes })).toContain('33 dimensions, at most 32');
    expect(await readdir(folder.path)).toEqual(before);
  });

  test('with more members of a group, or names of them, than readers take', async () => {
    const many = (count: number, name: (i: number) => string): ArrayToWrite[] =>
      Array.from({ length: count }, (_, i) => ({ ...one, array: name(i) }));
    const message = async (arrays: readonly ArrayToWrite[]): Promise<string> => {
      const error = await failure(written(writeHdf5, arrays));
      expect([error.code, error.hint]).toEqual(['InvalidArgument', expect.stringContaining('several files')]);
      return error.message;
    };
    expect(await message(many(65_001, String))).toContain('a group of 65001 members');
    expect(await message(many(300, (i) => `${'x'.repeat(64_000)}${i}`))).toContain('bytes of names');
    expect(await message(many(100_001, (i) => `${i % 10}/${i}`))).toContain('more than 100000');
  });

  test('into a bucket, or on after its signal', async () => {
    const before = await readdir(folder.path);
    expect((await failure(writeArrayFile('s3://bucket/x.h5', [one]))).message).toContain('this machine only');
    const controller = new AbortController();
    const array: ArrayToWrite = {
      ...one,
      *pieces() {
        controller.abort();
        yield bytesOf(6);
      },
    };
    const { signal } = controller;
    const call = writeArrayFile(path.join(folder.path, 'aborted.h5'), [array], { signal });
    expect((await failure(call)).code).toBe('Aborted');
    expect(await readdir(folder.path)).toEqual(before);
  });
});

describe('a file that broke on its way', () => {
  const { refusal } = badFiles(folder, 'broken.h5', readHdf5);

  test('is refused wherever it was cut', async () => {
    const bytes = await written(writeHdf5, [one, { ...one, array: 'g/b' }]);
    for (let end = 0; end < bytes.byteLength; end++)
      expect((await refusal(bytes.subarray(0, end))).code).toBe('InvalidArgument');
  });

  test('is refused where a byte of a name, a shape, a type or an address is another', async () => {
    const bytes = await written(writeHdf5, [one, { ...one, array: 'g/b' }]);
    // Headers come first, and then a gap of zeros.
    const data = bytes.byteLength - 64 - 6;
    expect(bytes.subarray(data, data + 6).equals(bytesOf(6))).toBe(true);
    const gaps = [...gapsOf(bytes.subarray(0, data))];
    expect(gaps.length).toBeLessThan(128);
    for (let at = 0; at < data; at++) {
      if (gaps.includes(at)) continue;
      const hurt = Buffer.from(bytes);
      hurt[at] = (hurt[at] ?? 0) ^ 0x40;
      expect(`${at} ${(await refusal(hurt)).code}`).toMatch(/InvalidArgument|UnsupportedFormat/);
    }
  });

  test('is refused when its bytes went through a pipe that ended early', async () => {
    const array = arrayToWrite('a', 'uint8', [2 ** 20], bytesOf(2 ** 20), 2 ** 16);
    const pieces: Uint8Array[] = [];
    for await (const piece of writeHdf5([array], {})) {
      if (pieces.length > 5) break;
      pieces.push(piece);
    }
    expect((await refusal(Buffer.concat(pieces))).message).toMatch(/the file should have \d+ bytes/);
  });
});

/** Places between headers: behind each one up to the next multiple of eight, and before the numbers. */
function* gapsOf(headers: Uint8Array): Generator<number> {
  const view = new DataView(headers.buffer, headers.byteOffset, headers.byteLength);
  let at = 48;
  while (at < headers.byteLength) {
    const isHeader = headers.byteLength - at > 10 && view.getUint32(at, true) === 0x5244484f;
    if (isHeader) at += 10 + view.getUint32(at + 6, true) + 4;
    else yield at++;
  }
}

describe('HDF5 that is written', () => {
  test('has the same arrays when it is read, in their order, and the same bytes again', async () => {
    const file = path.join(folder.path, 'everything.hdf5');
    const sizeBytes = await writeArrayFile(file, everything);
    expect((await readFile(file)).byteLength).toBe(sizeBytes);
    expect((await readFile(file)).equals(await written(writeHdf5, everything))).toBe(true);
    for (const step of [Infinity, 2]) {
      const found = await readAll(file, readHdf5, step);
      expect([...found.keys()].sort()).toEqual(everything.map(({ array }) => array).sort());
      for (const array of everything) {
        const { dtype, shape, bytes } = found.get(array.array) ?? {};
        expect([dtype, shape]).toEqual([array.type.dtype, shapeOf(array)]);
        expect(bytes?.equals(pieceBytes(array))).toBe(true);
      }
    }
    const names = ['z', 'b/y', 'a', 'b/x'];
    const few = await written(
      writeHdf5,
      names.map((array) => ({ ...one, array })),
    );
    await writeFile(file, few);
    expect([...(await readAll(file, readHdf5)).keys()]).toEqual(['z', 'b/y', 'b/x', 'a']);
    await writeFile(file, await written(writeHdf5, []));
    expect((await readAll(file, readHdf5)).size).toBe(0);
  });

  test('holds thousands of arrays in one group', async () => {
    const arrays = Array.from({ length: 5000 }, (_, i) =>
      arrayToWrite(`layers/array-${i}`, 'int32', [2], new Uint8Array(Int32Array.of(i, i + 1).buffer)),
    );
    const file = path.join(folder.path, 'many.h5');
    await writeArrayFile(file, arrays);
    const opened = await openArrayFile(file);
    expect([opened.format, opened.arrays.length]).toEqual(['hdf5', 5000]);
    for (const i of [0, 1234, 4999]) {
      const rows = Buffer.from((await opened.arrays[i]?.read(0, 2)) ?? []);
      expect([rows.readInt32LE(0), rows.readInt32LE(4)]).toEqual([i, i + 1]);
    }
    await opened.close();
    if (python === undefined) return;
    const script = `
import h5py, sys
with h5py.File(sys.argv[1], 'r') as f:
    g = f['layers']
    print(len(g), all(g[n][...].tolist() == [int(n[6:]), int(n[6:]) + 1] for n in g))
`;
    expect((await runPython(script, [file], { python })).toString().trim()).toBe('5000 True');
  }, 60_000);

  test('is of numbers that lie in the file as they are', async () => {
    const bytes = await written(writeHdf5, everything);
    for (const array of everything.filter(({ type }) => type.dtype === 'complex64' && !type.scalar))
      expect(bytes.includes(pieceBytes(array))).toBe(true);
  });
});

describe.runIf(python !== undefined)('h5py', () => {
  test('reads the same arrays, their types its own, and np.memmap their bytes', async () => {
    if (python === undefined) return;
    const file = path.join(folder.path, 'python.h5');
    await writeArrayFile(file, everything);
    const script = `
import h5py, hashlib, json, sys, numpy as np
out = {}
def look(name, d):
    if not isinstance(d, h5py.Dataset): return
    a = d[...]
    at = d.id.get_offset()
    assert d.chunks is None and d.compression is None and (at is None) == (a.size == 0)
    if at is not None:
        assert at % 64 == 0
        mapped = np.memmap(sys.argv[1], d.dtype, 'r', at, d.shape)
        assert mapped.tobytes() == a.tobytes()
    out[name] = [a.dtype.name, list(a.shape), hashlib.sha256(a.tobytes()).hexdigest()]
with h5py.File(sys.argv[1], 'r') as f:
    f.visititems(look)
json.dump(out, sys.stdout)
`;
    const found = JSON.parse((await runPython(script, [file], { python })).toString()) as object;
    const expected = everything.map((array) => [
      array.array,
      [array.type.dtype, shapeOf(array), createHash('sha256').update(pieceBytes(array)).digest('hex')],
    ]);
    expect(found).toEqual(Object.fromEntries(expected));
  }, 60_000);

  test('writes into it as into its own, and refuses what was cut or has other headers', async () => {
    if (python === undefined) return;
    const file = path.join(folder.path, 'changed.h5');
    const bytes = await written(writeHdf5, [one, { ...one, array: 'g/b' }]);
    await writeFile(file, bytes);
    await writeFile(`${file}.cut`, bytes.subarray(0, -1));
    await writeFile(
      `${file}.hurt`,
      bytes.map((byte, i) => (i === 60 ? byte ^ 1 : byte)),
    );
    const script = `
import h5py, sys, numpy as np
with h5py.File(sys.argv[1], 'a') as f:
    f['g/b'][1] = 7
    for i in range(20): f[f'g/more{i}'] = np.arange(i)
    del f['a']
with h5py.File(sys.argv[1], 'r') as f: print(sorted(f), len(f['g']), f['g/b'][...].tolist())
for end in ('.cut', '.hurt'):
    try:
        h5py.File(sys.argv[1] + end, 'r')['g']
        print('read')
    except OSError: print('refused')
    except KeyError: print('refused')
`;
    const out = (await runPython(script, [file], { python })).toString().trim().split('\n');
    expect(out).toEqual(["['g'] 21 [1, 7, 0]", 'refused', 'refused']);
    // h5py made a heap and a tree of what were messages.
    expect((await readAll(file, readHdf5)).size).toBe(21);
  }, 60_000);

  test('reads what large chunks of it were, in pieces and in memory that is given', async () => {
    if (python === undefined) return;
    const file = path.join(folder.path, 'chunks.h5');
    const script = `
import h5py, hashlib, json, sys, numpy as np
rng = np.random.default_rng(0)
a = rng.integers(0, 1000, (5000, 40)).astype('<i4')
out = {}
with h5py.File(sys.argv[1], 'w') as f:
    for i, how in enumerate([{}, dict(compression=4), dict(compression=1, shuffle=True),
            dict(compression=1, shuffle=True, fletcher32=True), dict(fletcher32=True), dict(shuffle=True)]):
        for chunk in [(1000, 40), (777, 40), (1200, 33)]:
            f.create_dataset(f'{i}/{chunk}', data=a, chunks=chunk, **how)
        f.create_dataset(f'{i}/wide', data=a.reshape(-1), chunks=(70000,), **how)
print(hashlib.sha256(a.tobytes()).hexdigest())
`;
    const hash = (await runPython(script, [file], { python })).toString().trim();
    const checkAll = async ({ arrays }: OpenedArrays): Promise<void> => {
      expect(arrays.length).toBe(24);
      for (const array of arrays)
        for (const step of [array.rows, Math.floor(array.rows / 3)])
          expect(`${array.name} ${await hashInPieces(array, step)}`).toBe(`${array.name} ${hash}`);
    };
    await withArrays(file, readHdf5, checkAll);
    // A store may give what it goes on using: nothing of it is given back.
    const stored = new Uint8Array(await readFile(file));
    const before = createHash('sha256').update(stored).digest('hex');
    const access: RandomAccess = {
      ...{ name: 'stored', sizeBytes: stored.byteLength, remote: true, reopens: true },
      read: (position, length) => Promise.resolve(stored.subarray(position, position + length)),
      close: () => Promise.resolve(),
    };
    const opened = await readHdf5(access, {});
    await checkAll(opened);
    await opened.close();
    expect(createHash('sha256').update(stored).digest('hex')).toBe(before);
  }, 60_000);
});

/** Each piece but the first in the memory of the one before, where that is as long. */
async function hashInPieces(array: FileArray, step: number): Promise<string> {
  const whole = createHash('sha256');
  let spare: Uint8Array | undefined;
  for (let at = 0; at < array.rows; at += step) {
    const end = Math.min(array.rows, at + step);
    const length = (end - at) * (array.type.rowShape[0] ?? 1) * 4;
    const into = spare?.subarray(0, length) ?? Buffer.alloc(length, 9);
    spare = await array.read(at, end, { into });
    whole.update(spare);
  }
  return whole.digest('hex');
}
