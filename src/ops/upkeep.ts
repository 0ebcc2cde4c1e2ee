// What upkeep works with: the dataset as the verbs that look after it see it.
import { NacreError } from '../errors.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { HistoryChange } from '../manifest/transaction.js';
import type { UploadEnvironment } from '../manifest/upload.js';
import type { CallOptions } from '../storage/object-store.js';
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
}

/** Hours that clean-up leaves readers and writers by default, milliseconds. */
export const dayMs = 24 * 3_600_000;

/** The signal of a call, where it has one. */
export function signalOf({ signal }: CallOptions): CallOptions {
  return signal === undefined ? {} : { signal };
}

/** A time span, or `InvalidArgument`. */
export function checkSpan(ms: number, name: string): number {
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new NacreError('InvalidArgument', `${name} is ${ms}, no number of milliseconds`);
}
