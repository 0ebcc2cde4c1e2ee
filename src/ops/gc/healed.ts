// What of `healed/` nothing needs any more: hashes that no live version names an object of. Roots stay:
// they are never deleted, and a walk down the history needs each of them.
//
// A version that comes meanwhile refers to an object of such a hash only if one that is live does, or if it
// uploaded it itself, under a key of its own: so no plan lists what is deleted here.
import { hashOfHealedKey, healedPrefix } from '../../manifest/keys.js';
import { isRootFrame } from '../../manifest/frame.js';
import type { CallOptions } from '../../storage/object-store.js';
import { deleteAll } from '../../storage/delete-all.js';
import { listPages } from '../../storage/list-pages.js';
import { throwIfAborted } from '../../util/runtime.js';
import type { ReadEnvironment } from '../environment.js';

export interface HealedCounts {
  readonly objects: number;
  readonly bytes: number;
}

/** Hashes, hexadecimal, of what was healed before a time. Cost: a LIST for each 1,000. */
export async function healedBefore(
  { store }: Pick<ReadEnvironment, 'store'>,
  beforeMs: number,
  call: CallOptions,
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for await (const page of listPages(store, { ...call, prefix: healedPrefix })) {
    for (const { key, sizeBytes, modifiedMs } of page) {
      const hash = hashOfHealedKey(key);
      if (hash !== undefined && modifiedMs < beforeMs) sizes.set(hash, sizeBytes);
    }
  }
  return sizes;
}

/** Deletes those that are not `needed`. Cost: a GET for each of them, a DELETE for each 1,000. */
export async function removeHealed(
  { store }: Pick<ReadEnvironment, 'store'>,
  healed: ReadonlyMap<string, number>,
  needed: ReadonlySet<string>,
  dryRun: boolean,
  call: CallOptions,
): Promise<HealedCounts> {
  const keys: string[] = [];
  let bytes = 0;
  for (const [hash, sizeBytes] of healed) {
    if (needed.has(hash)) continue;
    throwIfAborted(call.signal);
    const key = `${healedPrefix}${hash}`;
    const start = await store.get(key, { ...call, range: { start: 0, end: 8 } });
    if (start === undefined || isRootFrame(start.bytes)) continue;
    keys.push(key);
    bytes += sizeBytes;
  }
  if (!dryRun) await deleteAll(store, keys, call);
  return { objects: keys.length, bytes };
}
