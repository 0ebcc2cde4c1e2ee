// Approximate search of a dataset in a folder: rows in the array `rows`, queries in `queries`, one after the
// other without a message between them; asked as the peers are.
import { open } from '../../dist/index.js';
import { timed } from '../harness.mjs';
import { answerAll } from './answering.mjs';

let dataset;
let queries;

async function load({ uri, memoryBytes }) {
  await close();
  dataset = await open(uri, { cacheDir: false, ...(memoryBytes && { memoryBytes }) });
  queries = await dataset.array('queries').read();
  return {};
}

/** `how` is `recall`, `nprobe` or `ef`; of `where`, each query has the next in turn. */
async function search({ how, value, precision, where = [] }) {
  const [count, width] = queries.shape;
  const times = [];
  const ids = [];
  for (let q = 0; q < count; q++) {
    const vector = queries.data.subarray(q * width, (q + 1) * width);
    const asked = dataset.array('rows').nearest(vector)[how](value);
    const scored = precision === undefined ? asked : asked.precision(precision);
    const query = where.length === 0 ? scored : scored.where(where[q % where.length]);
    const { ms, value: hits } = await timed(() => query.toArray());
    times.push(ms);
    ids.push(hits.map(({ row }) => row));
  }
  return { times, ids };
}

async function close() {
  await dataset?.close();
  dataset = undefined;
  return {};
}

await answerAll({ load, search, close });
