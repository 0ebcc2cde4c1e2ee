// A store that takes what is new and refuses to overwrite, as append-only credentials and policies that
// demand If-None-Match do.
import { NacreError } from '../../src/errors.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';

export interface Refusing extends ObjectStore {
  /** Keys of which an overwrite was refused, in order. */
  readonly refused: readonly string[];
}

/** 403 for each PUT over what is there, but of keys that match `but`: a writer moves the hint anyway. */
export function refusing(inner: ObjectStore, but = /^(latest|leases\/.*)$/): Refusing {
  const refused: string[] = [];
  const store = forwarding(inner, {
    put: async (key, body, options) => {
      if (options?.condition !== 'absent' && !but.test(key)) {
        refused.push(key);
        throw new NacreError('PermissionDenied', `put ${key}: the store answered 403 AccessDenied`, {
          context: { key, status: 403 },
        });
      }
      return inner.put(key, body, options);
    },
  });
  return { ...store, refused };
}
