// Where a reader gets checked bytes of partitions from: the store itself, the page cache, or mapped files.
import type { NativeBinding } from '../native.js';
import type { RowParts } from '../native/row-parts.js';
import type { ByteRange, CallOptions, ObjectStore } from '../storage/object-store.js';
import { widen } from '../storage/wrap/blocks.js';
import { type ExpectedChecksums, readVerified, roomFor } from '../storage/wrap/verified.js';
import { defined } from '../util/assert.js';
import { isDoubted } from './doubt.js';
import { linkHint } from './link-hint.js';
import type { Part, Picked, PlacedPart } from './runs.js';

/** Checked bytes for who does not write into them. */
export interface Lent {
  readonly bytes: Uint8Array;
  /** The reader needs them no more: nobody touches them from now on, and their memory may be gone. */
  readonly done: () => void;
}

/** Rows of partitions where they lie, for who compares each that it reads with a checksum of its own. */
export interface LentRows {
  readonly rows: RowParts;
  /** Whether the rows of these ids, which ascend, are checked, and in memory as far as is known. */
  readonly areHere: (ids: Float64Array) => boolean;
  /** The rows of these ids were read. Sorts them. */
  readonly wereRead: (ids: Float64Array) => void;
  /** So many rows were read; false where it has to be said which. */
  readonly wereReadSome: (rows: number) => boolean;
}

/** A whole object where it lies, for who compares what it reads with a checksum of its own. */
export interface LentObject {
  readonly bytes: Uint8Array;
  /** Whether ranges are in memory, as far as is known: begin and end of each in turn. */
  readonly isResident: (ranges: Float64Array) => boolean;
  /** These ranges were read: as above. */
  readonly wereRead: (ranges: Float64Array) => void;
}

export interface Pages {
  /**
   * Whether the whole object is at hand, mapped or in a cache on disk. Not there where nothing ever is: what
   * is read is not kept.
   */
  isAtHand?(part: Part): boolean;
  /** Whether the object is mapped now. Not there where nothing is mapped to be read. */
  isMapped?(part: Part): boolean;
  /**
   * Starts what reading a large range of the part needs besides its bytes. Called before the memory for them
   * is made: see `storage/local/files.ts` for what small buffers cost after it.
   */
  prepare?(part: Part): void;
  /** Checked bytes of ranges of a partition, in the order asked for. Read them, do not write to them. */
  read(part: Part, ranges: readonly ByteRange[], options?: CallOptions): Promise<Uint8Array[]>;
  /**
   * Checked bytes of one range into `target`, which is as long: for large ranges, without a copy where
   * possible.
   */
  readInto(part: Part, range: ByteRange, target: Uint8Array, options?: CallOptions): Promise<void>;
  /** Picked rows of a partition, checked, to their places in `target`. */
  gather(pick: Picked, rowBytes: number, target: Uint8Array, options?: CallOptions): Promise<void>;
  /**
   * The same, not checked: for who compares each row with a checksum of its own. No more than the rows is
   * read, and nothing is kept.
   */
  gatherUnchecked(pick: Picked, rowBytes: number, target: Uint8Array, options?: CallOptions): Promise<void>;
  /**
   * Checked bytes of one range for a scan, which gives them back: memory that is let go at once, not when the
   * collector comes by, and mapped pages that stay in memory while there is room. Of what is mapped and
   * larger than the memory budget no more is in memory than is touched, and nothing afterwards.
   */
  lend(part: Part, range: ByteRange, options?: CallOptions): Promise<Lent>;
  /** The same where nothing need be waited for: it is mapped and checked, and was read lately. */
  lendNow?(part: Part, range: ByteRange): Lent | undefined;
  /**
   * All rows of partitions, which ascend, not checked, where they are mapped: few of them are going to be
   * read. The same partitions in the same array cost one look at their files. Undefined where one of them is
   * damaged, as far as is known.
   */
  lendRows?(parts: readonly PlacedPart[], rowBytes: number): LentRows | undefined;
  /**
   * The whole object, not checked, where it is mapped: parts of it are going to be read. Undefined where it
   * is damaged, as far as is known.
   */
  lendObject?(part: Part): LentObject | undefined;
  /** The whole object, checked. */
  whole(part: Part, options?: CallOptions): Promise<Uint8Array>;
}

/** The sums may stand in a segment: they are asked for in the same wave as what they are of. */
export function checksumsOf({ object: { sizeBytes, blockBytes, hash }, sums }: Part): ExpectedChecksums {
  return { sizeBytes, blockBytes, hash, blocks: sums(), hintOf: linkHint };
}

/** Straight from the store, nothing kept. */
export function storePages(store: ObjectStore, native: NativeBinding): Pages {
  const read: Pages['read'] = async (part, ranges, options = {}) => {
    return readVerified(store, part.object.key, checksumsOf(part), ranges, { ...options, verifier: native });
  };
  return {
    read,
    readInto: (part, range, target, options) =>
      readBlocksInto(read, store, native, part, range, target, options),
    gather: (pick, rowBytes, target, options) => gatherRanges(read, pick, rowBytes, target, options),
    gatherUnchecked: (pick, rowBytes, target, options) =>
      gatherRanges(uncheckedReads(store, read), pick, rowBytes, target, options),
    lend: async (part, range, options = {}) => {
      const { key } = part.object;
      const stretch = widen(key, range, part.object);
      const into = roomFor(stretch);
      const how = { ...options, verifier: native, into };
      const [found] = await readVerified(store, key, checksumsOf(part), [stretch], how);
      const bytes = defined(found, 'the range').subarray(range.start - stretch.start);
      // What is not in its place may be the store's own, and `into` is not needed.
      if (bytes.buffer !== into.buffer) native.freeBuffer(into.buffer);
      return {
        bytes: bytes.subarray(0, range.end - range.start),
        done: () => native.freeBuffer(into.buffer),
      };
    },
    whole: async (part, options) => {
      const [bytes] = await read(part, [{ start: 0, end: part.object.sizeBytes }], options);
      return defined(bytes, 'the whole object');
    },
  };
}

/** Ranges as the store gives them; by `checked` where these are missing, short or in doubt (doubt.ts). */
export function uncheckedReads(store: ObjectStore, checked: Pages['read']): Pages['read'] {
  return async (part, ranges, options) => {
    if (isDoubted(store, part)) return checked(part, ranges, options);
    const pieces = await store.getRanges(part.object.key, ranges, options);
    const whole = pieces?.every((piece, i) => {
      const { start = 0, end = 0 } = ranges[i] ?? {};
      return piece.byteLength === end - start;
    });
    return pieces !== undefined && whole === true ? pieces : checked(part, ranges, options);
  };
}

/** Picked rows by ranges: rows that touch are one range, whatever the order they are wanted in. */
export async function gatherRanges(
  read: Pages['read'],
  { part, rows, places }: Picked,
  rowBytes: number,
  target: Uint8Array,
  options: CallOptions = {},
): Promise<void> {
  const ascending = Uint32Array.from(rows, (_, i) => i).sort((a, b) => (rows[a] ?? 0) - (rows[b] ?? 0));
  const ranges: { start: number; end: number }[] = [];
  const holders = new Uint32Array(rows.length);
  for (const i of ascending) {
    const start = part.dataOffset + (rows[i] ?? 0) * rowBytes;
    const last = ranges.at(-1);
    if (last === undefined || start > last.end) ranges.push({ start, end: start + rowBytes });
    else last.end = start + rowBytes;
    holders[i] = ranges.length - 1;
  }
  const pieces = await read(part, ranges, options);
  for (const [i, row] of rows.entries()) {
    const holder = holders[i] ?? 0;
    const offset = part.dataOffset + row * rowBytes - (ranges[holder]?.start ?? 0);
    const bytes = defined(pieces[holder], 'piece').subarray(offset, offset + rowBytes);
    target.set(bytes, (places[i] ?? 0) * rowBytes);
  }
}

/**
 * Whole blocks arrive where they belong; the pieces of blocks at both ends are cut out of blocks of their
 * own.
 */
async function readBlocksInto(
  read: Pages['read'],
  store: ObjectStore,
  native: NativeBinding,
  part: Part,
  range: ByteRange,
  target: Uint8Array,
  options: CallOptions = {},
): Promise<void> {
  const { key, sizeBytes, blockBytes } = part.object;
  const first = Math.ceil(range.start / blockBytes) * blockBytes;
  const last = range.end === sizeBytes ? sizeBytes : Math.floor(range.end / blockBytes) * blockBytes;
  const copy = async (piece: ByteRange): Promise<void> => {
    if (piece.start >= piece.end) return;
    const [bytes] = await read(part, [piece], options);
    target.set(defined(bytes, 'piece'), piece.start - range.start);
  };
  if (first >= last) return copy(range);
  const into = target.subarray(first - range.start, last - range.start);
  const inside = async (): Promise<void> => {
    const whole = [{ start: first, end: last }];
    const how = { ...options, verifier: native, into };
    const [bytes] = await readVerified(store, key, checksumsOf(part), whole, how);
    const found = defined(bytes, 'blocks');
    if (found.buffer !== into.buffer || found.byteOffset !== into.byteOffset) into.set(found);
  };
  await Promise.all([
    copy({ start: range.start, end: first }),
    inside(),
    copy({ start: last, end: range.end }),
  ]);
}
