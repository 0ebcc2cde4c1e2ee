// Arrays in a local folder beside NumPy on a local .npy file of the same content: loading all of it, opening an
// array without reading, reading 10,000 rows from all over it. Full loads run in a process of
// their own, as NumPy's do, ten of a kind in a row. What counts is their median; the mean, which stands below
// it, holds also what V8 collects of the loads before: some 15 ms at every eighth of 40 MB.
import { checksumOf, interleaved, median, row, timed } from './harness.mjs';
import { randomFloats, randomIndices, writeNpy } from './support/data.mjs';

export const title = 'arrays in a folder';

export const full = (context) => measure(context, { rows: 1_000_000, random: 10_000, rounds: 15 });
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
  const means = {};
  const asked = (who, name, args) => async () => {
    const { ms, mean, checksum } = await who.ask(name, args);
    if (mean !== undefined) (means[name] ??= []).push(mean);
    sums[name] ??= checksum;
    return ms;
  };
  const loader = context.child('folder-loads.mjs');
  const loads = { fresh: asked(loader, 'openAndLoad', { uri }), again: asked(loader, 'load', { uri }) };
  const reads = {
    lazy: () => lazyOpenMs(dataset),
    random: async () => {
      const { ms, value } = await timed(() => dataset.array('rows').read({ rows: chosen }));
      sums.random = checksumOf(value.data);
      return ms;
    },
  };
  const { peer, missing } = context.peer();
  if (peer !== undefined) {
    loads.numpyLoad = asked(peer, 'numpy_load', { file });
    reads.numpyRows = asked(peer, 'numpy_rows', { file, indices });
  }
  const medians = {
    ...(await interleaved(rounds, loads)),
    ...(await interleaved(rounds, reads)),
  };
  await dataset.close();
  for (const [ours, theirs] of [
    ['openAndLoad', 'numpy_load'],
    ['load', 'numpy_load'],
    ['random', 'numpy_rows'],
  ]) {
    if (sums[theirs] !== undefined && sums[ours] !== sums[theirs]) throw new Error(`${ours}: other rows`);
  }

  const beside = (name, value) => value && { name, value, unit: 'ms' };
  const line = (what, name, checksum, mostRatio, peer) =>
    row({ what, value: medians[name], unit: 'ms', mostRatio, beside: peer, missing, checksum });
  const load = beside('np.load', medians.numpyLoad);
  const mean = (name) =>
    row({
      what: 'the mean of ten in a row, V8 collecting',
      value: median(means[name]),
      unit: 'ms',
      beside: load,
    });
  const count = rows.toLocaleString('en-US');
  const mapped = beside('np.load(mmap)[rows]', medians.numpyRows);
  return [
    line(
      `full load of ${count} × ${width} float32, opened and checked`,
      'fresh',
      sums.openAndLoad,
      1.1,
      load,
    ),
    mean('openAndLoad'),
    line('full load again, by an open handle', 'again', sums.load, 1.1, load),
    mean('load'),
    row({ what: 'lazy open of an array, with its shape', value: medians.lazy * 1e3, unit: 'µs', most: 5 }),
    line(`${random.toLocaleString('en-US')} random rows, cached`, 'random', sums.random, 1.5, mapped),
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
