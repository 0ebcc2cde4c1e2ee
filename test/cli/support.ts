// The command as users run it: the built program in a process of its own.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { commands } from '../../src/cli/commands/index.js';
import { makeProgram, type Running } from '../../src/cli/program.js';
import { isNacreError } from '../../src/errors.js';
import type { Dtype, TypedArray } from '../../src/npy/dtype.js';
import { bytesOf } from '../../src/npy/dtype.js';
import { encodeHeader } from '../../src/npy/header.js';

export const program = path.resolve(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

export interface Ended {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** Standard output as the one document that --json prints. */
  readonly json: Record<string, unknown>;
  /** The error of the last line of standard error. */
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
    readonly retryable: boolean;
    readonly context: Record<string, unknown>;
  };
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
}

/** A folder that goes away with the tests of the file. */
export async function scratch(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nacre-cli-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Without credentials, endpoints and caches of whoever runs the tests. */
export function cleanEnvironment(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined && !/^(AWS_|NACRE_|GOOGLE_|STORAGE_|NO_COLOR|FORCE_COLOR)/.test(name),
  ) as [string, string][];
  return {
    ...Object.fromEntries(kept),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    NACRE_CACHE: 'off',
    ...env,
  };
}

export async function nacre(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: options.cwd,
    env: cleanEnvironment(options.env),
    stdio: 'pipe',
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => out.push(piece));
  child.stderr.on('data', (piece: Buffer) => err.push(piece));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input);
  const code = await new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? undefined));
  });
  const stdout = Buffer.concat(out);
  const stderr = Buffer.concat(err).toString();
  return {
    code,
    stdout,
    stderr,
    get json() {
      return JSON.parse(stdout.toString()) as Record<string, unknown>;
    },
    get error() {
      const last = stderr.trimEnd().split('\n').at(-1) ?? '';
      return (JSON.parse(last) as { error: Ended['error'] }).error;
    },
  };
}

/** Runs a command that must go well, with --json; its document. */
export async function answer(
  args: readonly string[],
  options?: RunOptions,
): Promise<Record<string, unknown>> {
  const ended = await nacre([...args, '--json'], options);
  if (ended.code !== 0) throw new Error(`nacre ${args.join(' ')} ended with ${ended.code}: ${ended.stderr}`);
  return ended.json;
}

/**
 * The code of the error in which a command ends that is run in this process, of the sources: for many cases
 * of what a process of its own was seen to do. Undefined where it went well; what has no code is thrown.
 */
export async function errorInProcess(args: readonly string[]): Promise<string | undefined> {
  const running: Running = { interrupt: new AbortController().signal, exitCode: 0 };
  try {
    await makeProgram(running, commands).parseAsync([process.execPath, program, ...args]);
    return undefined;
  } catch (error) {
    if (isNacreError(error)) return error.code;
    throw error;
  }
}

/** Writes a .npy file and gives its path. */
export async function saveNpy(
  file: string,
  dtype: Dtype,
  shape: readonly number[],
  data: TypedArray,
): Promise<string> {
  await writeFile(file, [encodeHeader(dtype, shape), bytesOf(data)]);
  return file;
}

/** float32 rows of two numbers, counting from `first`. */
export function pairs(file: string, rows: number, first = 0): Promise<string> {
  return saveNpy(
    file,
    'float32',
    [rows, 2],
    Float32Array.from({ length: 2 * rows }, (_, i) => first + i),
  );
}
