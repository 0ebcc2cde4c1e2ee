// `restoring`: what the hint of a place says while a history is being restored to it, once more, so that the
// place opens for nobody where the hint is lost, too.
//
// It has the bytes of that hint, is written before the first root, and stays: once the first version of the
// place's own is there it says nothing any more. Only who has no usable hint asks for it.
import { isNacreError, NacreError } from '../errors.js';
import type { CallOptions, ObjectStore } from '../storage/object-store.js';
import { equalBytes } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import { readRoot } from './head.js';
import { beingRestored, decodeHint, type HintState, putHint } from './hint.js';
import { restoringKey } from './keys.js';
import type { Restoring } from './message.js';
import { lookAtFrame, readFrame } from './read-checked.js';
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
  const mark = (bytes: Uint8Array): RestoringMark => markIn(bytes, functions);
  return readFrame(store, restoringKey, 'hint', options, mark).catch((cause: unknown) => {
    if (!isNacreError(cause, 'Corrupt')) throw cause;
    const message = `${store.uri}: ${cause.message}, so whether a restore to this place has ended is not known`;
    throw new NacreError('Corrupt', message, {
      cause,
      context: { ...cause.context, uri: store.uri },
      hint: `Where it had ended remove ${restoringKey}; else empty the place, and restore again.`,
    });
  });
}

function markIn(bytes: Uint8Array, functions: ManifestFunctions): RestoringMark {
  const { hint, head } = decodeHint(bytes, restoringKey, functions);
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
  const wanted = markIn(bytes, functions);
  const look = () =>
    lookAtFrame(store, restoringKey, 'hint', options, (found) => isSame(wanted, markIn(found, functions)));
  const found = await look();
  if (found?.said === true) return;
  const put = await putHint(store, restoringKey, bytes, found?.token, functions, options);
  if (put.outcome === 'written') return;
  // A first attempt whose reply was lost, or the same restore by another process.
  if ((await look())?.said === true) return;
  throw new NacreError('Conflict', `${store.uri} is being restored to by somebody else`, {
    context: { uri: store.uri, key: restoringKey },
    hint: 'Restore into an empty prefix.',
  });
}

function isSame(one: RestoringMark, other: RestoringMark): boolean {
  if (!equalBytes(one.first.root.dataset, other.first.root.dataset)) return false;
  const [wanted, found] = [one.restoring, other.restoring];
  return equalBytes(wanted.rootHash, found.rootHash) && wanted.only === found.only;
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
