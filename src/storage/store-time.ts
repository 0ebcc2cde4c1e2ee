import type { Runtime } from '../util/runtime.js';
import type { ObjectStore } from './object-store.js';

/** The store's time, milliseconds since 1970; that of this machine before the store has answered. */
export function storeNowMs({
  store,
  runtime,
}: {
  readonly store: ObjectStore;
  readonly runtime: Runtime;
}): number {
  return store.timeMs() ?? runtime.now();
}
