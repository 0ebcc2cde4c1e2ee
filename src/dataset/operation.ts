// Who asks for a commit, and under which identity it is recognised again.
import { NacreError } from '../errors.js';
import type { CommitOutcome } from '../manifest/commit.js';
import type { HintState } from '../manifest/hint.js';
import type { Transaction } from '../manifest/transaction.js';
import type { CallOptions } from '../storage/object-store.js';
import { fromHex } from '../util/bytes.js';
import type { Runtime } from '../util/runtime.js';

export interface WriteCall extends CallOptions {
  /** Shown by `log`. */
  readonly message?: string;
  readonly author?: string;
  readonly host?: string;
  /** How often the callback runs again after a conflict. Default 0. */
  readonly retries?: number;
  /**
   * Makes the write happen once: a write with an id that was committed in the last 7 days changes nothing and
   * gives that version. 32 hexadecimal digits, or a UUID.
   */
  readonly operationId?: string;
  /**
   * The same for ever: a sequence at or below the highest one committed for the application changes
   * nothing.
   */
  readonly application?: { readonly name: string; readonly sequence: number };
  /** The change follows this version directly, or is a `Conflict`, whatever it touches. */
  readonly ifVersion?: number;
  /** Size at which appended rows are split into partitions, bytes. Default 64 MiB. */
  readonly partitionBytes?: number;
}

export interface WriteResult {
  /** The version that holds the changes; the current one when nothing was changed. */
  readonly version: number;
  /**
   * The commit was known to have landed only by reading it back, or the operation had been committed
   * before.
   */
  readonly recovered: boolean;
}

/** Before anything is uploaded; the commit looks again. */
export function checkIfVersion({ ifVersion }: WriteCall, version: number, uri: string): void {
  if (ifVersion === undefined || ifVersion === version) return;
  throw new NacreError('Conflict', `${uri} is at version ${version}, not ${ifVersion}`, {
    context: { uri, expected: ifVersion, observed: version },
    hint: 'See what changed with `nacre log`, then decide again.',
  });
}

export interface Identity {
  readonly id: Uint8Array;
  readonly exactlyOnce: boolean;
}

export function identityOf(options: WriteCall, runtime: Runtime): Identity {
  const { operationId, application } = options;
  if (
    application !== undefined &&
    !(Number.isSafeInteger(application.sequence) && application.sequence > 0)
  ) {
    throw new NacreError(
      'InvalidArgument',
      `the application sequence ${application.sequence} is not 1 or more`,
    );
  }
  if (operationId === undefined)
    return { id: runtime.randomBytes(16), exactlyOnce: application !== undefined };
  const id = fromHex(operationId.replaceAll('-', '').toLowerCase());
  if (id?.byteLength !== 16) {
    throw new NacreError('InvalidArgument', `'${operationId.slice(0, 60)}' is no operation id`, {
      hint: 'Pass a random UUID, and keep it for every repeat.',
    });
  }
  return { id, exactlyOnce: true };
}

export function operationOf(
  { id, exactlyOnce }: Identity,
  baseVersion: number,
  done: Pick<Transaction, 'changes' | 'reads' | 'keys' | 'history'>,
  options: WriteCall,
): Transaction {
  const { application, author, host, message } = options;
  return {
    id,
    exactlyOnce,
    baseVersion,
    ...(options.ifVersion === undefined ? {} : { onlyAtBase: true }),
    ...done,
    ...(application === undefined ? {} : { application }),
    ...(author === undefined ? {} : { author }),
    ...(host === undefined ? {} : { host }),
    ...(message === undefined ? {} : { message }),
  };
}

export function checkNotReplica(hint: HintState, uri: string): void {
  if (hint.role !== 'replica' || hint.problem === 'elsewhere') return;
  throw new NacreError('PermissionDenied', `${uri} is a replica and takes no writes`, {
    hint: 'Write to the primary, or make this one a primary with `nacre promote`.',
  });
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
