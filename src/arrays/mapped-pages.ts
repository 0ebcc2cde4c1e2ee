// Partitions of a folder, mapped where they lie: no copy, no cache.
//
// A file is mapped once per process and state (inode, size, time); each of its blocks is checked on first
// use. Before every read the file must be as it was when it was mapped, and what a scan finds no longer in
// memory is fetched before it is touched. Who truncates a partition while it is being read, by hand, can
// still end the process with SIGBUS in that moment: nothing in Nacre ever truncates one.
//
// Pages that were touched stay in memory as long as they fit the budget (`residency.ts`).
import { type Stats, statSync } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { type KeptMapping, Residency } from '../cache/residency.js';
import { isNacreError, NacreError } from '../errors.js';
import { fromNative, type NativeBinding } from '../native.js';
import type { FileWatch } from '../native/files.js';
import type { LocalStore } from '../storage/local.js';
import type { ByteRange, CallOptions } from '../storage/object-store.js';
import type { Meter } from '../storage/wrap/meter.js';
import { defined } from '../util/assert.js';
import { throwIfAborted } from '../util/runtime.js';
import { BlockSet } from './block-set.js';
import { linkHint } from './link-hint.js';
import type { Lent, LentObject, LentRows, Pages } from './pages.js';
import { byPart, type Part, type Picked, type PlacedPart } from './runs.js';
import { windowsOfRange } from './windows.js';

/** Files kept mapped at once; a mapping costs address space, not memory. */
const mappedFiles = 1_024;

/** Files kept open at once; others are looked for by their names each time. */
const watchedFiles = 128;

/** Rows of so many bytes are copied on the event loop; more would hold it up for longer than a turn. */
const gatheredNowBytes = 256 * 1024;

/** Of files all of which is in memory it is noted of each so many reads of rows which these were. */
const notedReads = 16;

/** Blocks of one job on the pool: 4 MiB. */
const jobBlocks = 64;

interface Mapped extends KeptMapping {
  readonly path: string;
  readonly state: FileState;
  /** Of those that were mapped first: each keeps a file open. */
  readonly watch: FileWatch | undefined;
  readonly checked: Uint8Array;
  /** Blocks that are not checked yet. */
  unchecked: number;
}

/** Partitions whose rows are lent together. */
interface Together {
  readonly mapped: readonly Mapped[];
  /** Of all their files; not there where one has none. */
  readonly watch: FileWatch | undefined;
  readonly lent: LentRows;
  /** Mappings that were given up before it was last looked at one by one. */
  dropped: number;
}

type FileState = Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs'>;

export class MappedPages implements Pages {
  readonly #store: LocalStore;
  readonly #native: NativeBinding;
  readonly #meter: Meter;
  /** Made by the first read that maps: it takes its memory at once. */
  #mapped: LRUCache<string, Mapped> | undefined;
  readonly #residency: Residency;
  readonly #memoryBytes: number;
  readonly #together = new WeakMap<readonly PlacedPart[], Together>();
  /** How many mappings were given up. */
  #dropped = 0;

  /** `memoryBytes` of mapped pages stay in memory. */
  constructor(store: LocalStore, native: NativeBinding, meter: Meter, memoryBytes: number) {
    this.#store = store;
    this.#native = native;
    this.#meter = meter;
    this.#memoryBytes = memoryBytes;
    this.#residency = new Residency(memoryBytes, (bytes) => native.givePagesBack(bytes));
  }

  async read(part: Part, ranges: readonly ByteRange[], { signal }: CallOptions = {}): Promise<Uint8Array[]> {
    throwIfAborted(signal);
    const mapped = this.#map(part);
    await this.#use(part, mapped, ranges);
    return ranges.map(({ start, end }) => mapped.bytes.subarray(start, end));
  }

  /** Checks what was not checked of the ranges; whether that was anything. */
  async #use(part: Part, mapped: Mapped, ranges: readonly ByteRange[]): Promise<boolean> {
    const wanted = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    this.#meter.mapped(wanted);
    if (mapped.unchecked > 0 && wanted > this.#memoryBytes) return this.#useByWindows(part, mapped, ranges);
    const blocks = new BlockSet(mapped.checked, part.object.blockBytes);
    for (const { start, end } of ranges) {
      blocks.add(start, end);
      this.#residency.touch(mapped, start, end);
    }
    await this.#check(part, mapped, blocks);
    return !blocks.isEmpty;
  }

  /** The same where it does not fit the budget: the next window is fetched while one is checked. */
  async #useByWindows(part: Part, mapped: Mapped, ranges: readonly ByteRange[]): Promise<boolean> {
    const windows = ranges.flatMap((range) => windowsOfRange(range, this.#memoryBytes));
    const fetch = (window: ByteRange | undefined): Promise<void> | undefined => {
      if (window === undefined) return undefined;
      this.#residency.touch(mapped, window.start, window.end);
      const fetched = this.#fetch(part, mapped.bytes.subarray(window.start, window.end));
      // Whoever waits for it hears of it.
      fetched.catch(() => undefined);
      return fetched;
    };
    let isNew = false;
    let next = fetch(windows[0]);
    for (const [i, { start, end }] of windows.entries()) {
      await next;
      next = fetch(windows[i + 1]);
      const blocks = new BlockSet(mapped.checked, part.object.blockBytes);
      blocks.add(start, end);
      isNew ||= !blocks.isEmpty;
      await this.#check(part, mapped, blocks);
    }
    return isNew;
  }

  #fetch(part: Part, bytes: Uint8Array): Promise<void> {
    return this.#native.fetchPages(bytes).catch((error: unknown) => {
      throw damage(part.object.key, 'was cut, or cannot be read', 'size', fromNative(error));
    });
  }

  async lend(part: Part, range: ByteRange, options: CallOptions = {}): Promise<Lent> {
    throwIfAborted(options.signal);
    const mapped = this.#map(part);
    const bytes = mapped.bytes.subarray(range.start, range.end);
    if (bytes.byteLength > this.#memoryBytes) {
      await this.#use(part, mapped, [range]);
      // Nobody counts what is touched of it meanwhile.
      return { bytes, done: () => this.#native.givePagesBack(bytes) };
    }
    const isHere = this.#residency.isTouched(mapped, range.start, range.end);
    // What is checked now is fetched for that.
    if (!(await this.#use(part, mapped, [range])) && !isHere) await this.#fetch(part, bytes);
    return { bytes, done: () => undefined };
  }

  lendNow(part: Part, range: ByteRange): Lent | undefined {
    const mapped = this.#map(part);
    const { start, end } = range;
    if (mapped.unchecked > 0 || !this.#residency.isTouched(mapped, start, end)) return undefined;
    this.#residency.touch(mapped, start, end);
    this.#meter.mapped(end - start);
    return { bytes: mapped.bytes.subarray(start, end), done: () => undefined };
  }

  lendRows(parts: readonly PlacedPart[], rowBytes: number): LentRows {
    const known = this.#together.get(parts);
    if (known !== undefined && known.dropped === this.#dropped && known.watch?.isSame() === true)
      return known.lent;
    const mapped = parts.map(({ part }) => this.#map(part));
    if (known !== undefined && mapped.every((one, i) => one === known.mapped[i])) {
      known.dropped = this.#dropped;
      return known.lent;
    }
    const rows = parts.map(({ part: { dataOffset, rows }, firstRowId }, i) => {
      const { bytes } = defined(mapped[i], 'mapping');
      return { rows: bytes.subarray(dataOffset, dataOffset + rows * rowBytes), firstRowId };
    });
    const watches = mapped.flatMap(({ watch }) => watch ?? []);
    const watch = watches.length === mapped.length ? this.#native.watchTogether(watches) : undefined;
    // Blocks that are checked stay so.
    const areChecked = new WeakSet<Float64Array>();
    const areHere = (ids: Float64Array): boolean => {
      for (const one of mapped) if (!this.#residency.isWhole(one)) return false;
      if (areChecked.has(ids)) return true;
      for (const [i, rows] of byPart(parts, ids)) {
        const { object, dataOffset } = defined(parts[i], 'partition').part;
        const blocks = new BlockSet(defined(mapped[i], 'mapping').checked, object.blockBytes);
        blocks.addRows(rows, dataOffset, rowBytes);
        if (!blocks.isEmpty) return false;
      }
      areChecked.add(ids);
      return true;
    };
    const wereRead = (ids: Float64Array): void => {
      this.#meter.mapped(ids.length * rowBytes);
      for (const [i, rows] of byPart(parts, ids)) {
        const { dataOffset } = defined(parts[i], 'partition').part;
        this.#residency.touchRows(defined(mapped[i], 'mapping'), dataOffset, rowBytes, rows);
      }
    };
    let reads = 0;
    const wereReadSome = (count: number): boolean => {
      // Nothing new is in memory then; what is used most is noted often enough.
      if (reads++ % notedReads === 0) return false;
      for (const one of mapped) if (!this.#residency.isWhole(one)) return false;
      this.#meter.mapped(count * rowBytes);
      return true;
    };
    const lent = { rows: this.#native.createRowParts(rows), areHere, wereRead, wereReadSome };
    this.#together.set(parts, { mapped, watch, lent, dropped: this.#dropped });
    return lent;
  }

  lendObject(part: Part): LentObject {
    const mapped = this.#map(part);
    return {
      bytes: mapped.bytes,
      isResident: (ranges) => {
        for (let at = 0; at < ranges.length; at += 2) {
          const [start = 0, end = 0] = [ranges[at], ranges[at + 1]];
          if (!this.#residency.isTouched(mapped, start, end)) return false;
        }
        return true;
      },
      wereRead: (ranges) => {
        for (let at = 0; at < ranges.length; at += 2) {
          const [start = 0, end = 0] = [ranges[at], ranges[at + 1]];
          if (start === end) continue;
          this.#meter.mapped(end - start);
          this.#residency.touch(mapped, start, end);
        }
      },
    };
  }

  isAtHand(): boolean {
    return true;
  }

  isMapped(part: Part): boolean {
    return this.#mapped?.has(part.object.key) === true;
  }

  prepare(part: Part): void {
    // Whoever reads will hear of it.
    void part.sums().catch(() => undefined);
  }

  /**
   * Read and checked in one pass, by all threads of the pool. Copying from a mapping is no faster (two
   * threads, 40 MB in the page cache), and there a disk that fails is a signal and not an error.
   */
  async readInto(part: Part, range: ByteRange, target: Uint8Array, options: CallOptions = {}): Promise<void> {
    throwIfAborted(options.signal);
    const path = this.#store.localPath(part.object.key);
    this.#look(part, path);
    const { blockBytes } = part.object;
    const sums = await part.sums();
    const first = Math.floor(range.start / blockBytes);
    const expected = sums.subarray(first, Math.ceil(range.end / blockBytes));
    const position = first * blockBytes;
    const read = this.#native.readBlocks(
      path,
      position,
      blockBytes,
      expected,
      range.start - position,
      target,
    );
    await settle(part, read, first);
    this.#meter.mapped(range.end - range.start);
  }

  async gather(pick: Picked, rowBytes: number, target: Uint8Array, options: CallOptions = {}): Promise<void> {
    throwIfAborted(options.signal);
    const { part, rows, places } = pick;
    const mapped = this.#map(part);
    const blocks = new BlockSet(mapped.checked, part.object.blockBytes);
    if (mapped.unchecked > 0) blocks.addRows(rows, part.dataOffset, rowBytes);
    this.#residency.touchRows(mapped, part.dataOffset, rowBytes, rows);
    await this.#check(part, mapped, blocks);
    this.#meter.mapped(rows.length * rowBytes);
    this.#native.gatherRows(mapped.bytes, part.dataOffset, rowBytes, rows, target, places);
  }

  async gatherUnchecked(
    pick: Picked,
    rowBytes: number,
    target: Uint8Array,
    options: CallOptions = {},
  ): Promise<void> {
    throwIfAborted(options.signal);
    const { part, rows, places } = pick;
    this.#meter.mapped(rows.length * rowBytes);
    const mapped = this.#map(part);
    this.#residency.touchRows(mapped, part.dataOffset, rowBytes, rows);
    const what = [mapped.bytes, part.dataOffset, rowBytes, rows, target, places] as const;
    if (rows.length * rowBytes <= gatheredNowBytes) this.#native.gatherRows(...what);
    else {
      await this.#native.gatherRowsLater(...what).catch((error: unknown) => {
        throw fromNative(error);
      });
    }
  }

  async whole(part: Part, options: CallOptions = {}): Promise<Uint8Array> {
    const [bytes] = await this.read(part, [{ start: 0, end: part.object.sizeBytes }], options);
    return defined(bytes, 'the whole object');
  }

  /** The file as it stands now. Synchronous: a thread's turn would cost more than the look. */
  #look({ object: { key, sizeBytes } }: Part, path: string): FileState {
    let found: Stats;
    try {
      found = statSync(path);
    } catch (error) {
      throw damage(key, 'is missing', 'missing', error);
    }
    if (found.size !== sizeBytes)
      throw damage(key, `has ${found.size} bytes, the manifest says ${sizeBytes}`, 'size');
    return found;
  }

  /** Whether the file is what it was when it was mapped. */
  #isAsMapped(part: Part, { path, state, watch }: Mapped): boolean {
    if (watch?.isSame() === true) return true;
    const { dev, ino, size, mtimeMs } = this.#look(part, path);
    return dev === state.dev && ino === state.ino && size === state.size && mtimeMs === state.mtimeMs;
  }

  #map(part: Part): Mapped {
    const { key, sizeBytes, blockBytes } = part.object;
    this.#mapped ??= new LRUCache<string, Mapped>({
      max: mappedFiles,
      dispose: (mapped) => {
        this.#dropped++;
        this.#residency.drop(mapped);
      },
    });
    const known = this.#mapped.get(key);
    // The file that was found not to be behind a link is known by its inode.
    if (known !== undefined && this.#isAsMapped(part, known)) return known;
    const path = this.#store.localPath(key);
    const state = this.#look(part, path);
    try {
      const bytes = this.#native.mapFile(path, 0, sizeBytes);
      const checked = new Uint8Array(Math.ceil(sizeBytes / blockBytes));
      const watch = this.#mapped.size < watchedFiles ? this.#native.watchFile(path) : undefined;
      const kept = this.#residency.add(bytes);
      const mapped = { ...kept, path, state, watch, checked, unchecked: checked.length };
      this.#mapped.set(key, mapped);
      return mapped;
    } catch (error) {
      throw fromNative(error);
    }
  }

  /** Checks blocks that were not checked before, by all threads of the pool. */
  async #check(part: Part, mapped: Mapped, blocks: BlockSet): Promise<void> {
    if (blocks.isEmpty) return;
    const { blockBytes } = part.object;
    const sums = await part.sums();
    await Promise.all(
      blocks.runs(jobBlocks).map(async ([first, last]) => {
        const bytes = mapped.bytes.subarray(first * blockBytes, last * blockBytes);
        await settle(part, this.#native.verifyBlocks(bytes, blockBytes, sums.subarray(first, last)), first);
        mapped.checked.fill(1, first, last);
      }),
    );
    mapped.unchecked = mapped.checked.reduce((count, checked) => count - checked, mapped.checked.length);
  }
}

/** Waits for a check of the blocks from `first` on, and names the one that is damaged. */
async function settle({ object }: Part, check: Promise<number>, first: number): Promise<void> {
  const bad = await check.catch((error: unknown) => {
    throw fromNative(error);
  });
  if (bad >= 0) throw damage(object.key, `is damaged in block ${first + bad}`, 'block');
}

function damage(key: string, what: string, kind: string, cause?: unknown): NacreError {
  if (isNacreError(cause)) return cause;
  return new NacreError('Corrupt', `${key} ${what}`, {
    cause,
    context: { key, damage: kind },
    hint: linkHint(key) ?? 'Run `nacre repair` to put back the right bytes from a replica or a backup.',
  });
}
