// Whether parity objects are there and right: by listings and the frames that name them, or by reading them.
// Groups that no kept version needs a member of are no matter.
import { isNacreError } from '../../errors.js';
import { areSiblings } from '../../manifest/parity.js';
import { packBlockSums } from '../../manifest/upload.js';
import type { CallOptions } from '../../storage/object-store.js';
import { callOptions } from '../../storage/wrap/forwarding.js';
import { equalBytes, toHex } from '../../util/bytes.js';
import { digestObject, isDiskFailure, pieceBytesOf } from '../digest.js';
import type { ReadEnvironment } from '../environment.js';
import type { DamagedObject, DamageKind } from '../scrub/finding.js';
import type { Pace } from '../scrub/pace.js';
import type { Survey } from '../scrub/survey.js';
import { type FoundParity, objectBytesOf, oldestMs, type ParityGroup, readParityFrame } from './groups.js';
import { shardView } from './shard-view.js';

/** A shard of a group. */
export interface ShardOfGroup {
  readonly group: ParityGroup;
  /** From 0 on. */
  readonly number: number;
}

export interface DamagedShard extends ShardOfGroup {
  readonly object: DamagedObject;
}

export interface ListedShards {
  readonly damaged: readonly DamagedShard[];
  readonly there: readonly ShardOfGroup[];
}

/** A group all of whose objects came later may be on its way: the rest takes no hour. */
const unfinishedMs = 3_600_000;

/** What listings and frames tell. */
export function listedShards(found: Survey, parity: FoundParity, nowMs: number): ListedShards {
  const hashes = new Map([...found.objects.values()].map(({ object }) => [object.key, object.hash]));
  const damaged: DamagedShard[] = [];
  const there: ShardOfGroup[] = [];
  for (const group of parity.groups) {
    const isNeeded = group.members.some(({ key, hash }) => equalBytes(hashes.get(key) ?? none, hash));
    if (!isNeeded) continue;
    const isUnfinished = oldestMs(group) >= nowMs - unfinishedMs;
    for (const [number, { state, observedBytes }] of group.shards.entries()) {
      const shard = { group, number };
      if (state === 'there') there.push(shard);
      else if (state === 'missing' && isUnfinished) continue;
      else {
        const kind = state === 'damaged' ? 'blocks' : state;
        damaged.push({ ...shard, object: damagedShard(found, shard, kind, observedBytes) });
      }
    }
  }
  return { damaged, there };
}

const none = new Uint8Array(0);

export function damagedShard(
  { head }: Survey,
  { group, number }: ShardOfGroup,
  damage: DamageKind,
  observedBytes?: number,
): DamagedObject {
  const array = head.root.arrays.find(({ id }) => toHex(id) === group.array)?.name;
  return {
    ...{ key: group.shards[number]?.key ?? '', kind: 'parity', damage, versions: [] },
    ...(array === undefined ? {} : { array }),
    sizeBytes: objectBytesOf(group),
    ...(observedBytes === undefined ? {} : { observedBytes }),
  };
}

/** What stands in the notes of scrubs for it. */
export function shardId({ group, number }: ShardOfGroup): string {
  return toHex(group.header.shards[number]?.id ?? none);
}

export interface CheckShardOptions extends CallOptions {
  readonly pace?: Pace;
  readonly onBytes?: (bytes: number) => void;
}

/** Reads a shard; undefined when all is right. Bytes that differ are read again before they count. */
export async function checkShard(
  environment: ReadEnvironment,
  shard: ShardOfGroup,
  options: CheckShardOptions,
): Promise<DamageKind | undefined> {
  const { onBytes: _, ...again } = options;
  const first = await checkOnce(environment, shard, options);
  return first === undefined ? undefined : checkOnce(environment, shard, again);
}

async function checkOnce(
  environment: ReadEnvironment,
  { group, number }: ShardOfGroup,
  { pace, onBytes, ...options }: CheckShardOptions,
): Promise<DamageKind | undefined> {
  const key = group.shards[number]?.key ?? '';
  const { store, functions } = environment;
  const { frameBytes, header, shardBytes } = group;
  try {
    const frame = await readParityFrame(store, key, functions, callOptions(options));
    if (frame === undefined) return 'missing';
    if (frame.sizeBytes !== objectBytesOf(group)) return 'size';
    if (frame.frameBytes !== frameBytes || !areSiblings(frame.header, header)) return 'blocks';
    const { blockBytes, blocks } = frame.header;
    const view = shardView(environment, frameBytes);
    const read = await digestObject(view, key, {
      ...callOptions(options),
      ...{ blockBytes, expectedBytes: shardBytes },
      ...(onBytes === undefined ? {} : { onBytes }),
      ...(pace === undefined
        ? {}
        : {
            pace: (bytes: number) => pace.take(bytes, options.signal),
            pieceBytes: pace.pieceBytes(pieceBytesOf(view)),
          }),
    });
    if (read === undefined) return 'missing';
    if (read.sizeBytes !== shardBytes) return 'size';
    const isRight =
      equalBytes(read.digest.blake3, header.shards[number]?.hash ?? none) &&
      equalBytes(packBlockSums(read.digest.blocks), blocks);
    return isRight ? undefined : 'blocks';
  } catch (error) {
    if (isDiskFailure(error)) return 'unreadable';
    if (isNacreError(error, 'Corrupt')) return 'blocks';
    throw error;
  }
}
