// Scrub: whether everything that kept versions need is there, and is right.
//
// Structure: the chain of roots, and every object's presence and length, by listings. Sample and full read
// objects, too: a part of them, or all. Nothing is written where the data is.
import { hostname } from 'node:os';
import { isNacreError, NacreError } from '../errors.js';
import { advance } from '../manifest/head.js';
import { asHealed } from '../manifest/objects.js';
import type { CallOptions } from '../storage/object-store.js';
import { inOrderAhead } from '../util/ahead.js';
import { throwIfAborted } from '../util/runtime.js';
import type { UpkeepEnvironment } from './environment.js';
import {
  checkBytes,
  checkListed,
  type ColdParts,
  type ObjectDamage,
  type Unreferenced,
  objectsAhead,
  roomsFor,
} from './scrub/check.js';
import {
  checkShard,
  damagedShard,
  type DamagedShard,
  listedShards,
  type ListedShards,
  shardId,
  type ShardOfGroup,
} from './parity/check.js';
import { findParity, objectBytesOf } from './parity/groups.js';
import type { DamagedObject } from './scrub/finding.js';
import { type ScrubMode, ScrubNotes } from './scrub/notes.js';
import { Pace } from './scrub/pace.js';
import {
  damagedHint,
  damagedObjects,
  damagedRoot,
  type HintReport,
  hintReport,
  knownCopies,
  isKnown,
} from './scrub/report.js';
import type { RootSource } from './scrub/roots.js';
import { chosen, checkSubset, type Subset } from './scrub/subset.js';
import { bytesOf, type Survey, type Surveyed, survey, versionsOf } from './scrub/survey.js';
import { storeNowMs } from '../storage/store-time.js';

export type { DamagedObject, DamageKind, ObjectRole, RowIds } from './scrub/finding.js';
export type { ScrubMode } from './scrub/notes.js';
export type { Subset } from './scrub/subset.js';
export type { HintReport } from './scrub/report.js';
export type { Unreferenced } from './scrub/check.js';
export type { VersionRange } from './scrub/survey.js';

export interface ScrubOptions extends CallOptions {
  /**
   * `structure`: roots, and presence and length of every object. `sample`: the same, and the bytes of
   * `subset`. `full` (default): all bytes.
   */
  readonly mode?: ScrubMode;
  /** Of a sample, which must have one: see {@link Subset}. */
  readonly subset?: Subset;
  /** Bytes of objects read in a second, about. Default: as many as come. */
  readonly bytesPerSecond?: number;
  /** A full scrub begins anew, though one was interrupted within seven days. Default false: it goes on. */
  readonly restart?: boolean;
  /** Versions looked at first, then bytes of objects. */
  readonly onProgress?: (done: number, total: number, phase: 'versions' | 'bytes') => void;
}

export interface ScrubReport {
  readonly uri: string;
  readonly mode: ScrubMode;
  /** The newest version. */
  readonly version: number;
  /** Versions in the history, and those whose data is kept. */
  readonly versions: number;
  readonly keptVersions: number;
  /** `stale`: it names an older version, which costs readers a request. */
  readonly hint: HintReport;
  /** Objects of kept versions, and their bytes. */
  readonly objects: number;
  readonly sizeBytes: number;
  /** Of these what this scrub read. */
  readonly readObjects: number;
  readonly readBytes: number;
  /** Objects that were not read, as an earlier part of this full scrub found them right. */
  readonly resumedObjects: number;
  /** What no kept version needs, uploads under way among it; absent while a root or segment is lost. */
  readonly unreferenced?: Unreferenced;
  /** Objects of parity of what kept versions need, and their bytes; of a full scrub among `readBytes`. */
  readonly parityObjects: number;
  readonly parityBytes: number;
  readonly damaged: readonly DamagedObject[];
  /** Replicas that were told of here, where something is damaged; else none. */
  readonly copies: readonly string[];
  /**
   * What is damaged or missing at its key, and right under `healed/<hash>`, where reads find it: a repair put
   * it there since the store refused to overwrite. Not among `damaged`.
   */
  readonly healedElsewhere: readonly DamagedObject[];
  /** Whether what was verified is noted on this machine. */
  readonly isNoted: boolean;
}

/** How often what was verified is put down, milliseconds. */
const noteEveryMs = 10_000;

/** What of a survey is damaged, by object. */
export interface Scrubbed {
  readonly report: ScrubReport;
  readonly found: Survey;
  readonly damaged: ReadonlyMap<Surveyed, DamagedObject>;
  readonly parity: readonly DamagedShard[];
}

/**
 * Cost: a LIST for each 1,000 versions and objects, a request a version and a segment, two for each damaged
 * object; with `sample` and `full` the bytes of objects, by requests of 8 MiB. Errors: `Conflict` while
 * another scrub or a repair runs on this machine, `NotFound`, `Corrupt` where no root is left to begin with,
 * `InvalidArgument`, and what the store throws; damage is a finding.
 */
export function scrub(environment: UpkeepEnvironment, options: ScrubOptions = {}): Promise<ScrubReport> {
  return scrubWith(environment, [], options, async ({ report }) => report);
}

/** How repair looks for damage. */
export interface LookOptions extends ScrubOptions {
  /**
   * What the last full scrub on this machine found right is not read, and what is read counts as no scrub.
   */
  readonly trustsNotes?: boolean;
}

/** The same for who goes on with what was found, alone still. */
export async function scrubWith<T>(
  environment: UpkeepEnvironment,
  sources: readonly RootSource[],
  options: LookOptions,
  then: (scrubbed: Scrubbed, notes: ScrubNotes) => Promise<T>,
): Promise<T> {
  checkOptions(options);
  const { mode = 'full', signal, onProgress } = options;
  const found = await survey(environment, {
    sources,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress && { onVersion: (done, total) => onProgress(done, total, 'versions') }),
  });
  const running = { pid: process.pid, host: hostname(), mode, sinceMs: storeNowMs(environment) };
  const notes = await ScrubNotes.claim(environment, found.head, running);
  try {
    return await then(await new Scrub(environment, found, notes, sources, options).run(mode), notes);
  } finally {
    await notes.release();
  }
}

function checkOptions({ mode = 'full', subset, bytesPerSecond }: ScrubOptions): void {
  const invalid = (message: string, hint: string): never => {
    throw new NacreError('InvalidArgument', message, { hint });
  };
  if (!['structure', 'sample', 'full'].includes(mode))
    invalid(`'${mode as string}' is no mode of a scrub`, "The modes are 'structure', 'sample' and 'full'.");
  if ((mode === 'sample') !== (subset !== undefined))
    invalid(`a ${mode} scrub ${subset === undefined ? 'needs' : 'has no'} subset`, "Use mode 'sample'.");
  if (subset !== undefined) checkSubset(subset);
  if (bytesPerSecond !== undefined && !(bytesPerSecond >= 1 && Number.isFinite(bytesPerSecond)))
    invalid(`${bytesPerSecond} is no number of bytes a second`, 'Give 1 or more.');
}

class Scrub {
  readonly #environment: UpkeepEnvironment;
  readonly #found: Survey;
  readonly #notes: ScrubNotes;
  readonly #sources: readonly RootSource[];
  readonly #options: LookOptions;
  readonly #sinceMs: number;
  readonly #call: CallOptions;
  readonly #damage = new Map<Surveyed, ObjectDamage>();
  readonly #damagedShards: DamagedShard[] = [];
  #notedMs: number;

  constructor(
    environment: UpkeepEnvironment,
    found: Survey,
    notes: ScrubNotes,
    sources: readonly RootSource[],
    options: LookOptions,
  ) {
    const { signal } = options;
    this.#sinceMs = storeNowMs(environment);
    this.#environment = environment;
    this.#found = found;
    this.#notes = notes;
    this.#sources = sources;
    this.#options = options;
    this.#call = { background: true, ...(signal === undefined ? {} : { signal }) };
    this.#notedMs = environment.runtime.monotonic();
  }

  async run(mode: ScrubMode): Promise<Scrubbed> {
    const { store } = this.#environment;
    const all = [...this.#found.objects.values()];
    const shards = await this.#listShards();
    this.#notes.keepOnly(new Set([...all.map(({ id }) => id), ...shards.there.map(shardId)]));
    const { damage, unreferenced } = await checkListed(store, all, this.#call);
    for (const [one, what] of damage) this.#isDamaged(one, what);
    const there = all.filter((one) => !this.#damage.has(one));
    const wanted = await this.#wanted(mode, there);
    if (mode !== 'structure') await this.#readOthers();
    const unread = mode === 'full' ? shards.there.filter((one) => this.#isUnread(one, wanted.sinceMs)) : [];
    const readBytes = await this.#read(wanted.objects, unread);
    await this.#dropExpired();
    const found = this.#found;
    const healed = await this.#findHealed(mode);
    const damaged = await damagedObjects(this.#environment, found, this.#damage, healed, this.#sources);
    const objects: DamagedObject[] = [
      ...damagedHint(found.hint),
      ...found.damagedRoots.map(damagedRoot),
      ...damaged.values(),
      ...this.#damagedShards.map(({ object }) => object),
    ];
    const wrong = objects.filter((one) => one.healed === undefined);
    const report: ScrubReport = {
      ...{ uri: store.uri, mode, version: found.head.root.version },
      ...{ versions: found.versions, keptVersions: found.keptVersions, hint: hintReport(found) },
      ...{ objects: all.length, sizeBytes: bytesOf(all) },
      ...{ readObjects: wanted.objects.length, readBytes, resumedObjects: wanted.resumed },
      ...(isKnown(found) ? { unreferenced } : {}),
      ...{ parityObjects: shards.there.length + shards.damaged.length },
      parityBytes: shards.there.reduce((sum, { group }) => sum + objectBytesOf(group), 0),
      damaged: wrong,
      healedElsewhere: objects.filter((one) => one.healed !== undefined),
      copies: wrong.length === 0 ? [] : await knownCopies(this.#environment, found.head.root, this.#call),
      isNoted: this.#notes.areKept,
    };
    if (this.#options.trustsNotes !== true) {
      const last = { timeMs: storeNowMs(this.#environment), sinceMs: wanted.sinceMs };
      const counts = { damaged: report.damaged.length, healedElsewhere: report.healedElsewhere.length };
      await this.#notes.end(mode, { ...last, version: report.version, ...counts });
    }
    return { report, found, damaged, parity: this.#damagedShards };
  }

  /** What is damaged and right under `healed/<hash>`: as far as the mode goes, by its length or its bytes. */
  async #findHealed(mode: ScrubMode): Promise<Set<Surveyed>> {
    const { store } = this.#environment;
    const healed = new Set<Surveyed>();
    for (const [one, { kind }] of this.#damage) {
      if (kind === 'manifest') continue;
      const elsewhere = { ...one, object: asHealed(one.object) };
      const there = await store.head(elsewhere.object.key, this.#call);
      if (there?.sizeBytes !== one.object.sizeBytes) continue;
      const isRight = mode === 'structure' && one.segment === undefined;
      if (isRight || (await checkBytes(this.#environment, elsewhere, this.#call)) === undefined)
        healed.add(one);
    }
    return healed;
  }

  async #listShards(): Promise<ListedShards> {
    const { store, functions } = this.#environment;
    const parity = await findParity(store, this.#found.head.root.dataset, functions, this.#call);
    const shards = listedShards(this.#found, parity, this.#sinceMs);
    this.#damagedShards.push(...shards.damaged);
    return shards;
  }

  #isUnread(shard: ShardOfGroup, sinceMs: number): boolean {
    return (this.#notes.verifiedMs(shardId(shard)) ?? 0) < sinceMs;
  }

  /** What has another length may hold another object. */
  async #readOthers(): Promise<void> {
    for (const [one, { kind }] of this.#damage) {
      if (kind !== 'size') continue;
      const damage = await checkBytes(this.#environment, one, this.#call);
      if (damage !== undefined) this.#damage.set(one, damage);
    }
  }

  /** Clean-up may have taken what no version needs any more that is kept by now. */
  async #dropExpired(): Promise<void> {
    const { store, functions } = this.#environment;
    if (![...this.#damage.values()].some(({ kind }) => kind === 'missing')) return;
    const newest = await advance(store, this.#found.head, functions, this.#call).catch((error: unknown) => {
      if (isNacreError(error, 'Corrupt')) return undefined;
      throw error;
    });
    const kept = newest?.head.root.kept;
    if (kept === undefined || kept === null) return;
    for (const [one, { kind }] of this.#damage) {
      const isNeeded = versionsOf(one).some(
        ({ from, to }) => to >= kept.from || kept.also.some((version) => version >= from && version <= to),
      );
      if (kind === 'missing' && !isNeeded) this.#damage.delete(one);
    }
  }

  /** What is to be read; a segment that could not be decoded in any mode. */
  async #wanted(
    mode: ScrubMode,
    there: readonly Surveyed[],
  ): Promise<{ objects: Surveyed[]; resumed: number; sinceMs: number }> {
    const sinceMs = this.#sinceMs;
    const suspect = there.filter(({ segment }) => segment === 'mendable' || segment === 'lost');
    if (mode === 'structure') return { objects: suspect, resumed: 0, sinceMs };
    const { subset } = this.#options;
    if (subset !== undefined) {
      const drawn = chosen(there, subset, this.#notes);
      return { objects: [...new Set([...suspect, ...drawn])], resumed: 0, sinceMs };
    }
    const { trustsNotes = false, restart = false } = this.#options;
    const began = trustsNotes
      ? (this.#notes.fullSinceMs ?? this.#notes.last.full?.sinceMs ?? sinceMs)
      : await this.#notes.beginFull(sinceMs, restart);
    const objects = there.filter(({ id }) => (this.#notes.verifiedMs(id) ?? 0) < began);
    return { objects, resumed: there.length - objects.length, sinceMs: began };
  }

  /** Cost: the bytes of all of them. */
  async #read(objects: readonly Surveyed[], shards: readonly ShardOfGroup[]): Promise<number> {
    const { signal, onProgress, bytesPerSecond } = this.#options;
    const total = bytesOf(objects) + shards.reduce((sum, { group }) => sum + group.shardBytes, 0);
    const pace = new Pace(this.#environment.runtime, bytesPerSecond);
    let done = 0;
    const onBytes = (bytes: number): void => {
      done += bytes;
      onProgress?.(Math.min(done, total), total, 'bytes');
    };
    const ahead = objectsAhead(this.#environment);
    const rooms = roomsFor(this.#environment);
    const coldParts = this.#options.subset === undefined ? { coldParts: new Map() as ColdParts } : {};
    const check = async (one: Surveyed): Promise<number> => {
      const call = { ...this.#call, ...coldParts, rooms, pace, onBytes };
      const damage = await checkBytes(this.#environment, one, call);
      if (damage !== undefined) this.#isDamaged(one, damage);
      else if (one.segment === 'lost') this.#isDamaged(one, { kind: 'manifest' });
      else this.#notes.note(one.id, storeNowMs(this.#environment));
      return one.object.sizeBytes;
    };
    let readBytes = 0;
    for await (const bytes of inOrderAhead(objects, ahead, check, signal)) {
      readBytes += bytes;
      await this.#noteSometimes();
    }
    const checkOne = async (shard: ShardOfGroup): Promise<number> => {
      const damage = await checkShard(this.#environment, shard, { ...this.#call, pace, onBytes });
      this.#notes.note(shardId(shard), damage === undefined ? storeNowMs(this.#environment) : undefined);
      if (damage !== undefined)
        this.#damagedShards.push({ ...shard, object: damagedShard(this.#found, shard, damage) });
      return shard.group.shardBytes;
    };
    for await (const bytes of inOrderAhead(shards, ahead, checkOne, signal)) {
      readBytes += bytes;
      await this.#noteSometimes();
    }
    throwIfAborted(signal);
    return readBytes;
  }

  #isDamaged(one: Surveyed, damage: ObjectDamage): void {
    this.#damage.set(one, damage);
    this.#notes.note(one.id, undefined);
  }

  async #noteSometimes(): Promise<void> {
    const now = this.#environment.runtime.monotonic();
    if (now - this.#notedMs < noteEveryMs) return;
    this.#notedMs = now;
    await this.#notes.write();
  }
}
