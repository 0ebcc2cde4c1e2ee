// Roots as repair has to see them: by the hash that a child or the hint names, from their slot, else from
// whoever has the same bytes. Nothing here believes a root for where it lies.
import { isNacreError, NacreError } from '../../errors.js';
import type { ManifestFunctions } from '../../manifest/functions.js';
import { readHint } from '../../manifest/hint.js';
import { healedKey, hintKey, rootKey, rootPrefix, versionOfRootKey } from '../../manifest/keys.js';
import type { RootPlace } from '../../manifest/healed-root.js';
import { resolveObject } from '../../manifest/objects.js';
import { getFrame } from '../../manifest/read-checked.js';
import { decodeRoot, type LoadedRoot } from '../../manifest/root.js';
import type { CallOptions, GetOptions, ObjectStore } from '../../storage/object-store.js';
import { equalBytes } from '../../util/bytes.js';
import { listPages } from '../../storage/list-pages.js';

/** A place that may have the right bytes of an object, under the same key. */
export interface RootSource {
  readonly name: string;
  readonly store: ObjectStore;
}

/** How the bytes in a slot differ from the root that belongs there. */
export type RootDamage = 'missing' | 'damaged' | 'other';

export interface FoundRoot {
  /** The root of that hash; undefined where nobody has it. */
  readonly loaded: LoadedRoot | undefined;
  /** Undefined where the slot holds it. */
  readonly damage: RootDamage | undefined;
  /** Who else has it: `healed/<hash>`, the key of the hint, or the name of a source. */
  readonly from?: string;
}

/** A root that a source has. */
export interface OfSource {
  readonly loaded: LoadedRoot;
  readonly source: RootSource;
}

/** Objects of a version that are looked for, at most. */
const objectsAsked = 4;

/** Roots asked for at once. */
const readAhead = 16;

/** What a slot holds, whoever it belongs to. */
export type SlotContent = LoadedRoot | 'damaged' | 'missing';

/** Slots that hold something, ascending. Cost: one LIST for 1,000 of them. */
export async function takenSlots(store: ObjectStore, options: CallOptions): Promise<number[]> {
  const slots: number[] = [];
  for await (const page of listPages(store, { ...options, prefix: rootPrefix })) {
    for (const { key } of page) {
      const version = versionOfRootKey(key);
      if (version !== undefined) slots.push(version);
    }
  }
  // A listing may be older than the dataset.
  if (slots.length === 0 && (await store.head(rootKey(1), options)) !== undefined) return [1];
  return slots.sort((a, b) => a - b);
}

export class Roots {
  readonly #store: ObjectStore;
  readonly #functions: ManifestFunctions;
  readonly #sources: readonly RootSource[];
  readonly #options: CallOptions;
  readonly #ahead = new Map<number, Promise<Uint8Array | undefined>>();
  /** The root that the hint carries, whether it can be used here or not. */
  copy: LoadedRoot | undefined;

  constructor(
    store: ObjectStore,
    functions: ManifestFunctions,
    sources: readonly RootSource[],
    options: CallOptions,
  ) {
    this.#store = store;
    this.#functions = functions;
    this.#sources = sources;
    this.#options = options;
  }

  /** As `at`, for who goes down the history: the slots below are asked for ahead. */
  down(place: RootPlace): Promise<FoundRoot> {
    const { version } = place;
    for (let below = version; below > Math.max(0, version - readAhead); below--) this.#prefetch(below);
    return this.at(place);
  }

  /** Cost: one request while all is well. */
  async at({ version, hash }: RootPlace): Promise<FoundRoot> {
    const key = rootKey(version);
    let bytes = await this.#take(version);
    // Bytes may be hurt on their way.
    if (bytes !== undefined && !this.#isRight(bytes, hash)) bytes = await this.#get(this.#store, key);
    if (bytes !== undefined && this.#isRight(bytes, hash)) {
      return { loaded: decodeRoot(bytes, key, this.#functions), damage: undefined };
    }
    const damage = bytes === undefined ? 'missing' : this.#isRoot(bytes) ? 'other' : 'damaged';
    return { ...(await this.#elsewhere({ version, hash })), damage };
  }

  async #elsewhere({ version, hash }: RootPlace): Promise<Pick<FoundRoot, 'loaded' | 'from'>> {
    const healed = healedKey(hash);
    const bytes = await this.#get(this.#store, healed);
    if (bytes !== undefined && this.#isRight(bytes, hash))
      return { loaded: decodeRoot(bytes, rootKey(version), this.#functions), from: healed };
    if (this.copy !== undefined && equalBytes(this.copy.hash, hash))
      return { loaded: this.copy, from: hintKey };
    for (const { name, store } of this.#sources) {
      const bytes = await this.#get(store, rootKey(version));
      if (bytes !== undefined && this.#isRight(bytes, hash))
        return { loaded: decodeRoot(bytes, rootKey(version), this.#functions), from: name };
    }
    return { loaded: undefined };
  }

  /** What the slot holds. Cost: one request, two for what is damaged. */
  async inSlot(version: number): Promise<SlotContent> {
    const content = await this.#contentOf(this.#store, version);
    return content === 'damaged' ? this.#contentOf(this.#store, version) : content;
  }

  /** The first root in that slot of a source that is as wanted. */
  async ofSource(version: number, isWanted: (loaded: LoadedRoot) => boolean): Promise<OfSource | undefined> {
    for (const source of this.#sources) {
      const loaded = await this.#contentOf(source.store, version);
      if (typeof loaded !== 'string' && isWanted(loaded)) return { loaded, source };
    }
    return undefined;
  }

  /**
   * Whether the root that a source has in a slot is the one that stood here, and not one by which the source
   * went its own way: what is left in the slot has ids that were drawn for it, an object that came with it is
   * here, or the source is a replica or an untouched copy of a place that had the version.
   */
  async stoodHere({ loaded: { root }, source }: OfSource): Promise<boolean> {
    const left = await this.#get(this.#store, rootKey(root.version));
    const drawn = [root.commitId, root.setHash, ...root.operations.map(({ id }) => id)];
    if (left !== undefined && drawn.some((id) => id.byteLength >= 16 && holds(left, id))) return true;
    for (const slot of root.changes?.added.slice(0, objectsAsked) ?? []) {
      const { key } = resolveObject(root.objects, slot, rootKey(root.version));
      if ((await this.#store.head(key, this.#options)) !== undefined) return true;
    }
    const hint = await readHint(source.store, this.#functions, this.#options);
    const hasIt = hint.head !== undefined && hint.head.root.version >= root.version;
    return hasIt && (hint.role === 'replica' || hint.problem === 'elsewhere');
  }

  async #contentOf(store: ObjectStore, version: number): Promise<SlotContent> {
    const bytes = await this.#get(store, rootKey(version));
    if (bytes === undefined) return 'missing';
    try {
      return decodeRoot(bytes, rootKey(version), this.#functions);
    } catch (error) {
      if (isNacreError(error, 'Corrupt')) return 'damaged';
      throw error;
    }
  }

  #prefetch(version: number): void {
    if (this.#ahead.has(version)) return;
    const bytes = this.#get(this.#store, rootKey(version));
    // Whoever needs it sees its error.
    bytes.catch(() => undefined);
    this.#ahead.set(version, bytes);
  }

  #take(version: number): Promise<Uint8Array | undefined> {
    const bytes = this.#ahead.get(version) ?? this.#get(this.#store, rootKey(version));
    for (const known of this.#ahead.keys()) if (known >= version) this.#ahead.delete(known);
    return bytes;
  }

  async #get(store: ObjectStore, key: string): Promise<Uint8Array | undefined> {
    const read = (call: GetOptions) => store.get(key, call);
    return (await getFrame(read, 'root', this.#options))?.bytes;
  }

  #isRight(bytes: Uint8Array, hash: Uint8Array): boolean {
    return equalBytes(this.#functions.blake3(bytes), hash);
  }

  #isRoot(bytes: Uint8Array): boolean {
    try {
      decodeRoot(bytes, 'a root', this.#functions);
      return true;
    } catch (error) {
      return !isNacreError(error, 'Corrupt');
    }
  }
}

function holds(bytes: Uint8Array, id: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(Buffer.from(id));
}

/** Where two histories go on from one version, nobody can say which of them is meant. */
export function forked(version: number): NacreError {
  return new NacreError(
    'Corrupt',
    `${rootKey(version)} is another one than the hint says, and later versions build on it`,
    {
      context: { key: rootKey(version), version },
      hint:
        'The prefix was put back to an earlier state, and went on from there. Remove `latest` when what is in ' +
        'the slots is meant; else put back the versions that the hint names.',
    },
  );
}
