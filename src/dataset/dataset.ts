// A dataset as users hold it: a snapshot that moves on with its own commits and with refresh().
import { NacreError } from '../errors.js';
import type { HintState } from '../manifest/hint.js';
import { history } from '../manifest/history.js';
import { locate } from '../manifest/locate.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { Settled } from '../manifest/settle.js';
import { liveTags } from '../manifest/tags.js';
import { checkTagName, type VersionReference } from '../manifest/version-reference.js';
import type { CompactOptions, CompactReport } from '../ops/compact.js';
import type { ExpireOptions, ExpireReport } from '../ops/expire.js';
import type { GcOptions, GcReport } from '../ops/gc.js';
import type { ParityUpdateOptions, ParityUpdateReport } from '../ops/parity.js';
import type { RepairReport } from '../ops/repair.js';
import type { ScrubOptions, ScrubReport } from '../ops/scrub.js';
import type { Status, StatusOptions } from '../ops/status.js';
import type { CallOptions } from '../storage/object-store.js';
import type { Meter } from '../storage/wrap/meter.js';
import { ArrayHandle } from './array-handle.js';
import { Commits, writing } from './commits.js';
import type { Difference, DiffOptions } from './diff.js';
import type { Elsewhere } from './elsewhere.js';
import type { Environment } from './environment.js';
import type { RestoreToOptions, RestoreToReport } from './restore-to.js';
import { HeadSource } from './head-source.js';
import { type DatasetInfo, describe, describeTag, describeVersion, type VersionInfo } from './info.js';
import type { Lease, LeaseOptions } from './lease.js';
import type { OpenOptions } from './open.js';
import { checkNotReplica } from './operation.js';
import type { WriteCall, WriteResult } from './operation.js';
import { Snapshot } from './snapshot.js';
import type { TransactionHandle } from './transaction-handle.js';
import type { RepairFrom } from './by-address.js';
import type { RestoreResult } from './planned.js';
import type { TagInfo, TagOptions, TagResult } from './tags.js';
import { upkeepOf } from './upkeep.js';
import type { Verification, VerifyOptions } from './verify.js';
import type { Workspace, WorkspaceOptions } from './workspace.js';
import { storeNowMs } from '../storage/store-time.js';

interface Opened {
  readonly hint: HintState;
  readonly head: LoadedRoot;
  readonly freeSlot: number;
  readonly confirmed: boolean;
  readonly close: () => Promise<void>;
  readonly options: OpenOptions;
  readonly elsewhere?: Elsewhere | undefined;
}

export class Dataset implements AsyncDisposable {
  readonly #environment: Environment;
  readonly #opened: Opened;
  readonly #source: HeadSource;
  readonly #commits: Commits;
  /** Undefined for the view of a past version. */
  readonly #parent: Dataset | undefined;
  #closed = false;

  /** Use `open()`. */
  constructor(environment: Environment, opened: Opened, parent?: Dataset) {
    this.#environment = environment;
    this.#opened = opened;
    this.#parent = parent;
    const { hint, head, freeSlot, confirmed, options, elsewhere } = opened;
    this.#source = new HeadSource(environment, head, freeSlot, confirmed, elsewhere);
    this.#commits = new Commits(elsewhere?.environment ?? environment, this.#source, {
      hint,
      head,
      onWarning: options.onWarning,
    });
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
    const { store, functions } = this.#environment;
    return locate({ store, functions, head }, reference, storeNowMs(this.#environment), options);
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
    this.#checkWritable('written to');
    return (await writing()).tagVersion(this.#commits, name, options);
  }

  /**
   * Takes a name away; the version stays, and may expire from then on. Cost: one PUT. Errors: `NotFound`,
   * `Conflict` where somebody else moved it meanwhile, and those of `write()`.
   */
  async deleteTag(name: string, options: WriteCall = {}): Promise<WriteResult> {
    this.#checkWritable('written to');
    const { planDeletion } = await writing();
    return this.#commits.change(async ({ head }) => planDeletion(head, name), options);
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
    this.#checkWritable('written to');
    return (await writing()).restoreVersion(this.#commits, this.#environment.runtime, reference, options);
  }

  /**
   * Restores into another place, at any provider: all versions up to that of `at` (default the newest), with
   * the data of those that it keeps and that are kept still, or of that one alone (`only`). Then the place is
   * a dataset of its own; before that it opens for nobody. One that was interrupted goes on.
   *
   * Cost: a GET and a PUT a version and an object, a HEAD an object. Errors: `NotFound`, `Expired`,
   * `InvalidArgument` where the place is in use; `Corrupt` for what nobody has the right bytes of; `Conflict`.
   */
  async restoreTo(uri: string, options: RestoreToOptions = {}): Promise<RestoreToReport> {
    this.#checkNotPast('restored elsewhere');
    const { restoreFrom } = await import('./by-address.js');
    return restoreFrom(this.#environment, uri, options, this.#opened.options);
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
    this.#checkWritable('written to');
    return this.#commits.write(work, options);
  }

  /**
   * Changes rows in place, as in NumPy: the callback gets arrays with operators that run in the scanner, and
   * memory to write to. Of what changed, by comparing, the rows become one new version, or nothing does. Runs
   * again, conflicts and fails as `write()`.
   *
   * Cost: what is touched is read when it first is, and once more in the end; then that of `write()`. Arrays
   * above a quarter of `memoryBytes` take disk. Errors: those of `write()`, and `ResourceExhausted`.
   */
  async workspace(
    work: (workspace: Workspace) => Promise<void> | void,
    options: WorkspaceOptions = {},
  ): Promise<WriteResult> {
    this.#checkWritable('written to');
    return this.#commits.workspace(work, options);
  }

  /**
   * What became of a commit whose outcome was unknown. With `fence`, a slot that is still free is taken by
   * an empty version, so that the lost request can never win. Cost: a request for each version since.
   */
  async settle(token: string, options: CallOptions & { readonly fence?: boolean } = {}): Promise<Settled> {
    this.#check();
    if (options.fence === true) this.#checkWritable('settled with a fence');
    return this.#commits.settle(token, options);
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

  /**
   * Says of older versions that they are no longer kept: what neither `keepLast` nor `keepWithinMs` keeps
   * goes, but for tagged and leased versions and what was the newest within `minAgeMs`. Their data stays
   * until `gc()`.
   *
   * Cost: a request for each halving of the versions, a LIST, and a commit. Errors: `InvalidArgument` where
   * nothing says what is kept, and those of `write()`.
   */
  async expire(options: ExpireOptions): Promise<ExpireReport> {
    const upkeep = this.#upkeep();
    return (await import('../ops/expire.js')).expire(upkeep, options);
  }

  /**
   * Deletes objects that no version needs any more: data of versions that expired `graceMs` ago, and
   * uploads that old that never became part of one. Safe beside writers, readers younger than that, and
   * other clean-ups; may end at any point, and the next run goes on. A write that was under way for longer
   * than the grace is a `Conflict`.
   *
   * Cost: a GET for each live version and each of their segments, a LIST for 1,000 objects, a plan and a
   * commit, and the deletes. Memory: up to 64 bytes for each live object. Errors: `Corrupt` and
   * `UnsupportedFormat` where it is not known what a version needs, before anything is deleted; and those
   * of `write()`.
   */
  async gc(options: GcOptions = {}): Promise<GcReport> {
    const upkeep = this.#upkeep();
    return (await import('../ops/gc.js')).gc(upkeep, options);
  }

  /**
   * Makes fewer and larger files of an array's small ones, puts replaced rows and attributes that were set
   * later in their places, and leaves out dropped rows that lie together. What is read stays the same, row
   * ids and indexes too; other writers go on meanwhile. Where nothing is worth it, nothing is done. Several
   * versions are made where much is written, each of which stands on its own; earlier files stay until their
   * versions expire and `gc()` deletes them.
   *
   * Cost: a GET for each segment; what is written anew, read and written once; a commit for each 256 MiB.
   * Memory: within `memoryBytes`. Errors: `NotFound`, `InvalidArgument`, and those of reading and `write()`,
   * but for `Conflict`: a step that others overtook is left out and counted.
   */
  async compact(options: CompactOptions = {}): Promise<CompactReport> {
    const upkeep = this.#upkeep(this.#commits.environment);
    return (await import('../ops/compact.js')).compact(upkeep, options);
  }

  /**
   * Holds a version, so that its data stays though it expires. Cost: one PUT, and a look at the newest
   * version. Errors: `NotFound` or `Expired` when there is no such version.
   */
  async lease(reference: VersionReference, options: LeaseOptions = {}): Promise<Lease> {
    const upkeep = this.#upkeep();
    const head = await this.#rootAt(reference, options);
    const then = new Dataset(this.#environment, { ...this.#opened, head, confirmed: true }, this);
    return (await import('./lease.js')).Lease.take(upkeep, then, head, options);
  }

  /**
   * Whether every root is there, and every object that a kept version needs, and is right: by listings, and
   * by reading all objects or some. Writes nothing where the data is; what was verified when is noted on this
   * machine. Damage is a finding; a second scrub at once is `Conflict`. Cost: see {@link ScrubOptions}.
   */
  async scrub(options: ScrubOptions = {}): Promise<ScrubReport> {
    this.#checkNotPast('scrubbed');
    return (await import('../ops/scrub.js')).scrub(this.#environment, options);
  }

  /**
   * Puts the same bytes back under the same keys, from `sources` and from the hint's copy of a root, so that
   * every version heals at once. Bad bytes go to `quarantine/`. What nobody has is in the report, with its
   * rows and versions. Cost: a scrub, and the damaged objects.
   */
  async repair(options: RepairFrom = {}): Promise<RepairReport> {
    this.#checkNotPast('repaired');
    const { repairFrom } = await import('./by-address.js');
    return repairFrom(this.#environment, options, this.#opened.options);
  }

  /** Head, hint, kept versions, and what was not verified lately. Cost: a request a version and a segment. */
  async status(options: StatusOptions = {}): Promise<Status> {
    this.#checkNotPast('looked after');
    return (await import('../ops/status.js')).status(this.#environment, options);
  }

  /** Covers what lacks parity, as its arrays ask for it, and makes no version. See `updateParity()`. */
  async updateParity(options: ParityUpdateOptions = {}): Promise<ParityUpdateReport> {
    this.#checkNotPast('covered');
    return (await import('../ops/parity.js')).updateParity(this.#environment, options);
  }

  #upkeep(environment = this.#environment): ReturnType<typeof upkeepOf> {
    this.#checkWritable('looked after');
    return upkeepOf(environment, this.#source, this.#commits);
  }

  /** Waits for commits under way and, for up to a second, for the hint. Calls after it fail with `Closed`. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#parent !== undefined) return;
    await this.#commits.close();
    await this.#opened.close().then(() => this.#source.settled());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(): void {
    if (this.#closed) throw new NacreError('Closed', `${this.uri} was closed`);
    if (this.#parent !== undefined) this.#parent.#check();
  }

  #checkWritable(verb: string): void {
    this.#checkNotPast(verb);
    checkNotReplica(this.#opened.hint, this.uri);
  }

  #checkNotPast(verb: string): void {
    this.#check();
    if (this.#parent === undefined) return;
    throw new NacreError('InvalidArgument', `a past version cannot be ${verb}`, {
      hint: 'Use the dataset that open() gave.',
    });
  }
}
