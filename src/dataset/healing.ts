// Who is asked for right bytes once the store's own have failed twice: `healed/<hash>`, where a repair puts
// what it may not put back under its own key.
import { NacreError } from '../errors.js';
import { healedKey } from '../manifest/keys.js';
import type { ObjectStore } from '../storage/object-store.js';
import { forwarding } from '../storage/wrap/forwarding.js';
import { type Damage, type Healing, type HealingSource, reread } from '../storage/wrap/healing.js';

/** Keys of which a warning was given; a scan over a lost disk would warn without end. */
const mostWarned = 1_000;

/** `store`, whose checked reads ask `healed/<hash>`. Cost: nothing but where there is damage. */
export function withHealed(
  store: ObjectStore,
  warn: ((warning: NacreError) => void) | undefined,
): ObjectStore {
  const healing: Healing = {
    sourcesOf: ({ hash }) => [healedSource(store, hash)],
    onDamage: tellOnce(store.uri, warn),
  };
  return forwarding(store, { healing });
}

function healedSource(store: ObjectStore, hash: Uint8Array): HealingSource {
  const key = healedKey(hash);
  return {
    name: key,
    read: async (range, options) => (await store.get(key, { ...options, range }))?.bytes,
  };
}

/** Told once for each object that was answered from elsewhere; what nobody has is an error of its own. */
function tellOnce(uri: string, warn: ((warning: NacreError) => void) | undefined): (damage: Damage) => void {
  const warned = new Set<string>();
  return ({ key, kind, healedBy }) => {
    if (healedBy === undefined || healedBy === reread) return;
    if (warned.has(key) || warned.size >= mostWarned) return;
    warned.add(key);
    const what = kind === 'missing' ? 'is missing' : 'is damaged';
    warn?.(
      new NacreError('Corrupt', `${uri}/${key} ${what}; a read was answered from ${healedBy}`, {
        context: { key, damage: kind, healedBy },
        hint: 'Run `nacre repair` with the right to overwrite: it puts the same bytes back.',
      }),
    );
  };
}
