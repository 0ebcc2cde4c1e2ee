// The two places where a folder of arrays lies: a folder of this machine, and the objects below a prefix.
// Keys are of any characters: those of Nacre's own store, which has lower case alone, do not do here.
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { NacreError } from '../../errors.js';
import { checkForeignKey } from '../../storage/keys.js';
import { errnoOf, fileError } from '../../storage/local/errors.js';
import type { CallOptions, GetOptions, ObjectBody, ObjectStore } from '../../storage/object-store.js';
import { openStore } from '../../storage/open.js';
import { parseStoreUri, type StoreLocation } from '../../storage/uri.js';
import { chain } from '../../storage/wrap/chain.js';
import { Meter } from '../../storage/wrap/meter.js';
import { throwIfAborted } from '../../util/runtime.js';
import { compareText, printable } from '../../util/text.js';
import type { OpenAccessOptions } from '../random-access.js';
import type { FolderAccess } from './folder.js';
import { roomOf } from '../../util/bytes.js';

/** Errors: `NotFound` for a local folder that is not there. A prefix is there when an object below it is. */
export async function openFolderAccess(name: string, options: OpenAccessOptions): Promise<FolderAccess> {
  throwIfAborted(options.signal);
  const location = parseStoreUri(name);
  if (location.scheme === 'file') {
    try {
      return new LocalFolder(location.path, await realpath(location.path));
    } catch (error) {
      throw fileError(error, 'read', location.path);
    }
  }
  if (location.scheme === 'memory')
    throw new NacreError('InvalidArgument', `${name} names a place in memory, not a folder`);
  const call: CallOptions = options.signal === undefined ? {} : { signal: options.signal };
  const backend = await openStore(location, { ...call, foreignKeys: true });
  return new Prefix(location, chain(backend, { meter: options.meter ?? new Meter() }));
}

/** A longer range of an object is read in two steps: the first piece, then what is left of it. */
const longBytes = 16 * 2 ** 20;
const pieceBytes = 8 * 2 ** 20;

/** Folders of which it is remembered that no link leads there. */
const mostChecked = 4096;

class LocalFolder implements FolderAccess {
  readonly name: string;
  readonly remote = false;
  /** Without links. */
  readonly #root: string;
  readonly #checked = new Set<string>();

  constructor(name: string, root: string) {
    this.name = name;
    this.#root = root;
  }

  async get(key: string, { range, into, signal }: GetOptions = {}): Promise<ObjectBody | undefined> {
    return this.#with(key, signal, async (handle, state) => {
      const start = Math.min(range?.start ?? 0, state.size);
      const length = Math.min(range?.end ?? state.size, state.size) - start;
      const bytes = roomOf(into, length);
      let done = 0;
      while (done < length) {
        throwIfAborted(signal);
        const { bytesRead } = await handle.read(bytes, done, length - done, start + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      const token = `${state.ino}-${state.size}-${state.mtimeMs}`;
      return { bytes: bytes.subarray(0, done), token, sizeBytes: state.size, modifiedMs: state.mtimeMs };
    });
  }

  sizeOf(key: string, { signal }: CallOptions = {}): Promise<number | undefined> {
    return this.#with(key, signal, (_, { size }) => Promise.resolve(size));
  }

  async folders(key: string, most: number, { signal }: CallOptions = {}): Promise<string[]> {
    throwIfAborted(signal);
    const folder = key === '' ? this.#root : this.#fileOf(key);
    try {
      await this.#checkFolder(folder);
      const entries = await readdir(folder, { withFileTypes: true });
      const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
      if (names.length > most) throw tooManyEntries(this.name, printable(key), most);
      return names.sort(compareText);
    } catch (error) {
      throw fileError(error, 'list', folder);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #fileOf(key: string): string {
    checkForeignKey(key);
    if (key.includes('\0')) throw new NacreError('InvalidArgument', `${printable(key)} is no name of a file`);
    return path.join(this.#root, key);
  }

  async #with<T>(
    key: string,
    signal: AbortSignal | undefined,
    use: (handle: FileHandle, state: { ino: number; size: number; mtimeMs: number }) => Promise<T>,
  ): Promise<T | undefined> {
    throwIfAborted(signal);
    const file = this.#fileOf(key);
    let handle: FileHandle | undefined;
    try {
      await this.#checkFolder(path.dirname(file));
      // Without waiting: nobody may ever write into a pipe that lies there.
      handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const state = await handle.stat();
      if (state.isDirectory()) return undefined;
      if (state.isFile()) return await use(handle, state);
      throw new NacreError('InvalidArgument', `${file} is no plain file`, {
        context: { path: file },
        hint: 'Replace it by a copy of what it stands for.',
      });
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
      throw fileError(error, 'read', file);
    } finally {
      await handle?.close();
    }
  }

  async #checkFolder(folder: string): Promise<void> {
    if (this.#checked.has(folder)) return;
    if ((await realpath(folder)) !== folder)
      throw new NacreError('InvalidArgument', `${folder} leads through a symbolic link`, {
        context: { path: folder },
        hint: 'Replace the link by what it names.',
      });
    if (this.#checked.size >= mostChecked) this.#checked.clear();
    this.#checked.add(folder);
  }
}

class Prefix implements FolderAccess {
  readonly name: string;
  readonly remote = true;
  readonly #store: ObjectStore;

  constructor(location: Extract<StoreLocation, { readonly bucket: string }>, store: ObjectStore) {
    this.name = `${location.scheme}://${location.bucket}/${location.prefix}`;
    this.#store = store;
  }

  /** A long range is that of a chunk that may be shorter: what is there is known after its first piece. */
  async get(key: string, options: GetOptions = {}): Promise<ObjectBody | undefined> {
    const { range, into, ...call } = options;
    if (range === undefined || range.end - range.start <= longBytes) return this.#store.get(key, options);
    const middle = range.start + pieceBytes;
    const first = await this.#store.get(key, {
      ...call,
      range: { start: range.start, end: middle },
      ...(into && { into: into.subarray(0, pieceBytes) }),
    });
    if (first === undefined || first.sizeBytes <= middle) return first;
    const end = Math.min(range.end, first.sizeBytes);
    const bytes = roomOf(into, end - range.start);
    const place = bytes.subarray(pieceBytes);
    const rest = await this.#store.get(key, { ...call, range: { start: middle, end }, into: place });
    if (rest?.token !== first.token) throw changedFile(this, key);
    if (bytes !== into) bytes.set(first.bytes);
    if (rest.bytes !== place) place.set(rest.bytes);
    return { ...first, bytes };
  }

  async sizeOf(key: string, options: CallOptions = {}): Promise<number | undefined> {
    return (await this.#store.head(key, options))?.sizeBytes;
  }

  /** From one to the next, past all that is below it: a folder may hold millions of chunks. */
  async folders(key: string, most: number, options: CallOptions = {}): Promise<string[]> {
    if (!this.#store.capabilities.sortedList)
      throw new NacreError('UnsupportedFormat', `${this.name}: the bucket does not list keys in order`, {
        hint: 'Consolidate the metadata, or open the array itself.',
      });
    const prefix = key === '' ? '' : `${key}/`;
    const names: string[] = [];
    let after = prefix;
    for (let seen = 0; seen <= 2 * most; seen++) {
      const { entries } = await this.#store.list({
        ...options,
        limit: 1,
        ...(after === '' ? {} : { after }),
      });
      const found = entries[0]?.key;
      if (found === undefined || !found.startsWith(prefix)) return names;
      const slash = found.indexOf('/', prefix.length);
      const name = found.slice(prefix.length, slash);
      if (slash > 0 && name !== '') names.push(name);
      // What follows the slash in order: all keys of the folder are below it.
      after = slash < 0 ? found : `${found.slice(0, slash)}0`;
    }
    throw tooManyEntries(this.name, printable(key), most);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

export function tooManyEntries(name: string, key: string, most: number): NacreError {
  return new NacreError('ResourceExhausted', `${name}/${key} has more than ${most} entries`, {
    context: { file: name, limit: most },
    hint: 'Consolidate the metadata, or open the arrays one by one.',
  });
}

export function changedFile({ name }: FolderAccess, key: string): NacreError {
  return new NacreError('Conflict', `${name}: ${key} was changed while it was read`, {
    context: { file: name, key },
    hint: 'Wait until nobody writes to it, then try again.',
  });
}
