// Reads that check what they got. Bytes that fail may have been hurt on the way, so they are read once more
// before they count as damaged; partitions are read so by the verified wrapper.
import { isNacreError, NacreError } from '../errors.js';
import type {
  ByteRange,
  CallOptions,
  GetOptions,
  ObjectBody,
  ObjectStore,
  StateToken,
} from '../storage/object-store.js';
import { throwIfAborted } from '../util/runtime.js';
import { equalBytes } from '../util/bytes.js';
import { frameCap, type FrameKind } from './frame.js';
import type { ManifestFunctions } from './functions.js';
import { firstRead } from './keys.js';
import type { StoredObject } from './objects.js';

/**
 * The whole object, where it is no longer than a frame of the kind may be; of a longer one the beginning,
 * which is none. Cost: one request, two for frames of more than 128 KiB.
 */
export async function getFrame(
  get: (options: GetOptions) => Promise<ObjectBody | undefined>,
  kind: FrameKind,
  options: CallOptions,
): Promise<ObjectBody | undefined> {
  const first = await get({ ...options, range: firstRead });
  if (first === undefined || first.sizeBytes <= firstRead.end || first.sizeBytes > frameCap[kind])
    return first;
  return get({ ...options, range: { start: 0, end: frameCap[kind] } });
}

/** As {@link readChecked}, of a frame that fills its object. */
export async function readFrame<T>(
  store: ObjectStore,
  key: string,
  kind: FrameKind,
  options: CallOptions,
  check: (bytes: Uint8Array, token: StateToken) => T,
): Promise<T | undefined> {
  const read = (call: GetOptions): Promise<ObjectBody | undefined> => store.get(key, call);
  return twice(() => getFrame(read, kind, options), check);
}

/**
 * What stands under a key that may be written over whatever stands there; `said` is what `check` makes of it,
 * undefined where that is damaged or of a newer release. Undefined where nothing does.
 */
export async function lookAtFrame<T>(
  store: ObjectStore,
  key: string,
  kind: FrameKind,
  options: CallOptions,
  check: (bytes: Uint8Array) => T,
): Promise<{ readonly token: StateToken; readonly said: T | undefined } | undefined> {
  let token: StateToken | undefined;
  try {
    return await readFrame(store, key, kind, options, (bytes, state) => {
      token = state;
      return { token: state, said: check(bytes) };
    });
  } catch (error) {
    const isOfBytes = isNacreError(error, 'Corrupt') || isNacreError(error, 'UnsupportedFormat');
    if (!isOfBytes || token === undefined) throw error;
    return { token, said: undefined };
  }
}

/** What `check` makes of the bytes, or its second `Corrupt`; undefined when there is no such key. */
export async function readChecked<T>(
  store: ObjectStore,
  key: string,
  options: GetOptions,
  check: (bytes: Uint8Array) => T,
): Promise<T | undefined> {
  return twice(() => store.get(key, options), check);
}

async function twice<T>(
  read: () => Promise<ObjectBody | undefined>,
  check: (bytes: Uint8Array, token: StateToken) => T,
): Promise<T | undefined> {
  const body = await read();
  if (body === undefined) return undefined;
  try {
    return check(body.bytes, body.token);
  } catch (error) {
    if (!isNacreError(error, 'Corrupt')) throw error;
  }
  const again = await read();
  return again && check(again.bytes, again.token);
}

/**
 * The same of an object that the manifest names, or of a range of it: what is missing or damaged is asked of
 * whoever else has it (`storage/wrap/healing.ts`). Cost: a request while all is well.
 */
export async function readNamed<T>(
  store: ObjectStore,
  { key, hash, sizeBytes }: Pick<StoredObject, 'key' | 'hash' | 'sizeBytes'>,
  { range, ...options }: CallOptions & { readonly range?: ByteRange },
  check: (bytes: Uint8Array) => T,
): Promise<T | undefined> {
  let failure: unknown;
  try {
    const found = await readChecked(store, key, { ...options, ...(range && { range }) }, check);
    if (found !== undefined) return found;
  } catch (error) {
    if (!isNacreError(error, 'Corrupt')) throw error;
    failure = error;
  }
  const { healing } = store;
  const damage = {
    ...({ key, kind: failure === undefined ? 'missing' : 'block' } as const),
    range: range ?? { start: 0, end: sizeBytes },
  };
  for (const source of healing?.sourcesOf({ key, hash }) ?? []) {
    throwIfAborted(options.signal);
    try {
      const bytes = await source.read(damage.range, options);
      if (bytes === undefined) continue;
      const healed = check(bytes);
      healing?.onDamage?.({ ...damage, healedBy: source.name });
      return healed;
    } catch {
      // Damaged, too, or not to be had: the next one is asked.
      throwIfAborted(options.signal);
    }
  }
  healing?.onDamage?.({ ...damage, healedBy: undefined });
  if (failure === undefined) return undefined;
  throw failure;
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
  const { sizeBytes } = object;
  // What is longer than it should be is not held.
  const call = sizeBytes === 0 ? options : { ...options, range: { start: 0, end: sizeBytes } };
  const whole = await readNamed(store, object, call, (bytes) => {
    if (equalBytes(functions.blake3(bytes), object.hash)) return bytes;
    throw damage('differs from its hash in the manifest');
  });
  if (whole === undefined) throw damage('is missing');
  return whole;
}
