// `npm run bench [-- --only NAME[,NAME…]] [--small] [--json FILE]`: asks every question, prints one table.
//
// `--small` runs tiny sizes on a folder without servers or peers, as the tests do; its figures mean nothing.
// Ends with 0 also when something falls short: this is a measurement, not a test. A whole run leaves its
// figures in bench/results/.
import { parseArgs } from 'node:util';
import { describeMachine, machine, table, timed, writeReport } from './harness.mjs';
import { questions } from './questions.mjs';
import { Context } from './support/context.mjs';

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, small: { type: 'boolean', default: false }, json: { type: 'string' } },
});
const names = options.only?.split(',') ?? Object.keys(questions);
const unknown = names.filter((name) => !Object.hasOwn(questions, name));
if (unknown.length > 0) {
  console.error(`bench: no question ${unknown.join(', ')}; there are ${Object.keys(questions).join(', ')}`);
  process.exit(2);
}

const context = new Context(options);
const results = [];
try {
  for (const name of names) {
    context.say(name);
    const { ms, value: rows } = await timed(() => questions[name][options.small ? 'small' : 'full'](context));
    results.push({ name, question: questions[name].title, seconds: Math.round(ms / 100) / 10, rows });
  }
} finally {
  await context.close();
}

if (options.small) console.log('a small run on a folder: nothing here is a measurement\n');
const report = { machine: machine(), small: options.small, results };
console.log(`${table(results)}\n\n${describeMachine(report.machine)}`);
if (options.json !== undefined || (!options.small && options.only === undefined)) {
  console.log(`figures in ${writeReport(report, options.json)}`);
}
