// Segments: immutable leaves of a large manifest. A segment holds partition entries of one array, of its rows
// or of its columns.
//
//   hot part   a frame: the object table, the entries (row ids count from the segment's first row)
//   cold part  tables of block sums that are too long for the hot part; it has the CRC32C of each
//
// The root names a segment by the hash of its hot part, so that either part can be read and checked alone.
import { NacreError } from '../errors.js';
import { assert, defined } from '../util/assert.js';
import { concat, equalBytes } from '../util/bytes.js';
import { renumbered } from './attributes.js';
import { hasLinks, linkMarks } from './features.js';
import { decodeFrame, encodeFrame } from './frame.js';
import type { ManifestFunctions } from './functions.js';
import { segmentPattern } from './keys.js';
import {
  type ArrayEntry,
  decode,
  encode,
  evolve,
  make,
  type Partition,
  type Segment,
  type SegmentRef,
  v1,
} from './message.js';
import { type NewObject, resolveObject, type StoredObject, TableBuilder } from './objects.js';
import { checkFeatures, checkPartition } from './root.js';
import type { PartitionDraft, SegmentDraft } from './transaction.js';
import { describeObject, type UploadEnvironment } from './upload.js';

/**
 * Tables up to this many bytes (1 MiB of data) stand in the hot part; longer ones would crowd out the
 * entries.
 */
const hotTableBytes = 64;

/** Entries of one segment at most: a commit that folds a root's entries stays within 64 KiB of manifest. */
export const segmentEntryLimit = 256;

/** Bytes of entries of one segment, about: a frame of a segment has 4 MiB at most. */
export const segmentBytesLimit = 2 ** 20;

export interface SegmentEntry {
  readonly object: NewObject;
  /**
   * Its numbers: a base partition's row ids count from the segment's first row. The slot of the object is
   * set when the segment is built; unknown fields of a newer release are kept.
   */
  readonly partition: Partition;
}

export interface BuiltSegment {
  readonly bytes: Uint8Array;
  readonly draft: SegmentDraft;
}

type Making = Pick<UploadEnvironment, 'functions' | 'runtime'>;

/** A segment of partitions that a transaction appends, in their order. */
export function buildAppendSegment(partitions: readonly PartitionDraft[], environment: Making): BuiltSegment {
  let end = 0;
  const entries = partitions.map(({ object, rows, dataOffset, columns = [] }): SegmentEntry => {
    const firstRowId = end;
    end += rows;
    return { object, partition: make(v1.Partition, { rows, dataOffset, firstRowId, columns }) };
  });
  return buildSegment(entries, end, environment);
}

/** `rows`: the row ids that the segment covers. */
export function buildSegment(
  entries: readonly SegmentEntry[],
  rows: number,
  environment: Making,
): BuiltSegment {
  assert(entries.length > 0 && entries.length <= segmentEntryLimit, 'a segment has 1 to 256 entries');
  const { functions } = environment;
  const table = new TableBuilder(null);
  const cold: Uint8Array[] = [];
  let coldBytes = 0;
  const partitions = entries.map(({ object, partition }) => {
    const { blocks } = object;
    const isCold = blocks.byteLength > hotTableBytes;
    const slot = table.add(
      object,
      isCold ? { offset: coldBytes, crc32c: functions.crc32c(blocks) } : undefined,
    );
    if (isCold) {
      cold.push(blocks);
      coldBytes += blocks.byteLength;
    }
    return evolve(partition, { object: slot });
  });
  const objects = table.build();
  const segment = make(v1.Segment, { ...linkMarks(hasLinks(objects)), objects, partitions, coldBytes });
  const head = encodeFrame('segment', encode(v1.Segment, segment), functions);
  const bytes = concat([head, ...cold]);
  const draft: SegmentDraft = {
    object: describeObject(segmentPattern, bytes, environment),
    headBytes: head.byteLength,
    headHash: coldBytes === 0 ? new Uint8Array(0) : functions.blake3(head),
    rows,
    partitions: entries.length,
    members: entries.map(({ object }) => object.id),
    namesLinks: hasLinks(objects),
  };
  return { bytes, draft };
}

/**
 * Decodes the hot part that a root names, checks it against the reference, and makes its row ids absolute.
 */
export function decodeSegment(
  head: Uint8Array,
  reference: SegmentRef,
  object: StoredObject,
  array: ArrayEntry,
  functions: ManifestFunctions,
): Segment {
  const { key } = object;
  const fail = (reason: string): never => {
    throw new NacreError('Corrupt', `${key} ${reason}`, { context: { key } });
  };
  const expected = reference.headBytes === object.sizeBytes ? object.hash : reference.headHash;
  if (!equalBytes(functions.blake3(head), expected)) fail('differs from its hash in the manifest');
  const segment = decode(v1.Segment, decodeFrame('segment', head, key, functions), key);
  checkFeatures(segment.requiredFeatures, key);
  if (segment.partitions.length !== reference.partitions) {
    fail(`holds ${segment.partitions.length} partitions, the root says ${reference.partitions}`);
  }
  let next = reference.firstRowId;
  const partitions = segment.partitions.map((partition): Partition => {
    const firstRowId = reference.overrides ? 0 : partition.firstRowId + reference.firstRowId;
    const attributeOf = (place: number): number =>
      reference.attributes[place] ?? fail(`names attribute ${place} of ${reference.attributes.length}`);
    const absolute = renumbered(evolve(partition, { firstRowId }), attributeOf);
    const { key: objectKey, sizeBytes } = resolveObject(segment.objects, partition.object, key);
    checkPartition(absolute, array, sizeBytes, () => `${key}: ${objectKey}`);
    if (partition.columns.length > 0 !== reference.attributes.length > 0) fail('mixes rows and columns');
    if ((partition.rowIds !== null) !== reference.overrides) fail('mixes overrides with other partitions');
    if (!reference.overrides && firstRowId !== next) fail('has a gap or an overlap between its partitions');
    next += partition.rows;
    return absolute;
  });
  if (!reference.overrides && next !== reference.firstRowId + reference.rows)
    fail('has not the rows that it should');
  return evolve(segment, { partitions });
}

/** Where the table of an object stands in its segment; undefined when it is at hand. */
export function coldRange(
  object: StoredObject,
  reference: SegmentRef,
): { start: number; end: number } | undefined {
  if (object.blocks instanceof Uint8Array) return undefined;
  const start = reference.headBytes + object.blocks.coldOffset;
  return { start, end: start + object.blocks.coldBytes };
}

/** Checks a table that was read from the cold part of the segment `key`. */
export function checkColdTable(
  table: Uint8Array,
  object: StoredObject,
  key: string,
  functions: ManifestFunctions,
): void {
  assert(!(object.blocks instanceof Uint8Array), 'only a cold table is checked so');
  const { coldBytes, crc32c } = object.blocks;
  if (table.byteLength === coldBytes && functions.crc32c(table) === crc32c) return;
  throw new NacreError('Corrupt', `${key}: the block sums of ${object.key} are damaged`, {
    context: { key },
  });
}

/** The object of an entry of a decoded segment. */
export function objectOf(segment: Segment, partition: Partition, key: string): StoredObject {
  return resolveObject(defined(segment.objects, 'object table'), partition.object, key);
}
