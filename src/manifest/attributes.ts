// Attributes of an array: their names and numbers while a root is being made. Pure.
//
// Files and segments that were uploaded before a commit count the attributes of their change; here, and only
// here, these become the ids that the array gives.
import { NacreError } from '../errors.js';
import {
  type ArrayEntry,
  type Attribute,
  type Column,
  encode,
  evolve,
  make,
  type Partition,
  v1,
} from './message.js';
import type { AttributeDraft, Change } from './transaction.js';

/** Attributes of one array at most. */
export const attributeLimit = 1000;

type Attributes = Pick<ArrayEntry, 'attributes' | 'nextAttributeId'>;

/** The same, and which one is the key. */
export type Keyed = Pick<ArrayEntry, 'attributes' | 'nextAttributeId' | 'key'>;

export interface Resolved extends Attributes {
  /** Of each draft. */
  readonly ids: readonly number[];
  readonly changed: boolean;
}

/**
 * The attributes with those that the drafts make. `Conflict` when one was dropped by another writer, or made
 * as something else.
 */
export function resolveAttributes(before: Attributes, drafts: readonly AttributeDraft[]): Resolved {
  let { attributes, nextAttributeId } = before;
  const ids = drafts.map((draft) => {
    const known = find(attributes, draft);
    if (known !== undefined && known.type !== draft.type) {
      throw conflict(`the attribute '${draft.name}' was made by another writer as something else`);
    }
    if (known !== undefined) return known.id;
    if (draft.id !== undefined) throw conflict(`the attribute '${draft.name}' was dropped by another writer`);
    if (attributes.length >= attributeLimit) {
      throw new NacreError('InvalidArgument', `an array has at most ${attributeLimit} attributes`);
    }
    const { name, type } = draft;
    attributes = [...attributes, make(v1.Attribute, { id: nextAttributeId, name, type })];
    return nextAttributeId++;
  });
  // One was named by its id, the other by a name that the first one has now.
  const twice = drafts.find((_, i) => ids.indexOf(ids[i] ?? -1) !== i);
  if (twice !== undefined) {
    throw conflict(`the name '${twice.name}' was given to another attribute by another writer`);
  }
  const changed = nextAttributeId !== before.nextAttributeId;
  return { attributes, nextAttributeId, ids, changed };
}

/** By its id, whatever its name is now; one that the transaction made by its name. */
function find(attributes: readonly Attribute[], { id, name }: AttributeDraft): Attribute | undefined {
  return attributes.find((one) => (id === undefined ? one.name === name : one.id === id));
}

/**
 * The attributes after a change of them. `Conflict` as above, and when another has the name, or another
 * writer renamed it too.
 */
export function changeAttributes(before: Keyed, change: Change): Keyed {
  if (change.kind === 'appendAttributes' || change.kind === 'setAttributes') {
    const { attributes, nextAttributeId } = resolveAttributes(before, change.attributes);
    return { attributes, nextAttributeId, key: before.key };
  }
  const { attributes, nextAttributeId, key } = before;
  if (change.kind === 'setKey') {
    return { attributes, nextAttributeId, key: keyOf(before, change.attribute) };
  }
  if (change.kind === 'indexAttribute' && find(before.attributes, change.index.attribute) === undefined) {
    throw conflict(`the attribute '${change.index.attribute.name}' was dropped by another writer`);
  }
  if (change.kind !== 'dropAttribute' && change.kind !== 'renameAttribute') return before;
  const known = find(attributes, change.attribute);
  if (change.kind === 'dropAttribute') {
    // Two writers that drop one agree.
    return { nextAttributeId, key, attributes: attributes.filter((one) => one !== known) };
  }
  if (known === undefined) {
    throw conflict(`the attribute '${change.attribute.name}' was dropped by another writer`);
  }
  const { name } = change;
  if (known.name !== change.attribute.name) {
    throw conflict(`the attribute '${change.attribute.name}' got another name by another writer`);
  }
  if (attributes.some((one) => one !== known && one.name === name)) {
    throw conflict(`the name '${name}' was given to another attribute by another writer`);
  }
  const renamed = attributes.map((one) => (one === known ? evolve(one, { name }) : one));
  return { nextAttributeId, key, attributes: renamed };
}

function keyOf({ attributes }: Attributes, draft: AttributeDraft | undefined): ArrayEntry['key'] {
  if (draft === undefined) return null;
  const known = find(attributes, draft);
  if (known === undefined) throw conflict(`the attribute '${draft.name}' was dropped by another writer`);
  return make(v1.Key, { attribute: known.id });
}

/** Entries that hold an attribute that is there still. */
export function withAttributes(
  partitions: readonly Partition[],
  attributes: readonly Attribute[],
): readonly Partition[] {
  const ids = new Set(attributes.map(({ id }) => id));
  return partitions.filter(({ columns }) => columns.some(({ attribute }) => ids.has(attribute)));
}

/** Bytes that columns take up in an entry. */
export function describedBytes(columns: readonly Column[] = []): number {
  return columns.reduce((bytes, column) => bytes + 2 + encode(v1.Column, column).byteLength, 0);
}

/** An entry whose columns count from another list: `numbers[attribute]` takes the place of each. */
export function renumbered(partition: Partition, numberOf: (attribute: number) => number): Partition {
  const columns = partition.columns.map((column) =>
    evolve(column, { attribute: numberOf(column.attribute) }),
  );
  return evolve(partition, { columns });
}

function conflict(what: string): NacreError {
  return new NacreError('Conflict', what, { hint: 'Read again and repeat the change.' });
}
