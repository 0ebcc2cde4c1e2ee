// What the binary has for approximate search by lists.
import type { Cascade, CodeTransform, ExactScan, ScanDtype, ScanOptions } from '../native.js';
import type { NearestRows, RowParts } from './row-parts.js';

/** Centroids as they are stored: of each the step of its numbers (float32), and its numbers as int8. */
export interface Centroids {
  readonly scales: Uint8Array;
  readonly steps: Uint8Array;
}

/** The coarse quantizer: which lists are near a row or a query. */
export interface IvfQuantizer {
  lists(): number;
}

/** Lloyd's iteration over a sample of rows. */
export interface IvfTrainer {
  /**
   * One turn by all threads; `split` makes two of each list that is too large. Gives how many lists there
   * are.
   */
  turn(sample: Uint8Array, split: boolean): Promise<number>;
  /**
   * The centroids, those next to each other near each other; with `byDirection`, of a sample of
   * `directionsOf`, all as long as each other.
   */
  finish(byDirection: boolean): Promise<Centroids>;
  /** What is under way ends within some rows as `Aborted`, as does every later call. */
  cancel(): void;
}

export interface BuiltLists {
  readonly bytes: Uint8Array;
  /** How many of the bytes are the directory of the lists, and the CRC32C of these. */
  readonly headBytes: number;
  readonly headCrc: number;
  readonly rows: number;
}

/** Puts rows into lists. In memory: their codes, about a third of the bytes of float32. */
export interface IvfBuilder {
  /** Of each row its list. */
  assign(rows: Uint8Array): Promise<Uint32Array>;
  /** Takes rows of known lists; `firstRow` counts from the first row of the segment. */
  add(rows: Uint8Array, lists: Uint32Array, firstRow: number): Promise<void>;
  /** The segment of all rows that came. Once. */
  finish(): Promise<BuiltLists>;
  /** What finds lists ends within some rows as `Aborted`, as does every later call of these two. */
  cancel(): void;
}

/** Where the lists of a segment lie, and which of its rows are dead. */
export interface IvfSegment {
  /** The same without the rows of a row set. */
  without(dead: Uint8Array): IvfSegment;
  /** Bytes of the whole segment. */
  bytes(): number;
  /** Begin and end of each of these lists in turn. */
  ranges(lists: Uint32Array): Float64Array;
  /** How many rows these lists have together. */
  rowsOf(lists: Uint32Array): number;
}

/** Segments that lie in memory, made once for many searches. It keeps the memory. */
export interface IvfParts {
  readonly ofSegments: true;
}

export interface IvfRounds {
  /** Rows of a query that are scored in the first round, and at most in any. */
  readonly first: number;
  readonly most: number;
}

export interface IvfSearched {
  /** Ids of the rows that were read. */
  readonly read?: Float64Array | null;
  /** Rows that were looked at by their codes, for each query. */
  readonly coded: number;
  /** Codes could not stand for the rows, and what was found is not all. */
  readonly unbounded: boolean;
}

/** Which lists of a segment were compared with their checksums, for as long as the same memory holds them. */
export interface ListMarks {
  readonly ofLists: true;
}

/** Gives a scan the best rows of the lists that its queries are near to. */
export interface IvfSearch
  extends Pick<
    Cascade,
    'cancel' | 'left' | 'estimate' | 'estimateLater' | 'next' | 'nextLater' | 'score' | 'scoreNow'
  > {
  /** The lists from place `start` to `end` in the order of at least one query, ascending. */
  lists(start: number, end: number): Uint32Array;
  /** How many rows that are not dead the query that saw the fewest has seen. */
  seen(): number;
  /** Those of one query, the nearest first. */
  probes(query: number): Uint32Array;
  /**
   * Scans lists of a segment, each compared with its checksum; ascending, with the bytes of each; of each
   * query those from place `start` to `end` in its order. True when codes cannot stand for the rows.
   */
  scan(
    segment: IvfSegment,
    lists: Uint32Array,
    pieces: readonly Uint8Array[],
    start: number,
    end: number,
  ): Promise<boolean>;
  /**
   * All of a search of segments that lie in memory, with rows beside them, which ascend by id. Lists are
   * compared with their checksums, unless the marks of their memory say that they were, and rows with those
   * that their codes have of them.
   */
  search(lists: IvfParts, rows: RowParts, rounds: IvfRounds): Promise<IvfSearched>;
  /** The same on the event loop. */
  searchNow(lists: IvfParts, rows: RowParts, rounds: IvfRounds): IvfSearched;
}

/** How far one query looks. */
export interface IvfReach {
  /** The nearest lists, put in order, and how many of them are looked into in any case. */
  readonly probes: number;
  readonly first: number;
  /** Then more of them until so many rows that are not dead were seen. */
  readonly least: number;
}

/** What a search for one query found, best first, and what it did. */
export interface IvfHits extends NearestRows {
  /** Lists that were looked into. */
  readonly lists: number;
  /** Ids of the rows that were read. */
  readonly read: Float64Array;
  /** Rows that were looked at by their codes. */
  readonly coded: number;
  /** Of each segment begin and end of each list that was looked into. */
  readonly ranges: readonly Float64Array[];
}

export interface IvfBinding {
  createIvfQuantizer(transform: CodeTransform, centroids: Centroids): Promise<IvfQuantizer>;
  /** `sample` is whole rows as they are stored, and stays the same. */
  createIvfTrainer(
    transform: CodeTransform,
    training: { readonly dtype: ScanDtype; readonly lists: number; readonly seed: number },
    sample: Uint8Array,
  ): Promise<IvfTrainer>;
  createListMarks(quantizer: IvfQuantizer): ListMarks;
  /**
   * With `byDirection` rows belong to the list of the least angle, whatever their lengths: for centroids that
   * are as long as each other.
   */
  createIvfBuilder(quantizer: IvfQuantizer, dtype: ScanDtype, byDirection: boolean): IvfBuilder;
  /**
   * Rows as float32, all of the same length, which is the geometric mean of theirs. Zeros and what is not
   * finite stay as they are.
   */
  directionsOf(dtype: ScanDtype, dimensions: number, rows: Uint8Array): Promise<Uint8Array>;
  /** `Corrupt` for a directory that is not one of so many rows. */
  openIvfSegment(
    quantizer: IvfQuantizer,
    directory: Uint8Array,
    firstRowId: number,
    rows: number,
  ): IvfSegment;
  /**
   * The segment of the rows of all these, of which each begins where the one before ends; `bytes` are those
   * of whole segments. `Corrupt` for a list that is not what its checksum says.
   */
  mergeIvfSegments(
    quantizer: IvfQuantizer,
    segments: readonly IvfSegment[],
    bytes: readonly Uint8Array[],
  ): Promise<BuiltLists>;
  /**
   * Each query may look into `probes` lists. Nothing where the metric is not of products, or a query out of
   * the range of codes.
   */
  createIvfSearch(
    scan: ExactScan,
    quantizer: IvfQuantizer,
    probes: number,
    estimates: boolean,
  ): IvfSearch | null;
  /** `bytes` are those of whole segments, each with the marks of its memory; `Corrupt` for fewer. */
  createIvfParts(
    segments: readonly IvfSegment[],
    bytes: readonly Uint8Array[],
    marks: readonly ListMarks[],
  ): IvfParts;
  /**
   * A scan of one query, its search of lists and its results in one call on the event loop, without objects
   * for each step: the fast way for one query where all is in memory. Nothing as `createIvfSearch`, where
   * codes cannot stand for the rows, and where less than `least` rows were seen and there are more lists.
   */
  searchListsNow(
    quantizer: IvfQuantizer,
    options: ScanOptions,
    reach: IvfReach,
    lists: IvfParts,
    rows: RowParts,
    rounds: IvfRounds,
  ): IvfHits | null;
}
