// How far the build of an index is, noted on this machine, so that the same build goes on after its process
// was killed or a signal ended it.
//
// Noted are the epoch, once it is trained, and each segment, once it is up, with the rows that it is of. The
// name of a journal says what is built; whatever of it is of other rows by now, or not there any more, is
// made anew. An object that is older than half of the time for which clean-up leaves it alone is, too. A
// build that nobody may resume (no cache folder, or another process is at it) is simply made.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { Journal } from '../cache/journals.js';
import { isNacreError, NacreError } from '../errors.js';
import { indexPattern, objectKey } from '../manifest/keys.js';
import { defaultBlockBytes, type NewObject, type StoredObject } from '../manifest/objects.js';
import type { IndexDraft, IndexSegmentDraft } from '../manifest/transaction.js';
import type { CallOptions } from '../storage/object-store.js';
import { concat, equalBytes, toHex, utf8 } from '../util/bytes.js';
import {
  type BuildRecord,
  decodeRecord,
  encodeRecord,
  type SegmentEntry,
  type TrainedRecord,
} from './journal-record.js';
import type { Run } from './merge.js';
import { type NearestRows, noNearest } from './nearest-rows.js';
import type { Sample } from './sample.js';
import type { Stretch } from './uncovered.js';
import { storeNowMs } from '../storage/store-time.js';

/** Counts changes of what a build makes of the same rows and options. */
const journalFormat = 1;

/** Clean-up leaves objects alone for 24 hours since their upload. */
const oldestMs = 12 * 60 * 60 * 1000;

export interface BuildOf {
  /** Number of the `IndexKind` enumeration. */
  readonly kind: number;
  /** All that decides, with the rows, what is built. */
  readonly parameters: Readonly<Record<string, string | number | boolean | null>>;
}

/** An index that is up, and what was noted of it until its version is committed. */
export interface BuiltIndex {
  readonly index: IndexDraft;
  readonly journal: BuildJournal;
}

/** Builds with a journal, which is kept when that fails. */
export async function journaled(
  environment: ArrayEnvironment,
  view: ArrayView,
  of: BuildOf,
  build: (journal: BuildJournal) => Promise<IndexDraft | undefined>,
  options: CallOptions,
): Promise<BuiltIndex | undefined> {
  const journal = await BuildJournal.open(environment, view, of, options);
  try {
    const index = await build(journal);
    if (index !== undefined) return { index, journal };
    await journal.remove();
    return undefined;
  } catch (error) {
    journal.release();
    throw error;
  }
}

/** The run of one stretch alone. */
export function runOfStretch(stretch: Stretch): Run {
  return { firstRowId: stretch.firstRowId, rows: stretch.rows, stretches: [stretch], lists: [] };
}

export class BuildJournal {
  readonly #environment: ArrayEnvironment;
  readonly #file: Journal | undefined;
  #since: number;
  #trained: TrainedRecord | undefined;
  #isResumed = false;
  readonly #segments = new Map<string, SegmentEntry>();
  #queries: string | undefined;
  #nearest: readonly NearestRows[] | undefined;

  private constructor(environment: ArrayEnvironment, file: Journal | undefined, version: number) {
    this.#environment = environment;
    this.#file = file;
    this.#since = version;
  }

  /** Cost: where something was noted, one wave that asks for its objects. */
  static async open(
    environment: ArrayEnvironment,
    view: ArrayView,
    of: BuildOf,
    options: CallOptions,
  ): Promise<BuildJournal> {
    const file = await environment.journals?.claim(nameOf(environment, view, of));
    const journal = new BuildJournal(environment, file, view.origin.version);
    try {
      await journal.#load(view, of.kind, options);
    } catch (error) {
      file?.release();
      throw error;
    }
    return journal;
  }

  async #load(view: ArrayView, kind: number, options: CallOptions): Promise<void> {
    const body = await this.#file?.read();
    if (body === undefined) return;
    let record: BuildRecord;
    try {
      record = decodeRecord(body, indexPattern(view.entry.id));
      const { rowSets } = this.#environment.functions;
      for (const { gone } of record.segments.values()) if (gone !== undefined) rowSets.count(gone);
    } catch (cause) {
      const message = `what was noted of a build of '${view.name}' cannot be read: it begins anew`;
      this.#environment.warn?.(new NacreError('Corrupt', message, { cause }));
      return;
    }
    const { since, trained, segments, queries, nearest } = record;
    // The process ended between its commit and its last look here.
    const present = view.index(kind)?.epoch.hash;
    if (trained !== undefined && present && equalBytes(trained.epoch.hash, present)) return;
    const isThere = (object: NewObject | undefined): Promise<boolean> | boolean =>
      object === undefined || this.#isThere(object, options);
    const [hasEpoch, ...have] = await Promise.all([
      isThere(trained?.epoch),
      ...Array.from(segments.values(), async ({ segment }) =>
        (await Promise.all([isThere(segment.object), isThere(segment.bits)])).every(Boolean),
      ),
    ]);
    if (!hasEpoch) return;
    this.#trained = trained;
    this.#since = Math.min(this.#since, since);
    this.#isResumed = true;
    [this.#queries, this.#nearest] = [queries, nearest];
    for (const [i, [run, entry]] of [...segments].entries())
      if (have[i] === true) this.#segments.set(run, entry);
  }

  async #isThere({ pattern, id, sizeBytes }: NewObject, options: CallOptions): Promise<boolean> {
    const { store } = this.#environment;
    const head = await store.head(objectKey(pattern, id), options);
    const now = storeNowMs(this.#environment);
    return head !== undefined && head.sizeBytes === sizeBytes && now - head.modifiedMs < oldestMs;
  }

  /** The newest version when the first of its uploads began, whichever process made it. */
  get uploadsSince(): number {
    return this.#since;
  }

  /** Whether the build goes on from what another one left. */
  get isResumed(): boolean {
    return this.#isResumed && (this.#trained !== undefined || this.#segments.size > 0);
  }

  /** How many of the rows that the build is to cover are. */
  get coveredRows(): number {
    return [...this.#segments.values()].reduce((sum, { newRows }) => sum + newRows, 0);
  }

  get trained(): TrainedRecord | undefined {
    return this.#trained;
  }

  /**
   * What `read` makes of the epoch that was noted. Undefined where there is none, or its bytes are not what
   * was noted: then nothing of the build is there.
   */
  async coding<T>(read: (epoch: StoredObject) => Promise<T>): Promise<T | undefined> {
    if (this.#trained === undefined) return undefined;
    const { pattern, id, blockBytes = defaultBlockBytes, ...epoch } = this.#trained.epoch;
    try {
      return await read({ ...epoch, key: objectKey(pattern, id), blockBytes });
    } catch (error) {
      if (!isNacreError(error, 'Corrupt') && !isNacreError(error, 'UnsupportedFormat')) throw error;
      this.#environment.warn?.(error);
      this.#trained = undefined;
      this.#isResumed = false;
      this.#forgetSegments();
      return undefined;
    }
  }

  async noteTrained(trained: TrainedRecord): Promise<void> {
    this.#trained = trained;
    this.#forgetSegments();
    await this.#write();
  }

  /** Says which segments there will be: others that were noted are of rows that have changed since. */
  plan(runs: readonly Run[]): void {
    const stand = this.#standing(runs);
    for (const run of this.#segments.keys()) if (!stand.has(run)) this.#segments.delete(run);
  }

  /** Names of the runs whose segments are up, and leave out no row that is live again, as by a restore. */
  #standing(runs: readonly Run[]): ReadonlySet<string> {
    const { rowSets } = this.#environment.functions;
    const none = rowSets.range(0, 0);
    const names = runs.flatMap((run) => {
      const name = this.#nameOfRun(run);
      const entry = this.#segments.get(name);
      if (entry === undefined) return [];
      const live = rowSets.difference(entry.gone ?? none, run.gone ?? none);
      return rowSets.count(live) === 0 ? name : [];
    });
    return new Set(names);
  }

  /**
   * The same of a build that measures recall by these rows; gives the nearest rows of each so far. What was
   * measured is of all segments together, so that either all of them count or none.
   */
  planMeasured(runs: readonly Run[], held: Sample): readonly NearestRows[] | undefined {
    const stand = this.#standing(runs);
    const ids = new Uint8Array(held.ids.buffer, held.ids.byteOffset, held.ids.byteLength);
    const queries = toHex(this.#environment.functions.blake3(concat([ids, held.bytes])));
    const isWhole = this.#nearest === undefined || this.#nearest.length === held.rows;
    if (this.#queries !== queries || !isWhole || stand.size < this.#segments.size) this.#forgetSegments();
    this.#queries = queries;
    if (this.#segments.size === 0) this.#nearest = Array.from(held.ids, () => noNearest);
    return this.#nearest;
  }

  #forgetSegments(): void {
    this.#segments.clear();
    this.#nearest = undefined;
  }

  /** The segment of a run, where it is up. */
  segment(run: Run): Omit<IndexSegmentDraft, 'firstRowId'> | undefined {
    const entry = this.#segments.get(this.#nameOfRun(run));
    return entry && { ...entry.segment, rows: run.rows };
  }

  /** That of a run is up; `nearest` finds the nearest rows of all so far, where it is noted. */
  async noteSegment(
    run: Run,
    { rows: _, ...segment }: Omit<IndexSegmentDraft, 'firstRowId'>,
    nearest?: () => Promise<readonly NearestRows[] | undefined>,
  ): Promise<void> {
    if (this.#file === undefined) return;
    const newRows = run.stretches.reduce((sum, { rows }) => sum + rows, 0);
    this.#segments.set(this.#nameOfRun(run), { newRows, segment, gone: run.gone });
    this.#nearest = await nearest?.();
    await this.#write();
  }

  /** The version is committed. */
  async remove(): Promise<void> {
    await this.#file?.remove();
  }

  /** The build is left to who comes next. */
  release(): void {
    this.#file?.release();
  }

  async #write(): Promise<void> {
    if (this.#file === undefined) return;
    const since = this.#since;
    const [trained, segments, queries, nearest] = [
      this.#trained,
      this.#segments,
      this.#queries,
      this.#nearest,
    ];
    await this.#file.write(encodeRecord({ since, trained, segments, queries, nearest }));
  }

  /** By what it is of. */
  #nameOfRun({ firstRowId, rows, stretches, lists }: Run): string {
    const hashOf = ({ object }: { readonly object: { readonly hash: Uint8Array } }) => toHex(object.hash);
    const parts = stretches.flatMap((stretch) =>
      stretch.parts.map(({ part, firstRowId: first }) => [first, part.rows, hashOf(part)]),
    );
    const taken = lists.map(({ part, firstRowId: first }) => [first, hashOf(part)]);
    return digest(this.#environment, [firstRowId, rows, parts, taken]);
  }
}

function nameOf(environment: ArrayEnvironment, view: ArrayView, { kind, parameters }: BuildOf): string {
  const { store, native } = environment;
  const { dataset, lineage } = view.origin;
  const place = [store.uri, store.capabilities.server ?? null, toHex(dataset), toHex(lineage)];
  const release = [journalFormat, native.scannerInfo().version];
  return digest(environment, [release, place, view.id, kind, Object.entries(parameters).sort()]);
}

function digest({ functions }: ArrayEnvironment, of: unknown): string {
  return toHex(functions.blake3(utf8.encode(JSON.stringify(of))));
}
