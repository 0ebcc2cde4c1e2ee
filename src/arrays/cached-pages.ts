// Pages of partitions through the page cache: whole objects when most of one is wanted, else pieces of 256
// KiB.
//
// A page is known by the hash of its object, so a cache folder can serve any number of datasets and copies
// of them.
import type { LentPage } from '../cache/lent.js';
import type { Page } from '../cache/page.js';
import type { PageCache, PageSource } from '../cache/page-cache.js';
import type { NativeBinding } from '../native.js';
import { fromNative } from '../native.js';
import type { ByteRange, CallOptions, ObjectStore } from '../storage/object-store.js';
import { widen } from '../storage/wrap/blocks.js';
import { readVerified, roomFor } from '../storage/wrap/verified.js';
import { defined } from '../util/assert.js';
import { NacreError } from '../errors.js';
import { type ByteSource, concat, toHex } from '../util/bytes.js';
import { checksumsOf, gatherRanges, type Lent, type Pages, uncheckedReads } from './pages.js';
import type { Part, Picked } from './runs.js';
import { windowsOfRange } from './windows.js';

/**
 * Small reads fetch this much: 3 ms at 90 MB/s on top of a round trip, and the neighbours are there next
 * time.
 */
const pieceBytes = 256 * 1024;

/** Pieces that one request brings at most. */
const piecesTogether = 32;

export class CachedPages implements Pages {
  readonly #store: ObjectStore;
  readonly #cache: PageCache;
  readonly #native: NativeBinding;
  readonly #memoryBytes: number;

  constructor(store: ObjectStore, cache: PageCache, native: NativeBinding, memoryBytes: number) {
    this.#memoryBytes = memoryBytes;
    this.#store = store;
    this.#cache = cache;
    this.#native = native;
  }

  async read(part: Part, ranges: readonly ByteRange[], options: CallOptions = {}): Promise<Uint8Array[]> {
    const { sizeBytes } = part.object;
    const wanted = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    if (this.#wantsWhole(part, wanted)) {
      const whole = await this.whole(part, options);
      return ranges.map(({ start, end }) => whole.subarray(start, end));
    }
    const indices = new Set(ranges.flatMap(piecesOf));
    const pieces = new Map<number, Promise<Uint8Array>>();
    for (const run of this.#runsOf(part, indices)) {
      const together = new LoadTogether(
        { start: run.first * pieceBytes, end: run.end * pieceBytes },
        sizeBytes,
      );
      for (let index = run.first; index < run.end; index++) {
        const range = pieceRange(index, sizeBytes);
        pieces.set(
          index,
          this.#read(part, range, options, (load) => together.load(range, load)),
        );
      }
    }
    return Promise.all(
      ranges.map((range) => joinPieces(range, (index) => defined(pieces.get(index), 'piece'))),
    );
  }

  /** Neighbours that are not cached come in one request of up to 8 MiB; what is cached is read alone. */
  #runsOf(part: Part, indices: ReadonlySet<number>): { first: number; end: number }[] {
    const runs: { first: number; end: number; cached: boolean }[] = [];
    for (const index of Float64Array.from(indices).sort()) {
      const cached = this.#cache.peek(pageOf(part, pieceRange(index, part.object.sizeBytes)));
      const last = runs.at(-1);
      if (last?.end === index && !last.cached && !cached && index - last.first < piecesTogether) last.end++;
      else runs.push({ first: index, end: index + 1, cached });
    }
    return runs;
  }

  async readInto(part: Part, range: ByteRange, target: Uint8Array, options: CallOptions = {}): Promise<void> {
    const { sizeBytes, blockBytes } = part.object;
    const firstBytes = Math.min(blockBytes, sizeBytes);
    if (range.start >= firstBytes || range.end < sizeBytes) {
      const [bytes] = await this.read(part, [range], options);
      target.set(defined(bytes, 'range'));
      return;
    }
    // What follows the first block arrives in its place, and the cache keeps it from there: no copy of it.
    const rest = target.subarray(firstBytes - range.start);
    const bytes = await this.#read(part, { start: 0, end: sizeBytes }, options, async (load) => {
      const [first, found] = await Promise.all([
        load({ start: 0, end: firstBytes }),
        load({ start: firstBytes, end: sizeBytes }, rest),
      ]);
      if (found.buffer !== rest.buffer || found.byteOffset !== rest.byteOffset) rest.set(found);
      return [first, rest];
    });
    // A file of the cache, or another's load, gives the page in one piece.
    const [first] = bytes instanceof Uint8Array ? [bytes] : bytes;
    target.set(defined(first, 'page').subarray(range.start));
  }

  async gather(pick: Picked, rowBytes: number, target: Uint8Array, options: CallOptions = {}): Promise<void> {
    const { part, rows, places } = pick;
    if (this.#wantsWhole(part, rows.length * rowBytes)) {
      const page = await this.#lendPage(part, { start: 0, end: part.object.sizeBytes }, options);
      try {
        page.touchRows(part.dataOffset, rowBytes, rows);
        this.#native.gatherRows(page.bytes, part.dataOffset, rowBytes, rows, target, places);
      } finally {
        page.done();
      }
    } else {
      await gatherRanges((...args) => this.read(...args), pick, rowBytes, target, options);
    }
  }

  async gatherUnchecked(
    pick: Picked,
    rowBytes: number,
    target: Uint8Array,
    options: CallOptions = {},
  ): Promise<void> {
    const here = this.#wantsWhole(pick.part, pick.rows.length * rowBytes);
    if (here) return this.gather(pick, rowBytes, target, options);
    const read = uncheckedReads(this.#store, (...args) => this.read(...args));
    await gatherRanges(read, pick, rowBytes, target, options);
  }

  /** Most of it is wanted, or it is one piece, or here already. */
  #wantsWhole(part: Part, wantedBytes: number): boolean {
    const { sizeBytes } = part.object;
    return (
      wantedBytes * 2 >= sizeBytes ||
      sizeBytes <= pieceBytes ||
      this.#cache.peek(pageOf(part, { start: 0, end: sizeBytes }))
    );
  }

  /**
   * From the object's own page when all of it is wanted, or when it is here and no burden; else from a page
   * of the blocks that hold the range.
   */
  async lend(part: Part, range: ByteRange, options: CallOptions = {}): Promise<Lent> {
    const { key, sizeBytes } = part.object;
    const blocks = widen(key, range, part.object);
    const all = { start: 0, end: sizeBytes };
    const held = sizeBytes <= this.#memoryBytes && this.#cache.peek(pageOf(part, all)) ? all : blocks;
    const page = await this.#lendPage(part, held, options);
    const [start, end] = [range.start - held.start, range.end - held.start];
    page.touch(start, end);
    return { bytes: page.bytes.subarray(start, end), done: page.done };
  }

  #lendPage(part: Part, range: ByteRange, options: CallOptions): Promise<LentPage> {
    const source = this.#sourceOf(part, range, options, async (load) => {
      const room = roomFor(range);
      const found = await load(range, room);
      // Elsewhere it may be the store's own.
      if (found.buffer !== room.buffer) room.set(found);
      return room;
    });
    return this.#cache.lend(pageOf(part, range), source, options);
  }

  isAtHand(part: Part): boolean {
    return this.#cache.peek(pageOf(part, { start: 0, end: part.object.sizeBytes }));
  }

  whole(part: Part, options: CallOptions = {}): Promise<Uint8Array> {
    return this.#page(part, { start: 0, end: part.object.sizeBytes }, options);
  }

  #page(part: Part, range: ByteRange, options: CallOptions): Promise<Uint8Array> {
    return this.#read(part, range, options, (load) => load(range));
  }

  #read<T extends ByteSource>(
    part: Part,
    range: ByteRange,
    options: CallOptions,
    fetch: (load: Load) => Promise<T>,
  ): Promise<T | Uint8Array> {
    return this.#cache.read(pageOf(part, range), this.#sourceOf(part, range, options, fetch), options);
  }

  /** Where the page of a range comes from when it is not cached, and how it is checked when it is. */
  #sourceOf<T extends ByteSource>(
    part: Part,
    range: ByteRange,
    options: CallOptions,
    fetch: (load: Load) => Promise<T>,
  ): PageSource<T> {
    const { key, blockBytes } = part.object;
    const verifier = this.#native;
    const length = range.end - range.start;
    const sums = async (): Promise<Uint32Array> => {
      const first = range.start / blockBytes;
      return (await part.sums()).subarray(first, first + Math.ceil(length / blockBytes));
    };
    return {
      load: (signal) =>
        fetch(async (stretch, into) => {
          const how = { ...options, signal, verifier, ...(into && { into }) };
          const [bytes] = await readVerified(this.#store, key, checksumsOf(part), [stretch], how);
          return defined(bytes, 'page');
        }),
      loadsChecked: true,
      crc32c: async () => verifier.crc32cOfBlocks(await sums(), blockBytes, length),
      verify: async (bytes) => {
        const expected = await sums();
        const first = range.start / blockBytes;
        const check = async ({ start, end }: ByteRange): Promise<void> => {
          const blocks = expected.subarray(start / blockBytes, Math.ceil(end / blockBytes));
          const checked = verifier.verifyBlocks(bytes.subarray(start, end), blockBytes, blocks);
          const bad = await checked.catch((error: unknown) => {
            throw fromNative(error);
          });
          if (bad >= 0) throw damagedPage(key, first + start / blockBytes + bad);
        };
        const all = { start: 0, end: length };
        const windows = windowsOfRange(all, this.#memoryBytes);
        if (length <= this.#memoryBytes || windows.length === 1) return check(all);
        // What does not fit the budget is mapped, and comes from its file again where it is read.
        for (const window of windows) {
          await check(window);
          verifier.givePagesBack(bytes.subarray(window.start, window.end));
        }
      },
    };
  }
}

/** Checked bytes of whole blocks, in `into` where that can be. */
type Load = (stretch: ByteRange, into?: Uint8Array) => Promise<Uint8Array>;

function pageOf(part: Part, { start, end }: ByteRange): Page {
  return { hash: toHex(part.object.hash), offset: start, length: end - start };
}

/** One request for several pieces; each is a page of its own, and other reads may wait for any of them. */
class LoadTogether {
  readonly #range: ByteRange;
  #all: Promise<Uint8Array> | undefined;

  constructor({ start, end }: ByteRange, sizeBytes: number) {
    this.#range = { start, end: Math.min(end, sizeBytes) };
  }

  async load({ start, end }: ByteRange, load: Load): Promise<Uint8Array> {
    this.#all ??= load(this.#range);
    try {
      const offset = this.#range.start;
      return (await this.#all).subarray(start - offset, end - offset);
    } catch {
      // It may have been given up by a caller who left: whoever waits for this piece did not.
      return load({ start, end });
    }
  }
}

function pieceRange(index: number, sizeBytes: number): ByteRange {
  return { start: index * pieceBytes, end: Math.min((index + 1) * pieceBytes, sizeBytes) };
}

/** Indices of the pieces that hold a range; one for an empty range. */
function piecesOf({ start, end }: ByteRange): number[] {
  const first = Math.floor(start / pieceBytes);
  const count = Math.max(1, Math.ceil(end / pieceBytes) - first);
  return Array.from({ length: count }, (_, i) => first + i);
}

/** The bytes of a range from the pieces that hold it; no copy when one piece does. */
async function joinPieces(
  range: ByteRange,
  pieceAt: (index: number) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const [first = 0, ...rest] = piecesOf(range);
  const pieces = await Promise.all([first, ...rest].map(pieceAt));
  const offset = range.start - first * pieceBytes;
  return concat(pieces).subarray(offset, offset + range.end - range.start);
}

function damagedPage(key: string, block: number): NacreError {
  return new NacreError('Corrupt', `the cached copy of ${key} is damaged in block ${block}`, {
    context: { key, block },
  });
}
