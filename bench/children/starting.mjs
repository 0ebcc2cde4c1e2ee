// Starts other scripts for a measurement whose process is a large one: a fork copies its page tables, which takes
// some 34 ms a GB, and is no time of the script's.
import { timed } from '../harness.mjs';
import { runChild } from '../support/places.mjs';
import { answerAll } from './answering.mjs';

/** How long a script takes from its start to its end. */
async function run({ script, args, environment }) {
  const { ms } = await timed(() => runChild({ env: () => environment }, script, args));
  return { ms };
}

await answerAll({ run, close: async () => {} });
