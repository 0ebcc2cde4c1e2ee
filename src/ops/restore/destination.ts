// The place that a history is restored to, until it is whole.
//
// The first thing that is written is a hint that says so: whoever opens the place is refused, and earlier
// releases, which do not know that word, find a replica at one of the source's versions. It is taken away by
// the hint that names the first version of the place's own. The second is the same once more, under a key of
// its own, which is looked at where the hint is lost.
import { NacreError } from '../../errors.js';
import { advance, newestRoot } from '../../manifest/head.js';
import { encodeHint, type HintState, readHint, writeHint } from '../../manifest/hint.js';
import { hintKey, rootPrefix } from '../../manifest/keys.js';
import { make, type Restoring, v1 } from '../../manifest/message.js';
import { unendedMark, writeMark } from '../../manifest/restoring.js';
import type { LoadedRoot } from '../../manifest/root.js';
import { holdsAny } from '../../storage/list-pages.js';
import type { CallOptions, ObjectStore } from '../../storage/object-store.js';
import { equalBytes } from '../../util/bytes.js';
import type { ReadEnvironment } from '../environment.js';

/** Looks at the hint while another process moves it. */
const attempts = 10;

export interface DestinationState {
  readonly hint: HintState;
  /** What an interrupted restore was to come to; undefined where the place is empty. */
  readonly mark: Restoring | undefined;
  /** The hint of an interrupted restore is lost, and is written anew. */
  readonly isHintLost: boolean;
}

/**
 * Cost: a GET, and a LIST of one key; two more where the hint is lost. `InvalidArgument` where there is
 * something else.
 */
export async function lookAtDestination(
  { store, functions }: ReadEnvironment,
  call: CallOptions,
): Promise<DestinationState> {
  const hint = await readHint(store, functions, call);
  const { restoring: mark, problem } = hint;
  if (mark !== undefined && problem === undefined) return { hint, mark, isHintLost: false };
  if (problem !== 'absent' && problem !== 'damaged') throw inUse(store.uri);
  const hasRoots = await holdsAny(store, rootPrefix, call);
  // Without a root there is nothing that a mark could be of.
  if (!hasRoots && problem === 'absent') return { hint, mark: undefined, isHintLost: false };
  const found = await unendedMark(store, functions, call);
  if (found === undefined && !hasRoots) throw onlyDamagedHint(store.uri);
  if (found === undefined) throw inUse(store.uri);
  const { restoring, first } = found;
  return { hint: { ...hint, head: first, restoring }, mark: restoring, isHintLost: true };
}

/** What an interrupted restore left, or another program: without a root and a mark it cannot be told. */
function onlyDamagedHint(uri: string): NacreError {
  return new NacreError(
    'Corrupt',
    `${uri}/latest is damaged, and there is nothing else that says what is here`,
    {
      context: { uri, key: hintKey },
      hint: 'Restore again: it may have been hurt on its way. If that does not help, remove it, or restore elsewhere.',
    },
  );
}

export interface Target {
  readonly source: ObjectStore;
  readonly restored: LoadedRoot;
  readonly only: boolean;
}

/** `InvalidArgument` where what was interrupted is another restore. */
export function checkSameRestore(mark: Restoring, { restored, only }: Target, uri: string): void {
  if (equalBytes(mark.rootHash, restored.hash) && mark.only === only) return;
  const alone = mark.only ? ', that version alone' : '';
  throw new NacreError(
    'InvalidArgument',
    `a restore of version ${mark.version} of ${mark.source}${alone} to ${uri} was interrupted`,
    {
      context: { uri, source: mark.source, version: mark.version, only: mark.only },
      hint: 'Run that one again: it goes on. Or restore into an empty prefix.',
    },
  );
}

/**
 * Says what is under way, in the hint and beside it; `first` is version 1 of the history, `hint` what an
 * interrupted restore left. Cost: two PUTs and a GET, of what goes on a GET.
 */
export async function markDestination(
  { store, functions }: ReadEnvironment,
  { source, restored, only }: Target,
  first: LoadedRoot,
  { hint, mark, isHintLost }: DestinationState,
  call: CallOptions,
): Promise<void> {
  const { version } = restored.root;
  const restoring =
    mark ?? make(v1.Restoring, { source: source.uri, version, rootHash: restored.hash, only });
  const options = { ...call, role: 'replica', restoring } as const;
  const isMissing = mark === undefined || isHintLost;
  if (isMissing && (await writeHint(store, first, hint.token, functions, options)) === undefined) {
    // The reply to a first attempt may have been lost, or the same restore runs twice.
    const found = await readHint(store, functions, call);
    if (found.restoring === undefined || found.problem !== undefined) throw inUse(store.uri);
    checkSameRestore(found.restoring, { source, restored, only }, store.uri);
  }
  await writeMark(store, encodeHint(store, first, functions, 'replica', restoring), functions, call);
}

/** Of a dataset that was made there in the same moment: it gets its hint back. */
export async function giveBack({ store, functions }: ReadEnvironment, call: CallOptions): Promise<void> {
  const hint = await readHint(store, functions, call);
  const found = await newestRoot(store, functions, call);
  if (found === undefined || hint.restoring === undefined || hint.head === undefined) return;
  if (equalBytes(found.head.root.dataset, hint.head.root.dataset)) return;
  await writeHint(store, found.head, hint.token, functions, call);
}

/** The newest version that is there, as the hint has it and the slots above. Undefined for none. */
export async function newestThere(
  { store, functions }: ReadEnvironment,
  { head }: HintState,
  call: CallOptions,
): Promise<LoadedRoot | undefined> {
  if (head === undefined) return undefined;
  const found = await advance(store, head, functions, { ...call, stepsBeforeJump: 1 });
  // The hint stands there before the first root does.
  return found.head.root.version > head.root.version ? found.head : undefined;
}

/** The place is a primary from now on, and opens. Cost: a GET and a PUT. */
export async function openDestination(
  { store, functions }: ReadEnvironment,
  head: LoadedRoot,
  call: CallOptions,
): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const hint = await readHint(store, functions, call);
    // Another process ended the same restore.
    if (hint.problem === undefined && hint.restoring === undefined) return;
    if ((await writeHint(store, head, hint.token, functions, call)) !== undefined) return;
  }
  throw new NacreError('Unavailable', `${store.uri}/latest could not be written`, {
    context: { uri: store.uri, version: head.root.version },
    hint: 'Run the restore again: all is there but this.',
  });
}

function inUse(uri: string): NacreError {
  return new NacreError('InvalidArgument', `${uri} is in use by a dataset`, {
    context: { uri },
    hint: 'Name an empty prefix or folder. To go back within one dataset, leave --to out.',
  });
}
