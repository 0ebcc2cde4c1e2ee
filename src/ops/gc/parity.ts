// What clean-up owes to parity. A member that is deleted is a loss to its group: so the others, as far as
// they live, are in whole groups of living members before it goes; where that cannot be had, since one of
// them is missing or damaged, it stays, as the group may be what that one is mended from. Groups that nobody
// needs go after that: whatever ends between, each living member is in one that counts.
import { isNacreError } from '../../errors.js';
import { parityPrefix, parseDataKey } from '../../manifest/keys.js';
import { parityKey, type ParityPolicy, policyOf } from '../../manifest/parity.js';
import type { ParityMember } from '../../manifest/message.js';
import type { LoadedRoot } from '../../manifest/root.js';
import type { CallOptions } from '../../storage/object-store.js';
import { defined } from '../../util/assert.js';
import { equalBytes, toHex } from '../../util/bytes.js';
import { idBytes, IdSet } from '../../util/id-set.js';
import type { UpkeepEnvironment } from '../environment.js';
import { findParity, isWhole, type ParityGroup, readParityFrame } from '../parity/groups.js';
import { cut, type PlannedGroup } from '../parity/plan.js';
import { encodeAll, removeGroups } from '../parity/update.js';
import type { Orphans } from './orphans.js';
import { idOfLinked } from './reachable.js';

export interface ParityCounts {
  /** Groups that were encoded anew, since a member of theirs was to be deleted. */
  encoded: number;
  /** Objects of parity that were deleted, and their bytes. */
  removed: number;
  removedBytes: number;
}

/** Members without a group that counts, and what is to cover them. */
interface OpenMembers {
  readonly array: string;
  readonly policy: ParityPolicy;
  readonly members: Map<string, ParityMember>;
}

export class GcParity {
  readonly counts: ParityCounts = { encoded: 0, removed: 0, removedBytes: 0 };
  readonly #environment: UpkeepEnvironment;
  readonly #call: CallOptions;
  readonly #keys = new Set<string>();

  constructor(environment: UpkeepEnvironment, call: CallOptions) {
    this.#environment = environment;
    this.#call = call;
  }

  /** Looks at what there is. Cost: a LIST for 1,000 objects of parity, and a GET for each group. */
  async look(head: LoadedRoot): Promise<readonly ParityGroup[]> {
    const { store, functions } = this.#environment;
    const { groups, strays } = await findParity(store, head.root.dataset, functions, this.#call);
    for (const { shards } of groups) for (const { key } of shards) this.#keys.add(key);
    for (const { entry, reason } of strays) if (reason === 'newer') this.#keys.add(entry.key);
    return groups;
  }

  /** Whether a key is of a group that was seen, or of a newer release: no orphan like others. */
  isParity(key: string): boolean {
    return this.#keys.has(key);
  }

  /**
   * Before orphans are deleted: the groups that they are members of are made anew of the others. Gives the
   * ids of those that must stay all the same.
   */
  async prepare(head: LoadedRoot, needed: IdSet, orphans: Orphans): Promise<IdSet> {
    const held = await this.#parityAmong(head, orphans);
    // What was encoded since has no member that was dead before.
    if (this.#keys.size === 0) return held;
    const groups = await this.look(head);
    const covered = this.#coveredBy(groups, needed);
    const policies = new Map(
      head.root.arrays.map(({ id, parity }) => [toHex(id), policyOf(parity)] as const),
    );
    // Of an array that is gone, or came back under another id, its own: older versions need it as it was.
    const policyFor = ({ array, policy }: ParityGroup): ParityPolicy | undefined =>
      policies.has(array) ? policies.get(array) : policy;
    const losing = groups.filter(
      (group) =>
        group.members.some((member) => !this.#isLive(member, needed)) && policyFor(group) !== undefined,
    );
    const open = new Map<string, OpenMembers>();
    for (const group of losing) {
      const { array, members } = group;
      const policy = defined(policyFor(group), 'policy of a group');
      const name = `${array} ${policy.dataShards}+${policy.parityShards}`;
      const own = open.get(name) ?? { array, policy, members: new Map<string, ParityMember>() };
      open.set(name, own);
      for (const member of members)
        if (this.#isLive(member, needed) && !covered.has(member.key)) own.members.set(member.key, member);
    }
    const planned = [...open.values()].flatMap(({ array, policy, members }): PlannedGroup[] =>
      cut(array, policy, [...members.values()]),
    );
    const { memoryBytes } = this.#environment;
    const options = { ...this.#call, memoryBytes };
    const encoded = await encodeAll(this.#environment, head.root.dataset, planned, options);
    this.counts.encoded += encoded.groups;
    const wrong = new Set(encoded.wrong.map(({ member }) => member.key));
    for (const { members } of losing) {
      if (!members.some(({ key }) => wrong.has(key))) continue;
      for (const member of members) if (!this.#isLive(member, needed)) held.add(this.#idOf(member));
    }
    return held;
  }

  /** Parity that an older listing did not show. */
  async #parityAmong({ root }: LoadedRoot, { groups }: Orphans): Promise<IdSet> {
    const { store, functions } = this.#environment;
    const found = new IdSet();
    const group = groups.find(({ pattern }) => pattern.prefix === parityPrefix);
    for (let at = 0; at < (group?.ids.byteLength ?? 0); at += idBytes) {
      const id = group?.ids.subarray(at, at + idBytes) ?? new Uint8Array(0);
      const read = readParityFrame(store, parityKey(id), functions, this.#call);
      const frame = await read.catch((error: unknown) => {
        if (isNacreError(error, 'Corrupt')) return undefined;
        if (isNacreError(error, 'UnsupportedFormat')) return 'newer' as const;
        throw error;
      });
      if (frame === 'newer' || (frame && equalBytes(frame.header.dataset, root.dataset))) found.add(id);
    }
    return found;
  }

  async #unneeded(head: LoadedRoot, needed: IdSet): Promise<ParityGroup[]> {
    const groups = await this.look(head);
    const covered = this.#coveredBy(groups, needed);
    return groups.filter((group) => {
      // What a version names is a version's, whatever its key.
      if (group.shards.some(({ key }) => isNamed(key, needed))) return false;
      const living = group.members.filter((member) => this.#isLive(member, needed));
      const isBroken = living.length < group.members.length || !isWhole(group);
      return living.length === 0 || (isBroken && living.every(({ key }) => covered.has(key)));
    });
  }

  /** Keys of members of groups that have lost nothing. */
  #coveredBy(groups: readonly ParityGroup[], needed: IdSet): Set<string> {
    const counting = groups.filter(
      (group) => isWhole(group) && group.members.every((member) => this.#isLive(member, needed)),
    );
    return new Set(counting.flatMap(({ members }) => members.map(({ key }) => key)));
  }

  #isLive(member: ParityMember, needed: IdSet): boolean {
    return needed.has(this.#idOf(member));
  }

  #idOf({ key }: ParityMember): Uint8Array {
    return parseDataKey(key)?.id ?? idOfLinked(key, this.#environment.functions);
  }

  /** Deletes groups that nothing needs any more; one that came since `beforeMs`, or grew, stays. */
  async remove(head: LoadedRoot, needed: IdSet, beforeMs: number, dryRun: boolean): Promise<void> {
    if (this.#keys.size === 0) return;
    const groups = await this.#unneeded(head, needed);
    const call = { ...this.#call, dryRun };
    const { objects, bytes } = await removeGroups(this.#environment, groups, beforeMs, call);
    this.counts.removed += objects;
    this.counts.removedBytes += bytes;
  }
}

function isNamed(key: string, needed: IdSet): boolean {
  const id = parseDataKey(key)?.id;
  return id !== undefined && needed.has(id);
}
