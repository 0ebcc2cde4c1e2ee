// `restoring`: what the hint of a place says while a history is being restored to it, once more, so that the
// place opens for nobody where the hint is lost, too.
//
// It has the bytes of that hint, is written before the first root, and stays: once the first version of the
// place's own is there it says nothing any more. Only who has no usable hint asks for it.
import { isNacreError, NacreError } from '../errors.js';
import type { CallOptions, ObjectStore, StateToken } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import { readRoot } from './head.js';
import { beingRestored, decodeHint, type HintState } from './hint.js';
import { restoringKey } from './keys.js';
import type { Restoring } from './message.js';
import { getFrame } from './read-checked.js';
import type { LoadedRoot } from './root.js';

export interface RestoringMark {
  readonly restoring: Restoring;
  /** Version 1 of the history. */
  readonly first: LoadedRoot;
}

/** Undefined where there is none. Cost: one request, two for what is damaged. `Corrupt` for what is none. */
export async function readMark(
  store: ObjectStore,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<RestoringMark | undefined> {
  // Bytes may be hurt on their way.
  const first = await readOnce(store, functions, options).catch((error: unknown) => {
    if (isNacreError(error, 'Corrupt')) return 'again' as const;
    throw error;
  });
  if (first !== 'again') return first;
  return readOnce(store, functions, options).catch((cause: unknown) => {
    if (!isNacreError(cause, 'Corrupt')) throw cause;
    const message = `${store.uri}: ${cause.message}, so whether a restore to this place has ended is not known`;
    throw new NacreError('Corrupt', message, {
      cause,
      context: { ...cause.context, uri: store.uri },
      hint: `Where it had ended remove ${restoringKey}; else empty the place, and restore again.`,
    });
  });
}

async function readOnce(
  store: ObjectStore,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<RestoringMark | undefined> {
  const body = await getFrame((call) => store.get(restoringKey, call), 'hint', options);
  if (body === undefined) return undefined;
  const { hint, head } = decodeHint(body.bytes, restoringKey, functions);
  if (hint.restoring !== null) return { restoring: hint.restoring, first: head };
  throw new NacreError('Corrupt', `${restoringKey} says of no restore`, { context: { key: restoringKey } });
}

/** Says what is under way, unless that stands there; what is left of an earlier dataset is replaced. */
export async function writeMark(
  store: ObjectStore,
  bytes: Uint8Array,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<void> {
  const wanted = decodeHint(bytes, restoringKey, functions);
  const look = async (): Promise<There> => {
    const first = await lookOnce(store, wanted, functions, options);
    // Bytes may be hurt on their way.
    return first.says === 'nothing' ? lookOnce(store, wanted, functions, options) : first;
  };
  const found = await look();
  if (found.says === 'the same') return;
  const put = await store.put(restoringKey, bytes, {
    ...options,
    condition: found.token === undefined ? 'absent' : { token: found.token },
    crc32c: functions.crc32c(bytes),
    cacheControl: 'no-store',
  });
  if (put.outcome === 'written') return;
  // A first attempt whose reply was lost, or the same restore by another process.
  if ((await look()).says === 'the same') return;
  throw new NacreError('Conflict', `${store.uri} is being restored to by somebody else`, {
    context: { uri: store.uri, key: restoringKey },
    hint: 'Restore into an empty prefix.',
  });
}

type Decoded = ReturnType<typeof decodeHint>;

/** Undefined token: there is none. `nothing`: what stands there is no mark. */
interface There {
  readonly token: StateToken | undefined;
  readonly says: 'the same' | 'another' | 'nothing' | 'absent';
}

async function lookOnce(
  store: ObjectStore,
  { hint: wanted }: Decoded,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<There> {
  const body = await getFrame((call) => store.get(restoringKey, call), 'hint', options);
  if (body === undefined) return { token: undefined, says: 'absent' };
  const { token } = body;
  try {
    const { hint } = decodeHint(body.bytes, restoringKey, functions);
    const [one, other] = [wanted.restoring, hint.restoring];
    if (one === null || other === null) return { token, says: 'nothing' };
    const isSame = equalBytes(wanted.dataset, hint.dataset) && equalBytes(one.rootHash, other.rootHash);
    return { token, says: isSame && one.only === other.only ? 'the same' : 'another' };
  } catch (error) {
    if (isNacreError(error, 'Corrupt') || isNacreError(error, 'UnsupportedFormat'))
      return { token, says: 'nothing' };
    throw error;
  }
}

/**
 * `Unavailable` where a restore to this place has not ended, though no usable hint says so; `head` is what
 * its roots lead to. Costs nothing where there is a hint, else a request, and one more after a restore.
 */
export async function checkEnded(
  store: ObjectStore,
  { problem }: HintState,
  { root: { dataset } }: LoadedRoot,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<void> {
  if (problem !== 'absent' && problem !== 'damaged') return;
  const mark = await unendedMark(store, functions, options);
  if (mark !== undefined && equalBytes(mark.first.root.dataset, dataset))
    throw beingRestored(mark.restoring, store.uri);
}

/** What is under way here; undefined where nothing is, or it has ended. */
export async function unendedMark(
  store: ObjectStore,
  functions: ManifestFunctions,
  options: CallOptions,
): Promise<RestoringMark | undefined> {
  const mark = await readMark(store, functions, options);
  if (mark === undefined) return undefined;
  const { version, rootHash } = mark.restoring;
  const own = await readRoot(store, version + 1, functions, options);
  const isOwn = own?.root.operations.some(({ kinds }) => kinds.includes('restoreTo')) === true;
  return isOwn && equalBytes(own.root.parent?.hash ?? new Uint8Array(0), rootHash) ? undefined : mark;
}
