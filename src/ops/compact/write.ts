// Writes what a plan says of one track, rows or columns.
import { type Pages, storePages } from '../../arrays/pages.js';
import { rowBytesOf } from '../../arrays/row-type.js';
import { rowsPerPartition } from '../../arrays/partition-writer.js';
import { defined } from '../../util/assert.js';
import type { Compacted, NewBase, NewOverride } from './change.js';
import { writeBaseColumns, writeColumnOverrides } from './columns.js';
import type { Group, Join } from './plan.js';
import { writeBaseRows, writeOverrides, type Writing } from './rows.js';
import { nameOf, type Track, type TrackFile } from './track.js';

export interface Step extends Omit<Writing, 'pages'> {
  readonly environment: Writing['environment'] & { readonly localPath?: unknown };
  /** That the track is of. */
  readonly version: number;
}

/** Files are read once: they are not to push others out of the page cache. */
function pagesOf({ environment }: Step): Pages {
  const { localPath, pages, store, native } = environment;
  return localPath === undefined ? storePages(store, native) : pages;
}

/** The files of groups as new ones. */
export async function writeGroups(step: Step, track: Track, groups: readonly Group[]): Promise<Compacted> {
  const { rowSets } = step.environment.functions;
  const writing = { ...step, pages: pagesOf(step) };
  const none = rowSets.range(0, 0);
  const base: NewBase[] = [];
  const taken = new Set<string>();
  let [merged, left] = [none, none];
  for (const { from, to, ranges, merges } of groups) {
    const files = track.base.slice(from, to);
    for (const file of files) {
      taken.add(nameOf(file));
      const { firstRowId, rows } = file.partition;
      left = rowSets.union(left, rowSets.range(firstRowId, firstRowId + rows));
    }
    const overrides = merges ? track.overrides : [];
    const mergedUpTo = merges
      ? step.version
      : Math.min(...files.map(({ partition }) => partition.mergedUpTo));
    for (const { start, end } of ranges) {
      left = rowSets.difference(left, rowSets.range(start, end));
      for (const { ids } of overrides)
        if (ids !== undefined) merged = rowSets.union(merged, rowSets.slice(ids, start, end));
      base.push(...(await writeRange(writing, track, { start, end }, files, overrides, mergedUpTo)));
    }
  }
  const written = groups.flatMap(({ ranges }) => ranges);
  return {
    ...{ columns: track.columns, taken, base, overrides: [], written },
    ...(rowSets.count(merged) === 0 ? {} : { merged }),
    ...(track.columns || rowSets.count(left) === 0 ? {} : { left }),
  };
}

async function writeRange(
  writing: Writing,
  { columns }: Track,
  range: { readonly start: number; readonly end: number },
  files: readonly TrackFile[],
  overrides: readonly TrackFile[],
  mergedUpTo: number,
): Promise<NewBase[]> {
  const within = overrides.filter(
    ({ partition: { rowIds } }) => rowIds !== null && rowIds.start < range.end && rowIds.end > range.start,
  );
  const drafts = columns
    ? await writeBaseColumns(writing, [range], files, within)
    : (await writeBaseRows(writing, [range], files, within)).map((draft) => ({ draft, attributes: [] }));
  let firstRowId = range.start;
  return drafts.map((file) => {
    const placed = { ...file, firstRowId, mergedUpTo };
    firstRowId += file.draft.rows;
    return placed;
  });
}

/** Overrides as fewer ones, which win over all that those won over, and over nothing that came later. */
export async function writeJoin(step: Step, track: Track, join: Join): Promise<Compacted> {
  const { rowSets } = step.environment.functions;
  const writing = { ...step, pages: pagesOf(step) };
  const files = join.overrides.map((i) => defined(track.overrides[i], 'override'));
  const sequence = Math.max(...files.map(({ partition }) => partition.sequence));
  // Above those of the overrides that stay: no two have the same.
  const steps = track.overrides
    .filter(({ partition }) => partition.sequence === sequence)
    .map(({ partition }) => partition.step);
  const firstStep = Math.max(...steps) + 1;
  const ids = rowSets.toSorted(join.ids);
  const drafts = track.columns
    ? await writeColumnOverrides(writing, ids, files, [...track.base, ...track.overrides])
    : await writeRowOverrides(writing, ids, track);
  const overrides = drafts.map(
    ({ ids: some, ...file }, i): NewOverride => ({
      ...file,
      ids: rowSets.fromSorted(some),
      sequence,
      step: firstStep + i,
    }),
  );
  const taken = new Set(files.map(nameOf));
  return { columns: track.columns, taken, base: [], overrides, written: [] };
}

async function writeRowOverrides(writing: Writing, ids: Float64Array, { overrides }: Track) {
  const step = rowsPerPartition(rowBytesOf(writing.view.type), writing.targetBytes);
  const lists: Float64Array[] = [];
  for (let start = 0; start < ids.length; start += step) lists.push(ids.slice(start, start + step));
  const drafts = await writeOverrides(writing, lists, overrides);
  return drafts.map((draft, i) => ({ draft, attributes: [], ids: defined(lists[i], 'ids') }));
}
