// A dataset as users hold it: a snapshot that moves on with its own commits and with refresh().
import { NacreError } from '../errors.js';
import { type CommitOutcome, Committer } from '../manifest/commit.js';
import { HintKeeper } from '../manifest/hint-keeper.js';
import type { HintState } from '../manifest/hint.js';
import { history } from '../manifest/history.js';
import { locate, type Place } from '../manifest/locate.js';
import type { LoadedRoot } from '../manifest/root.js';
import { decodeToken, settle, type Settled } from '../manifest/settle.js';
import { liveTags } from '../manifest/tags.js';
import { checkTagName, type VersionReference } from '../manifest/version-reference.js';
import type { CallOptions } from '../storage/object-store.js';
import type { Meter } from '../storage/wrap/meter.js';
import { adoptCopy } from './adopt.js';
import { ArrayHandle } from './array-handle.js';
import { attemptWrite } from './attempt.js';
import type { Difference, DiffOptions } from './diff.js';
import type { Environment } from './environment.js';
import { HeadSource } from './head-source.js';
import { type DatasetInfo, describe, describeVersion, type VersionInfo } from './info.js';
import type { OpenOptions } from './open.js';
import { checkIfVersion, checkNotReplica, type Identity, identityOf } from './operation.js';
import { operationOf, unknownOutcome } from './operation.js';
import type { WriteCall, WriteResult } from './operation.js';
import { Snapshot } from './snapshot.js';
import type { TransactionHandle } from './transaction-handle.js';
import { type PlannedChange, planRestore, type RestoreResult } from './planned.js';
import { describeTag, planDeletion, planTag, type TagInfo, type TagOptions, type TagResult } from './tags.js';
import type { Verification, VerifyOptions } from './verify.js';

interface Opened {
  readonly hint: HintState;
  readonly head: LoadedRoot;
  readonly freeSlot: number;
  readonly confirmed: boolean;
  readonly close: () => Promise<void>;
  readonly options: OpenOptions;
}

/** How long `close` waits for the hint, milliseconds. */
const hintPatienceMs = 1_000;

export class Dataset implements AsyncDisposable {
  readonly #environment: Environment;
  readonly #opened: Opened;
  readonly #source: HeadSource;
  readonly #keeper: HintKeeper;
  /** Undefined for the view of a past version. */
  readonly #parent: Dataset | undefined;
  #committer: Promise<Committer> | undefined;
  #closed = false;

  /** Use `open()`. */
  constructor(environment: Environment, opened: Opened, parent?: Dataset) {
    this.#environment = environment;
    this.#opened = opened;
    this.#parent = parent;
    const { hint, head, freeSlot, confirmed } = opened;
    this.#source = new HeadSource(environment, head, freeSlot, confirmed);
    const { store, functions, runtime } = environment;
    const hinted = hint.problem === undefined ? (hint.head?.root.version ?? 0) : 0;
    this.#keeper = new HintKeeper(store, functions, runtime, head, hint.token, hinted);
  }

  /** The address, without anything secret. */
  get uri(): string {
    return this.#environment.store.uri;
  }

  /** Counts requests, waves, bytes and price of everything that this handle does. */
  get meter(): Meter {
    return this.#environment.meter;
  }

  /** The version that reads see. Cost: one request, the first time. */
  async version(options: CallOptions = {}): Promise<number> {
    this.#check();
    return (await this.#source.confirmed(options)).version;
  }

  /** What the dataset holds: arrays with dtype, shape and partitions. */
  async info(options: CallOptions = {}): Promise<DatasetInfo> {
    this.#check();
    return this.#source.read((snapshot) => describe(snapshot, this.uri, options), options);
  }

  /** A handle on an array; costs nothing, the array is looked up by its first read. */
  array(name: string): ArrayHandle {
    this.#check();
    return new ArrayHandle(name, this.#environment, this.#source, {
      checkOpen: () => this.#check(),
      snapshotAt: async (reference, options) =>
        new Snapshot(this.#environment, await this.#rootAt(reference, options)),
      write: (work, options) => this.write(work, options),
    });
  }

  /** Moves on to the newest version. Cost: one request when there is none. */
  async refresh(options: CallOptions = {}): Promise<number> {
    this.#check();
    this.#checkNotPast('refreshed');
    return (await this.#source.refresh(options)).version;
  }

  /**
   * The dataset as it was at a version, a tag, or an instant by the store's clock; read-only.
   *
   * Cost: of a tag one request, of a number two in one wave, of an instant seven a wave, each of which leaves
   * an eighth of the versions. Errors: `NotFound` when there is no such version, `Expired` when it is no
   * longer kept, `InvalidArgument`, `Corrupt`.
   */
  async at(reference: VersionReference, options: CallOptions = {}): Promise<Dataset> {
    this.#check();
    const head = await this.#rootAt(reference, options);
    return new Dataset(this.#environment, { ...this.#opened, head, confirmed: true }, this);
  }

  async #rootAt(reference: VersionReference, options: CallOptions): Promise<LoadedRoot> {
    const head = (await this.#source.confirmed(options)).loaded;
    return locate(this.#placeOf(head), reference, this.#nowMs(), options);
  }

  /** Versions with their tags, newest first. Cost: one request a version, sixteen at a time. */
  async *log(options: CallOptions = {}): AsyncGenerator<VersionInfo> {
    this.#check();
    const { store, functions } = this.#environment;
    const { loaded } = await this.#source.confirmed(options);
    const tags = liveTags(loaded.root);
    for await (const version of history(store, loaded, functions, options))
      yield describeVersion(version.root, tags);
  }

  /**
   * What is different at `to`, default the newest version, from what was at `from`; either may be the older.
   *
   * Cost: that of `at()` for both; of arrays that differ, a request for each segment; and one for each
   * version between, up to the newest `limit`, default 100. Errors: those of `at()`.
   */
  async diff(from: VersionReference, to?: VersionReference, options: DiffOptions = {}): Promise<Difference> {
    this.#check();
    const { loaded } = await this.#source.confirmed(options);
    const [one, other] = await Promise.all([
      this.#rootAt(from, options),
      to === undefined ? loaded : this.#rootAt(to, options),
    ]);
    const { differenceOf } = await import('./diff.js');
    return differenceOf(this.#environment, one, other, liveTags(loaded.root), options);
  }

  /** The tags, by name. Cost: none but the head. */
  async tags(options: CallOptions = {}): Promise<readonly TagInfo[]> {
    this.#check();
    return liveTags((await this.#source.confirmed(options)).loaded.root).map(describeTag);
  }

  /**
   * Gives a version a name, or moves one; a tagged version never expires. Names are as of arrays, but for
   * those that read as a number, an age or a time; there are at most 512. A tag that stands there already
   * makes no version.
   *
   * Cost: that of `at()`, then one PUT. Errors: `AlreadyExists` without `move`, `NotFound` with it,
   * `Conflict` where somebody else moved it meanwhile, or where it does not stand where `move` says;
   * `Expired`, `InvalidArgument`, `ResourceExhausted`, and those of `write()`.
   */
  async tag(name: string, options: TagOptions = {}): Promise<TagResult> {
    checkTagName(name);
    let tagged = 0;
    const written = await this.#change(async (place, nowMs) => {
      const planned = await planTag(place, name, options, nowMs);
      tagged = planned.version;
      return planned;
    }, options);
    return { ...written, name, tagged };
  }

  /**
   * Takes a name away; the version stays, and may expire from then on. Cost: one PUT. Errors: `NotFound`,
   * `Conflict` where somebody else moved it meanwhile, and those of `write()`.
   */
  async deleteTag(name: string, options: WriteCall = {}): Promise<WriteResult> {
    return this.#change(async ({ head }) => planDeletion(head, name), options);
  }

  /**
   * Makes a new version of which every array is as it was at an earlier one: rows, attributes, keys, indexes
   * and names. No data is copied, the versions between stay, and tags too. Row ids are not given twice: rows
   * that are appended after it get ids that no row had. It commits right after the version that it was
   * planned at: another commit meanwhile is a `Conflict`, and with `retries` it is planned again.
   *
   * Cost: that of `at()`, then one PUT. Errors: `NotFound`, `Expired`, `Conflict`, `UnsupportedFormat` where a
   * newer release put something beside the arrays, and those of `write()`.
   */
  async restore(reference: VersionReference, options: WriteCall = {}): Promise<RestoreResult> {
    let restored = 0;
    const written = await this.#change(async (place, nowMs) => {
      const from = await locate(place, reference, nowMs, options);
      restored = from.root.version;
      return planRestore(place, from, this.#environment.runtime);
    }, options);
    return { ...written, restored };
  }

  /**
   * Changes arrays in one new version. The callback runs once, and again for each of `retries` after a
   * conflict; what it did becomes visible all at once or not at all. A callback that changes nothing makes
   * no version.
   *
   * Cost: uploads side by side, then one PUT: two waves. Errors: `Conflict`, `CommitUnknown` with
   * `context.token` for `settle`, and whatever the callback throws.
   */
  async write(
    work: (transaction: TransactionHandle) => Promise<void> | void,
    options: WriteCall = {},
  ): Promise<WriteResult> {
    return this.#commit((identity) => this.#attempt(work, options, identity), options);
  }

  /** Runs `once`, and again for each of `retries` after a conflict. */
  async #commit(
    once: (identity: Identity) => Promise<CommitOutcome>,
    options: WriteCall,
  ): Promise<WriteResult> {
    this.#check();
    this.#checkNotPast('written to');
    checkNotReplica(this.#opened.hint, this.uri);
    const identity = identityOf(options, this.#environment.runtime);
    for (let attempt = 0; ; attempt++) {
      const outcome = await once(identity);
      if (outcome.outcome === 'committed') return { version: outcome.version, recovered: outcome.recovered };
      if (outcome.outcome === 'unknown') throw unknownOutcome(outcome, this.uri);
      if (attempt >= (options.retries ?? 0)) throw outcome.error;
      await this.#source.refresh(options);
    }
  }

  async #attempt(
    work: (transaction: TransactionHandle) => Promise<void> | void,
    options: WriteCall,
    identity: Identity,
  ): Promise<CommitOutcome> {
    const { committer, snapshot } = await this.#begin(options, identity);
    return attemptWrite(this.#environment, snapshot, committer, work, options, identity);
  }

  /** Where a commit starts from, before anything is uploaded. */
  async #begin(
    options: WriteCall,
    { id, exactlyOnce }: Identity,
  ): Promise<{ readonly committer: Committer; readonly snapshot: Snapshot }> {
    await this.#source.confirmed(options);
    // On a copy this may go back to the newest version that came whole, so it stands before the snapshot is
    // taken.
    const committer = await this.#commits(options);
    committer.prepare(exactlyOnce && options.application === undefined ? id : undefined);
    const snapshot = this.#source.latest;
    checkIfVersion(options, snapshot.version, this.uri);
    return { committer, snapshot };
  }

  /** Commits changes of the history, planned at the newest version that is known; none makes no version. */
  async #change(
    plan: (place: Place, nowMs: number) => Promise<PlannedChange>,
    options: WriteCall,
  ): Promise<WriteResult> {
    return this.#commit(async (identity) => {
      const { committer, snapshot } = await this.#begin(options, identity);
      const { version } = snapshot;
      const {
        history,
        message,
        onlyAtBase = false,
      } = await plan(this.#placeOf(snapshot.loaded), this.#nowMs());
      if (history.length === 0) return { outcome: 'committed', version, recovered: false };
      const done = { changes: [], reads: new Map<string, Uint8Array>(), history };
      const transaction = operationOf(identity, version, done, { message, ...options });
      return committer.submit({ ...transaction, ...(onlyAtBase ? { onlyAtBase } : {}) }, options.signal);
    }, options);
  }

  #placeOf(head: LoadedRoot): Place {
    const { store, functions } = this.#environment;
    return { store, functions, head };
  }

  /** The store's time. */
  #nowMs(): number {
    const { store, runtime } = this.#environment;
    return store.timeMs() ?? runtime.now();
  }

  async #commits(options: CallOptions): Promise<Committer> {
    this.#committer ??= this.#makeCommitter(options).catch((error: unknown) => {
      this.#committer = undefined;
      throw error;
    });
    const committer = await this.#committer;
    const { latest, freeSlot, jumped } = this.#source;
    committer.adopt(latest.loaded, freeSlot, jumped);
    return committer;
  }

  async #makeCommitter(options: CallOptions): Promise<Committer> {
    const { store, functions, runtime, deadlineMs } = this.#environment;
    const { hint, options: opened } = this.#opened;
    const onHead = (head: LoadedRoot): void => {
      this.#source.adopt(head);
      this.#keeper.note(head);
    };
    const environment = { store, functions, runtime, deadlineMs, onHead };
    const { loaded } = this.#source.latest;
    const { freeSlot, jumped } = this.#source;
    if (hint.problem !== 'elsewhere') return new Committer(environment, loaded, freeSlot, jumped);
    const { head, lineage } = await adoptCopy(this.#environment, hint, loaded, opened.onWarning, options);
    this.#source.goBackTo(head);
    const newLineage = { after: head.root.lineage, lineage };
    return new Committer({ ...environment, newLineage }, head, freeSlot);
  }

  /**
   * What became of a commit whose outcome was unknown. With `fence`, a slot that is still free is taken by
   * an empty version, so that the lost request can never win. Cost: a request for each version since.
   */
  async settle(token: string, options: CallOptions & { readonly fence?: boolean } = {}): Promise<Settled> {
    this.#check();
    const { store, functions, runtime, deadlineMs } = this.#environment;
    const { loaded } = await this.#source.confirmed(options);
    const settled = await settle(
      { store, functions, runtime, deadlineMs },
      loaded,
      decodeToken(token),
      options,
    );
    await this.#source.refresh(options);
    this.#keeper.note(this.#source.latest.loaded);
    return settled;
  }

  /**
   * Goes over a certificate of `certify()` again, by scalar code: whether every claim holds at its version,
   * and whether the newest version still gives the same answer. Takes the value, its JSON as text, or bytes.
   *
   * Cost: that of `certify()`; with `full` also every row, once. Errors: `InvalidArgument` for what is no
   * certificate, `UnsupportedFormat` for one of a later release, and those of reading; what is damaged or
   * gone is a verdict.
   */
  async verify(certificate: unknown, options: VerifyOptions = {}): Promise<Verification> {
    this.#check();
    const { loaded } = await this.#source.confirmed(options);
    const { verifyCertificate } = await import('./verify.js');
    return verifyCertificate(this.#environment, loaded, certificate, options);
  }

  /** Waits for commits under way and, for up to a second, for the hint. Calls after it fail with `Closed`. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#parent !== undefined) return;
    await (await this.#committer?.catch(() => undefined))?.idle();
    await this.#keeper.close(hintPatienceMs);
    await this.#opened.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(): void {
    if (this.#closed) throw new NacreError('Closed', `${this.uri} was closed`);
    if (this.#parent !== undefined) this.#parent.#check();
  }

  #checkNotPast(verb: string): void {
    if (this.#parent === undefined) return;
    throw new NacreError('InvalidArgument', `a past version cannot be ${verb}`, {
      hint: 'Use the dataset that open() gave.',
    });
  }
}
