// What there should be: every root of the history, and every object of the kept versions, each once.
//
// Damaged roots and segments are read from whoever has the right bytes, so that what they name is known, too.
// In memory are some hundred bytes for each object, no root and no segment.
import { isNacreError, NacreError } from '../../errors.js';
import type { RootPlace } from '../../manifest/healed-root.js';
import { isKept } from '../../manifest/history-draft.js';
import { checkRestored, type HintState, readHint } from '../../manifest/hint.js';
import { asHealed, type StoredObject } from '../../manifest/objects.js';
import {
  ownedObjects,
  type ReferencedSegment,
  readSegment,
  segmentObjects,
  segmentsOf,
} from '../../manifest/references.js';
import { withRole } from '../../manifest/replica-mark.js';
import { checkEnded } from '../../manifest/restoring.js';
import type { LoadedRoot } from '../../manifest/root.js';
import { coldRange } from '../../manifest/segment.js';
import type { ByteRange, CallOptions, ObjectStore } from '../../storage/object-store.js';
import { withoutHealing } from '../../storage/wrap/healing.js';
import { toHex, utf8, concat } from '../../util/bytes.js';
import { throwIfAborted } from '../../util/runtime.js';
import type { UpkeepEnvironment } from '../environment.js';
import { findHead } from './head.js';
import { type RootDamage, Roots, type RootSource, takenSlots } from './roots.js';

/** Versions from one to another, both included; ascending. */
export interface VersionRange {
  readonly from: number;
  readonly to: number;
}

export interface ColdPlace {
  /** Of the segment. */
  readonly key: string;
  readonly range: ByteRange;
  /** All of the segment's tables. */
  readonly all: ByteRange;
}

export interface Surveyed {
  /** Tells it from all others, also from one of the same key: 32 hexadecimal digits. */
  readonly id: string;
  readonly object: StoredObject;
  /** Id of the array that it is of in the newest of them, hexadecimal; undefined for what is of none. */
  readonly array: string | undefined;
  /** Where its block sums stand, when they are not at hand. */
  readonly cold: ColdPlace | undefined;
  /** What of the kept versions names it in its root. */
  readonly ranges: VersionRange[];
  /** Segments that name it. */
  readonly within: Surveyed[];
  /** Of a segment: what it names was read. Undefined before. */
  segment: 'whole' | 'mendable' | 'lost' | undefined;
}

export interface SurveyedRoot {
  readonly version: number;
  /** Undefined where no root and no hint names it. */
  readonly hash: Uint8Array | undefined;
  readonly damage: RootDamage;
  /** Who has the right bytes: `healed/<hash>`, the key of the hint, or the name of a source; undefined for
   * nobody. */
  readonly from: string | undefined;
}

export interface Survey {
  readonly hint: HintState;
  readonly head: LoadedRoot;
  readonly roots: Roots;
  /** BLAKE3 of the roots of kept versions, by version. */
  readonly hashes: ReadonlyMap<number, Uint8Array>;
  /** In the history. */
  readonly versions: number;
  readonly keptVersions: number;
  /** By key and hash. */
  readonly objects: ReadonlyMap<string, Surveyed>;
  readonly damagedRoots: readonly SurveyedRoot[];
}

export interface SurveyOptions extends CallOptions {
  readonly sources?: readonly RootSource[];
  /** Told of versions looked at, and how many there are about. */
  readonly onVersion?: (done: number, total: number) => void;
}

/**
 * Cost: a LIST for each 1,000 versions, a request a version and a segment. `NotFound` where there is no
 * dataset, `Corrupt` where there was one and nobody has a root of it.
 */
export async function survey(environment: UpkeepEnvironment, options: SurveyOptions = {}): Promise<Survey> {
  return new Surveyor(environment, options).run();
}

class Surveyor {
  readonly #environment: UpkeepEnvironment;
  readonly #options: SurveyOptions;
  readonly #call: CallOptions;
  readonly #objects = new Map<string, Surveyed>();
  readonly #damagedRoots: SurveyedRoot[] = [];
  readonly #hashes = new Map<number, Uint8Array>();
  /** The version that was looked at before, which is the next newer one. */
  #newer: number | undefined;

  constructor(environment: UpkeepEnvironment, options: SurveyOptions) {
    this.#environment = environment;
    this.#options = options;
    this.#call = { background: true, ...(options.signal === undefined ? {} : { signal: options.signal }) };
  }

  async run(): Promise<Survey> {
    const { store, functions } = this.#environment;
    const hint = await readHint(store, functions, this.#call);
    checkRestored(hint, store.uri);
    const slots = await takenSlots(store, this.#call);
    const roots = new Roots(store, functions, this.#options.sources ?? [], this.#call);
    roots.copy = hint.head;
    const found = await findHead(roots, hint, slots, this.#call.signal);
    if (found === undefined) throw nothing(store.uri, slots.length > 0 || hint.problem === 'damaged');
    await checkEnded(store, hint, found.head, functions, this.#call);
    const known = await withRole(store, hint, found.head, functions, this.#call);
    for (const version of found.unknown)
      this.#damagedRoots.push({ version, hash: undefined, damage: 'damaged', from: undefined });
    const counts = await this.#walk(roots, found.head);
    return {
      ...{ hint: known, head: found.head, roots, ...counts, objects: this.#objects, hashes: this.#hashes },
      damagedRoots: this.#damagedRoots.toSorted((a, b) => a.version - b.version),
    };
  }

  async #walk(roots: Roots, head: LoadedRoot): Promise<{ versions: number; keptVersions: number }> {
    let [versions, keptVersions] = [0, 0];
    let place: RootPlace | undefined = { version: head.root.version, hash: head.hash };
    while (place !== undefined) {
      throwIfAborted(this.#options.signal);
      const { version, hash }: RootPlace = place;
      const { loaded, damage, from } = await roots.down(place);
      versions += 1;
      this.#options.onVersion?.(head.root.version - version + 1, head.root.version);
      if (damage !== undefined) this.#damagedRoots.push({ version, hash, damage, from });
      if (loaded === undefined) {
        place = await this.#below(roots, head, version);
        continue;
      }
      if (isKept(head.root.kept, version)) {
        keptVersions += 1;
        this.#hashes.set(version, loaded.hash);
        await this.#record(loaded);
      }
      place = loaded.root.parent ?? undefined;
    }
    return { versions, keptVersions };
  }

  /**
   * The next lower root of the dataset, to go on with below one that nobody has. What stands between cannot
   * be told from its bytes: no root names it. Each slot is asked for, since a listing may be behind. Cost: a
   * request a slot.
   */
  async #below(roots: Roots, head: LoadedRoot, version: number): Promise<RootPlace | undefined> {
    const dataset = toHex(head.root.dataset);
    for (let slot = version - 1; slot > 0; slot--) {
      const content = await roots.inSlot(slot);
      if (typeof content === 'string')
        this.#damagedRoots.push({ version: slot, hash: undefined, damage: content, from: undefined });
      else if (content.root.version === slot && toHex(content.root.dataset) === dataset)
        return { version: slot, hash: content.hash };
    }
    return undefined;
  }

  async #record(loaded: LoadedRoot): Promise<void> {
    const { version } = loaded.root;
    for (const { object, array } of ownedObjects(loaded))
      this.#add(object, { cold: undefined, array: array && toHex(array) }, version);
    for (const segment of segmentsOf(loaded)) {
      const own = { cold: undefined, array: toHex(segment.array.id) };
      const holder = this.#add(segment.object, own, version);
      if (holder.segment !== undefined) continue;
      await this.#readSegment(holder, segment);
    }
    this.#newer = version;
  }

  async #readSegment(holder: Surveyed, segment: ReferencedSegment): Promise<void> {
    const { functions } = this.#environment;
    holder.segment = 'lost';
    const places = segmentPlaces(this.#environment.store, segment, this.#options.sources);
    for (const [i, [place, named]] of places.entries()) {
      const read = await readSegment(place, named, functions, this.#call).catch((error: unknown) => {
        if (isNacreError(error, 'Corrupt')) return undefined;
        throw error;
      });
      if (read === undefined) continue;
      holder.segment = i === 0 ? 'whole' : 'mendable';
      const { key, sizeBytes } = segment.object;
      const all = { start: segment.reference.headBytes, end: sizeBytes };
      for (const object of segmentObjects(read, key)) {
        const range = coldRange(object, segment.reference);
        const cold = range === undefined ? undefined : { key, range, all };
        this.#add(object, { cold, array: holder.array }, undefined, holder);
      }
      return;
    }
  }

  #add(
    object: StoredObject,
    { cold, array }: Pick<Surveyed, 'cold' | 'array'>,
    version: number | undefined,
    holder?: Surveyed,
  ): Surveyed {
    const name = `${object.key} ${toHex(object.hash)}`;
    let known = this.#objects.get(name);
    if (known === undefined) {
      const { blocks } = object;
      // Copies: what is kept must not keep the root that it came with.
      const own = {
        ...{ ...object, hash: object.hash.slice() },
        blocks: blocks instanceof Uint8Array ? blocks.slice() : blocks,
      };
      const id = toHex(this.#environment.functions.blake3(concat([utf8.encode(object.key), object.hash])));
      known = { id: id.slice(0, 32), object: own, array, cold, ranges: [], within: [], segment: undefined };
      this.#objects.set(name, known);
    }
    if (holder !== undefined) known.within.push(holder);
    if (version !== undefined) addVersion(known.ranges, version, this.#newer);
    return known;
  }
}

/** Where a segment may be read, first where it belongs: there nobody else is asked. */
export function segmentPlaces(
  store: ObjectStore,
  segment: ReferencedSegment,
  sources: readonly RootSource[] = [],
): readonly (readonly [ObjectStore, ReferencedSegment])[] {
  const bare = withoutHealing(store);
  return [
    [bare, segment],
    [bare, { ...segment, object: asHealed(segment.object) }],
    ...sources.map((source) => [source.store, segment] as const),
  ];
}

/** Versions come newest first; `newer` is the one before this one. */
function addVersion(ranges: VersionRange[], version: number, newer: number | undefined): void {
  const last = ranges.at(-1);
  if (last?.from === version) return;
  if (last !== undefined && last.from === newer) ranges[ranges.length - 1] = { from: version, to: last.to };
  else ranges.push({ from: version, to: version });
}

/** Of all of them together. */
export function bytesOf(objects: Iterable<Surveyed>): number {
  let sum = 0;
  for (const { object } of objects) sum += object.sizeBytes;
  return sum;
}

/** Kept versions that need an object, as ascending ranges. */
export function versionsOf({ ranges, within }: Surveyed): VersionRange[] {
  const all = [...ranges, ...within.flatMap((segment) => segment.ranges)].toSorted((a, b) => a.from - b.from);
  const joined: VersionRange[] = [];
  for (const range of all) {
    const last = joined.at(-1);
    if (last !== undefined && range.from <= last.to + 1)
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    else joined.push(range);
  }
  return joined;
}

function nothing(uri: string, isDamaged: boolean): NacreError {
  if (!isDamaged)
    return new NacreError('NotFound', `there is no dataset at ${uri}`, {
      context: { uri },
      hint: 'Check the address.',
    });
  return new NacreError('Corrupt', `${uri}: no root and no hint can be read`, {
    context: { uri },
    hint: 'Name a replica or another copy: nacre repair URI --source COPY.',
  });
}
