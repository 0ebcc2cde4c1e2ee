// Whether objects are as the manifest says: by listings, or by reading them.
import { isNacreError } from '../../errors.js';
import type { ObjectDigest } from '../../native.js';
import { isLinkedKey } from '../../manifest/keys.js';
import { unpackBlockSums } from '../../manifest/upload.js';
import type { ByteRange, CallOptions, ObjectStore } from '../../storage/object-store.js';
import { runsOf } from '../../storage/wrap/blocks.js';
import { mapBounded } from '../../util/bounded.js';
import { equalBytes, toHex } from '../../util/bytes.js';
import { digestObject, isDiskFailure, pieceBytesOf } from '../digest.js';
import type { ReadEnvironment, UpkeepEnvironment } from '../environment.js';
import type { DamageKind } from './finding.js';
import { Rooms } from '../rooms.js';
import type { Pace } from './pace.js';
import type { ColdPlace, Surveyed } from './survey.js';
import { listPages } from '../../storage/list-pages.js';

/** Objects asked for side by side. */
const headsAtOnce = 16;

/** Objects read at once at most: enough that the pool has work while bytes come. */
const objectsAtOnce = 8;

/** As many of them as memory has room for: of a bucket two pieces of each are held. */
export function objectsAhead(environment: UpkeepEnvironment): number {
  const room = Math.floor(environment.memoryBytes / (2 * pieceBytesOf(environment)));
  return Math.max(1, Math.min(objectsAtOnce, room));
}

/** For two pieces of each of them. */
export function roomsFor(environment: UpkeepEnvironment): Rooms {
  return new Rooms(2 * objectsAhead(environment), environment.native);
}

export interface ObjectDamage {
  readonly kind: DamageKind;
  readonly observedBytes?: number;
  readonly blocks?: readonly { readonly start: number; readonly end: number }[];
  /** BLAKE3 of what is there, hexadecimal. */
  readonly observed?: string;
}

/** Objects that are listed and that no kept version needs: uploads under way, and what clean-up may take. */
export interface Unreferenced {
  readonly objects: number;
  readonly sizeBytes: number;
}

export interface Listed {
  readonly damage: ReadonlyMap<Surveyed, ObjectDamage>;
  readonly unreferenced: Unreferenced;
}

/**
 * Compares keys and sizes with listings of the folders that the objects are in, page by page. What a listing
 * does not show, or shows with another size, is asked for by itself. Cost: a LIST for each 1,000 keys, a HEAD
 * for each object that is not as it should be, or is linked.
 */
export async function checkListed(
  store: ObjectStore,
  objects: Iterable<Surveyed>,
  options: CallOptions,
): Promise<Listed> {
  const byKey = new Map<string, Surveyed[]>();
  for (const one of objects) byKey.set(one.object.key, [...(byKey.get(one.object.key) ?? []), one]);
  const folders = new Set(['arrays/', 'segments/', 'indexes/']);
  // What is linked lies in folders of others, where who knows what else is.
  for (const key of byKey.keys()) if (!isLinkedKey(key)) folders.add(`${key.split('/', 1)[0] ?? ''}/`);
  const right = new Set<Surveyed>();
  const unreferenced = { objects: 0, sizeBytes: 0 };
  for (const prefix of folders) {
    for await (const page of listPages(store, { ...options, prefix })) {
      for (const { key, sizeBytes } of page) {
        const wanted = byKey.get(key);
        for (const one of wanted ?? []) if (one.object.sizeBytes === sizeBytes) right.add(one);
        if (wanted !== undefined) continue;
        unreferenced.objects += 1;
        unreferenced.sizeBytes += sizeBytes;
      }
    }
  }
  const damage = new Map<Surveyed, ObjectDamage>();
  const unseen = [...byKey.values()].flat().filter((one) => !right.has(one));
  const heads = await mapBounded(unseen, headsAtOnce, ({ object }) => store.head(object.key, options));
  for (const [i, one] of unseen.entries()) {
    const head = heads[i];
    if (head === undefined) damage.set(one, { kind: 'missing' });
    else if (head.sizeBytes !== one.object.sizeBytes)
      damage.set(one, { kind: 'size', observedBytes: head.sizeBytes });
  }
  return { damage, unreferenced };
}

/** All tables of a segment, by its key; few of them. */
export type ColdParts = Map<string, Promise<Uint8Array | undefined>>;

/** Segments whose tables are held: a full scrub comes to what a segment names in a row. */
const heldParts = 4;

export interface CheckOptions extends CallOptions {
  /** For who checks what segments name in their order: their tables are then read together. */
  readonly coldParts?: ColdParts;
  /** Memory for who checks many objects. */
  readonly rooms?: Rooms;
  readonly pace?: Pace;
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Reads an object and compares every block, and the whole. Bytes that differ are read again before they count
 * as damaged. Undefined when all is right.
 */
export async function checkBytes(
  environment: ReadEnvironment,
  one: Surveyed,
  options: CheckOptions = {},
): Promise<ObjectDamage | undefined> {
  const { onBytes, ...again } = options;
  const first = await checkOnce(environment, one, options);
  return first === undefined || first.kind === 'manifest' ? first : checkOnce(environment, one, again);
}

async function checkOnce(
  environment: ReadEnvironment,
  one: Surveyed,
  { pace, onBytes, coldParts, rooms, ...call }: CheckOptions,
): Promise<ObjectDamage | undefined> {
  const { key, sizeBytes, hash, blockBytes } = one.object;
  const reading = digestObject(environment, key, {
    ...call,
    blockBytes,
    expectedBytes: sizeBytes,
    ...(rooms && { rooms }),
    ...(onBytes && { onBytes }),
    ...(pace === undefined
      ? {}
      : {
          pace: (bytes) => pace.take(bytes, call.signal),
          pieceBytes: pace.pieceBytes(pieceBytesOf(environment)),
        }),
  });
  const read = await reading.catch((error: unknown) => {
    if (isDiskFailure(error)) return 'unreadable' as const;
    throw error;
  });
  if (read === undefined) return { kind: 'missing' };
  if (read === 'unreadable') return { kind: 'unreadable' };
  const { digest } = read;
  const observed = toHex(digest.blake3);
  if (read.sizeBytes !== sizeBytes) return { kind: 'size', observedBytes: read.sizeBytes, observed };
  const isRight = equalBytes(digest.blake3, hash);
  const blocks = await differing(environment, one, digest, call, coldParts);
  if (isRight) return blocks === undefined || blocks.length === 0 ? undefined : { kind: 'manifest', blocks };
  return { kind: 'blocks', observed, ...(blocks === undefined ? {} : { blocks }) };
}

/** Runs of blocks that differ from their sums; undefined where the sums cannot be had. */
async function differing(
  { store, functions }: ReadEnvironment,
  { object: { blocks }, cold }: Surveyed,
  digest: ObjectDigest,
  call: CallOptions,
  parts: ColdParts | undefined,
): Promise<{ start: number; end: number }[] | undefined> {
  let table: Uint8Array | undefined;
  if (blocks instanceof Uint8Array) table = blocks;
  else if (cold !== undefined) {
    const bytes = await coldTable(store, cold, call, parts);
    // A segment whose cold part is damaged is a finding of its own.
    if (bytes !== undefined && functions.crc32c(bytes) === blocks.crc32c) table = bytes;
  }
  if (table === undefined || table.byteLength !== 4 * digest.blocks.length) return undefined;
  const sums = unpackBlockSums(table);
  const damaged: number[] = [];
  for (const [i, sum] of digest.blocks.entries()) if (sums[i] !== sum) damaged.push(i);
  return runsOf(damaged).map(({ start, end }) => ({ start, end }));
}

async function coldTable(
  store: ObjectStore,
  { key, range, all }: ColdPlace,
  call: CallOptions,
  parts: ColdParts | undefined,
): Promise<Uint8Array | undefined> {
  const read = (wanted: ByteRange): Promise<Uint8Array | undefined> =>
    store.get(key, { ...call, range: wanted }).then(
      (body) => body?.bytes,
      (error: unknown) => {
        if (isNacreError(error, 'Corrupt')) return undefined;
        throw error;
      },
    );
  if (parts === undefined) return read(range);
  let part = parts.get(key);
  if (part === undefined) {
    part = read(all);
    parts.set(key, part);
    const [oldest] = parts.keys();
    if (parts.size > heldParts && oldest !== undefined) parts.delete(oldest);
  }
  return (await part)?.subarray(range.start - all.start, range.end - all.start);
}
