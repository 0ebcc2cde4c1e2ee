// Single files of a cache folder: where they are, how they stand, which there are. Looking at one is
// synchronous: it takes microseconds, a thread hop takes longer. Errors leave as Node raises them.
import { lstatSync } from 'node:fs';
import { readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isShardName, isTemporaryName, LAYOUT, parsePageName, shardOf } from './page.js';
import { isMissing } from './trouble.js';

/** One file as it stands. */
export interface FileState {
  /** Changes whenever the file is replaced, written to, or touched. */
  readonly identity: string;
  readonly regular: boolean;
  readonly sizeBytes: number;
  /** Last use: a hit moves it, at most once a minute. */
  readonly modifiedMs: number;
  /** Last change of any kind. */
  readonly changedMs: number;
}

export function pathOf(folder: string, name: string): string {
  return path.join(folder, LAYOUT, shardOf(name), name);
}

/** Undefined when there is no such file. */
export function stateOf(folder: string, name: string): FileState | undefined {
  const stats = lstatSync(pathOf(folder, name), { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return {
    identity: `${stats.ino}.${stats.size}.${stats.ctimeNs}`,
    regular: stats.isFile(),
    sizeBytes: Number(stats.size),
    modifiedMs: Number(stats.mtimeMs),
    changedMs: Number(stats.ctimeMs),
  };
}

/** Unlinks the file; no harm when it is gone. */
export async function removeFile(folder: string, name: string): Promise<void> {
  try {
    await unlink(pathOf(folder, name));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Names of all pages and temporary files, subfolder by subfolder; foreign files are passed over. */
export async function* listNames(folder: string): AsyncGenerator<string, void, undefined> {
  const inner = path.join(folder, LAYOUT);
  for (const shard of await namesIn(inner)) {
    if (!isShardName(shard)) continue;
    for (const name of await namesIn(path.join(inner, shard))) {
      const ours = parsePageName(name) !== undefined || isTemporaryName(name);
      if (ours && shardOf(name) === shard) yield name;
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
