// Approximate search: cold from a bucket with 30 ms a request, beside LanceDB and infino; warm from a folder;
// and MNIST on one thread beside graphs and IVF in memory, at equal recall.
//
// Of every search the recall of 10 rows is measured against exact search of the same rows.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { checksumOf, interleaved, median, row, timed } from './harness.mjs';
import { mnistImages, sharedData, writeNpy } from './support/data.mjs';
import { clusters, nearest, recallOf } from './support/nearest.mjs';
import { runChild } from './support/places.mjs';

export const title = 'approximate search';

export const full = async (context) => [
  ...(await clustered(context, {
    rows: 200_000,
    width: 384,
    centres: 1000,
    queries: 1000,
    rounds: 5,
    partitions: 256,
  })),
  ...(await mnist(context, { queries: 1000 })),
];
export const small = (context) =>
  clustered(context, { rows: 3000, width: 32, centres: 30, queries: 20, rounds: 1, partitions: 4 });

const delayMs = 30;

/** A dataset of rows and queries with an index; how long that took to build. */
async function made(place, label, { data, asked, width }, how = {}) {
  const uri = place.uri(label);
  const dataset = await place.open(uri, { create: true });
  await dataset.write(async (tx) => {
    for (const [name, content] of [
      ['rows', data],
      ['queries', asked],
    ]) {
      await tx.create(name, {
        dtype: content instanceof Uint8Array ? 'uint8' : 'float32',
        rowShape: [width],
      });
      await tx.append(name, { data: content, shape: [content.length / width, width] });
    }
  }, how);
  const { ms } = await timed(() => dataset.array('rows').index({ type: 'ivf' }));
  await dataset.close();
  return { uri, ms };
}

/** The same rows by so many appends, each with an update of the index after it; milliseconds of each. */
async function madeByAppends(place, label, { data, width }, appends) {
  const uri = place.uri(label);
  const dataset = await place.open(uri, { create: true });
  await dataset.write((tx) => tx.create('rows', { dtype: 'float32', rowShape: [width] }));
  const rows = data.length / width;
  const times = [];
  for (let i = 0; i < appends; i++) {
    const [start, end] = [i, i + 1].map((part) => Math.floor((rows * part) / appends));
    const some = { data: data.subarray(start * width, end * width), shape: [end - start, width] };
    const append = async () => {
      await dataset.write((tx) => tx.append('rows', some));
      await dataset.array('rows').index({ type: 'ivf', update: true });
    };
    times.push((await timed(append)).ms);
  }
  await dataset.close();
  return { uri, times };
}

async function clustered(context, { rows, width, centres, queries, rounds, partitions }) {
  const place = await context.place();
  const { data, asked } = clusters({ rows, width, centres, queries });
  const expected = await nearest(data, asked, width);
  const folder = context.folder('ann');
  const file = writeNpy(path.join(folder, 'rows.npy'), data, [rows, width]);
  const questions = writeNpy(path.join(folder, 'queries.npy'), asked, [queries, width]);
  context.say(` ${rows} rows on MinIO, and the index`);
  const bucket = await made(place, 'ann', { data, asked, width });
  const partitionBytes = Math.ceil(rows / partitions) * width * 4;
  context.say(` the same in ${partitions} partitions, and by as many appends`);
  const inParts = await made(place, 'ann-parts', { data, asked, width }, { partitionBytes });
  const byAppends = await madeByAppends(place, 'ann-appends', { data, width }, partitions);
  const peers = await bucketPeers(context, place, file);

  // Each process asks for two vectors of its own.
  let turn = 0;
  const vectorsOf = (round) => {
    const at = (2 * round) % (queries - 1);
    return [at, at + 1].map((q) => Array.from(asked.subarray(q * width, (q + 1) * width)));
  };
  const cold = async (precision, round, { uri } = bucket) => {
    const vectors = path.join(folder, `vectors-${turn++}.json`);
    writeFileSync(vectors, JSON.stringify(vectorsOf(round)));
    return runChild(place, 'ann-first.mjs', [uri, 'rows', precision, '0.99', vectors], {
      counted: true,
    });
  };
  const starter = context.child('starting.mjs');
  const environment = place.env({ counted: true });
  const wholeProcess = async (round) => {
    const vectors = path.join(folder, `vectors-${turn++}.json`);
    writeFileSync(vectors, JSON.stringify(vectorsOf(round)));
    const args = [bucket.uri, 'rows', '0.99', vectors];
    return (await starter.ask('run', { script: 'ann-function.mjs', args, environment })).ms;
  };
  const counted = await place.count(() => cold('f8', 0));
  const inMany = [
    {
      what: `${partitions} partitions, built once`,
      counted: await place.count(() => cold('f8', 0, inParts)),
    },
    {
      what: `${partitions} appends, updated after each`,
      counted: await place.count(() => cold('f8', 0, byAppends)),
    },
  ];
  await place.latency(delayMs);
  const later = [];
  const medians = await interleaved(rounds, {
    f8: async (round) => {
      const { ms, later: next } = await cold('f8', round);
      later.push(next[0].ms);
      return ms;
    },
    f64: async (round) => (await cold('f64', round)).ms,
    wholeProcess,
    inParts: async (round) => (await cold('f8', round, inParts)).ms,
    byAppends: async (round) => (await cold('f8', round, byAppends)).ms,
    ...Object.fromEntries(peers.map(({ name, first }) => [name, (round) => first(vectorsOf(round)[0])])),
  });
  await place.latency(0);
  const fastest = peers.filter(({ name }) => medians[name] !== undefined);
  fastest.sort((a, b) => medians[a.name] - medians[b.name]);
  const missing = peers.missing === undefined ? {} : { missing: peers.missing };
  const beside = (pick) =>
    fastest.length === 0
      ? missing
      : { beside: { name: fastest[0].name, value: pick(fastest[0]), unit: 'ms' } };
  const others = fastest.slice(1).map(({ name }) => ({ name, value: medians[name], unit: 'ms' }));

  context.say(' warm, from a folder');
  const place2 = context.folderPlace();
  const here = await made(place2, 'ann', { data, asked, width });
  const warm = context.child('ann-queries.mjs');
  await warm.ask('load', { uri: here.uri });
  const ask = (how, value, precision) => warm.ask('search', { how, value, precision });
  const passes = [await ask('recall', 0.99), await ask('recall', 0.99)];
  const estimated = await ask('recall', 0.99, 'f8');
  await warm.close();
  const lance = peers.find(({ name }) => name.startsWith('LanceDB'));
  const infino = peers.find(({ name }) => name.startsWith('infino'));
  const infinoWarm = await infino?.warm(questions);
  const warmBeside = (i) =>
    infinoWarm === undefined
      ? missing
      : { beside: { name: infino.name, value: infinoWarm.medians[i], unit: 'ms' } };
  const what = `${rows.toLocaleString('en-US')} × ${width}`;
  return [
    row({
      what: `${what}, recall of estimates`,
      value: recallOf(estimated.ids, expected),
      unit: 'of 10',
      least: context.small ? 0 : 0.99,
      checksum: checksumOf(Float64Array.from(expected.flat())),
    }),
    row({
      what: `${what}, recall of exact scores`,
      value: recallOf(passes[1].ids, expected),
      unit: 'of 10',
      least: context.small ? 0 : 0.99,
    }),
    row({
      what: 'cold, opening and first query: waves',
      value: counted.value.first.waves,
      unit: 'waves',
      most: 3,
    }),
    row({
      what: 'cold: requests',
      value: counted.value.first.totalRequests,
      unit: 'requests',
      most: 12,
    }),
    row({ what: 'cold: bytes', value: counted.value.first.bytesDown, unit: 'bytes', most: 2e6 }),
    row({ what: 'next query: waves', value: counted.value.later[0].waves, unit: 'waves', most: 1 }),
    row({
      what: `cold with ${delayMs} ms a request`,
      value: medians.f8,
      unit: 'ms',
      mostRatio: 1 / 6,
      ...beside(({ name }) => medians[name]),
      others,
    }),
    row({ what: 'the same with exact scores', value: medians.f64, unit: 'ms' }),
    ...inMany.map(({ what, counted: { value } }, i) =>
      row({
        what: `cold with ${delayMs} ms a request, ${what}`,
        value: [medians.inParts, medians.byAppends][i],
        unit: 'ms',
        mostRatio: 1.2,
        beside: { name: 'one append', value: medians.f8, unit: 'ms' },
        note: `${value.first.waves} waves, ${value.first.totalRequests} requests, ${value.first.bytesDown} bytes`,
      }),
    ),
    row({
      what: 'an append and an update of the index, no delay',
      value: median(byAppends.times),
      unit: 'ms',
    }),
    row({ what: `next query with ${delayMs} ms a request`, value: median(later), unit: 'ms' }),
    row({
      what: `a function: start, import, open, query and end, ${delayMs} ms a request`,
      value: medians.wholeProcess,
      unit: 'ms',
      most: 220,
    }),
    row({
      what: 'the process: peak memory',
      value: counted.value.memoryBytes / 1e6,
      unit: 'MB',
      most: 110,
    }),
    row({
      what: 'build and upload the index',
      value: bucket.ms,
      unit: 'ms',
      mostRatio: 1 / 8,
      ...(lance === undefined ? missing : { beside: { name: lance.name, value: lance.buildMs, unit: 'ms' } }),
    }),
    row({
      what: 'warm, first pass over the queries',
      value: median(passes[0].times),
      unit: 'ms',
      mostRatio: 1 / 10,
      ...warmBeside(0),
    }),
    row({
      what: 'warm, second pass over the same',
      value: median(passes[1].times),
      unit: 'ms',
      mostRatio: 1 / 5,
      ...warmBeside(1),
    }),
  ];
}

/** LanceDB and infino with the same rows and an index behind the same proxy. */
async function bucketPeers(context, place, file) {
  const found = [];
  for (const [label, name] of [
    ['LanceDB', 'lancedb'],
    ['infino', 'infino'],
  ]) {
    const { peer, missing } = context.peer(place.env({ counted: true }));
    if (peer === undefined) return Object.assign(found, { missing });
    try {
      context.say(` ${label} on MinIO, and its index`);
      const { ms, version } = await peer.ask(`${name}_ann_build`, { bucket: place.bucket, file });
      const first = async (vector) => {
        // A process of its own each time.
        const { peer: fresh } = context.peer(place.env({ counted: true }));
        const answer = await fresh.ask(`${name}_ann_first`, { bucket: place.bucket, vector });
        await fresh.close();
        return answer.ms;
      };
      const warm = (queries) => peer.ask(`${name}_ann_warm`, { bucket: place.bucket, queries, passes: 2 });
      found.push({ name: `${label} ${version}`, buildMs: ms, first, warm });
    } catch (error) {
      context.say(`no ${label}: ${error.message}`);
      found.missing = error.message;
    }
  }
  return found;
}

/** Efforts of each index, ascending, until recall is enough for every row of the table. */
const efforts = {
  ivf: { how: 'nprobe', values: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128] },
  hnsw: { how: 'ef', values: [10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128] },
};

async function mnist(context, { queries }) {
  const [train, test] = ['train', 't10k'].map((name) => sharedData('mnist', `${name}-images-idx3-ubyte.gz`));
  if (train === undefined || test === undefined) {
    return [
      row({ what: 'MNIST', value: Number.NaN, unit: 'ms', mostRatio: 1, missing: 'MNIST is not at hand' }),
    ];
  }
  const width = 784;
  const data = mnistImages(train);
  const asked = mnistImages(test).subarray(0, queries * width);
  const expected = await nearest(data, asked, width);
  const place = context.folderPlace();
  const folder = context.folder('mnist');
  const { uri } = await made(place, 'mnist', { data, asked, width });
  const dataset = await place.open(uri);
  const { ms: graphMs } = await timed(() => dataset.array('rows').index({ type: 'hnsw' }));
  await dataset.close();
  const ours = [];
  for (const [name, { how, values }] of Object.entries(efforts)) {
    const child = context.child('ann-queries.mjs', { NACRE_THREADS: '1' });
    await child.ask('load', { uri });
    // So many times that the engine has its code ready.
    for (let i = 0; i < 3; i++) await child.ask('search', { how, value: values[3] });
    const points = [];
    for (const value of values) {
      const { times, ids } = await child.ask('search', { how, value });
      const ms = times.reduce((sum, one) => sum + one, 0) / times.length;
      points.push({ recall: recallOf(ids, expected), ms });
      if (points.at(-1).recall > 0.998) break;
    }
    await child.close();
    ours.push({ name, points });
  }
  const rows = writeNpy(path.join(folder, 'rows.npy'), data, [data.length / width, width]);
  const questions = writeNpy(path.join(folder, 'queries.npy'), asked, [queries, width]);
  const curves = [];
  let missing;
  for (const name of ['hnswlib', 'usearch', 'faiss-cpu']) {
    const started = context.peer({ OMP_NUM_THREADS: '1' });
    missing = started.missing;
    if (started.peer === undefined) break;
    try {
      context.say(` MNIST by ${name}`);
      const { version } = await started.peer.ask('ann_build', { name, rows });
      const { points } = await started.peer.ask('ann_curve', { queries: questions, expected });
      curves.push({ name: `${name} ${version}`, points });
    } catch (error) {
      missing = error.message;
    }
    await started.peer.close();
  }
  const text = ({ name, points }) =>
    `${name}: ${points.map((point) => `${point.recall.toFixed(3)} in ${point.ms.toFixed(3)} ms`).join(', ')}`;
  const found = [0.95, 0.99].map((recall) => {
    const at = (all) =>
      all
        .map(({ name, points }) => ({ name, value: timeAt(points, recall), unit: 'ms' }))
        .filter(({ value }) => value !== undefined)
        .sort((one, other) => one.value - other.value);
    const [own] = at(ours);
    const [best, ...others] = at(curves);
    return row({
      what: `MNIST, one thread, recall ${recall}`,
      value: own?.value ?? Number.NaN,
      unit: 'ms',
      mostRatio: 1 / 2,
      ...(best === undefined ? { missing } : { beside: best, others }),
      note: ours.map(text).join('; '),
    });
  });
  const build = row({ what: 'MNIST, graphs built and written', value: graphMs, unit: 'ms' });
  const named = ours.map(({ name, points }) => ({ name: `Nacre ${name}`, points }));
  return [{ ...found[0], curves: [...named, ...curves] }, ...found.slice(1), build];
}

/** The time at a recall, between the two points around it. */
function timeAt(points, recall) {
  const at = points.findIndex((point) => point.recall >= recall);
  if (at <= 0) return points[at]?.ms;
  const [low, high] = [points[at - 1], points[at]];
  return low.ms + ((recall - low.recall) / (high.recall - low.recall)) * (high.ms - low.ms);
}
