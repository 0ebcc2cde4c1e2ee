// What is covered, what is to be encoded, and which groups nobody needs then. Pure.
//
// An object is covered where a whole group of its array's policy has it, all of whose members are alive: a
// member that is dead is a loss. Of groups that cover the same the one of the least id stays, so that two who
// decide at once leave one of them. What is left is cut into groups by length, the longest first: parity is
// as long as the longest member, so that no other cut of as many groups has less of it. A group that could
// not be filled is encoded anew with what came since, once that is as much as it has or fills it: so an
// object is encoded as often as its group doubles.
import type { StoredObject } from '../../manifest/objects.js';
import { type ParityPolicy, samePolicy, shardBytesOf } from '../../manifest/parity.js';
import { equalBytes } from '../../util/bytes.js';
import type { Member } from './encode.js';
import { isWhole, type ParityGroup } from './groups.js';

/** An object that a kept version needs. */
export interface LiveObject {
  readonly object: StoredObject;
  /** Id of the array that it is of, hexadecimal; undefined where it is of none. */
  readonly array: string | undefined;
}

export interface PlannedGroup {
  readonly array: string;
  readonly policy: ParityPolicy;
  readonly members: readonly Member[];
}

export interface ArrayCover {
  readonly policy: ParityPolicy;
  /** Groups that count. */
  readonly groups: number;
  readonly objects: number;
  readonly bytes: number;
  readonly notCoveredObjects: number;
  readonly notCoveredBytes: number;
  /** Groups of which a member died, or an object of theirs is not there. */
  readonly brokenGroups: number;
  /** Bytes of parity of the groups that count. */
  readonly parityBytes: number;
}

export interface ParityPlan {
  readonly keep: readonly ParityGroup[];
  readonly encode: readonly PlannedGroup[];
  /** Needed no more once all is encoded. */
  readonly remove: readonly ParityGroup[];
  /** By id of the array, those that have a policy. */
  readonly arrays: ReadonlyMap<string, ArrayCover>;
}

export interface Head {
  /** Policies of the arrays of the newest version, by id. */
  readonly policies: ReadonlyMap<string, ParityPolicy>;
  /** Ids of all of them. */
  readonly arrays: ReadonlySet<string>;
}

export function planParity(
  live: Iterable<LiveObject>,
  { policies, arrays: atHead }: Head,
  groups: readonly ParityGroup[],
): ParityPlan {
  const byKey = new Map<string, LiveObject>();
  for (const one of live) byKey.set(one.object.key, one);
  const known = new Cover();
  const keep: ParityGroup[] = [];
  const remove: ParityGroup[] = [];
  const broken = new Map<string, number>();
  for (const group of groups.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const alive = livingMembers(group, byKey);
    const owners = new Set(alive.map(({ array }) => array));
    const isRight = [...owners].every((array) => {
      const policy = array === undefined ? undefined : policies.get(array);
      return policy !== undefined && samePolicy(policy, group.policy);
    });
    const isBroken = alive.length < group.members.length || !isWhole(group);
    if (isRight && !isBroken && alive.some(({ object }) => !known.has(object.key))) {
      keep.push(group);
      known.add(group);
    } else {
      // Of an array that is gone it stays as long as it is of use; what is of none goes with a clean-up.
      if (alive.length > 0 && alive.every(({ array }) => array !== undefined && atHead.has(array)))
        remove.push(group);
      if (isBroken) for (const array of owners) count(broken, array);
    }
  }
  const wanted = [...byKey.values()].filter(({ array }) => array !== undefined && policies.has(array));
  const arrays = new Map<string, ArrayCover>();
  const encode: PlannedGroup[] = [];
  for (const [array, policy] of policies) {
    const own = wanted.filter((one) => one.array === array).map(({ object }) => object);
    const open = own.filter(({ key }) => !known.has(key));
    const kept = keep.filter((group) => byKey.get(group.members[0]?.key ?? '')?.array === array);
    arrays.set(array, {
      ...{ policy, groups: kept.length, objects: own.length, bytes: bytesOf(own) },
      ...{ notCoveredObjects: open.length, notCoveredBytes: bytesOf(open) },
      brokenGroups: broken.get(array) ?? 0,
      parityBytes: kept.reduce((sum, { shardBytes, shards }) => sum + shardBytes * shards.length, 0),
    });
    for (const group of toFill(kept, open.length, policy)) {
      keep.splice(keep.indexOf(group), 1);
      remove.push(group);
      known.remove(group);
      for (const { key } of group.members) {
        const member = byKey.get(key)?.object;
        if (member !== undefined && !known.has(key) && !open.includes(member)) open.push(member);
      }
    }
    encode.push(...cut(array, policy, open));
  }
  return { keep, encode, remove, arrays };
}

/** Keys of members of groups that count, with how many have them. */
class Cover {
  readonly #counts = new Map<string, number>();

  has(key: string): boolean {
    return (this.#counts.get(key) ?? 0) > 0;
  }

  add({ members }: ParityGroup): void {
    for (const { key } of members) count(this.#counts, key);
  }

  remove({ members }: ParityGroup): void {
    for (const { key } of members) this.#counts.set(key, (this.#counts.get(key) ?? 0) - 1);
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function livingMembers({ members }: ParityGroup, live: ReadonlyMap<string, LiveObject>): LiveObject[] {
  return members.flatMap(({ key, hash }) => {
    const one = live.get(key);
    return one !== undefined && equalBytes(one.object.hash, hash) ? [one] : [];
  });
}

/** Groups that are not full and are worth encoding anew with so many others. */
function toFill(kept: readonly ParityGroup[], others: number, { dataShards }: ParityPolicy): ParityGroup[] {
  if (others === 0) return [];
  const taken: ParityGroup[] = [];
  let have = others;
  const short = kept.filter(({ members }) => members.length < dataShards);
  for (const group of short.toSorted((a, b) => a.members.length - b.members.length)) {
    const { length } = group.members;
    if (have < length && have + length < dataShards) break;
    taken.push(group);
    have += length;
  }
  return taken;
}

export function cut(array: string, policy: ParityPolicy, objects: readonly Member[]): PlannedGroup[] {
  const inOrder = objects.toSorted((a, b) => b.sizeBytes - a.sizeBytes || (a.key < b.key ? -1 : 1));
  const groups: PlannedGroup[] = [];
  for (let at = 0; at < inOrder.length; at += policy.dataShards)
    groups.push({ array, policy, members: inOrder.slice(at, at + policy.dataShards) });
  return groups;
}

/** Bytes of parity that a group gets, without the frames. */
export function parityBytesOf({ members, policy }: PlannedGroup): number {
  return policy.parityShards * shardBytesOf(members.map(({ sizeBytes }) => sizeBytes));
}

function bytesOf(objects: readonly StoredObject[]): number {
  return objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
