// Reads that check what they got. Bytes that fail may have been hurt on the way, so they are read once more
// before they count as damaged; partitions are read so by the verified wrapper.
import { isNacreError } from '../errors.js';
import type { GetOptions, ObjectStore } from '../storage/object-store.js';

/** What `check` makes of the bytes, or its second `Corrupt`; undefined when there is no such key. */
export async function readChecked<T>(
  store: ObjectStore,
  key: string,
  options: GetOptions,
  check: (bytes: Uint8Array) => T,
): Promise<T | undefined> {
  const body = await store.get(key, options);
  if (body === undefined) return undefined;
  try {
    return check(body.bytes);
  } catch (error) {
    if (!isNacreError(error, 'Corrupt')) throw error;
  }
  const again = await store.get(key, options);
  return again && check(again.bytes);
}
