// Changes of the history as they are planned at a version, before they are committed.
import { locate, type Place } from '../manifest/locate.js';
import { checkRestorable } from '../manifest/restore.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { Change, HistoryChange } from '../manifest/transaction.js';
import type { VersionReference } from '../manifest/version-reference.js';
import type { Runtime } from '../util/runtime.js';
import type { WriteCall, WriteResult } from './operation.js';

export interface RestoreResult extends WriteResult {
  /** The version whose content the dataset has now; `version` is the new one. */
  readonly restored: number;
}

/** What is to be committed; nothing where all is as it should be. */
export interface PlannedChange {
  readonly history: readonly HistoryChange[];
  /** Of arrays, made from what `baseVersion` says of them. */
  readonly changes?: readonly Change[];
  /** Default the version that it was planned at. */
  readonly baseVersion?: number;
  /** Where the caller gives none. */
  readonly message: string;
  /** Right after the version that it was planned at, or not at all. */
  readonly onlyAtBase?: boolean;
}

/** What commits a change that is planned at the newest version. */
export interface Committing {
  change(
    plan: (place: Place, nowMs: number) => Promise<PlannedChange>,
    options: WriteCall,
  ): Promise<WriteResult>;
}

/** What `Dataset.restore()` does. */
export async function restoreVersion(
  commits: Committing,
  runtime: Runtime,
  reference: VersionReference,
  options: WriteCall,
): Promise<RestoreResult> {
  let restored = 0;
  const written = await commits.change(async (place, nowMs) => {
    const from = await locate(place, reference, nowMs, options);
    restored = from.root.version;
    return planRestore(place, from, runtime);
  }, options);
  return { ...written, restored };
}

/** Nothing where the version is the newest one. */
function planRestore({ head }: Place, from: LoadedRoot, runtime: Runtime): PlannedChange {
  const message = `restore version ${from.root.version}`;
  if (from.root.version === head.root.version) return { history: [], message };
  checkRestorable(head.root, from.root);
  const freshIds = from.root.arrays.map(() => runtime.randomBytes(16));
  return { history: [{ kind: 'restore', from, freshIds }], message, onlyAtBase: true };
}
