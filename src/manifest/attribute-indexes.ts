// Indexes of the attributes of an array while a root is being made. Pure.
import { toHex } from '../util/bytes.js';
import type { IndexObjects } from './indexes.js';
import { type ArrayEntry, type Attribute, type AttributeIndexEntry, evolve, make, v1 } from './message.js';
import type { AttributeIndexSegmentDraft, Change } from './transaction.js';

type IndexChange = Extract<
  Change,
  { readonly kind: 'indexAttribute' | 'extendAttributeIndex' | 'dropAttributeIndex' }
>;

type Segment = AttributeIndexEntry['segments'][number];

export interface ChangedIndexes extends Pick<ArrayEntry, 'attributeIndexes'> {
  /** Slots of objects that nothing refers to any more. */
  readonly removed: readonly number[];
}

/**
 * After a change; the attribute is there, or has no index. `base` is the id of the first row that the
 * transaction appends to the array.
 */
export function changeAttributeIndexes(
  entry: ArrayEntry,
  change: IndexChange,
  base: number,
  objects: IndexObjects,
): ChangedIndexes {
  const { id, name } = change.kind === 'indexAttribute' ? change.index.attribute : change.attribute;
  const attribute = entry.attributes.find((one) => (id === undefined ? one.name === name : one.id === id));
  const known = entry.attributeIndexes.find((index) => index.attribute === attribute?.id);
  const others = entry.attributeIndexes.filter((index) => index !== known);
  if (change.kind === 'extendAttributeIndex') {
    // Another writer may have taken the index or the attribute away.
    if (known === undefined) return { attributeIndexes: entry.attributeIndexes, removed: [] };
    return extended(known, others, change, base, objects);
  }
  if (change.kind === 'dropAttributeIndex' || attribute === undefined) {
    return { attributeIndexes: others, removed: slotsOf(known) };
  }
  const { adds, rows, segments } = change.index;
  // What was appended meanwhile is as good as before.
  const stay = known?.segments.filter((segment) => adds || segment.firstRowId >= rows) ?? [];
  const gone = known?.segments.filter((segment) => !stay.includes(segment)) ?? [];
  const all = inOrder([...stay, ...segments.map((segment) => entryOf(segment, objects))]);
  const removed = gone.map(({ object }) => object);
  if (known !== undefined && adds) {
    return { attributeIndexes: [...others, evolve(known, { segments: all })], removed };
  }
  const built = make(v1.AttributeIndex, { attribute: attribute.id, segments: all });
  return { attributeIndexes: [...others, built], removed };
}

/** With segments of appended rows, and some of those that were there as one. */
function extended(
  known: AttributeIndexEntry,
  others: readonly AttributeIndexEntry[],
  { segments: appended, merges }: Extract<IndexChange, { readonly kind: 'extendAttributeIndex' }>,
  base: number,
  objects: IndexObjects,
): ChangedIndexes {
  let { segments } = known;
  const removed: number[] = [];
  for (const { taken, segment } of merges) {
    const hashes = new Set(taken.map(toHex));
    const gone = segments.filter(({ object }) => hashes.has(toHex(objects.hashAt(object))));
    const stay = segments.filter((one) => !gone.includes(one));
    // Another writer made one of some of them before, or of the rows between them.
    if (gone.length !== taken.length || stay.some((one) => overlap(one, segment))) continue;
    segments = [...stay, entryOf(segment, objects)];
    removed.push(...gone.map(({ object }) => object));
  }
  const added = appended.map(({ firstRow, ...segment }) =>
    entryOf({ ...segment, firstRowId: base + firstRow }, objects),
  );
  const index = evolve(known, { segments: inOrder([...segments, ...added]) });
  return { attributeIndexes: [...others, index], removed };
}

function entryOf({ object, ...covered }: AttributeIndexSegmentDraft, objects: IndexObjects): Segment {
  return make(v1.AttributeIndexSegment, { object: objects.add(object), ...covered });
}

function inOrder(segments: readonly Segment[]): Segment[] {
  return [...segments].sort((a, b) => a.firstRowId - b.firstRowId);
}

type Rows = Pick<Segment, 'firstRowId' | 'rows'>;

function overlap(a: Rows, b: Rows): boolean {
  return a.firstRowId < b.firstRowId + b.rows && b.firstRowId < a.firstRowId + a.rows;
}

/** Those of attributes that are there. */
export function withoutIndexes(entry: ArrayEntry, attributes: readonly Attribute[]): ChangedIndexes {
  const ids = new Set(attributes.map(({ id }) => id));
  const gone = entry.attributeIndexes.filter(({ attribute }) => !ids.has(attribute));
  const attributeIndexes = entry.attributeIndexes.filter((index) => !gone.includes(index));
  return { attributeIndexes, removed: gone.flatMap(slotsOf) };
}

function slotsOf(index: AttributeIndexEntry | undefined): readonly number[] {
  return index?.segments.map(({ object }) => object) ?? [];
}
