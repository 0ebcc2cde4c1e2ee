// What a check is and what it finds.
import type { ErrorCode } from '../../errors.js';
import type { CallOptions, ObjectStore } from '../../storage/object-store.js';
import type { Runtime } from '../../util/runtime.js';

export type Verdict = 'ok' | 'warning' | 'failed' | 'skipped';

export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  /** One line for people. */
  readonly detail: string;
  /** Of the error that a failed check met. */
  readonly code?: ErrorCode;
  /** What was measured, with the unit last in the name. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** What the checks work with. */
export interface Tried {
  readonly store: ObjectStore;
  readonly runtime: Runtime;
  readonly signal: AbortSignal | undefined;
  readonly full: boolean;
  /** A scratch key; removed at the end. */
  key(name: string): string;
  /** Milliseconds of single small requests. */
  readonly latencies: { readonly get: number[]; readonly put: number[] };
}

export interface Probe {
  readonly check: string;
  /** Checks that must have gone well before; else this one is skipped. */
  readonly needs?: readonly string[];
  run(tried: Tried): Promise<Omit<Finding, 'check'>>;
}

export function callOptions({ signal }: Tried): CallOptions {
  return signal === undefined ? {} : { signal };
}

export const ok = (detail: string): Omit<Finding, 'check'> => ({ verdict: 'ok', detail });
export const warning = (detail: string): Omit<Finding, 'check'> => ({ verdict: 'warning', detail });
export const failed = (detail: string): Omit<Finding, 'check'> => ({ verdict: 'failed', detail });
export const skipped = (detail: string): Omit<Finding, 'check'> => ({ verdict: 'skipped', detail });

/** The value and, in the list, how long it took. */
export async function timed<T>(tried: Tried, into: number[], call: () => Promise<T>): Promise<T> {
  const start = tried.runtime.monotonic();
  const result = await call();
  into.push(tried.runtime.monotonic() - start);
  return result;
}

/** Nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function latencyText({ get, put }: Tried['latencies']): Finding {
  const check = 'latency';
  if (get.length === 0) return { check, ...skipped('no request went well') };
  const figures: Record<string, number> = {};
  const parts: string[] = [];
  for (const [name, values] of Object.entries({ get, put })) {
    if (values.length === 0) continue;
    const [p50, p99] = [percentile(values, 0.5), percentile(values, 0.99)];
    figures[`${name}P50Ms`] = p50;
    figures[`${name}P99Ms`] = p99;
    parts.push(`${name} p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
  }
  return { check, ...ok(parts.join('; ')), figures };
}
