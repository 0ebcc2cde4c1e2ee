// `npm run sim [-- --seeds N --first N --mutants --jobs N --json FILE]`: simulates histories of a dataset, N seeds of them, and
// checks each (test/simulation); what a seed has is drawn from it. With --mutants each patch of test/simulation/mutants is applied to a copy of the
// sources and simulated until the check that its head names finds it, in --mutant-seeds at most. Of these the seeds
// are passed over that have not what its head says it needs.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
const work = path.join(root, '.cache', 'sim');
const mutantFolder = path.join(root, 'test', 'simulation', 'mutants');

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    first: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
    'mutant-seeds': { type: 'string' },
    only: { type: 'string' },
    jobs: { type: 'string', default: String(Math.max(1, os.availableParallelism())) },
    json: { type: 'string' },
    trace: { type: 'boolean', default: false },
    twice: { type: 'boolean', default: false },
  },
});
const seeds = Number(values.seeds);
const seedsForMutant = Math.min(seeds, Number(values['mutant-seeds'] ?? seeds));
const first = Number(values.first);
const jobs = Number(values.jobs);

const rootsOf = (source) => path.join(source, 'manifest', 'root.ts');

/** The simulation as one file. Its checker has the sources as they are, all else those of `source`. */
async function bundle(name, source) {
  const outfile = path.join(work, `${name}.mjs`);
  const pristine = path.join(root, 'src');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/simulation/main.ts'],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    outfile,
    // For whoever looks at one seed.
    sourcemap: values.trace ? 'inline' : false,
    external: ['@aws-sdk/*', '@smithy/*', '@google-cloud/*'],
    logLevel: 'warning',
    banner: { js: "import { createRequire as _r } from 'node:module'; const require = _r(import.meta.url);" },
    plugins: [
      {
        name: 'planted',
        setup(hooks) {
          hooks.onResolve({ filter: /^\./ }, ({ path: target, importer, resolveDir, namespace }) => {
            const file = path.resolve(resolveDir, target).replace(/\.js$/, '.ts');
            if (namespace === 'decoded-once') return { path: file };
            const inSources = file.startsWith(pristine + path.sep);
            const fromTest = importer.startsWith(path.join(root, 'test') + path.sep);
            const trusted = importer.includes(`${path.sep}checker${path.sep}`);
            const isSwapped = inSources && fromTest && !trusted;
            const chosen = isSwapped ? path.join(source, path.relative(pristine, file)) : file;
            const isRoots = chosen === rootsOf(source) || chosen === rootsOf(pristine);
            if (isRoots) return { path: chosen, namespace: 'decoded-once' };
            return chosen === file ? undefined : { path: chosen };
          });
          // Real turns of the event loop are no part of virtual time.
          hooks.onResolve({ filter: /^node:timers\/promises$/ }, () => ({
            path: path.join(root, 'test/simulation/native-turns.ts'),
          }));
          hooks.onLoad({ filter: /./, namespace: 'decoded-once' }, ({ path: file }) => ({
            contents: `
              import { decodeRoot as decode } from ${JSON.stringify('./root.js')};
              import { decodedOnce } from ${JSON.stringify(path.join(root, 'test/simulation/decoded-once.ts'))};
              export * from './root.js';
              export const decodeRoot = decodedOnce(decode);`,
            resolveDir: path.dirname(file),
          }));
        },
      },
    ],
  });
  return outfile;
}

/**
 * One thread for all of Node: as many processes as processors run beside each other. Code that is not hot is
 * not worth an optimizing compiler in that thread, and what a history leaves is young garbage.
 */
const nodeFlags = [
  ...(values.trace ? ['--enable-source-maps'] : []),
  ...['--single-threaded', '--always-sparkplug', '--interrupt-budget=600000'],
  ...['--min-semi-space-size=64', '--max-semi-space-size=64'],
];

/** Runs seeds in a process; what it found, line by line. */
function run(file, from, count, flags, { timeout = 0 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...nodeFlags, file, String(from), String(count), ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout,
      killSignal: 'SIGKILL',
      env: { ...process.env, NACRE_NATIVE_PATH: path.join(root, 'dist', 'nacre.node'), NACRE_THREADS: '1' },
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === null)
        return resolve({ found: [], totals: { seeds: 0 }, faults: {}, features: {}, hung: true });
      if (code !== 0) return reject(new Error(`the simulation of seeds from ${from} on ended with ${code}`));
      const lines = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const last = lines.pop();
      resolve({ found: lines, ...last });
    });
  });
}

/** Seeds in as many processes as there are to be, in pieces, so that all are done at about the same time. */
async function runAll(file, from, count, flags) {
  const piece = Math.max(1, Math.ceil(count / (jobs * 3)));
  const starts = Array.from({ length: Math.ceil(count / piece) }, (_, i) => from + i * piece);
  const results = [];
  const worker = async () => {
    for (let start = starts.shift(); start !== undefined; start = starts.shift())
      results.push(await run(file, start, Math.min(piece, from + count - start), flags));
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return results;
}

function sum(results, of) {
  const out = {};
  for (const result of results)
    for (const [name, count] of Object.entries(of(result))) out[name] = (out[name] ?? 0) + count;
  return out;
}

async function healthy() {
  const file = await bundle('healthy', path.join(root, 'src'));
  const flags = [...(values.trace ? ['--trace'] : []), ...(values.twice ? ['--twice'] : [])];
  const start = performance.now();
  const results = await runAll(file, first, seeds, flags);
  const seconds = (performance.now() - start) / 1000;
  const found = results.flatMap((result) => result.found);
  for (const { seed, violations } of found) {
    console.log(`seed ${seed}: npm run sim -- --first ${seed} --seeds 1`);
    for (const { check, what } of violations) console.log(`  ${check}: ${what}`);
  }
  const totals = sum(results, (result) => result.totals);
  const lost = seeds - totals.seeds;
  if (lost > 0) console.log(`${lost} seeds were not simulated: a process of theirs was ended by a signal`);
  const faults = sum(results, (result) => result.faults);
  const injected = Object.values(faults).reduce((all, count) => all + count, 0);
  const never = Object.entries(faults).filter(([, count]) => count === 0);
  console.log(
    `${totals.seeds} seeds, ${totals.failed} with a violation; ${totals.operations} operations, ` +
      `${totals.commits} commits, ${injected} faults, ${totals.crashes} crashes, ` +
      `${(totals.simulatedMs / 3_600_000).toFixed(1)} simulated hours in ${seconds.toFixed(1)} s`,
  );
  if (never.length > 0) console.log(`faults that were not met: ${never.map(([cell]) => cell).join(', ')}`);
  const features = sum(results, (result) => result.features);
  const share = ([name, count]) => `${name} ${Math.round((100 * count) / totals.seeds)} %`;
  const [pairs, singles] = [true, false].map((isPair) =>
    Object.entries(features).filter(([name]) => name.includes('+') === isPair),
  );
  const [rarest] = pairs.toSorted(([, a], [, b]) => a - b);
  console.log(`with ${singles.map(share).join(', ')}; of pairs the rarest: ${rarest[0]}, ${rarest[1]} seeds`);
  return { found, totals, faults, features, seconds, lost };
}

/** A copy of the sources with the patch applied. */
function plant(name) {
  const folder = path.join(work, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(root, 'src'), path.join(folder, 'src'), { recursive: true });
  const patch = path.join(mutantFolder, `${name}.patch`);
  // As outside of any repository: else git takes the paths of the patch from its top.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: work };
  const applied = spawnSync('git', ['apply', '-p1', patch], { cwd: folder, env, encoding: 'utf8' });
  if (applied.status !== 0)
    throw new Error(`${name}.patch does not apply:\n${applied.stdout}${applied.stderr}`);
  return path.join(folder, 'src');
}

/** The checks that the first lines of a patch say will find it, and what a seed has to have for that. */
function headOf(name) {
  const text = readFileSync(path.join(mutantFolder, `${name}.patch`), 'utf8');
  const after = (word) => new RegExp(`^${word}: (.*)$`, 'm').exec(text)?.[1] ?? '';
  return { expected: after('Killed-by'), needs: after('Needs') };
}

/** Those that are found after the most seeds: begun first, they do not go on alone at the end. */
const late = ['listing-is-believed', 'hint-is-read-once', 'forget-beside-a-backup', 'forget-looks-once'];

async function mutants() {
  const names = readdirSync(mutantFolder)
    .filter((name) => name.endsWith('.patch'))
    .map((name) => name.replace(/\.patch$/, ''))
    .filter((name) => values.only === undefined || new RegExp(values.only).test(name))
    .sort((a, b) => late.includes(b) - late.includes(a) || (a < b ? -1 : 1));
  const results = [];
  const waiting = [...names];
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const { expected, needs } = headOf(name);
      const file = await bundle(name, plant(name));
      const timeout = 1_000 * (60 + 10 * seedsForMutant);
      const { found, totals, hung } = await run(
        file,
        first,
        seedsForMutant,
        [`--until=${expected}`, `--needs=${needs}`],
        { timeout },
      );
      rmSync(path.join(work, name), { recursive: true, force: true });
      const checks = [...new Set((found.at(-1)?.violations ?? []).map(({ check }) => check))];
      const isKilled = checks.some((check) => expected?.split(' | ').includes(check));
      results.push({ name, isKilled, checks, expected, ...totals });
      const passed = totals.seeds === totals.simulated ? '' : `, ${totals.simulated} of them simulated,`;
      const how = isKilled ? `killed after ${totals.seeds} seeds${passed} by` : 'NOT killed; found:';
      console.log(
        `${name}: ${how} ${checks.join('; ') || (hung ? 'it hung' : 'nothing')}${isKilled ? '' : ` (expected ${expected})`}`,
      );
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  const killed = results.filter(({ isKilled }) => isKilled).map((result) => result.seeds);
  const median = killed.toSorted((a, b) => a - b)[killed.length >> 1] ?? 0;
  console.log(`${killed.length} of ${names.length} mutants killed, median seeds ${median}`);
  const latest = results.toSorted((a, b) => b.seeds - a.seeds).slice(0, 8);
  console.log(`found latest: ${latest.map(({ name, seeds: after }) => `${name} ${after}`).join(', ')}`);
  return results;
}

mkdirSync(work, { recursive: true });
const health = await healthy();
const planted = values.mutants ? await mutants() : [];
const alive = planted.filter(({ isKilled }) => !isKilled);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ ...health, mutants: planted }));
process.exit(health.found.length + health.lost + alive.length > 0 ? 1 : 0);
