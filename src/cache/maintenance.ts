// What `nacre cache info|clear|verify` do with a folder, with nothing but the folder at hand. Safe beside
// running processes: they lose a page at most, never a right byte. Files that are not ours are not counted
// and not touched.
import { constants } from 'node:fs';
import { type FileHandle, open, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { throwIfAborted } from '../util/runtime.js';
import { type FileState, listNames, pathOf, removeFile, stateOf } from './files.js';
import {
  type Checksums,
  chargedBytes,
  decodeTrailer,
  fileBytes,
  LAYOUT,
  nameAndPageSum,
  parsePageName,
  TRAILER_BYTES,
} from './page.js';
import { errnoOf, isMissing } from './trouble.js';

export interface CacheInfo {
  readonly folder: string;
  readonly pages: number;
  /** On disk, in whole blocks, unfinished files included. */
  readonly sizeBytes: number;
  /** Files that a process is writing, or left when it died. */
  readonly unfinished: number;
  /** Times of use, milliseconds since 1970; undefined when there is no page. */
  readonly leastRecentMs: number | undefined;
  readonly mostRecentMs: number | undefined;
}

export interface CacheCleared {
  readonly files: number;
  readonly sizeBytes: number;
}

export interface DamagedPage {
  readonly path: string;
  readonly reason: string;
}

export interface CacheVerified {
  readonly pages: number;
  readonly sizeBytes: number;
  /** All that were found, but at most 1,000 listed. */
  readonly damaged: readonly DamagedPage[];
  readonly damagedPages: number;
}

export interface MaintenanceOptions {
  readonly signal?: AbortSignal;
}

export interface VerifyOptions extends MaintenanceOptions {
  /** Unlinks what is damaged, as the next read of it would. Default false. */
  readonly remove?: boolean;
  /** Called after each page with the bytes read so far. */
  readonly onProgress?: (sizeBytes: number) => void;
}

const LISTED_AT_MOST = 1_000;
const CHUNK_BYTES = 2 ** 20;

/** Counts the pages. Costs one look per file; an absent folder is an empty cache. */
export async function cacheInfo(folder: string, { signal }: MaintenanceOptions = {}): Promise<CacheInfo> {
  let [pages, sizeBytes, unfinished] = [0, 0, 0];
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for await (const { name, state } of files(folder, signal)) {
    sizeBytes += chargedBytes(state.sizeBytes);
    if (parsePageName(name) === undefined) {
      unfinished++;
      continue;
    }
    pages++;
    least = Math.min(least, state.modifiedMs);
    most = Math.max(most, state.modifiedMs);
  }
  const used = pages > 0;
  return {
    folder,
    pages,
    sizeBytes,
    unfinished,
    leastRecentMs: used ? least : undefined,
    mostRecentMs: used ? most : undefined,
  };
}

/** Removes every page and unfinished file, and the subfolders that are empty then. */
export async function cacheClear(folder: string, { signal }: MaintenanceOptions = {}): Promise<CacheCleared> {
  let [count, sizeBytes] = [0, 0];
  const shards = new Set<string>();
  for await (const { name, state } of files(folder, signal)) {
    await removeFile(folder, name);
    shards.add(path.dirname(pathOf(folder, name)));
    count++;
    sizeBytes += chargedBytes(state.sizeBytes);
  }
  // Not empty: another process writes, or something foreign is in it.
  for (const shard of [...shards, path.join(folder, LAYOUT)]) await rmdir(shard).catch(() => undefined);
  return { files: count, sizeBytes };
}

/**
 * Reads every page and compares it with the checksum that it carries. Memory: 1 MiB. That finds what
 * changed since it was written; whether it is what the manifest says is checked by the first read of each
 * process.
 */
export async function cacheVerify(
  folder: string,
  checksums: Checksums,
  options: VerifyOptions = {},
): Promise<CacheVerified> {
  let [pages, sizeBytes, damagedPages] = [0, 0, 0];
  const damaged: DamagedPage[] = [];
  for await (const { name, state } of files(folder, options.signal)) {
    const page = parsePageName(name);
    if (page === undefined) continue;
    const reason = await damageOf(pathOf(folder, name), name, page.length, checksums, options.signal);
    if (reason === 'gone') continue;
    pages++;
    sizeBytes += state.sizeBytes;
    if (reason !== undefined) {
      damagedPages++;
      if (damaged.length < LISTED_AT_MOST) damaged.push({ path: pathOf(folder, name), reason });
      if (options.remove === true) await removeFile(folder, name);
    }
    options.onProgress?.(sizeBytes);
  }
  return { pages, sizeBytes, damaged, damagedPages };
}

async function* files(
  folder: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ name: string; state: FileState }, void, undefined> {
  for await (const name of listNames(folder)) {
    throwIfAborted(signal);
    const state = stateOf(folder, name);
    if (state?.regular === true) yield { name, state };
  }
}

/** What is wrong with a page's file; undefined when nothing is, `gone` when it went away meanwhile. */
async function damageOf(
  file: string,
  name: string,
  length: number,
  checksums: Checksums,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (isMissing(error)) return 'gone';
    throw error;
  }
  try {
    const { size } = await handle.stat();
    if (size !== fileBytes(length)) return `expected ${fileBytes(length)} bytes, found ${size}`;
    const sum = await pageSum(handle, length, checksums, signal);
    const trailer = new Uint8Array(TRAILER_BYTES);
    await handle.read(trailer, 0, TRAILER_BYTES, length);
    const expected = decodeTrailer(trailer);
    if (expected === undefined) return 'its trailer is not one of ours';
    const observed = nameAndPageSum(name, sum, length, checksums);
    return observed === expected ? undefined : `expected CRC32C ${hex(expected)}, computed ${hex(observed)}`;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return `it cannot be read (${errno})`;
  } finally {
    await handle.close();
  }
}

async function pageSum(
  handle: FileHandle,
  length: number,
  checksums: Checksums,
  signal: AbortSignal | undefined,
): Promise<number> {
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, length));
  let sum = checksums.crc32c(new Uint8Array(0));
  for (let done = 0; done < length; ) {
    throwIfAborted(signal);
    const { bytesRead } = await handle.read(chunk, 0, Math.min(chunk.byteLength, length - done), done);
    if (bytesRead === 0) break;
    const part = checksums.crc32c(chunk.subarray(0, bytesRead));
    sum = checksums.crc32cCombine(sum, part, bytesRead);
    done += bytesRead;
  }
  return sum;
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, '0');
}
