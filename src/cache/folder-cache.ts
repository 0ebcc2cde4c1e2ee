// The page cache over a folder.
//
// A read finds the page's file, or loads the page and leaves a file behind. Bytes from a file pass the
// caller's own check, rooted in the manifest, on the first use in this process and whenever the file has
// changed since; a file that fails is removed and its page loaded anew. So nothing that happens to the
// folder, a crash, a flipped bit or a foreign hand, gives a wrong byte, and nothing needs an fsync.
//
// Trouble of the disk never fails a read: it is counted, told once, and what cannot be kept is passed
// through.
//
// What this does not do: keep bytes in memory, heal (a loader does), or promise that a page stays. One
// window is left: a file that somebody truncates while it is mapped ends the process (SIGBUS). Nothing of
// ours truncates, and the folder is closed to other users.
import { isNacreError, NacreError } from '../errors.js';
import { byteLength, type ByteSource, concat } from '../util/bytes.js';
import { throwIfAborted } from '../util/runtime.js';
import type { FileState } from './files.js';
import { Flights } from './flights.js';
import { chargedBytes, fileBytes, type Page, pageName, wrongLength } from './page.js';
import { KeptMappings } from './kept-mappings.js';
import { MappedFiles } from './mapped.js';
import { type LentPage, ownPage } from './lent.js';
import type {
  CacheCounters,
  PageCache,
  PageCacheOptions,
  PageSource,
  ReadPageOptions,
} from './page-cache.js';
import { MAPPED_FROM_BYTES, PageFolder } from './page-folder.js';
import { PageIndex } from './page-index.js';
import { Residency } from './residency.js';
import { diskTrouble, isMissing, isShort } from './trouble.js';

/** Smaller pages are mapped anew by every reader: that takes microseconds. */
const KEPT_FROM_BYTES = 2 ** 20;

/** After trouble in writing, nothing is written for this long. */
const PAUSE_MS = 60_000;

export class FolderCache implements PageCache {
  readonly folder: string;
  readonly budgetBytes: number;
  readonly #options: PageCacheOptions;
  readonly #files: PageFolder;
  readonly #index: PageIndex;
  readonly #flights = new Flights();
  readonly #residency: Residency;
  readonly #warned = new Set<string>();
  readonly #counts = { hits: 0, misses: 0, stored: 0, passed: 0, damaged: 0, diskErrors: 0 };
  /** Whether the folder may be used: it may not be there yet, or may belong to others. */
  #trust: 'unknown' | 'ours' | 'refused' = 'unknown';
  #keepAfter = Number.NEGATIVE_INFINITY;

  constructor(folder: string, budgetBytes: number, options: PageCacheOptions) {
    this.folder = folder;
    this.budgetBytes = budgetBytes;
    this.#options = options;
    this.#files = new PageFolder(folder, options.native, options.runtime);
    const { mappedBytes, native, runtime } = options;
    this.#residency = new Residency(mappedBytes ?? 0, (bytes) => native.givePagesBack(bytes));
    const mapped = new MappedFiles(native);
    // Files that are mapped are not evicted: half of the budget stays free to move.
    const keptBytes = mappedBytes === undefined ? 0 : Math.floor(budgetBytes / 2);
    const kept = new KeptMappings(keptBytes, this.#residency, (buffer) => mapped.free(buffer));
    this.#index = new PageIndex(this.#files, budgetBytes, runtime, (error) => this.#cannotWrite(error), {
      mapped,
      kept,
    });
  }

  async read<T extends ByteSource>(
    page: Page,
    source: PageSource<T>,
    { signal }: ReadPageOptions = {},
  ): Promise<T | Uint8Array> {
    throwIfAborted(signal);
    const name = pageName(page);
    const hit = this.#checkedHit(page, name);
    if (hit !== undefined) return hit;
    return this.#flights.join(name, signal, (shared) => this.#fill(page, name, source, shared));
  }

  async lend(page: Page, source: PageSource, { signal }: ReadPageOptions = {}): Promise<LentPage> {
    throwIfAborted(signal);
    const name = pageName(page);
    const kept = this.#keptHit(page, name);
    if (kept !== undefined) return kept;
    const letGo = this.#residency.hold(page.length);
    try {
      const bytes = await this.read(page, source, signal === undefined ? {} : { signal });
      return ownPage(bytes, () => {
        letGo();
        this.#index.mapped.free(bytes.buffer);
      });
    } catch (error) {
      letGo();
      throw error;
    }
  }

  peek(page: Page): boolean {
    return this.#find(page, pageName(page)) !== undefined;
  }

  counters(): CacheCounters {
    return { ...this.#counts, evicted: this.#index.evictions };
  }

  async close(): Promise<void> {
    this.#keepAfter = Number.POSITIVE_INFINITY;
    this.#index.kept.clear();
    await this.#index.settled();
  }

  /** The page from a file that this process has checked and that has not changed since. */
  #checkedHit(page: Page, name: string): Uint8Array | undefined {
    const state = this.#find(page, name);
    if (state === undefined || !this.#index.isChecked(name, state)) return undefined;
    const bytes = this.#open(page, name, state);
    // Looked at again after it was opened: what was opened is what was checked.
    if (bytes === undefined || !this.#isUnchanged(name, state)) return undefined;
    this.#index.use(name, state, 'checked');
    this.#counts.hits++;
    return bytes;
  }

  /** The mapping that is kept of the page; kept from now on, when its file was checked before. */
  #keptHit(page: Page, name: string): LentPage | undefined {
    const { kept } = this.#index;
    const canBeKept = page.length >= KEPT_FROM_BYTES && page.length <= kept.mostBytes;
    const state = canBeKept ? this.#find(page, name) : undefined;
    if (state === undefined || !this.#index.isChecked(name, state)) return undefined;
    const lent = kept.lend(name, state.identity);
    if (lent !== undefined) {
      this.#index.use(name, state, 'checked');
      this.#counts.hits++;
      return lent;
    }
    // Opened for this alone, so that whoever got the page to write into has another one.
    const bytes = this.#checkedHit(page, name);
    return bytes && kept.keep(name, state.identity, bytes);
  }

  async #fill<T extends ByteSource>(
    page: Page,
    name: string,
    source: PageSource<T>,
    signal: AbortSignal,
  ): Promise<T | Uint8Array> {
    const cached = await this.#firstUse(page, name, source);
    if (cached !== undefined) return cached;
    throwIfAborted(signal);
    this.#counts.misses++;
    const bytes = await source.load(signal);
    if (byteLength(bytes) !== page.length) throw wrongLength(page, byteLength(bytes));
    if (source.loadsChecked !== true) await source.verify(concat(bytes));
    if (page.length > 0 && !signal.aborted) await this.#keep(name, bytes, source);
    return bytes;
  }

  async #firstUse(page: Page, name: string, source: PageSource<ByteSource>): Promise<Uint8Array | undefined> {
    const state = this.#find(page, name);
    const bytes = state && this.#open(page, name, state);
    if (state === undefined || bytes === undefined) return undefined;
    try {
      await source.verify(bytes);
    } catch (error) {
      if (!isNacreError(error, 'Corrupt')) throw error;
      this.#damaged(name, error);
      return undefined;
    }
    this.#index.use(name, state, this.#isUnchanged(name, state) ? 'checked' : 'unchecked');
    this.#counts.hits++;
    return bytes;
  }

  /** The page's file, if it is there and of the right size. */
  #find(page: Page, name: string): FileState | undefined {
    if (this.#trust === 'refused' || page.length === 0) return undefined;
    try {
      if (this.#trust === 'unknown' && !this.#isOurs()) return undefined;
      const state = this.#files.state(name);
      if (state?.regular === true && state.sizeBytes === fileBytes(page.length)) return state;
      if (state === undefined) this.#index.forget(name);
      else this.#damaged(name);
    } catch (error) {
      this.#trouble(diskTrouble(error, this.folder, 'read'));
    }
    return undefined;
  }

  #isOurs(): boolean {
    try {
      const there = this.#files.isOurs();
      if (there) this.#trust = 'ours';
      return there;
    } catch (error) {
      if (!isNacreError(error, 'PermissionDenied')) throw error;
      this.#trust = 'refused';
      this.#trouble(error);
      return false;
    }
  }

  #open(page: Page, name: string, state: FileState): Uint8Array | undefined {
    try {
      const bytes = this.#files.read(name, page.length);
      if (bytes === undefined) this.#damaged(name);
      else if (page.length >= MAPPED_FROM_BYTES)
        this.#index.mapped.add(name, chargedBytes(state.sizeBytes), bytes.buffer);
      return bytes;
    } catch (error) {
      if (isShort(error)) this.#damaged(name, error);
      else if (!isMissing(error)) this.#trouble(diskTrouble(error, this.folder, 'read'));
      return undefined;
    }
  }

  #isUnchanged(name: string, state: FileState): boolean {
    try {
      return this.#files.state(name)?.identity === state.identity;
    } catch (error) {
      this.#trouble(diskTrouble(error, this.folder, 'read'));
      return false;
    }
  }

  /** Writes the page, or not; nobody's read fails by it. */
  async #keep(name: string, bytes: ByteSource, source: PageSource<ByteSource>): Promise<void> {
    const kept = await this.#tryKeep(name, bytes, source).catch((error: unknown) => this.#cannotWrite(error));
    if (kept === true) this.#counts.stored++;
    else this.#counts.passed++;
  }

  async #tryKeep(name: string, bytes: ByteSource, source: PageSource<ByteSource>): Promise<boolean> {
    if (this.#trust === 'refused' || this.#options.runtime.monotonic() < this.#keepAfter) return false;
    const sizeBytes = chargedBytes(fileBytes(byteLength(bytes)));
    if (!(await this.#index.admit(sizeBytes))) return false;
    try {
      if (!(await this.#files.write(name, bytes, await source.crc32c?.()))) return false;
      const state = this.#files.state(name);
      if (state !== undefined) this.#index.use(name, state, 'unchecked');
      return true;
    } finally {
      this.#index.release(sizeBytes);
    }
  }

  #damaged(name: string, cause?: unknown): void {
    this.#counts.damaged++;
    this.#index.forget(name);
    this.#warn(
      new NacreError('Corrupt', `a page in the cache folder ${this.folder} was damaged; it is loaded anew`, {
        cause,
        context: { folder: this.folder, page: name },
        hint: 'Once is no harm. If it comes again, check the disk and run `nacre cache verify`.',
      }),
    );
    try {
      this.#files.removeNow(name);
    } catch (error) {
      this.#cannotWrite(error);
    }
  }

  #cannotWrite(error: unknown): void {
    const resumes = this.#options.runtime.monotonic() + PAUSE_MS;
    this.#keepAfter = Math.max(this.#keepAfter, resumes);
    this.#trouble(diskTrouble(error, this.folder, 'written'));
  }

  #trouble(error: NacreError): void {
    this.#counts.diskErrors++;
    this.#warn(error);
  }

  #warn(warning: NacreError): void {
    if (this.#warned.has(warning.code)) return;
    this.#warned.add(warning.code);
    this.#options.onWarning?.(warning);
  }
}
