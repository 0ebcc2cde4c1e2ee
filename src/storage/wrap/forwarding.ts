import type { CallOptions, ObjectStore } from '../object-store.js';

/** What a wrapper may answer itself. */
export type StoreOverrides = Partial<Omit<ObjectStore, 'uri' | 'capabilities'>>;

/** A store that answers `overrides` itself and hands everything else to `inner`. */
export function forwarding(inner: ObjectStore, overrides: StoreOverrides): ObjectStore {
  return {
    uri: inner.uri,
    capabilities: inner.capabilities,
    ...(inner.versioned === undefined ? {} : { versioned: inner.versioned }),
    ...(inner.copies === undefined ? {} : { copies: inner.copies }),
    ...(inner.healing === undefined ? {} : { healing: inner.healing }),
    get: (key, options) => inner.get(key, options),
    getRanges: (key, ranges, options) => inner.getRanges(key, ranges, options),
    put: (key, body, options) => inner.put(key, body, options),
    head: (key, options) => inner.head(key, options),
    list: (options) => inner.list(options),
    delete: (keys, options) => inner.delete(keys, options),
    timeMs: () => inner.timeMs(),
    close: () => inner.close(),
    ...overrides,
  };
}

/** The options that every call takes, without those of one kind of call. */
export function callOptions({ signal, background }: CallOptions): CallOptions {
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(background === undefined ? {} : { background }),
  };
}
