// Indexes of the attributes of an array while a root is being made. Pure.
import { type ArrayEntry, type Attribute, type AttributeIndexEntry, evolve, make, v1 } from './message.js';
import type { NewObject } from './objects.js';
import type { Change } from './transaction.js';

type IndexChange = Extract<Change, { readonly kind: 'indexAttribute' | 'dropAttributeIndex' }>;

export interface ChangedIndexes extends Pick<ArrayEntry, 'attributeIndexes'> {
  /** Slots of objects that nothing refers to any more. */
  readonly removed: readonly number[];
}

/** After a change; `addObject` gives an object its slot. The attribute is there, or has no index. */
export function changeAttributeIndexes(
  entry: ArrayEntry,
  change: IndexChange,
  addObject: (object: NewObject) => number,
): ChangedIndexes {
  const { id, name } = change.kind === 'indexAttribute' ? change.index.attribute : change.attribute;
  const attribute = entry.attributes.find((one) => (id === undefined ? one.name === name : one.id === id));
  const known = entry.attributeIndexes.find((index) => index.attribute === attribute?.id);
  const others = entry.attributeIndexes.filter((index) => index !== known);
  if (change.kind === 'dropAttributeIndex' || attribute === undefined) {
    return { attributeIndexes: others, removed: slotsOf(known) };
  }
  const added = change.index.segments.map(({ object, ...covered }) =>
    make(v1.AttributeIndexSegment, { object: addObject(object), ...covered }),
  );
  if (known === undefined || !change.index.adds) {
    const built = make(v1.AttributeIndex, { attribute: attribute.id, segments: added });
    return { attributeIndexes: [...others, built], removed: slotsOf(known) };
  }
  const segments = [...known.segments, ...added].sort((a, b) => a.firstRowId - b.firstRowId);
  return { attributeIndexes: [...others, evolve(known, { segments })], removed: [] };
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
