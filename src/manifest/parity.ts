// Parity objects: a frame that says all of its group, then the bytes of one shard. No root names them, so
// each tells what belongs together, and any one that is left tells how the others were. Pure.
import { NacreError } from '../errors.js';
import { equalBytes } from '../util/bytes.js';
import { decodeFrame, encodeFrame, frameBytes } from './frame.js';
import type { ManifestFunctions } from './functions.js';
import { isLinkedKey, objectKey, parityPattern, parityPrefix, parseDataKey } from './keys.js';
import { decode, encode, evolve, make, type Parity, type ParityShard, v1 } from './message.js';
import { blockCount, defaultBlockBytes } from './objects.js';
import { checkFeatures } from './root.js';

export interface ParityPolicy {
  /** Objects of a group at most, 1 to 64. */
  readonly dataShards: number;
  /** Objects of parity that each group gets, 1 to 16: so many of the group may be lost. */
  readonly parityShards: number;
}

const mostData = 64;
const mostParity = 16;

/** Shards are whole chunks of the code. */
const chunkBytes = 64;

function isPolicy({ dataShards, parityShards }: ParityPolicy): boolean {
  const within = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most;
  return within(dataShards, mostData) && within(parityShards, mostParity);
}

/** As a root holds it. `InvalidArgument` outside of the limits. */
export function parityOf(policy: ParityPolicy): Parity {
  if (isPolicy(policy)) return make(v1.Parity, policy);
  const { dataShards, parityShards } = policy;
  throw new NacreError('InvalidArgument', `${dataShards}+${parityShards} is no parity`, {
    context: { dataShards, parityShards },
    hint: `Give 1 to ${mostData} objects a group and 1 to ${mostParity} of parity, such as 8+2.`,
  });
}

/** Undefined where there is none, or one that this release cannot make. */
export function policyOf(parity: Parity | null | undefined): ParityPolicy | undefined {
  if (parity === null || parity === undefined || !isPolicy(parity)) return undefined;
  return { dataShards: parity.dataShards, parityShards: parity.parityShards };
}

export function samePolicy(a: ParityPolicy, b: ParityPolicy): boolean {
  return a.dataShards === b.dataShards && a.parityShards === b.parityShards;
}

/** Length of the shards of members of these lengths. */
export function shardBytesOf(sizes: readonly number[]): number {
  const longest = sizes.reduce((most, size) => Math.max(most, size), 1);
  return Math.ceil(longest / chunkBytes) * chunkBytes;
}

export function parityKey(id: Uint8Array): string {
  return objectKey(parityPattern, id);
}

/** The key of a parity object of this release. */
export function isParityKey(key: string): boolean {
  return key.startsWith(parityPrefix) && parseDataKey(key) !== undefined;
}

/** The frame of one shard of a group. */
export function encodeParity(shard: ParityShard, functions: ManifestFunctions): Uint8Array {
  return encodeFrame('parity', encode(v1.ParityShard, shard), functions);
}

/** Another shard of the same group. Frames of one group have one length. */
export function siblingOf(shard: ParityShard, number: number, blocks: Uint8Array): ParityShard {
  return evolve(shard, { number, blocks });
}

/** Length of the frame that begins with these bytes; undefined where they begin none. */
export function parityFrameBytes(start: Uint8Array): number | undefined {
  return frameBytes('parity', start);
}

/**
 * A parity object by its frame. `Corrupt` for what is none; `UnsupportedFormat` for one that needs a newer
 * release.
 */
export function decodeParity(frame: Uint8Array, key: string, functions: ManifestFunctions): ParityShard {
  const shard = decode(v1.ParityShard, decodeFrame('parity', frame, key, functions), key);
  checkFeatures(shard.requiredFeatures, key);
  const reason = whyNot(shard, key);
  if (reason === undefined) return shard;
  throw new NacreError('Corrupt', `${key} is no valid parity: ${reason}`, { context: { key } });
}

function whyNot(shard: ParityShard, key: string): string | undefined {
  const { dataset, array, group, policy, number, shardBytes, members, shards, blockBytes, blocks } = shard;
  if ([dataset, array, group].some(({ byteLength }) => byteLength !== 16))
    return 'an id is not 16 bytes long';
  if (policy === null || !isPolicy(policy)) return 'its group has no shape';
  if (members.length < 1 || members.length > policy.dataShards) return `it has ${members.length} members`;
  if (shards.length !== policy.parityShards) return `it names ${shards.length} shards`;
  if (shards.some(({ id, hash }) => id.byteLength !== 16 || hash.byteLength !== 32))
    return 'it names shards of no form';
  const own = shards[number - 1];
  if (own === undefined) return `it is the shard ${number} of ${shards.length}`;
  if (parityKey(own.id) !== key) return 'it is another key';
  for (const member of members) {
    const isOwn = parseDataKey(member.key) !== undefined && !member.key.startsWith(parityPrefix);
    const isData = isOwn || isLinkedKey(member.key);
    if (!isData || member.hash.byteLength !== 32) return 'it names members of no form';
  }
  if (new Set(members.map((member) => member.key)).size !== members.length) return 'it names a member twice';
  if (shardBytes !== shardBytesOf(members.map(({ sizeBytes }) => sizeBytes)))
    return 'its shards are not as long as its members are';
  const isBlock = blockBytes > 0 && blockBytes % chunkBytes === 0;
  if (!isBlock || blocks.byteLength !== 4 * blockCount(shardBytes, blockBytes)) return 'it lacks block sums';
  return undefined;
}

/** Whether two shards say the same of their group. */
export function areSiblings(a: ParityShard, b: ParityShard): boolean {
  const groupOf = (shard: ParityShard) =>
    encode(v1.ParityShard, evolve(shard, { number: 0, blocks: new Uint8Array(0) }));
  return equalBytes(groupOf(a), groupOf(b));
}

/** Block sums of so long a shard stay within the frame. */
export function parityBlockBytes(shardBytes: number): number {
  let blockBytes = defaultBlockBytes;
  while (shardBytes / blockBytes > mostBlocks) blockBytes *= 2;
  return blockBytes;
}

const mostBlocks = 2 ** 18;
