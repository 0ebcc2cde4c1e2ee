// Replication: another place gets the versions that it lacks, bytes unchanged.
//
// Version by version in ascending order: the objects that it needs, then its root, then, once a second, the
// hint. So the destination opens at every moment, at a version of the source, and a run that is killed is
// gone on with by the next one. Of versions that the source no longer keeps there is the root alone.
import { isNacreError, NacreError } from '../errors.js';
import { isKept } from '../manifest/history-draft.js';
import { recordReplica } from '../manifest/replicas.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { CallOptions } from '../storage/object-store.js';
import { type OwnSignal, ownSignal } from '../storage/wrap/parallel.js';
import { equalBytes } from '../util/bytes.js';
import { IdSet } from '../util/id-set.js';
import { throwIfAborted } from '../util/runtime.js';
import { copyHistory } from './copy/history.js';
import { movesTooFast, Objects, withRestarts } from './copy/objects.js';
import type { ReadEnvironment, UpkeepEnvironment } from './environment.js';
import { Destination } from './replicate/destination.js';
import { checkPlaces, findHeads, type Heads, sourceHead } from './replicate/heads.js';
import { Pace } from './scrub/pace.js';
import { checkSpan } from './upkeep.js';
import { storeNowMs } from '../storage/store-time.js';

export interface ReplicateOptions extends CallOptions {
  /** Goes on until the signal fires: again after each interval. Default false. */
  readonly watch?: boolean;
  /** Pause between two rounds of a watch, milliseconds. Default 60,000. */
  readonly intervalMs?: number;
  /**
   * Also compares every root that is there, and reads and compares every object that a kept version needs;
   * what differs is replaced, and kept in quarantine. Default false: what is there in its size counts as
   * right.
   */
  readonly verify?: boolean;
  /** Says at the source, in `replicas/`, where the replica is and how far it has come. Default true. */
  readonly register?: boolean;
  /** Reads no more than so many bytes in a second. Default no limit. */
  readonly bytesPerSecond?: number;
  /** Versions whose roots are there, then bytes of objects, of what is known to be copied so far. */
  readonly onProgress?: (done: number, total: number, phase: 'versions' | 'bytes') => void;
  /** Told of each round of a watch. */
  readonly onRound?: (report: ReplicateReport) => void;
}

export interface ReplicateReport {
  readonly source: string;
  readonly destination: string;
  /** The newest version, at both places now. */
  readonly version: number;
  /** Versions that came. */
  readonly versions: number;
  /** Objects that were copied, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** Objects that were there already, of versions that came, or of all with `verify`. */
  readonly presentObjects: number;
  readonly presentBytes: number;
  /** Of these, how many were read and compared. */
  readonly verifiedObjects: number;
  /** Objects that were there and wrong, and were replaced. */
  readonly mendedObjects: number;
}

/** Places that may have right bytes where the source has none, opened by who knows how. */
export type OpenReplicas = (dataset: Uint8Array) => Promise<readonly ReadEnvironment[]>;

const minuteMs = 60_000;

/**
 * Cost: with nothing new four requests, without `register` three; else a GET and a PUT a version and an
 * object, and a HEAD an object. Errors: `NotFound` without a source; `InvalidArgument` where the destination
 * is neither empty nor a replica of the dataset; `Conflict` with `context.version`, the first version that
 * differs; `Corrupt` for an object of which nobody has the right bytes, or a root. Nothing that differs from
 * its hash is written.
 */
export async function replicate(
  source: ReadEnvironment,
  destination: UpkeepEnvironment,
  openReplicas: OpenReplicas,
  options: ReplicateOptions = {},
): Promise<ReplicateReport> {
  const { watch = false, signal, onRound } = options;
  const intervalMs = checkSpan(options.intervalMs ?? minuteMs, 'intervalMs');
  checkPlaces(source.store, destination.store);
  const replication = new Replication(source, destination, openReplicas, options);
  if (!watch) return replication.round();
  for (;;) {
    try {
      onRound?.(await replication.round());
    } catch (error) {
      throwIfAborted(signal);
      if (!isNacreError(error, 'Unavailable')) throw error;
      destination.warn?.(error);
    }
    await destination.runtime.sleep(intervalMs, signal);
  }
}

class Replication {
  readonly #source: ReadEnvironment;
  readonly #destination: UpkeepEnvironment;
  readonly #openReplicas: OpenReplicas;
  readonly #options: ReplicateOptions;
  readonly #pace: Pace;
  /** What the destination had at the end of the last round, and the hash of its newest root. */
  #last: { readonly hash: Uint8Array; readonly seen: IdSet } | undefined;

  /** The source takes no record. */
  #isRefused = false;

  constructor(
    source: ReadEnvironment,
    destination: UpkeepEnvironment,
    openReplicas: OpenReplicas,
    options: ReplicateOptions,
  ) {
    this.#source = source;
    this.#destination = destination;
    this.#openReplicas = openReplicas;
    this.#options = options;
    this.#pace = new Pace(destination.runtime, options.bytesPerSecond);
  }

  async round(): Promise<ReplicateReport> {
    return withRestarts(
      () => this.#once(),
      (error) => movesTooFast(error, 'Replicate'),
    );
  }

  async #once(): Promise<ReplicateReport> {
    const { verify = false, register = true, signal } = this.#options;
    const own = ownSignal(signal);
    const call = { signal: own.signal };
    try {
      const heads = await findHeads(this.#source, this.#destination, call);
      const { source: head, destination: there } = heads;
      const to = new Destination(this.#destination, this.#source.store, heads.hint, call);
      const isKnown =
        there !== undefined && this.#last !== undefined && equalBytes(this.#last.hash, there.hash);
      const seen = isKnown && !verify ? (this.#last?.seen ?? new IdSet()) : new IdSet();
      const objects = this.#objectsFor(head, seen, call);
      let versions = 0;
      if (there?.root.version !== head.root.version || verify) {
        this.#last = undefined;
        if (!isKnown && !verify && there !== undefined && isKept(head.root.kept, there.root.version))
          await objects.know(there);
        versions = await this.#copy(heads, objects, to, own);
        this.#last = { hash: head.hash, seen };
      }
      const wasBehind = to.hinted < head.root.version;
      await to.moveHint(head, true);
      // A hint that was left behind is all that this round mends: the next one looks at the record.
      if (register && !this.#isRefused && (versions > 0 || !wasBehind)) await this.#register(head, call);
      const { plannedBytes: _, ...counts } = objects.counts;
      const [source, destination] = [this.#source.store.uri, this.#destination.store.uri];
      return { source, destination, version: head.root.version, versions, ...counts };
    } finally {
      own.release();
    }
  }

  #objectsFor(head: LoadedRoot, seen: IdSet, call: CallOptions): Objects {
    const { verify = false, onProgress } = this.#options;
    let others: ReturnType<OpenReplicas> | undefined;
    return new Objects(this.#source, this.#destination, seen, {
      verify,
      pace: this.#pace,
      call,
      verb: 'replicate',
      others: () => (others ??= this.#openReplicas(head.root.dataset)),
      isStillKept: async (version) => isKept((await sourceHead(this.#source, call)).root.kept, version),
      onBytes: ({ bytes, plannedBytes }) => onProgress?.(bytes, Math.max(bytes, plannedBytes), 'bytes'),
    });
  }

  /** Under a lease; gives how many roots came. */
  async #copy(heads: Heads, objects: Objects, to: Destination, own: OwnSignal): Promise<number> {
    const { verify = false, onProgress } = this.#options;
    const { source: head, destination: there } = heads;
    try {
      // An earlier release left none.
      if (there === undefined || to.hinted === 0) await to.mark(head);
      await to.lease(head);
      return await copyHistory(
        {
          ...{ source: this.#source, head, there, verify, objects, sink: to, verb: 'replicate' },
          isWanted: (version) => isKept(head.root.kept, version),
          onVersion: (done, total) => onProgress?.(done, total, 'versions'),
        },
        own,
      );
    } finally {
      await to.release();
    }
  }

  async #register(head: LoadedRoot, call: CallOptions): Promise<void> {
    const { store, functions } = this.#source;
    const nowMs = storeNowMs(this.#source);
    try {
      await recordReplica(store, this.#destination.store, head, nowMs, functions, call);
    } catch (cause) {
      if (!isNacreError(cause, 'PermissionDenied')) throw cause;
      this.#isRefused = true;
      this.#destination.warn?.(
        new NacreError('PermissionDenied', `${store.uri} was not told of its replica`, {
          cause,
          hint: '`nacre status` will not show it there. Leave it out with --no-register.',
        }),
      );
    }
  }
}
