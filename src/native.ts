// The only door to the native binary. Loaded on first use, so that importing Nacre costs nothing; one literal
// path, so that a bundler can trace it. Errors cross with their code: the binary throws `CODE: message`, and
// `call` turns that into a NacreError once, here.
import { createRequire } from 'node:module';
import { type ErrorCode, NacreError } from './errors.js';
import type { ElementwiseBinding } from './native/elementwise.js';
import type { FileBinding } from './native/files.js';
import type { FilterColumn, FilterTerm, FilterTest } from './native/filter.js';
import type { HnswBinding } from './native/hnsw.js';
import type { IvfBinding } from './native/ivf.js';
import type { ParityBinding } from './native/parity.js';
import type { RowParts, RowPartsBinding } from './native/row-parts.js';
import type { SortedBlocksBinding } from './native/sorted-blocks.js';
import type { ColumnStatistics } from './native/statistics.js';
import type { TextBinding } from './native/text.js';
import type { ValueSetBinding } from './native/value-sets.js';

/** Checksums of one object, made in one pass over its bytes. */
export interface ObjectDigest {
  /** BLAKE3, 32 bytes: the identity of the object. */
  readonly blake3: Uint8Array;
  /** CRC32C of the whole body, as stores compare it. */
  readonly crc32c: number;
  /** CRC32C per block, the last one shorter; `ceil(length / blockBytes)` numbers. */
  readonly blocks: Uint32Array;
}

/** The same of an object that is not held whole: its pieces are added one after the other. */
export interface ObjectDigester {
  /** Off the event loop; until the promise settles nobody touches the bytes, or adds others. */
  update(piece: Uint8Array): Promise<void>;
  /** The bytes `[start, end)` of a file, or as many as it has; gives how many those are. */
  updateFromFile(path: string, start: number, end: number): Promise<number>;
  /** Of all pieces so far. */
  digest(): Promise<ObjectDigest>;
}

export type ScanMetric = 'l2' | 'l2sq' | 'cosine' | 'dot' | 'hamming' | 'jaccard' | 'kl' | 'js';
export type ScanDtype = 'bool' | `${'' | 'u'}int${8 | 16 | 32 | 64}` | `float${16 | 32 | 64}`;

/** Top k of one or many queries over partitions that arrive one by one, in any order. */
export interface ExactScan {
  /**
   * Scans `rows` (row-major, little endian). Row i has the id `firstRowId + i`, or `rowIds[i]` when given;
   * rows whose id is in the row set `dead` are passed over. Runs off the event loop; calls may overlap.
   */
  scan(rows: Uint8Array, firstRowId: number, rowIds?: Float64Array, dead?: Uint8Array): Promise<void>;
  /** The same on the event loop: for a scan of a millisecond at most, of what is in memory. */
  scanNow(rows: Uint8Array, firstRowId: number, rowIds?: Float64Array, dead?: Uint8Array): void;
  /** Stops what is under way within some tiles of rows; it, and every later call, ends as `Aborted`. */
  cancel(): void;
  /** `counts[q]` hits of query q, from `q * k` on in `ids` and `scores`, best first. */
  results(): ScanResults;
  /** The same off the event loop, for many. */
  resultsLater(): Promise<ScanResults>;
  /** What these hits rank by, in the same places; smaller keys are nearer. */
  keys(): Float64Array;
  /** The same off the event loop, for many. */
  keysLater(): Promise<Float64Array>;
  /** Scores every row that is not dead for each query, which are those of the scan: no bound drops one. */
  scoreEvery(
    queries: Float64Array,
    rows: Uint8Array,
    firstRowId: number,
    rowIds?: Float64Array,
    dead?: Uint8Array,
  ): Promise<void>;
}

export interface ScanOptions {
  readonly metric: ScanMetric;
  readonly dtype: ScanDtype;
  readonly dimensions: number;
  readonly k: number;
  readonly queries: Float64Array;
  /** The instruction set. Default: what `NACRE_CPU` says, else the best. */
  readonly tier?: string;
}

export interface ScanResults {
  readonly counts: Uint32Array;
  readonly ids: Float64Array;
  readonly scores: Float64Array;
  /** 1 in the places of scores that are estimates; not there where none is. */
  readonly estimated?: Uint8Array | null;
}

/** How rows become codes: what is subtracted from them, and how they are turned. */
export interface CodeTransform {
  /** Bytes of the codes of so many rows in one list. */
  listBytes(rows: number): number;
  /** The same of their bits. */
  bitBytes(rows: number): number;
  /**
   * Codes of whole chunks of 1,024 rows, or of the last rows of a list, into `codes`, which is as long, and
   * one bit a coordinate into `bits`. Until the promise settles, nobody else touches any of them. Gives the
   * norms of the rows.
   */
  encode(dtype: ScanDtype, rows: Uint8Array, codes: Uint8Array, bits?: Uint8Array): Promise<RowNorms>;
}

/**
 * At most the norm of the shortest row and at least that of the longest, float32: of rows that leave it open
 * 0 and infinity.
 */
export interface RowNorms {
  readonly least: number;
  readonly most: number;
}

/** A list of codes; row i has the id `firstRowId + i`. */
export interface CodeRows {
  readonly codes: Uint8Array;
  readonly rows: number;
  readonly firstRowId: number;
  /** A row set. */
  readonly dead?: Uint8Array;
  /** What is claimed of all of them: cosine rests on it. */
  readonly norms?: RowNorms;
}

/** How what codes leave is scored: rows of a query in the first round, and at most in a round. */
export interface Scoring {
  readonly first: number;
  readonly most: number;
  /** When more rows than this are left, none is scored. */
  readonly enough: number;
}

/** What a search did. */
export interface Searched {
  /** Ids of the rows that were read. */
  readonly read: Float64Array;
  /** Whether what was left is scored. */
  readonly isDone: boolean;
}

/** What scans lists that stand for rows. */
export interface ListScan {
  /**
   * Scans lists, off the event loop; calls may overlap. Lists that are scanned together cost less than one by
   * one.
   */
  scan(lists: readonly CodeRows[]): Promise<void>;
  /** The same on the event loop: for a scan of a millisecond at most, of what is in memory. */
  scanNow(lists: readonly CodeRows[]): void;
  /** As that of the scan that the lists are for. */
  cancel(): void;
  /** Bytes of so many rows in one list. */
  listBytes(rows: number): number;
}

/** Gives a scan estimates from lists of one bit a coordinate. */
export interface BitScan extends ListScan {
  /** How many rows have no estimate. */
  left(): number;
  /** Their ids, ascending: rows to be scored. Off the event loop. */
  unscored(): Promise<Float64Array>;
}

/** What codes leave of the rows of a scan, which gets their scores. */
export interface Cascade extends ListScan {
  /**
   * Scans lists of codes, and scores what they leave by the rows themselves, which ascend by id: off the
   * event loop, in one turn of the pool. `Corrupt` when a row is not the one that was coded.
   */
  search(lists: readonly CodeRows[], rows: RowParts, scoring: Scoring): Promise<Searched>;
  /** The same on the event loop: for a scan of a millisecond at most, of what is in memory. */
  searchNow(lists: readonly CodeRows[], rows: RowParts, scoring: Scoring): Searched;
  /**
   * A round of scoring by all threads: of each query the `count` rows with the best bounds. The ids of those
   * that were not read before.
   */
  scoreInMemory(rows: RowParts, count: number): Promise<Float64Array>;
  /** How many rows wait for their scores, those of each query counted. */
  left(): number;
  /** Whether another round of scoring would find nothing to do; after a round. */
  isScored(): boolean;
  /**
   * Takes the rows that are left by their estimates, where the cascade is one of estimates: what has none is
   * left, to be scored. After the last scan.
   */
  estimate(): void;
  /** The same off the event loop, where many rows are left. */
  estimateLater(): Promise<void>;
  /** Ids of the rows to be scored next, ascending: of each query the `count` with the best bounds. */
  next(count: number): Float64Array;
  /** The same off the event loop, where many rows are left. */
  nextLater(count: number): Promise<Float64Array>;
  /** Scores the rows that `next` asked for; `Corrupt` when one is not the row that was coded. */
  score(rowIds: Float64Array, rows: Uint8Array): Promise<void>;
  /** The same on the event loop, for few rows: some 0.3 µs a KiB. */
  scoreNow(rowIds: Float64Array, rows: Uint8Array): void;
}

/** Bounds rows by their codes against keys that stay as they are, one of each query of a scan. */
export interface Certifier {
  /**
   * How many rows are live; of each query how many of them its key rules out and the least of their bounds
   * (infinite without any); the ids of rows that at least one query leaves, in no order.
   */
  scan(list: CodeRows): Promise<{
    readonly live: number;
    readonly pruned: readonly number[];
    readonly bounds: readonly number[];
    readonly left: Float64Array;
  }>;
  /**
   * Compares rows, those of the list from row `first` on, with their codes, and scores the live ones: how
   * many things are not true, and what is of the first row that has one.
   */
  check(
    list: CodeRows,
    rows: Uint8Array,
    first: number,
  ): Promise<{ readonly count: number; readonly row?: number | null; readonly what?: string | null }>;
}

/**
 * What the binary exports. Ids and counts are integers up to 2^53 - 1. A row set is a 64-bit portable roaring
 * bitmap.
 */
export interface NativeBinding
  extends ElementwiseBinding,
    FileBinding,
    HnswBinding,
    IvfBinding,
    ParityBinding,
    RowPartsBinding,
    SortedBlocksBinding,
    TextBinding,
    ValueSetBinding {
  crc32c(bytes: Uint8Array): number;
  blake3(bytes: Uint8Array): Uint8Array;
  /** Digest of the concatenated pieces, off the event loop. `blockBytes` is a multiple of 64. */
  digestObject(pieces: readonly Uint8Array[], blockBytes: number): Promise<ObjectDigest>;
  createObjectDigester(blockBytes: number): ObjectDigester;
  /** Index of the first block whose CRC32C differs from `expected`, or -1; off the event loop. */
  verifyBlocks(bytes: Uint8Array, blockBytes: number, expected: Uint32Array): Promise<number>;
  /** Whether all bytes of a mapping are in memory: reading them waits for no disk. Some 12 µs for 16 MiB. */
  isResident(mapped: Uint8Array): boolean;
  /** CRC32C of A||B from the sums of A and of B and the length of B. */
  crc32cCombine(a: number, b: number, lengthB: number): number;
  /** CRC32C of `length` bytes from the sums of their blocks, the last of which may be shorter. */
  crc32cOfBlocks(blocks: Uint32Array, blockBytes: number, length: number): number;

  /** Reverses the bytes of every element of `itemBytes` (2, 4, 8) in place. */
  swapBytes(bytes: Uint8Array, itemBytes: number): void;
  /** Rewrites a Fortran-ordered block of `shape` as C order into `target` (same length, no overlap). */
  fortranToC(source: Uint8Array, target: Uint8Array, shape: readonly number[], itemBytes: number): void;

  rowSetFromSorted(ids: Float64Array): Uint8Array;
  /** Of the ids from `first` on, those whose bits are set, the least significant of a byte first. */
  rowSetFromBits(first: number, bits: Uint8Array): Uint8Array;
  /** All of `[start, end)`. */
  rowSetRange(start: number, end: number): Uint8Array;
  rowSetToSorted(set: Uint8Array): Float64Array;
  /** Start and end of each run of members that follow each other, one run after the other. */
  rowSetRuns(set: Uint8Array): Float64Array;
  rowSetCount(set: Uint8Array): number;
  rowSetUnion(a: Uint8Array, b: Uint8Array): Uint8Array;
  rowSetIntersection(a: Uint8Array, b: Uint8Array): Uint8Array;
  rowSetDifference(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** The members in `[start, end)`. */
  rowSetSlice(set: Uint8Array, start: number, end: number): Uint8Array;

  /** Frees the memory, or the mapping, of a buffer now: it and its views have no bytes afterwards. */
  freeBuffer(buffer: ArrayBufferLike): void;
  /** Asks for pages of 2 MiB behind fresh memory: a large buffer is filled several times faster. */
  adviseHugePages(bytes: Uint8Array): void;

  /** Row `rows[i]` of the block of rows that begins at `offset` goes to row `places[i]` of the target. */
  gatherRows(
    source: Uint8Array,
    offset: number,
    rowBytes: number,
    rows: Float64Array,
    target: Uint8Array,
    places: Uint32Array,
  ): void;
  /** The same off the event loop, by all threads; no place is asked for twice. */
  gatherRowsLater(
    source: Uint8Array,
    offset: number,
    rowBytes: number,
    rows: Float64Array,
    target: Uint8Array,
    places: Uint32Array,
  ): Promise<void>;

  /**
   * `queries` holds `n * dimensions` numbers: those of bits, 0 or 1, or 0 to 255, for `hamming` and `jaccard`
   * over bool and uint8.
   */
  createExactScan(options: ScanOptions): ExactScan;
  /** The same off the event loop, for many queries: until the promise settles, nobody changes them. */
  createExactScanLater(options: ScanOptions): Promise<ExactScan>;

  /**
   * Chooses from a sample of rows how they are coded; the basis is empty for a rotation of all dimensions.
   */
  trainCodes(
    dtype: ScanDtype,
    dimensions: number,
    sample: Uint8Array,
    seed: number,
  ): Promise<{ mean: Uint8Array; basis: Uint8Array; coordinates: number }>;
  createCodeTransform(options: { seed: number; mean: Uint8Array; basis: Uint8Array }): CodeTransform;
  /**
   * The list of the rows of all these, each of so many rows, in their order; of bits where `areBits`.
   * `Corrupt` for bytes that are no list of so many rows.
   */
  joinLists(
    transform: CodeTransform,
    lists: readonly Uint8Array[],
    rows: readonly number[],
    areBits: boolean,
  ): Promise<Uint8Array>;
  /** Nothing when a query is out of the range in which codes have bounds. `estimates`: see `estimate()`. */
  createCascade(scan: ExactScan, transform: CodeTransform, estimates?: boolean): Cascade | null;
  /** The same off the event loop, for many queries. */
  createCascadeLater(scan: ExactScan, transform: CodeTransform, estimates?: boolean): Promise<Cascade | null>;
  /** The same. */
  createBitScan(scan: ExactScan, transform: CodeTransform): BitScan | null;
  /** The same; a threshold that is not a number rules nothing out. */
  createCertifier(scan: ExactScan, transform: CodeTransform, thresholds: Float64Array): Certifier | null;
  /** The same off the event loop, for many queries. */
  createCertifierLater(
    scan: ExactScan,
    transform: CodeTransform,
    thresholds: Float64Array,
  ): Promise<Certifier | null>;

  /**
   * `operands` are a column of the type that is tested, without nulls: the members of `in`, else one value.
   * Of `hasItem` they are a text. `InvalidArgument` for a test that the type does not have.
   */
  createFilterTerm(test: FilterTest, operands: FilterColumn): FilterTerm;
  /**
   * Off the event loop; until the promise settles nobody changes the column. `Corrupt` when offsets lead out
   * of it.
   */
  columnStatistics(column: FilterColumn): Promise<ColumnStatistics>;

  /** Its version, the instruction set that it uses, and the threads of its pool. */
  scannerInfo(): { version: string; cpu: string; threads: number };
}

let loaded: NativeBinding | undefined;

export function native(): NativeBinding {
  loaded ??= load();
  return loaded;
}

function load(): NativeBinding {
  const require = createRequire(import.meta.url);
  const override = process.env['NACRE_NATIVE_PATH'];
  try {
    return (override === undefined ? require('../dist/nacre.node') : require(override)) as NativeBinding;
  } catch (cause) {
    throw new NacreError(
      'UnsupportedFormat',
      `the native scanner cannot be loaded on ${process.platform}-${process.arch} (${override ?? 'dist/nacre.node'})`,
      {
        cause,
        hint: 'Build it with `npm run build` in a clone of Nacre (needs cargo), or set NACRE_NATIVE_PATH to a build for this platform.',
      },
    );
  }
}

const codes: ReadonlySet<string> = new Set<ErrorCode>([
  'InvalidArgument',
  'Corrupt',
  'ResourceExhausted',
  'Aborted',
  'Unavailable',
  'PermissionDenied',
  'NotFound',
  'Internal',
]);

/** A native error as the NacreError that its text names; anything else is a mistake of ours. */
export function fromNative(cause: unknown): NacreError {
  if (cause instanceof NacreError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const [, code, message] = /^([A-Z][A-Za-z]+): (.*)$/s.exec(text) ?? [];
  if (code !== undefined && codes.has(code))
    return new NacreError(code as ErrorCode, message ?? text, { cause });
  return new NacreError('Internal', `native: ${text}`, { cause });
}
