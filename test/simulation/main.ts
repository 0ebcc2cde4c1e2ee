// `node main.mjs FIRST COUNT [--until=CHECK] [--trace]`: simulates so many seeds, one line of JSON for each
// seed with a violation, and one at the end. Built by scripts/sim.mjs, from the sources or from a copy with a
// planted bug.
import { simulate } from './simulate.js';
import { FaultTable } from './world.js';

/** Some of each check. */
function few<T extends { readonly check: string }>(violations: readonly T[]): T[] {
  return violations.filter(
    (one, i) => violations.slice(0, i).filter(({ check }) => check === one.check).length < 5,
  );
}

const [first = '1', count = '1', ...flags] = process.argv.slice(2);
const trace = flags.includes('--trace') ? (line: string) => console.error(line) : undefined;
/** Ends at the first seed in which one of these checks fails. */
const wanted = (flags.find((flag) => flag.startsWith('--until=')) ?? '--until=').slice(8).split(' | ');
const faults = new FaultTable();
const totals = { seeds: 0, operations: 0, commits: 0, crashes: 0, simulatedMs: 0, failed: 0 };

for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const { violations: found, hash, ...numbers } = await simulate(seed, faults, trace);
  const violations = [...found];
  totals.seeds += 1;
  totals.operations += numbers.operations;
  totals.commits += numbers.commits;
  totals.crashes += numbers.crashes;
  totals.simulatedMs += numbers.simulatedMs;
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
console.log(JSON.stringify({ totals, faults: Object.fromEntries(faults.cells) }));
