// What is noted of the build of an index, as bytes. They passed a checksum, so they are what this release
// wrote; still nothing of them is taken that could not be.
import type { KeyPattern } from '../manifest/keys.js';
import { blockCount, defaultBlockBytes, type NewObject } from '../manifest/objects.js';
import type { IndexSegmentDraft } from '../manifest/transaction.js';
import { assert, defined } from '../util/assert.js';
import { fromHex, toHex, utf8 } from '../util/bytes.js';
import type { NearestRows } from './nearest-rows.js';

/** How rows are coded. */
export interface TrainedRecord {
  readonly epoch: NewObject;
  /** The rows that there were, and the id after the last of them. */
  readonly rows: number;
  readonly endRowId: number;
}

/** A segment without what its run says of it. */
export type SegmentRecord = Omit<IndexSegmentDraft, 'firstRowId' | 'rows'>;

export interface SegmentEntry {
  readonly newRows: number;
  readonly segment: SegmentRecord;
  /** A row set: those that it leaves out, where it does. */
  readonly gone?: Uint8Array | undefined;
}

export interface BuildRecord {
  /**
   * The newest version when the first of its objects was uploaded; 0 where an earlier release did not note
   * it.
   */
  readonly since: number;
  readonly trained?: TrainedRecord | undefined;
  /** By their runs. */
  readonly segments: ReadonlyMap<string, SegmentEntry>;
  /** A hash of the rows that recall is measured by, and the nearest of each in the segments above. */
  readonly queries?: string | undefined;
  readonly nearest?: readonly NearestRows[] | undefined;
}

type Json = Readonly<Record<string, unknown>>;

export function encodeRecord({ since, trained, segments, queries, nearest }: BuildRecord): Uint8Array {
  const json = {
    since,
    trained: trained && { ...trained, epoch: jsonOf(trained.epoch) },
    segments: Array.from(segments, ([run, { newRows, segment, gone }]) => {
      const { object, bits, ...of } = segment;
      const left = gone && Buffer.from(gone).toString('base64');
      return { run, newRows, object: jsonOf(object), bits: bits && jsonOf(bits), gone: left, of };
    }),
    queries,
    nearest: nearest && {
      counts: packed([Float64Array.from(nearest, ({ ids }) => ids.length)]),
      ids: packed(nearest.map(({ ids }) => ids)),
      keys: packed(nearest.map(({ keys }) => keys)),
      marks: packed(nearest.map(({ marks }) => marks)),
    },
  };
  return utf8.encode(JSON.stringify(json));
}

/** Throws for what cannot be; keys of objects are those of `pattern`. */
export function decodeRecord(bytes: Uint8Array, pattern: KeyPattern): BuildRecord {
  const { since, trained, segments, queries, nearest } = JSON.parse(utf8.decode(bytes)) as Json;
  return {
    since: since === undefined ? 0 : count(since),
    trained: trained === undefined ? undefined : trainedOf(trained as Json, pattern),
    segments: new Map((segments as Json[]).map((one) => entryOf(one, pattern))),
    queries: typeof queries === 'string' ? queries : undefined,
    nearest: nearest === undefined ? undefined : nearestOf(nearest as Json),
  };
}

function trainedOf({ epoch, rows, endRowId }: Json, pattern: KeyPattern): TrainedRecord {
  return { epoch: objectOf(epoch as Json, pattern), rows: count(rows), endRowId: count(endRowId) };
}

function entryOf({ run, newRows, object, bits, gone, of }: Json, pattern: KeyPattern) {
  const { headBytes, headCrc, leastNorm, mostNorm } = of as Json;
  assert(typeof run === 'string', 'a run is named');
  const segment: SegmentRecord = {
    object: objectOf(object as Json, pattern),
    ...(bits === undefined ? {} : { bits: objectOf(bits as Json, pattern) }),
    ...(headBytes === undefined ? {} : { headBytes: count(headBytes), headCrc: count(headCrc) }),
    ...(leastNorm === undefined ? {} : { leastNorm: Number(leastNorm), mostNorm: Number(mostNorm) }),
  };
  const left = typeof gone === 'string' ? { gone: new Uint8Array(Buffer.from(gone, 'base64')) } : {};
  return [run, { newRows: count(newRows), segment, ...left }] as const;
}

function jsonOf({ id, sizeBytes, hash, crc32c, blocks, blockBytes }: NewObject): Json {
  const packedBlocks = Buffer.from(blocks).toString('base64');
  return { id: toHex(id), sizeBytes, hash: toHex(hash), crc32c, blocks: packedBlocks, blockBytes };
}

function objectOf(json: Json, pattern: KeyPattern): NewObject {
  const sizeBytes = count(json['sizeBytes']);
  const blockBytes = json['blockBytes'] === undefined ? undefined : count(json['blockBytes']);
  const blocks = new Uint8Array(Buffer.from(String(json['blocks']), 'base64'));
  const sums = blockCount(sizeBytes, blockBytes ?? defaultBlockBytes);
  assert(blocks.byteLength === 4 * sums, 'every block has its sum');
  return {
    pattern,
    id: hexOf(json['id'], 16),
    sizeBytes,
    hash: hexOf(json['hash'], 32),
    crc32c: count(json['crc32c']),
    blocks,
    ...(blockBytes === undefined ? {} : { blockBytes }),
  };
}

function nearestOf({ counts, ids, keys, marks }: Json): NearestRows[] {
  const all = { ids: unpacked(ids), keys: unpacked(keys), marks: unpacked(marks) };
  const lengths = unpacked(counts);
  const total = lengths.reduce((sum, length) => sum + count(length), 0);
  const isWhole = Object.values(all).every(({ length }) => length === total);
  assert(isWhole, 'each row has an id, a key and a mark');
  let end = 0;
  return Array.from(lengths, (length) => {
    const start = end;
    end += length;
    const [ids, keys, marks] = [all.ids, all.keys, all.marks].map((of) => of.slice(start, end));
    return {
      ids: defined(ids, 'ids'),
      keys: defined(keys, 'keys'),
      marks: defined(marks, 'marks'),
    };
  });
}

function packed(numbers: readonly Float64Array[]): string {
  const bytes = numbers.map((some) => Buffer.from(some.buffer, some.byteOffset, some.byteLength));
  return Buffer.concat(bytes).toString('base64');
}

function unpacked(text: unknown): Float64Array {
  const bytes = new Uint8Array(Buffer.from(String(text), 'base64'));
  return new Float64Array(bytes.buffer, 0, bytes.byteLength / 8);
}

function count(value: unknown): number {
  assert(Number.isSafeInteger(value) && Number(value) >= 0, 'a count is whole');
  return Number(value);
}

function hexOf(text: unknown, length: number): Uint8Array {
  const bytes = defined(fromHex(String(text)), 'hexadecimal digits');
  assert(bytes.byteLength === length, 'an id and a hash have their lengths');
  return bytes;
}
