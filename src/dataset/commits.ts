// How a handle commits: one committer and one keeper of the hint, made when they are needed first, and the
// loop that tries again after a conflict.
import { isNacreError, type NacreError } from '../errors.js';
import type { CommitOutcome, Committer } from '../manifest/commit.js';
import { HintKeeper } from '../manifest/hint-keeper.js';
import type { HintState } from '../manifest/hint.js';
import type { Place } from '../manifest/locate.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { Settled } from '../manifest/settle.js';
import type { CallOptions } from '../storage/object-store.js';
import type { Work } from './attempt.js';
import type { Environment } from './environment.js';
import type { HeadSource } from './head-source.js';
import { checkIfVersion, committed, type Identity, identityOf, operationOf } from './operation.js';
import type { WriteCall, WriteResult } from './operation.js';
import type { PlannedChange } from './planned.js';
import type { Snapshot } from './snapshot.js';
import type { TransactionHandle } from './transaction-handle.js';
import type { Workspace, WorkspaceOptions } from './workspace.js';
import { storeNowMs } from '../storage/store-time.js';

/** What the handle began with. */
interface Beginning {
  readonly hint: HintState;
  readonly head: LoadedRoot;
  readonly onWarning: ((warning: NacreError) => void) | undefined;
}

/** How long `close` waits for the hint, milliseconds. */
const hintPatienceMs = 1_000;

/** What only commits need: the first one waits until it is loaded, later ones some 2 us. */
export function writing(): Promise<typeof import('./writing.js')> {
  return import('./writing.js');
}

export class Commits {
  /** What transactions read and write by: its reads ask replicas, too, where there are any. */
  readonly environment: Environment;
  readonly #source: HeadSource;
  readonly #beginning: Beginning;
  readonly #keeper: HintKeeper;
  #committer: Promise<Committer> | undefined;

  constructor(environment: Environment, source: HeadSource, beginning: Beginning) {
    this.environment = environment;
    this.#source = source;
    this.#beginning = beginning;
    const { store, functions, runtime } = environment;
    const { hint, head } = beginning;
    const hinted = hint.problem === undefined ? (hint.head?.root.version ?? 0) : 0;
    this.#keeper = new HintKeeper(store, functions, runtime, head, hint.token, hinted);
  }

  /** Runs the callback of `write()` and commits what it did. */
  async write(
    work: (transaction: TransactionHandle) => Promise<void> | void,
    options: WriteCall,
  ): Promise<WriteResult> {
    const { TransactionHandle } = await writing();
    return this.run((...staged) => work(new TransactionHandle(...staged)), options);
  }

  /** Runs the callback of `workspace()` and commits what it changed. */
  async workspace(
    work: (workspace: Workspace) => Promise<void> | void,
    options: WorkspaceOptions,
  ): Promise<WriteResult> {
    const { inWorkspace } = await import('./workspace.js');
    return this.run((staged, environment) => inWorkspace(staged, environment, work, options), options);
  }

  /** Runs what changes something and commits what it did. */
  async run(work: Work, options: WriteCall): Promise<WriteResult> {
    const { attemptWrite } = await writing();
    return this.#commit(async (identity) => {
      const { committer, snapshot } = await this.#begin(options, identity);
      try {
        return await attemptWrite(this.environment, snapshot, committer, work, options, identity);
      } catch (error) {
        // What a callback reads may have expired since it began.
        if (isNacreError(error, 'Corrupt')) await this.#source.checkKept(snapshot, error);
        throw error;
      }
    }, options);
  }

  /** Commits changes without a callback, planned at the newest version known; none makes no version. */
  change(
    plan: (place: Place, nowMs: number) => Promise<PlannedChange>,
    options: WriteCall,
  ): Promise<WriteResult> {
    const { store, functions } = this.environment;
    return this.#commit(async (identity) => {
      const { committer, snapshot } = await this.#begin(options, identity);
      const { version, loaded: head } = snapshot;
      const planned = await plan({ store, functions, head }, storeNowMs(this.environment));
      const { history, changes = [], baseVersion = version, message, onlyAtBase = false } = planned;
      if (history.length + changes.length === 0) return { outcome: 'committed', version, recovered: false };
      const done = { changes, reads: new Map<string, Uint8Array>(), history };
      const transaction = operationOf(identity, baseVersion, done, { message, ...options });
      return committer.submit({ ...transaction, ...(onlyAtBase ? { onlyAtBase } : {}) }, options.signal);
    }, options);
  }

  /** Runs `once`, and again for each of `retries` after a conflict. */
  async #commit(
    once: (identity: Identity) => Promise<CommitOutcome>,
    options: WriteCall,
  ): Promise<WriteResult> {
    const identity = identityOf(options, this.environment.runtime);
    for (let attempt = 0; ; attempt++) {
      const outcome = await once(identity);
      if (outcome.outcome !== 'conflict' || attempt >= (options.retries ?? 0))
        return committed(outcome, this.environment.store.uri);
      await this.#source.refresh(options);
    }
  }

  /** Where a commit starts from, before anything is uploaded. */
  async #begin(
    options: WriteCall,
    { id, exactlyOnce }: Identity,
  ): Promise<{ readonly committer: Committer; readonly snapshot: Snapshot }> {
    await this.#source.confirmed(options);
    // On a copy this may go back to the newest version that came whole, so it stands before the snapshot is
    // taken.
    const committer = await this.committer(options);
    committer.prepare(exactlyOnce && options.application === undefined ? id : undefined);
    const snapshot = this.#source.latest;
    checkIfVersion(options, snapshot.version, this.environment.store.uri);
    return { committer, snapshot };
  }

  /** At the newest version that the handle knows. */
  async committer(options: CallOptions): Promise<Committer> {
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
    const { Committer, adoptCopy } = await writing();
    const { store, functions, runtime, deadlineMs } = this.environment;
    const { hint, onWarning } = this.#beginning;
    const onHead = (head: LoadedRoot): void => {
      this.#source.adopt(head);
      this.#keeper.note(head);
    };
    const environment = { store, functions, runtime, deadlineMs, onHead };
    const { loaded } = this.#source.latest;
    const { freeSlot, jumped } = this.#source;
    if (hint.problem !== 'elsewhere') return new Committer(environment, loaded, freeSlot, jumped);
    const { head, lineage } = await adoptCopy(this.environment, hint, loaded, onWarning, options);
    this.#source.goBackTo(head);
    const newLineage = { after: head.root.lineage, lineage };
    return new Committer({ ...environment, newLineage }, head, freeSlot);
  }

  /** See `Dataset.settle()`. */
  async settle(token: string, options: CallOptions & { readonly fence?: boolean }): Promise<Settled> {
    const { store, functions, runtime, deadlineMs } = this.environment;
    const { decodeToken, settle } = await writing();
    const { loaded } = await this.#source.confirmed(options);
    const environment = { store, functions, runtime, deadlineMs };
    const settled = await settle(environment, loaded, decodeToken(token), options);
    await this.#source.refresh(options);
    this.noteHead();
    return settled;
  }

  /** The hint may move to the newest version that is known; that of a replica is replication's. */
  noteHead(): void {
    if (this.#beginning.hint.role === 'replica') return;
    this.#keeper.note(this.#source.latest.loaded);
  }

  /** Waits for commits under way and, for up to a second, for the hint. */
  async close(): Promise<void> {
    await (await this.#committer?.catch(() => undefined))?.idle();
    await this.#keeper.close(hintPatienceMs);
  }
}
