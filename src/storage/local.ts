// Objects as files of a folder, shared by any number of processes (POSIX; one file system).
//
// - A body becomes visible in one step, and only after it is complete and synced: a new file in `.tmp/`,
//   then link(2) for create-only, or rename(2), then an fsync of the folder. With the durability 'none' all
//   of this but the syncing: whoever looks sees the same, whoever loses power may not.
// - Whatever replaces or removes a key does so under the lock on `.lock`, so that a comparison holds until
//   the rename. Create-only needs no lock: link(2) decides.
// - Below the root no symbolic link is followed, and only plain files are objects.
// A file deleted and made again within one tick of the clock (4 ms) could get its old token back; keys that
// are swapped are not deleted while they are in use.
import { type BigIntStats, realpathSync } from 'node:fs';
import { link, lstat, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isNacreError, NacreError } from '../errors.js';
import { assert } from '../util/assert.js';
import type { ByteSource } from '../util/bytes.js';
import { type Runtime, throwIfAborted } from '../util/runtime.js';
import { checkKey, checkKeyPrefix } from './keys.js';
import { checkDurability, type Durability } from './local/durability.js';
import { errnoOf, fileError, notAFile } from './local/errors.js';
import {
  headOf,
  outlive,
  readRange,
  stateOf,
  stateToReplace,
  sweep,
  type Temporary,
  tokenOf,
  withFile,
  writeTemporary,
} from './local/files.js';
import { Folders, parentOf, syncFolder } from './local/folders.js';
import { entriesOf, keysBelow } from './local/list.js';
import { ExclusiveLock } from './local/lock.js';
import type {
  ByteRange,
  CallOptions,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectBody,
  ObjectHead,
  ObjectStore,
  PutCondition,
  PutOptions,
  PutResult,
  StoreCapabilities,
} from './object-store.js';

const temporaries = '.tmp';
const lockName = '.lock';
const reserved: ReadonlySet<string> = new Set([temporaries, lockName]);

const pageKeys = 1000;
const sweepAgeMs = 24 * 3_600_000;
const sweepFiles = 1000;

export interface LocalStoreOptions {
  /** Default `'fsync'`. */
  readonly durability?: Durability;
}

export class LocalStore implements ObjectStore {
  readonly uri: string;
  readonly capabilities: StoreCapabilities = {
    scheme: 'file',
    sortedList: true,
    deleteBatch: pageKeys,
    singlePutBytes: Number.MAX_SAFE_INTEGER,
    checksOnPut: false,
    digestsOnPut: true,
  };
  readonly #root: string;
  readonly #runtime: Runtime;
  readonly #durability: Durability;
  readonly #folders: Folders;
  readonly #lock: ExclusiveLock;
  #swept = false;
  #closed = false;

  /** Touches no disk; the folder is made by the first put. */
  constructor(root: string, runtime: Runtime, { durability = 'fsync' }: LocalStoreOptions = {}) {
    this.#root = path.resolve(root);
    this.uri = pathToFileURL(this.#root).href;
    this.#runtime = runtime;
    this.#durability = checkDurability(durability);
    this.#folders = new Folders(this.#root, durability);
    this.#lock = new ExclusiveLock(path.join(this.#root, lockName));
  }

  async get(key: string, { range, signal }: GetOptions = {}): Promise<ObjectBody | undefined> {
    return this.#read(key, signal, async (read, head) => ({ ...head, bytes: await read(range) }));
  }

  async getRanges(
    key: string,
    ranges: readonly ByteRange[],
    { signal }: CallOptions = {},
  ): Promise<Uint8Array[] | undefined> {
    return this.#read(key, signal, async (read) => {
      const parts: Uint8Array[] = [];
      for (const range of ranges) parts.push(await read(range));
      return parts;
    });
  }

  async put(key: string, body: ByteSource, options: PutOptions = {}): Promise<PutResult> {
    const { condition, digest, signal } = options;
    const file = this.#begin(key, signal);
    try {
      await this.#folders.make(parentOf(key));
      await this.#folders.make(temporaries);
      await this.#sweepOnce();
      // A condition that fails already needs no bytes written.
      if (!holds(condition, await stateToReplace(file))) return { outcome: 'refused' };
      const folder = path.join(this.#root, temporaries);
      const how = { durability: this.#durability, digest, signal };
      const temporary = await writeTemporary(folder, body, this.#runtime, how);
      try {
        return condition === 'absent'
          ? await this.#create(file, temporary)
          : await this.#replace(file, temporary, condition, signal);
      } finally {
        await unlink(temporary.file).catch(() => {});
      }
    } catch (error) {
      throw this.#putError(error, file);
    }
  }

  async head(key: string, { signal }: CallOptions = {}): Promise<ObjectHead | undefined> {
    const file = this.#begin(key, signal);
    if (!this.#folders.has(parentOf(key))) return undefined;
    const state = await stateOf(file);
    return state && headOf(state);
  }

  async list(options: ListOptions = {}): Promise<ListPage> {
    const { prefix = '', after = '', limit = pageKeys, signal } = options;
    this.#open(signal);
    checkKeyPrefix(prefix);
    assert(limit >= 1, 'a page has room for a key');
    const most = Math.min(limit, pageKeys);
    const folder = parentOf(prefix);
    if (isReserved(prefix) || !this.#folders.has(folder)) return { entries: [], next: undefined };
    const walk = { root: this.#root, prefix, after, hidden: reserved, signal };
    const keys: string[] = [];
    for await (const key of keysBelow(walk, folder === '' ? '' : `${folder}/`))
      if (keys.push(key) > most) break;
    const page = keys.slice(0, most);
    const entries = await entriesOf(this.#root, page);
    return { entries, next: keys.length > most ? page.at(-1) : undefined };
  }

  /** Leaves folders behind. A power failure right after may bring keys back. */
  async delete(keys: readonly string[], { signal }: CallOptions = {}): Promise<void> {
    this.#open(signal);
    const files = keys.map((key) => this.#begin(key, signal));
    const parents = [...new Set(keys.map(parentOf))];
    for (const parent of parents) this.#folders.has(parent);
    if (keys.length === 0 || !this.#folders.has('')) return;
    await this.#lock.run(async () => {
      for (const file of files) await remove(file);
    }, signal);
  }

  /** The local clock: file times come from it. */
  timeMs(): number {
    return this.#runtime.now();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /**
   * The file of a key, there or not, for mapping it in place. Resolves the path on disk (some microseconds),
   * since a symbolic link is refused here as by every other call.
   */
  localPath(key: string): string {
    const file = this.#begin(key, undefined);
    try {
      const real = realpathSync.native(file);
      if (real !== path.join(realpathSync.native(this.#root), key)) throw notAFile(file, true);
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw fileError(error, 'find', file);
    }
    return file;
  }

  #open(signal: AbortSignal | undefined): void {
    if (this.#closed) throw new NacreError('Closed', `the store ${this.uri} was closed`);
    throwIfAborted(signal);
  }

  /** The file of a key, after the checks that every call begins with. */
  #begin(key: string, signal: AbortSignal | undefined): string {
    this.#open(signal);
    checkKey(key);
    if (isReserved(key))
      throw new NacreError('InvalidArgument', `the key ${key} is kept for the store itself`, {
        context: { key },
      });
    return path.join(this.#root, key);
  }

  async #read<T>(
    key: string,
    signal: AbortSignal | undefined,
    use: (read: (range?: ByteRange) => Promise<Uint8Array>, head: ObjectHead) => Promise<T>,
  ): Promise<T | undefined> {
    const file = this.#begin(key, signal);
    if (!this.#folders.has(parentOf(key))) return undefined;
    return withFile(file, (descriptor, state) =>
      use((range) => readRange(descriptor, file, state, range, signal), headOf(state)),
    );
  }

  async #create(file: string, temporary: Temporary): Promise<PutResult> {
    try {
      await link(temporary.file, file);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      // A network file system may lose the reply and meet its own link when it asks again.
      if ((await stateToReplace(file))?.ino !== temporary.state.ino) return { outcome: 'refused' };
    }
    await this.#syncEntry(file);
    return { outcome: 'written', token: tokenOf(temporary.state) };
  }

  async #replace(
    file: string,
    temporary: Temporary,
    condition: PutCondition | undefined,
    signal: AbortSignal | undefined,
  ): Promise<PutResult> {
    const token = await this.#lock.run(async () => {
      const current = await stateToReplace(file);
      if (!holds(condition, current)) return undefined;
      const state = current === undefined ? temporary.state : await outlive(temporary, current);
      await rename(temporary.file, file);
      return tokenOf(state);
    }, signal);
    if (token === undefined) return { outcome: 'refused' };
    await this.#syncEntry(file);
    return { outcome: 'written', token };
  }

  async #syncEntry(file: string): Promise<void> {
    if (this.#durability === 'none') return;
    await syncFolder(path.dirname(file)).catch((cause: unknown) => {
      const message = `${file} was written, but its folder cannot be synced, so it may not outlast a power failure`;
      throw new NacreError('Unavailable', message, { cause, context: { path: file } });
    });
  }

  #putError(error: unknown, file: string): NacreError {
    if (errnoOf(error) !== 'ENOENT' && !isNacreError(error, 'NotFound'))
      return fileError(error, 'write', file);
    this.#folders.forget();
    return new NacreError('Unavailable', `a folder of ${file} was removed while the file was written`, {
      cause: error,
      context: { path: file },
    });
  }

  /** Removes what killed writers left, once; that it fails is no matter. */
  async #sweepOnce(): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    const before = this.#runtime.now() - sweepAgeMs;
    await sweep(path.join(this.#root, temporaries), before, sweepFiles).catch(() => {});
  }
}

function isReserved(key: string): boolean {
  return reserved.has(key.split('/', 1)[0] as string);
}

function holds(condition: PutCondition | undefined, current: BigIntStats | undefined): boolean {
  if (condition === undefined) return true;
  if (condition === 'absent') return current === undefined;
  return current !== undefined && tokenOf(current) === condition.token;
}

async function remove(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errno)) return;
    // What Linux calls EISDIR is EPERM in POSIX.
    if (errno === 'EPERM' && (await lstat(file).catch(() => undefined))?.isDirectory()) return;
    throw fileError(error, 'delete', file);
  }
}
