// The page cache as people look after it: where it is, what it holds, whether it is sound.
import {
  type CacheCleared,
  cacheClear,
  type CacheInfo,
  cacheInfo,
  type CacheVerified,
  cacheVerify,
  type VerifyOptions,
} from '../cache/maintenance.js';
import { cacheFolder, defaultBudgetBytes } from '../cache/place.js';
import { NacreError } from '../errors.js';
import { native } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';

export interface CacheOptions extends CallOptions {
  /** Default: `NACRE_CACHE_DIR`, else `$XDG_CACHE_HOME/nacre`. */
  readonly dir?: string;
}

export interface CacheState extends CacheInfo {
  /** What it may take by default: a quarter of the free disk, at most 10 GiB. */
  readonly budgetBytes: number;
}

/** Cost: one look a page. An absent folder is an empty cache. */
export async function info(options: CacheOptions = {}): Promise<CacheState> {
  const folder = place(options);
  return { ...(await cacheInfo(folder, options)), budgetBytes: defaultBudgetBytes(folder) };
}

/** Removes every page; processes that use the cache load theirs anew. */
export function clear(options: CacheOptions = {}): Promise<CacheCleared> {
  return cacheClear(place(options), options);
}

/** Reads every page and compares it with its checksum; `remove` takes away what is damaged. */
export function verify(options: CacheOptions & VerifyOptions = {}): Promise<CacheVerified> {
  return cacheVerify(place(options), native(), options);
}

function place({ dir }: CacheOptions): string {
  const folder = cacheFolder(dir);
  if (folder !== undefined) return folder;
  throw new NacreError('InvalidArgument', 'the page cache is off (NACRE_CACHE=off)', {
    hint: 'Unset NACRE_CACHE, or name the folder of a cache.',
  });
}
