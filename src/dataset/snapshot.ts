// A version as readers use it: its root, and a view of each array, made when it is asked for.
import { ArrayView } from '../arrays/array-view.js';
import { arrayNotFound } from '../arrays/not-found.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { Environment } from './environment.js';

export class Snapshot {
  readonly loaded: LoadedRoot;
  /** Where its bytes come from. */
  readonly environment: Environment;
  readonly #views = new Map<string, ArrayView>();

  constructor(environment: Environment, loaded: LoadedRoot) {
    this.environment = environment;
    this.loaded = loaded;
  }

  get version(): number {
    return this.loaded.root.version;
  }

  get names(): string[] {
    return this.loaded.root.arrays.map((array) => array.name);
  }

  /** `NotFound` with the nearest name when there is no such array. */
  array(name: string): ArrayView {
    const known = this.#views.get(name);
    if (known !== undefined) return known;
    const entry = this.loaded.root.arrays.find((array) => array.name === name);
    if (entry === undefined) throw arrayNotFound(name, this.names);
    const view = new ArrayView(this.environment, this.loaded.root, entry);
    this.#views.set(name, view);
    return view;
  }

  /** Every array, for a transaction. */
  *arrays(): Generator<ArrayView> {
    for (const name of this.names) yield this.array(name);
  }
}
