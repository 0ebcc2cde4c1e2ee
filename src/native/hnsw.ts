// What the binary has for approximate search by graphs (HNSW) over rows in memory or in mapped files.
import type { CodeTransform, ExactScan, ScanDtype, ScanMetric, ScanOptions } from '../native.js';
import type { RowParts } from './row-parts.js';

export interface HnswOptions {
  readonly dtype: ScanDtype;
  /** Links of a row on each level but the lowest, which has twice as many; 2 to 128. 16 is usual. */
  readonly m: number;
  /** Decides, with the id of a row, on its levels. Graphs of one seed can be merged. Up to 2^53 - 1. */
  readonly seed: number;
  /** How many rows will come at most: room for them is taken at once. Up to 2^28. */
  readonly rows: number;
}

export interface BuiltGraph {
  /** The segment; it begins at a multiple of 64 bytes. */
  readonly bytes: Uint8Array;
  readonly rows: number;
}

/**
 * Builds a segment: `add` or `adopt` rows, one call after the other or at once, then `link` once. In memory:
 * the segment, of a row 32 + c + 8 m bytes, rounded up to 64, and about 20 more (c coordinates of its code:
 * `CodeTransform`, at least as many as the row has dimensions unless there is a basis). The bytes depend on
 * no number of threads, order of rows or instruction set.
 */
export interface HnswBuilder {
  /**
   * Takes rows as `ExactScan.scan` does, dead ones left out. Until the promise settles nobody changes them.
   * `InvalidArgument` at `link` for an id that came twice; `ResourceExhausted` for too many rows.
   */
  add(rows: Uint8Array, firstRowId: number, rowIds?: Float64Array, dead?: Uint8Array): Promise<void>;
  /**
   * Takes the rows of a segment without those of the row set `dead`. Of the first segment that comes to an
   * empty builder the links are kept, unless half of its rows are dead: let the largest be first. All others
   * are linked anew, which costs as much as building. `InvalidArgument` where m, seed or codes differ.
   */
  adopt(segment: HnswSegment, bytes: Uint8Array, dead?: Uint8Array): Promise<void>;
  /**
   * Links all rows by all threads of the pool; `efConstruction` nodes are kept by each walk (1 to 4096; 200
   * is usual). `metric` is l2 (or l2sq), cosine or dot. Some 100 µs a row and thread (784 dimensions).
   * Once.
   */
  link(metric: ScanMetric, efConstruction: number): Promise<BuiltGraph>;
  /** How many rows are linked so far. */
  linked(): number;
  /** What is under way ends within some rows as `Aborted`, as does every later call. */
  abort(): void;
}

/**
 * A segment that is searched, without its bytes, which every call is given: all of them, as they were built,
 * or mapped: from a multiple of 64 bytes on walks take two thirds of the time.
 */
export interface HnswSegment {
  /** Bytes of the whole segment. */
  bytes(): number;
  rows(): number;
  /** How many rows may be found. */
  selected(): number;
  /**
   * The same, of which rows of the row set `allowed` may be found, all without, and none of `dead`; it takes
   * the place of what was selected before. Costs some ns for each row of the sets, off the event loop, and a
   * bit for each row: worth keeping for the next query with the same filter.
   */
  select(bytes: Uint8Array, allowed?: Uint8Array, dead?: Uint8Array): Promise<HnswSegment>;
  /** Looks at everything: `Corrupt` where something cannot be. A search looks only at what it follows. */
  validate(bytes: Uint8Array): Promise<void>;
}

export interface HnswAsked {
  /**
   * How many nodes a walk keeps, and so how many rows of each segment it finds at most: at least k. More find
   * more of the nearest, and take longer.
   */
  readonly ef: number;
  /** Rows of a query that are scored in the first round, and at most in any. */
  readonly first: number;
  readonly most: number;
}

/** What a search did, all queries together. */
export interface HnswSearched {
  /** Ids of the rows that were read. */
  readonly read: Float64Array;
  /** Rows that were compared by their codes, and of how many of them links were followed. */
  readonly compared: number;
  readonly followed: number;
}

/** Gives a scan the rows that walks find; its results have them then. */
export interface HnswSearch {
  /**
   * For each query of the scan a walk through each segment, and scores for what they found, by the rows,
   * which ascend by id. Off the event loop; until the promise settles nobody changes bytes or rows.
   * `Corrupt` where a link or a row is not what it should be; `InvalidArgument` for a graph of another
   * metric; `Aborted` after `cancel`.
   */
  search(
    segments: readonly HnswSegment[],
    bytes: readonly Uint8Array[],
    rows: RowParts,
    asked: HnswAsked,
  ): Promise<HnswSearched>;
  /** The same on the event loop: some 30 µs a query and segment where all is in memory. */
  searchNow(
    segments: readonly HnswSegment[],
    bytes: readonly Uint8Array[],
    rows: RowParts,
    asked: HnswAsked,
  ): HnswSearched;
  /** As that of the scan. */
  cancel(): void;
}

/** Graphs and rows in memory that are searched for one query after the other. It keeps their memory. */
export interface GraphsHere {
  /**
   * A scan of one query, its search and its results in one call on the event loop, without objects for each
   * step: the hits, their number; -1 as `createHnswSearch` gives nothing. Into `found`, which has 2 + 2 k
   * places, go how many rows were compared by their codes, of how many links were followed, then k ids, best
   * first, then k scores. `ef`, `first` and `most` as of {@link HnswAsked}, errors as of `HnswSearch`.
   */
  search(
    query: Float64Array,
    k: number,
    ef: number,
    first: number,
    most: number,
    found: Float64Array,
  ): number;
  /** How many rows the last search read, and their ids. */
  readRows(): number;
  read(): Float64Array;
}

export interface HnswBinding {
  /** Bytes of a segment of so many rows, about: for a memory budget. Errors as `createHnswBuilder`. */
  hnswBytes(transform: CodeTransform, m: number, rows: number): number;
  createHnswBuilder(transform: CodeTransform, options: HnswOptions): HnswBuilder;
  /**
   * From the first 4,096 bytes of a segment, or more. `Corrupt` for a head that is none, `InvalidArgument`
   * for one of other codes.
   */
  openHnswSegment(transform: CodeTransform, head: Uint8Array): HnswSegment;
  /** The fast way for one query where all is in memory. `rows` as of `HnswSearch`. */
  openGraphsHere(
    transform: CodeTransform,
    options: Omit<ScanOptions, 'k' | 'queries'>,
    segments: readonly HnswSegment[],
    bytes: readonly Uint8Array[],
    rows: RowParts,
  ): GraphsHere;
  /**
   * Nothing where the metric is not of products, or a query out of the range of codes. With `estimates`, rows
   * are not scored where codes have an estimate, and none of them is read.
   */
  createHnswSearch(scan: ExactScan, transform: CodeTransform, estimates: boolean): HnswSearch | null;
}
