// Exit codes, by what the caller does next. Scripts rest on them: none is ever given another meaning.
import type { ErrorCode, NacreError } from '../index.js';

export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 4,
  temporary: 5,
  conflict: 6,
  permission: 7,
  damage: 8,
  /** Of `verify-certificate`. */
  wrongCertificate: 9,
  /** Of `repair`. */
  notMended: 9,
  unverifiable: 10,
  unknownCommit: 12,
  interrupted: 130,
} as const;

const ofCode: Readonly<Record<ErrorCode, number>> = {
  InvalidArgument: exitCodes.usage,
  NotFound: exitCodes.notFound,
  Expired: exitCodes.notFound,
  Unavailable: exitCodes.temporary,
  Conflict: exitCodes.conflict,
  AlreadyExists: exitCodes.conflict,
  PermissionDenied: exitCodes.permission,
  Corrupt: exitCodes.damage,
  CommitUnknown: exitCodes.unknownCommit,
  UnsupportedFormat: exitCodes.error,
  ResourceExhausted: exitCodes.error,
  // A timeout; who was interrupted gets 130 from `exitCodeOf`.
  Aborted: exitCodes.temporary,
  Closed: exitCodes.error,
  Internal: exitCodes.error,
};

export const exitCodeHelp = `Exit codes: 0 ok, 1 error, 2 usage or input, 4 not found or expired,
5 temporary or timed out, 6 conflict or exists already, 7 permission,
8 damage found, 9 wrong certificate, or damage that
could not be mended (nacre repair), 10 certificate that cannot be verified,
12 commit outcome unknown (see nacre settle), 130 interrupted.`;

/** An outcome that is not known is more than an interruption: it has to be settled. */
export function exitCodeOf(error: NacreError, interrupted: boolean): number {
  if (error.code === 'Aborted' && (interrupted || error.context['interrupted'] === true))
    return exitCodes.interrupted;
  if (error.code === 'Aborted' && error.context['declined'] === true) return exitCodes.error;
  return ofCode[error.code];
}
