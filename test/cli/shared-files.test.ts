// Every file of arrays in the shared data through the command line: imported, exported and as NumPy or
// pyarrow reads it, or refused by its name.
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNpz } from '../../src/formats/arrays/npz.js';
import { readAll } from '../support/array-files.js';
import { dataPath } from '../support/data.js';
import { expectedArrays } from '../support/hdf5-files.js';
import { pythonWithNumpy, runPython } from '../support/python.js';
import { contentOf, versionOf } from './array-files.js';
import { answer, nacre, scratch } from './support.js';

const folder = await scratch();
const python = await pythonWithNumpy();
let count = 0;

/** Imports all arrays of the files into a new dataset and gives a .npz with what it holds then. */
async function through(files: readonly string[], ...options: string[]): Promise<string> {
  const uri = path.join(folder, `dataset-${count++}`);
  await answer(['import', uri, '-', ...files, ...options]);
  const out = `${uri}.npz`;
  await answer(['export', uri, '--out', out]);
  return out;
}

/** How the import of the file is refused; no array is made. */
async function refusal(file: string, ...options: string[]): Promise<string> {
  const uri = path.join(folder, `dataset-${count++}`);
  const said = await nacre(['import', uri, '-', file, ...options, '--json']);
  expect(said.code, file).toBeGreaterThan(0);
  expect(['UnsupportedFormat', 'InvalidArgument']).toContain(said.error.code);
  expect(said.error.message).toContain(path.basename(file));
  expect(said.error.hint).toBeTruthy();
  expect([undefined, 1]).toContain(await versionOf(uri));
  return said.error.message;
}

/** In the words of Python: the array as it is, and as it came back. */
const same = `
import sys, json, os, numpy as np
def same(expected, found, what):
    expected = np.asarray(expected)
    native = expected.astype(expected.dtype.newbyteorder("="), order="C")
    assert found.dtype == native.dtype and found.shape == native.shape, (what, found.dtype, found.shape)
    assert found.tobytes() == native.tobytes(), what
`;

describe.skipIf(dataPath('hdf5') === undefined)('HDF5', () => {
  const root = dataPath('hdf5') ?? '';
  const names = root === '' ? [] : readdirSync(root).filter((name) => /\.h5(ad)?$/.test(name));

  test.each(names)('%s is imported and exported as h5py reads it', async (name) => {
    const arrays = await readAll(await through([path.join(root, name)]), readNpz);
    const found = [...arrays].map(([array, { dtype, shape, bytes }]) => [
      array,
      [dtype, shape, createHash('sha256').update(bytes).digest('hex')],
    ]);
    expect(Object.fromEntries(found)).toEqual(expectedArrays[name]);
  });

  test('what is no array is named', async () => {
    const uri = path.join(folder, `dataset-${count++}`);
    const said = await nacre(['import', uri, '-', path.join(root, 'kbet-sim.h5ad')]);
    expect(said.code).toBe(0);
    expect(said.stderr).toMatch(/left out: .*kbet-sim\.h5ad: obs: holds records \(2 columns\)/);
  });
});

describe.skipIf(python === undefined || dataPath('npy') === undefined)('NumPy', () => {
  const root = dataPath('npy') ?? '';
  const names = root === '' ? [] : readdirSync(root, { recursive: true, encoding: 'utf8' });
  const files = names.map((name) => path.join(root, name));
  const taken: string[] = [];

  beforeAll(async () => {
    const script = `
import sys, json, numpy as np
taken = []
for file in sys.argv[1:]:
    try:
        array = np.load(file, allow_pickle=False)
        if array.dtype.kind in "biufc" and array.dtype.itemsize <= (16 if array.dtype.kind == "c" else 8):
            taken.append(file)
    except ValueError:
        pass
print(json.dumps(taken))
`;
    const npy = files.filter((file) => file.endsWith('.npy'));
    taken.push(...(JSON.parse((await runPython(script, npy)).toString()) as string[]));
  });

  test('each .npy file of a dtype that is stored comes back to the byte', async () => {
    expect(taken.length).toBeGreaterThan(80);
    const out = await through(taken);
    await runPython(
      `${same}
with np.load(sys.argv[1]) as found:
    assert len(found.files) == len(sys.argv) - 2
    for file in sys.argv[2:]:
        same(np.load(file), found[os.path.basename(file)[:-4]], file)
`,
      [out, ...taken],
    );
  });

  test('each other one is refused by its name', async () => {
    const others = files.filter((file) => file.endsWith('.npy') && !taken.includes(file));
    expect(others.length).toBeGreaterThan(10);
    for (let at = 0; at < others.length; at += 4) {
      await Promise.all(others.slice(at, at + 4).map((file) => refusal(file)));
    }
  });

  const torch = dataPath('torch-safetensors', 'test.npz');
  const npz = [...files.filter((file) => file.endsWith('.npz')), ...(torch === undefined ? [] : [torch])];

  test.each(npz.map((file) => [path.basename(file), file]))(
    '%s has the arrays that np.load finds',
    async (_, file) => {
      await runPython(
        `${same}
with np.load(sys.argv[1]) as expected, np.load(sys.argv[2]) as found:
    assert sorted(expected.files) == sorted(found.files)
    for name in expected.files:
        same(expected[name], found[name], name)
`,
        [file, await through([file])],
      );
    },
  );
});

const tensors = dataPath('torch-safetensors');

describe.skipIf(tensors === undefined)('PyTorch and safetensors', () => {
  const names = tensors === undefined ? [] : readdirSync(tensors);
  const files = names.filter((name) => /\.(pt|pth|safetensors)$/.test(name));

  test.each(files)('%s comes back, and is converted, as it is read', async (name) => {
    const file = path.join(tensors ?? '', name);
    const expected = Object.values(await contentOf(file));
    expect(Object.values(await contentOf(await through([file])))).toEqual(expected);
    const out = path.join(folder, `${name}.converted.pt`);
    await answer(['convert', file, out]);
    expect(Object.values(await contentOf(out))).toEqual(expected);
  });
});

const parquet = dataPath('parquet');

/** What the default does; `rows` where it goes with --no-attributes alone. */
const outcomes: Readonly<Record<string, 'all' | 'rows' | RegExp>> = {
  'alpha.parquet': /has no arrays/,
  'boolean_rle.parquet': /column 'BooleanColumn', row \d+: is null/,
  'byte_stream_split_extended.gzip.parquet': 'rows',
  'datapage_v2.snappy.parquet': /column 'e', row 1: is null/,
  'delta_binary_packed.parquet': 'all',
  'delta_byte_array.parquet': /has no arrays/,
  'dictionary_offset_indexed.parquet': 'all',
  'float16_nonzeros_and_nans.parquet': /column 'x', row 0: is null/,
  'lz4_raw_compressed.parquet': 'rows',
  'nullable.impala.parquet': /attribute 'int_map'/,
  'offset_indexed.parquet': 'all',
  'page_index.parquet': 'all',
  'rowgroups.parquet': 'all',
  'strings.parquet': /has no arrays/,
};

describe.skipIf(python === undefined || parquet === undefined)('Parquet', () => {
  test('every file has an outcome', async () => {
    const names = (await readdir(parquet ?? '')).filter((name) => name.endsWith('.parquet'));
    expect(names.toSorted()).toEqual(Object.keys(outcomes));
  });

  test.each(Object.entries(outcomes))('%s: %s', async (name, outcome) => {
    const file = path.join(parquet ?? '', name);
    if (outcome instanceof RegExp) {
      expect(await refusal(file)).toMatch(outcome);
      return;
    }
    if (outcome === 'rows') expect(await refusal(file)).toMatch(/attribute '\w+'/);
    const out = await through([file], ...(outcome === 'rows' ? ['--no-attributes'] : []));
    await runPython(
      `${same}
import pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
with np.load(sys.argv[2]) as found:
    assert len(found.files) > 0
    for name in found.files:
        same(table[name].to_numpy(), found[name], name)
`,
      [file, out],
    );
  });
});
