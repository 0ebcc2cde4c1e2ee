// Bounds how many retries a store sends in all, so that a dead server sees a trickle and not a storm. A token
// bucket (as GCRA: one number, the time at which all that was taken is paid back). A retry that finds it
// empty waits its turn instead of failing, since its own deadline bounds it already.

export interface RetryBudgetOptions {
  /** Retries at once. Default 100, what the standard mode of the AWS SDKs holds (500 tokens, 5 a retry). */
  readonly burst?: number;
  /** Retries a second after that. Default 10. */
  readonly perSecond?: number;
  /** What a call that succeeds gives back. Default 0.1 retries, as gRPC's retry throttling (gRFC A6). */
  readonly perSuccess?: number;
}

export interface RetryBudget {
  /**
   * Takes one retry and says how many milliseconds to wait for it; undefined, with nothing taken, when that
   * is longer than `longestWaitMs`.
   */
  take(nowMs: number, longestWaitMs: number): number | undefined;
  succeeded(): void;
}

export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const { burst = 100, perSecond = 10, perSuccess = 0.1 } = options;
  const intervalMs = 1000 / perSecond;
  let paidBackAt = Number.NEGATIVE_INFINITY;
  return {
    take(nowMs, longestWaitMs) {
      const debtMs = Math.max(0, paidBackAt - nowMs) + intervalMs;
      const waitMs = Math.max(0, debtMs - burst * intervalMs);
      if (waitMs > longestWaitMs) return undefined;
      paidBackAt = nowMs + debtMs;
      return waitMs;
    },
    succeeded() {
      paidBackAt -= perSuccess * intervalMs;
    },
  };
}
