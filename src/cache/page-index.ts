// What this process knows of the folder: order of use, size, which files it has checked; and the budget.
//
// The clock that processes share is the file's modification time, which a hit moves at most once a minute.
// Other processes' files are found by a scan of names, which each process makes after every small part of
// the budget that it writes (the first one after a random share of that part, so that many short processes
// scan as often as one long one). A scan evicts down to seven eighths; the next is due after a sixteenth of
// what is then free, and writing waits for one that falls behind by as much again. What this process writes
// itself never passes the budget. Four processes at full speed stay within it too, while a page is below a
// hundredth of it; more of them, or larger pages, may pass it by a page each until the next scan.
//
// Eviction is by unlink only. A file mapped here is passed over, since unlinking it would free nothing; one
// that others unlinked counts until the last mapping is collected. Before a file goes its clock is read:
// another process may have used it since.
import { LRUCache } from 'lru-cache';
import type { Runtime } from '../util/runtime.js';
import type { FileState } from './files.js';
import type { KeptMappings } from './kept-mappings.js';
import type { MappedFiles } from './mapped.js';
import { chargedBytes, isTemporaryName } from './page.js';
import type { PageFolder } from './page-folder.js';

interface Entry {
  readonly sizeBytes: number;
  usedMs: number;
  /** Identity of the file when this process checked its bytes. */
  checked: string | undefined;
  /** The last scan that saw it, or during which it came. */
  seen: number;
}

/** More files than this are not kept, whatever their size: their names take memory. */
const MOST_FILES = 131_072;
const TOUCH_AFTER_MS = 60_000;
/**
 * A file changed this recently could change again with the same time stamp, so a check of it is not
 * remembered.
 */
const SETTLED_AFTER_MS = 100;
/** A temporary file as old as this was left by a process that died. */
const ABANDONED_AFTER_MS = 5 * 60_000;

export class PageIndex {
  readonly mapped: MappedFiles;
  readonly kept: KeptMappings;
  readonly budgetBytes: number;
  evictions = 0;
  readonly #folder: PageFolder;
  readonly #runtime: Runtime;
  readonly #onError: (error: unknown) => void;
  readonly #entries: LRUCache<string, Entry>;
  #reservedBytes = 0;
  /** Removals under way: of files that count no longer. */
  readonly #removals = new Set<Promise<void>>();
  #scanning: Promise<void> | undefined;
  #scans = 0;
  #writtenBytes = 0;
  #scanAfterBytes: number;

  constructor(
    folder: PageFolder,
    budgetBytes: number,
    runtime: Runtime,
    /** Gets what a scan, which nobody awaits, could not do. */
    onError: (error: unknown) => void,
    mappings: { readonly mapped: MappedFiles; readonly kept: KeptMappings },
  ) {
    this.mapped = mappings.mapped;
    this.kept = mappings.kept;
    this.#folder = folder;
    this.budgetBytes = budgetBytes;
    this.#runtime = runtime;
    this.#onError = onError;
    this.#entries = new LRUCache({
      // The order and the sum are kept by lru-cache; #victims holds the budget, since it must pass some over.
      maxSize: Number.MAX_SAFE_INTEGER,
      sizeCalculation: (entry) => entry.sizeBytes,
      dispose: (_, name) => {
        this.kept.drop(name);
        this.mapped.unlinked(name);
      },
      noDisposeOnSet: true,
    });
    this.#scanAfterBytes = runtime.random() * (budgetBytes / 128);
  }

  get usedBytes(): number {
    return this.#entries.calculatedSize + this.#reservedBytes + this.mapped.unlinkedBytes;
  }

  /** Whether this process has checked the bytes of the file as it stands. */
  isChecked(name: string, state: FileState): boolean {
    return this.#entries.peek(name)?.checked === state.identity;
  }

  /** Notes a use of the file; `checked` when these very bytes passed the check. */
  use(name: string, state: FileState, bytes: 'checked' | 'unchecked'): void {
    const now = this.#runtime.now();
    const sizeBytes = chargedBytes(state.sizeBytes);
    const known = this.#entries.get(name);
    const entry =
      known?.sizeBytes === sizeBytes ? known : { sizeBytes, usedMs: 0, checked: undefined, seen: 0 };
    if (entry !== known) this.#entries.set(name, entry);
    entry.usedMs = state.modifiedMs;
    entry.seen = this.#scans;
    const settled = now - state.changedMs >= SETTLED_AFTER_MS;
    if (bytes === 'checked') entry.checked = settled ? state.identity : undefined;
    if (now - state.modifiedMs >= TOUCH_AFTER_MS) this.#folder.touch(name);
  }

  /** The file is no longer in the folder. */
  forget(name: string): void {
    this.#entries.delete(name);
  }

  /** Makes room for a file about to be written and reserves it; false when it does not fit. */
  async admit(sizeBytes: number): Promise<boolean> {
    if (sizeBytes > this.budgetBytes) return false;
    this.#writtenBytes += sizeBytes;
    if (this.#writtenBytes > this.#scanAfterBytes) {
      // A scan that cannot keep up with the writing is waited for: the budget is hard.
      if (this.#scanning !== undefined) await this.#scanning;
      else this.#startScan();
    }
    const victims = this.#victims(this.budgetBytes - sizeBytes);
    const fits = this.usedBytes + sizeBytes <= this.budgetBytes;
    if (fits) this.#reservedBytes += sizeBytes;
    await this.#remove(victims).catch((error: unknown) => {
      if (fits) this.#reservedBytes -= sizeBytes;
      throw error;
    });
    // Room that others make is room only once their files are gone.
    await Promise.allSettled(this.#removals);
    return fits;
  }

  /** Ends a reservation: the file is there and noted, or it was not written. */
  release(sizeBytes: number): void {
    this.#reservedBytes -= sizeBytes;
  }

  /** Waits for a scan that runs. */
  async settled(): Promise<void> {
    await this.#scanning;
  }

  #startScan(): void {
    this.#writtenBytes = 0;
    this.#scanning = this.#scan()
      .catch(this.#onError)
      .finally(() => {
        this.#scanning = undefined;
      });
  }

  async #scan(): Promise<void> {
    const scan = ++this.#scans;
    const found: { readonly name: string; readonly state: FileState }[] = [];
    for await (const name of this.#folder.list()) {
      const entry = this.#entries.peek(name);
      if (entry !== undefined) {
        entry.seen = scan;
        continue;
      }
      const state = this.#folder.state(name);
      if (state?.regular === true && !(await this.#isAbandoned(name, state))) found.push({ name, state });
    }
    const own = scan === 1 ? [...this.#entries.rkeys()] : [];
    found.sort((a, b) => a.state.modifiedMs - b.state.modifiedMs);
    for (const { name, state } of found) if (!this.#entries.has(name)) this.#add(name, state);
    // What the first scan finds is older than what this process used; what a later one finds is newer.
    for (const name of own) this.#entries.get(name);
    const gone: string[] = [];
    for (const [name, entry] of this.#entries.entries()) if (entry.seen < scan) gone.push(name);
    for (const name of gone) this.forget(name);
    await this.#remove(this.#victims((this.budgetBytes / 8) * 7));
    this.#scanAfterBytes = Math.max(this.budgetBytes / 128, (this.budgetBytes - this.usedBytes) / 16);
  }

  #add(name: string, state: FileState): void {
    const sizeBytes = chargedBytes(state.sizeBytes);
    this.#entries.set(name, { sizeBytes, usedMs: state.modifiedMs, checked: undefined, seen: this.#scans });
  }

  async #isAbandoned(name: string, state: FileState): Promise<boolean> {
    const old = this.#runtime.now() - state.modifiedMs >= ABANDONED_AFTER_MS;
    if (!old || !isTemporaryName(name)) return false;
    await this.#folder.remove(name);
    return true;
  }

  /** Takes the least recently used files out of the index until the rest is within `limit`. */
  #victims(limit: number): string[] {
    const victims: string[] = [];
    for (let chances = this.#entries.size; chances > 0; chances--) {
      if (this.usedBytes <= limit && this.#entries.size <= MOST_FILES) break;
      const [name] = this.#entries.rkeys();
      const entry = name === undefined ? undefined : this.#entries.peek(name);
      if (name === undefined || entry === undefined) break;
      const state = this.#folder.state(name);
      if (state !== undefined && (this.mapped.has(name) || state.modifiedMs > entry.usedMs)) {
        this.use(name, state, 'unchecked');
        continue;
      }
      this.forget(name);
      if (state !== undefined) victims.push(name);
    }
    this.evictions += victims.length;
    return victims;
  }

  async #remove(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const removal = this.#removeAll(names);
    this.#removals.add(removal);
    await removal.finally(() => this.#removals.delete(removal));
  }

  async #removeAll(names: readonly string[]): Promise<void> {
    for (const name of names) await this.#folder.remove(name);
  }
}
