// The groups that parity objects tell of: what a listing shows, and the frame of one object of each group,
// which names all that belongs to it.
import { isNacreError } from '../../errors.js';
import type { ManifestFunctions } from '../../manifest/functions.js';
import { parityPrefix } from '../../manifest/keys.js';
import type { ParityMember, ParityShard } from '../../manifest/message.js';
import {
  decodeParity,
  isParityKey,
  parityFrameBytes,
  parityKey,
  type ParityPolicy,
  policyOf,
} from '../../manifest/parity.js';
import { listPages } from '../../storage/list-pages.js';
import type { CallOptions, ListEntry, ObjectStore } from '../../storage/object-store.js';
import { defined } from '../../util/assert.js';
import { mapBounded } from '../../util/bounded.js';
import { equalBytes, toHex } from '../../util/bytes.js';

/** A parity object as a listing, or a look at itself, shows it. */
export interface GroupShard {
  readonly key: string;
  /** `damaged`: its frame is. Bytes of a shard are looked at by whoever reads them. */
  readonly state: 'there' | 'missing' | 'size' | 'damaged';
  /** Undefined where it is missing. */
  readonly modifiedMs: number | undefined;
  readonly observedBytes: number | undefined;
}

export interface ParityGroup {
  /** Hexadecimal, as all ids here. */
  readonly id: string;
  readonly array: string;
  readonly policy: ParityPolicy;
  readonly members: readonly ParityMember[];
  readonly shardBytes: number;
  /** What one of its objects says. */
  readonly header: ParityShard;
  /** Length of the frame of each of its objects. */
  readonly frameBytes: number;
  readonly shards: readonly GroupShard[];
}

/** Something below `parity/` that tells of no group. */
export interface StrayParity {
  readonly entry: ListEntry;
  /** `damaged`: no group names it. `newer`: a newer release wrote it. `foreign`: it is of another dataset. */
  readonly reason: 'damaged' | 'newer' | 'foreign';
}

export interface FoundParity {
  /** By id. */
  readonly groups: readonly ParityGroup[];
  readonly strays: readonly StrayParity[];
}

export function isWhole({ shards }: ParityGroup): boolean {
  return shards.every(({ state }) => state === 'there');
}

/** Bytes of one of its objects. */
export function objectBytesOf({ frameBytes, shardBytes }: Pick<ParityGroup, 'frameBytes' | 'shardBytes'>) {
  return frameBytes + shardBytes;
}

/** When the last of its objects came; 0 where none is there. */
export function newestMs({ shards }: ParityGroup): number {
  return shards.reduce((newest, { modifiedMs = 0 }) => Math.max(newest, modifiedMs), 0);
}

/** When the first of those that are there came. */
export function oldestMs({ shards }: ParityGroup): number {
  const times = shards.flatMap(({ modifiedMs }) => modifiedMs ?? []);
  return times.length === 0 ? 0 : Math.min(...times);
}

/** Frames read at once. */
const readsAtOnce = 16;

/** Most frames are shorter: one request. */
const firstRead = 65_536;

export interface ParityFrame {
  readonly header: ParityShard;
  readonly frameBytes: number;
  /** Of the whole object. */
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/**
 * Undefined where there is no such key. Errors: `Corrupt`, `UnsupportedFormat`. Cost: one request, two for
 * shards of more than half a GiB.
 */
export async function readParityFrame(
  store: ObjectStore,
  key: string,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<ParityFrame | undefined> {
  // Twice: bytes may be hurt on their way.
  const again = await readFrame(store, key, functions, options).catch((error: unknown) => {
    if (isNacreError(error, 'Corrupt')) return 'again' as const;
    throw error;
  });
  return again === 'again' ? readFrame(store, key, functions, options) : again;
}

async function readFrame(
  store: ObjectStore,
  key: string,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<ParityFrame | undefined> {
  const first = await store.get(key, { ...options, range: { start: 0, end: firstRead } });
  if (first === undefined) return undefined;
  const frameBytes = parityFrameBytes(first.bytes) ?? first.bytes.byteLength;
  const whole =
    frameBytes <= first.bytes.byteLength
      ? first
      : await store.get(key, { ...options, range: { start: 0, end: frameBytes } });
  if (whole === undefined) return undefined;
  const header = decodeParity(whole.bytes.subarray(0, frameBytes), key, functions);
  return { header, frameBytes, sizeBytes: whole.sizeBytes, modifiedMs: whole.modifiedMs };
}

/**
 * Everything below `parity/` of a dataset; undefined takes any. Cost: a LIST for 1,000 objects, a GET for
 * each group, a HEAD for each object of one that is not listed as it should be.
 */
export async function findParity(
  store: ObjectStore,
  dataset: Uint8Array | undefined,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<FoundParity> {
  const entries = new Map<string, ListEntry>();
  for await (const page of listPages(store, { ...options, prefix: parityPrefix }))
    for (const entry of page) if (isParityKey(entry.key)) entries.set(entry.key, entry);
  const frames = new Map<string, ParityFrame>();
  const named = new Set<string>();
  const strays = new Map<string, StrayParity>();
  const unread = [...entries.keys()];
  while (unread.length > 0) {
    const some = unread.splice(0, readsAtOnce).filter((key) => !named.has(key));
    await mapBounded(some, readsAtOnce, async (key) => {
      const frame = await readParityFrame(store, key, functions, options).catch(reasonOf);
      if (frame === undefined) return;
      const entry = defined(entries.get(key), 'entry of a key');
      if (typeof frame === 'string') strays.set(key, { entry, reason: frame });
      else if (dataset !== undefined && !equalBytes(frame.header.dataset, dataset))
        strays.set(key, { entry, reason: 'foreign' });
      else {
        frames.set(toHex(frame.header.group), frame);
        for (const { id } of frame.header.shards) named.add(parityKey(id));
      }
    });
  }
  const groups = await mapBounded([...frames.values()], readsAtOnce, (frame) =>
    groupOf(store, frame, entries, strays, options),
  );
  return {
    groups: groups.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    strays: [...strays.values()].filter(({ entry }) => !named.has(entry.key)),
  };
}

function reasonOf(error: unknown): 'damaged' | 'newer' {
  if (isNacreError(error, 'Corrupt')) return 'damaged';
  if (isNacreError(error, 'UnsupportedFormat')) return 'newer';
  throw error;
}

async function groupOf(
  store: ObjectStore,
  { header, frameBytes }: ParityFrame,
  entries: ReadonlyMap<string, ListEntry>,
  strays: ReadonlyMap<string, StrayParity>,
  options: CallOptions,
): Promise<ParityGroup> {
  const { shardBytes, members } = header;
  const sizeBytes = objectBytesOf({ frameBytes, shardBytes });
  const shards = header.shards.map(async ({ id }): Promise<GroupShard> => {
    const key = parityKey(id);
    const listed = entries.get(key);
    // A listing may be older than what it lists.
    const entry = listed?.sizeBytes === sizeBytes ? listed : await store.head(key, options);
    if (entry === undefined)
      return { key, state: 'missing', modifiedMs: undefined, observedBytes: undefined };
    const { modifiedMs, sizeBytes: observedBytes } = entry;
    const state = observedBytes !== sizeBytes ? 'size' : strays.has(key) ? 'damaged' : 'there';
    return { key, state, modifiedMs, observedBytes };
  });
  return {
    ...{ id: toHex(header.group), array: toHex(header.array), header, members, shardBytes, frameBytes },
    policy: defined(policyOf(header.policy), 'policy of a group'),
    shards: await Promise.all(shards),
  };
}
