// python/nacre_reader.py gives parts of an array as NumPy gives them of the whole, whatever its partitions.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { open } from '../../src/index.js';
import { pythonWithNumpy, runPython } from '../support/python.js';

const python = await pythonWithNumpy();
const folderOfReader = path.resolve(import.meta.dirname, '..', '..', 'python');
const prelude = `
import sys, json
sys.path.insert(0, ${JSON.stringify(folderOfReader)})
import numpy as np, nacre_reader, read_nacre
folder = sys.argv[1]
`;

describe.skipIf(python === undefined)('nacre_reader', () => {
  let folder = '';
  let before = 0;

  beforeAll(async () => {
    folder = path.join(await mkdtemp(path.join(os.tmpdir(), 'nacre-reader-')), 'dataset');
    const dataset = await open(folder, { create: true, cacheDir: false });
    const rows = (count: number, from: number) => ({
      data: Float32Array.from({ length: 3 * count }, (_, i) => from + i),
      shape: [count, 3],
    });
    const labels = Array.from({ length: 500 }, (_, i) => (i % 7 === 0 ? null : i % 10));
    await dataset.write(
      async (tx) => {
        await tx.create('points', { dtype: 'float32', rowShape: [3] });
        await tx.append('points', rows(500, 0), { attributes: { label: labels } });
        await tx.save('one', { data: Float64Array.of(2.5), shape: [] });
        await tx.create('empty', { dtype: 'int16', rowShape: [2, 0] });
      },
      { partitionBytes: 12 * 60 },
    );
    before = await dataset.version();
    await dataset.write((tx) => tx.replace('points', { start: 50, end: 130, step: 3 }, rows(27, -1000)));
    await dataset.write((tx) => tx.drop('points', [0, 7, 119, 400]));
    await dataset.write((tx) => tx.append('points', rows(40, 9000)));
    await dataset.write((tx) => tx.replace('points', [49, 50, -1], rows(3, -5000)));
    await dataset.close();
  });
  afterAll(() => rm(path.dirname(folder), { recursive: true, force: true }));

  const ask = async (script: string, ...args: string[]): Promise<unknown> =>
    JSON.parse((await runPython(prelude + script, [folder, ...args])).toString());

  test('gives what the library reads, of this version and of an earlier one', async () => {
    const dataset = await open(folder, { cacheDir: false });
    for (const at of [await dataset.version(), before]) {
      const { data, shape } = await (await dataset.at({ version: at })).array('points').read();
      const script = `
ds = nacre_reader.open(folder, ${at})
a = ds['points']
print(json.dumps([ds.version, list(a.shape), str(a.dtype), np.asarray(a).ravel().tolist()]))`;
      expect(await ask(script)).toEqual([at, shape, 'float32', Array.from(data as Float32Array)]);
    }
    await dataset.close();
  });

  test('indexes as NumPy does', async () => {
    const script = `
ds = nacre_reader.open(folder)
a, whole = ds['points'], np.asarray(ds['points'])
rng = np.random.default_rng(5)
mask = rng.random(len(a)) < 0.3
asked = [0, -1, np.int64(7), slice(None), slice(0, 100), slice(-30, None), slice(None, None, -7)]
asked += [slice(60, 40), [5, 5, -1, 300], np.array([], np.int64), mask, mask.tolist()]
asked += [rng.integers(-len(a), len(a), 200), Ellipsis, (3, 1), (slice(10, 20), 2), (Ellipsis, 0)]
asked += [([1, 50, 2], slice(None, 2)), (mask, slice(1, 3)), (-1, slice(None)), (slice(45, 60), [0, 2])]
wrong = []
for index in asked:
    wanted, found = whole[index], a[index]
    if not (np.shape(wanted) == np.shape(found) and np.array_equal(wanted, found)): wrong.append(repr(index))
for index in (len(a), -len(a) - 1, [0, 9999]):
    try: a[index]; wrong.append(repr(index))
    except IndexError: pass
shapes = [list(ds['one'].shape), list(ds['empty'].shape), list(ds['empty'][:].shape)]
firsts = [float(row[0]) for row in a] == whole[:, 0].tolist()
print(json.dumps([wrong, len(a), list(ds), float(ds['one'][()]), shapes, 'nothing' in ds, firsts]))`;
    const names = ['points', 'one', 'empty'];
    const shapes = [[], [0, 2, 0], [0, 2, 0]];
    expect(await ask(script)).toEqual([[], 536, names, 2.5, shapes, false, true]);
  });

  test('feeds a DataLoader, with labels', async () => {
    const script = `
import pickle, torch_dataset
data = torch_dataset.NacreDataset(folder, 'points', label='label', version=${before})
again = pickle.loads(pickle.dumps(data))
whole = np.asarray(nacre_reader.open(folder, ${before})['points'])
rows = [3, 499, 0]
same = [np.array_equal(row, whole[i]) for (row, _), i in zip(again.__getitems__(rows), rows)]
print(json.dumps([len(data), same, [label for _, label in data.__getitems__(rows)], data[8][1]]))`;
    expect(await ask(script)).toEqual([500, [true, true, true], [3, 9, null], 8]);
  });

  test('names what is not there, and what is damaged', async () => {
    const script = `
said = []
for work in (lambda: nacre_reader.open(folder)['pints'], lambda: nacre_reader.open(folder, 99),
             lambda: nacre_reader.open(folder).check(), lambda: nacre_reader.open(folder)['points'][:]):
    try: work(); said.append('fine')
    except Exception as error: said.append(type(error).__name__ + ': ' + str(error)[:200])
print(json.dumps(said))`;
    expect(await ask(script)).toEqual([
      expect.stringMatching(/^KeyError: .*no array 'pints'; there are points/),
      expect.stringMatching(/^FileNotFoundError/),
      'fine',
      'fine',
    ]);
    const files = await readdir(path.join(folder, 'arrays'), { recursive: true });
    const file = path.join(folder, 'arrays', files.filter((name) => name.endsWith('.npy')).sort()[3] ?? '');
    const bytes = await readFile(file);
    await writeFile(
      file,
      bytes.map((byte, i) => (i === 130 ? byte ^ 1 : byte)),
    );
    expect((await ask(script)) as string[]).toEqual([
      ...[expect.anything(), expect.anything()],
      expect.stringMatching(/^Damage: arrays\/.* differs/),
      'fine',
    ]);
    await writeFile(file, bytes.subarray(0, -1));
    expect(((await ask(script)) as string[])[3]).toMatch(/^Damage: .*another length/);
    await writeFile(file, bytes);
  });
});
