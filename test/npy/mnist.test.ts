import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataPath } from '../support/data.js';
import { type MnistFiles, readGroundTruth, writeMnist } from '../support/mnist.js';
import { headerOf } from '../support/npy-file.js';
import { pythonWithNumpy, runPython } from '../support/python.js';

const python = await pythonWithNumpy();

describe.skipIf(dataPath('mnist') === undefined)('MNIST as .npy files', () => {
  let folder = '';
  let files: MnistFiles;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'nacre-mnist-'));
    const written = await writeMnist(folder);
    if (written === undefined) throw new Error('MNIST was not written');
    files = written;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('holds the original bytes', async () => {
    // MD5 of the IDX files of the original publication, which are a header of 16 or 8 bytes and the data.
    const originals = [
      {
        file: files.train,
        shape: [60_000, 784],
        idx: [0x803, 60_000, 28, 28],
        md5: '6bbc9ace898e44ae57da46a324031adb',
      },
      {
        file: files.trainLabels,
        shape: [60_000],
        idx: [0x801, 60_000],
        md5: 'a25bea736e30d166cdddb491f175f624',
      },
      {
        file: files.test,
        shape: [10_000, 784],
        idx: [0x803, 10_000, 28, 28],
        md5: '2646ac647ad5339dbf082846283269ea',
      },
      {
        file: files.testLabels,
        shape: [10_000],
        idx: [0x801, 10_000],
        md5: '27ae3e4e09519cfbb04c329615203637',
      },
    ];
    for (const { file, shape, idx, md5 } of originals) {
      const bytes = await readFile(file);
      const header = headerOf(bytes);
      expect(header).toMatchObject({ dtype: 'uint8', shape, dataOffset: 128 });
      const head = Buffer.alloc(4 * idx.length);
      for (const [i, value] of idx.entries()) head.writeUInt32BE(value, 4 * i);
      expect(createHash('md5').update(head).update(bytes.subarray(128)).digest('hex')).toBe(md5);
    }
  });

  test('has neighbours at the distances that the images give', async () => {
    const truth = await readGroundTruth();
    if (truth === undefined) throw new Error('there is no ground truth');
    const { queries, k, ids, distances } = truth;
    expect([queries, k, ids.length, distances.length]).toEqual([1000, 100, 100_000, 100_000]);
    const train = (await readFile(files.train)).subarray(128);
    const images = (await readFile(files.test)).subarray(128);
    const computed = Array.from(ids, (id, i) => {
      const query = Math.floor(i / k);
      let sum = 0;
      for (let d = 0; d < 784; d++) sum += ((images[query * 784 + d] ?? 0) - (train[id * 784 + d] ?? 0)) ** 2;
      return sum;
    });
    expect(computed).toEqual(Array.from(distances, Number));
  });

  test.skipIf(python === undefined)('opens with np.load', async () => {
    const shapes = await runPython(
      'import numpy as np, sys; print([np.load(f, mmap_mode="r").shape for f in sys.argv[1:]])',
      Object.values(files) as string[],
    );
    expect(shapes.toString().trim()).toBe('[(60000, 784), (60000,), (10000, 784), (10000,)]');
  });
});
