// Roots of a source that may be damaged: one that cannot be read is asked of its replicas, by the hash that
// the root above it names.
import { isNacreError } from '../../errors.js';
import { readRoot } from '../../manifest/head.js';
import type { LoadedRoot } from '../../manifest/root.js';
import type { CallOptions } from '../../storage/object-store.js';
import type { ReadEnvironment } from '../environment.js';
import { Roots } from '../scrub/roots.js';

export class SourceRoots {
  readonly #source: ReadEnvironment;
  readonly #last: LoadedRoot;
  readonly #others: () => Promise<readonly ReadEnvironment[]>;

  /** `last`: the version that the history goes up to. */
  constructor(source: ReadEnvironment, last: LoadedRoot, others: () => Promise<readonly ReadEnvironment[]>) {
    this.#source = source;
    this.#last = last;
    this.#others = others;
  }

  /** Undefined where nothing stands in the slot and nobody has what stood there. Cost: one request. */
  async read(version: number, call: CallOptions): Promise<LoadedRoot | undefined> {
    if (version === this.#last.root.version) return this.#last;
    try {
      const loaded = await readRoot(this.#source.store, version, this.#source.functions, call);
      return loaded ?? (await this.#elsewhere(version, call));
    } catch (error) {
      if (!isNacreError(error, 'Corrupt')) throw error;
      const found = await this.#elsewhere(version, call);
      if (found === undefined) throw error;
      return found;
    }
  }

  /** The root above may be damaged, too. A slot that no root names cannot be told. */
  async #elsewhere(version: number, call: CallOptions): Promise<LoadedRoot | undefined> {
    const others = await this.#others();
    for (let above = version + 1; above <= this.#last.root.version; above++) {
      const { parent = null } = (await this.read(above, call))?.root ?? {};
      if (parent === null || parent.version > version) continue;
      if (parent.version < version) return undefined;
      const { store, functions } = this.#source;
      const sources = others.map((other) => ({ name: other.store.uri, store: other.store }));
      return (await new Roots(store, functions, sources, call).at(parent)).loaded;
    }
    return undefined;
  }
}
