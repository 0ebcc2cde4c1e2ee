// Indexes of the rows of an array while a root is being made. Pure.
import { toHex } from '../util/bytes.js';
import { type ArrayEntry, evolve, type IndexEntry, make, v1 } from './message.js';
import type { NewObject } from './objects.js';
import type { Change, IndexSegmentDraft, MergedSegments } from './transaction.js';

type IndexSegment = IndexEntry['segments'][number];

type IndexChange = Extract<Change, { readonly kind: 'index' | 'dropIndex' | 'extendIndex' }>;

/** The objects of the root that is being made. */
export interface IndexObjects {
  /** Gives an object its slot. */
  add(object: NewObject): number;
  hashAt(slot: number): Uint8Array;
}

export interface ChangedIndexes extends Pick<ArrayEntry, 'indexes'> {
  /** Slots of objects that nothing refers to any more. */
  readonly removed: readonly number[];
}

/** After a change; `base` is the id of the first row that its transaction appends to the array. */
export function changeIndexes(
  { indexes }: Pick<ArrayEntry, 'indexes'>,
  change: IndexChange,
  base: number,
  objects: IndexObjects,
): ChangedIndexes {
  const kind = change.kind === 'index' ? change.index.kind : change.of;
  const known = indexes.find((index) => index.kind === kind);
  const others = indexes.filter((index) => index !== known);
  switch (change.kind) {
    case 'dropIndex':
      return { indexes: others, removed: slotsOf(known) };
    case 'index': {
      const { epoch, segments, merges = [] } = change.index;
      if (epoch === undefined) return extended(indexes, known, segments, merges, objects);
      const calibrations = change.index.calibrations?.map((one) => make(v1.Calibration, one)) ?? [];
      const { metric = '', builtRows = 0, links = 0, efConstruction = 0 } = change.index;
      const of = { metric, builtRows, links, efConstruction, calibrations };
      const added = segments.map((segment) => entryOf(segment, objects));
      const built = make(v1.Index, { kind, epoch: objects.add(epoch), segments: added, ...of });
      return { indexes: [...others, built], removed: slotsOf(known) };
    }
    case 'extendIndex': {
      // Another writer may have built the index anew or taken it away: the rows are scanned as they are,
      // then.
      const isOurs = known !== undefined && toHex(objects.hashAt(known.epoch)) === toHex(change.epoch);
      if (!isOurs) return { indexes, removed: [] };
      const appended = change.segments.map(({ firstRow, ...segment }) => ({
        ...segment,
        firstRowId: base + firstRow,
      }));
      return extended(indexes, known, appended, change.merges, objects);
    }
  }
}

/** With more segments, and some of those that were there as one. */
function extended(
  indexes: readonly IndexEntry[],
  known: IndexEntry | undefined,
  added: readonly IndexSegmentDraft[],
  merges: readonly MergedSegments[],
  objects: IndexObjects,
): ChangedIndexes {
  if (known === undefined) return { indexes, removed: [] };
  let segments = [...known.segments];
  const removed: number[] = [];
  for (const { taken, segment } of merges) {
    const hashes = new Set(taken.map(toHex));
    const gone = segments.filter(({ object }) => hashes.has(toHex(objects.hashAt(object))));
    // Another writer made one of them, or of some of them, before.
    if (gone.length !== taken.length) continue;
    segments = [...segments.filter((one) => !gone.includes(one)), entryOf(segment, objects)];
    removed.push(...gone.flatMap(slotsOfSegment));
  }
  segments.push(...added.map((segment) => entryOf(segment, objects)));
  segments.sort((a, b) => a.firstRowId - b.firstRowId);
  const index = evolve(known, { segments });
  return { indexes: indexes.map((one) => (one === known ? index : one)), removed };
}

function entryOf({ object, bits, ...covered }: IndexSegmentDraft, objects: IndexObjects): IndexSegment {
  const of = bits && { bits: make(v1.IndexBits, { object: objects.add(bits) }) };
  return make(v1.IndexSegment, { object: objects.add(object), ...covered, ...of });
}

/** Of every object of an index. */
export function slotsOf(index: IndexEntry | undefined): number[] {
  return index === undefined ? [] : [index.epoch, ...index.segments.flatMap(slotsOfSegment)];
}

function slotsOfSegment({ object, bits }: IndexSegment): number[] {
  return bits === null ? [object] : [object, bits.object];
}
