// What the disk says, as typed errors. In the cache these are told, never thrown at a reader.
import { type ErrorCode, NacreError } from '../errors.js';
import { fromNative } from '../native.js';

const byErrno: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: [
    'ResourceExhausted',
    'Free some of the disk, or give the cache another folder with NACRE_CACHE_DIR.',
  ],
  EDQUOT: ['ResourceExhausted', 'Raise the quota, or give the cache another folder with NACRE_CACHE_DIR.'],
  EMFILE: ['ResourceExhausted', 'Raise the limit of open files (ulimit -n).'],
  EACCES: ['PermissionDenied', 'Give the cache a folder of your own with NACRE_CACHE_DIR.'],
  EPERM: ['PermissionDenied', 'Give the cache a folder of your own with NACRE_CACHE_DIR.'],
  EROFS: ['PermissionDenied', 'Give the cache a folder that can be written with NACRE_CACHE_DIR.'],
  ENOTDIR: ['InvalidArgument', 'NACRE_CACHE_DIR must name a folder; NACRE_CACHE=off turns the cache off.'],
  EEXIST: ['InvalidArgument', 'NACRE_CACHE_DIR must name a folder; NACRE_CACHE=off turns the cache off.'],
};

/** Whether a file is simply not there, said by the system or by the native binary. */
export function isMissing(error: unknown): boolean {
  return errnoOf(error) === 'ENOENT' || (errnoOf(error) === undefined && codeOf(error) === 'NotFound');
}

/** Whether a file is shorter than what was to be mapped of it. */
export function isShort(error: unknown): boolean {
  return errnoOf(error) === undefined && codeOf(error) === 'Corrupt';
}

/** The error to tell for a failed call on the folder. */
export function diskTrouble(error: unknown, folder: string, verb: 'read' | 'written'): NacreError {
  const errno = errnoOf(error);
  if (errno === undefined) return fromNative(error);
  const [code, hint] = byErrno[errno] ?? ['Unavailable', 'Check the disk; NACRE_CACHE=off does without it.'];
  return new NacreError(
    code,
    `the page cache in ${folder} cannot be ${verb} (${errno}); reads go on without it`,
    { cause: error, context: { folder, errno }, hint },
  );
}

function codeOf(error: unknown): ErrorCode {
  return fromNative(error).code;
}

/** `ENOSPC` and its like; undefined for an error that no system call raised. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return String(error.code);
}
