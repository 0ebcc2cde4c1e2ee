// Simulated histories in a continuous build, and the bugs that are planted to see that the checks bite. The
// seeds begin where NACRE_SIM_FIRST says, so that a night can look at others; what is run is printed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const first = Number(process.env['NACRE_SIM_FIRST'] ?? 1);
const seeds = Number(process.env['NACRE_SIM_SEEDS'] ?? 2_000);
/** A planted bug that is not found in so many seeds counts as not found. */
const seedsForMutant = Number(process.env['NACRE_SIM_MUTANT_SEEDS'] ?? 750);

/** Beside servers and other tests on two processors. */
const patience = 45 * 60_000;

interface Report {
  readonly found: readonly { seed: number; violations: readonly { check: string; what: string }[] }[];
  readonly totals: Readonly<{ seeds: number; operations: number; commits: number; crashes: number }>;
  readonly faults: Readonly<{ [cell: string]: number }>;
  readonly features: Readonly<{ [cell: string]: number }>;
  readonly mutants: readonly { name: string; isKilled: boolean; checks: readonly string[] }[];
}

async function simulate(...args: readonly string[]): Promise<Report> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-sim-'));
  const json = path.join(folder, 'report.json');
  const script = path.join(root, 'scripts', 'sim.mjs');
  const child = spawn(process.execPath, [script, ...args, '--json', json], { stdio: 'inherit' });
  await once(child, 'close');
  const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
  rmSync(folder, { recursive: true });
  return report;
}

test(
  `${seeds} histories from seed ${first} on keep every promise, and every bug that is planted is found`,
  async () => {
    const { found, totals, faults, features, mutants } = await simulate(
      ...['--first', String(first), '--seeds', String(seeds)],
      ...['--mutants', '--mutant-seeds', String(seedsForMutant)],
    );
    expect(found).toEqual([]);
    expect(totals.seeds).toBe(seeds);
    expect(totals.operations).toBeGreaterThanOrEqual(200 * seeds);
    const never = Object.entries(faults).filter(([, count]) => count === 0);
    expect(never, 'operations that never met a fault').toEqual([]);
    // One that is never there is never tested, nor what two do to each other.
    const apart = Object.entries(features).filter(([, count]) => count < seeds / 100);
    expect(apart, 'features, and pairs of them, that are in fewer than one history in a hundred').toEqual([]);
    expect(Object.keys(features).length).toBeGreaterThan(60);
    expect(mutants.filter(({ isKilled }) => !isKilled)).toEqual([]);
    expect(mutants.length).toBeGreaterThanOrEqual(69);
  },
  patience,
);
