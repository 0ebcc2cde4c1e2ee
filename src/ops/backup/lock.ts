// Locks of what a point needs: none may end before the lock of the point.
//
// Objects are locked for half as long again as the point, and a point says until when all that it needs is
// locked: so the next points rest on it without a look at each object, until that is no longer enough.
import { isNacreError, NacreError } from '../../errors.js';
import type { Point } from '../../manifest/message.js';
import { v1 } from '../../manifest/message.js';
import type { CallOptions, ObjectLock, ObjectStore, VersionedObjects } from '../../storage/object-store.js';

export type LockMode = ObjectLock['mode'];

export class Locks {
  /** Of the point. */
  readonly point: ObjectLock;
  /** Of what is put for it. */
  readonly objects: ObjectLock;
  /** The earliest end among what was looked at, put or locked. */
  leastMs: number;
  readonly #versioned: VersionedObjects;
  readonly #call: CallOptions;

  constructor(store: ObjectStore, mode: LockMode, lockMs: number, nowMs: number, call: CallOptions) {
    if (store.versioned === undefined) throw noLocks(store.uri);
    this.#versioned = store.versioned;
    this.#call = call;
    // Servers keep whole seconds.
    const until = (spanMs: number): number => Math.ceil((nowMs + spanMs) / 1000) * 1000;
    this.point = { mode, untilMs: until(lockMs) };
    this.objects = { mode, untilMs: until(1.5 * lockMs) };
    this.leastMs = this.objects.untilMs;
  }

  /** Whether all that a point needs is locked for long enough for a new one. */
  isEnoughOf(base: Point): boolean {
    const isMode = this.point.mode === 'governance' || base.lockMode === v1.LockMode.LOCK_MODE_COMPLIANCE;
    return isMode && base.objectsLockUntilMs >= this.point.untilMs;
  }

  /** Locks what has the lock `there` for long enough; false where that is refused. */
  async hold(key: string, there: ObjectLock | undefined): Promise<boolean> {
    const isMode = this.point.mode === 'governance' || there?.mode === 'compliance';
    if (there !== undefined && isMode && there.untilMs >= this.point.untilMs) {
      this.leastMs = Math.min(this.leastMs, there.untilMs);
      return true;
    }
    const mode = there?.mode === 'compliance' ? 'compliance' : this.objects.mode;
    const untilMs = Math.max(there?.untilMs ?? 0, this.objects.untilMs);
    return (await this.#versioned.lock(key, { mode, untilMs }, this.#call)) === 'locked';
  }
}

/** As points say it. */
export function lockModeNumber(mode: LockMode | undefined): number {
  if (mode === undefined) return v1.LockMode.LOCK_MODE_NONE;
  return mode === 'compliance' ? v1.LockMode.LOCK_MODE_COMPLIANCE : v1.LockMode.LOCK_MODE_GOVERNANCE;
}

export function lockModeOf({ lockMode }: Point): LockMode | undefined {
  if (lockMode === v1.LockMode.LOCK_MODE_NONE) return undefined;
  return lockMode === v1.LockMode.LOCK_MODE_COMPLIANCE ? 'compliance' : 'governance';
}

function noLocks(uri: string): NacreError {
  return new NacreError('InvalidArgument', `${uri} is on a store without object lock`, {
    context: { uri },
    hint: 'Locks are for S3 buckets that were made with object lock; leave --lock out elsewhere.',
  });
}

/** What a bucket says that was made without locks. */
export function explainLocks(error: unknown, uri: string): unknown {
  const isServers = isNacreError(error, 'InvalidArgument') && 'status' in error.context;
  if (!isServers || !/object.?lock/i.test(error.message)) return error;
  return new NacreError('InvalidArgument', `the bucket of ${uri} takes no locks: ${error.message}`, {
    cause: error,
    context: error.context,
    hint: 'Object lock is set when a bucket is made, with versioning. Back up into such a bucket.',
  });
}
