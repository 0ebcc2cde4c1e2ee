// Folding: entries move from a root that grows full into a segment, next to the commit that needs the room.
//
// Only entries that a committed root numbered are folded, so a segment stays true however the commit is
// rebased. When another writer folded the same entries first, ours is an orphan and left to clean-up. A
// commit that folds uploads one segment (at most 256 entries) besides its root, and reads the segments that
// it merges, side by side.
import { rootKey } from './keys.js';
import type { CallOptions } from '../storage/object-store.js';
import { assert, defined } from '../util/assert.js';
import { toHex } from '../util/bytes.js';
import { renumbered } from './attributes.js';
import { type FoldPlan, trackOf } from './fold-plan.js';
import type { ManifestFunctions } from './functions.js';
import { type ArrayEntry, evolve, type Partition, type Root, type SegmentRef } from './message.js';
import { asNewObject, resolveObject } from './objects.js';
import { readObject } from './read-checked.js';
import { inlineBytes, rowSetMessage } from './row-sets.js';
import { buildSegment, decodeSegment, objectOf, type SegmentEntry } from './segment.js';
import type { ArrayId, SegmentDraft } from './transaction.js';
import { type UploadEnvironment, uploadObject } from './upload.js';

export interface Fold {
  readonly array: ArrayId;
  /** Of its columns, not of its rows. */
  readonly columns: boolean;
  /** What the entries count. */
  readonly attributes: readonly number[];
  /** Ids of the partition objects that move into the segment. */
  readonly members: ReadonlySet<string>;
  /** Ids of the segments whose entries it takes over. */
  readonly merged: ReadonlySet<string>;
  readonly segment: SegmentDraft;
  readonly firstRowId: number;
  readonly overrides: boolean;
  /** Dropped ids that the entries record from now on. */
  readonly dropped: Uint8Array;
  readonly droppedRows: number;
}

/** Uploads the segment of a plan. Cost: a GET for each merged segment, in one wave, then one PUT. */
export async function prepareFold(
  environment: UploadEnvironment,
  root: Root,
  plan: FoldPlan,
  options: CallOptions = {},
): Promise<Fold> {
  const { functions } = environment;
  const { array, columns, partitions, segments, overrides } = plan;
  const { rowSets } = functions;
  const taken = await Promise.all(
    segments.map((reference) => loadEntries(environment, root, array, reference, options)),
  );
  const entries = [...taken.flat(), ...partitions.map((partition) => entryOf(root, partition))];
  const span = overrides ? idSpan(plan) : rowSpan(plan);
  const dropped =
    overrides || columns
      ? rowSets.fromSorted(new Float64Array(0))
      : rowSets.slice(inlineDropped(array, functions), span.start, span.end);
  const placed = overrides
    ? entries.toSorted((a, b) => bySequence(a.partition, b.partition))
    : entries
        .toSorted((a, b) => a.partition.firstRowId - b.partition.firstRowId)
        .map((entry) => withDrops(entry, dropped, span.start, functions));
  const { attributes, numbered } = numberAttributes(placed);
  const { bytes, draft } = buildSegment(numbered, span.end - span.start, environment);
  await uploadObject(environment.store, draft.object, bytes, options);
  const idsOf = (some: readonly { readonly object: number }[]): Set<string> =>
    new Set(some.map(({ object }) => objectId(root, object)));
  return {
    ...{ array: toHex(array.id), columns, attributes },
    members: idsOf(partitions),
    merged: idsOf(segments),
    segment: draft,
    firstRowId: span.start,
    overrides,
    dropped,
    droppedRows: placed.reduce((sum, entry) => sum + countDropped(entry.partition, functions), 0),
  };
}

/** The entries of an array that a fold takes over. */
export interface Taken {
  readonly moved: readonly Partition[];
  readonly merged: readonly SegmentRef[];
}

/** Undefined when they are no longer all there. */
export function takenEntries(entry: ArrayEntry, fold: Fold, table: Pick<Root, 'objects'>): Taken | undefined {
  const track = trackOf(entry, fold.columns);
  const moved = track.partitions.filter(({ object }) => fold.members.has(objectId(table, object)));
  const merged = track.segments.filter(({ object }) => fold.merged.has(objectId(table, object)));
  const areThere = moved.length === fold.members.size && merged.length === fold.merged.size;
  return areThere ? { moved, merged } : undefined;
}

/** What a fold changes of the entry of its array. */
export function foldedEntry(
  entry: ArrayEntry,
  fold: Fold,
  { moved, merged, segment }: Taken & { readonly segment: SegmentRef },
  { rowSets }: ManifestFunctions,
): Partial<ArrayEntry> {
  const track = trackOf(entry, fold.columns);
  const partitions = track.partitions.filter((partition) => !moved.includes(partition));
  const segments = [...track.segments.filter((one) => !merged.includes(one)), segment];
  if (fold.columns) return { columns: partitions, columnSegments: segments };
  const dropped = entry.dropped.map((set) => {
    const inline = inlineBytes(set);
    if (inline === undefined) return set;
    const rest = rowSets.difference(inline, fold.dropped);
    return rowSetMessage(rest, { inline: rest }, rowSets);
  });
  return { partitions, segments, dropped: dropped.filter((set) => set.count > 0) };
}

/** The attributes of entries, each once, and the entries by their places among them. */
export function numberAttributes(entries: readonly SegmentEntry[]): {
  attributes: number[];
  numbered: SegmentEntry[];
} {
  const places = new Map<number, number>();
  const placeOf = (attribute: number): number => {
    const place = places.get(attribute) ?? places.size;
    places.set(attribute, place);
    return place;
  };
  const numbered = entries.map(({ object, partition }) => ({
    object,
    partition: renumbered(partition, placeOf),
  }));
  return { attributes: [...places.keys()], numbered };
}

export function countDropped({ dropped }: Partition, { rowSets }: ManifestFunctions): number {
  return dropped.byteLength === 0 ? 0 : rowSets.count(dropped);
}

/** The row ids of base entries, which follow each other. */
function rowSpan({ partitions, segments }: FoldPlan): { start: number; end: number } {
  const all = [...partitions, ...segments];
  return {
    start: Math.min(...all.map(({ firstRowId }) => firstRowId)),
    end: Math.max(...all.map(({ firstRowId, rows }) => firstRowId + rows)),
  };
}

/** From the smallest overridden id to one past the largest. */
function idSpan({ partitions, segments }: FoldPlan): { start: number; end: number } {
  const spans = [
    ...partitions.map(({ rowIds }) => defined(rowIds, 'row ids of an override')),
    ...segments.map(({ firstRowId, rows }) => ({ start: firstRowId, end: firstRowId + rows })),
  ];
  return {
    start: Math.min(...spans.map(({ start }) => start)),
    end: Math.max(...spans.map(({ end }) => end)),
  };
}

/** An entry of the root, its row ids absolute still. */
export function entryOf(root: Root, partition: Partition): SegmentEntry {
  const { blocks } = resolveObject(root.objects, partition.object, rootKey(root.version));
  assert(blocks instanceof Uint8Array, 'block sums of an entry in a root stand there');
  return { object: asNewObject(defined(root.objects, 'object table'), partition.object, blocks), partition };
}

/** A base entry with the dropped ids of its rows, its own numbers counted from the segment's first row. */
function withDrops(
  { object, partition }: SegmentEntry,
  dropped: Uint8Array,
  segmentStart: number,
  { rowSets }: ManifestFunctions,
): SegmentEntry {
  const { firstRowId, rows } = partition;
  const gone = rowSets.slice(dropped, firstRowId, firstRowId + rows);
  const all = partition.dropped.byteLength === 0 ? gone : rowSets.union(gone, partition.dropped);
  const fields = { firstRowId: firstRowId - segmentStart };
  return {
    object,
    partition: evolve(partition, rowSets.count(all) === 0 ? fields : { ...fields, dropped: all }),
  };
}

/** Entries of a segment, as they can go into another one; their row ids are absolute. */
export async function loadEntries(
  { store, functions }: UploadEnvironment,
  root: Root,
  array: ArrayEntry,
  reference: SegmentRef,
  options: CallOptions,
): Promise<SegmentEntry[]> {
  const object = resolveObject(root.objects, reference.object, rootKey(root.version));
  const bytes = await readObject(store, object, functions, options);
  const segment = decodeSegment(bytes.subarray(0, reference.headBytes), reference, object, array, functions);
  const table = defined(segment.objects, 'object table');
  return segment.partitions.map((partition) => {
    const { blocks } = objectOf(segment, partition, object.key);
    const start = blocks instanceof Uint8Array ? 0 : reference.headBytes + blocks.coldOffset;
    const sums = blocks instanceof Uint8Array ? blocks : bytes.slice(start, start + blocks.coldBytes);
    return { object: asNewObject(table, partition.object, sums), partition };
  });
}

function inlineDropped(array: ArrayEntry, { rowSets }: ManifestFunctions): Uint8Array {
  return array.dropped
    .map(inlineBytes)
    .filter((set) => set !== undefined)
    .reduce((union, set) => rowSets.union(union, set), rowSets.fromSorted(new Float64Array(0)));
}

/** Which of two overrides is newer: the one that comes last. */
export function bySequence(
  a: Pick<Partition, 'sequence' | 'step'>,
  b: Pick<Partition, 'sequence' | 'step'>,
): number {
  return a.sequence - b.sequence || a.step - b.step;
}

/** Text form of the id of an object in a root's table. */
function objectId(root: Pick<Root, 'objects'>, slot: number): string {
  return toHex(defined(root.objects?.objects[slot], 'object').id);
}
