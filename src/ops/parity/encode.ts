// One group: its members are read side by side, stripe by stripe, and its parity is put once every one of
// them turned out to have the bytes of its hash. What is wrong or missing is never encoded over.
import { NacreError } from '../../errors.js';
import { make, type ParityShard, v1 } from '../../manifest/message.js';
import type { StoredObject } from '../../manifest/objects.js';
import {
  encodeParity,
  parityBlockBytes,
  parityKey,
  parityOf,
  type ParityPolicy,
  shardBytesOf,
  siblingOf,
} from '../../manifest/parity.js';
import { packBlockSums } from '../../manifest/upload.js';
import type { ObjectDigest, ObjectDigester } from '../../native.js';
import type { CallOptions } from '../../storage/object-store.js';
import { callOptions } from '../../storage/wrap/forwarding.js';
import { inOrderAhead } from '../../util/ahead.js';
import { type ByteSource, equalBytes } from '../../util/bytes.js';
import { digesterOf, isDiskFailure, rethrow } from '../digest.js';
import type { ReadEnvironment } from '../environment.js';
import { Spool, type Spooled } from '../spool.js';

/** What is encoded together. */
export interface GroupDraft {
  readonly dataset: Uint8Array;
  readonly array: Uint8Array;
  readonly policy: ParityPolicy;
  readonly members: readonly Member[];
}

export interface Member extends Pick<StoredObject, 'key' | 'sizeBytes' | 'hash' | 'crc32c' | 'blockBytes'> {
  /** Where its bytes are read, when that is not under its key. */
  readonly readAt?: string;
}

export interface EncodeOptions extends CallOptions {
  /** Bytes of stripes held at once. */
  readonly memoryBytes: number;
  /** Waits until so many bytes may be read. */
  readonly pace?: (bytes: number) => Promise<void>;
  readonly onBytes?: (bytes: number) => void;
}

const leastStripe = 65_536;
const mostStripe = 8 * 2 ** 20;

/** Shards of a group held at once, of all kinds: one stripe comes while another is worked on. */
export function stripeBytesOf(data: number, parity: number, shardBytes: number, memoryBytes: number): number {
  const room = Math.floor(memoryBytes / (3 * data + 3 * parity) / leastStripe) * leastStripe;
  return Math.min(shardBytes, Math.max(leastStripe, Math.min(mostStripe, room)));
}

export function stripesOf(shardBytes: number, stripeBytes: number): { start: number; end: number }[] {
  return Array.from({ length: Math.ceil(shardBytes / stripeBytes) }, (_, i) => ({
    start: i * stripeBytes,
    end: Math.min(shardBytes, (i + 1) * stripeBytes),
  }));
}

/**
 * Puts the parity of a group; gives the members that are not as their hash says, with which nothing was put.
 * Cost: the members once, in stripes, and a PUT for each parity shard.
 */
export async function encodeGroup(
  environment: ReadEnvironment,
  draft: GroupDraft,
  options: EncodeOptions,
): Promise<Member[]> {
  const { members, policy } = draft;
  const shardBytes = shardBytesOf(members.map(({ sizeBytes }) => sizeBytes));
  const blockBytes = parityBlockBytes(shardBytes);
  const shards = await Shards.open(environment, policy.parityShards, shardBytes, blockBytes);
  try {
    const wrong = await encodeStripes(environment, draft, shardBytes, shards, options);
    if (wrong.length > 0) return wrong;
    const done = await shards.finish();
    try {
      await putShards(environment, draft, { shardBytes, blockBytes }, done, options);
    } finally {
      for (const { spooled } of done) spooled.release();
    }
    return [];
  } finally {
    await shards.close();
  }
}

async function encodeStripes(
  environment: ReadEnvironment,
  { members, policy }: GroupDraft,
  shardBytes: number,
  shards: Shards,
  { memoryBytes, pace, onBytes, ...options }: EncodeOptions,
): Promise<Member[]> {
  const { native, store } = environment;
  const digesters = members.map(({ blockBytes }) => digesterOf(environment, blockBytes));
  const missing = new Set<Member>();
  const read = async (range: { start: number; end: number }): Promise<Uint8Array[]> =>
    Promise.all(
      members.map(async (member) => {
        const end = Math.min(range.end, member.sizeBytes);
        if (range.start >= end || missing.has(member)) return new Uint8Array(0);
        await pace?.(end - range.start);
        const call = { ...callOptions(options), range: { start: range.start, end } };
        const body = await store.get(member.readAt ?? member.key, call).catch((error: unknown) => {
          // It is no reason to leave the others without parity.
          if (isDiskFailure(error)) return undefined;
          throw error;
        });
        const isRight = body?.sizeBytes === member.sizeBytes && body.bytes.byteLength === end - range.start;
        if (!isRight) missing.add(member);
        return isRight ? body.bytes : new Uint8Array(0);
      }),
    );
  const stripe = stripeBytesOf(members.length, policy.parityShards, shardBytes, memoryBytes);
  const ranges = stripesOf(shardBytes, stripe);
  let at = 0;
  for await (const pieces of inOrderAhead(ranges, 2, read, options.signal)) {
    if (missing.size > 0) return [...missing];
    const { start, end } = ranges[at++] ?? { start: 0, end: 0 };
    const shape = { data: members.length, parity: policy.parityShards, stripe: end - start };
    const [made] = await Promise.all([
      native.encodeParity(shape, pieces).catch(rethrow),
      ...pieces.map((piece, i) => digesters[i]?.update(piece).catch(rethrow)),
    ]);
    await shards.write(made);
    onBytes?.(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  }
  const digests = await Promise.all(digesters.map((digester) => digester.digest().catch(rethrow)));
  return members.filter(({ hash }, i) => !equalBytes(digests[i]?.blake3 ?? new Uint8Array(0), hash));
}

/** Shards that are made piece by piece, each digested on its way. */
export class Shards {
  readonly #spools: readonly Spool[];
  readonly #digesters: readonly ObjectDigester[];

  private constructor(spools: readonly Spool[], digesters: readonly ObjectDigester[]) {
    this.#spools = spools;
    this.#digesters = digesters;
  }

  static async open(
    environment: ReadEnvironment,
    count: number,
    shardBytes: number,
    blockBytes: number,
  ): Promise<Shards> {
    const spools: Spool[] = [];
    try {
      // What they hold in memory together is bounded.
      for (let i = 0; i < count; i++) spools.push(await Spool.open(environment, shardBytes * count));
      const digesters = spools.map(() => digesterOf(environment, blockBytes));
      return new Shards(spools, digesters);
    } catch (error) {
      for (const spool of spools) await spool.close();
      throw error;
    }
  }

  /** The next piece of each. */
  async write(pieces: readonly Uint8Array[]): Promise<void> {
    await Promise.all(
      pieces.map(async (piece, i) => {
        await this.#spools[i]?.write(piece);
        await this.#digesters[i]?.update(piece).catch(rethrow);
      }),
    );
  }

  async finish(): Promise<{ readonly digest: ObjectDigest; readonly spooled: Spooled }[]> {
    const digests = await Promise.all(this.#digesters.map((digester) => digester.digest().catch(rethrow)));
    return this.#spools.flatMap((spool, i) => {
      const digest = digests[i];
      return digest === undefined ? [] : [{ digest, spooled: spool.finish() }];
    });
  }

  async close(): Promise<void> {
    for (const spool of this.#spools) await spool.close();
  }
}

/** A parity object, ready to be put. */
export interface ShardObject {
  readonly key: string;
  readonly bytes: ByteSource;
  readonly crc32c: number;
}

export function shardObject(
  { functions, native }: ReadEnvironment,
  header: ParityShard,
  number: number,
  { digest, spooled }: { readonly digest: ObjectDigest; readonly spooled: Spooled },
): ShardObject {
  const sibling = siblingOf(header, number, packBlockSums(digest.blocks));
  const frame = encodeParity(sibling, functions);
  const id = sibling.shards[number - 1]?.id ?? new Uint8Array(0);
  const pieces = spooled.bytes instanceof Uint8Array ? [spooled.bytes] : spooled.bytes;
  const crc32c = native.crc32cCombine(functions.crc32c(frame), digest.crc32c, header.shardBytes);
  return { key: parityKey(id), bytes: [frame, ...pieces], crc32c };
}

async function putShards(
  environment: ReadEnvironment,
  { dataset, array, policy, members }: GroupDraft,
  { shardBytes, blockBytes }: { readonly shardBytes: number; readonly blockBytes: number },
  shards: readonly { readonly digest: ObjectDigest; readonly spooled: Spooled }[],
  options: CallOptions,
): Promise<void> {
  const { runtime, store } = environment;
  const header = make(v1.ParityShard, {
    ...{ dataset, array, group: runtime.randomBytes(16), policy: parityOf(policy), shardBytes, blockBytes },
    members: members.map(({ key, sizeBytes, hash, crc32c, blockBytes: of }) =>
      make(v1.ParityMember, { key, sizeBytes, hash, crc32c, blockBytes: of }),
    ),
    shards: shards.map(({ digest }) =>
      make(v1.ParityObject, { id: runtime.randomBytes(16), hash: digest.blake3 }),
    ),
  });
  for (const [i, shard] of shards.entries()) {
    const { key, bytes, crc32c } = shardObject(environment, header, i + 1, shard);
    const how = { ...callOptions(options), condition: 'absent', uniqueKey: true, crc32c } as const;
    const { outcome } = await store.put(key, bytes, how);
    if (outcome === 'refused') throw new NacreError('Unavailable', `${key} could not be written`);
  }
}
