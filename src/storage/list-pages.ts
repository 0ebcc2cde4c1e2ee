import { firstTextFrom } from '../util/sorted.js';
import { checkKeyPrefix } from './keys.js';
import type { CallOptions, ListEntry, ListOptions, ListPage, ObjectStore } from './object-store.js';

/** Everything below a prefix, page by page, in the order of the store. Cost: one LIST a page. */
export async function* listPages(
  store: ObjectStore,
  options: Omit<ListOptions, 'after'>,
): AsyncGenerator<readonly ListEntry[]> {
  for (let after: string | undefined; ; ) {
    const { entries, next } = await store.list({ ...options, ...(after === undefined ? {} : { after }) });
    yield entries;
    if (next === undefined) return;
    after = next;
  }
}

/** A page of keys that are known, in byte order: for characters of keys that is the order of strings. */
export function pageOfKeys(
  sorted: readonly string[],
  { prefix = '', after = '', limit = 1000 }: ListOptions,
  stateOf: (key: string) => Pick<ListEntry, 'sizeBytes' | 'modifiedMs'>,
): ListPage {
  checkKeyPrefix(prefix);
  const first = after < prefix ? firstTextFrom(sorted, prefix) : firstTextFrom(sorted, `${after}\0`);
  const found = sorted.slice(first, first + limit + 1).filter((key) => key.startsWith(prefix));
  const entries = found.slice(0, limit).map((key) => {
    const { sizeBytes, modifiedMs } = stateOf(key);
    return { key, sizeBytes, modifiedMs };
  });
  return { entries, next: found.length > limit ? entries.at(-1)?.key : undefined };
}

/** Whether there is anything below a prefix. Cost: a LIST of one key. */
export async function holdsAny(store: ObjectStore, prefix: string, options: CallOptions): Promise<boolean> {
  return (await store.list({ ...options, prefix, limit: 1 })).entries.length > 0;
}
