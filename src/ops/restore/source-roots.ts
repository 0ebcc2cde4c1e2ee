// Roots of a source that may be damaged: one that cannot be read is asked of its hint and of its replicas, by
// the hash that the root above it names.
import { isNacreError, NacreError } from '../../errors.js';
import { readRoot } from '../../manifest/head.js';
import type { RootPlace } from '../../manifest/healed-root.js';
import { readHint } from '../../manifest/hint.js';
import { history } from '../../manifest/history.js';
import { rootKey, versionOfRootKey } from '../../manifest/keys.js';
import type { LoadedRoot } from '../../manifest/root.js';
import type { CallOptions, ObjectStore } from '../../storage/object-store.js';
import { forwarding } from '../../storage/wrap/forwarding.js';
import { throwIfAborted } from '../../util/runtime.js';
import type { ReadEnvironment } from '../environment.js';
import { Roots } from '../scrub/roots.js';

export type OpenOthers = () => Promise<readonly ReadEnvironment[]>;

export class SourceRoots {
  readonly #source: ReadEnvironment;
  readonly #last: LoadedRoot;
  readonly #others: OpenOthers;
  #roots: Promise<Roots> | undefined;
  /** Where versions are that a root which was read names as its parent, from the last one down. */
  readonly #places = new Map<number, RootPlace>();
  #lowest: LoadedRoot | undefined;

  /** `last`: the version that the history goes up to. */
  constructor(source: ReadEnvironment, last: LoadedRoot, others: OpenOthers) {
    this.#source = source;
    this.#last = last;
    this.#others = others;
    this.#lowest = last;
  }

  /** Undefined where nothing stands in the slot and nobody has what stood there. Cost: one request. */
  async read(version: number, call: CallOptions): Promise<LoadedRoot | undefined> {
    if (version === this.#last.root.version) return this.#last;
    try {
      const loaded = await readRoot(this.#source.store, version, this.#source.functions, call);
      return loaded ?? (await this.byChain(version, call));
    } catch (error) {
      if (!isNacreError(error, 'Corrupt')) throw error;
      const found = await this.byChain(version, call);
      if (found === undefined) throw error;
      return found;
    }
  }

  /**
   * A version as the roots above it name it, from wherever it is right. Undefined where none of them does,
   * since it is a void or one between is lost, and where nobody has it. Cost: a request a version down to it,
   * once.
   */
  async byChain(version: number, call: CallOptions): Promise<LoadedRoot | undefined> {
    if (version === this.#last.root.version) return this.#last;
    const roots = await (this.#roots ??= this.#open(call));
    while (this.#lowest !== undefined && this.#lowest.root.version > version) {
      throwIfAborted(call.signal);
      const { parent } = this.#lowest.root;
      if (parent !== null) this.#places.set(parent.version, parent);
      this.#lowest = parent === null ? undefined : (await roots.at(parent)).loaded;
    }
    const place = this.#places.get(version);
    return place && (await roots.at(place)).loaded;
  }

  /** Whether a root that was read names the version. */
  isNamed(version: number): boolean {
    return this.#places.has(version);
  }

  async #open(call: CallOptions): Promise<Roots> {
    const { store, functions } = this.#source;
    const [hint, others] = await Promise.all([readHint(store, functions, call), this.#others()]);
    const sources = others.map((other) => ({
      name: other.store.uri,
      store: ofWhoAnswers(other.store, call),
    }));
    const roots = new Roots(store, functions, sources, call);
    roots.copy = hint.head;
    return roots;
  }
}

/** From the last version down, past roots that are damaged. Cost: a request a version. */
export async function* historyOf(
  { store, functions }: ReadEnvironment,
  last: LoadedRoot,
  roots: SourceRoots,
  call: CallOptions,
): AsyncGenerator<LoadedRoot> {
  for (let from: LoadedRoot | undefined = last; from !== undefined; ) {
    let lowest: LoadedRoot = from;
    from = undefined;
    try {
      for await (const loaded of history(store, lowest, functions, call)) {
        lowest = loaded;
        yield loaded;
      }
    } catch (error) {
      const { parent } = lowest.root;
      if (!isNacreError(error, 'Corrupt') || parent === null) throw error;
      from = await roots.byChain(parent.version, call);
      if (from === undefined) throw error;
    }
  }
}

/** A place that does not answer has nothing: another one may. */
function ofWhoAnswers(store: ObjectStore, { signal }: CallOptions): ObjectStore {
  return forwarding(store, {
    get: (key, options) =>
      store.get(key, options).catch((error: unknown) => {
        throwIfAborted(signal);
        if (!isNacreError(error)) throw error;
        return undefined;
      }),
  });
}

/** The source, with right roots in the slots of those that are damaged. */
export function withRoots({ store }: ReadEnvironment, roots: SourceRoots, call: CallOptions): ObjectStore {
  return forwarding(store, {
    async get(key, options) {
      const version = versionOfRootKey(key);
      const loaded = version === undefined ? undefined : await roots.byChain(version, call);
      if (version !== undefined && loaded === undefined && roots.isNamed(version))
        throw lost(store.uri, version);
      if (loaded === undefined) return store.get(key, options);
      return { bytes: loaded.bytes, token: key, sizeBytes: loaded.bytes.byteLength, modifiedMs: 0 };
    },
  });
}

function lost(uri: string, version: number): NacreError {
  const key = rootKey(version);
  return new NacreError('Corrupt', `${uri}: ${key} is damaged or missing, and nobody who was asked has it`, {
    context: { key, version, uri },
    hint: 'Put it back with `nacre repair --source` from a replica or a backup, or restore another version.',
  });
}
