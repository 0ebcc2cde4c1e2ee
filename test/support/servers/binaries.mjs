// Where the server binaries come from: `go install` of the pins into a cache folder, once per pin and machine.
// A lock lets one process build while the others wait; builds go one after another, since each uses every core.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const pins = JSON.parse(readFileSync(path.join(import.meta.dirname, 'pins.json'), 'utf8'));
export const serverNames = Object.keys(pins);

/** The cache folder of the tests: `NACRE_TEST_CACHE`, else below the user's own cache folder. */
export function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return process.env.NACRE_TEST_CACHE || path.join(base, 'nacre-tests');
}

/** Where the binary of a pinned server lies once it is built. */
export function binaryPath(name) {
  const { module, version } = pins[name];
  const command = path.posix.basename(module);
  return path.join(cacheFolder(), `bin-${command}-${version}`, command);
}

/**
 * Builds what is not there yet. Returns why a server cannot be had, by name; none when all are there.
 * Costs minutes of every core per server, the first time on a machine.
 */
export async function buildBinaries(names) {
  const absent = names.filter((name) => !existsSync(binaryPath(name)));
  if (absent.length === 0) return {};
  const go = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (go.status !== 0) {
    const why =
      'Go is not installed, so the server cannot be built (https://go.dev/dl), and no endpoint is set';
    return Object.fromEntries(absent.map((name) => [name, `${why} in ${pins[name].endpointVariable}`]));
  }
  return underLock(path.join(cacheFolder(), 'build.lock'), () => {
    const failures = {};
    for (const [index, name] of absent.entries()) {
      if (existsSync(binaryPath(name))) continue;
      const why = goInstall(name, `${index + 1} of ${absent.length}`);
      if (why !== undefined) failures[name] = why;
    }
    return failures;
  });
}

function goInstall(name, place) {
  const { module, version } = pins[name];
  const folder = path.dirname(binaryPath(name));
  mkdirSync(cacheFolder(), { recursive: true });
  const scratch = mkdtempSync(path.join(cacheFolder(), 'build-'));
  process.stderr.write(`servers: building ${name} ${version} (${place}; minutes, the first time only)\n`);
  const start = Date.now();
  try {
    const result = spawnSync('go', ['install', '-trimpath', '-ldflags=-s -w', `${module}@${version}`], {
      env: { ...process.env, GOBIN: scratch },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    });
    if (result.status !== 0) {
      return `go install ${module}@${version} failed: ${(result.stderr ?? '').trim().split('\n').at(-1)}`;
    }
    // The folder appears whole, so that a build that was killed leaves no half binary behind.
    rmSync(folder, { recursive: true, force: true });
    renameSync(scratch, folder);
    process.stderr.write(`servers: built ${name} in ${Math.round((Date.now() - start) / 1000)} s\n`);
    return undefined;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Runs `work` while no other process does; a lock whose owner is dead is taken over. */
async function underLock(lock, work) {
  mkdirSync(path.dirname(lock), { recursive: true });
  const owner = path.join(lock, 'pid');
  for (let said = false; ; said = true) {
    try {
      mkdirSync(lock);
      writeFileSync(owner, String(process.pid));
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!said) process.stderr.write('servers: another process is building the test servers; waiting\n');
      await sleep(500);
      if (!isAlive(readOwner(owner))) rmSync(lock, { recursive: true, force: true });
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** The process that holds a lock. A lock without one is a moment old, or its owner died in that moment. */
function readOwner(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
