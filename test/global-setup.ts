// Makes the stores that the tests run on available before the first test, and takes them away after the last.
//
// `NACRE_TEST_STORES` names the stores to test (default: all). Servers are built here, when a selected test
// file needs one, since that takes minutes; each is started when a test first asks for it. One that cannot be
// had is reported loudly at both ends of the run, and with CI=true it fails the run.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import type { TestProject } from 'vitest/node';
import { cacheFolder, pins, serverNames } from './support/servers/binaries.mjs';
import { storeNames } from './support/servers/names.ts';

const root = path.resolve(import.meta.dirname, '..');

interface Keeper {
  readonly control: string;
  readonly stores: readonly string[];
  readonly missing: Readonly<Record<string, string>>;
  readonly pins?: unknown;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wanted = (process.env['NACRE_TEST_STORES'] ?? storeNames.join(',')).split(',');
  const unknown = wanted.filter((name) => !storeNames.includes(name as never));
  if (unknown.length > 0) {
    throw new Error(`NACRE_TEST_STORES names ${unknown.join(', ')}; the stores are ${storeNames.join(', ')}`);
  }
  const servers = wanted.filter((name) => serverNames.includes(name));
  const embedded = wanted.filter((name) => !serverNames.includes(name));
  process.env['NACRE_TEST_READY'] = embedded.join(',');
  if (servers.length === 0 || !(await needsServers(project))) return async () => {};

  const [keeper, child] = (await runningKeeper(servers)) ?? (await spawnKeeper(servers));
  process.env['NACRE_TEST_CONTROL'] = keeper.control;
  process.env['NACRE_TEST_READY'] = [...embedded, ...keeper.stores].join(',');
  const say = (): void => {
    for (const [name, why] of Object.entries(keeper.missing)) {
      process.stderr.write(`\nNOT TESTED on ${name}: ${why}\n`);
    }
  };
  const stop = async (): Promise<void> => {
    if (child && child.exitCode === null) {
      child.stdin?.end();
      await once(child, 'exit');
    }
  };
  say();
  if (process.env['CI'] === 'true' && Object.keys(keeper.missing).length > 0) {
    await stop();
    throw new Error('with CI=true every store must be tested; see above for what is missing');
  }
  return async () => {
    say();
    await stop();
  };
}

/** Whether a selected test file, or anything that it imports from the tests, asks for servers. */
async function needsServers(project: TestProject): Promise<boolean> {
  // Vitest hands the filters of its command line to nobody; undefined here means every file, which is safe.
  const { filenamePattern } = project.vitest as { filenamePattern?: string[] };
  const { testFiles } = await project.globTestFiles(filenamePattern);
  const seen = new Set(testFiles);
  for (const file of seen) {
    const text = readFileSync(file, 'utf8');
    for (const [, target = ''] of text.matchAll(/from '(\.[^']+)'/g)) {
      const imported = path.resolve(path.dirname(file), target.replace(/\.js$/, '.ts'));
      if (imported.startsWith(path.join(root, 'test', 'support', 'servers'))) return true;
      if (imported.startsWith(path.join(root, 'test')) && existsSync(imported)) seen.add(imported);
    }
  }
  return false;
}

/** Servers that `npm run servers` keeps up, when they are those that this run wants. */
async function runningKeeper(wanted: readonly string[]): Promise<[Keeper, undefined] | undefined> {
  try {
    const keeper = JSON.parse(readFileSync(path.join(cacheFolder(), 'servers.json'), 'utf8')) as Keeper;
    if (JSON.stringify(keeper.pins) !== JSON.stringify(pins)) return undefined;
    if (wanted.some((name) => !keeper.stores.includes(name))) return undefined;
    const answer = await fetch(`${keeper.control}/status`, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.ok ? [{ ...keeper, stores: wanted, missing: {} }, undefined] : undefined;
  } catch {
    return undefined;
  }
}

async function spawnKeeper(wanted: readonly string[]): Promise<[Keeper, ChildProcess]> {
  const script = path.join(root, 'scripts', 'servers.mjs');
  const child = spawn(process.execPath, [script, '--child', '--stores', wanted.join(',')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {});
  const lines = readline.createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`scripts/servers.mjs ended with ${String(code)} before it was ready`);
    }),
  ])) as [string];
  return [JSON.parse(line) as Keeper, child];
}
