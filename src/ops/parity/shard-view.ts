// The bytes of a parity object after its frame, as an object of its own.
import { forwarding } from '../../storage/wrap/forwarding.js';
import type { ReadEnvironment } from '../environment.js';

export function shardView(
  { store, functions, native, runtime }: ReadEnvironment,
  frameBytes: number,
): ReadEnvironment {
  const shifted = forwarding(store, {
    get: async (key, options = {}) => {
      const { start = 0, end = Number.MAX_SAFE_INTEGER - frameBytes } = options.range ?? {};
      const range = { start: start + frameBytes, end: end + frameBytes };
      const body = await store.get(key, { ...options, range });
      return body && { ...body, sizeBytes: Math.max(0, body.sizeBytes - frameBytes) };
    },
    head: async (key, options) => {
      const head = await store.head(key, options);
      return head && { ...head, sizeBytes: Math.max(0, head.sizeBytes - frameBytes) };
    },
  });
  return { store: shifted, functions, native, runtime };
}
