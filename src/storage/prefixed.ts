import { checkKey, checkKeyPrefix } from './keys.js';
import type { ObjectStore, ServerCopies, VersionedObjects } from './object-store.js';

/**
 * The part of `store` whose keys begin with `prefix/`, as a store of its own; no key leads out of it. Costs
 * nothing. Closing it closes `store`. Throws `InvalidArgument` when `prefix` could not be a key.
 */
export function prefixed(store: ObjectStore, prefix: string): ObjectStore {
  checkKey(prefix);
  const full = (key: string): string => {
    checkKey(key);
    return `${prefix}/${key}`;
  };
  const relative = (key: string): string => key.slice(prefix.length + 1);
  return {
    uri: `${store.uri}/${prefix}`,
    capabilities: store.capabilities,
    ...(store.versioned === undefined
      ? {}
      : { versioned: prefixedVersions(store.versioned, full, relative) }),
    ...(store.copies === undefined ? {} : { copies: prefixedCopies(store.copies, full) }),
    get: async (key, options) => store.get(full(key), options),
    getRanges: async (key, ranges, options) => store.getRanges(full(key), ranges, options),
    put: async (key, body, options) => store.put(full(key), body, options),
    head: async (key, options) => store.head(full(key), options),
    delete: async (keys, options) => store.delete(keys.map(full), options),
    list: async (options = {}) => {
      const { prefix: within = '', after } = options;
      checkKeyPrefix(within);
      const { entries, next } = await store.list({
        ...options,
        prefix: `${prefix}/${within}`,
        ...(after === undefined ? {} : { after: `${prefix}/${after}` }),
      });
      return {
        entries: entries.map((entry) => ({ ...entry, key: relative(entry.key) })),
        next: next === undefined ? undefined : relative(next),
      };
    },
    timeMs: () => store.timeMs(),
    close: () => store.close(),
  };
}

function prefixedCopies(copies: ServerCopies, full: (key: string) => string): ServerCopies {
  return {
    reaches: (store) => copies.reaches(store),
    copy: async (key, from, options) => copies.copy(full(key), from, options),
  };
}

function prefixedVersions(
  versioned: VersionedObjects,
  full: (key: string) => string,
  relative: (key: string) => string,
): VersionedObjects {
  return {
    async listVersions({ prefix, after, ...options }) {
      checkKeyPrefix(prefix);
      const within = full('x').slice(0, -1);
      const { entries, next } = await versioned.listVersions({
        ...options,
        prefix: within + prefix,
        ...(after === undefined ? {} : { after: { ...after, key: within + after.key } }),
      });
      return {
        entries: entries.map((entry) => ({ ...entry, key: relative(entry.key) })),
        next: next && { ...next, key: relative(next.key) },
      };
    },
    getVersion: async (key, version, options) => versioned.getVersion(full(key), version, options),
    lock: async (key, lock, options) => versioned.lock(full(key), lock, options),
    deleteForGood: async (keys, options) =>
      (await versioned.deleteForGood(keys.map(full), options)).map(relative),
  };
}
