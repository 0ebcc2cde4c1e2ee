// One run of the callback of write(), and the commit of what it did.
import type { BuildJournal } from '../ann/build-journal.js';
import { WriteTransaction } from '../arrays/write-transaction.js';
import type { CommitOutcome, Committer } from '../manifest/commit.js';
import { isCollected } from '../manifest/fences.js';
import { throwIfAborted } from '../util/runtime.js';
import { appendCoders } from './append-coders.js';
import type { Environment } from './environment.js';
import { type Identity, operationOf, type WriteCall } from './operation.js';
import { Snapshot } from './snapshot.js';

/** What is done in one run: it changes what is staged, and journals the indexes that it builds. */
export type Work = (staged: WriteTransaction, environment: Environment, journals: BuildJournal[]) => unknown;

export async function attemptWrite(
  environment: Environment,
  snapshot: Snapshot,
  committer: Committer,
  work: Work,
  options: WriteCall,
  identity: Identity,
): Promise<CommitOutcome> {
  const { signal, partitionBytes } = options;
  // What a transaction reads replicas are asked for, too, where there are any.
  const own = snapshot.environment === environment ? snapshot : new Snapshot(environment, snapshot.loaded);
  const views = [...own.arrays()];
  const staged = new WriteTransaction(environment, views, {
    ...(partitionBytes === undefined ? {} : { partitionBytes }),
    ...(signal === undefined ? {} : { signal }),
    coderOf: await appendCoders(environment, views, options),
  });
  const journals: BuildJournal[] = [];
  try {
    await work(staged, environment, journals);
    const done = await staged.finish();
    throwIfAborted(signal);
    if (done.changes.length === 0 && !identity.exactlyOnce) {
      return { outcome: 'committed', version: snapshot.version, recovered: false };
    }
    const uploadsSince = Math.min(...journals.map((journal) => journal.uploadsSince), snapshot.version);
    const transaction = { ...operationOf(identity, snapshot.version, done, options), uploadsSince };
    const outcome = await committer.submit(transaction, signal);
    const isOver =
      outcome.outcome === 'conflict' ? isCollected(outcome.error) : outcome.outcome === 'committed';
    // What a clean-up may have deleted is not taken up again, either.
    if (isOver) for (const journal of journals) await journal.remove();
    return outcome;
  } catch (error) {
    await staged.abandon();
    throw error;
  } finally {
    for (const journal of journals) journal.release();
  }
}
