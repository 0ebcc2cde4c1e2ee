// Encodes a parity object anew that is lost: the same bytes, since the others of its group say what its frame
// was and which hash its shard has.
import { NacreError } from '../../errors.js';
import type { CallOptions } from '../../storage/object-store.js';
import { equalBytes } from '../../util/bytes.js';
import { rethrow } from '../digest.js';
import { defaultBlockBytes } from '../../manifest/objects.js';
import { type Mended, putUnderOwnKey } from '../repair/mend.js';
import type { ShardOfGroup } from './check.js';
import { shardObject, Shards, stripeBytesOf, stripesOf } from './encode.js';
import type { ParityEnvironment, ParitySource } from './source.js';

/**
 * Cost: the bytes of the group, and those of a repair. Errors: `Corrupt` where too few of the group are
 * right.
 */
export async function mendShard(
  environment: ParityEnvironment,
  source: ParitySource,
  { group, number }: ShardOfGroup,
  isUnreadable: boolean,
  options: CallOptions,
): Promise<Mended> {
  const { members, header, shardBytes } = group;
  const shards = await Shards.open(environment, 1, shardBytes, header.blockBytes);
  try {
    const most = stripeBytesOf(members.length, group.shards.length, shardBytes, environment.memoryBytes);
    for (const stripe of stripesOf(shardBytes, most))
      await shards.write(await source.read(group, stripe, [members.length + number]));
    const [done] = await shards.finish();
    if (done === undefined) throw new NacreError('Internal', 'no shard was made');
    try {
      if (!equalBytes(done.digest.blake3, header.shards[number]?.hash ?? new Uint8Array(0)))
        return { outcome: 'left', reason: 'what its group gives has another hash than it had' };
      const { key, bytes, crc32c } = shardObject(environment, header, number + 1, done);
      const pieces = bytes instanceof Uint8Array ? [bytes] : bytes;
      const digest = await environment.native.digestObject(pieces, defaultBlockBytes).catch(rethrow);
      const wanted = { key, hash: digest.blake3, crc32c, blockBytes: defaultBlockBytes, isUnreadable };
      const put = await putUnderOwnKey(environment, wanted, bytes, options);
      // Nobody looks for parity under another key.
      return put.outcome === 'refused' ? { ...put, outcome: 'left' } : put;
    } finally {
      done.spooled.release();
    }
  } finally {
    await shards.close();
  }
}
