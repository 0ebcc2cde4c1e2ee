// A history that was restored into another place becomes a dataset of its own.
//
// First a version of a new lineage, which keeps what came and nothing else, then the hint that opens the
// place. A process that ends between the two leaves a restore that is run again for the hint alone.
import { Committer } from '../manifest/commit.js';
import { isNacreError, NacreError } from '../errors.js';
import { readRoot } from '../manifest/head.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { HistoryChange } from '../manifest/transaction.js';
import { copyTo, type RestoreToOptions as CopyOptions } from '../ops/restore.js';
import { openDestination } from '../ops/restore/destination.js';
import { type RestoredVersions, tagsLeft, versionsLeft } from '../ops/restore/kept.js';
import type { OpenReplicas } from '../ops/replicate.js';
import type { VersionRange } from '../ops/scrub/survey.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import type { Environment } from './environment.js';
import { committed, identityOf, operationOf, type WriteCall } from './operation.js';

export interface RestoreToOptions extends CopyOptions, Pick<WriteCall, 'author' | 'host' | 'message'> {}

export interface RestoreToReport {
  readonly source: string;
  readonly destination: string;
  /** The version of the source that was restored. */
  readonly restored: number;
  /** The first version of the destination's own, which is its newest one; null for a dry run. */
  readonly version: number | null;
  /** Versions whose roots came. */
  readonly versions: number;
  /** Versions from this one on came with their data, */
  readonly keptFrom: number;
  /** and of those before it these. */
  readonly keptAlso: readonly number[];
  /** Versions that the restored one kept, and whose data did not come. */
  readonly left: readonly VersionRange[];
  /** Tags of these, which did not come either. */
  readonly tagsLeft: readonly string[];
  /** Objects that were copied, and their bytes; of a dry run what would be. */
  readonly objects: number;
  readonly bytes: number;
  /** Objects that were there already. */
  readonly presentObjects: number;
  readonly presentBytes: number;
  /** It went on with a restore that was interrupted. */
  readonly resumed: boolean;
}

export async function restoreTo(
  source: Environment,
  destination: Environment,
  openReplicas: OpenReplicas,
  options: RestoreToOptions,
): Promise<RestoreToReport> {
  const copied = await copyTo(source, destination, openReplicas, options);
  const { restored, come, versions, counts, resumed, ended } = copied;
  const call = callOptions(options);
  let version: number | null = null;
  if (options.dryRun !== true) {
    const message = options.message ?? `restore version ${restored.root.version} of ${source.store.uri}`;
    const head = ended ?? (await begin(destination, restored, come, { ...options, message }));
    await openDestination(destination, head, call);
    ({ version } = head.root);
  }
  const { objects, bytes, presentObjects, presentBytes } = counts;
  return {
    ...{ source: source.store.uri, destination: destination.store.uri },
    ...{ restored: restored.root.version, version, versions },
    ...{ keptFrom: come.from, keptAlso: come.also, left: versionsLeft(restored.root, come) },
    tagsLeft: tagsLeft(restored.root, come).map(({ name }) => name),
    ...{ objects, bytes, presentObjects, presentBytes, resumed },
  };
}

/** The first version of its own, right above the restored one. Cost: a PUT, and a look at the head. */
async function begin(
  { store, functions, runtime, deadlineMs }: Environment,
  restored: LoadedRoot,
  come: RestoredVersions,
  options: RestoreToOptions,
): Promise<LoadedRoot> {
  const { version } = restored.root;
  const newLineage = { after: restored.root.lineage, lineage: runtime.randomBytes(16) };
  const onHead = (): void => undefined;
  const place = { store, functions, runtime, deadlineMs, onHead, newLineage };
  const committer = new Committer(place, restored, version + 1);
  const gone = tagsLeft(restored.root, come).map(
    ({ name, version: expected }): HistoryChange => ({ kind: 'deleteTag', name, expected }),
  );
  const expire: HistoryChange = { kind: 'expire', keep: come };
  const isWhole = versionsLeft(restored.root, come).length === 0;
  const history: HistoryChange[] = [{ kind: 'restoreTo' }, ...gone, ...(isWhole ? [] : [expire])];
  const done = { changes: [], reads: new Map<string, Uint8Array>(), history };
  const transaction = {
    ...operationOf(identityOf({}, runtime), version, done, options),
    onlyAtBase: true,
  };
  try {
    committed(await committer.submit(transaction, options.signal), store.uri);
    return committer.head;
  } catch (error) {
    if (isNacreError(error, 'CommitUnknown')) throw notKnown(store.uri, error);
    // The same restore, by another process, was first.
    if (!isNacreError(error, 'Conflict')) throw error;
    const found = await readRoot(store, version + 1, functions, callOptions(options));
    const isSame = found?.root.operations.some(({ kinds }) => kinds.includes('restoreTo')) === true;
    if (found === undefined || !isSame) throw error;
    return found;
  }
}

/** `settle` cannot look there: the place does not open yet. */
function notKnown(uri: string, cause: NacreError): NacreError {
  return new NacreError('CommitUnknown', `${uri}: whether its first version landed is not known`, {
    cause,
    context: cause.context,
    hint: 'Run the restore again: it looks, and copies nothing twice.',
  });
}
