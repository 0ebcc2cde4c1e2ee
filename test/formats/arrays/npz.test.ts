import { mkdtemp, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ArrayToWrite } from '../../../src/formats/arrays/array-file.js';
import { readNpz, writeNpz } from '../../../src/formats/arrays/npz.js';
import { dtypeNames, dtypes } from '../../../src/npy/dtype.js';
import {
  arrayToWrite,
  type ReadArray,
  readAll,
  readBytes,
  temporaryFolder,
  withArrays,
  written,
} from '../../support/array-files.js';
import { dataPath } from '../../support/data.js';
import { failure } from '../../support/failure.js';
import { dict, npyFile } from '../../support/npy-file.js';
import { pythonWithNumpy, runPython } from '../../support/python.js';
import { serversUnderTest } from '../../support/servers/index.ts';
import { openTestStore } from '../../support/servers/open.ts';
import { zip64End, zip64Extra, zipFile } from '../../support/zip-file.js';

const folder = temporaryFolder();

function bytesFor(dtype: keyof typeof dtypes, shape: readonly number[], seed: number): Uint8Array {
  const count = shape.reduce((product, length) => product * length, dtypes[dtype].itemBytes);
  return Uint8Array.from(
    { length: count },
    (_, i) => ((i * 31 + seed * 17) >> 2) % (dtype === 'bool' ? 2 : 256),
  );
}

const named = fc.record({
  dtype: fc.constantFrom(...dtypeNames),
  shape: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
  pieceBytes: fc.integer({ min: 1, max: 100 }),
});

/** Any names that are relative paths: of letters, of accents, of signs beyond 16 bits. */
const names = fc.uniqueArray(
  fc.stringMatching(/^[a-zé漢😀][a-z0-9é漢😀 .-]{0,8}(\/[a-zé漢😀][a-z0-9.]{0,4})?$/u),
  { minLength: 1, maxLength: 6 },
);

const files = names.chain((all) =>
  fc.tuple(...all.map((name) => named.map((array) => ({ name, ...array })))),
);

function toWrite(
  specs: readonly { name: string; dtype: keyof typeof dtypes; shape: number[]; pieceBytes: number }[],
): {
  readonly arrays: ArrayToWrite[];
  readonly expected: ReadonlyMap<string, ReadArray>;
} {
  const expected = new Map<string, ReadArray>();
  const arrays = specs.map(({ name, dtype, shape, pieceBytes }, i) => {
    const bytes = bytesFor(dtype, shape, i);
    expected.set(name, { dtype, shape, bytes: Buffer.from(bytes) });
    return arrayToWrite(name, dtype, shape, bytes, pieceBytes);
  });
  return { arrays, expected };
}

describe('by itself', () => {
  test('what is written is read as it was, by pieces of any size, and is the same bytes every time', async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.integer({ min: 1, max: 6 }), async (specs, step) => {
        const { arrays, expected } = toWrite(specs);
        const bytes = await written(writeNpz, arrays);
        expect(bytes.equals(await written(writeNpz, toWrite(specs).arrays))).toBe(true);
        const file = path.join(folder.path, 'round.npz');
        await writeFile(file, bytes);
        expect(await readAll(file, readNpz, step)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  test('no array at all is a file, too', async () => {
    expect((await readBytes(folder.path, 'none.npz', await written(writeNpz, []), readNpz)).size).toBe(0);
  });

  test('more arrays than the end of the file has room to name are read', async () => {
    const arrays = Array.from({ length: 2000 }, (_, i) =>
      arrayToWrite(`array/${i}`, 'int16', [1], new Uint8Array(Int16Array.of(i).buffer)),
    );
    const found = await readBytes(folder.path, 'many.npz', await written(writeNpz, arrays), readNpz);
    expect([...found.values()].map(({ bytes }) => bytes.readInt16LE())).toEqual(arrays.map((_, i) => i));
    expect(found.has('array/1999')).toBe(true);
  });

  test('names that cannot be, and rows that do not come, are refused', async () => {
    const array = (name: string, bytes = 8): ArrayToWrite =>
      arrayToWrite(name, 'float64', [1], new Uint8Array(bytes));
    for (const name of ['', '../x', '/x', 'a\\b', 'a\0', 'x'.repeat(70_000), '\ud800'])
      expect(await failure(written(writeNpz, [array(name)])), name.slice(0, 9)).toMatchObject({
        code: 'InvalidArgument',
      });
    expect((await failure(written(writeNpz, [array('a'), array('a')]))).message).toContain("'a.npy'");
    for (const bytes of [0, 7, 9])
      expect(await failure(written(writeNpz, [array('a', bytes)]))).toMatchObject({
        code: 'InvalidArgument',
      });
    const aborted = written(writeNpz, [array('a')], { signal: AbortSignal.abort() });
    expect(await failure(aborted)).toMatchObject({ code: 'Aborted' });
  });

  test('rows of a deflated entry are read forwards, backwards, and side by side', async () => {
    const data = new Uint8Array(new Uint32Array(1_500_000).map((_, i) => i * 7).buffer);
    const bytes = npyFile({ header: dict("'<u4'", 'False', '(300000, 5)'), data });
    const file = path.join(folder.path, 'back.npz');
    await writeFile(file, zipFile([{ name: 'a.npy', bytes, deflated: true }]));
    await withArrays(file, readNpz, async ({ arrays: [array] }) => {
      if (array === undefined) throw new Error('there is an array');
      const same = async (start: number, end: number): Promise<void> => {
        const rows = await array.read(start, end, { into: new Uint8Array((end - start) * 20) });
        expect(Buffer.compare(rows, data.subarray(start * 20, end * 20)), `rows ${start} to ${end}`).toBe(0);
      };
      await same(10, 20);
      await same(0, 5);
      await same(1000, 200_000);
      await same(299_990, 300_000);
      await same(5, 6);
      await Promise.all([same(250_000, 300_000), same(0, 300_000), same(77, 78)]);
    });
  });

  test('memory that rows are for gets rows alone, though they come from a copy', async () => {
    const data = new Uint8Array(4 * 2 ** 20);
    for (let i = 0, x = 1; i < data.length; i++) {
      x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
      data[i] = x >>> 24;
    }
    const bytes = npyFile({ header: dict("'|u1'", 'False', `(${data.length},)`), data });
    const file = path.join(folder.path, 'into.npz');
    await writeFile(file, zipFile([{ name: 'a.npy', bytes, deflated: true }]));
    await withArrays(file, readNpz, async ({ arrays: [array] }) => {
      await array?.read(0, data.length);
      // As long as one read of packed bytes.
      const into = new Uint8Array(2 ** 20);
      const rows = await array?.read(5, 5 + into.length, { into });
      expect(Buffer.compare(rows ?? into, data.subarray(5, 5 + into.length))).toBe(0);
    });
  });

  test('the first rows of an entry that inflates to much take little memory', async () => {
    const length = 2 ** 28;
    const bytes = npyFile({ header: dict("'|u1'", 'False', `(${length},)`), data: length });
    const file = path.join(folder.path, 'much.npz');
    await writeFile(file, zipFile([{ name: 'a.npy', bytes, deflated: true }]));
    await withArrays(file, readNpz, async ({ arrays: [array] }) => {
      const before = process.memoryUsage().external;
      expect(await array?.read(1000, 1004)).toEqual(new Uint8Array(4));
      expect(process.memoryUsage().external - before).toBeLessThan(2 ** 26);
    });
  });

  test('zip64 fields are read where they are needed and where they are not', async () => {
    const bytes = npyFile({
      header: dict("'|u1'", 'False', '(8,)'),
      data: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]),
    });
    const size = bytes.length;
    const large = { size: 0xffffffff, packedSize: 0xffffffff, extra: zip64Extra(size, size) };
    const expected = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]);
    const cases = [
      zipFile([{ name: 'a.npy', bytes, ...large }]),
      zipFile([
        {
          name: 'a.npy',
          bytes,
          ...large,
          offset: 0xffffffff,
          extra: zip64Extra(size, size, 0),
          local: { extra: zip64Extra(size, size) },
        },
      ]),
      zipFile([{ name: 'a.npy', bytes, flags: 8, local: { size: 0, packedSize: 0, crc: 0 } }]),
      // An extra field that is longer than what is read at once of the local header.
      zipFile([
        {
          name: 'a.npy',
          bytes,
          ...large,
          local: { extra: Buffer.concat([Uint8Array.of(9, 9, 200, 0), new Uint8Array(200), large.extra]) },
        },
      ]),
      zipFile([{ name: 'a.npy', bytes }], {
        entries: 0xffff,
        directoryOffset: 0xffffffff,
        directorySize: 0xffffffff,
        between: (at, length) => zip64End(at + length, { entries: 1, size: length, offset: at }),
      }),
    ];
    for (const [i, file] of cases.entries())
      expect((await readBytes(folder.path, 'large.npz', file, readNpz)).get('a')?.bytes, `case ${i}`).toEqual(
        expected,
      );
  });
});

describe('against NumPy', () => {
  const script = `
import json, sys, numpy as np
rng = np.random.default_rng(7)
folder = sys.argv[1]
for i, specs in enumerate(json.load(sys.stdin)):
    arrays = {}
    for spec in specs:
        dtype = np.dtype(spec['dtype'])
        count = int(np.prod(spec['shape'], dtype=np.int64))
        most = 2 if dtype == np.bool_ else 256
        raw = rng.integers(0, most, count * dtype.itemsize, dtype=np.uint8).tobytes()
        a = np.frombuffer(raw, dtype.newbyteorder('<')).reshape(spec['shape'])
        with open(f"{folder}/{i}.{spec['key']}.raw", 'wb') as f: f.write(raw)
        if spec['big']:
            a = np.frombuffer(a.byteswap().tobytes(), dtype.newbyteorder('>')).reshape(spec['shape'])
        arrays[spec['name']] = np.asarray(a, order=spec['order'])
    (np.savez_compressed if i % 2 else np.savez)(f'{folder}/{i}.npz', **arrays)
`;

  test('every dtype, shape, order and byte order of np.savez and np.savez_compressed is read', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    const stored = named.chain((array) =>
      fc
        .record({ order: fc.constantFrom('C', 'F'), big: fc.boolean() })
        .map((more) => ({ ...array, ...more })),
    );
    const saved = names.chain((all) =>
      fc.tuple(...all.map((name, key) => stored.map((array) => ({ name, key, ...array })))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(saved, { minLength: 30, maxLength: 30 }), async (specs) => {
        const home = await mkdtemp(path.join(folder.path, 'numpy-'));
        await runPython(script, [home], { input: JSON.stringify(specs) });
        for (const [i, arrays] of specs.entries()) {
          const found = await readAll(path.join(home, `${i}.npz`), readNpz, (i % 5) + 1);
          const expected = new Map<string, ReadArray>();
          for (const { name, key, dtype, shape } of arrays)
            expected.set(name, { dtype, shape, bytes: await readFile(path.join(home, `${i}.${key}.raw`)) });
          expect(found).toEqual(expected);
        }
      }),
      // The failing array is named as it is; making it smaller would run Python hundreds of times.
      { numRuns: 3, endOnFailure: true },
    );
  });

  test('np.load and zipfile read what is written, names and all', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    await fc.assert(
      fc.asyncProperty(fc.array(files, { minLength: 30, maxLength: 30 }), async (all) => {
        const home = await mkdtemp(path.join(folder.path, 'written-'));
        for (const [i, specs] of all.entries()) {
          const { arrays, expected } = toWrite(specs);
          await writeFile(path.join(home, `${i}.npz`), await written(writeNpz, arrays));
          for (const [key, { bytes }] of [...expected.values()].entries())
            await writeFile(path.join(home, `${i}.${key}.raw`), bytes);
        }
        await runPython(
          `
import json, sys, numpy as np, zipfile
folder = sys.argv[1]
for i, specs in enumerate(json.load(sys.stdin)):
    with zipfile.ZipFile(f'{folder}/{i}.npz') as z:
        assert z.testzip() is None
        assert z.namelist() == [s['name'] + '.npy' for s in specs], z.namelist()
        assert all(e.date_time == (1980, 1, 1, 0, 0, 0) for e in z.infolist())
    with np.load(f'{folder}/{i}.npz') as f:
        assert f.files == [s['name'] for s in specs], f.files
        for key, s in enumerate(specs):
            a = f[s['name']]
            assert a.dtype == np.dtype(s['dtype']) and list(a.shape) == s['shape'], (a.dtype, a.shape, s)
            assert a.tobytes() == open(f'{folder}/{i}.{key}.raw', 'rb').read(), s
`,
          [home],
          { input: JSON.stringify(all) },
        );
      }),
      { numRuns: 2, endOnFailure: true },
    );
  });

  test('names of code page 437 are what Python reads', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    const every = Uint8Array.from({ length: 128 }, (_, i) => 128 + i);
    const bytes = npyFile({ header: dict("'|u1'", 'False', '(0,)') });
    const file = path.join(folder.path, 'cp437.npz');
    await writeFile(file, zipFile([{ name: Buffer.concat([every, Buffer.from('.npy')]), bytes }]));
    const [name = ''] = (await readAll(file, readNpz)).keys();
    const python = await runPython(
      'import sys, numpy as np; sys.stdout.buffer.write(np.load(sys.argv[1]).files[0].encode())',
      [file],
    );
    expect(name).toBe(python.toString());
  });

  test('entries of more than 4 GiB, and behind 4 GiB, are written and read', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    const size = 2 ** 32 + 10;
    const zeros = new Uint8Array(8 * 2 ** 20);
    const large: ArrayToWrite = {
      array: 'large',
      type: { dtype: 'int8', rowShape: [], scalar: false },
      rows: size,
      *pieces() {
        for (let left = size; left > 0; left -= zeros.length)
          yield zeros.subarray(0, Math.min(left, zeros.length));
      },
    };
    const small = arrayToWrite('small', 'int8', [3], Uint8Array.of(1, 2, 3));
    const file = path.join(folder.path, 'large.npz');
    const handle = await open(file, 'w');
    let at = 0;
    for await (const piece of writeNpz([large, small], {})) {
      // Zeros are left out, so that the disk holds none of them.
      if (piece.buffer !== zeros.buffer) await handle.write(piece, 0, piece.length, at);
      at += piece.length;
    }
    await handle.close();
    await withArrays(file, readNpz, async ({ arrays }) => {
      expect(arrays.map(({ array, rows }) => [array, rows])).toEqual([
        ['large', size],
        ['small', 3],
      ]);
      const [first, second] = arrays;
      // Not in order from the beginning: its sum takes long, and the tests of small ones compare it.
      expect(await first?.read(size - 3, size)).toEqual(new Uint8Array(3));
      expect(await second?.read(0, 3)).toEqual(Uint8Array.of(1, 2, 3));
    });
    await runPython(
      `
import sys, numpy as np, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    sizes = {e.filename: e.file_size for e in z.infolist()}
    assert sizes == {'large.npy': ${size} + 128, 'small.npy': 131}
    with z.open('large.npy') as f:
        assert f.read(128)[:6] == b'\\x93NUMPY'
with np.load(sys.argv[1]) as f:
    assert f['small'].tolist() == [1, 2, 3]
`,
      [file],
    );
  });

  test('a file that NumPy wrote into a pipe is read', async (context) => {
    if ((await pythonWithNumpy()) === undefined) context.skip();
    const bytes = await runPython(`
import sys, numpy as np
class Pipe:
    def write(self, b): return sys.stdout.buffer.write(b)
    def flush(self): sys.stdout.buffer.flush()
    def read(self, n): raise OSError('a pipe is written to')
np.savez(Pipe(), a=np.arange(5, dtype='<i4'), b=np.float64(2.5))`);
    const arrays = await readBytes(folder.path, 'pipe.npz', bytes, readNpz);
    expect(arrays.get('a')?.bytes).toEqual(Buffer.from(Int32Array.of(0, 1, 2, 3, 4).buffer));
    expect(arrays.get('b')).toMatchObject({ dtype: 'float64', shape: [] });
  });
});

describe.each(serversUnderTest())('in a bucket of %s', (name) => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('entries of every kind are read by ranges, those in Fortran order from a copy', async () => {
    const place = await openTestStore(name);
    try {
      for (const [variable, value] of Object.entries(place.env)) vi.stubEnv(variable, value);
      const data = bytesFor('int32', [300, 40], 1);
      const header = dict("'<i4'", 'False', '(300, 40)');
      const turned = dict("'<i4'", 'True', '(300, 40)');
      const file = zipFile([
        { name: 'stored.npy', bytes: npyFile({ header, data }) },
        { name: 'deflated.npy', bytes: npyFile({ header, data }), deflated: true },
        { name: 'fortran.npy', bytes: npyFile({ header: turned, data }) },
        { name: 'fortran-deflated.npy', bytes: npyFile({ header: turned, data }), deflated: true },
      ]);
      await place.store.put('x.npz', file);
      const local = path.join(folder.path, 'bucket.npz');
      await writeFile(local, file);
      expect(await readAll(`${place.uri}/x.npz`, readNpz, 70)).toEqual(await readAll(local, readNpz));
    } finally {
      await place.dispose();
    }
  });
});

describe('real files', () => {
  test('of numpyio and of candle', async (context) => {
    const torch = dataPath('torch-safetensors', 'test.npz');
    const npyio = dataPath('npy', 'npyio');
    if (torch === undefined || npyio === undefined) return context.skip();
    const floats = (...values: number[]): Buffer => Buffer.from(Float64Array.from(values).buffer);
    for (const [order, ...values] of [
      ['c', 0, 1, 2, 3, 4, 5],
      ['f', 0, 2, 4, 1, 3, 5],
    ] as const) {
      const arrays = await readAll(path.join(npyio, `data_float64_${order}order.npz`), readNpz, 1);
      expect(arrays).toEqual(
        new Map([
          ['arr1', { dtype: 'float64', shape: [6, 1], bytes: floats(0, 1, 2, 3, 4, 5) }],
          ['arr0', { dtype: 'float64', shape: [2, 3], bytes: floats(...values) }],
        ]),
      );
    }
    const arrays = await readAll(torch, readNpz);
    expect([...arrays].map(([name, { dtype, shape }]) => [name, dtype, shape])).toMatchInlineSnapshot(`
      [
        [
          "x",
          "int64",
          [
            10,
          ],
        ],
        [
          "x_plus_one",
          "int64",
          [
            10,
          ],
        ],
      ]
    `);
  });
});
