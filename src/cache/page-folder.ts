// Reads, writes and removes the page files of one folder; knows nothing of budgets.
//
// - A page becomes visible complete, by rename, and is never written, truncated or punched afterwards; it
// ends by
//   unlink. So a mapping of it stays whole. The folder is the user's alone (0700): nobody else writes here.
// - Nothing is fsynced: what a crash tore is found by the check on first use, and loaded anew. - Mapping
// and small reads are synchronous, for the same reason as looking is. Errors leave as Node raises them.
import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { NacreError } from '../errors.js';
import { writePieces } from '../storage/local/pieces.js';
import { byteLength, type ByteSource, toHex } from '../util/bytes.js';
import type { Runtime } from '../util/runtime.js';
import { type FileState, listNames, pathOf, removeFile, stateOf } from './files.js';
import { type Checksums, encodeTrailer, LAYOUT, nameAndPageSum, temporaryName } from './page.js';
import { errnoOf, isMissing } from './trouble.js';

/** What the cache needs of the native binary. */
export interface CacheNative extends Checksums {
  mapFile(file: string, offset: number, length: number): Uint8Array;
  givePagesBack(bytes: Uint8Array): void;
  freeBuffer(buffer: ArrayBufferLike): void;
}

/** Pages from here on are mapped; a smaller one is cheaper to copy. */
export const MAPPED_FROM_BYTES = 64 * 1024;

export class PageFolder {
  readonly path: string;
  readonly #native: CacheNative;
  readonly #runtime: Runtime;
  readonly #writing = new Set<string>();

  constructor(folder: string, native: CacheNative, runtime: Runtime) {
    this.path = folder;
    this.#native = native;
    this.#runtime = runtime;
  }

  /** Whether the folder is there; throws `PermissionDenied` when others could write in it. */
  isOurs(): boolean {
    return isOurs(this.path, LAYOUT);
  }

  state(name: string): FileState | undefined {
    return stateOf(this.path, name);
  }

  /**
   * The first `length` bytes: a private mapping, or a copy below 64 KiB. Undefined when the file is
   * shorter.
   */
  read(name: string, length: number): Uint8Array | undefined {
    const file = pathOf(this.path, name);
    if (length >= MAPPED_FROM_BYTES) return this.#native.mapFile(file, 0, length);
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const read = readSync(descriptor, bytes, done, length - done, done);
        if (read === 0) return undefined;
        done += read;
      }
      return bytes;
    } finally {
      closeSync(descriptor);
    }
  }

  /**
   * Writes a page under a temporary name and renames it: it is there whole, or not at all. False when
   * somebody cleared the folder meanwhile. `pageSum` is its CRC32C, where that is known.
   */
  async write(name: string, bytes: ByteSource, pageSum = this.#sumOf(bytes)): Promise<boolean> {
    const temporary = temporaryName(name, toHex(this.#runtime.randomBytes(8)));
    const pieces = bytes instanceof Uint8Array ? [bytes] : bytes;
    const sum = nameAndPageSum(name, pageSum, byteLength(pieces), this.#native);
    this.#writing.add(temporary);
    try {
      const handle = await this.#create(pathOf(this.path, temporary));
      try {
        await writePieces(handle, [...pieces, encodeTrailer(sum)]);
      } finally {
        await handle.close();
      }
      return await this.#publish(temporary, name);
    } catch (error) {
      // The first error tells more than a second one about what it left.
      await this.remove(temporary).catch(() => undefined);
      throw error;
    } finally {
      this.#writing.delete(temporary);
    }
  }

  #sumOf(bytes: ByteSource): number {
    const pieces = bytes instanceof Uint8Array ? [bytes] : bytes;
    return pieces.reduce(
      (sum, piece) => this.#native.crc32cCombine(sum, this.#native.crc32c(piece), piece.byteLength),
      0,
    );
  }

  /**
   * Moves the last use, which all processes share, to now. A folder that cannot be written keeps its order.
   */
  touch(name: string): void {
    const seconds = this.#runtime.now() / 1000;
    try {
      utimesSync(pathOf(this.path, name), seconds, seconds);
    } catch {
      // Gone or read-only: either way there is no order to keep.
    }
  }

  async remove(name: string): Promise<void> {
    await removeFile(this.path, name);
  }

  /** As `remove`, done on return, so that a new file of that name cannot be hit. */
  removeNow(name: string): void {
    try {
      unlinkSync(pathOf(this.path, name));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** Names of all pages and temporary files but those being written here. */
  async *list(): AsyncGenerator<string, void, undefined> {
    for await (const name of listNames(this.path)) if (!this.#writing.has(name)) yield name;
  }

  async #create(file: string): Promise<FileHandle> {
    try {
      return await open(file, 'wx', 0o600);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await makeFolders(path.dirname(file));
      return open(file, 'wx', 0o600);
    }
  }

  async #publish(temporary: string, name: string): Promise<boolean> {
    try {
      await rename(pathOf(this.path, temporary), pathOf(this.path, name));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }
}

/** Whether a folder of the cache folder is there; throws `PermissionDenied` when others could write in it. */
export function isOurs(folder: string, name: string): boolean {
  // In a folder for everyone, such as /tmp, somebody else may have taken the name.
  const above = lstatSync(path.dirname(folder), { throwIfNoEntry: false });
  const base = lstatSync(folder, { throwIfNoEntry: false });
  if (above === undefined || base === undefined) return false;
  if ((above.mode & 0o002) !== 0) requireOurs(folder, base);
  const inner = path.join(folder, name);
  const stats = lstatSync(inner, { throwIfNoEntry: false });
  if (stats !== undefined) requireOurs(inner, stats);
  return stats !== undefined;
}

/** One by one: where `mkdir` says ENOENT below a folder that is there (/proc), `recursive` never ends. */
export async function makeFolders(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = folder; lstatSync(at, { throwIfNoEntry: false }) === undefined; at = path.dirname(at))
    missing.unshift(at);
  for (const at of missing) {
    try {
      await mkdir(at, { mode: 0o700 });
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}

function requireOurs(folder: string, stats: Stats): void {
  const self = process.geteuid?.();
  if (self === undefined) return;
  if (stats.uid !== self) throw untrusted(folder, 'it belongs to another user');
  if ((stats.mode & 0o022) !== 0 && !stats.isSymbolicLink())
    throw untrusted(folder, 'others may write in it');
}

function untrusted(folder: string, why: string): NacreError {
  return new NacreError('PermissionDenied', `the page cache does not use ${folder}: ${why}`, {
    context: { folder },
    hint: 'Set NACRE_CACHE_DIR to a folder of your own, or NACRE_CACHE=off.',
  });
}
