// Segments of an index into fewer: every segment costs a query of its own requests.
//
// Codes depend on the row and the epoch alone, so they are taken over as they are. A segment takes up those
// after it once they have half as many rows: then there are few, and each row is moved a few times.
import type { ArrayView, CodeList } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { uncheckedReads } from '../arrays/pages.js';
import type { IndexSegmentDraft, MergedSegments } from '../manifest/transaction.js';
import { fromNative } from '../native.js';
import type { BuiltLists, IvfQuantizer, IvfSegment } from '../native/ivf.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { throwIfAborted } from '../util/runtime.js';
import { openSegment, readDirectory } from './segments.js';
import type { Stretch } from './uncovered.js';
import { uploadIndexObject } from './upload.js';

/**
 * Bytes of codes that an append merges into one segment at most: all of it is in memory twice meanwhile. An
 * update merges more.
 */
export function mostMergedBytes({ memoryBytes }: ArrayEnvironment): number {
  return Math.min(64 * 2 ** 20, memoryBytes / 4);
}

/** Rows by their ids. */
export interface Covered {
  readonly firstRowId: number;
  readonly rows: number;
}

/** Rows that are to be in one segment: such that are in none yet, or those of one that is there. */
export interface Planned extends Covered {
  readonly of: Stretch | CodeList;
}

export function planned(stretches: readonly Stretch[], known: readonly CodeList[]): Planned[] {
  return [...stretches, ...known].map((of) => ({ firstRowId: of.firstRowId, rows: of.rows, of }));
}

/** Neighbours that become one segment; both lists ascend. */
export interface Run extends Covered {
  readonly stretches: readonly Stretch[];
  readonly lists: readonly CodeList[];
  /** A row set: those of its rows that its segment leaves out. */
  readonly gone?: Uint8Array;
}

export function runOf(run: readonly Planned[]): Run {
  const stretches = run.flatMap(({ of }) => ('part' in of ? [] : of));
  const lists = run.flatMap(({ of }) => ('part' in of ? of : []));
  return { firstRowId: defined(run[0], 'first of a run').firstRowId, rows: rowsOf(run), stretches, lists };
}

/** New segments, and those that take the place of some that were there. */
export interface MadeSegments {
  readonly segments: readonly IndexSegmentDraft[];
  readonly merges: readonly MergedSegments[];
}

/** Makes the segments of runs, one after the other. */
export async function makeRuns(
  runs: readonly (readonly Planned[])[],
  make: (run: Run) => Promise<Omit<IndexSegmentDraft, 'firstRowId'>>,
  { signal }: CallOptions,
): Promise<MadeSegments> {
  const segments: IndexSegmentDraft[] = [];
  const merges: MergedSegments[] = [];
  for (const run of runs) {
    throwIfAborted(signal);
    if (!isMade(run)) continue;
    const one = runOf(run);
    const { firstRowId, lists } = one;
    const segment = { ...(await make(one)), firstRowId };
    if (lists.length === 0) segments.push(segment);
    else merges.push({ taken: lists.map(({ part }) => part.object.hash), segment });
  }
  return { segments, merges };
}

/** Whether its segment has to be made: what is there alone stays as it is. */
export function isMade(run: readonly Planned[]): boolean {
  return run.length > 1 || run.some(({ of }) => !('part' in of));
}

/** Whether each begins where the one before ends. */
export function areNeighbours(run: readonly Covered[]): boolean {
  return run.every(({ firstRowId }, i) => i === 0 || firstRowId === endOf(run.slice(i - 1, i)));
}

/**
 * Which neighbours are to be one, each run ascending; a run of one stays as it is. `fits` says whether so
 * many rows, those of a run, may be one.
 */
export function mergeRuns<T extends Covered>(
  segments: readonly T[],
  fits: (rows: number, run: readonly T[]) => boolean,
): T[][] {
  const runs: T[][] = [];
  for (const segment of [...segments].sort((a, b) => a.firstRowId - b.firstRowId)) {
    let run = [segment];
    for (let before = runs.at(-1); before !== undefined; before = runs.at(-1)) {
      const [rows, rowsBefore] = [rowsOf(run), rowsOf(before)];
      const follows = endOf(before) === segment.firstRowId - (rows - segment.rows);
      const both: T[] = [...before, ...run];
      if (!follows || rowsBefore > 2 * rows || !fits(rowsBefore + rows, both)) break;
      run = both;
      runs.pop();
    }
    runs.push(run);
  }
  return runs;
}

export function rowsOf(run: readonly Covered[]): number {
  return run.reduce((sum, { rows }) => sum + rows, 0);
}

function endOf(run: readonly Covered[]): number {
  const last = defined(run.at(-1), 'segment of a run');
  return last.firstRowId + last.rows;
}

/** A segment in memory. */
export interface SegmentInMemory extends Covered {
  readonly segment: IvfSegment;
  readonly bytes: Uint8Array;
}

/** Reads a whole segment. Cost: one wave. */
export async function loadSegment(
  environment: ArrayEnvironment,
  quantizer: IvfQuantizer,
  list: CodeList,
  options: CallOptions,
): Promise<SegmentInMemory> {
  const { store, pages } = environment;
  const range = { start: 0, end: list.part.object.sizeBytes };
  const here = pages.lendObject?.(list.part);
  const unchecked = uncheckedReads(store, pages.read.bind(pages));
  const [directory, [read]] = await Promise.all([
    readDirectory(environment, list, options),
    here === undefined ? unchecked(list.part, [range], options) : [here.bytes],
  ]);
  // Lists have checksums, and are compared with them when they are merged.
  const segment = openSegment(environment, quantizer, directory, list);
  return { segment, bytes: defined(read, 'segment'), firstRowId: list.firstRowId, rows: list.rows };
}

/** One that was just built. */
export function segmentInMemory(
  { native }: ArrayEnvironment,
  quantizer: IvfQuantizer,
  { bytes, headBytes, rows }: BuiltLists,
  firstRowId: number,
): SegmentInMemory {
  try {
    const segment = native.openIvfSegment(quantizer, bytes.subarray(0, headBytes), firstRowId, rows);
    return { segment, bytes, firstRowId, rows };
  } catch (error) {
    throw fromNative(error);
  }
}

/** The segment of all rows of a run. */
export async function mergeSegments(
  { native }: ArrayEnvironment,
  quantizer: IvfQuantizer,
  run: readonly SegmentInMemory[],
): Promise<BuiltLists> {
  const segments = run.map(({ segment }) => segment);
  const bytes = run.map((one) => one.bytes);
  return native.mergeIvfSegments(quantizer, segments, bytes).catch((error: unknown) => {
    throw fromNative(error);
  });
}

export async function uploadSegment(
  environment: ArrayEnvironment,
  view: ArrayView,
  { bytes, headBytes, headCrc, rows }: BuiltLists,
  options: CallOptions,
): Promise<Omit<IndexSegmentDraft, 'firstRowId'>> {
  const object = await uploadIndexObject(environment, view, [bytes], options);
  return { object, headBytes, headCrc, rows };
}
