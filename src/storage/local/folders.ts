// The folders of a local store: which are there, making them durably, and that none is reached by a symbolic
// link. Only the root itself may be a link; below it a link could lead reads and writes out of the dataset.
import { realpathSync, statSync } from 'node:fs';
import { lstat, mkdir, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { NacreError } from '../../errors.js';
import type { Durability } from './durability.js';
import { errnoOf, fileError, notAFile } from './errors.js';

/** Folders remembered as made; beyond it the memory starts anew, which costs an fsync a folder. */
const rememberedFolders = 4096;

/** Folders are named relative to the root, without slashes at the ends; '' is the root. */
export class Folders {
  readonly root: string;
  readonly #durability: Durability;
  /** Made, and as durable as is asked for. */
  readonly #made = new Set<string>();

  constructor(root: string, durability: Durability = 'fsync') {
    this.root = root;
    this.#durability = durability;
  }

  /**
   * Whether the folder is there. Throws when a link leads to it, or when the root is a file. Synchronous: a
   * look takes microseconds, a turn of a thread fifty.
   */
  has(folder: string): boolean {
    const full = path.join(this.root, folder);
    try {
      // The dot makes a root that is a file an error.
      const realRoot = realpathSync.native(`${this.root}/.`);
      if (realpathSync.native(full) !== path.join(realRoot, folder)) throw notAFile(full, true);
      return true;
    } catch (error) {
      const errno = errnoOf(error);
      // Below an object there is nothing, as in a bucket.
      if (errno === 'ENOENT' || (errno === 'ENOTDIR' && this.#rootIsFolder())) return false;
      throw fileError(error, 'open', full);
    }
  }

  /**
   * Makes the folder and those above it, and returns when a power failure cannot take them any more, unless
   * nobody asks for that.
   */
  async make(folder: string): Promise<void> {
    if (this.#made.has(folder)) return;
    const full = path.join(this.root, folder);
    try {
      if (folder === '') await makeRoot(full, this.#sync);
      else {
        const parent = parentOf(folder);
        await this.make(parent);
        await mkdir(full).catch(unlessExists);
        const found = await lstat(full);
        if (!found.isDirectory()) throw folderExpected(full, found.isSymbolicLink());
        await this.#sync(path.join(this.root, parent));
      }
    } catch (error) {
      throw fileError(error, 'make the folder', full);
    }
    if (this.#made.size >= rememberedFolders) this.#made.clear();
    this.#made.add(folder);
  }

  /** To be called when a folder that was made turns out to be gone. */
  forget(): void {
    this.#made.clear();
  }

  readonly #sync = async (full: string): Promise<void> => {
    if (this.#durability === 'fsync') await syncFolder(full);
  };

  #rootIsFolder(): boolean {
    try {
      return statSync(this.root, { throwIfNoEntry: false })?.isDirectory() ?? true;
    } catch {
      return true;
    }
  }
}

/** The folder that holds `key`, itself a key or a folder: '' at the top. */
export function parentOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf('/')));
}

/** Makes the entries of a folder durable. File systems that know no such call need none. */
export async function syncFolder(full: string): Promise<void> {
  const handle = await open(full, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP'].includes(errnoOf(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

async function makeRoot(full: string, sync: (folder: string) => Promise<void>): Promise<void> {
  const made = await mkdir(full, { recursive: true }).catch(unlessExists);
  if (!(await stat(full)).isDirectory()) throw folderExpected(full, false);
  if (made === undefined) return;
  for (let at = full; at.length >= made.length; at = path.dirname(at)) await sync(path.dirname(at));
}

function unlessExists(error: unknown): undefined {
  if (errnoOf(error) !== 'EEXIST') throw error;
}

function folderExpected(full: string, isLink: boolean): NacreError {
  if (isLink) return notAFile(full, true);
  return new NacreError('InvalidArgument', `${full} is a file, and a folder is needed there`, {
    context: { path: full },
    hint: 'Give the folder of a dataset, not a file; an object cannot lie below another object.',
  });
}
