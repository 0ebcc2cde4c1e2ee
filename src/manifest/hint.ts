// `latest`, the hint: where the head was when somebody last wrote it. It saves requests and decides nothing.
//
// A hint that is absent, damaged or written at another home (it came with a copy) counts as missing. It moves
// forward only, by compare-and-swap, and a refusal is dropped: then somebody else moved it.
import { isNacreError, NacreError } from '../errors.js';
import type { CallOptions, ObjectStore, PutResult, StateToken } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import { decodeFrame, encodeFrame } from './frame.js';
import type { ManifestFunctions } from './functions.js';
import { hintKey } from './keys.js';
import { getFrame } from './read-checked.js';
import { decode, encode, type Hint, make, type Restoring, v1 } from './message.js';
import { decodeRoot, type LoadedRoot } from './root.js';

export interface HintState {
  /** State of the key as last seen; undefined when it is absent. */
  readonly token: StateToken | undefined;
  /** What it says when it can be used here. */
  readonly head: LoadedRoot | undefined;
  /** Why it cannot be used, for a note to the user. */
  readonly problem: 'absent' | 'damaged' | 'elsewhere' | undefined;
  /** Where it says that it was written, and the version it names, when it came with a copy. */
  readonly origin: { readonly home: string; readonly version: number } | undefined;
  readonly role: 'primary' | 'replica';
  /** A restore from another place that has not ended; undefined where there is none. */
  readonly restoring: Restoring | undefined;
}

/** Cost: one GET, and a second one where what came is damaged. */
export async function readHint(
  store: ObjectStore,
  functions: ManifestFunctions,
  options: CallOptions = {},
): Promise<HintState> {
  const first = await readOnce(store, functions, options);
  // It may have been hurt on its way; that it says of a restore that has not ended must not be missed.
  return first.problem === 'damaged' ? readOnce(store, functions, options) : first;
}

async function readOnce(
  store: ObjectStore,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<HintState> {
  const body = await getFrame((call) => store.get(hintKey, call), 'hint', options);
  const missing = { head: undefined, origin: undefined, role: 'primary', restoring: undefined } as const;
  if (body === undefined) return { ...missing, token: undefined, problem: 'absent' };
  const { token } = body;
  let hint: Hint;
  let head: LoadedRoot;
  try {
    ({ hint, head } = decodeHint(body.bytes, hintKey, functions));
  } catch (error) {
    if (isNacreError(error, 'Corrupt')) return { ...missing, token, problem: 'damaged' };
    throw error;
  }
  const restoring = hint.restoring ?? undefined;
  const role = hint.role === v1.Role.ROLE_REPLICA ? 'replica' : 'primary';
  if (!equalBytes(head.hash, hint.rootHash) || head.root.version !== hint.version) {
    return { ...missing, role, token, problem: 'damaged' };
  }
  const elsewhere = cameFromServer(hint, store.capabilities.server, body.modifiedMs);
  if (hint.home !== store.uri || elsewhere) {
    const home = elsewhere ? `${hint.home} on ${hint.server}` : hint.home;
    return { token, head, problem: 'elsewhere', origin: { home, version: hint.version }, role, restoring };
  }
  return { token, head, problem: undefined, origin: undefined, role, restoring };
}

/** The frame of a hint, and its copy of the root. `Corrupt` for what is none. */
export function decodeHint(
  bytes: Uint8Array,
  key: string,
  functions: ManifestFunctions,
): { readonly hint: Hint; readonly head: LoadedRoot } {
  const hint = decode(v1.Hint, decodeFrame('hint', bytes, key, functions), key);
  return { hint, head: decodeRoot(hint.root, `${key} (its copy of the root)`, functions) };
}

/** `Unavailable` where a restore from another place has not ended: what is here so far is no dataset. */
export function checkRestored({ restoring }: HintState, uri: string): void {
  if (restoring !== undefined) throw beingRestored(restoring, uri);
}

export function beingRestored({ source, version }: Restoring, uri: string): NacreError {
  return new NacreError('Unavailable', `${uri} is being restored from version ${version} of ${source}`, {
    context: { uri, source, version },
    hint: 'Wait for its end. One that was interrupted goes on when it is run again.',
  });
}

/** Longer than a put of the hint may take with its retries, and shorter than who mirrors a bucket by hand. */
const writtenWithinMs = 120_000;

/**
 * Whether a hint came with a copy from another server of the same bucket name. A server may have several
 * names (behind a proxy, inside and outside a cluster), so another name alone says nothing: a copy was also
 * put at another time than the hint says that it was written.
 */
function cameFromServer(hint: Hint, server: string | undefined, modifiedMs: number): boolean {
  if (hint.server === '' || server === undefined || hint.server === server) return false;
  return Math.abs(modifiedMs - hint.writtenMs) > writtenWithinMs;
}

/**
 * Moves the hint to `head` unless it was changed since `token` was seen; of a primary, unless `role` says
 * otherwise. The new token, or undefined when refused. One request: not part of a commit.
 */
export async function writeHint(
  store: ObjectStore,
  head: LoadedRoot,
  token: StateToken | undefined,
  functions: ManifestFunctions,
  {
    role = 'primary',
    restoring,
    ...options
  }: CallOptions & { readonly role?: HintState['role']; readonly restoring?: Restoring } = {},
): Promise<StateToken | undefined> {
  const bytes = encodeHint(store, head, functions, role, restoring);
  const result = await putHint(store, hintKey, bytes, token, functions, options);
  return result.outcome === 'written' ? result.token : undefined;
}

/** Under `latest`, or under a key that says the same once more; where nothing but `token` stands there. */
export function putHint(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  token: StateToken | undefined,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<PutResult> {
  return store.put(key, bytes, {
    ...options,
    condition: token === undefined ? 'absent' : { token },
    crc32c: functions.crc32c(bytes),
    cacheControl: 'no-store',
  });
}

/** A hint that names `head`, as it is written at `store`. */
export function encodeHint(
  store: ObjectStore,
  head: LoadedRoot,
  functions: ManifestFunctions,
  role: HintState['role'],
  restoring?: Restoring,
): Uint8Array {
  const { server = '' } = store.capabilities;
  const hint = make(v1.Hint, {
    dataset: head.root.dataset,
    lineage: head.root.lineage,
    home: store.uri,
    role: role === 'replica' ? v1.Role.ROLE_REPLICA : v1.Role.ROLE_PRIMARY,
    version: head.root.version,
    rootHash: head.hash,
    root: head.bytes,
    server,
    ...(restoring === undefined ? {} : { restoring }),
    // The store's clock, as the time of its objects is.
    writtenMs: server === '' ? 0 : (store.timeMs() ?? 0),
  });
  return encodeFrame('hint', encode(v1.Hint, hint), functions);
}
