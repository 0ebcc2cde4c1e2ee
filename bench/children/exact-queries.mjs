// Exact queries of a dataset in a folder, asked as the peers are: rows in the array `rows`, queries in `queries`.
import { open } from '../../dist/index.js';
import { timed } from '../harness.mjs';
import { answerAll } from './answering.mjs';

let dataset;
let queries;
let metric;

/** One call after the other, without a message between them. */
async function search({ starts, ...args }) {
  const answers = [];
  for (const start of starts) answers.push(await searchOnce({ start, ...args }));
  return answers;
}

async function searchOnce({ start, count, limit, precision = 'f64' }) {
  const [, width] = queries.shape;
  const data = queries.data.subarray(start * width, (start + count) * width);
  const vectors = { data, shape: [count, width], dtype: queries.dtype };
  const query = dataset.array('rows').nearest(vectors, { metric }).precision(precision).limit(limit);
  const scope = dataset.meter.scope();
  const { ms, value } = await timed(() => query.toArray());
  const { bytesDown, bytesMapped } = scope.stop();
  const lists = (pick) => value.map((hits) => hits.map(pick));
  return {
    ms,
    bytes: bytesDown + bytesMapped,
    ids: lists(({ row }) => row),
    scores: lists(({ score }) => score),
  };
}

async function load(args) {
  await close();
  dataset = await open(args.uri, { cacheDir: false });
  metric = args.metric;
  queries = await dataset.array('queries').read();
  return {};
}

async function close() {
  await dataset?.close();
  dataset = undefined;
  return {};
}

await answerAll({ load, search, close });
