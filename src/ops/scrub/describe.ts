// What a damaged object is to the dataset, looked up in the newest version that needs it.
import type { ArrayEntry, Partition } from '../../manifest/message.js';
import { rowBytesOf, type LoadedRoot } from '../../manifest/root.js';
import { segmentsOf } from '../../manifest/references.js';
import { resolveObject } from '../../manifest/objects.js';
import { inlineBytes } from '../../manifest/row-sets.js';
import { rootKey } from '../../manifest/keys.js';
import { decodeSegment, objectOf } from '../../manifest/segment.js';
import type { ManifestFunctions } from '../../manifest/functions.js';
import { isNacreError } from '../../errors.js';
import type { ObjectStore } from '../../storage/object-store.js';
import { equalBytes } from '../../util/bytes.js';
import type { ObjectDamage } from './check.js';
import type { ObjectRole, RowIds } from './finding.js';
import type { Surveyed } from './survey.js';

const indexTypes: readonly string[] = ['', 'exact', 'ivf', 'hnsw'];

/** `stores`: where segments may be read from, in this order. */
export async function describeObject(
  one: Surveyed,
  damage: ObjectDamage,
  loaded: LoadedRoot,
  stores: readonly ObjectStore[],
  functions: ManifestFunctions,
): Promise<ObjectRole> {
  const { root } = loaded;
  const where = rootKey(root.version);
  const { key } = one.object;
  const isIt = (slot: number): boolean => resolveObject(root.objects, slot, where).key === key;
  if (root.olderOperations.some(({ object }) => isIt(object))) return { kind: 'operation ids' };
  for (const array of root.arrays) {
    const role = roleInRoot(array, isIt, one, damage);
    if (role !== undefined) return role;
  }
  for (const { array, removed } of root.changes?.arrays ?? []) {
    const set = removed.find((ids) => isObject(ids) && isIt(ids.object));
    if (set === undefined) continue;
    const name = root.arrays.find(({ id }) => equalBytes(id, array))?.name;
    return { kind: 'row ids', rows: spanOf(set), ...(name === undefined ? {} : { array: name }) };
  }
  const holder = one.within.find((segment) => segment.segment !== 'lost');
  const segment = segmentsOf(loaded).find(({ object }) => object.key === holder?.object.key);
  if (segment === undefined) return { kind: 'unknown' };
  const range = { start: 0, end: segment.reference.headBytes };
  for (const store of stores) {
    const body = await store.get(segment.object.key, { range });
    if (body === undefined) continue;
    try {
      const { array, reference, object } = segment;
      const decoded = decodeSegment(body.bytes, reference, object, array, functions);
      for (const partition of decoded.partitions) {
        if (objectOf(decoded, partition, object.key).key === key)
          return partitionRole(array, partition, damage, one.object.blockBytes);
        const { rowIds } = partition;
        if (rowIds !== null && isObject(rowIds)) {
          const found = resolveObject(decoded.objects, rowIds.object, object.key);
          if (found.key === key) return { kind: 'row ids', array: array.name, rows: spanOf(rowIds) };
        }
      }
      return { kind: 'unknown', array: array.name };
    } catch (error) {
      if (!isNacreError(error, 'Corrupt')) throw error;
    }
  }
  return { kind: 'unknown', array: segment.array.name };
}

function roleInRoot(
  array: ArrayEntry,
  isIt: (slot: number) => boolean,
  { object: { blockBytes } }: Surveyed,
  damage: ObjectDamage,
): ObjectRole | undefined {
  const { name } = array;
  for (const partition of [...array.partitions, ...array.columns]) {
    if (isIt(partition.object)) return partitionRole(array, partition, damage, blockBytes);
    const { rowIds } = partition;
    if (rowIds !== null && isObject(rowIds) && isIt(rowIds.object))
      return { kind: 'row ids', array: name, rows: spanOf(rowIds) };
  }
  for (const set of array.dropped)
    if (isObject(set) && isIt(set.object)) return { kind: 'row ids', array: name, rows: spanOf(set) };
  for (const reference of [...array.segments, ...array.columnSegments]) {
    if (!isIt(reference.object)) continue;
    const { firstRowId, rows, attributes } = reference;
    const names = attributes.map((id) => attributeName(array, id));
    const base = { kind: 'segment' as const, array: name, rows: stretch(firstRowId, rows) };
    return names.length === 0 ? base : { ...base, attributes: names };
  }
  for (const index of array.indexes) {
    const type = indexTypes[index.kind] ?? String(index.kind);
    if (isIt(index.epoch)) return { kind: 'index epoch', array: name, index: type };
    for (const { object, bits, firstRowId, rows } of index.segments) {
      const covered = { array: name, index: type, rows: stretch(firstRowId, rows) };
      if (isIt(object)) return { kind: 'index', ...covered };
      if (bits !== null && isIt(bits.object)) return { kind: 'index bits', ...covered };
    }
  }
  for (const { attribute, segments } of array.attributeIndexes)
    for (const { object, firstRowId, rows } of segments)
      if (isIt(object))
        return {
          kind: 'attribute index',
          array: name,
          attributes: [attributeName(array, attribute)],
          rows: stretch(firstRowId, rows),
        };
  return undefined;
}

function partitionRole(
  array: ArrayEntry,
  partition: Partition,
  damage: ObjectDamage,
  blockBytes: number,
): ObjectRole {
  const { name } = array;
  const { rowIds, firstRowId, rows, columns, dataOffset } = partition;
  const all = rowIds === null ? stretch(firstRowId, rows) : spanOf(rowIds);
  if (columns.length > 0) {
    const attributes = columns.map(({ attribute }) => attributeName(array, attribute));
    return { kind: 'columns', array: name, attributes, rows: all };
  }
  const { blocks } = damage;
  if (damage.kind !== 'blocks' || blocks === undefined || blocks.length === 0 || rowIds !== null)
    return { kind: 'partition', array: name, rows: all };
  const rowBytes = Math.max(1, rowBytesOf(array));
  const first = Math.floor(((blocks[0]?.start ?? 0) * blockBytes - dataOffset) / rowBytes);
  const end = Math.ceil(((blocks.at(-1)?.end ?? 0) * blockBytes - dataOffset) / rowBytes);
  const from = Math.min(rows, Math.max(0, first));
  const touched = stretch(firstRowId + from, Math.max(0, Math.min(rows, end) - from));
  return { kind: 'partition', array: name, rows: touched };
}

function attributeName({ attributes }: ArrayEntry, id: number): string {
  return attributes.find((one) => one.id === id)?.name ?? `a dropped attribute (${id})`;
}

function stretch(first: number, rows: number): RowIds {
  return { start: first, end: first + rows, count: rows };
}

type RowSetMessage = NonNullable<Partition['rowIds']>;

function spanOf({ start, end, count }: RowSetMessage): RowIds {
  return { start, end, count };
}

/** Whether the set stands in an object of its own. */
function isObject(set: RowSetMessage): boolean {
  return set.count > 0 && inlineBytes(set) === undefined;
}
