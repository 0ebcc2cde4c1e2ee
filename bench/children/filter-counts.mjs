// Counts of the rows of a dataset in a folder that a filter matches, asked as the peers are; rows are in the
// array `rows`.
import { open } from '../../dist/index.js';
import { timed } from '../harness.mjs';
import { answerAll } from './answering.mjs';

let dataset;

async function load({ uri }) {
  await close();
  dataset = await open(uri, { cacheDir: false });
  return {};
}

/** One call after the other, without a message between them. */
async function count({ filter, times }) {
  const answers = [];
  for (let left = times; left > 0; left--) {
    const { ms, value } = await timed(() => dataset.array('rows').where(filter).count());
    answers.push({ ms, count: value });
  }
  return answers;
}

async function close() {
  await dataset?.close();
  dataset = undefined;
  return {};
}

await answerAll({ load, count, close });
