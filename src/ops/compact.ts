// Compaction: an array's files as fewer and larger ones, without the rows that were replaced and, where they
// lie together, without those that were dropped. Every version reads as it did; row ids and indexes stay.
//
// 1. A plan says which files are worth it (compact/plan.ts).
// 2. Step by step files are written anew, and a version puts them in the place of those before. A step is
//    planned from the newest version, so one that is lost costs what it wrote, and no more.
// 3. Last, overrides that are left become fewer, and so do the sets of dropped rows.
// Other writers go on meanwhile. A step commits on whatever landed since it was planned; where its files are
// in a segment by then, its entries are made anew, not the files. Where somebody took a file away, the step
// comes to nothing.
import { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { arrayNotFound } from '../arrays/not-found.js';
import { defaultPartitionBytes } from '../arrays/partition-writer.js';
import { isNacreError, NacreError } from '../errors.js';
import { isCollected } from '../manifest/fences.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { CallOptions } from '../storage/object-store.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import { toHex } from '../util/bytes.js';
import { throwIfAborted } from '../util/runtime.js';
import { changeOf, type Compacted } from './compact/change.js';
import { dropSets } from './compact/dropped.js';
import { type Group, type Join, Planner, type TrackPlan } from './compact/plan.js';
import {
  deadOf,
  isOfNewerRelease,
  limitsOf,
  loadTrack,
  nameOf,
  stateOf,
  type Track,
} from './compact/track.js';
import { writeGroups, writeJoin } from './compact/write.js';
import { type Signature, signed, type Upkeep } from './upkeep.js';

export interface CompactOptions extends CallOptions, Signature {
  /** Names of the arrays. Default all. */
  readonly arrays?: readonly string[];
  /** Size that files of rows grow to, bytes. Default 64 MiB; files of attributes grow to 16 MiB. */
  readonly targetBytes?: number;
  /** Says what would be done, and writes nothing. Default false. */
  readonly dryRun?: boolean;
  /** Told of rows of files that were written, of those that were planned at the beginning. */
  readonly onProgress?: (writtenRows: number, plannedRows: number) => void;
}

export interface CompactedArray {
  readonly array: string;
  /** Files of rows and of attributes, and their bytes: before, and after what was done or, dry, would be. */
  readonly filesBefore: number;
  readonly filesAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Versions that were made. */
  readonly commits: number;
  /** Steps that came to nothing, since somebody else changed their files or built an index meanwhile. */
  readonly overtaken: number;
  /** Why it was left as it is: a newer release said something of it that this one does not know. */
  readonly leftAlone?: 'newer release';
}

export interface CompactReport {
  /** The newest version. */
  readonly version: number;
  /** Arrays, in the order of their names in the dataset. */
  readonly arrays: readonly CompactedArray[];
}

export type CompactEnvironment = Upkeep & ArrayEnvironment & { readonly localPath?: (key: string) => string };

/** Bytes of the files that one version takes up, as a multiple of the target. */
const stepTargets = 4;

/** How often the entries of a step are made anew, where other writers moved them. */
const tries = 8;

/** Steps that are overtaken until the rest of an array's files is left to whoever overtakes them. */
const patience = 3;

export async function compact(upkeep: CompactEnvironment, options: CompactOptions): Promise<CompactReport> {
  const { arrays, targetBytes = defaultPartitionBytes } = options;
  if (!Number.isSafeInteger(targetBytes) || targetBytes < 1)
    throw new NacreError('InvalidArgument', `targetBytes is ${targetBytes}, no number of bytes`, {
      hint: 'Give 1 or more; the default is 64 MiB.',
    });
  const call = callOptions(options);
  const { root } = await upkeep.head(call);
  const names = root.arrays.map(({ name }) => name);
  const unknown = arrays?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw arrayNotFound(unknown, names);
  const chosen = root.arrays.filter(({ name }) => arrays === undefined || arrays.includes(name));
  const runs = chosen.map(({ id, name }) => new Run(upkeep, toHex(id), name, targetBytes, options));
  const progress = { written: 0, planned: 0 };
  for (const run of runs) progress.planned += await run.survey();
  const wrote = (rows: number): void => {
    progress.written += rows;
    options.onProgress?.(Math.min(progress.written, progress.planned), progress.planned);
  };
  if (options.dryRun !== true) for (const run of runs) await run.compact(wrote);
  const { version } = (await upkeep.head(call)).root;
  return { version, arrays: runs.map((run) => run.report()) };
}

interface Planned {
  readonly loaded: LoadedRoot;
  readonly view: ArrayView;
  readonly track: Track;
  readonly plan: TrackPlan;
}

/** The compaction of one array. */
class Run {
  readonly #upkeep: CompactEnvironment;
  readonly #id: string;
  readonly #name: string;
  readonly #targetBytes: number;
  readonly #options: CompactOptions;
  readonly #call: CallOptions;
  /** Names of files that this run wrote. */
  readonly #own = new Set<string>();
  readonly #counts = {
    filesBefore: 0,
    filesAfter: 0,
    bytesBefore: 0,
    bytesAfter: 0,
    commits: 0,
    overtaken: 0,
  };
  #isLeftAlone = false;

  constructor(
    upkeep: CompactEnvironment,
    id: string,
    name: string,
    targetBytes: number,
    options: CompactOptions,
  ) {
    this.#upkeep = upkeep;
    this.#id = id;
    this.#name = name;
    this.#targetBytes = targetBytes;
    this.#options = options;
    this.#call = callOptions(options);
  }

  /** Looks at what is there; gives the number of rows of files that would be written. */
  async survey(): Promise<number> {
    let rows = 0;
    for (const columns of [false, true]) {
      const planned = await this.#plan(columns);
      if (planned === undefined) continue;
      const { track, plan } = planned;
      const { groups, joinAfter: join } = plan;
      const before = [...track.base, ...track.overrides];
      const files = before.length;
      const bytes = before.reduce((sum, { object }) => sum + object.sizeBytes, 0);
      this.#counts.filesBefore += files;
      this.#counts.bytesBefore += bytes;
      const grouped = groups.reduce((sum, { from, to, ranges }) => sum + to - from - ranges.length, 0);
      this.#counts.filesAfter += files - grouped - this.#fewer(join);
      this.#counts.bytesAfter += bytes - leavingBytes(track, groups);
      for (const { ranges } of groups) for (const { start, end } of ranges) rows += end - start;
      if (join !== undefined) rows += this.#upkeep.functions.rowSets.count(join.ids);
    }
    return rows;
  }

  /** By how many files fewer there are after a join, about. */
  #fewer(join: Join | undefined): number {
    if (join === undefined) return 0;
    return join.overrides.length - Math.min(1, this.#upkeep.functions.rowSets.count(join.ids));
  }

  report(): CompactedArray {
    const { commits, filesAfter, bytesAfter, ...counts } = this.#counts;
    return {
      ...{ array: this.#name, ...counts, commits, filesAfter, bytesAfter },
      ...(this.#isLeftAlone ? { leftAlone: 'newer release' as const } : {}),
    };
  }

  async compact(wrote: (rows: number) => void): Promise<void> {
    for (const columns of [false, true]) {
      while (await this.#step(columns, wrote)) throwIfAborted(this.#call.signal);
      await this.#joinOverrides(columns, wrote);
    }
    await this.#joinDropped();
    if (this.#counts.commits + this.#counts.overtaken > 0) return this.#countAfter();
    const { filesBefore, bytesBefore } = this.#counts;
    return this.#tellAfter(filesBefore, bytesBefore);
  }

  #tellAfter(filesAfter: number, bytesAfter: number): void {
    Object.assign(this.#counts, { filesAfter, bytesAfter });
  }

  async #countAfter(): Promise<void> {
    let [files, bytes] = [0, 0];
    for (const columns of [false, true]) {
      const { base = [], overrides = [] } = (await this.#load(columns))?.track ?? {};
      files += base.length + overrides.length;
      for (const { object } of [...base, ...overrides]) bytes += object.sizeBytes;
    }
    this.#tellAfter(files, bytes);
  }

  /** The array's files at the newest version; undefined where there is nothing that can be compacted. */
  async #load(columns: boolean): Promise<Omit<Planned, 'plan'> | undefined> {
    const loaded = await this.#upkeep.head(this.#call);
    const entry = loaded.root.arrays.find(({ id }) => toHex(id) === this.#id);
    if (entry === undefined) return undefined;
    const track = await loadTrack(this.#upkeep, loaded.root, entry, columns, this.#call);
    this.#isLeftAlone = isOfNewerRelease(entry, track);
    if (this.#isLeftAlone) return undefined;
    return { loaded, view: new ArrayView(this.#upkeep, loaded.root, entry), track };
  }

  async #plan(columns: boolean): Promise<Planned | undefined> {
    const found = await this.#load(columns);
    if (found === undefined) return undefined;
    const { view, track } = found;
    const limits = limitsOf(this.#upkeep, view, columns, this.#targetBytes);
    const state = stateOf(track, view.entry, await deadOf(this.#upkeep, view));
    return { ...found, plan: new Planner(state, limits, this.#upkeep.functions.rowSets).plan() };
  }

  /** Writes some of the groups; false where none is left. */
  async #step(columns: boolean, wrote: (rows: number) => void): Promise<boolean> {
    if (this.#counts.overtaken >= patience) return false;
    const planned = await this.#plan(columns);
    if (planned === undefined) return false;
    const { track, plan } = planned;
    const isNew = ({ from, to }: Group): boolean =>
      track.base.slice(from, to).some((file) => !this.#own.has(nameOf(file)));
    const groups = firstOf(plan.groups.filter(isNew), stepTargets * this.#targetBytes);
    if (groups.length === 0) return false;
    const compacted = await writeGroups(this.#writing(planned, wrote), track, groups);
    await this.#commit(planned, compacted);
    return true;
  }

  async #joinOverrides(columns: boolean, wrote: (rows: number) => void): Promise<void> {
    if (this.#counts.overtaken >= patience) return;
    const planned = await this.#plan(columns);
    const join: Join | undefined = planned?.plan.join;
    if (planned === undefined || join === undefined) return;
    await this.#commit(planned, await writeJoin(this.#writing(planned, wrote), planned.track, join));
  }

  async #joinDropped(): Promise<void> {
    const found = await this.#load(false);
    if (found === undefined) return;
    const { loaded, view, track } = found;
    const dropped = await dropSets(this.#upkeep, loaded.root, view.entry, track, this.#call);
    if (dropped === undefined) return;
    const none = { entries: [], segments: [], written: [], takes: { partitions: [], segments: [] } };
    const change = { kind: 'compact' as const, array: this.#id, columns: false, ...none, ...dropped };
    try {
      await this.#upkeep.commitChanges([change], loaded.root.version, this.#signed());
      this.#counts.commits += 1;
    } catch (error) {
      if (!isNacreError(error, 'Conflict')) throw error;
      this.#counts.overtaken += 1;
    }
  }

  #writing({ loaded, view, track }: Planned, wrote: (rows: number) => void) {
    const { root } = loaded;
    const { targetBytes } = limitsOf(this.#upkeep, view, track.columns, this.#targetBytes);
    return {
      environment: this.#upkeep,
      view,
      targetBytes,
      options: this.#call,
      wrote,
      version: root.version,
    };
  }

  /** Puts files in their places, whatever others did meanwhile but with the files that are taken. */
  async #commit(planned: Planned, compacted: Compacted): Promise<void> {
    let found: Omit<Planned, 'plan'> | undefined = planned;
    for (let attempt = 0; attempt < tries && found !== undefined; attempt++) {
      throwIfAborted(this.#call.signal);
      const { view, track } = found;
      const change = await changeOf(this.#upkeep, view, track, compacted, this.#call);
      if (change === undefined) break;
      try {
        await this.#upkeep.commitChanges([change], planned.loaded.root.version, this.#signed());
        this.#counts.commits += 1;
        for (const { draft } of [...compacted.base, ...compacted.overrides]) this.#own.add(nameOf(draft));
        return;
      } catch (error) {
        if (!isNacreError(error, 'Conflict')) throw error;
        if (isCollected(error)) break;
      }
      found = await this.#load(track.columns);
    }
    this.#counts.overtaken += 1;
  }

  #signed() {
    return signed(this.#options, `compact '${this.#name}'`);
  }
}

/** As many of the first groups as have so many bytes; at least one. */
function firstOf(groups: readonly Group[], bytes: number): readonly Group[] {
  let sum = 0;
  const end = groups.findIndex(({ sizeBytes }, i) => i > 0 && (sum += sizeBytes) > bytes);
  return end < 0 ? groups : groups.slice(0, end);
}

/** Bytes of rows that leave with their groups, about. */
function leavingBytes({ base }: Track, groups: readonly Group[]): number {
  return groups.reduce((all, { from, to, ranges, sizeBytes }) => {
    const rows = base.slice(from, to).reduce((sum, { partition }) => sum + partition.rows, 0);
    const stay = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    return all + Math.round((sizeBytes * (rows - stay)) / Math.max(1, rows));
  }, 0);
}
