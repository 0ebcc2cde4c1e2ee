// Reading and writing single files of a local store: positional reads of exactly what was asked for, and new
// bodies that are complete, and durable unless nobody asks for that, under a name of their own before anyone
// can see them.
//
// Reading is synchronous but for the bytes of a large range. Opening a dataset is some twenty calls of a few
// microseconds each, and waiting for a thread makes each of them fifty. Also, each call of `node:fs/promises`
// makes a small ArrayBuffer, and while a large one is young V8 scavenges for every new one: the result of a
// read then survives to be collected by a mark-compact.
import { type BigIntStats, closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs';
import { lstat, open, opendir, stat, unlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { NacreError } from '../../errors.js';
import { type ByteSource, toHex } from '../../util/bytes.js';
import { type Runtime, throwIfAborted } from '../../util/runtime.js';
import { cutRange } from '../keys.js';
import type { BodyDigest, ByteRange, ObjectHead, StateToken } from '../object-store.js';
import type { Durability } from './durability.js';
import { errnoOf, fileError, notAFile } from './errors.js';
import { writeDigested, writePieces } from './pieces.js';

/** Bytes a system call moves at most; the signal is looked at between two. */
const chunkBytes = 8 << 20;

/** Ranges up to here are read on the calling thread. */
const smallBytes = 64 << 10;

const readAsync = promisify(read);

/** Without O_NONBLOCK, opening a pipe waits for a writer. */
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file that was written in full, and synced where that is asked for, and that no key names yet. */
export interface Temporary {
  readonly file: string;
  readonly state: BigIntStats;
}

/**
 * An inode can be used again and two writes can share a tick of the clock; size and the rule that a replacing
 * file is always the later one (`outlive`) keep the tokens of one key apart.
 */
export function tokenOf({ ino, mtimeNs, size }: BigIntStats): StateToken {
  return `${ino}-${mtimeNs}-${size}`;
}

export function headOf(state: BigIntStats): ObjectHead {
  return {
    token: tokenOf(state),
    sizeBytes: Number(state.size),
    modifiedMs: Number(state.mtimeNs / 1_000_000n),
  };
}

/** The state of the object at `file`; undefined when there is none. A folder is none. */
export async function stateOf(file: string): Promise<BigIntStats | undefined> {
  try {
    return plainFile(file, await lstat(file, { bigint: true }));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw fileError(error, 'look at', file);
  }
}

/** Like {@link stateOf}, but a folder is in the way. */
export async function stateToReplace(file: string): Promise<BigIntStats | undefined> {
  const state = await stateOf(file);
  if (state === undefined && (await lstat(file).catch(() => undefined))?.isDirectory())
    throw new NacreError('InvalidArgument', `${file} is a folder, and an object cannot take its place`, {
      context: { path: file },
      hint: 'An object cannot have the name of a folder that holds other objects.',
    });
  return state;
}

function plainFile(file: string, state: BigIntStats): BigIntStats | undefined {
  if (state.isFile()) return state;
  if (state.isDirectory()) return undefined;
  throw notAFile(file, state.isSymbolicLink());
}

/** Opens the object for `use`; undefined when there is none. */
export async function withFile<T>(
  file: string,
  use: (descriptor: number, state: BigIntStats) => Promise<T>,
): Promise<T | undefined> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, readFlags);
    const state = plainFile(file, fstatSync(descriptor, { bigint: true }));
    return state && (await use(descriptor, state));
  } catch (error) {
    if (descriptor === undefined && ['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw fileError(error, 'read', file);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * The part of `range` that a file of `state` has. A file that ends before is `Corrupt`: objects never shrink.
 */
export async function readRange(
  descriptor: number,
  file: string,
  state: BigIntStats,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { offset, length } = cutRange(range, Number(state.size));
  const bytes = allocate(length, file);
  for (let at = 0; at < length; ) {
    throwIfAborted(signal);
    const place = [at, Math.min(chunkBytes, length - at), offset + at] as const;
    const bytesRead =
      length <= smallBytes
        ? readSync(descriptor, bytes, ...place)
        : (await readAsync(descriptor, bytes, ...place)).bytesRead;
    if (bytesRead === 0)
      throw new NacreError(
        'Corrupt',
        `${file} ended at byte ${offset + at} while it was read; it had ${state.size} bytes when it was opened`,
        { context: { path: file, sizeBytes: Number(state.size), endsAt: offset + at } },
      );
    at += bytesRead;
  }
  throwIfAborted(signal);
  return bytes;
}

function allocate(length: number, file: string): Uint8Array {
  try {
    const memory = Buffer.allocUnsafeSlow(length);
    return new Uint8Array(memory.buffer, memory.byteOffset, length);
  } catch (cause) {
    throw new NacreError('ResourceExhausted', `cannot hold ${length} bytes of ${file} in memory`, {
      cause,
      hint: 'Read it in ranges.',
    });
  }
}

export interface WriteOptions {
  readonly durability: Durability;
  readonly digest: BodyDigest | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Writes a body into a new file of `folder`, durably by default. Leaves nothing behind when it fails. */
export async function writeTemporary(
  folder: string,
  body: ByteSource,
  runtime: Runtime,
  { durability, digest, signal }: WriteOptions,
): Promise<Temporary> {
  const file = path.join(folder, toHex(runtime.randomBytes(16)));
  const handle = await open(file, 'wx');
  try {
    const parts = body instanceof Uint8Array ? [body] : body;
    if (digest === undefined) await writePieces(handle, parts, signal);
    else digest.take(await writeDigested(file, parts, digest.blockBytes, signal));
    throwIfAborted(signal);
    if (durability === 'fsync') await handle.sync();
    return { file, state: await handle.stat({ bigint: true }) };
  } catch (error) {
    await unlink(file).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
}

/** The state of `temporary` once its time is after that of the file it will replace. */
export async function outlive({ file, state }: Temporary, replaced: BigIntStats): Promise<BigIntStats> {
  let now = state;
  // Some file systems keep whole seconds, FAT every second one.
  for (const stepNs of [3_000n, 2_000_000_000n]) {
    if (now.mtimeNs > replaced.mtimeNs) break;
    const seconds = Number(replaced.mtimeNs + stepNs) / 1e9;
    await utimes(file, seconds, seconds);
    now = await stat(file, { bigint: true });
  }
  return now;
}

/** Removes files of `folder` not written to since `before`, of the first `limit` that it meets. */
export async function sweep(folder: string, before: number, limit: number): Promise<void> {
  let seen = 0;
  for await (const entry of await opendir(folder)) {
    if (++seen > limit) return;
    const file = path.join(folder, entry.name);
    const found = await lstat(file).catch(() => undefined);
    if (found?.isFile() && found.mtimeMs < before) await unlink(file).catch(() => {});
  }
}
