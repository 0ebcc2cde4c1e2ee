// A backup of a dataset: another place gets, create-only, what the newest version keeps and is not there yet,
// and one point that names it.
//
// 1. A draft says that a point is being made, and under which key.
// 2. Plans of forget say what may be deleted: none of it is shared.
// 3. The newest point whose version is one of the source's is what this one rests on: only later versions are
//    looked at. Points are looked for after plans: docs/rfcs/0016-backup.md says why.
// 4. Objects come, each compared with its hash; roots in ascending order; and at the end the point.
// All requests are PUTs with If-None-Match, GETs, HEADs and LISTs.
import { isNacreError, NacreError } from '../../errors.js';
import { Doomed } from '../../manifest/forget-plan.js';
import { readRoot } from '../../manifest/head.js';
import { readHint } from '../../manifest/hint.js';
import { isKept } from '../../manifest/history-draft.js';
import { pointTimeKey } from '../../manifest/keys.js';
import type { Point } from '../../manifest/message.js';
import { Moved } from '../../manifest/moved.js';
import { newestPointKeys, readPoint, type StoredPoint } from '../../manifest/points.js';
import { idOfPointKey } from '../../manifest/keys.js';
import type { LoadedRoot } from '../../manifest/root.js';
import type { CallOptions } from '../../storage/object-store.js';
import { storeNowMs } from '../../storage/store-time.js';
import { type OwnSignal, ownSignal } from '../../storage/wrap/parallel.js';
import { equalBytes } from '../../util/bytes.js';
import { IdSet } from '../../util/id-set.js';
import { copyHistory } from '../copy/history.js';
import { Objects, SourceMovedOn, withRestarts } from '../copy/objects.js';
import type { ReadEnvironment, UpkeepEnvironment } from '../environment.js';
import { checkPlaces, sourceHead } from '../replicate/heads.js';
import type { OpenReplicas } from '../replicate.js';
import { Pace } from '../scrub/pace.js';
import { checkSpan, dayMs } from '../upkeep.js';
import { PointDraft, Revoked } from './draft.js';
import { explainLocks, type LockMode, lockModeNumber, Locks } from './lock.js';
import { mappedEnvironment } from './mapped.js';
import { checkLabel, nameOfPoint } from './names.js';
import { Places } from './placing.js';

export interface BackupOptions extends CallOptions {
  /** A few words that `list` shows. */
  readonly label?: string;
  /**
   * Nobody deletes the point, and what it needs, for so long, milliseconds: object lock of S3, in a bucket
   * that was made with it. Default none.
   */
  readonly lockMs?: number;
  /**
   * `'governance'` (default): who has the right s3:BypassGovernanceRetention may. `'compliance'`: nobody, the
   * owner of the account included, and the time cannot be shortened.
   */
  readonly lockMode?: LockMode;
  /** Asks for every object, and does not rest on the points that are there. Default false. */
  readonly recheck?: boolean;
  /** Reads no more than so many bytes in a second. Default no limit. */
  readonly bytesPerSecond?: number;
  /** Versions whose roots are there, then bytes of objects, of what is known to be copied so far. */
  readonly onProgress?: (done: number, total: number, phase: 'versions' | 'bytes') => void;
}

export interface BackupReport {
  readonly source: string;
  readonly destination: string;
  /** Names the point. */
  readonly point: string;
  readonly version: number;
  /** Versions that came. */
  readonly versions: number;
  /** Objects that were copied, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** Objects that were looked for and were there. */
  readonly presentObjects: number;
  readonly presentBytes: number;
  /** Of all that came, what could not be under its own key. */
  readonly movedObjects: number;
  /** Until when the point is locked, by the backup's clock. */
  readonly lockUntilMs?: number;
}

/** Points that are looked at for one to rest on. */
const pointsAsked = 16;

/** How far back points are looked for before all are listed. */
const recentMs = 40 * dayMs;

/**
 * Cost: with nothing new eight requests; else a GET and a PUT a version and an object, and a HEAD an object.
 * With locks a HEAD more for each, and once in half the time of the lock two requests for all that there is.
 * Errors: `NotFound` without a source; `InvalidArgument` where the destination is a dataset, has backups of
 * another one, or takes no locks; `Corrupt` for an object of which nobody has the right bytes.
 */
export async function createBackup(
  source: ReadEnvironment,
  destination: UpkeepEnvironment,
  openReplicas: OpenReplicas,
  options: BackupOptions = {},
): Promise<BackupReport> {
  const { label = '', lockMs, lockMode } = options;
  checkLabel(label);
  checkPlaces(source.store, destination.store);
  if (lockMs === undefined && lockMode !== undefined)
    throw new NacreError('InvalidArgument', 'a lock needs a time', { hint: 'Say for how long, as 30d.' });
  if (lockMs !== undefined && !(checkSpan(lockMs, 'lockMs') > 0))
    throw new NacreError('InvalidArgument', 'a lock of no time locks nothing');
  const backup = new Backup(source, destination, openReplicas, options);
  try {
    return await withRestarts(() => backup.run(), tooOften);
  } catch (error) {
    throw explainLocks(error, destination.store.uri);
  }
}

function tooOften(error: unknown): NacreError | undefined {
  const isMoved = error instanceof SourceMovedOn;
  if (!isMoved && !(error instanceof Revoked)) return undefined;
  const what = isMoved ? 'the source expires versions' : 'points are revoked';
  return new NacreError('Conflict', `${what} faster than they are backed up`, {
    hint: 'Back up again, with fewer clean-ups beside it.',
  });
}

/** What a point rests on. */
interface Base {
  readonly stored: StoredPoint;
  /** Of the source, at its version. */
  readonly root: LoadedRoot;
}

class Backup {
  readonly #source: ReadEnvironment;
  readonly #destination: UpkeepEnvironment;
  readonly #openReplicas: OpenReplicas;
  readonly #options: BackupOptions;

  constructor(
    source: ReadEnvironment,
    destination: UpkeepEnvironment,
    openReplicas: OpenReplicas,
    options: BackupOptions,
  ) {
    this.#source = source;
    this.#destination = destination;
    this.#openReplicas = openReplicas;
    this.#options = options;
  }

  async run(): Promise<BackupReport> {
    const own = ownSignal(this.#options.signal);
    try {
      return await this.#run(own);
    } finally {
      own.release();
    }
  }

  async #run(own: OwnSignal): Promise<BackupReport> {
    const call = { signal: own.signal };
    const { store, functions } = this.#destination;
    const [head, hint] = await Promise.all([
      sourceHead(this.#source, call),
      readHint(store, functions, call),
    ]);
    if (hint.problem !== 'absent') throw isDataset(store.uri);
    const locks = this.#locks(call);
    const draft = await PointDraft.begin(this.#destination, head.root.dataset, call);
    const doomed = await Doomed.read(this.#destination, call);
    const base = await this.#base(head, call);
    const moved = base === undefined ? new Moved() : Moved.decode(base.stored.point, base.stored.key);
    const places = new Places(this.#destination, {
      ...{ moved, doomed, locks, call },
      keepDraft: () => draft.keep(),
    });
    const isEnough = locks === undefined || (base !== undefined && locks.isEnoughOf(base.stored.point));
    const there = isEnough && this.#options.recheck !== true ? base : undefined;
    if (there !== undefined && locks !== undefined) locks.leastMs = there.stored.point.objectsLockUntilMs;
    const objects = this.#objects(head, there, moved, places, call);
    const versions = await this.#copy(head, there?.root, objects, places, own);
    const { objects: newObjects, bytes: newBytes } = objects.counts;
    await draft.finish(
      {
        ...{ ...this.#pointOf(head), ...moved.encode(), newObjects, newBytes },
        ...(locks === undefined ? {} : lockFields(locks)),
        // A later point is not older: two clocks of one store differ by a second.
        madeMs: (base?.stored.point.madeMs ?? 0) + 1,
      },
      locks?.point,
    );
    const { presentObjects, presentBytes } = objects.counts;
    return {
      ...{ source: this.#source.store.uri, destination: store.uri, point: nameOfPoint(draft.key) },
      ...{ version: head.root.version, versions, objects: newObjects, bytes: newBytes },
      ...{ presentObjects, presentBytes, movedObjects: places.movedNow },
      ...(locks === undefined ? {} : { lockUntilMs: locks.point.untilMs }),
    };
  }

  #locks(call: CallOptions): Locks | undefined {
    const { lockMs, lockMode = 'governance' } = this.#options;
    if (lockMs === undefined) return undefined;
    return new Locks(this.#destination.store, lockMode, lockMs, storeNowMs(this.#destination), call);
  }

  #pointOf({ root, hash }: LoadedRoot): Partial<Point> {
    const { uri, capabilities } = this.#source.store;
    return {
      ...{ lineage: root.lineage, version: root.version, rootHash: hash, rootTimeMs: root.timeMs },
      ...{ uri, server: capabilities.server ?? '', label: this.#options.label ?? '' },
      arrays: root.arrays.length,
      rows: root.arrays.reduce((sum, { liveRows }) => sum + liveRows, 0),
    };
  }

  /** The newest point at a version of the source. Cost: a LIST and a GET, and more where others are newer. */
  async #base(head: LoadedRoot, call: CallOptions): Promise<Base | undefined> {
    const { store, functions, warn } = this.#destination;
    const since = pointTimeKey(storeNowMs(this.#destination) - recentMs);
    let keys = await newestPointKeys(store, since, call);
    if (keys.length === 0) keys = await newestPointKeys(store, undefined, call);
    for (const key of keys.slice(0, pointsAsked)) {
      const point = await readPoint(store, key, [], functions, call).catch((error: unknown) => {
        if (!isNacreError(error, 'Corrupt') && !isNacreError(error, 'UnsupportedFormat')) throw error;
        warn?.(error);
        return undefined;
      });
      if (point === undefined) continue;
      if (!equalBytes(point.dataset, head.root.dataset)) throw anotherDataset(store.uri);
      if (point.revoked || point.version > head.root.version) continue;
      const root =
        point.version === head.root.version
          ? head
          : await readRoot(this.#source.store, point.version, functions, call);
      if (root === undefined || !equalBytes(root.hash, point.rootHash)) continue;
      return { stored: { key, id: idOfPointKey(key) ?? '', point }, root };
    }
    if (keys.length === 0) await this.#checkRoots(head, call);
    return undefined;
  }

  /** Roots without a point are of a backup that was given up, or of a dataset whose hint is lost. */
  async #checkRoots(head: LoadedRoot, call: CallOptions): Promise<void> {
    const { store, functions } = this.#destination;
    const first = await readRoot(store, 1, functions, call).catch((error: unknown) => {
      if (isNacreError(error, 'Corrupt')) return undefined;
      throw error;
    });
    if (first !== undefined && !equalBytes(first.root.dataset, head.root.dataset))
      throw anotherDataset(store.uri);
  }

  #objects(
    head: LoadedRoot,
    there: Base | undefined,
    moved: Moved,
    places: Places,
    call: CallOptions,
  ): Objects {
    const { onProgress, bytesPerSecond } = this.#options;
    const seen = new IdSet();
    // What its segments name is there as well, and is asked for where a later version names it elsewhere.
    for (const { id } of there?.root.root.objects?.objects ?? []) if (id.byteLength === 16) seen.add(id);
    let others: ReturnType<OpenReplicas> | undefined;
    return new Objects(this.#source, mappedEnvironment(this.#destination, moved), seen, {
      ...{ verify: false, verb: 'back up', placing: places, call },
      pace: new Pace(this.#destination.runtime, bytesPerSecond),
      others: () => (others ??= this.#openReplicas(head.root.dataset)),
      isStillKept: async (version) => isKept((await sourceHead(this.#source, call)).root.kept, version),
      onBytes: ({ bytes, plannedBytes }) => onProgress?.(bytes, Math.max(bytes, plannedBytes), 'bytes'),
    });
  }

  async #copy(
    head: LoadedRoot,
    there: LoadedRoot | undefined,
    objects: Objects,
    sink: Places,
    own: OwnSignal,
  ): Promise<number> {
    if (there?.root.version === head.root.version) return 0;
    return copyHistory(
      {
        ...{ source: this.#source, head, there, verify: false, objects, sink, verb: 'back up' },
        isWanted: (version) => isKept(head.root.kept, version),
        onVersion: (done, total) => this.#options.onProgress?.(done, total, 'versions'),
      },
      own,
    );
  }
}

function lockFields({ point, leastMs }: Locks): Partial<Point> {
  return {
    lockUntilMs: point.untilMs,
    objectsLockUntilMs: Math.max(point.untilMs, leastMs),
    lockMode: lockModeNumber(point.mode),
  };
}

function isDataset(uri: string): NacreError {
  return new NacreError('InvalidArgument', `${uri} is a dataset, not a place for backups`, {
    context: { uri },
    hint: 'Back up into an empty prefix.',
  });
}

function anotherDataset(uri: string): NacreError {
  return new NacreError('InvalidArgument', `${uri} has backups of another dataset`, {
    context: { uri },
    hint: 'Back up into an empty prefix.',
  });
}
