// What a dataset says of itself: its content, and its versions.
import { directoryEntryBytes, mostKept, probesFor } from '../ann/probes.js';
import type { ArrayIndex, ArrayView } from '../arrays/array-view.js';
import type { Attribute } from '../attributes/column.js';
import { keyOfEntry } from '../arrays/key-attribute.js';
import { type ParityPolicy, policyOf } from '../manifest/parity.js';
import { shapeOf } from '../arrays/types.js';
import { type Root, v1 } from '../manifest/message.js';
import { modifiedOf } from '../manifest/modified.js';
import type { Dtype } from '../npy/dtype.js';
import { attributesOf } from '../query/attributes.js';
import { isoTime } from '../manifest/version-reference.js';
import type { CallOptions } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';
import type { Snapshot } from './snapshot.js';
import type { TagInfo } from './tags.js';

export interface PartitionInfo {
  readonly key: string;
  readonly rows: number;
  readonly sizeBytes: number;
}

export interface IndexInfo {
  readonly type: IndexType;
  /** Rows that it covers, dropped and replaced ones included. */
  readonly rows: number;
  readonly sizeBytes: number;
  /** Objects that its lists lie in: appended rows have one of their own until it is merged with others. */
  readonly segments: number;
  /** Whether it has one bit a coordinate, too; see `Precision`. */
  readonly bits: boolean;
  /** Of an `ivf` and an `hnsw` index: the metric that it is for. */
  readonly metric?: string;
  /** Of an `ivf` index: how many lists it has. */
  readonly lists?: number;
  /** Of an `ivf` index: how many lists a query of 10 rows looks into for such a recall. */
  readonly probes?: PerRecall;
  /** Of an `hnsw` index: links of a row, and rows that a walk keeps that looks for those of a new one. */
  readonly m?: number;
  readonly efConstruction?: number;
  /** Of an `hnsw` index: how many rows a walk for 10 rows keeps for such a recall. */
  readonly ef?: PerRecall;
}

export type PerRecall = { readonly [recall in '0.9' | '0.95' | '0.99']: number };

export interface AttributeIndexInfo {
  readonly attribute: string;
  /** `bitmaps` of rows with few values, `sorted` blocks of those with many; both where rows differ in it. */
  readonly types: readonly ('bitmaps' | 'sorted')[];
  /** Rows that it covers, dropped ones and those that have other values now included. */
  readonly rows: number;
  readonly sizeBytes: number;
  /** Objects that it lies in: appended rows have one of their own until it is merged with others. */
  readonly segments: number;
}

export interface ArrayInfo {
  readonly dtype: Dtype;
  /** NumPy's shape, rows first. */
  readonly shape: readonly number[];
  readonly partitions: readonly PartitionInfo[];
  readonly indexes: readonly IndexInfo[];
  /** In the order in which they were made. */
  readonly attributes: readonly Attribute[];
  readonly attributeIndexes: readonly AttributeIndexInfo[];
  /** The attribute that is the key, null where there is none. */
  readonly key: string | null;
  /** How its objects are to be covered, null where nothing asks for it. */
  readonly parity: ParityPolicy | null;
  /** When its rows were last changed; null where a release before this one did so, which kept no time. */
  readonly modified: ModifiedInfo | null;
}

/**
 * The last version that made an array, added, dropped or restored rows, or changed what they or their
 * attributes hold.
 */
export interface ModifiedInfo {
  readonly version: number;
  /** When it was committed, by the store's clock; ISO 8601, UTC. */
  readonly time: string;
}

export interface DatasetInfo {
  readonly uri: string;
  readonly dataset: string;
  readonly version: number;
  /** When the version was committed, by the store's clock; ISO 8601, UTC. */
  readonly time: string;
  readonly arrays: Readonly<Record<string, ArrayInfo>>;
}

export interface OperationInfo {
  readonly id: string;
  readonly kind: string;
  readonly array: string;
  readonly rowsAdded: number;
  readonly rowsDropped: number;
}

export interface VersionInfo {
  readonly version: number;
  /** Names that it has now. */
  readonly tags: readonly string[];
  readonly time: string;
  readonly message: string;
  readonly author: string;
  readonly host: string;
  readonly operations: readonly OperationInfo[];
}

/** Cost: no request while partitions stand in the root, else one for each segment. */
export async function describe(
  snapshot: Snapshot,
  uri: string,
  options: CallOptions = {},
): Promise<DatasetInfo> {
  const { root } = snapshot.loaded;
  const arrays = await Promise.all(
    [...snapshot.arrays()].map(async (view) => [view.name, await describeArray(view, options)] as const),
  );
  return {
    uri,
    dataset: toHex(root.dataset),
    version: root.version,
    time: new Date(root.timeMs).toISOString(),
    // No prototype: an array may be called __proto__.
    arrays: Object.assign(Object.create(null) as Record<string, ArrayInfo>, Object.fromEntries(arrays)),
  };
}

export async function describeArray(view: ArrayView, options: CallOptions): Promise<ArrayInfo> {
  const units = await Promise.all(view.units(options).map((unit) => unit.load()));
  const overrides = await view.overrides(options);
  const parts = [...units.flat().map(({ part }) => part), ...overrides.map(({ part }) => part)];
  return {
    dtype: view.type.dtype,
    shape: shapeOf(view.entry),
    partitions: parts.map(({ object, rows }) => ({ key: object.key, rows, sizeBytes: object.sizeBytes })),
    indexes: describeIndexes(view),
    attributes: attributesOf(view).map(({ name, type }) => ({ name, type })),
    attributeIndexes: attributesOf(view).flatMap(({ id, name }): AttributeIndexInfo[] => {
      const segments = view.attributeIndex(id);
      if (segments === undefined) return [];
      const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
      const sizeBytes = segments.reduce((sum, { part }) => sum + part.object.sizeBytes, 0);
      const kinds = new Set(segments.map(({ kind }) => kind));
      const types = (['bitmaps', 'sorted'] as const).filter((type) => kinds.has(type));
      return [{ attribute: name, types, rows, sizeBytes, segments: segments.length }];
    }),
    key: keyOfEntry(view.entry)?.name ?? null,
    parity: policyOf(view.entry.parity) ?? null,
    modified: describeModified(view) ?? null,
  };
}

export function describeModified({ entry }: ArrayView): ModifiedInfo | undefined {
  const modified = modifiedOf(entry);
  return modified && { version: modified.version, time: new Date(modified.timeMs).toISOString() };
}

export const indexTypes = [
  ['exact', v1.IndexKind.INDEX_KIND_EXACT],
  ['ivf', v1.IndexKind.INDEX_KIND_IVF],
  ['hnsw', v1.IndexKind.INDEX_KIND_HNSW],
] as const;

export type IndexType = (typeof indexTypes)[number][0];

/** Those of a kind that is known here. */
function describeIndexes(view: ArrayView): IndexInfo[] {
  return indexTypes.flatMap(([type, kind]): IndexInfo[] => {
    const index = view.index(kind);
    if (index === undefined) return [];
    const rows = index.lists.reduce((sum, list) => sum + list.rows, 0);
    const parts = index.lists.flatMap(({ part, bits }) => [part, ...(bits === undefined ? [] : [bits])]);
    const sizeBytes = parts.reduce((sum, { object }) => sum + object.sizeBytes, index.epoch.sizeBytes);
    const bits = index.lists.some((list) => list.bits !== undefined);
    const segments = index.lists.length;
    const all = { type, rows, sizeBytes, segments, bits };
    if (type === 'exact') return [all];
    return [{ ...all, ...(type === 'ivf' ? describeLists(index) : describeGraphs(index)) }];
  });
}

function describeLists({ metric, lists: [segment], calibrations }: ArrayIndex) {
  const lists = (segment?.head?.bytes ?? 0) / directoryEntryBytes;
  return { metric, lists, probes: perRecall(calibrations, lists) };
}

function describeGraphs({ metric, links: m, efConstruction, calibrations }: ArrayIndex) {
  return { metric, m, efConstruction, ef: perRecall(calibrations, mostKept) };
}

function perRecall(calibrations: ArrayIndex['calibrations'], most: number): PerRecall {
  const effort = (recall: number) => probesFor(calibrations, 10, recall, most);
  return { 0.9: effort(0.9), 0.95: effort(0.95), 0.99: effort(0.99) };
}

/** `tags` of any version, by name. */
export function describeVersion(root: Root, tags: Root['tags']): VersionInfo {
  const [first] = root.operations;
  const names = new Map(root.arrays.map(({ id, name }) => [toHex(id), name]));
  return {
    version: root.version,
    tags: tags.filter(({ version }) => version === root.version).map(({ name }) => name),
    time: new Date(root.timeMs).toISOString(),
    message: root.operations
      .map(({ message }) => message)
      .filter(Boolean)
      .join('; '),
    author: first?.author ?? '',
    host: first?.host ?? '',
    operations: root.operations.flatMap(({ id, kinds, rows }) => {
      const kind = kinds.join('+');
      const counts = rows.map(({ array, name, added, dropped }) => ({
        array: name === '' ? (names.get(toHex(array)) ?? '') : name,
        rowsAdded: added,
        rowsDropped: dropped,
      }));
      const all = counts.length === 0 ? [{ array: '', rowsAdded: 0, rowsDropped: 0 }] : counts;
      return all.map((count) => ({ id: toHex(id), kind, ...count }));
    }),
  };
}

export function describeTag({ name, version, timeMs }: Root['tags'][number]): TagInfo {
  return { name, version, time: isoTime(timeMs) };
}
