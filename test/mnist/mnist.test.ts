// The main job on real input: MNIST's 60,000 train images go into each store, as one partition and as
// many, racing writers add the 10,000 test images, NumPy reads every object of the bucket, and an exact
// search gives the published neighbours.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/index.js';
import { encodeHeader } from '../../src/npy/header.js';
import { openNpyFile } from '../../src/formats/npy-file.js';
import {
  all,
  makePlace,
  onEach,
  type Place,
  patience,
  sharedStores,
  type SharedStore,
  start,
} from '../races/support.ts';
import { dataPath } from '../support/data.js';
import { type GroundTruth, type MnistFiles, readGroundTruth, readIdx, writeMnist } from '../support/mnist.js';
import { pythonWithNumpy, runPython } from '../support/python.js';
import { type RawObjects, rawObjects } from '../support/servers/raw-objects.ts';

const python = await pythonWithNumpy();
const run = promisify(execFile);
const command = path.resolve(import.meta.dirname, '../../dist/cli/main.js');
const width = 784;
/** Not a divisor of anything here, so that the last partition is shorter. */
const smallPartitions = 1_000_000;

/**
 * `sys.argv[1:]`: the expected .npy file, then partitions in order. Opens each with np.load, as it lies, and
 * compares all of them together with the expected rows; of racing pieces the order is that of the bucket.
 */
const compareWithNumPy = `
import sys, numpy as np
expected = np.load(sys.argv[1], allow_pickle=False)
parts = [np.load(name, allow_pickle=False, mmap_mode='r') for name in sys.argv[2:]]
for part in parts:
    assert part.dtype == expected.dtype and part.shape[1:] == expected.shape[1:] and part.flags.c_contiguous
whole = np.concatenate(parts)
assert whole.shape == expected.shape, whole.shape
assert whole.tobytes() == expected.tobytes()
print(len(parts), *whole.shape)
`;

/** The same rows in any order: both sorted by their bytes. */
const compareAsSets = compareWithNumPy.replace(
  'assert whole.tobytes() == expected.tobytes()',
  'assert sorted(map(bytes, whole)) == sorted(map(bytes, expected))',
);

/** As the library gives it, and as a command prints it: with the id as a text. */
interface Hit {
  readonly row: number;
  readonly id: number | string;
  readonly score: number;
}

let folder = '';
let files: MnistFiles;
let truth: GroundTruth;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'nacre-mnist-'));
  const [written, published] = [await writeMnist(folder), await readGroundTruth()];
  if (written === undefined || published === undefined) return;
  [files, truth] = [written, published];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(dataPath('mnist') === undefined)('the main job', () => {
  onEach(sharedStores, 'MNIST on', mainJob);
});

function mainJob(name: SharedStore): void {
  let place: Place;
  let ds: Dataset;
  let raw: RawObjects;
  beforeAll(async () => {
    place = await makePlace(name, []);
    ds = await place.open();
    raw = await rawObjects(place.uri, name);
  });
  afterAll(async () => {
    raw.close();
    await ds.close();
    await place.dispose();
  });

  /** Fetches an array's objects with other tools, and lets NumPy open and compare them. */
  async function compare(array: string, expected: string, script = compareWithNumPy): Promise<string> {
    const { arrays } = await ds.info();
    const partitions = arrays[array]?.partitions ?? [];
    const names = await Promise.all(
      partitions.map(async ({ key, sizeBytes }, i) => {
        const bytes = await raw.get(key);
        expect(bytes.byteLength).toBe(sizeBytes);
        const file = path.join(folder, `${name}-${array}-${i}.npy`);
        writeFileSync(file, bytes);
        return file;
      }),
    );
    const said = (await runPython(script, [expected, ...names])).toString().trim();
    for (const file of names) rmSync(file);
    return said;
  }

  /** Runs a command as users do; its standard output is one JSON document. */
  async function nacre(...args: readonly string[]): Promise<unknown> {
    const env = { ...process.env, NACRE_CACHE_DIR: '', ...place.env };
    const options = { env, maxBuffer: 256 * 2 ** 20 };
    return JSON.parse((await run(process.execPath, [command, ...args, '--json'], options)).stdout);
  }

  test('imports the train images: a command splits them by default, a program as it says', async () => {
    await nacre('import', place.uri, 'train', files.train);
    await ds.refresh();
    const file = await openNpyFile(files.train);
    await ds.write((tx) => tx.appendFrom('train-small', file), { partitionBytes: smallPartitions });
    await file.close();
    const { arrays } = await ds.info();
    expect(arrays['train']).toMatchObject({ dtype: 'uint8', shape: [60_000, width] });
    expect(arrays['train']?.partitions).toHaveLength(1);
    expect(arrays['train-small']?.partitions).toHaveLength(
      Math.ceil(60_000 / Math.floor(smallPartitions / width)),
    );
  });

  test('takes the test images from four racing writers in pieces, each of them once', async () => {
    await ds.write((tx) => tx.create('test', { dtype: 'uint8', rowShape: [width] }));
    const writers = [0, 1, 2, 3];
    const acknowledged = await all(
      writers.map((writer) =>
        start<{ version: number; start: number }>(place, 'pieces', {
          file: files.test,
          array: 'test',
          first: writer * 2_500,
          end: (writer + 1) * 2_500,
          piece: 250,
        }),
      ),
    );
    await ds.refresh();
    const versions = acknowledged.flat().map(({ version }) => version);
    expect(new Set(versions).size).toBe(40);
    expect(await ds.version()).toBe(Math.max(...versions));
    expect(await ds.array('test').shape()).toEqual([10_000, width]);

    const { data } = await readIdx(dataPath('mnist', 't10k-images-idx3-ubyte.gz') ?? '');
    const { data: stored } = await ds.array('test').read();
    const pieces = acknowledged.flat().sort((a, b) => a.version - b.version);
    const expected = Buffer.concat(
      pieces.map(({ start: first }) => data.subarray(first * width, (first + 250) * width)),
    );
    expect(Buffer.compare(expected, stored as Uint8Array)).toBe(0);
  });

  test('gives back every byte', async () => {
    const { data } = await readIdx(dataPath('mnist', 'train-images-idx3-ubyte.gz') ?? '');
    for (const array of ['train', 'train-small']) {
      const read = await ds.array(array).read();
      expect(read.shape).toEqual([60_000, width]);
      expect(Buffer.compare(data, read.data as Uint8Array)).toBe(0);
    }
  });

  test.skipIf(python === undefined)('is read by np.load from the objects themselves', async () => {
    expect(await compare('train', files.train)).toBe('1 60000 784');
    expect(await compare('train-small', files.train)).toBe('48 60000 784');
    expect(await compare('test', files.test, compareAsSets)).toBe('40 10000 784');
  });

  test(
    'an exact search of the first 1,000 test images gives the published neighbours',
    async () => {
      const { data } = await readIdx(dataPath('mnist', 't10k-images-idx3-ubyte.gz') ?? '');
      const { queries, k } = truth;
      expect([queries, k]).toEqual([1_000, 100]);
      const shape = [queries, width];
      const vectors = data.subarray(0, queries * width);
      const squares = [...truth.distances].map(Number);
      const expectTruth = (lists: readonly (readonly Hit[])[], scores: readonly number[]): void => {
        expect(lists.map((list) => list.length)).toEqual(Array.from({ length: queries }, () => k));
        const hits = lists.flat();
        expect(hits.map(({ id }) => Number(id))).toEqual([...truth.ids]);
        expect(hits.map(({ row }) => row)).toEqual([...truth.ids]);
        expect(hits.map(({ score }) => score)).toEqual(scores);
      };
      const query = ds.array('train-small').nearest({ data: vectors, shape }, { metric: 'l2sq' });
      expectTruth(await query.exact().limit(k).toArray(), squares);

      const file = path.join(folder, 'queries.npy');
      writeFileSync(file, Buffer.concat([encodeHeader('uint8', shape), vectors]));
      const options = ['--vector', file, '-k', String(k), '--metric', 'l2', '--exact'];
      const answer = (await nacre('query', place.uri, 'train', ...options)) as {
        readonly exact: boolean;
        readonly results: readonly { readonly hits: readonly Hit[] }[];
      };
      expect(answer.exact).toBe(true);
      const lists = answer.results.map(({ hits }) => hits);
      expectTruth(lists, squares.map(Math.sqrt));
    },
    patience,
  );
}
