// Compacted files in the root that is being made: they say what those said that they take the place of. Pure.
//
// What a compaction read of an array is base files, overrides of them and dropped rows, all at the version
// where it was planned. Appends, later overrides and later drops leave that as it is: a later override has a
// higher sequence than any that was merged. Who takes one of the files away, another compaction or a drop of
// the array, ends it; so does a restore, after which other rows may be dropped.
import { NacreError } from '../errors.js';
import { toHex } from '../util/bytes.js';
import { trackOf } from './fold-plan.js';
import type { ManifestFunctions, RowSetFunctions } from './functions.js';
import {
  type ArrayEntry,
  evolve,
  make,
  type Partition,
  type RowSet,
  type SegmentRef,
  v1,
} from './message.js';
import type { ObjectLedger } from './object-ledger.js';
import type { TableBuilder } from './objects.js';
import { slotsOfPartition } from './restore.js';
import { inlineBytes, mergeInline, rowSetMessage } from './row-sets.js';
import type { ArrayId, Change, CompactChange, RowSetDraft, Transaction } from './transaction.js';

/** Whether what indexes are made of changes: one that is being built is of other files then. */
export function touchesIndexes({ written, left, takes }: CompactChange): boolean {
  return written.length > 0 || (left !== undefined && takes.partitions.length + takes.segments.length > 0);
}

export function isCompaction({ changes }: Transaction): boolean {
  return changes.some(({ kind }) => kind === 'compact');
}

/** What a compaction takes, as it stands in the entry of its array. */
interface Taken {
  readonly partitions: readonly Partition[];
  readonly segments: readonly { readonly reference: SegmentRef; readonly stays: boolean }[];
  readonly dropped: readonly RowSet[];
}

/** `Conflict` where something that is taken is gone, or an index came that holds other rows together. */
export function checkCompactions(
  changes: readonly Change[],
  arrays: ReadonlyMap<ArrayId, ArrayEntry>,
  table: TableBuilder,
  { rowSets }: ManifestFunctions,
): void {
  for (const change of changes) {
    if (change.kind !== 'compact') continue;
    const entry = arrays.get(change.array);
    if (entry === undefined) throw conflict('the array was dropped by another writer');
    takenBy(entry, change, table);
    checkIndexes(entry, change, rowSets);
  }
}

function takenBy(entry: ArrayEntry, { columns, takes, dropped }: CompactChange, table: TableBuilder): Taken {
  const idAt = (slot: number): string => toHex(table.objectAt(slot).id);
  const track = trackOf(entry, columns);
  const partitions = pick(track.partitions, takes.partitions, ({ object }) => idAt(object));
  const ids = takes.segments.map(({ id }) => id);
  const segments = pick(track.segments, ids, ({ object }) => idAt(object));
  const sets = entry.dropped.filter((set) => inlineBytes(set) === undefined);
  return {
    partitions,
    segments: segments.map((reference, i) => ({ reference, stays: takes.segments[i]?.stays === true })),
    dropped: pick(sets, dropped?.takes ?? [], ({ object }) => idAt(object)),
  };
}

/** The items whose objects have these ids, in the order of the ids: two files may have one hash. */
function pick<T>(items: readonly T[], ids: readonly Uint8Array[], idOf: (item: T) => string): T[] {
  if (ids.length === 0) return [];
  const byId = new Map(items.map((item) => [idOf(item), item]));
  return ids.map((id) => {
    const item = byId.get(toHex(id));
    if (item === undefined) throw conflict('another writer moved what was to be compacted');
    return item;
  });
}

/** An index that is there now may have come since the plan was made. */
function checkIndexes(
  entry: ArrayEntry,
  { columns, written, merged }: CompactChange,
  rowSets: RowSetFunctions,
): void {
  for (const { firstRowId, rows } of indexedRanges(entry, columns)) {
    const end = firstRowId + rows;
    const cuts = written.some(
      (file) => file.start < end && firstRowId < file.end && (file.start < firstRowId || end < file.end),
    );
    const holds = merged !== undefined && rowSets.count(rowSets.slice(merged, firstRowId, end)) > 0;
    if (cuts || holds) throw conflict('another writer built an index of the rows that were compacted');
  }
}

/** The rows of each segment of the indexes of rows, or of attributes. */
export function indexedRanges(
  entry: ArrayEntry,
  columns: boolean,
): readonly { readonly firstRowId: number; readonly rows: number }[] {
  return columns
    ? entry.attributeIndexes.flatMap(({ segments }) => segments)
    : entry.indexes.flatMap(({ segments }) => segments);
}

/** What a checked compaction changes of the entry of its array; its objects come and go. */
export function compactedEntry(
  entry: ArrayEntry,
  change: CompactChange,
  objects: ObjectLedger,
  { rowSets }: ManifestFunctions,
): Partial<ArrayEntry> {
  const taken = takenBy(entry, change, objects.table);
  for (const slot of taken.partitions.flatMap(slotsOfPartition)) objects.remove(slot);
  for (const { object } of taken.dropped) objects.remove(object);
  for (const { reference, stays } of taken.segments) {
    if (stays) objects.merge(reference.object);
    else objects.remove(reference.object);
  }
  const setOf = ({ set, object }: RowSetDraft): RowSet =>
    rowSetMessage(set, object === undefined ? { inline: set } : { object: objects.add(object) }, rowSets);
  const entries = change.entries.map(({ object, partition, rowIds }) =>
    evolve(partition, { object: objects.add(object), rowIds: rowIds === undefined ? null : setOf(rowIds) }),
  );
  const segments = change.segments.map(({ segment, uploads, ...covered }) => {
    const { object, headBytes, headHash, rows, partitions } = segment;
    const numbers = { headBytes, headHash, rows, partitions };
    return make(v1.SegmentRef, { object: objects.add(object, uploads), ...numbers, ...covered });
  });
  const track = trackOf(entry, change.columns);
  const gone = new Set<Partition | SegmentRef>([
    ...taken.partitions,
    ...taken.segments.map(({ reference }) => reference),
  ]);
  const all = {
    partitions: [...track.partitions.filter((one) => !gone.has(one)), ...entries],
    segments: [...track.segments.filter((one) => !gone.has(one)), ...segments],
  };
  if (change.columns) return { columns: all.partitions, columnSegments: all.segments };
  const stay = entry.dropped.filter((set) => !taken.dropped.includes(set));
  const more = [change.dropped?.set, change.listed].flatMap((set) => (set === undefined ? [] : setOf(set)));
  const dropped = [...stay.map((set) => without(set, change.left, rowSets)), ...more];
  return {
    ...all,
    dropped: mergeInline(
      dropped.filter(({ count }) => count > 0),
      rowSets,
    ),
  };
}

/** Sets that are objects stay as they are: an id in one that no file has is of no row all the same. */
function without(set: RowSet, left: Uint8Array | undefined, rowSets: RowSetFunctions): RowSet {
  const inline = inlineBytes(set);
  if (left === undefined || inline === undefined) return set;
  const rest = rowSets.difference(inline, left);
  return rowSetMessage(rest, { inline: rest }, rowSets);
}

function conflict(what: string): NacreError {
  return new NacreError('Conflict', what, { hint: 'Run the compaction again: it plans anew.' });
}
