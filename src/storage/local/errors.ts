// What the operating system says about a file, as the error that says what to do.
import { type ErrorCode, NacreError } from '../../errors.js';

interface Meaning {
  readonly code: ErrorCode;
  readonly what: string;
  readonly hint?: string;
}

const full = { code: 'ResourceExhausted', hint: 'Free space on that file system, then try again.' } as const;
const denied = {
  code: 'PermissionDenied',
  hint: 'Check the owner and the mode of the folder, and that its file system is mounted writable.',
} as const;
const busy = { code: 'Unavailable' } as const;

const meanings: Readonly<Record<string, Meaning>> = {
  ENOSPC: { ...full, what: 'the disk is full' },
  EDQUOT: { ...full, what: 'the disk quota is used up' },
  EFBIG: { ...full, what: 'the file would be larger than its file system or limit allows' },
  ENOMEM: { code: 'ResourceExhausted', what: 'the system is out of memory' },
  EACCES: { ...denied, what: 'access is denied' },
  EPERM: { ...denied, what: 'the operation is not permitted' },
  EROFS: { ...denied, what: 'the file system is read-only' },
  ENOENT: { code: 'NotFound', what: 'there is no such file or folder' },
  ENOTDIR: {
    code: 'InvalidArgument',
    what: 'a file stands where a folder is needed',
    hint: 'Give the folder of a dataset, not a file; an object cannot lie below another object.',
  },
  EISDIR: { code: 'InvalidArgument', what: 'a folder stands where an object is needed' },
  ELOOP: {
    code: 'InvalidArgument',
    what: 'it is a symbolic link',
    hint: 'Replace the link by what it names.',
  },
  ENAMETOOLONG: { code: 'InvalidArgument', what: 'the name is longer than the file system allows' },
  EXDEV: {
    code: 'InvalidArgument',
    what: 'its folder lies on another file system than .tmp of the dataset',
    hint: 'Keep a dataset on one file system.',
  },
  ENOTSUP: { code: 'InvalidArgument', what: 'the file system does not support it (it needs hard links)' },
  EMFILE: { ...busy, what: 'the process has too many open files', hint: 'Raise `ulimit -n`.' },
  ENFILE: { ...busy, what: 'the system has too many open files' },
  EIO: { ...busy, what: 'the disk reports an input/output error', hint: 'Check the disk (dmesg, smartctl).' },
  ESTALE: { ...busy, what: 'the network file system lost the file' },
};

export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The typed error for a failed `action` (`write`, `read` …) on `path`; one that is typed already is kept. */
export function fileError(cause: unknown, action: string, path: string): NacreError {
  if (cause instanceof NacreError) return cause;
  const errno = errnoOf(cause) ?? '';
  // An error that nobody foresaw may have left anything behind, and only `Unavailable` admits that.
  const { code, what, hint } = meanings[errno] ?? {
    code: 'Unavailable',
    what: String(cause),
    hint: undefined,
  };
  return new NacreError(code, `cannot ${action} ${path}: ${what}${errno === '' ? '' : ` (${errno})`}`, {
    cause,
    context: { path, errno },
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What the binary says about `path`, whose codes cross alone, with the hint that Node's errors get. */
export function withHint(error: NacreError, path: string): NacreError {
  const { code, message, cause } = error;
  const hint = [full, denied].find((meaning) => meaning.code === code)?.hint;
  return hint === undefined ? error : new NacreError(code, message, { cause, hint, context: { path } });
}

/** What is at `path` is neither an object nor a folder that the store would make. */
export function notAFile(path: string, isLink: boolean): NacreError {
  const what = isLink ? 'a symbolic link' : 'no plain file';
  return new NacreError('InvalidArgument', `${path} is ${what}, and a dataset holds plain files only`, {
    context: { path },
    hint: 'Remove it, or replace it by a copy of what it stands for.',
  });
}
