// What to fold: which entries of a root that grows full are best moved into one segment. Pure.
//
// Candidates are base partitions and base segments whose row ids follow each other, or overrides and
// segments of overrides, as many as one segment may hold; those of columns apart. Taken is the window that
// frees the most bytes of the root. A fold waits until it frees a good part of what is left, so an entry is
// written again a few times in its life, not with every commit.
import type { ArrayEntry, Partition, Root, SegmentRef } from './message.js';
import { describedBytes } from './attributes.js';
import { hasUnknownFields } from './message.js';
import { ownKeyBytes } from './objects.js';
import { type LoadedRoot, rootBounds } from './root.js';
import { inlineBytes } from './row-sets.js';
import { segmentBytesLimit, segmentEntryLimit } from './segment.js';

/** What folds must free to be worth their segments, while there is room for waiting. */
const worthBytes = 8 * 1024;

/** Folds of one commit at most: each is a segment to send. */
const foldsAtOnce = 1024;

/** About what the numbers of an entry or a reference take up, with its object's, without sums and sets. */
const entryBytes = 90;
const referenceBytes = 118;

/** A segment that is merged into another one is named once more, in the changes of that version. */
const mergedNoteBytes = 75;

export interface FoldPlan {
  readonly array: ArrayEntry;
  /** Of its columns, not of its rows. */
  readonly columns: boolean;
  /** Hold the entries of `partitions` and of `segments`: overrides, or base partitions. */
  readonly overrides: boolean;
  readonly partitions: readonly Partition[];
  readonly segments: readonly SegmentRef[];
}

interface Item {
  readonly firstRowId: number;
  readonly rows: number;
  /** Entries that it brings along. */
  readonly entries: number;
  /** About what the segment grows by, without cold parts. */
  readonly bytes: number;
  /** Bytes of the root that it gives back. */
  readonly freedBytes: number;
  readonly partition?: Partition;
  readonly segment?: SegmentRef;
}

/** What should be folded next to a commit on this root; nothing while there is room, or little to gain. */
export function planFolds({ root, bytes }: LoadedRoot): readonly FoldPlan[] {
  const sizeBytes = bytes.byteLength;
  const { foldFromBytes, capBytes } = rootBounds(root);
  if (sizeBytes <= foldFromBytes) return [];
  const worth = Math.min(worthBytes, (capBytes - sizeBytes) / 2);
  return bestFolds(root, worth, worth);
}

/**
 * The folds that free the most bytes of a root, as few as free `enough` together; none where all that there
 * are do not free `worth`. Most roots need one; where arrays are many each of them has little to give.
 */
export function bestFolds(root: Root, worth: number, enough: number): readonly FoldPlan[] {
  const found = root.arrays.flatMap((array) =>
    kinds.flatMap(([columns, overrides]) => {
      const track = trackOf(array, columns);
      const window = bestWindow(overrides ? overridesOf(root, track) : baseOf(root, track), overrides);
      return window === undefined || window.freedBytes < 1 ? [] : [{ array, columns, overrides, window }];
    }),
  );
  const plans: FoldPlan[] = [];
  let freedBytes = 0;
  for (const { window, ...of } of found.toSorted((a, b) => b.window.freedBytes - a.window.freedBytes)) {
    if (plans.length > 0 && (freedBytes >= enough || plans.length === foldsAtOnce)) break;
    freedBytes += window.freedBytes;
    plans.push({
      ...of,
      partitions: window.items.flatMap(({ partition }) => partition ?? []),
      segments: window.items.flatMap(({ segment }) => segment ?? []),
    });
  }
  return freedBytes >= worth ? plans : [];
}

/** What a segment holds: of rows or of columns, base partitions or overrides. */
const kinds = [false, true].flatMap((columns) =>
  [false, true].map((overrides) => [columns, overrides] as const),
);

/** Entries of an array that fold together. */
export type Track = Pick<ArrayEntry, 'partitions' | 'segments'>;

export function trackOf(array: ArrayEntry, columns: boolean): Track {
  return columns ? { partitions: array.columns, segments: array.columnSegments } : array;
}

function baseOf(root: Root, array: Track): Item[] {
  const partitions = array.partitions.filter(({ rowIds }) => rowIds === null);
  return [
    ...partitions.map((partition) => itemOfPartition(root, partition)),
    ...array.segments.filter(({ overrides }) => !overrides).map((segment) => itemOfSegment(root, segment)),
  ].toSorted((a, b) => a.firstRowId - b.firstRowId);
}

/** In any order: an override says itself which rows it holds, and which version made it. */
function overridesOf(root: Root, array: Track): Item[] {
  const partitions = array.partitions.filter(
    ({ rowIds }) => rowIds !== null && inlineBytes(rowIds) !== undefined,
  );
  return [
    ...array.segments.filter(({ overrides }) => overrides).map((segment) => itemOfSegment(root, segment)),
    ...partitions.map((partition) => itemOfPartition(root, partition)),
  ].toSorted((a, b) => a.entries - b.entries);
}

function itemOfPartition(root: Root, partition: Partition): Item {
  const { firstRowId, rows, object, rowIds, dropped, columns } = partition;
  const sums = root.objects?.objects[object]?.blocks.byteLength ?? 0;
  const sets = dropped.byteLength + (rowIds?.inline.byteLength ?? 0);
  const hot = entryBytes + ownKeyBytes(root.objects, object) + sets + describedBytes(columns);
  return { firstRowId, rows, entries: 1, bytes: hot, freedBytes: hot + sums, partition };
}

function itemOfSegment(root: Root, segment: SegmentRef): Item {
  const { firstRowId, rows, object, headHash, partitions } = segment;
  const sums = root.objects?.objects[object]?.blocks.byteLength ?? 0;
  // What a newer release says of a segment may not be true of another one.
  const entries = hasUnknownFields(segment) ? segmentEntryLimit : partitions;
  const freedBytes = referenceBytes + headHash.byteLength + sums - mergedNoteBytes;
  return { firstRowId, rows, entries, bytes: segment.headBytes, freedBytes, segment };
}

/** The window of neighbours that frees the most: two indices that only go up. */
function bestWindow(
  items: readonly Item[],
  overrides: boolean,
): { items: readonly Item[]; freedBytes: number } | undefined {
  const newReferenceBytes = referenceBytes + 32 + 16;
  let best: { start: number; end: number; freedBytes: number } | undefined;
  let start = 0;
  let entries = 0;
  let bytes = 0;
  let freedBytes = -newReferenceBytes;
  for (const [at, item] of items.entries()) {
    const before = items[at - 1];
    if (!overrides && before !== undefined && before.firstRowId + before.rows !== item.firstRowId) {
      start = at;
      entries = 0;
      bytes = 0;
      freedBytes = -newReferenceBytes;
    }
    entries += item.entries;
    bytes += item.bytes;
    freedBytes += item.freedBytes;
    for (; entries > segmentEntryLimit || (bytes > segmentBytesLimit && start < at); start++) {
      entries -= items[start]?.entries ?? 0;
      bytes -= items[start]?.bytes ?? 0;
      freedBytes -= items[start]?.freedBytes ?? 0;
    }
    if (best === undefined || freedBytes > best.freedBytes) best = { start, end: at + 1, freedBytes };
  }
  return best && { items: items.slice(best.start, best.end), freedBytes: best.freedBytes };
}
