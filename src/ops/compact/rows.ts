// Compacted files of rows: base files with the overrides of their rows, and overrides as fewer.
//
// A file at a time is put together in memory, of runs of the files before it, which come checked.
import type { ArrayView } from '../../arrays/array-view.js';
import type { ArrayEnvironment } from '../../arrays/environment.js';
import type { Pages } from '../../arrays/pages.js';
import { rowBytesOf } from '../../arrays/row-type.js';
import { PartitionWriter } from '../../arrays/partition-writer.js';
import { readRuns } from '../../arrays/reader.js';
import { allocate } from '../../native/memory.js';
import { type Run, RunList } from '../../arrays/runs.js';
import type { RowSetFunctions } from '../../manifest/functions.js';
import type { PartitionDraft } from '../../manifest/transaction.js';
import type { CallOptions } from '../../storage/object-store.js';
import { lowerBound } from '../../util/sorted.js';
import { throwIfAborted } from '../../util/runtime.js';
import type { Range } from './plan.js';
import type { TrackFile } from './track.js';

export interface Writing {
  readonly environment: ArrayEnvironment;
  readonly view: ArrayView;
  /** Where the files before are read. */
  readonly pages: Pages;
  readonly targetBytes: number;
  readonly options: CallOptions;
  /** Told of rows that are written. */
  readonly wrote: (rows: number) => void;
}

/** A file for each range of rows, in their order; `overrides`, oldest first, are those to be merged. */
export async function writeBaseRows(
  writing: Writing,
  ranges: readonly Range[],
  base: readonly TrackFile[],
  overrides: readonly TrackFile[],
): Promise<PartitionDraft[]> {
  const { functions } = writing.environment;
  return writeFiles(writing, ranges, ({ start, end }) => ({
    rows: end - start,
    // Overrides come last: of two runs for one place there is only theirs.
    runs: [...baseRuns(base, { start, end }, overriddenWithin(overrides, { start, end }, functions.rowSets))],
  }));
}

/** A file for each list of ids, each as the newest of the overrides has it. */
export async function writeOverrides(
  writing: Writing,
  lists: readonly Float64Array[],
  overrides: readonly TrackFile[],
): Promise<PartitionDraft[]> {
  const { rowSets } = writing.environment.functions;
  return writeFiles(writing, lists, (ids) => {
    const newest = newestOf(
      overrides,
      rowSets,
      (id) => {
        const at = lowerBound(ids, id);
        return ids[at] === id ? at : -1;
      },
      ids.length,
    );
    return { rows: ids.length, runs: newest.runs };
  });
}

async function writeFiles<T>(
  { environment, view, pages, targetBytes, options, wrote }: Writing,
  items: readonly T[],
  contentOf: (item: T) => { readonly rows: number; readonly runs: readonly Run[] },
): Promise<PartitionDraft[]> {
  const rowBytes = rowBytesOf(view.type);
  const writer = new PartitionWriter(environment, view.entry.id, view.type, targetBytes, options);
  try {
    for (const item of items) {
      throwIfAborted(options.signal);
      const { rows, runs } = contentOf(item);
      const room = (): Uint8Array =>
        allocate(rows * rowBytes, `compacting ${rows} rows of '${view.name}'`, environment.native);
      const bytes = await readRuns(runs, rowBytes, room, pages, options);
      await writer.add(bytes, rows);
      wrote(rows);
    }
  } catch (error) {
    // What is under way is an orphan, but not unhandled.
    await writer.finish().catch(() => undefined);
    throw error;
  }
  return writer.finish();
}

interface Newest {
  readonly runs: readonly Run[];
  /** Bit for each place that a run fills. */
  readonly taken: Uint8Array;
}

function overriddenWithin(
  overrides: readonly TrackFile[],
  { start, end }: Range,
  rowSets: RowSetFunctions,
): Newest {
  const placeOf = (id: number): number => (id >= start && id < end ? id - start : -1);
  return newestOf(overrides, rowSets, placeOf, end - start, { start, end });
}

/** The newest rows of overrides at their places; those of no place are passed over. */
function newestOf(
  overrides: readonly TrackFile[],
  { toSorted, slice, count }: RowSetFunctions,
  placeOf: (id: number) => number,
  places: number,
  within?: Range,
): Newest {
  const list = new RunList();
  const taken = new Uint8Array(places);
  for (const { part, ids } of overrides.toReversed()) {
    if (ids === undefined) continue;
    const some = within === undefined ? ids : slice(ids, within.start, within.end);
    const first = within === undefined ? 0 : count(slice(ids, 0, within.start));
    for (const [i, id] of toSorted(some).entries()) {
      const place = placeOf(id);
      if (place < 0 || taken[place] === 1) continue;
      taken[place] = 1;
      list.add(part, first + i, place);
    }
  }
  return { runs: list.runs, taken };
}

/** Runs of base files for rows of a range, but for those that are taken; then the runs that took them. */
function* baseRuns(
  base: readonly TrackFile[],
  { start, end }: Range,
  { runs, taken }: Newest,
): Generator<Run> {
  for (const { part, partition } of base) {
    const { firstRowId, rows } = partition;
    const to = Math.min(end, firstRowId + rows);
    for (let id = Math.max(start, firstRowId); id < to; ) {
      if (taken[id - start] === 1) {
        id++;
        continue;
      }
      let next = id + 1;
      if (runs.length === 0) next = to;
      else while (next < to && taken[next - start] !== 1) next++;
      yield { part, row: id - firstRowId, count: next - id, target: id - start };
      id = next;
    }
  }
  yield* runs;
}
