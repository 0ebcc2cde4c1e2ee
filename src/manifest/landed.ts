// What the versions that landed since a transaction began have changed, remembered from attempt to attempt.
import type { ObjectStore } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { loadEffects } from './effects.js';
import type { ManifestFunctions } from './functions.js';
import { readRoot } from './head.js';
import type { Effects } from './rebase.js';
import type { LoadedRoot } from './root.js';

/** Versions whose effects are kept; older ones are read again. */
const effectsKept = 1_024;

export class Landed {
  readonly #store: ObjectStore;
  readonly #functions: ManifestFunctions;
  /** What versions changed, and which one stands before each: voids do not. */
  readonly #known = new Map<number, { readonly effects: Effects; readonly parent: number }>();

  constructor(store: ObjectStore, functions: ManifestFunctions) {
    this.#store = store;
    this.#functions = functions;
  }

  remember(effects: Effects, { root }: LoadedRoot): void {
    this.#known.set(root.version, { effects, parent: root.parent?.version ?? 0 });
    const oldest = this.#known.keys().next().value;
    if (this.#known.size > effectsKept && oldest !== undefined) this.#known.delete(oldest);
  }

  /**
   * Effects of every version after `base` up to the head, oldest first; those not remembered are read,
   * parent by parent. A writer that others overtake asks again for each attempt, so nothing is read twice.
   */
  async between(base: number, head: LoadedRoot): Promise<Effects[]> {
    const out: Effects[] = [];
    for (let version = head.root.version; version > base; ) {
      let known = this.#known.get(version);
      if (known === undefined) {
        const isHead = version === head.root.version;
        const read = isHead ? head : await readRoot(this.#store, version, this.#functions);
        const loaded = defined(read, `root of version ${version}`);
        const effects = await loadEffects(this.#store, loaded.root, this.#functions);
        this.remember(effects, loaded);
        known = { effects, parent: loaded.root.parent?.version ?? 0 };
      }
      out.push(known.effects);
      version = known.parent;
    }
    return out.reverse();
  }
}
