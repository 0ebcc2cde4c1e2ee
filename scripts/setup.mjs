// Makes a fresh clone ready: dependencies when the lockfile changed, a build when sources are newer than it.
// The pre-script of start, test, check and bench. Node built-ins only, since nothing is installed yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BuildError, buildIfStale } from './build.mjs';

const root = path.resolve(import.meta.dirname, '..');
const lock = path.join(root, '.cache', 'setup.lock');
const stamp = path.join(root, 'node_modules', '.nacre-lockfile-hash');

/** False when the process that took the lock is gone; one that is being taken has no name for a moment. */
function ownerLives() {
  try {
    process.kill(Number(readFileSync(path.join(lock, 'pid'), 'utf8')), 0);
    return true;
  } catch (error) {
    if (error.code !== 'ENOENT') return error.code !== 'ESRCH';
    return Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 5_000;
  }
}

/** Several commands may start at once (an editor, a terminal); one sets up, the others wait for it. */
async function underLock(work) {
  mkdirSync(path.dirname(lock), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      writeFileSync(path.join(lock, 'pid'), String(process.pid));
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!ownerLives()) rmSync(lock, { recursive: true, force: true });
      await sleep(250);
    }
  }
  try {
    await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function requireTools() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) fail(`Node >= 20.19 is needed, this is ${process.version}`);
  if (spawnSync('cargo', ['--version']).status !== 0) {
    fail('cargo is needed to build the native scanner: install Rust >= 1.90 (https://rustup.rs)');
  }
}

/** Thrown and not process.exit: the lock has to be given back. */
class SetupError extends Error {}

function fail(message) {
  throw new SetupError(message);
}

function installDependencies() {
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error('setup: installing dependencies (npm ci)');
  const result = spawnSync('npm', ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.status !== 0) fail('npm ci failed');
  writeFileSync(stamp, wanted);
}

try {
  await underLock(async () => {
    requireTools();
    installDependencies();
    await buildIfStale();
  });
} catch (error) {
  if (!(error instanceof SetupError || error instanceof BuildError)) throw error;
  console.error(`setup: ${error.message}`);
  process.exitCode = 1;
}
