// Parity as a source of right bytes: a store, to be read only, whose objects are members of groups, made of
// other shards as they are asked for.
//
// Of each group so many shards as it has members are chosen, once, by the hash of each: here, or wherever
// else somebody has the right bytes of a member. Whoever reads compares what comes with the hash of the
// object.
import PQueue from 'p-queue';
import { isNacreError, NacreError } from '../../errors.js';
import { isLinkedKey, parseDataKey, parityPrefix } from '../../manifest/keys.js';
import type { ParityMember } from '../../manifest/message.js';
import { asHealed } from '../../manifest/objects.js';
import type {
  ByteRange,
  CallOptions,
  GetOptions,
  ObjectBody,
  ObjectStore,
} from '../../storage/object-store.js';
import { callOptions } from '../../storage/wrap/forwarding.js';
import { concat, equalBytes } from '../../util/bytes.js';
import { throwIfAborted } from '../../util/runtime.js';
import { digestObject, isDiskFailure, rethrow } from '../digest.js';
import type { ReadEnvironment } from '../environment.js';
import { stripeBytesOf, stripesOf } from './encode.js';
import { findParity, type FoundParity, type ParityGroup } from './groups.js';
import { shardView } from './shard-view.js';

export const paritySourceName = 'parity';

/** One comes while another is worked on: a stripe is as long as memory has room for then. */
const stripesAtOnce = 2;

export interface ParityEnvironment extends ReadEnvironment {
  readonly memoryBytes: number;
}

/** A shard of a group, and who has it. */
interface Place {
  /** Members first. */
  readonly number: number;
  readonly environment: ReadEnvironment;
  readonly key: string;
}

export class ParitySource {
  readonly #environment: ParityEnvironment;
  readonly #others: readonly ReadEnvironment[];
  readonly #options: CallOptions;
  #found: Promise<FoundParity> | undefined;
  #byKey: Promise<ReadonlyMap<string, readonly ParityGroup[]>> | undefined;
  /** Whoever mends several objects asks for several pieces of each at once. */
  readonly #turns = new PQueue({ concurrency: stripesAtOnce });
  readonly #chosen = new Map<string, Promise<readonly Place[]>>();

  /** `others` may have right bytes of members, too. Costs nothing before something is asked for. */
  constructor(environment: ParityEnvironment, others: readonly ReadEnvironment[], options: CallOptions) {
    this.#environment = environment;
    this.#others = others;
    this.#options = options;
  }

  found(): Promise<FoundParity> {
    const { store, functions } = this.#environment;
    // Groups of another dataset have no member of this one.
    this.#found ??= findParity(store, undefined, functions, this.#options);
    return this.#found;
  }

  async groupsOf(key: string): Promise<readonly ParityGroup[]> {
    this.#byKey ??= this.found().then(({ groups }) => {
      const byKey = new Map<string, ParityGroup[]>();
      for (const group of groups)
        for (const member of group.members) byKey.set(member.key, [...(byKey.get(member.key) ?? []), group]);
      return byKey;
    });
    return (await this.#byKey).get(key) ?? [];
  }

  /** For whoever reads objects of another place. */
  get environment(): ReadEnvironment & { readonly name: string } {
    const { functions, native, runtime } = this.#environment;
    return { functions, native, runtime, store: this.#store(), name: paritySourceName };
  }

  /**
   * Bytes of shards of a group, by their numbers, members first, made of those that are right. `Corrupt`
   * where too few are. Cost: the first time the bytes of the group, then a request for each shard that is
   * read.
   */
  async read(group: ParityGroup, range: ByteRange, wanted: readonly number[]): Promise<Uint8Array[]> {
    const places = await this.#places(group);
    const { native, memoryBytes } = this.#environment;
    const [data, parity] = [group.members.length, group.shards.length];
    const most = stripeBytesOf(data, parity, group.shardBytes, memoryBytes);
    const pieces: Uint8Array[][] = wanted.map(() => []);
    // The code is of whole chunks.
    const [first, last] = [Math.floor(range.start / chunk) * chunk, Math.ceil(range.end / chunk) * chunk];
    for (const { start, end } of stripesOf(last - first, most)) {
      const stripe = { start: first + start, end: first + end };
      const made = await this.#turns.add(async () => {
        throwIfAborted(this.#options.signal);
        const present = await Promise.all(places.map((place) => this.#shard(group, place, stripe)));
        const numbers = places.map(({ number }) => number);
        const shape = { data, parity, stripe: end - start };
        return native.reconstructParity(shape, present, numbers, wanted).catch(rethrow);
      });
      for (const [i, shard] of made.entries()) pieces[i]?.push(shard);
    }
    return pieces.map((all) => concat(all).subarray(range.start - first, range.end - first));
  }

  /** Why nothing of a group can be made; undefined where it can. */
  async whyNot(group: ParityGroup): Promise<string | undefined> {
    try {
      await this.#places(group);
      return undefined;
    } catch (error) {
      if (isNacreError(error, 'Corrupt')) return error.message;
      throw error;
    }
  }

  async #shard(
    group: ParityGroup,
    { number, environment, key }: Place,
    stripe: ByteRange,
  ): Promise<Uint8Array> {
    const member = group.members[number];
    const end = Math.min(stripe.end, member?.sizeBytes ?? group.shardBytes);
    if (stripe.start >= end) return new Uint8Array(0);
    const range = { start: stripe.start, end };
    const body = await environment.store.get(key, { ...callOptions(this.#options), range });
    if (body?.bytes.byteLength === end - stripe.start) return body.bytes;
    throw new NacreError('Corrupt', `${key} changed while it was read`, { context: { key } });
  }

  #places(group: ParityGroup): Promise<readonly Place[]> {
    let places = this.#chosen.get(group.id);
    if (places === undefined) {
      places = this.#choose(group);
      this.#chosen.set(group.id, places);
      places.catch(() => this.#chosen.delete(group.id));
    }
    return places;
  }

  async #choose(group: ParityGroup): Promise<readonly Place[]> {
    const { members, shards } = group;
    const all = members.length + shards.length;
    const places: Place[] = [];
    for (let number = 0; number < all && places.length < members.length; number++) {
      const member = members[number];
      const place =
        member === undefined
          ? await this.#rightShard(group, number - members.length)
          : await this.#rightMember(member);
      if (place !== undefined) places.push({ number, ...place });
    }
    if (places.length === members.length) return places;
    const lost = all - places.length;
    throw new NacreError(
      'Corrupt',
      `${lost} of the ${all} objects of its group are lost, and parity makes up for ${shards.length}`,
      { context: { group: group.id, lost, of: all } },
    );
  }

  /** Under its key, or healed elsewhere. */
  async #rightMember(member: ParityMember): Promise<Omit<Place, 'number'> | undefined> {
    const { key, sizeBytes, hash, blockBytes } = member;
    const own = { key, sizeBytes, hash, blockBytes };
    for (const environment of [this.#environment, ...this.#others]) {
      for (const wanted of [own, asHealed(own)])
        if (await isRight(environment, wanted, this.#options)) return { environment, key: wanted.key };
    }
    return undefined;
  }

  async #rightShard(group: ParityGroup, at: number): Promise<Omit<Place, 'number'> | undefined> {
    const key = group.shards[at]?.key ?? '';
    const hash = group.header.shards[at]?.hash ?? new Uint8Array(0);
    const { shardBytes: sizeBytes, frameBytes } = group;
    const view = shardView(this.#environment, frameBytes);
    const wanted = { key, sizeBytes, hash, blockBytes: group.header.blockBytes };
    return (await isRight(view, wanted, this.#options)) ? { environment: view, key } : undefined;
  }

  #store(): ObjectStore {
    const { store } = this.#environment;
    const refuse = (): never => {
      throw new NacreError('InvalidArgument', 'parity is read only');
    };
    return {
      uri: `${store.uri}#${paritySourceName}`,
      capabilities: store.capabilities,
      get: (key, options = {}) => this.#get(key, options),
      getRanges: async (key, ranges, options = {}) => {
        const bodies: Uint8Array[] = [];
        for (const range of ranges) {
          const body = await this.#get(key, { ...callOptions(options), range });
          if (body === undefined) return undefined;
          bodies.push(body.bytes);
        }
        return bodies;
      },
      head: async (key) => {
        const member = await this.#member(key);
        return member && { token: paritySourceName, sizeBytes: member.sizeBytes, modifiedMs: 0 };
      },
      put: refuse,
      list: async () => ({ entries: [], next: undefined }),
      delete: refuse,
      timeMs: () => store.timeMs(),
      close: async () => undefined,
    };
  }

  async #member(key: string): Promise<ParityMember | undefined> {
    if (key.startsWith(parityPrefix)) return undefined;
    if (parseDataKey(key) === undefined && !isLinkedKey(key)) return undefined;
    const [group] = await this.groupsOf(key);
    return group?.members.find((member) => member.key === key);
  }

  /** From the first of its groups that has enough. */
  async #get(key: string, { range, into }: GetOptions): Promise<ObjectBody | undefined> {
    if ((await this.#member(key)) === undefined) return undefined;
    let failure: unknown;
    for (const group of await this.groupsOf(key)) {
      const number = group.members.findIndex((member) => member.key === key);
      const sizeBytes = group.members[number]?.sizeBytes ?? 0;
      const end = Math.min(sizeBytes, range?.end ?? sizeBytes);
      const start = Math.min(end, range?.start ?? 0);
      try {
        const [bytes = new Uint8Array(0)] =
          start === end ? [] : await this.read(group, { start, end }, [number]);
        if (into?.byteLength === bytes.byteLength) into.set(bytes);
        const body = into?.byteLength === bytes.byteLength ? into : bytes;
        return { bytes: body, token: group.id, sizeBytes, modifiedMs: 0 };
      } catch (error) {
        if (!isNacreError(error, 'Corrupt')) throw error;
        failure ??= error;
      }
    }
    throw failure;
  }
}

const chunk = 64;

/** Whether the bytes are those of the hash. Read twice: they may be hurt on their way. */
export async function isRight(
  environment: ReadEnvironment,
  wanted: {
    readonly key: string;
    readonly sizeBytes: number;
    readonly hash: Uint8Array;
    readonly blockBytes: number;
  },
  options: CallOptions,
): Promise<boolean> {
  const { key, sizeBytes, hash, blockBytes } = wanted;
  for (let read = 0; read < 2; read++) {
    const call = { ...callOptions(options), blockBytes, expectedBytes: sizeBytes };
    const found = await digestObject(environment, key, call).catch((error: unknown) => {
      if (isDiskFailure(error) || isNacreError(error, 'Corrupt')) return undefined;
      throw error;
    });
    if (found === undefined) return false;
    if (found.sizeBytes === sizeBytes && equalBytes(found.digest.blake3, hash)) return true;
  }
  return false;
}
