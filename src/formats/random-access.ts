// Bytes of a file by position, wherever the file is: on this machine, in a bucket, or at the end of a pipe.
//
// What cannot be read by position (a pipe, standard input) is first copied to a file without a name in the
// temporary folder, so that memory stays bounded; TMPDIR chooses where. A file that changes while it is read
// is an error, never a mixture of old and new bytes.
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, stat, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { NacreError } from '../errors.js';
import { fileError } from '../storage/local/errors.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { openStore } from '../storage/open.js';
import { parseStoreUri, type StoreLocation } from '../storage/uri.js';
import { chain } from '../storage/wrap/chain.js';
import { Meter } from '../storage/wrap/meter.js';
import { assert } from '../util/assert.js';
import { toHex, roomOf } from '../util/bytes.js';
import { systemRuntime, throwIfAborted } from '../util/runtime.js';

export interface ReadOptions extends CallOptions {
  /** Memory of that length. */
  readonly into?: Uint8Array;
}

export interface RandomAccess {
  /** As messages name it: the path, the URI, or `standard input`. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Every position costs a request. */
  readonly remote: boolean;
  /** Whether opening the same name again gives the same bytes; a pipe gives them once. */
  readonly reopens: boolean;
  /** Exactly `length` bytes from `position` on, the caller's own; in `into` where it was given and can be. */
  read(position: number, length: number, options?: ReadOptions): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface OpenAccessOptions extends CallOptions {
  /** Counts requests to a bucket. */
  readonly meter?: Meter;
}

/** Bytes moved by one system call, and by one ranged GET of several side by side. */
const chunkBytes = 8 * 2 ** 20;

/** Opens a path, a `file://`, `s3://` or `gs://` URI, or `-` for standard input. */
export async function openAccess(name: string, options: OpenAccessOptions = {}): Promise<RandomAccess> {
  throwIfAborted(options.signal);
  if (name === '-') return openStandardInput(options);
  const location = parseStoreUri(name);
  if (location.scheme === 'file') return openLocal(location.path, options);
  if (location.scheme !== 'memory') return openObject(location, options);
  throw new NacreError('InvalidArgument', `${name} names a place in memory, not a file`, {
    hint: 'Give a path, an s3:// or gs:// URI, or - for standard input.',
  });
}

/** Copies pieces to a file that has no name any more when this returns, and reads from there. */
export async function spool(
  name: string,
  pieces: AsyncIterable<Uint8Array> | Readable,
  { signal }: CallOptions = {},
): Promise<RandomAccess> {
  // What waits for the other end of a pipe looks at no signal by itself.
  if (signal !== undefined && pieces instanceof Readable) addAbortSignal(signal, pieces);
  const file = path.join(tmpdir(), `nacre-${toHex(systemRuntime.randomBytes(12))}.spool`);
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'wx+', 0o600);
    await unlink(file);
    for await (const piece of pieces) {
      throwIfAborted(signal);
      await handle.writeFile(piece);
    }
    return new LocalFile(name, handle, await handle.stat(), false);
  } catch (error) {
    await handle?.close();
    throwIfAborted(signal);
    throw fileError(error, `copy ${name} to`, file);
  }
}

/** SHA-256 of the whole. */
export async function sha256Of(access: RandomAccess, options: CallOptions = {}): Promise<Uint8Array> {
  // Loading it takes longer than opening most files.
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  for await (const piece of piecesOf(access, options)) hash.update(piece);
  return new Uint8Array(hash.digest());
}

/** The whole of a file, piece by piece. */
export async function* piecesOf(access: RandomAccess, options: CallOptions = {}): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < access.sizeBytes; at += chunkBytes)
    yield await access.read(at, Math.min(chunkBytes, access.sizeBytes - at), options);
}

async function openStandardInput(options: CallOptions): Promise<RandomAccess> {
  if (process.stdin.isTTY) {
    throw new NacreError('InvalidArgument', 'standard input is a terminal, not a file', {
      hint: 'Redirect a file into the command, or name the file instead of -.',
    });
  }
  return spool('standard input', process.stdin, options);
}

async function openLocal(file: string, options: CallOptions): Promise<RandomAccess> {
  let handle: FileHandle | undefined;
  try {
    const before = await stat(file);
    if (before.isDirectory()) {
      throw new NacreError('InvalidArgument', `${file} is a folder, not a file`, {
        context: { path: file },
        hint: 'Name the files in it, for example with a wildcard.',
      });
    }
    // A pipe; opening it may wait for its writer, so the stream does that.
    if (!before.isFile()) return await spool(file, createReadStream(file), options);
    handle = await open(file, 'r');
    return new LocalFile(file, handle, await handle.stat(), true);
  } catch (error) {
    await handle?.close();
    throw readError(error, file);
  }
}

/** The folder store's words, with what to do about a file that is to be read. */
function readError(cause: unknown, file: string): NacreError {
  const { code, message, context } = fileError(cause, 'read', file);
  if (cause instanceof NacreError) return cause;
  const hints: Readonly<Record<string, string>> = {
    NotFound: 'Check the path of the file.',
    PermissionDenied: 'Check the owner and the mode of the file.',
  };
  const hint = hints[code];
  return new NacreError(code, message, { cause, context, ...(hint === undefined ? {} : { hint }) });
}

class LocalFile implements RandomAccess {
  readonly name: string;
  readonly sizeBytes: number;
  readonly remote = false;
  readonly reopens: boolean;
  readonly #handle: FileHandle;
  readonly #modifiedMs: number;

  constructor(
    name: string,
    handle: FileHandle,
    state: { readonly size: number; readonly mtimeMs: number },
    reopens: boolean,
  ) {
    this.name = name;
    this.#handle = handle;
    this.sizeBytes = state.size;
    this.#modifiedMs = state.mtimeMs;
    this.reopens = reopens;
  }

  async read(position: number, length: number, { signal, into }: ReadOptions = {}): Promise<Uint8Array> {
    assert(position >= 0 && position + length <= this.sizeBytes, 'the range lies in the file');
    const target = roomOf(into, length);
    let done = 0;
    while (done < length) {
      throwIfAborted(signal);
      const { bytesRead } = await this.#read(target, done, position);
      if (bytesRead === 0) throw changed(this.name);
      done += bytesRead;
    }
    const state = await this.#handle.stat();
    if (state.size !== this.sizeBytes || state.mtimeMs !== this.#modifiedMs) throw changed(this.name);
    return target;
  }

  async #read(target: Uint8Array, done: number, position: number): Promise<{ bytesRead: number }> {
    try {
      const length = Math.min(chunkBytes, target.byteLength - done);
      return await this.#handle.read(target, done, length, position + done);
    } catch (error) {
      throw readError(error, this.name);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

type ObjectLocation = Extract<StoreLocation, { readonly bucket: string }>;

async function openObject(location: ObjectLocation, options: OpenAccessOptions): Promise<RandomAccess> {
  const slash = location.prefix.lastIndexOf('/');
  const key = location.prefix.slice(slash + 1);
  const name = `${location.scheme}://${location.bucket}/${location.prefix}`;
  if (key === '') {
    throw new NacreError('InvalidArgument', `${name} names a bucket, not a file in it`, {
      hint: `Write ${location.scheme}://bucket/path/file.`,
    });
  }
  const folder = { ...location, prefix: location.prefix.slice(0, Math.max(0, slash)) };
  const call: CallOptions = options.signal === undefined ? {} : { signal: options.signal };
  const backend = await openStore(folder, { ...call, foreignKeys: true });
  const store = chain(backend, { meter: options.meter ?? new Meter() });
  try {
    const head = await store.head(key, options);
    if (head !== undefined) return new ObjectFile(name, store, key, head);
    throw new NacreError('NotFound', `there is no object ${name}`, {
      context: { uri: name },
      hint: 'Check the address of the file.',
    });
  } catch (error) {
    await store.close();
    throw error;
  }
}

class ObjectFile implements RandomAccess {
  readonly name: string;
  readonly sizeBytes: number;
  readonly remote = true;
  readonly reopens = true;
  readonly #store: ObjectStore;
  readonly #key: string;
  readonly #token: string;

  constructor(
    name: string,
    store: ObjectStore,
    key: string,
    head: { readonly sizeBytes: number; readonly token: string },
  ) {
    this.name = name;
    this.#store = store;
    this.#key = key;
    this.sizeBytes = head.sizeBytes;
    this.#token = head.token;
  }

  async read(position: number, length: number, options: CallOptions = {}): Promise<Uint8Array> {
    assert(position >= 0 && position + length <= this.sizeBytes, 'the range lies in the file');
    if (length <= chunkBytes) return this.#range(position, length, options);
    const target = new Uint8Array(length);
    const chunks = Array.from({ length: Math.ceil(length / chunkBytes) }, (_, i) => i * chunkBytes);
    await Promise.all(
      chunks.map(async (at) => {
        target.set(await this.#range(position + at, Math.min(chunkBytes, length - at), options), at);
      }),
    );
    return target;
  }

  async #range(position: number, length: number, options: CallOptions): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0);
    const range = { start: position, end: position + length };
    const body = await this.#store.get(this.#key, { ...options, range });
    if (body === undefined || body.token !== this.#token || body.bytes.byteLength !== length)
      throw changed(this.name);
    return body.bytes;
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

function changed(name: string): NacreError {
  return new NacreError('Conflict', `${name} was changed while it was read`, {
    context: { file: name },
    hint: 'Wait until nobody writes to it, then try again.',
  });
}
