// The main job by the command line, on real input: MNIST into a folder, every partition opened by NumPy, and
// the published neighbours found.
import path from 'node:path';
import { expect, test } from 'vitest';
import { answer, nacre, scratch } from '../cli/support.js';
import { readGroundTruth, writeMnist } from '../support/mnist.js';
import { pythonWithNumpy, runPython } from '../support/python.js';

const folder = await scratch();

test('MNIST is imported, opens with np.load, reads back bit-equal and is searched exactly', async (context) => {
  const files = await writeMnist(folder);
  const truth = await readGroundTruth();
  if (files === undefined || truth === undefined || (await pythonWithNumpy()) === undefined) context.skip();
  const { train = '', trainLabels = '', test: queries = '' } = files ?? {};
  const uri = path.join(folder, 'mnist');
  await answer(['import', uri, 'images', train, '--partition-size', '8MiB']);
  await answer(['import', uri, 'labels', trainLabels]);
  const info = (await answer(['info', uri])) as {
    arrays: Record<string, { dtype: string; shape: number[]; partitions: { key: string }[] }>;
  };
  expect(info.arrays['images']).toMatchObject({ dtype: 'uint8', shape: [60_000, 784] });
  expect(info.arrays['labels']).toMatchObject({ dtype: 'uint8', shape: [60_000] });
  const partitions = info.arrays['images']?.partitions.map(({ key }) => path.join(uri, key)) ?? [];
  expect(partitions.length).toBe(6);
  const out = path.join(folder, 'out.npy');
  await answer(['read', uri, 'images', '--out', out]);
  await runPython(
    `import sys, numpy as np
source, out, *parts = sys.argv[1:]
a = np.load(source)
assert np.array_equal(a, np.concatenate([np.load(p) for p in parts])), 'partitions differ'
assert open(source, 'rb').read() == open(out, 'rb').read(), 'the file that was read back differs'`,
    [train, out, ...partitions],
  );
  const some = path.join(folder, 'queries.npy');
  await runPython('import sys, numpy as np; np.save(sys.argv[2], np.load(sys.argv[1])[:1000])', [
    queries,
    some,
  ]);
  const k = 10;
  const found = (await answer([
    'query',
    uri,
    'images',
    '--vector',
    some,
    '-k',
    String(k),
    '--metric',
    'l2',
  ])) as {
    exact: boolean;
    results: { hits: { row: number; id: string; score: number }[] }[];
  };
  expect(found.exact).toBe(true);
  const { ids = new Int32Array(0), distances = new BigInt64Array(0), k: known = 0 } = truth ?? {};
  const expected = Array.from({ length: 1000 }, (_, query) =>
    Array.from({ length: k }, (_, rank) => ({
      row: ids[query * known + rank],
      score: Math.sqrt(Number(distances[query * known + rank])),
    })),
  );
  expect(found.results.map(({ hits }) => hits.map(({ row, score }) => ({ row, score })))).toEqual(expected);
  expect((await nacre(['log', uri])).stdout.toString()).toContain('+60,000 rows');
});
