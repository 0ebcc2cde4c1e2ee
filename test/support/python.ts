// A Python that imports NumPy, pyarrow and safetensors, for tests against these: the one that NACRE_PYTHON
// names, else python3 if it has them, else a virtual environment, made once in a cache folder and kept. The
// same of Zarr and of h5py, which are in environments of their own, since few tests need them.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { systemRuntime } from '../../src/util/runtime.js';

/** The newest that have wheels for Python 3.11 to 3.14. */
const pins = ['numpy==2.4.6', 'pyarrow==26.0.1', 'safetensors==0.8.0'];
const zarrPins = ['numpy==2.4.6', 'zarr==3.1.6'];
const hdf5Pins = ['numpy==2.4.6', 'h5py==3.16.0'];
/** Longer than any installation takes; a lock as old as this was left by a process that was killed. */
const staleLockMs = 5 * 60_000;
const installTimeoutMs = 4 * 60_000;
const waitMs = 10 * 60_000;

const run = promisify(execFile);
let found: Promise<string | undefined> | undefined;
let foundZarr: Promise<string | undefined> | undefined;
let foundHdf5: Promise<string | undefined> | undefined;

/**
 * The path of a Python with NumPy 2, pyarrow and safetensors. Undefined, with one printed line, where there
 * is none and none can be made; with `CI=true` that is an error. Looks once a process.
 */
export function pythonWithNumpy(): Promise<string | undefined> {
  found ??= findPython();
  return found;
}

/** The same with Zarr 3. */
export function pythonWithZarr(): Promise<string | undefined> {
  foundZarr ??= findOther('import zarr, numpy; assert zarr.__version__.startswith("3.")', zarrPins, 'Zarr');
  return foundZarr;
}

/** The same with h5py 3. */
export function pythonWithHdf5(): Promise<string | undefined> {
  foundHdf5 ??= findOther('import h5py, numpy; assert h5py.__version__.startswith("3.")', hdf5Pins, 'h5py');
  return foundHdf5;
}

/**
 * Runs a script with {@link pythonWithNumpy}, or the Python that is given; `args` are `sys.argv[1:]`, `input`
 * is its stdin. Returns its stdout; a script that fails rejects with its stderr.
 */
export async function runPython(
  script: string,
  args: readonly string[] = [],
  options: {
    readonly input?: string | Uint8Array;
    readonly signal?: AbortSignal;
    readonly python?: string;
  } = {},
): Promise<Buffer> {
  const python = options.python ?? (await pythonWithNumpy());
  if (python === undefined) throw new Error('there is no Python with NumPy: skip on pythonWithNumpy()');
  const child = spawn(python, ['-c', script, ...args], {
    stdio: 'pipe',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => output.push(piece));
  child.stderr.on('data', (piece: Buffer) => errors.push(piece));
  // A script that ends before it has read all of its input says why by its exit status.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new Error(`Python ended with ${status}:\n${Buffer.concat(errors).toString()}`);
  return Buffer.concat(output);
}

async function findPython(): Promise<string | undefined> {
  const chosen = process.env['NACRE_PYTHON'];
  if (chosen !== undefined) {
    await run(chosen, ['-c', 'import numpy, pyarrow, safetensors']);
    return chosen;
  }
  if (await hasAll('python3')) return 'python3';
  return madeOrSkipped(pins, 'NumPy, pyarrow and safetensors');
}

async function findOther(
  check: string,
  packages: readonly string[],
  against: string,
): Promise<string | undefined> {
  for (const python of [process.env['NACRE_PYTHON'], 'python3'])
    if (python !== undefined && (await has(python, check))) return python;
  return madeOrSkipped(packages, against);
}

async function madeOrSkipped(packages: readonly string[], against: string): Promise<string | undefined> {
  try {
    return await environment(packages);
  } catch (cause) {
    const what = `no Python with ${packages.join(' and ')} can be had`;
    if (process.env['CI'] === 'true') throw new Error(what, { cause });
    const reason = cause instanceof Error ? (cause.message.trim().split('\n').at(-1) ?? '') : String(cause);
    console.warn(`SKIPPED: the tests against ${against}: ${what} (${reason}); set NACRE_PYTHON`);
    return undefined;
  }
}

function hasAll(python: string): Promise<boolean> {
  return has(python, 'import numpy, pyarrow, safetensors; assert int(numpy.__version__.split(".")[0]) >= 2');
}

function has(python: string, check: string): Promise<boolean> {
  return run(python, ['-c', check]).then(
    () => true,
    () => false,
  );
}

/**
 * The Python of the kept environment. Made under another name and renamed, so that it is there whole or not.
 */
async function environment(packages: readonly string[]): Promise<string> {
  const cache =
    process.env['NACRE_TEST_CACHE'] ??
    path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'nacre-tests');
  const home = path.join(cache, `python-${packages.join('-').replaceAll('==', '-')}`);
  const python = path.join(home, 'bin', 'python');
  await mkdir(cache, { recursive: true });
  await oneAtATime(
    `${home}.lock`,
    () => existsSync(python),
    async () => {
      const draft = `${home}.${process.pid}`;
      try {
        await run('python3', ['-m', 'venv', draft], { timeout: installTimeoutMs });
        const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
        await run(path.join(draft, 'bin', 'python'), pip, { timeout: installTimeoutMs });
        await rename(draft, home);
      } finally {
        await rm(draft, { recursive: true, force: true });
      }
    },
  );
  return python;
}

/** Runs `make` unless `made`, in one process at a time: the others wait for it, and then find it made. */
async function oneAtATime(lock: string, made: () => boolean, make: () => Promise<void>): Promise<void> {
  const deadline = systemRuntime.monotonic() + waitMs;
  while (!made()) {
    if (systemRuntime.monotonic() > deadline) throw new Error(`${lock} was held for ${waitMs} ms`);
    if (!(await takeLock(lock))) {
      await systemRuntime.sleep(200);
      continue;
    }
    try {
      if (!made()) await make();
    } finally {
      await rm(lock, { recursive: true, force: true });
    }
  }
}

async function takeLock(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Two may break a stale lock and then both make: the rename at the end lets only one of them win.
    const age = await stat(lock).then(
      (status) => systemRuntime.now() - status.mtimeMs,
      () => 0,
    );
    if (age > staleLockMs) await rm(lock, { recursive: true, force: true });
    return false;
  }
}
