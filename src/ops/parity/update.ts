// Carries a plan out: groups are encoded one after the other, then those that nobody needs any more go. It
// may end at any point: what is encoded counts, and the next one plans anew.
import { healedKey } from '../../manifest/keys.js';
import { deleteAll } from '../../storage/delete-all.js';
import type { CallOptions } from '../../storage/object-store.js';
import { callOptions } from '../../storage/wrap/forwarding.js';
import { fromHex } from '../../util/bytes.js';
import { throwIfAborted } from '../../util/runtime.js';
import type { ReadEnvironment } from '../environment.js';
import { encodeGroup, type EncodeOptions, type Member } from './encode.js';
import { newestMs, type ParityGroup } from './groups.js';
import type { PlannedGroup } from './plan.js';

/** What could not be encoded, since it is not there or not right. */
export interface NotEncoded {
  readonly key: string;
  readonly array: string;
}

export interface Encoded {
  readonly groups: number;
  readonly objects: number;
  readonly bytes: number;
  readonly wrong: readonly { readonly member: Member; readonly array: string }[];
  /** Keys of members of groups that were put. */
  readonly covered: ReadonlySet<string>;
}

/**
 * Encodes groups in turn. A member that is wrong twice, not only in a row, is read where it is healed, if it
 * is; a group is put without those that are wrong there, too: so it ends whatever the store does.
 */
export async function encodeAll(
  environment: ReadEnvironment,
  dataset: Uint8Array,
  groups: readonly PlannedGroup[],
  options: EncodeOptions,
): Promise<Encoded> {
  const covered = new Set<string>();
  const wrong: { member: Member; array: string }[] = [];
  let [encoded, bytes] = [0, 0];
  for (const { array, policy, members: all } of groups) {
    let members = all;
    const suspects = new Set<Member>();
    while (members.length > 0) {
      throwIfAborted(options.signal);
      const draft = { dataset, array: fromHex(array) ?? new Uint8Array(16), policy, members };
      const found = await encodeGroup(environment, draft, options);
      if (found.length === 0) break;
      // Bytes may be hurt on their way.
      const bad = new Set<Member>(found.filter((member) => suspects.has(member)));
      const left: Member[] = [];
      for (const member of members) {
        const healed = bad.has(member) ? await healedMember(environment, member, options) : member;
        if (healed === undefined) wrong.push({ member, array });
        else left.push(healed);
      }
      members = left;
      for (const member of found) suspects.add(member);
    }
    if (members.length === 0) continue;
    encoded += 1;
    for (const { key, sizeBytes } of members) {
      covered.add(key);
      bytes += sizeBytes;
    }
  }
  return { groups: encoded, objects: covered.size, bytes, wrong, covered };
}

/** The same, read where its bytes are healed; undefined where they are not, or were read there already. */
async function healedMember(
  { store }: ReadEnvironment,
  member: Member,
  options: CallOptions,
): Promise<Member | undefined> {
  if (member.readAt !== undefined) return undefined;
  const readAt = healedKey(member.hash);
  const head = await store.head(readAt, callOptions(options));
  return head?.sizeBytes === member.sizeBytes ? { ...member, readAt } : undefined;
}

/**
 * Deletes the objects of groups; gives how many. A group some of whose objects came since `beforeMs` stays:
 * whoever put them may know of later versions.
 */
export async function removeGroups(
  { store }: Pick<ReadEnvironment, 'store'>,
  groups: readonly ParityGroup[],
  beforeMs: number,
  options: CallOptions & { readonly dryRun?: boolean },
): Promise<{ readonly objects: number; readonly bytes: number }> {
  const there = groups
    .filter((group) => newestMs(group) < beforeMs)
    .flatMap(({ shards }) => shards.filter(({ state }) => state !== 'missing'));
  const keys = there.map(({ key }) => key);
  if (options.dryRun !== true) await deleteAll(store, keys, options);
  return {
    objects: keys.length,
    bytes: there.reduce((sum, { observedBytes = 0 }) => sum + observedBytes, 0),
  };
}
