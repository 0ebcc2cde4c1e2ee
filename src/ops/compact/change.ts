// What becomes of the manifest when files were compacted: entries in the place of others, in the root while
// they are few, else in segments. Segments that hold some of the others are taken over whole: the entries
// that stay stand beside the new ones.
import type { ArrayView } from '../../arrays/array-view.js';
import type { ArrayEnvironment } from '../../arrays/environment.js';
import { inlineEntriesBytes } from '../../arrays/append-changes.js';
import { describedBytes, renumbered } from '../../manifest/attributes.js';
import { countDropped, numberAttributes } from '../../manifest/fold.js';
import { evolve, make, type Partition, v1 } from '../../manifest/message.js';
import {
  buildSegment,
  segmentBytesLimit,
  segmentEntryLimit,
  type SegmentEntry,
} from '../../manifest/segment.js';
import type {
  CompactChange,
  PartitionDraft,
  PlacedEntry,
  PlacedSegment,
} from '../../manifest/transaction.js';
import { draftRowSet, uploadObject } from '../../manifest/upload.js';
import type { CallOptions } from '../../storage/object-store.js';
import { defined } from '../../util/assert.js';
import type { Range } from './plan.js';
import { nameOf, type Track } from './track.js';

/** A new file; `attributes` are those that its columns count. */
interface NewFile {
  readonly draft: PartitionDraft;
  readonly attributes: readonly number[];
}

export interface NewBase extends NewFile {
  readonly firstRowId: number;
  readonly mergedUpTo: number;
}

export interface NewOverride extends NewFile {
  readonly ids: Uint8Array;
  readonly sequence: number;
  readonly step: number;
}

/** Files that are up, and those that they take the place of. */
export interface Compacted {
  readonly columns: boolean;
  /** By name. */
  readonly taken: ReadonlySet<string>;
  readonly base: readonly NewBase[];
  readonly overrides: readonly NewOverride[];
  readonly written: readonly Range[];
  readonly merged?: Uint8Array;
  readonly left?: Uint8Array;
}

/**
 * The change of the array as its files stand now; undefined where one of those that are taken is gone.
 * Uploads segments and sets that a root has no room for.
 */
export async function changeOf(
  environment: ArrayEnvironment,
  view: ArrayView,
  track: Track,
  compacted: Compacted,
  options: CallOptions,
): Promise<CompactChange | undefined> {
  const { columns, taken, base, overrides, written, merged, left } = compacted;
  const gone = [...track.base, ...track.overrides].filter((file) => taken.has(nameOf(file)));
  if (gone.length < taken.size) return undefined;
  const homes = new Set(gone.flatMap(({ home }) => home ?? []));
  const staying = [...homes].flatMap(({ files }) => files.filter((file) => !taken.has(nameOf(file))));
  const folded = gone.map(({ partition }) => partition.dropped).filter(({ byteLength }) => byteLength > 0);
  const entries: SegmentEntry[] = [
    ...staying.filter(({ ids }) => ids === undefined),
    ...base.map((file) => baseEntry(environment, file, folded)),
  ].sort((a, b) => a.partition.firstRowId - b.partition.firstRowId);
  const isFew = entries.reduce((bytes, entry) => bytes + rootBytesOf(entry), 0) <= inlineEntriesBytes;
  const uploads = new Set(base.map(({ draft }) => nameOf(draft)));
  const place = (group: readonly SegmentEntry[], isOfOverrides: boolean): Promise<PlacedSegment> =>
    placed(environment, group, isOfOverrides, uploads, options);
  const segments = await Promise.all([
    ...(isFew ? [] : groupsOf(entries, true)).map((group) => place(group, false)),
    ...groupsOf(
      staying.filter(({ ids }) => ids !== undefined),
      false,
    ).map((group) => place(group, true)),
  ]);
  const inRoot: PlacedEntry[] = isFew ? entries.map(({ object, partition }) => ({ object, partition })) : [];
  for (const { ids, sequence, step, ...file } of overrides) {
    const rowIds = await draftRowSet(environment, ids, options);
    inRoot.push({ object: file.draft.object, partition: entryOf(file, { sequence, step }), rowIds });
  }
  return {
    ...{ kind: 'compact', array: view.id, columns, entries: inRoot, segments, written },
    takes: {
      partitions: gone.filter(({ home }) => home === undefined).map(({ object }) => object.id),
      segments: [...homes].map(({ id, files }) => ({
        id,
        stays: files.some((file) => !taken.has(nameOf(file))),
      })),
    },
    ...(merged === undefined ? {} : { merged }),
    ...(left === undefined ? {} : await leaving(environment, left, track, folded, options)),
  };
}

/** Of rows that leave, those that an override goes on listing stay dropped. */
async function leaving(
  environment: ArrayEnvironment,
  left: Uint8Array,
  { overrides }: Track,
  folded: readonly Uint8Array[],
  options: CallOptions,
): Promise<Pick<CompactChange, 'left' | 'listed'>> {
  const { union, intersection, difference, count, range } = environment.functions.rowSets;
  const all = (sets: readonly Uint8Array[]): Uint8Array =>
    sets.reduce((joined, set) => union(joined, set), range(0, 0));
  const listed = intersection(left, all(overrides.flatMap(({ ids }) => ids ?? [])));
  const unrecorded = intersection(listed, all(folded));
  if (count(unrecorded) === 0) return { left: difference(left, listed) };
  return { left: difference(left, listed), listed: await draftRowSet(environment, unrecorded, options) };
}

function entryOf({ draft, attributes }: NewFile, fields: Partial<Partition>): Partition {
  const { rows, dataOffset, columns = [] } = draft;
  const partition = make(v1.Partition, { rows, dataOffset, columns, ...fields });
  return renumbered(partition, (place) => defined(attributes[place], 'attribute of a file'));
}

/** Dropped rows that entries before it record stay recorded. */
function baseEntry(
  { functions: { rowSets } }: ArrayEnvironment,
  file: NewBase,
  folded: readonly Uint8Array[],
): SegmentEntry {
  const { firstRowId, mergedUpTo, draft } = file;
  const dropped = folded
    .map((set) => rowSets.slice(set, firstRowId, firstRowId + draft.rows))
    .reduce((all, set) => rowSets.union(all, set), rowSets.range(0, 0));
  const records = rowSets.count(dropped) === 0 ? {} : { dropped };
  return { object: draft.object, partition: entryOf(file, { firstRowId, mergedUpTo, ...records }) };
}

/** About what an entry takes up of a root. */
function rootBytesOf({ object, partition }: SegmentEntry): number {
  return bytesOf(partition) + object.blocks.byteLength;
}

function bytesOf({ columns, dropped, rowIds }: Partition): number {
  return 100 + describedBytes(columns) + dropped.byteLength + (rowIds?.inline.byteLength ?? 0);
}

/** As many entries as one segment takes; those of base files follow each other. */
function groupsOf(entries: readonly SegmentEntry[], inOrder: boolean): SegmentEntry[][] {
  const groups: SegmentEntry[][] = [];
  let [bytes, next] = [0, -1];
  for (const entry of entries) {
    const { firstRowId, rows } = entry.partition;
    const more = bytesOf(entry.partition);
    const last = groups.at(-1);
    const isFull = last?.length === segmentEntryLimit || bytes + more > segmentBytesLimit;
    if (last === undefined || isFull || (inOrder && firstRowId !== next)) {
      groups.push([entry]);
      bytes = more;
    } else {
      last.push(entry);
      bytes += more;
    }
    next = firstRowId + rows;
  }
  return groups;
}

/** Uploads a segment of entries. */
async function placed(
  environment: ArrayEnvironment,
  entries: readonly SegmentEntry[],
  overrides: boolean,
  uploads: ReadonlySet<string>,
  options: CallOptions,
): Promise<PlacedSegment> {
  const spans = entries.map(({ partition: { firstRowId, rows, rowIds } }) =>
    rowIds === null ? { start: firstRowId, end: firstRowId + rows } : rowIds,
  );
  const start = Math.min(...spans.map((span) => span.start));
  const end = Math.max(...spans.map((span) => span.end));
  const { attributes, numbered } = numberAttributes(
    entries.map(({ object, partition }) => ({
      object,
      partition: evolve(partition, { firstRowId: overrides ? 0 : partition.firstRowId - start }),
    })),
  );
  const { bytes, draft } = buildSegment(numbered, end - start, environment);
  await uploadObject(environment.store, draft.object, bytes, options);
  const droppedRows = entries.reduce(
    (sum, { partition }) => sum + countDropped(partition, environment.functions),
    0,
  );
  const members = entries.filter((entry) => uploads.has(nameOf(entry))).map(({ object }) => object.id);
  return { segment: draft, uploads: members, firstRowId: start, overrides, attributes, droppedRows };
}
