// Exact search of a local folder, for information: MNIST, checked against its published neighbours, and 500,000
// random rows; one query at a time and 64 at once, beside faiss's flat index on as many threads.
import { checksumOf, interleaved, row, timed } from './harness.mjs';
import { mnistImages, randomFloats, sharedData, writeNpy } from './support/data.mjs';

export const title = 'exact search';

export const full = async (context) => [
  ...(await mnist(context, { rows: 60_000, queries: 64, rounds: 5 })),
  ...(await random(context, { rows: 500_000, width: 384, queries: 64, rounds: 3 })),
];
export const small = (context) => random(context, { rows: 2000, width: 32, queries: 3, rounds: 1 });

const limit = 10;

async function mnist(context, { rows, queries, rounds }) {
  const train = sharedData('mnist', 'train-images-idx3-ubyte.gz');
  const test = sharedData('mnist', 't10k-images-idx3-ubyte.gz');
  if (train === undefined || test === undefined) {
    context.say('MNIST is not at hand (set NACRE_DATA): left out');
    return [];
  }
  const width = 784;
  const asked = mnistImages(test).subarray(0, queries * width);
  return search(context, {
    ...{ name: 'MNIST, 60,000 × 784 uint8', width, rows, queries, rounds },
    ...{ content: mnistImages(train), asked, dtype: 'uint8' },
  });
}

function random(context, { rows, width, queries, rounds }) {
  return search(context, {
    ...{ name: `${rows.toLocaleString('en-US')} × ${width} float32`, width, rows, queries, rounds },
    ...{ content: randomFloats(rows * width), asked: randomFloats(queries * width, 77), dtype: 'float32' },
  });
}

async function search(context, { name, content, asked, dtype, rows, width, queries, rounds }) {
  const place = context.folderPlace();
  const uri = place.uri('exact');
  const dataset = await place.open(uri, { create: true });
  await dataset.write(async (tx) => {
    await tx.create('rows', { dtype, rowShape: [width] });
    await tx.append('rows', { data: content, shape: [rows, width] });
  });
  const ids = {};
  const sample = (count) => async () => {
    const vectors = { data: asked.subarray(0, count * width), shape: [count, width] };
    const query = dataset.array('rows').nearest(vectors, { metric: 'l2' }).exact().limit(limit);
    const { ms, value } = await timed(() => query.toArray());
    ids[count] = value.flatMap((hits) => hits.map(({ row }) => row));
    return ms;
  };
  const samplers = { one: sample(1), many: sample(queries) };
  const theirs = {};
  const faiss = await startFaiss(context, { content, asked, rows, width, queries });
  if (faiss !== undefined) {
    const ask = (count) => async () => {
      const { ms, ids: found } = await faiss.search(count);
      theirs[count] = found.flat();
      return ms;
    };
    Object.assign(samplers, { faissOne: ask(1), faissMany: ask(queries) });
  }
  const medians = await interleaved(rounds, samplers);
  await dataset.close();

  const same = (count) =>
    theirs[count] === undefined
      ? undefined
      : `${theirs[count].filter((id, i) => id === ids[count][i]).length} of ${ids[count].length} ids as faiss's`;
  const line = (what, count, value, beside) =>
    row({
      what: `${name}, ${what}`,
      value,
      unit: 'ms',
      ...(beside === undefined ? {} : { beside: { name: faiss.name, value: beside, unit: 'ms' } }),
      checksum: checksumOf(Float64Array.from(ids[count])),
      note: same(count),
    });
  return [
    line('one query', 1, medians.one, medians.faissOne),
    line(`${queries} at once`, queries, medians.many, medians.faissMany),
  ];
}

async function startFaiss(context, { content, asked, rows, width, queries }) {
  const { peer } = context.peer();
  if (peer === undefined) return undefined;
  const folder = context.folder('exact');
  const file = writeNpy(`${folder}/rows.npy`, content, [rows, width]);
  const query = writeNpy(`${folder}/queries.npy`, asked, [queries, width]);
  const { version, threads } = await peer.ask('faiss_build', { file, queries: query });
  const search = (count) => peer.ask('faiss_search', { count, k: limit });
  return { name: `faiss ${version} flat, ${threads} threads`, search };
}
