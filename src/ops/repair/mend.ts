// Puts the same bytes back under the same key, so that every version heals at once.
//
// Missing: create-only. Damaged: what is there goes to quarantine first, then it is replaced, if it is still
// in the state that was read. What was put is read back before it counts as mended. Where the store refuses
// it, the bytes go to `healed/<hash>`, where readers look for them.
import { isNacreError, NacreError } from '../../errors.js';
import { healedKey, quarantineKey } from '../../manifest/keys.js';
import type { CallOptions, PutCondition, StateToken } from '../../storage/object-store.js';
import { byteLength, type ByteSource, concat, equalBytes, toHex, utf8 } from '../../util/bytes.js';
import { digestObject, isDiskFailure } from '../digest.js';
import type { ReadEnvironment } from '../environment.js';
import { readWholeObject, type Whole } from '../whole.js';
import { storeNowMs } from '../../storage/store-time.js';

export interface Wanted {
  readonly key: string;
  /** BLAKE3. */
  readonly hash: Uint8Array;
  readonly crc32c: number;
  readonly blockBytes: number;
  /** The disk cannot read what is there: it is replaced, and nothing of it is kept. */
  readonly isUnreadable?: boolean;
  /** Why the right bytes are not to stand under their own key. */
  readonly refusal?: string;
}

export type Mended =
  | { readonly outcome: 'mended'; readonly quarantine?: string }
  /** The store refused it under its own key, by `reason`: the right bytes are under the key `healed`. */
  | {
      readonly outcome: 'healed';
      readonly healed: string;
      readonly reason: string;
      readonly quarantine?: string;
    }
  /** Somebody refused it, or put something else there; `reason` is for people. */
  | { readonly outcome: 'left'; readonly reason: string; readonly quarantine?: string };

/** Looks before it is given up, when somebody else changes the key meanwhile. */
const attempts = 3;

/**
 * `bytes` are the right ones, compared with the hash. Cost: what is there, twice; two or three PUTs, and one
 * more where they are refused.
 */
export async function putBack(
  environment: ReadEnvironment,
  wanted: Wanted,
  bytes: ByteSource,
  options: CallOptions,
): Promise<Mended> {
  const own: PutBack =
    wanted.refusal === undefined
      ? await putUnderOwnKey(environment, wanted, bytes, options)
      : { outcome: 'refused', reason: wanted.refusal };
  if (own.outcome !== 'refused') return own;
  const healed = healedKey(wanted.hash);
  const elsewhere = { ...wanted, key: healed, isUnreadable: false };
  const put = await putUnderOwnKey(environment, elsewhere, bytes, options);
  if (put.outcome === 'mended') return { ...own, outcome: 'healed', healed };
  return { ...own, outcome: 'left', reason: `${own.reason}; under ${healed}: ${put.reason}` };
}

/** `refused`: by the store, to whoever asks with these credentials. */
export type PutBack =
  | Exclude<Mended, { outcome: 'healed' }>
  | { readonly outcome: 'refused'; readonly reason: string; readonly quarantine?: string };

/** The same for what readers look for nowhere else. */
export async function putUnderOwnKey(
  environment: ReadEnvironment,
  wanted: Wanted,
  bytes: ByteSource,
  options: CallOptions,
): Promise<PutBack> {
  let quarantine: string | undefined;
  const also = () => (quarantine === undefined ? {} : { quarantine });
  for (let attempt = 0; attempt < attempts; attempt++) {
    const there = await lookAt(environment, wanted, options);
    try {
      if (there === 'changed') continue;
      if (there?.isRight === true) return { outcome: 'mended', ...also() };
      if (there?.whole !== undefined) quarantine = await setAside(environment, wanted, there.whole, options);
      const condition = there === undefined ? 'absent' : { token: there.token };
      if (await put(environment, wanted, bytes, condition, options)) break;
    } catch (error) {
      if (!isNacreError(error, 'PermissionDenied')) throw error;
      return { outcome: 'refused', reason: `the store refused it: ${error.message}`, ...also() };
    } finally {
      if (typeof there === 'object') there.whole?.release();
    }
  }
  const call = { ...options, blockBytes: wanted.blockBytes };
  const after = await digestObject(environment, wanted.key, call).catch((error: unknown) => {
    if (isDiskFailure(error)) return 'unreadable' as const;
    throw error;
  });
  if (after === 'unreadable')
    return { outcome: 'left', reason: 'the disk fails to read what was put there', ...also() };
  if (after !== undefined && equalBytes(after.digest.blake3, wanted.hash))
    return { outcome: 'mended', ...also() };
  return { outcome: 'left', reason: 'something else was put there meanwhile', ...also() };
}

interface There {
  readonly token: StateToken;
  /** Undefined where it cannot be read. */
  readonly whole?: Whole;
  readonly isRight: boolean;
}

/** What stands under the key; undefined when nothing does. */
async function lookAt(
  environment: ReadEnvironment,
  { key, hash, blockBytes, isUnreadable = false }: Wanted,
  options: CallOptions,
): Promise<There | 'changed' | undefined> {
  if (isUnreadable) {
    const head = await environment.store.head(key, options);
    return head && { token: head.token, isRight: false };
  }
  const whole = await readWholeObject(environment, key, blockBytes, options);
  if (whole === undefined) return undefined;
  const isRight = equalBytes(whole.digest.blake3, hash);
  if (whole.token !== undefined || isRight) return { whole, token: whole.token ?? '', isRight };
  whole.release();
  return 'changed';
}

/** Whether the condition held, as far as is known. */
async function put(
  { store }: ReadEnvironment,
  { key, crc32c }: Wanted,
  bytes: ByteSource,
  condition: PutCondition,
  options: CallOptions,
): Promise<boolean> {
  try {
    return (await store.put(key, bytes, { ...options, condition, crc32c })).outcome === 'written';
  } catch (error) {
    // It may have been applied: reading it back tells.
    if (isNacreError(error, 'Unavailable')) return false;
    throw error;
  }
}

/**
 * The bad bytes as they are, and beside them what they should have been. The same ones of one key once,
 * however often a repair comes by that is refused.
 */
async function setAside(
  environment: ReadEnvironment,
  { key, hash, blockBytes }: Wanted,
  there: Whole,
  options: CallOptions,
): Promise<string> {
  const { store, runtime, functions } = environment;
  const observed = there.digest.blake3;
  const place = quarantineKey(functions.blake3(concat([utf8.encode(key), observed])).subarray(0, 16));
  const call = { ...options, condition: 'absent', uniqueKey: true } as const;
  const note = utf8.encode(
    JSON.stringify({
      key,
      expected: toHex(hash),
      observed: toHex(observed),
      observedBytes: byteLength(there.bytes),
      timeMs: storeNowMs({ store, runtime }),
    }),
  );
  const { outcome } = await store.put(place, there.bytes, { ...call, crc32c: there.digest.crc32c });
  if (outcome === 'refused') {
    const kept = await digestObject(environment, place, { ...options, blockBytes });
    // Nothing is replaced before what it was is kept.
    if (kept === undefined || !equalBytes(kept.digest.blake3, observed))
      throw new NacreError('Unavailable', `${place} could not be written`, { context: { key, place } });
  }
  await store.put(`${place}.json`, note, {
    ...{ ...call, crc32c: functions.crc32c(note) },
    contentType: 'application/json',
  });
  return place;
}
