// What the verbs that look after a dataset are handed of its handle.
import { NacreError } from '../errors.js';
import type { CommitOutcome, Committer } from '../manifest/commit.js';
import type { Upkeep } from '../ops/upkeep.js';
import type { CallOptions } from '../storage/object-store.js';
import type { Environment } from './environment.js';
import type { HeadSource } from './head-source.js';
import { identityOf, operationOf, type WriteResult } from './operation.js';

export function upkeepOf(
  environment: Environment,
  source: HeadSource,
  commits: (options: CallOptions) => Promise<Committer>,
): Upkeep {
  return {
    ...environment,
    async head(options) {
      await source.refresh(options);
      // On a copy this may go back to the newest version that came whole.
      await commits(options);
      return source.latest.loaded;
    },
    async commit(history, options) {
      const committer = await commits(options);
      committer.prepare();
      const identity = identityOf({}, environment.runtime);
      const changes = { changes: [], history, reads: new Map() };
      const transaction = operationOf(identity, source.latest.version, changes, options);
      const outcome = await committer.submit(transaction, options.signal);
      return committed(outcome, environment.store.uri).version;
    },
  };
}

/** Throws `Conflict`, or `CommitUnknown` with the token. */
export function committed(outcome: CommitOutcome, uri: string): WriteResult {
  if (outcome.outcome === 'conflict') throw outcome.error;
  if (outcome.outcome === 'unknown') {
    throw new NacreError('CommitUnknown', `${uri}: whether the commit landed is not known`, {
      cause: outcome.cause,
      context: { token: outcome.token, uri },
      hint: `Nothing was deleted. Run \`nacre settle ${uri} ${outcome.token}\` when the store answers again.`,
    });
  }
  return { version: outcome.version, recovered: outcome.recovered };
}
