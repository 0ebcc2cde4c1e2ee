// Reads that check what they got. Bytes that fail may have been hurt on the way, so they are read once more
// before they count as damaged; partitions are read so by the verified wrapper.
import { isNacreError, NacreError } from '../errors.js';
import type { CallOptions, GetOptions, ObjectStore } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import type { StoredObject } from './objects.js';

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

/** The bytes of a whole object, checked against its hash; `Corrupt` when it is missing or another one. */
export async function readObject(
  store: ObjectStore,
  object: StoredObject,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<Uint8Array> {
  const damage = (what: string): NacreError =>
    new NacreError('Corrupt', `${object.key} ${what}`, {
      context: { key: object.key },
      hint: 'Run `nacre repair` to put back the right bytes from a replica or a backup.',
    });
  const whole = await readChecked(store, object.key, options, (bytes) => {
    if (equalBytes(functions.blake3(bytes), object.hash)) return bytes;
    throw damage('differs from its hash in the manifest');
  });
  if (whole === undefined) throw damage('is missing');
  return whole;
}
