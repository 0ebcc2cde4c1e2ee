// What is read once and stays in memory: shared by all who ask for it, known by what it is.
import { LRUCache } from 'lru-cache';
import type { CallOptions } from '../storage/object-store.js';
import { untilAborted } from '../util/runtime.js';
import type { ArrayEnvironment } from './environment.js';

/** Values by environment and a name that says what they are, the hash of an object for example. */
export class Kept<T extends object> {
  readonly #most: number;
  readonly #values = new WeakMap<ArrayEnvironment, LRUCache<string, Promise<T>>>();

  /** `most`: so many of a dataset stay in memory, of all its arrays. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The value, which `load` makes where it is not there. A failure does not stick. */
  get(
    environment: ArrayEnvironment,
    name: string,
    load: () => Promise<T>,
    { signal }: CallOptions,
  ): Promise<T> {
    const owner = environment.sharesWith ?? environment;
    const kept = this.#values.get(owner) ?? new LRUCache({ max: this.#most });
    this.#values.set(owner, kept);
    let loading = kept.get(name);
    if (loading === undefined) {
      // Shared by all who wait for it: no caller's signal goes in.
      loading = load();
      kept.set(name, loading);
      loading.catch(() => kept.delete(name));
    }
    return untilAborted(loading, signal);
  }
}
