// Arrays in a local folder beside NumPy on a local .npy file of the same content: loading all of it, opening an
// array without reading, reading 10,000 rows from all over it.
import { checksumOf, interleaved, row, timed } from './harness.mjs';
import { randomFloats, randomIndices, writeNpy } from './support/data.mjs';

export const title = 'arrays in a folder';

export const full = (context) => measure(context, { rows: 1_000_000, random: 10_000, rounds: 25 });
export const small = (context) => measure(context, { rows: 2000, random: 100, rounds: 2 });

const width = 10;

async function measure(context, { rows, random, rounds }) {
  const place = context.folderPlace();
  const folder = context.folder('arrays');
  const content = randomFloats(rows * width);
  const chosen = randomIndices(random, rows, 5);
  const file = writeNpy(`${folder}/rows.npy`, content, [rows, width]);
  const indices = writeNpy(`${folder}/indices.npy`, Float32Array.from(chosen), [random]);
  const uri = place.uri('arrays');
  const writer = await place.open(uri, { create: true });
  await writer.write(async (tx) => {
    await tx.create('rows', { dtype: 'float32', rowShape: [width] });
    await tx.append('rows', { data: content, shape: [rows, width] });
  });
  await writer.close();

  const dataset = await place.open(uri);
  const sums = {};
  const ms = async (name, work) => {
    const { ms: elapsed, value } = await timed(work);
    sums[name] = checksumOf(value.data);
    return elapsed;
  };
  const samplers = {
    fresh: async () => {
      let handle;
      const elapsed = await ms('fresh', async () => {
        handle = await place.open(uri);
        return handle.array('rows').read();
      });
      await handle.close();
      return elapsed;
    },
    again: () => ms('again', () => dataset.array('rows').read()),
    lazy: () => lazyOpenMs(dataset),
    random: () => ms('random', () => dataset.array('rows').read({ rows: chosen })),
  };
  const { peer, missing } = context.peer();
  if (peer !== undefined) {
    const ask = async (name, args) => {
      const answer = await peer.ask(name, args);
      sums[name] = answer.checksum;
      return answer.ms;
    };
    samplers.numpyLoad = () => ask('numpy_load', { file });
    samplers.numpyRows = () => ask('numpy_rows', { file, indices });
  }
  const medians = await interleaved(rounds, samplers);
  await dataset.close();
  for (const [ours, theirs] of [
    ['fresh', 'numpy_load'],
    ['again', 'numpy_load'],
    ['random', 'numpy_rows'],
  ]) {
    if (sums[theirs] !== undefined && sums[ours] !== sums[theirs]) throw new Error(`${ours}: other rows`);
  }

  const load = medians.numpyLoad && { name: 'np.load', value: medians.numpyLoad, unit: 'ms' };
  const mapped = medians.numpyRows && { name: 'np.load(mmap)[rows]', value: medians.numpyRows, unit: 'ms' };
  const line = (what, name, mostRatio, beside) =>
    row({ what, value: medians[name], unit: 'ms', mostRatio, beside, missing, checksum: sums[name] });
  const count = rows.toLocaleString('en-US');
  return [
    line(`full load of ${count} × ${width} float32, opened and checked`, 'fresh', 1.1, load),
    line('full load again, by an open handle', 'again', 1.1, load),
    row({ what: 'lazy open of an array, with its shape', value: medians.lazy * 1e3, unit: 'µs', most: 5 }),
    line(`${random.toLocaleString('en-US')} random rows, cached`, 'random', 1.5, mapped),
  ];
}

/** The mean of many: one is shorter than what a clock tells. */
async function lazyOpenMs(dataset) {
  const count = 2000;
  const { ms } = await timed(async () => {
    for (let i = 0; i < count; i++) await dataset.array('rows').shape();
  });
  return ms / count;
}
