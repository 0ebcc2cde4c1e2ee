// The page cache: a folder of immutable, checked pages that processes share. What it is for, how to open
// one, and what stands in its place when it is off. `folder-cache.ts` is the cache itself.
import { NacreError } from '../errors.js';
import { byteLength, type ByteSource, concat } from '../util/bytes.js';
import { type Runtime, throwIfAborted } from '../util/runtime.js';
import { FolderCache } from './folder-cache.js';
import { type LentPage, ownPage } from './lent.js';
import { type Page, pageName, wrongLength } from './page.js';
import type { CacheNative } from './page-folder.js';
import { cacheFolder, defaultBudgetBytes, type Environment } from './place.js';

export interface PageSource<T extends ByteSource = Uint8Array> {
  /**
   * Fetches the page, as one piece or more. The bytes are the reader's from then on: the loader does not keep
   * them.
   */
  load(signal: AbortSignal): Promise<T>;
  /** Throws `Corrupt` when these are not the page's bytes. Does not change them. */
  verify(bytes: Uint8Array): Promise<void>;
  /**
   * CRC32C of the page, where it follows from sums that are known. Default: computed from what was loaded, on
   * the event loop.
   */
  crc32c?(): Promise<number>;
  /** What `load` gives has passed the same check already, as when it heals. Default false. */
  readonly loadsChecked?: boolean;
}

export interface ReadPageOptions {
  readonly signal?: AbortSignal;
}

export interface CacheCounters {
  /** Reads answered from the folder. A read that waits for another's load counts as nothing. */
  readonly hits: number;
  /** Loads from the store. */
  readonly misses: number;
  /** Pages written. */
  readonly stored: number;
  /** Pages loaded and not kept: too large, no room, or the disk in trouble. */
  readonly passed: number;
  /** Files removed since their bytes were wrong. */
  readonly damaged: number;
  readonly evicted: number;
  readonly diskErrors: number;
}

export interface PageCache {
  /** Undefined when the cache is off. */
  readonly folder: string | undefined;
  /** 0 when the cache is off. */
  readonly budgetBytes: number;
  /**
   * The page's bytes, checked, and the caller's own to write into: a private mapping of the file from 64
   * KiB on, a copy below, or what this very read loaded. Reads of one page at one time share one load.
   * Throws what `load` and `verify` throw, `Corrupt` for a load of another length, and `Aborted`; never
   * because of the disk.
   */
  read<T extends ByteSource>(
    page: Page,
    source: PageSource<T>,
    options?: ReadPageOptions,
  ): Promise<T | Uint8Array>;
  /**
   * As `read`, for who does not write into the bytes, and says what it reads. Pages of 1 MiB or more stay
   * mapped once they are checked, and are lent to any number of readers: the next one costs a look at the
   * file. What `load` gives is alone in its buffer.
   */
  lend(page: Page, source: PageSource, options?: ReadPageOptions): Promise<LentPage>;
  /** Whether a read would find a file; for planning. Costs one look at the folder. */
  peek(page: Page): boolean;
  counters(): CacheCounters;
  /** Waits for what runs in the background. Later reads still find pages, and keep none. */
  close(): Promise<void>;
}

export interface PageCacheOptions {
  /**
   * `false` is off. Default: off with `NACRE_CACHE=off`; else `NACRE_CACHE_DIR`, `$XDG_CACHE_HOME/nacre`,
   * `~/.cache/nacre`, or a folder of the user's own in the system's temporary folder.
   */
  readonly folder?: string | false;
  /** Default: a quarter of the free disk, at most 10 GiB. 0 is off. */
  readonly budgetBytes?: number;
  /** Bytes of mapped pages that stay in memory. Without it, no page stays mapped. */
  readonly mappedBytes?: number;
  readonly runtime: Runtime;
  readonly native: CacheNative;
  /** Told once per kind of trouble with the folder. */
  readonly onWarning?: (warning: NacreError) => void;
  /** Default: the process's. */
  readonly environment?: Environment;
}

/** Opens the cache. Touches no file: the folder is made by the first page that is kept. */
export function openPageCache(options: PageCacheOptions): PageCache {
  const { budgetBytes } = options;
  if (budgetBytes !== undefined && !(Number.isSafeInteger(budgetBytes) && budgetBytes >= 0))
    throw new NacreError(
      'InvalidArgument',
      `the cache budget is a whole number of bytes, 0 or more, not ${budgetBytes}`,
    );
  const folder = cacheFolder(options.folder, options.environment);
  const budget = folder === undefined ? 0 : (budgetBytes ?? defaultBudgetBytes(folder));
  return folder === undefined || budget === 0
    ? new PassThrough(options.native)
    : new FolderCache(folder, budget, options);
}

/** The cache that is off: every read loads and checks. */
class PassThrough implements PageCache {
  readonly folder = undefined;
  readonly budgetBytes = 0;
  readonly #native: CacheNative;
  #misses = 0;

  constructor(native: CacheNative) {
    this.#native = native;
  }

  async read<T extends ByteSource>(
    page: Page,
    source: PageSource<T>,
    { signal }: ReadPageOptions = {},
  ): Promise<T> {
    throwIfAborted(signal);
    pageName(page);
    this.#misses++;
    const bytes = await source.load(signal ?? new AbortController().signal);
    if (byteLength(bytes) !== page.length) throw wrongLength(page, byteLength(bytes));
    if (source.loadsChecked !== true) await source.verify(concat(bytes));
    return bytes;
  }

  async lend(page: Page, source: PageSource, options?: ReadPageOptions): Promise<LentPage> {
    const bytes = await this.read(page, source, options);
    return ownPage(bytes, () => this.#native.freeBuffer(bytes.buffer));
  }

  peek(): boolean {
    return false;
  }

  counters(): CacheCounters {
    const misses = this.#misses;
    return { hits: 0, misses, stored: 0, passed: misses, damaged: 0, evicted: 0, diskErrors: 0 };
  }

  async close(): Promise<void> {}
}
