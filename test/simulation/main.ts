// `node main.mjs FIRST COUNT [--until=CHECK] [--needs=FEATURES] [--trace]`: simulates so many seeds, one line
// of JSON for each seed with a violation, and one at the end. Built by scripts/sim.mjs, from the sources or
// from a copy with a planted bug.
import { drawFeatures, FeatureTable, hasAll } from './features.js';
import { simulate } from './simulate.js';
import { Draw } from '../support/row-model.js';
import { FaultTable } from './world.js';

/** Some of each check. */
function few<T extends { readonly check: string }>(violations: readonly T[]): T[] {
  return violations.filter(
    (one, i) => violations.slice(0, i).filter(({ check }) => check === one.check).length < 5,
  );
}

const [first = '1', count = '1', ...flags] = process.argv.slice(2);
const trace = flags.includes('--trace') ? (line: string) => console.error(line) : undefined;
// Where an error came from costs as much as the error; whoever traces a seed is told.
if (trace === undefined) Error.stackTraceLimit = 0;
const after = (start: string): string =>
  flags.find((flag) => flag.startsWith(start))?.slice(start.length) ?? '';
/** Ends at the first seed in which one of these checks fails. */
const wanted = after('--until=').split(' | ');
/** Seeds without all of these are passed over: what is looked for cannot happen in them. */
const needs = after('--needs=')
  .split(' ')
  .filter((name) => name !== '');
const features = new FeatureTable();
const faults = new FaultTable();
const totals = { seeds: 0, simulated: 0, operations: 0, commits: 0, crashes: 0, simulatedMs: 0, failed: 0 };

/** Operations of a history. */
const fewest = 200;

for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  totals.seeds += 1;
  if (!hasAll(seed, needs)) continue;
  const { violations: found, hash, ...numbers } = await simulate(seed, faults, trace);
  const violations = [...found];
  features.count(drawFeatures(new Draw(seed)));
  totals.simulated += 1;
  totals.operations += numbers.operations;
  totals.commits += numbers.commits;
  totals.crashes += numbers.crashes;
  totals.simulatedMs += numbers.simulatedMs;
  if (numbers.operations < fewest && violations.length === 0)
    violations.push({ check: 'a history is long enough', what: `${numbers.operations} operations` });
  // Some seeds twice: the same seed must give the same history.
  if (seed % 50 === 0 || flags.includes('--twice')) {
    const again = await simulate(seed, new FaultTable());
    if (again.hash !== hash)
      violations.push({ check: 'a seed gives one history', what: `${hash} and ${again.hash}` });
  }
  if (violations.length === 0) continue;
  totals.failed += 1;
  console.log(JSON.stringify({ seed, hash, violations: few(violations) }));
  if (violations.some(({ check }) => wanted.includes(check))) break;
}
const [met, had] = [faults, features].map(({ cells }) => Object.fromEntries(cells));
console.log(JSON.stringify({ totals, faults: met, features: had }));
