import { callOptions } from './wrap/forwarding.js';
import { throwIfAborted } from '../util/runtime.js';
import type { CallOptions, ObjectStore } from './object-store.js';

/** As many at once as the store takes. Cost: a DELETE for each 1,000 keys, of some stores one a key. */
export async function deleteAll(
  store: ObjectStore,
  keys: readonly string[],
  options: CallOptions = {},
): Promise<void> {
  const { deleteBatch } = store.capabilities;
  for (let at = 0; at < keys.length; at += deleteBatch) {
    throwIfAborted(options.signal);
    await store.delete(keys.slice(at, at + deleteBatch), callOptions(options));
  }
}
