// Where source and destination of a replication stand, and whether the one may follow the other.
//
// A destination is empty, or its history is the beginning of the source's: its newest root stands in the
// source, under the same number. Roots name their parents by hash, so all below is the same then, too.
import { isNacreError, NacreError } from '../../errors.js';
import { advance, newestRoot, readRoot } from '../../manifest/head.js';
import { checkRestored, type HintState, readHint } from '../../manifest/hint.js';
import { rootKey } from '../../manifest/keys.js';
import { getFrame } from '../../manifest/read-checked.js';
import { withRole } from '../../manifest/replica-mark.js';
import { checkEnded } from '../../manifest/restoring.js';
import type { LoadedRoot } from '../../manifest/root.js';
import type { CallOptions, ObjectStore } from '../../storage/object-store.js';
import { equalBytes } from '../../util/bytes.js';
import type { ReadEnvironment } from '../environment.js';

export interface Heads {
  /** The newest version of the source. */
  readonly source: LoadedRoot;
  /** That of the destination, which the source has, too; undefined where it is empty. */
  readonly destination: LoadedRoot | undefined;
  /** The destination's hint. */
  readonly hint: HintState;
}

/** `InvalidArgument` where one is the other, or lies inside of it. */
export function checkPlaces(source: ObjectStore, destination: ObjectStore): void {
  if (source.capabilities.server !== destination.capabilities.server) return;
  const [from, to] = [`${source.uri}/`, `${destination.uri}/`];
  if (!from.startsWith(to) && !to.startsWith(from)) return;
  const what = from === to ? 'is the source itself' : 'and the source lie one inside the other';
  throw new NacreError('InvalidArgument', `${destination.uri} ${what}`, {
    context: { source: source.uri, destination: destination.uri },
    hint: 'Name a prefix or a folder of its own.',
  });
}

/**
 * Cost: of places whose hints are fresh and that are at one version, three requests; with stale hints up to
 * seven. Errors: `NotFound` without a source, `InvalidArgument` where the destination is no replica or of
 * another dataset, `Conflict` where its history is another one.
 */
export async function findHeads(
  source: ReadEnvironment,
  destination: ReadEnvironment,
  call: CallOptions,
): Promise<Heads> {
  const { store: to, functions } = destination;
  const [sourceHint, hint] = await Promise.all([
    readHint(source.store, functions, call),
    readHint(to, functions, call),
  ]);
  const head = await headFrom(source, sourceHint, call);
  const { dataset } = head.root;
  checkRestored(hint, to.uri);
  const there = hint.head ?? (await newestRoot(to, functions, call))?.head;
  const known = there && (await withRole(to, hint, there, functions, call));
  if (hint.problem === 'damaged' && known?.role !== 'replica') throw damagedHint(to);
  if (there === undefined) return { source: head, destination: undefined, hint };
  await checkEnded(to, hint, there, functions, call);
  if (!equalBytes(there.root.dataset, dataset)) throw anotherDataset(to);
  if (hint.problem === 'elsewhere') throw foreignCopy(to, hint);
  if (hint.problem === undefined && hint.role === 'primary')
    throw await primary(source, destination, Math.min(head.root.version, there.root.version), call);
  return { ...(await follow(source, destination, head, there, call)), hint };
}

/** The newest version of the source now. */
export async function sourceHead(source: ReadEnvironment, call: CallOptions): Promise<LoadedRoot> {
  return headFrom(source, await readHint(source.store, source.functions, call), call);
}

async function headFrom(
  { store, functions }: ReadEnvironment,
  hint: HintState,
  call: CallOptions,
): Promise<LoadedRoot> {
  checkRestored(hint, store.uri);
  const { head, problem } = hint;
  if (head !== undefined && problem === undefined)
    return (await advance(store, head, functions, { ...call, stepsBeforeJump: 1 })).head;
  const found = await newestRoot(store, functions, call);
  if (found !== undefined) {
    await checkEnded(store, hint, found.head, functions, call);
    return found.head;
  }
  throw new NacreError('NotFound', `there is no dataset at ${store.uri}`, {
    context: { uri: store.uri },
    hint: 'Check the address of the source.',
  });
}

/** The newest root of a destination that may have been left half way, compared with the source's. */
async function follow(
  source: ReadEnvironment,
  destination: ReadEnvironment,
  head: LoadedRoot,
  known: LoadedRoot,
  call: CallOptions,
): Promise<Omit<Heads, 'hint'>> {
  const { store: to, functions } = destination;
  const { version } = head.root;
  let there = known;
  if (there.root.version < version) {
    const last = await readRoot(to, version, functions, call);
    there = last ?? (await advanced(destination, known, call));
  }
  let from = head;
  if (there.root.version > version) from = (await advance(source.store, head, functions, call)).head;
  const upTo = Math.min(from.root.version, there.root.version);
  const same = upTo === from.root.version ? from : await readRoot(source.store, upTo, functions, call);
  if (there.root.version === upTo && same !== undefined && equalBytes(same.hash, there.hash))
    return { source: from, destination: there };
  const differs = await firstDifference(source.store, to, upTo, call);
  throw differing(source.store, to, differs ?? upTo + 1);
}

async function advanced(
  { store, functions }: ReadEnvironment,
  known: LoadedRoot,
  call: CallOptions,
): Promise<LoadedRoot> {
  try {
    return (await advance(store, known, functions, call)).head;
  } catch (error) {
    if (!isNacreError(error, 'Corrupt')) throw error;
    throw new NacreError('Corrupt', `${store.uri} is damaged: ${error.message}`, {
      cause: error,
      context: error.context,
      hint: 'Mend the destination with `nacre repair`, from the source.',
    });
  }
}

/** The first version of which two places have another root, up to one; two requests for each halving. */
async function firstDifference(
  source: ObjectStore,
  destination: ObjectStore,
  upTo: number,
  call: CallOptions,
): Promise<number | undefined> {
  const isSame = async (version: number): Promise<boolean> => {
    const [one, other] = await Promise.all(
      [source, destination].map((store) =>
        getFrame((options) => store.get(rootKey(version), options), 'root', call),
      ),
    );
    return one !== undefined && other !== undefined && equalBytes(one.bytes, other.bytes);
  };
  if (await isSame(upTo)) return undefined;
  let [same, differs] = [0, upTo];
  while (differs - same > 1) {
    const middle = Math.floor((same + differs) / 2);
    if (await isSame(middle)) same = middle;
    else differs = middle;
  }
  return differs;
}

/** Two histories of one dataset, which part at a version. */
export function differing(source: ObjectStore, destination: ObjectStore, version: number): NacreError {
  return new NacreError(
    'Conflict',
    `version ${version} of ${destination.uri} is another one than that of ${source.uri}`,
    {
      context: { source: source.uri, destination: destination.uri, version },
      hint:
        `Up to version ${version - 1} they are one history; from there each went its own way, as after a ` +
        'promotion. Decide which of them goes on, and replicate that one into an empty prefix.',
    },
  );
}

async function primary(
  { store: from }: ReadEnvironment,
  { store: to }: ReadEnvironment,
  upTo: number,
  call: CallOptions,
): Promise<NacreError> {
  const version = await firstDifference(from, to, upTo, call);
  if (version !== undefined) return differing(from, to, version);
  return new NacreError('InvalidArgument', `${to.uri} is a primary of this dataset, not a replica`, {
    context: { uri: to.uri },
    hint: 'Replicate into an empty prefix, or the other way round.',
  });
}

function anotherDataset({ uri }: ObjectStore): NacreError {
  return new NacreError('InvalidArgument', `${uri} holds another dataset`, {
    context: { uri },
    hint: 'Replicate into an empty prefix.',
  });
}

function foreignCopy({ uri }: ObjectStore, { origin }: HintState): NacreError {
  const home = origin?.home ?? 'an unknown place';
  return new NacreError('InvalidArgument', `${uri} is a copy of ${home} that another tool made`, {
    context: { uri, home },
    hint: 'Replicate into an empty prefix.',
  });
}

function damagedHint({ uri }: ObjectStore): NacreError {
  return new NacreError('Corrupt', `${uri}/latest is damaged, so whether this is a replica is not known`, {
    context: { uri, key: 'latest' },
    hint: 'Mend it with `nacre repair`, or remove it where nobody but replication writes.',
  });
}
