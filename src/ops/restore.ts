// Restore into another place: the history of a dataset up to a version, bytes unchanged, and the objects of
// the versions that this one keeps and the source still has.
//
// The order: a hint that says what is under way, then version by version as in a replication, up to the root
// that is restored. What is here so far opens for nobody. The first version of its own, which makes it a
// dataset, is src/dataset/restore-to.ts's.
import { isNacreError, NacreError } from '../errors.js';
import { readRoot } from '../manifest/head.js';
import { isKept } from '../manifest/history-draft.js';
import { dataPrefixes, isLinkedKey } from '../manifest/keys.js';
import { locate } from '../manifest/locate.js';
import type { Restoring } from '../manifest/message.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { VersionReference } from '../manifest/version-reference.js';
import { listPages } from '../storage/list-pages.js';
import type { CallOptions } from '../storage/object-store.js';
import { storeNowMs } from '../storage/store-time.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import { type OwnSignal, ownSignal } from '../storage/wrap/parallel.js';
import { equalBytes } from '../util/bytes.js';
import { IdSet } from '../util/id-set.js';
import { copyHistory } from './copy/history.js';
import { type Counts, movesTooFast, Objects, withRestarts } from './copy/objects.js';
import { RootSlots } from './copy/roots.js';
import type { ReadEnvironment, UpkeepEnvironment } from './environment.js';
import type { OpenReplicas } from './replicate.js';
import { checkPlaces, differing, sourceHead } from './replicate/heads.js';
import * as place from './restore/destination.js';
import { doesCome, type RestoredVersions, versionsThatCome } from './restore/kept.js';
import { historyOf, type OpenOthers, SourceRoots, withRoots } from './restore/source-roots.js';
import { Pace } from './scrub/pace.js';

export interface RestoreToOptions extends CallOptions {
  /** The version up to which the history comes. Default the newest, or that of the restore that goes on. */
  readonly at?: VersionReference;
  /** Of the versions up to it the data of this one alone; of the others come the roots. Default false. */
  readonly only?: boolean;
  /** Says what would come, and writes nothing. Default false. */
  readonly dryRun?: boolean;
  /** Reads no more than so many bytes in a second. Default no limit. */
  readonly bytesPerSecond?: number;
  /** Versions whose roots are there, then bytes of objects, of what is known to be copied so far. */
  readonly onProgress?: (done: number, total: number, phase: 'versions' | 'bytes') => void;
}

/** What was copied, and what is still to be said in the first version of its own. */
export interface CopiedTo {
  readonly restored: LoadedRoot;
  readonly come: RestoredVersions;
  /** Roots that came, or would. */
  readonly versions: number;
  readonly counts: Counts;
  /** An interrupted restore went on. */
  readonly resumed: boolean;
  /** The version of its own is there already: the restore was interrupted right before its end. */
  readonly ended: LoadedRoot | undefined;
}

export async function copyTo(
  source: ReadEnvironment,
  destination: UpkeepEnvironment,
  openReplicas: OpenReplicas,
  options: RestoreToOptions,
): Promise<CopiedTo> {
  checkPlaces(source.store, destination.store);
  const pace = new Pace(destination.runtime, options.bytesPerSecond);
  const run = async (): Promise<CopiedTo> => {
    const own = ownSignal(options.signal);
    try {
      return await new Restore(source, destination, openReplicas, options, pace, own).run();
    } finally {
      own.release();
    }
  };
  return withRestarts(run, (error) => movesTooFast(error, 'Restore'));
}

class Restore {
  readonly #source: ReadEnvironment;
  readonly #destination: UpkeepEnvironment;
  readonly #openReplicas: OpenReplicas;
  readonly #options: RestoreToOptions;
  readonly #pace: Pace;
  readonly #own: OwnSignal;
  readonly #call: CallOptions;

  constructor(
    source: ReadEnvironment,
    destination: UpkeepEnvironment,
    openReplicas: OpenReplicas,
    options: RestoreToOptions,
    pace: Pace,
    own: OwnSignal,
  ) {
    this.#source = source;
    this.#destination = destination;
    this.#openReplicas = openReplicas;
    this.#options = options;
    this.#pace = pace;
    this.#own = own;
    this.#call = { ...callOptions(options), signal: own.signal };
  }

  async run(): Promise<CopiedTo> {
    const { only = false, dryRun = false } = this.#options;
    const call = this.#call;
    const head = await sourceHead(this.#source, call);
    const state = await place.lookAtDestination(this.#destination, call);
    const { hint, mark } = state;
    const others = this.#others(head);
    const restored = await this.#restored(head, mark, others);
    const target = { source: this.#source.store, restored, only };
    if (mark !== undefined) place.checkSameRestore(mark, target, this.#destination.store.uri);
    const newest = mark === undefined ? undefined : await place.newestThere(this.#destination, hint, call);
    const come = versionsThatCome(restored.root, head.root, only);
    const isEnded = newest !== undefined && newest.root.version > restored.root.version;
    const roots = new SourceRoots(this.#source, restored, others);
    if (isEnded) await this.#checkOwn(newest, restored);
    const there = isEnded ? restored : newest;
    if (there !== undefined) await this.#checkSame(there, roots);
    const objects = this.#objects(head, others);
    const found = { restored, come, resumed: mark !== undefined, ended: isEnded ? newest : undefined };
    if (dryRun) {
      const versions = restored.root.version - (there?.root.version ?? 0);
      return { ...found, versions, counts: await this.#plan(restored, come, objects, mark, roots) };
    }
    if (!isEnded) await this.#mark(target, roots, state);
    if (there !== undefined && doesCome(come, there.root.version)) await objects.know(there);
    const versions = isEnded ? 0 : await this.#copy(restored, there, come, objects, roots);
    return { ...found, versions, counts: objects.counts };
  }

  /** The version that is meant. What is said relative to now is what the interrupted restore took it for. */
  async #restored(head: LoadedRoot, mark: Restoring | undefined, others: OpenOthers): Promise<LoadedRoot> {
    const { at = { version: head.root.version } } = this.#options;
    const isRelative = this.#options.at === undefined || 'ageMs' in at || ('version' in at && at.version < 0);
    const reference = mark !== undefined && isRelative ? { version: mark.version } : at;
    const { store, functions } = this.#source;
    const nowMs = storeNowMs(this.#source);
    try {
      return await locate({ store, functions, head }, reference, nowMs, this.#call);
    } catch (error) {
      // A slot that holds another root looks like one without a version.
      const isOfSlot = 'version' in reference && isNacreError(error, 'NotFound');
      if (!isOfSlot && !isNacreError(error, 'Corrupt')) throw error;
      const mended = withRoots(this.#source, new SourceRoots(this.#source, head, others), this.#call);
      return locate({ store: mended, functions, head }, reference, nowMs, this.#call);
    }
  }

  #others(head: LoadedRoot): () => ReturnType<OpenReplicas> {
    let opened: ReturnType<OpenReplicas> | undefined;
    return () => (opened ??= this.#openReplicas(head.root.dataset));
  }

  #objects(head: LoadedRoot, others: () => ReturnType<OpenReplicas>): Objects {
    const { onProgress } = this.#options;
    return new Objects(this.#source, this.#destination, new IdSet(), {
      ...{ verify: false, pace: this.#pace, call: this.#call, others, verb: 'restore' },
      isStillKept: async (version) => {
        const { root } = await sourceHead(this.#source, this.#call);
        return equalBytes(root.dataset, head.root.dataset) && isKept(root.kept, version);
      },
      onBytes: ({ bytes, plannedBytes }) => onProgress?.(bytes, Math.max(bytes, plannedBytes), 'bytes'),
    });
  }

  /** `Conflict` where what is there is not of the source's history. */
  async #checkSame(there: LoadedRoot, roots: SourceRoots): Promise<void> {
    const { version } = there.root;
    const same = await roots.read(version, this.#call);
    if (same !== undefined && equalBytes(same.hash, there.hash)) return;
    throw differing(this.#source.store, this.#destination.store, version);
  }

  /** `Conflict` where what stands above the restored version is not what a restore puts there. */
  async #checkOwn(newest: LoadedRoot, { root: { version }, hash }: LoadedRoot): Promise<void> {
    const { store, functions } = this.#destination;
    const next = version + 1;
    const own = newest.root.version === next ? newest : await readRoot(store, next, functions, this.#call);
    const isOwn = own?.root.operations.some(({ kinds }) => kinds.includes('restoreTo')) === true;
    if (isOwn && equalBytes(own.root.parent?.hash ?? new Uint8Array(0), hash)) return;
    throw differing(this.#source.store, store, next);
  }

  async #mark(target: place.Target, roots: SourceRoots, state: place.DestinationState): Promise<void> {
    const first = state.hint.head ?? (await roots.read(1, this.#call));
    if (first === undefined)
      throw new NacreError('Corrupt', `${this.#source.store.uri}: version 1 is missing`, {
        context: { version: 1 },
        hint: 'Mend the source with `nacre repair`, then restore again.',
      });
    await place.markDestination(this.#destination, target, first, state, this.#call);
  }

  async #copy(
    restored: LoadedRoot,
    there: LoadedRoot | undefined,
    come: RestoredVersions,
    objects: Objects,
    roots: SourceRoots,
  ): Promise<number> {
    const { store } = this.#destination;
    const slots = new RootSlots(this.#destination, {
      call: this.#call,
      mendHint: `Empty ${store.uri}, and restore again.`,
      differing: (version) => differing(this.#source.store, store, version),
    });
    const { onProgress } = this.#options;
    const copy = {
      ...{ source: this.#source, head: restored, there, verify: false, objects, verb: 'restore' },
      isWanted: (version: number) => doesCome(come, version),
      readRoot: (version: number, call: CallOptions) => roots.read(version, call),
      namedRoot: (version: number, call: CallOptions) => roots.byChain(version, call),
      sink: {
        hasRoot: (version: number, bytes: Uint8Array) => slots.hasRoot(version, bytes),
        putRoot: (version: number, bytes: Uint8Array) => slots.putRoot(version, bytes),
        passed: () => Promise.resolve(),
      },
      onVersion: (done: number, total: number) => onProgress?.(done, total, 'versions'),
    };
    try {
      return await copyHistory(copy, this.#own);
    } catch (error) {
      // Another dataset was made there in the same moment: what it was told of is not to be had.
      if (isNacreError(error, 'Conflict'))
        await place.giveBack(this.#destination, callOptions(this.#options));
      throw error;
    }
  }

  async #sizeOf(key: string): Promise<number | undefined> {
    return (await this.#destination.store.head(key, this.#call))?.sizeBytes;
  }

  /** What would be copied. Cost: a request a version that comes, and a segment. */
  async #plan(
    restored: LoadedRoot,
    come: RestoredVersions,
    objects: Objects,
    mark: Restoring | undefined,
    roots: SourceRoots,
  ): Promise<Counts> {
    const sizes = new Map<string, number>();
    for (const prefix of mark === undefined ? [] : dataPrefixes)
      for await (const page of listPages(this.#destination.store, { ...this.#call, prefix }))
        for (const { key, sizeBytes } of page) sizes.set(key, sizeBytes);
    const { counts } = objects;
    const first = come.also[0] ?? come.from;
    for await (const loaded of historyOf(this.#source, restored, roots, this.#call)) {
      const { version } = loaded.root;
      if (version < first) break;
      if (!doesCome(come, version)) continue;
      for await (const group of objects.unseen(loaded)) {
        for (const { key, sizeBytes } of group) {
          // What is linked is not among what was listed.
          const there = isLinkedKey(key) && mark !== undefined ? await this.#sizeOf(key) : sizes.get(key);
          const isThere = there === sizeBytes;
          counts[isThere ? 'presentObjects' : 'objects'] += 1;
          counts[isThere ? 'presentBytes' : 'bytes'] += sizeBytes;
        }
      }
    }
    return counts;
  }
}
