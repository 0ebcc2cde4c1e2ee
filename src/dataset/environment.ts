// The composition root: a bare store gets its wrappers, a cache, and the functions that lower rooms are
// handed.
import { totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { CachedPages } from '../arrays/cached-pages.js';
import { HealedPages } from '../arrays/healed-pages.js';
import { MappedPages } from '../arrays/mapped-pages.js';
import { type Pages, storePages } from '../arrays/pages.js';
import { Journals, scrubJournals } from '../cache/journals.js';
import { openPageCache, type PageCache } from '../cache/page-cache.js';
import { cacheFolder } from '../cache/place.js';
import type { NacreError } from '../errors.js';
import type { ManifestFunctions } from '../manifest/functions.js';
import { fromNative, native, type NativeBinding } from '../native.js';
import { LocalStore } from '../storage/local.js';
import type { ObjectStore } from '../storage/object-store.js';
import { chain } from '../storage/wrap/chain.js';
import { checkHedge, type HedgeOptions } from '../storage/wrap/hedge-policy.js';
import { Meter } from '../storage/wrap/meter.js';
import { type Runtime, systemRuntime } from '../util/runtime.js';
import { withHealed } from './healing.js';

export interface ConnectOptions {
  /**
   * Folder of the page cache, and of what is noted of builds of indexes that are under way and of what scrubs
   * verified; false for none.
   * Default `NACRE_CACHE_DIR`, else `$XDG_CACHE_HOME/nacre`.
   */
  readonly cacheDir?: string | false;
  /** Bytes that the page cache keeps on disk. Default a quarter of the free disk, at most 10 GiB. */
  readonly cacheBytes?: number;
  /**
   * Bytes of row data held in memory at once, mapped pages that stay there included. Default a quarter of the
   * memory that the process may use.
   */
  readonly memoryBytes?: number;
  /**
   * Sends a read of a bucket again when its answer is late, and takes the answer that comes first: for those
   * who wait for the slowest of few requests. Default false. True: late is what takes longer than 95 of 100
   * such reads, and at most 5 % of reads are sent again, a request at list price each. Hedges hold up to
   * 16 MiB in all beside `memoryBytes`. Writes and lists are never sent twice; of a folder nothing is.
   */
  readonly hedge?: boolean | HedgeOptions;
  /**
   * Told of trouble that does not fail a call: a cache folder that cannot be written, a clock that is off.
   */
  readonly onWarning?: (warning: NacreError) => void;
  readonly signal?: AbortSignal;
  /** Clock and randomness; for tests and simulations. */
  readonly runtime?: Runtime;
}

/** Everything that a handle works with. */
export interface Environment extends ArrayEnvironment {
  readonly cache: PageCache;
  readonly meter: Meter;
  /** How long an unclear commit is pursued, milliseconds. */
  readonly deadlineMs: number;
  /** Where scrubs note what they verified; absent where there is no cache folder. */
  readonly scrubs?: Journals;
  /** The file of a key of a folder. */
  readonly localPath?: (key: string) => string;
  /** Pages of the same place through another wrapper of its store; maps and cache are shared. */
  readonly pagesOf: (store: ObjectStore) => Pages;
}

/** Default time for which an unclear commit is pursued: as long as the retries of any other call may take. */
const commitDeadlineMs = 60_000;

/**
 * With pauses of 2.5 s on average once they are long, this many attempts fill the minute that a call may
 * take.
 */
const retryAttempts = 20;

/** A bare store with all that belongs around it. */
export function environmentOf(backend: ObjectStore, options: ConnectOptions = {}): Environment {
  const runtime = options.runtime ?? systemRuntime;
  const meter = new Meter({ runtime });
  const hedge = checkHedge(options.hedge);
  const { cacheDir, cacheBytes, onWarning, memoryBytes = Math.floor(memoryLimitBytes() / 4) } = options;
  const chained = chain(backend, { meter, runtime, hedge, retry: { attempts: retryAttempts } });
  const store = withHealed(chained, onWarning);
  const binding = native();
  const cache = openPageCache({
    runtime,
    native: binding,
    // A folder's partitions are mapped where they lie: nothing would come through a cache.
    ...(backend instanceof LocalStore
      ? { folder: false }
      : cacheDir === undefined
        ? {}
        : { folder: cacheDir }),
    ...(cacheBytes === undefined ? {} : { budgetBytes: cacheBytes }),
    mappedBytes: memoryBytes,
    ...(onWarning === undefined ? {} : { onWarning }),
  });
  const pagesOf = pagesFor(backend, { cache, binding, meter, memoryBytes });
  return {
    store,
    meter,
    cache,
    native: binding,
    functions: manifestFunctions(binding),
    runtime,
    pages: pagesOf(store),
    pagesOf,
    memoryBytes,
    ...(cacheBytes === 0
      ? {}
      : notesIn(() => cacheFolder(cacheDir), { native: binding, runtime, onWarning })),
    ...(backend instanceof LocalStore ? { localPath: (key: string) => backend.localPath(key) } : {}),
    deadlineMs: commitDeadlineMs,
    ...(onWarning === undefined ? {} : { warn: onWarning }),
  };
}

function notesIn(
  folder: () => string | undefined,
  options: ConstructorParameters<typeof Journals>[1],
): Required<Pick<Environment, 'journals' | 'scrubs'>> {
  return {
    journals: new Journals(folder, options),
    scrubs: new Journals(folder, options, scrubJournals),
  };
}

/** A folder's partitions are mapped where they lie; others come through the cache where there is one. */
function pagesFor(
  backend: ObjectStore,
  {
    cache,
    binding,
    meter,
    memoryBytes,
  }: { cache: PageCache; binding: NativeBinding; meter: Meter; memoryBytes: number },
): Environment['pagesOf'] {
  if (backend instanceof LocalStore) {
    const mapped = new MappedPages(backend, binding, meter, memoryBytes);
    return (store) => new HealedPages(mapped, storePages(store, binding), store);
  }
  return (store) =>
    cache.folder === undefined
      ? storePages(store, binding)
      : new CachedPages(store, cache, binding, memoryBytes);
}

/** The native functions as the manifest takes them; what they throw becomes typed. */
export function manifestFunctions(binding: NativeBinding): ManifestFunctions {
  const typed =
    <Arguments extends unknown[], Result>(call: (...args: Arguments) => Result) =>
    (...args: Arguments): Result => {
      try {
        return call(...args);
      } catch (error) {
        throw fromNative(error);
      }
    };
  return {
    blake3: (bytes) => binding.blake3(bytes),
    crc32c: (bytes) => binding.crc32c(bytes),
    rowSets: {
      fromSorted: typed((ids: Float64Array) => binding.rowSetFromSorted(ids)),
      fromBits: typed((first: number, bits: Uint8Array) => binding.rowSetFromBits(first, bits)),
      range: typed((start: number, end: number) => binding.rowSetRange(start, end)),
      toSorted: typed((set: Uint8Array) => binding.rowSetToSorted(set)),
      runs: typed((set: Uint8Array) => binding.rowSetRuns(set)),
      count: typed((set: Uint8Array) => binding.rowSetCount(set)),
      union: typed((a: Uint8Array, b: Uint8Array) => binding.rowSetUnion(a, b)),
      intersection: typed((a: Uint8Array, b: Uint8Array) => binding.rowSetIntersection(a, b)),
      difference: typed((a: Uint8Array, b: Uint8Array) => binding.rowSetDifference(a, b)),
      slice: typed((set: Uint8Array, start: number, end: number) => binding.rowSetSlice(set, start, end)),
    },
  };
}

let memoryLimit: number | undefined;

/** The control group's memory limit where there is one, else the machine's memory; looked up once. */
function memoryLimitBytes(): number {
  memoryLimit ??= Math.min(groupLimitBytes(), totalmem());
  return memoryLimit;
}

function groupLimitBytes(): number {
  try {
    const limit = Number(readFileSync('/sys/fs/cgroup/memory.max', 'utf8'));
    return Number.isSafeInteger(limit) && limit > 0 ? limit : Number.POSITIVE_INFINITY;
  } catch {
    // No control group, or an old one.
    return Number.POSITIVE_INFINITY;
  }
}
