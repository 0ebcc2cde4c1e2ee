// Against NumPy itself: what it writes is read, what is written it reads and would have written the same.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dtype, dtypeNames, dtypes } from '../../src/npy/dtype.js';
import { float16ToNumber, numberToFloat16 } from '../../src/npy/float16.js';
import { encodeHeader } from '../../src/npy/header.js';
import { arrayBytes } from '../../src/npy/shape.js';
import { elementsOf, headerOf } from '../support/npy-file.js';
import { pythonWithNumpy, runPython } from '../support/python.js';

const python = await pythonWithNumpy();

function ones(dimensions: number): number[] {
  return Array.from({ length: dimensions }, () => 1);
}

/** Small enough to be saved for real. */
const savedShapes: readonly (readonly number[])[] = [
  [],
  [0],
  [1],
  [7],
  [0, 5],
  [3, 0],
  [10, 1],
  [2, 3, 4],
  [1, 1, 1, 1, 1],
  [0, 10 ** 15],
  ones(15),
  ones(16),
  ones(17),
  ones(32),
];

/** Only their headers are written; the second list walks the text over every boundary of the padding. */
const headerShapes: readonly (readonly number[])[] = [
  ...savedShapes,
  [2 ** 53 - 1],
  [60_000, 784],
  [1_000_000_000, 384],
  [999, 999, 999, 999],
  ...Array.from({ length: 15 }, (_, digits) => [10 ** digits]),
  ...Array.from({ length: 15 }, (_, digits) => [3, 10 ** digits]),
  ...Array.from({ length: 31 }, (_, dimensions) => [12_345, ...ones(dimensions)]),
];

interface Case {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

function cases(shapes: readonly (readonly number[])[], keep: (one: Case) => boolean = () => true): Case[] {
  return dtypeNames.flatMap((dtype) => shapes.map((shape) => ({ dtype, shape })).filter(keep));
}

const fits = ({ dtype, shape }: Case): boolean =>
  shape.reduce((product, dimension) => product * Math.max(dimension, 1), dtypes[dtype].itemBytes) < 2 ** 53;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nacre-npy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(python === undefined)('NumPy', () => {
  test('writes the same headers, byte for byte, for every dtype and many shapes', async () => {
    const all = cases(headerShapes, fits);
    const output = await runPython(
      `
import io, json, sys, numpy as np
headers = []
for case in json.load(sys.stdin):
    file = io.BytesIO()
    descr = np.lib.format.dtype_to_descr(np.dtype(case['dtype']))
    np.lib.format.write_array_header_1_0(
        file, {'descr': descr, 'fortran_order': False, 'shape': tuple(case['shape'])})
    headers.append(file.getvalue().hex())
json.dump(headers, sys.stdout)
`,
      [],
      { input: JSON.stringify(all) },
    );
    const headers = JSON.parse(output.toString()) as string[];
    expect(headers).toHaveLength(all.length);
    for (const [index, { dtype, shape }] of all.entries())
      expect([dtype, shape, Buffer.from(encodeHeader(dtype, shape)).toString('latin1')]).toEqual([
        dtype,
        shape,
        Buffer.from(headers[index] ?? '', 'hex').toString('latin1'),
      ]);
  });

  test('saves the same files with np.save, byte for byte', async () => {
    const all = cases(savedShapes, fits);
    await runPython(
      `
import json, os, sys, numpy as np
for index, case in enumerate(json.load(sys.stdin)):
    np.save(os.path.join(sys.argv[1], f'saved-{index}.npy'), np.zeros(case['shape'], case['dtype']))
`,
      [folder],
      { input: JSON.stringify(all) },
    );
    for (const [index, { dtype, shape }] of all.entries()) {
      const saved = await readFile(path.join(folder, `saved-${index}.npy`));
      const ours = Buffer.concat([encodeHeader(dtype, shape), new Uint8Array(arrayBytes(dtype, shape))]);
      expect([dtype, shape, saved.toString('latin1')]).toEqual([dtype, shape, ours.toString('latin1')]);
    }
  });

  test('loads what is written here, mapped too', async () => {
    const all = cases([[], [5], [3, 4], [2, 0], [2, 1, 3]]);
    for (const [index, { dtype, shape }] of all.entries()) {
      const data = Buffer.alloc(arrayBytes(dtype, shape), 1);
      await writeFile(path.join(folder, `ours-${index}.npy`), [encodeHeader(dtype, shape), data]);
    }
    const output = await runPython(
      `
import json, os, sys, numpy as np
for index, case in enumerate(json.load(sys.stdin)):
    path = os.path.join(sys.argv[1], f'ours-{index}.npy')
    for mode in [None, 'r'] if 0 not in case['shape'] else [None]:
        array = np.load(path, mmap_mode=mode)
        assert array.dtype == np.dtype(case['dtype']), (case, array.dtype)
        assert array.shape == tuple(case['shape']), (case, array.shape)
        assert array.tobytes() == b'\\x01' * array.nbytes, case
        assert array.flags.c_contiguous and array.flags.aligned, case
print('all loaded')
`,
      [folder],
      { input: JSON.stringify(all) },
    );
    expect(output.toString()).toBe('all loaded\n');
  });

  test('is read in versions 1.0, 2.0 and 3.0, both orders of bytes and of dimensions', async () => {
    const output = await runPython(
      `
import json, os, sys, numpy as np
files = []
for dtype in json.load(sys.stdin):
    for version in [(1, 0), (2, 0), (3, 0)]:
        for order in '<>':
            for fortran in [False, True]:
                array = np.arange(12).reshape(3, 4).astype(np.dtype(dtype).newbyteorder(order))
                if fortran: array = np.asfortranarray(array)
                name = f'read-{len(files)}.npy'
                with open(os.path.join(sys.argv[1], name), 'wb') as file:
                    np.lib.format.write_array(file, array, version=version)
                files.append({'name': name, 'dtype': dtype, 'version': '%d.%d' % version,
                              'big': order == '>' and np.dtype(dtype).str[0] != '|', 'fortran': fortran})
json.dump(files, sys.stdout)
`,
      [folder],
      { input: JSON.stringify(dtypeNames) },
    );
    interface Written {
      name: string;
      dtype: Dtype;
      version: string;
      big: boolean;
      fortran: boolean;
    }
    const files = JSON.parse(output.toString()) as Written[];
    expect(files).toHaveLength(14 * 3 * 2 * 2);
    for (const { name, dtype, version, big, fortran } of files) {
      const file = await readFile(path.join(folder, name));
      expect(headerOf(file)).toMatchObject({
        version,
        dtype,
        byteOrder: big ? 'big' : 'little',
        fortranOrder: fortran,
        shape: [3, 4],
        itemBytes: dtypes[dtype].itemBytes,
        dataBytes: 12 * dtypes[dtype].itemBytes,
      });
      expect([name, numbersOf(dtype, elementsOf(file))]).toEqual([name, countTo12(dtype, fortran)]);
    }
  });

  test('agrees on all 65,536 values of float16 and on rounding to them', async () => {
    const output = await runPython(`
import sys, numpy as np
halves = np.arange(65536, dtype=np.uint16).view(np.float16)
exact = halves.astype(np.float64)
near = np.sort(exact[np.isfinite(exact)])
rng = np.random.default_rng(16)
numbers = np.concatenate([
    (near[1:] + near[:-1]) / 2,                                # every tie
    np.nextafter((near[1:] + near[:-1]) / 2, np.inf),          # and both its neighbours
    np.nextafter((near[1:] + near[:-1]) / 2, -np.inf),
    rng.standard_normal(10000) * 10.0 ** rng.integers(-9, 6, 10000),
])
with np.errstate(over='ignore'):
    rounded = numbers.astype(np.float16).view(np.uint16)
sys.stdout.buffer.write(exact.tobytes() + numbers.tobytes() + rounded.tobytes())
`);
    const bytes = Uint8Array.from(output).buffer;
    const exact = new Float64Array(bytes, 0, 65_536);
    const count = (bytes.byteLength - exact.byteLength) / 10;
    const numbers = new Float64Array(bytes, exact.byteLength, count);
    const rounded = new Uint16Array(bytes, exact.byteLength + numbers.byteLength, count);
    expect(Float64Array.from(exact, (_, bits) => float16ToNumber(bits))).toEqual(exact);
    expect(Uint16Array.from(numbers, numberToFloat16)).toEqual(rounded);
  });
});

/** Elements as numbers; the real parts of complex ones. */
function numbersOf(dtype: Dtype, elements: ArrayLike<number | bigint>): number[] {
  const numbers = Array.from(elements, (element) =>
    dtype === 'float16' ? float16ToNumber(Number(element)) : Number(element),
  );
  return dtypes[dtype].kind === 'complex' ? numbers.filter((_, index) => index % 2 === 0) : numbers;
}

/** 0 to 11 in the order in which a 3 x 4 array of them is stored. */
function countTo12(dtype: Dtype, fortran: boolean): number[] {
  const stored = Array.from({ length: 12 }, (_, i) => (fortran ? (i % 3) * 4 + Math.floor(i / 3) : i));
  return dtype === 'bool' ? stored.map((value) => Math.min(value, 1)) : stored;
}
