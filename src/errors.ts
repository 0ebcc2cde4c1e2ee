// The one error type that leaves Nacre, and its codes.
//
// A code says what the caller does next, not where the error arose; the fields say the rest. A message tells
// what happened, where, what was observed against what was expected; `hint` tells what to do. Nothing here
// imports anything: every layer, the browser build included, can throw these.

/** What a caller does next, by code. Stable: a code is never renamed or given another meaning. */
export type ErrorCode =
  /** The call itself is wrong: change the call. */
  | 'InvalidArgument'
  /** The dataset, array, version or tag is not there. */
  | 'NotFound'
  /** A thing of that name is there already. */
  | 'AlreadyExists'
  /** Another writer changed what this change rests on: read again, decide again. */
  | 'Conflict'
  /** The commit may or may not have landed; `context.token` settles it. Nothing was deleted. */
  | 'CommitUnknown'
  /** Bytes are missing or differ from their checksum; `context.key` names the object. */
  | 'Corrupt'
  /** The version was kept once and is kept no longer. */
  | 'Expired'
  /** A file or a dataset uses a feature that this release does not read. */
  | 'UnsupportedFormat'
  /** The credentials do not allow it, or there are none. */
  | 'PermissionDenied'
  /** The store did not answer, or asked to slow down: the same call may succeed later. */
  | 'Unavailable'
  /** A budget (memory, disk, a cap of the format) is used up. */
  | 'ResourceExhausted'
  /** The caller's own signal, or a timeout, ended the call. */
  | 'Aborted'
  /** The handle was closed. */
  | 'Closed'
  /** A mistake of ours: please report it. */
  | 'Internal';

/** Plain facts about an error: keys, sizes, expected and observed values. Never credentials. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>;

export interface ErrorDetails {
  /** What the user can do about it, one sentence. */
  readonly hint?: string;
  readonly context?: ErrorContext;
  readonly cause?: unknown;
  /** Default: true for `Unavailable`, false for all else. */
  readonly retryable?: boolean;
}

/** Every error that Nacre raises on purpose. */
export class NacreError extends Error {
  override readonly name = 'NacreError';
  readonly code: ErrorCode;
  /** Whether the same call may succeed later with nothing else changed. */
  readonly retryable: boolean;
  readonly context: ErrorContext;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = details.retryable ?? code === 'Unavailable';
    this.context = details.context ?? {};
    this.hint = details.hint;
  }
}

/** True for a {@link NacreError}, of the given code if one is given. Works across copies of the package. */
export function isNacreError(error: unknown, code?: ErrorCode): error is NacreError {
  if (!(error instanceof Error) || error.name !== 'NacreError') return false;
  return code === undefined || (error as NacreError).code === code;
}
