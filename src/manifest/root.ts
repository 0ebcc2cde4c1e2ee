// A root's bytes, in and out, and every check that needs nothing but those bytes.
import { NacreError } from '../errors.js';
import { toHex, utf8 } from '../util/bytes.js';
import { knownFeatures } from './features.js';
import { isLinkedKey } from './keys.js';
import { decodeFrame, encodeFrame } from './frame.js';
import type { ManifestFunctions } from './functions.js';
import {
  type ArrayEntry,
  decode,
  encode,
  type Partition,
  type Root,
  type SegmentRef,
  v1,
} from './message.js';
import { checkAttributeName, checkName } from './names.js';
import { checkedObject, isHole, keyAt, presentObject } from './objects.js';

/** Writers keep a root of few arrays within this, so that a commit's cost does not grow with the rows. */
export const rootBytesCap = 65_536;

/** Arrays that have their place within it; a root of more may be longer. */
const arraysWithin = 64;

/** About what an array of one file takes up in the root that it comes with, without its name. */
const arrayBytes = 340;

/** No root is longer, whatever it holds: readers take 1 MiB, and the rest is room for later releases. */
const rootBytesMost = 960 * 1024;

/**
 * What a root of these arrays may have, and from which size on its entries move into segments. An array's
 * share of the cap is twice what it needs, so that some entries of each can wait for their segment.
 */
export function rootBounds({ arrays }: Pick<Root, 'arrays'>): { foldFromBytes: number; capBytes: number } {
  const others = arrays.slice(arraysWithin);
  const needed = others.reduce((bytes, { name }) => bytes + arrayBytes + utf8.encode(name).byteLength, 0);
  const capBytes = Math.min(rootBytesMost, rootBytesCap + needed + arrayBytes * others.length);
  return { foldFromBytes: Math.min(rootBytesCap / 2 + needed, capBytes - rootBytesCap / 4), capBytes };
}

/** A root together with the bytes that it came as: copies of a root are always copies of these bytes. */
export interface LoadedRoot {
  readonly root: Root;
  readonly bytes: Uint8Array;
  /** BLAKE3 of `bytes`, the hash by which children and hints name this root. */
  readonly hash: Uint8Array;
}

export function encodeRoot(root: Root, functions: ManifestFunctions): LoadedRoot {
  const bytes = encodeFrame('root', encode(v1.Root, root), functions);
  return { root, bytes, hash: functions.blake3(bytes) };
}

/**
 * Decodes and checks a root. Damage is `Corrupt`, a newer release's root `UnsupportedFormat`, both naming
 * `what`.
 */
export function decodeRoot(bytes: Uint8Array, what: string, functions: ManifestFunctions): LoadedRoot {
  const root = decode(v1.Root, decodeFrame('root', bytes, what, functions), what);
  checkFeatures(root.requiredFeatures, what);
  checkRoot(root, what);
  return { root, bytes, hash: functions.blake3(bytes) };
}

export function checkFeatures(features: readonly number[], what: string): void {
  const unknown = features.filter((feature) => !knownFeatures.has(feature));
  if (unknown.length === 0) return;
  throw new NacreError('UnsupportedFormat', `${what} needs features that this release does not know`, {
    context: { key: what, features: unknown },
    hint: 'Use a newer release of Nacre.',
  });
}

/** Why a well-framed root does not belong at the end of this history, or undefined when it does. */
export function voidReason(candidate: Root, slot: number, parent: LoadedRoot): string | undefined {
  const { root } = parent;
  if (toHex(candidate.dataset) !== toHex(root.dataset)) return 'it belongs to another dataset';
  if (candidate.version !== slot) return `it says version ${candidate.version}`;
  if (candidate.parent === null) return 'it names no parent';
  if (candidate.parent.version !== root.version) return `its parent is version ${candidate.parent.version}`;
  if (toHex(candidate.parent.hash) !== toHex(parent.hash)) return 'its parent has another hash';
  return undefined;
}

/** What a reader refuses in a root; a writer asks before it publishes one. */
export function checkRoot(root: Root, what: string): void {
  const fail = (reason: string): never => {
    throw new NacreError('Corrupt', `${what} is not a valid root: ${reason}`, { context: { key: what } });
  };
  if (root.dataset.byteLength !== 16) fail('its dataset id has not 16 bytes');
  if (root.lineage.byteLength !== 16) fail('its lineage has not 16 bytes');
  if (root.commitId.byteLength !== 16) fail('its commit id has not 16 bytes');
  if (root.setHash.byteLength !== 32) fail('its set hash has not 32 bytes');
  if (root.version < 1) fail('its version is 0');
  if (root.parent === null && root.version !== 1) fail('it names no parent');
  if (root.parent !== null) {
    if (root.parent.hash.byteLength !== 32) fail("its parent's hash has not 32 bytes");
    if (root.parent.version >= root.version) fail(`its parent is version ${root.parent.version}`);
  }
  checkObjects(root, what, fail);
  for (const { object } of root.olderOperations) presentObject(root.objects, object, what);
  const names = new Set<string>();
  const ids = new Set<string>();
  for (const array of root.arrays) {
    checkName(array.name, 'Corrupt');
    if (array.id.byteLength !== 16) fail(`array ${array.name} has an id of ${array.id.byteLength} bytes`);
    if (names.has(array.name)) fail(`it holds two arrays named ${array.name}`);
    if (ids.has(toHex(array.id))) fail('it holds one array twice');
    names.add(array.name);
    ids.add(toHex(array.id));
    checkArray(root, array, what, fail);
  }
}

/** Each entry of the table: what refers into it later asks no more than whether there is one. */
function checkObjects(root: Root, what: string, fail: (reason: string) => never): void {
  const objects = root.objects?.objects ?? [];
  const beginnings = new Set<number>();
  let count = 0;
  for (const [index, object] of objects.entries()) {
    if (isHole(object)) continue;
    const { id } = checkedObject(root.objects, index, what);
    beginnings.add(((id[0] ?? 0) << 24) | ((id[1] ?? 0) << 16) | ((id[2] ?? 0) << 8) | (id[3] ?? 0));
    count += 1;
  }
  // Ids that begin otherwise make keys of their own; few begin alike by chance.
  if (beginnings.size === count) return;
  const keys = new Set<string>();
  for (const [index, object] of objects.entries()) {
    if (isHole(object)) continue;
    const key = keyAt(root.objects, index, what);
    // One that is linked may be of two arrays.
    const name = isLinkedKey(key) ? toHex(object.id) : key;
    if (keys.has(name)) fail(`it names ${key} twice`);
    keys.add(name);
  }
}

function checkArray(root: Root, array: ArrayEntry, what: string, fail: (reason: string) => never): void {
  const where = `array ${array.name}`;
  if (array.scalar && (array.rowShape.length > 0 || array.liveRows > 1)) fail(`${where} is no scalar`);
  if (array.liveRows > array.nextRowId) fail(`${where} has more live rows than row ids`);
  for (const partition of array.partitions) {
    checkHeld(root, array, partition, what);
    if (partition.columns.length > 0) fail(`${where} has columns among its rows`);
  }
  for (const segment of array.segments) {
    checkSegment(root, array, segment, what, fail);
    if (segment.attributes.length > 0) fail(`${where} has a segment of columns among its rows`);
  }
  checkColumns(root, array, what, fail);
  for (const { epoch, segments } of array.indexes) {
    presentObject(root.objects, epoch, what);
    let end = 0;
    for (const segment of segments) {
      presentObject(root.objects, segment.object, what);
      if (segment.bits !== null) presentObject(root.objects, segment.bits.object, what);
      if (segment.firstRowId < end) fail(`${where} has index segments that overlap or are out of order`);
      end = segment.firstRowId + segment.rows;
    }
    if (end > array.nextRowId) fail(`${where} has an index past its last row id`);
  }
  checkAttributeIndexes(root, array, what, fail);
}

/** A partition that stands in the root. */
function checkHeld(root: Root, array: ArrayEntry, partition: Partition, what: string): void {
  const { sizeBytes } = presentObject(root.objects, partition.object, what);
  checkPartition(
    partition,
    array,
    sizeBytes,
    () => `${what}: ${keyAt(root.objects, partition.object, what)}`,
  );
}

function checkAttributeIndexes(
  root: Root,
  array: ArrayEntry,
  what: string,
  fail: (reason: string) => never,
): void {
  const where = `array ${array.name}`;
  const attributes = new Set<number>();
  for (const { attribute, segments } of array.attributeIndexes) {
    if (attribute >= array.nextAttributeId)
      fail(`${where} has an index of an attribute that was never given`);
    if (attributes.has(attribute)) fail(`${where} has two indexes of one attribute`);
    attributes.add(attribute);
    let end = 0;
    for (const { object, firstRowId, rows, directoryBytes } of segments) {
      const { sizeBytes } = presentObject(root.objects, object, what);
      if (directoryBytes > sizeBytes) fail(`${where} has an index with a directory longer than itself`);
      if (firstRowId < end) fail(`${where} has segments of an index that overlap or are out of order`);
      end = firstRowId + rows;
    }
    if (end > array.nextRowId) fail(`${where} has an index of an attribute past its last row id`);
  }
}

function checkSegment(
  root: Root,
  array: ArrayEntry,
  segment: SegmentRef,
  what: string,
  fail: (reason: string) => never,
): void {
  const where = `array ${array.name}`;
  const { sizeBytes } = presentObject(root.objects, segment.object, what);
  if (segment.headBytes > sizeBytes) fail(`${where} has a segment with a head longer than itself`);
  const hashBytes = segment.headBytes === sizeBytes ? 0 : 32;
  if (segment.headHash.byteLength !== hashBytes)
    fail(`${where} has a segment whose head hash has not ${hashBytes} bytes`);
  if (segment.firstRowId + segment.rows > array.nextRowId)
    fail(`${where} has a segment past its last row id`);
  if (segment.droppedRows > segment.rows) fail(`${where} has a segment with more dropped rows than rows`);
  if (segment.attributes.some((attribute) => attribute >= array.nextAttributeId))
    fail(`${where} has a segment of an attribute that was never given`);
}

function checkColumns(root: Root, array: ArrayEntry, what: string, fail: (reason: string) => never): void {
  const where = `array ${array.name}`;
  const [ids, names] = [new Set<number>(), new Set<string>()];
  for (const { id, name, type } of array.attributes) {
    checkAttributeName(name, 'Corrupt');
    if (id >= array.nextAttributeId) fail(`${where} has an attribute with an id that was never given`);
    if (type === v1.AttributeType.ATTRIBUTE_TYPE_UNSPECIFIED) fail(`${where} has an attribute of no type`);
    if (ids.has(id) || names.has(name)) fail(`${where} has two attributes of one id or name`);
    ids.add(id);
    names.add(name);
  }
  if (array.key !== null && !ids.has(array.key.attribute)) fail(`${where} has a key that is no attribute`);
  for (const partition of array.columns) {
    checkHeld(root, array, partition, what);
    if (partition.columns.length === 0) fail(`${where} has rows among its columns`);
  }
  for (const segment of array.columnSegments) {
    checkSegment(root, array, segment, what, fail);
    if (segment.attributes.length === 0) fail(`${where} has a segment of rows among its columns`);
  }
}

/** Bytes of one row. Unknown dtypes of newer releases raise `UnsupportedFormat`. */
export function rowBytesOf(array: ArrayEntry): number {
  const itemBytes = itemBytesOf[array.dtype];
  if (itemBytes === undefined) {
    throw new NacreError('UnsupportedFormat', `array ${array.name} has the dtype number ${array.dtype}`, {
      hint: 'Use a newer release of Nacre.',
    });
  }
  return array.rowShape.reduce((product, length) => product * length, itemBytes);
}

/** By number of the `Dtype` enumeration. */
const itemBytesOf: readonly (number | undefined)[] = [undefined, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 8, 16];

/** An entry must account for every byte of rows, and for no row that was never given an id. */
export function checkPartition(
  partition: Partition,
  array: ArrayEntry,
  sizeBytes: number,
  where: () => string,
): void {
  const fail = (reason: string): never => {
    const what = where();
    throw new NacreError('Corrupt', `${what}: ${reason}`, { context: { what } });
  };
  if (partition.columns.length > 0) {
    // How long its columns are is known to who reads them.
    if (partition.dataOffset > sizeBytes) fail(`a body at ${partition.dataOffset} of ${sizeBytes} bytes`);
    const unknown = partition.columns.find(({ attribute }) => attribute >= array.nextAttributeId);
    if (unknown !== undefined) fail(`its attribute ${unknown.attribute} was never given`);
    const ids = new Set(partition.columns.map(({ attribute }) => attribute));
    if (ids.size !== partition.columns.length) fail('it holds one attribute twice');
  }
  const expected = partition.dataOffset + partition.rows * rowBytesOf(array);
  if (partition.columns.length === 0 && expected !== sizeBytes) {
    fail(
      `${partition.rows} rows after ${partition.dataOffset} bytes make ${expected} bytes, it has ${sizeBytes}`,
    );
  }
  if (partition.rowIds === null) {
    if (partition.firstRowId + partition.rows > array.nextRowId) fail('it holds rows past the last row id');
  } else {
    if (partition.rowIds.count !== partition.rows)
      fail(`${partition.rowIds.count} ids for ${partition.rows} rows`);
    if (partition.rowIds.end > array.nextRowId) fail('it overrides rows past the last row id');
  }
}
