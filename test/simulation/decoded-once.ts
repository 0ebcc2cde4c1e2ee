// Roots that were decoded, by the very bytes that they came as: a body of a bucket is the same for all who
// read the whole of it, and what comes hurt has bytes of its own. A version is read some twenty times in a
// history.
import type { LoadedRoot } from '../../src/manifest/root.js';

type Decode = (bytes: Uint8Array, ...rest: never[]) => LoadedRoot;

/** The same, but for asking `decode` once for each body. Stands in its place in simulated sources. */
export function decodedOnce<T extends Decode>(decode: T): T {
  const known = new WeakMap<Uint8Array, LoadedRoot>();
  return ((bytes, ...rest) => {
    let loaded = known.get(bytes);
    if (loaded === undefined) known.set(bytes, (loaded = decode(bytes, ...rest)));
    return loaded;
  }) as T;
}
