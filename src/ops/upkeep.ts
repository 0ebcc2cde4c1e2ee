// What upkeep works with: the dataset as the verbs that look after it see it.
import { NacreError } from '../errors.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { Change, HistoryChange } from '../manifest/transaction.js';
import type { UploadEnvironment } from '../manifest/upload.js';
import type { CallOptions } from '../storage/object-store.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import type { Clocks } from './clock.js';

/** Who asks, as `log` shows it. */
export interface Signature {
  readonly message?: string;
  readonly author?: string;
  readonly host?: string;
}

export interface Upkeep extends UploadEnvironment, Clocks {
  /** The newest version now. */
  head(options: CallOptions): Promise<LoadedRoot>;
  /** Commits a change of the history; gives its version. Errors: `Conflict`, `CommitUnknown`. */
  commit(history: readonly HistoryChange[], options: CallOptions & Signature): Promise<number>;
  /** The same of changes of arrays, which were made from what a version says. */
  commitChanges(
    changes: readonly Change[],
    baseVersion: number,
    options: CallOptions & Signature,
  ): Promise<number>;
}

/** What expiry and clean-up leave readers by default, milliseconds. */
export const dayMs = 24 * 3_600_000;

/** What a commit is told of who asks for it; `message` where they say nothing. */
export function signed(
  options: CallOptions & Signature,
  message: string,
): CallOptions & Signature & { readonly message: string } {
  const { author, host } = options;
  return {
    ...callOptions(options),
    message: options.message ?? message,
    ...(author === undefined ? {} : { author }),
    ...(host === undefined ? {} : { host }),
  };
}

/** A time span, or `InvalidArgument`. */
export function checkSpan(ms: number, name: string): number {
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new NacreError('InvalidArgument', `${name} is ${ms}, no number of milliseconds`);
}
