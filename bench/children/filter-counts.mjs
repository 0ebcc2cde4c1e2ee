// Counts of the rows of a dataset in a folder that a filter matches, asked as the peers are; rows are in the
// array `rows`.
import readline from 'node:readline';
import { open } from '../../dist/index.js';
import { timed } from '../harness.mjs';

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

const answers = { load, count, close };

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { name, args } = JSON.parse(line);
  const said = await answers[name](args).then(
    (answer) => ({ answer }),
    (error) => ({ error: String(error) }),
  );
  console.log(JSON.stringify(said));
}
await close();
