// Which version was the newest at a time. Times of roots ascend, so they are searched by halves; where a
// slot on the way is no root of this history, which is rare, the parents are followed instead.
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import { readRoot } from './head.js';
import { history } from './history.js';
import type { LoadedRoot } from './root.js';

/**
 * The newest version up to a time by the store's clock; `oldest` where that was committed later. Cost: one
 * request for each halving of the versions from `oldest` on.
 */
export async function newestAt(
  store: ObjectStore,
  head: LoadedRoot,
  timeMs: number,
  oldest: number,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<number> {
  if (head.root.timeMs <= timeMs || head.root.version <= oldest) return head.root.version;
  const read = async (version: number): Promise<LoadedRoot | undefined> => {
    const loaded = await readRoot(store, version, functions, options);
    const fits = loaded?.root.version === version && equalBytes(loaded.root.dataset, head.root.dataset);
    return fits ? loaded : undefined;
  };
  let above = head;
  let below = await read(oldest);
  while (below !== undefined) {
    if (below.root.timeMs > timeMs) return below.root.version;
    const [low, high] = [below.root.version, above.root.version];
    if (high - low === 1) {
      const { parent } = above.root;
      if (parent !== null && parent.version === low && equalBytes(parent.hash, below.hash)) return low;
      break;
    }
    const middle = await read(low + Math.floor((high - low) / 2));
    if (middle === undefined) break;
    if (middle.root.timeMs > timeMs) above = middle;
    else below = middle;
  }
  for await (const { root } of history(store, head, functions, options))
    if (root.timeMs <= timeMs || root.version <= oldest) return root.version;
  return oldest;
}
