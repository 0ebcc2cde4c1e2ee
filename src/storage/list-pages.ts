import type { CallOptions, ListEntry, ListOptions, ObjectStore } from './object-store.js';

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

/** Whether there is anything below a prefix. Cost: a LIST of one key. */
export async function holdsAny(store: ObjectStore, prefix: string, options: CallOptions): Promise<boolean> {
  return (await store.list({ ...options, prefix, limit: 1 })).entries.length > 0;
}
