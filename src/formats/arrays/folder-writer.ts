// Files to a folder of this machine. It appears under its name whole or not at all: it is written beside it
// and renamed. A folder that holds something is never replaced.
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { NacreError } from '../../errors.js';
import { errnoOf, fileError } from '../../storage/local/errors.js';
import { syncFolder } from '../../storage/local/folders.js';
import type { CallOptions } from '../../storage/object-store.js';
import { parseStoreUri } from '../../storage/uri.js';
import { assert } from '../../util/assert.js';
import { toHex } from '../../util/bytes.js';
import { systemRuntime, throwIfAborted } from '../../util/runtime.js';
import type { ArrayToWrite } from './array-file.js';

export interface FolderFile {
  /** Below the folder, without `.` and `..`. */
  readonly key: string;
  readonly pieces: readonly Uint8Array[];
}

/** Errors: `InvalidArgument` for what the format cannot hold, by name. */
export type FolderWriter = (
  arrays: readonly ArrayToWrite[],
  options: CallOptions,
) => AsyncIterable<FolderFile>;

/** Writes a new folder, durably, and says how many bytes its files have. Errors: `AlreadyExists`. */
export async function writeFolder(
  name: string,
  files: AsyncIterable<FolderFile>,
  { signal }: CallOptions,
): Promise<number> {
  const target = await newFolder(name);
  const suffix = toHex(systemRuntime.randomBytes(6));
  const draft = path.join(path.dirname(target), `.${path.basename(target).slice(0, 200)}.${suffix}`);
  try {
    await mkdir(draft);
    const folders = new Set([draft]);
    let written = 0;
    for await (const { key, pieces } of files) {
      throwIfAborted(signal);
      assert(!key.split('/').includes('..'), 'a file lies in its folder');
      const file = path.join(draft, key);
      await makeFolders(draft, path.dirname(file), folders);
      written += await writeFile(file, pieces);
    }
    for (const folder of folders) await syncFolder(folder);
    await rename(draft, target);
    await syncFolder(path.dirname(target));
    return written;
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
    throw ['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')
      ? taken(name)
      : fileError(error, 'write', target);
  }
}

/** The path of a folder that is not there, or is empty. */
async function newFolder(name: string): Promise<string> {
  const location = name === '-' ? undefined : parseStoreUri(name);
  if (location?.scheme !== 'file')
    throw new NacreError('InvalidArgument', `${name}: a folder of arrays is written to this machine only`, {
      hint: 'Give a path, and copy the folder with the tool of that store.',
    });
  try {
    const state = await stat(location.path);
    if (!state.isDirectory())
      throw new NacreError('InvalidArgument', `${name} is a file, and a folder is to be written`, {
        context: { file: name },
        hint: 'Choose another name, or remove it.',
      });
    if ((await readdir(location.path)).length > 0) throw taken(name);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, 'write', location.path);
  }
  return location.path;
}

async function makeFolders(draft: string, folder: string, made: Set<string>): Promise<void> {
  if (made.has(folder)) return;
  await makeFolders(draft, path.dirname(folder), made);
  await mkdir(folder);
  made.add(folder);
}

async function writeFile(file: string, pieces: readonly Uint8Array[]): Promise<number> {
  const handle = await open(file, 'wx');
  try {
    let written = 0;
    for (const piece of pieces) {
      await handle.writeFile(piece);
      written += piece.byteLength;
    }
    await handle.sync();
    return written;
  } finally {
    await handle.close();
  }
}

function taken(name: string): NacreError {
  return new NacreError('AlreadyExists', `${name} is a folder that holds something`, {
    context: { file: name },
    hint: 'Choose another name, or remove the folder.',
  });
}
