// Every dtype, every kind of shape and every split, written and read back, and opened by NumPy.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStoreDataset } from '../../src/dataset/open.js';
import type { Dataset } from '../../src/dataset/dataset.js';
import { bytesOf, type Dtype, dtypeNames, dtypes, viewAs } from '../../src/npy/dtype.js';
import { LocalStore } from '../../src/storage/local.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { failure } from '../support/failure.js';
import { seededRandom } from '../support/fake-runtime.js';
import { pythonWithNumpy, runPython } from '../support/python.js';

const python = await pythonWithNumpy();
const rowShapes: readonly (readonly number[])[] = [[], [3], [2, 0, 4], [1, 1, 1], [5, 2]];
const counts = [0, 1, 7];

let folder: string;
let dataset: Dataset;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nacre-partitions-'));
  dataset = await openStoreDataset(new LocalStore(folder, systemRuntime), { create: true, cacheDir: false });
});
afterAll(async () => {
  await dataset.close();
  await rm(folder, { recursive: true });
});

function sample(dtype: Dtype, rows: number, rowShape: readonly number[], seed: number) {
  const random = seededRandom(seed);
  const elements = rowShape.reduce((product, length) => product * length, rows);
  const bytes = Uint8Array.from({ length: elements * dtypes[dtype].itemBytes }, () =>
    dtype === 'bool' ? Math.floor(random() * 2) : Math.floor(random() * 256),
  );
  return { data: viewAs(dtype, bytes), shape: [rows, ...rowShape], dtype };
}

describe('rows of every dtype', () => {
  for (const dtype of dtypeNames) {
    test(`${dtype}: come back bit by bit, in every row shape, count and split`, async () => {
      for (const [at, rowShape] of rowShapes.entries()) {
        for (const rows of counts) {
          const name = `${dtype}/${at}/${rows}`;
          const input = sample(dtype, rows, rowShape, at * 10 + rows);
          const rowBytes = rowShape.reduce((product, length) => product * length, dtypes[dtype].itemBytes);
          await dataset.write(
            async (tx) => {
              await tx.create(name, { dtype, rowShape });
              await tx.append(name, input);
            },
            { partitionBytes: Math.max(1, 2 * rowBytes) },
          );
          const read = await dataset.array(name).read();
          expect(read.shape).toEqual([rows, ...rowShape]);
          expect(read.dtype).toBe(dtype);
          expect(read.data.constructor).toBe(dtypes[dtype].array);
          expect(bytesOf(read.data)).toEqual(bytesOf(input.data));
          const partitions = (await dataset.info()).arrays[name]?.partitions ?? [];
          const split = rowBytes === 0 ? Math.min(rows, 1) : Math.ceil(rows / 2);
          expect(partitions).toHaveLength(split);
          expect(partitions.reduce((sum, one) => sum + one.rows, 0)).toBe(rows);
        }
      }
    });

    test(`${dtype}: a 0-d array holds one value and no axis`, async () => {
      const name = `${dtype}/scalar`;
      const { data } = sample(dtype, 1, [], 5);
      await dataset.write(async (tx) => {
        await tx.create(name, { dtype, scalar: true });
        await tx.append(name, { data, shape: [], dtype });
      });
      const read = await dataset.array(name).read();
      expect(read.shape).toEqual([]);
      expect(bytesOf(read.data)).toEqual(bytesOf(data));
      const second = await failure(dataset.write((tx) => tx.append(name, { data, shape: [], dtype })));
      expect(second.code).toBe('InvalidArgument');
    });
  }

  test.skipIf(python === undefined)('are what np.load finds in every partition', async () => {
    const { arrays } = await dataset.info();
    const script = `
import json, sys, numpy as np
for line in sys.stdin:
    file, dtype, shape = json.loads(line)
    found = np.load(file, allow_pickle=False)
    assert found.dtype == np.dtype(dtype) and list(found.shape) == shape, (file, found.dtype, found.shape)
    print(found.tobytes().hex())
`;
    const jobs = Object.entries(arrays).flatMap(([name, { dtype, shape, partitions }]) =>
      partitions.map(({ key, rows }) => ({
        ...{ name, rows },
        line: JSON.stringify([
          path.join(folder, key),
          dtype,
          shape.length === 0 ? [] : [rows, ...shape.slice(1)],
        ]),
      })),
    );
    expect(jobs.length).toBeGreaterThan(14 * 4);
    const output = await runPython(script, [], { input: jobs.map(({ line }) => line).join('\n') });
    const found = new Map<string, string>();
    for (const [i, hex] of output.toString().split('\n').entries()) {
      const job = jobs[i];
      if (job !== undefined) found.set(job.name, (found.get(job.name) ?? '') + hex);
    }
    for (const [name, hex] of found) {
      const { data } = await dataset.array(name).read();
      expect(Buffer.from(bytesOf(data)).toString('hex'), name).toBe(hex);
    }
  });
});

describe('a 0-d array', () => {
  test('takes a new value after its value was dropped', async () => {
    await dataset.write(async (tx) => {
      await tx.create('value', { dtype: 'int32', scalar: true });
      await tx.append('value', { data: Int32Array.of(1), shape: [] });
    });
    await dataset.write(async (tx) => {
      await tx.drop('value', [0]);
      await tx.append('value', { data: Int32Array.of(2), shape: [] });
    });
    await dataset.refresh();
    expect(Array.from((await dataset.array('value').read()).data as Int32Array)).toEqual([2]);
  });
});

describe('rows that do not fit', () => {
  test('are refused by what differs, and nothing is committed', async () => {
    await dataset.write((tx) => tx.create('fits', { dtype: 'float32', rowShape: [4] }));
    const version = await dataset.version();
    const bad = [
      { data: new Float64Array(4), shape: [1, 4] },
      { data: new Float32Array(4), shape: [4] },
      { data: new Float32Array(4), shape: [2, 2] },
      { data: new Float32Array(5), shape: [1, 4] },
      { data: new Float32Array(4), shape: [1, 4.5] },
      { data: new Float32Array(4), shape: [-1, 4] },
      { data: new Float32Array(1), shape: [] },
    ];
    for (const rows of bad)
      expect((await failure(dataset.write((tx) => tx.append('fits', rows)))).code).toBe('InvalidArgument');
    expect(await dataset.refresh()).toBe(version);
  });

  test('by an id that is no whole number, or was never given, are refused', async () => {
    await dataset.write((tx) => tx.append('fits', { data: new Float32Array(8), shape: [2, 4] }));
    for (const id of [0.5, -1, Number.NaN, 2, 2 ** 52, Number.POSITIVE_INFINITY]) {
      const read = await failure(dataset.array('fits').read({ ids: [id] }));
      expect(['NotFound', 'InvalidArgument']).toContain(read.code);
      const drop = await failure(dataset.write((tx) => tx.drop('fits', { ids: [id] })));
      expect(['NotFound', 'InvalidArgument']).toContain(drop.code);
    }
    expect((await dataset.array('fits').read()).shape).toEqual([2, 4]);
  });
});
