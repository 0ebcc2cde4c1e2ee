// What a query will do, as a value that can be printed and compared: no I/O, no node: module.
import type { ScanMetric } from '../native.js';
import { type Precision, readsOf } from './precision.js';

export interface NearestPlan {
  readonly array: string;
  readonly metric: ScanMetric;
  /** Nearest rows wanted a query. */
  readonly limit: number;
  /** Of these, passed over from the nearest on. */
  readonly offset: number;
  /** Every live row is scored. Until an index exists this is the only way. */
  readonly method: 'exact';
  /** How precise scores are at least. */
  readonly precision: Precision;
}

export function explainPlan(plan: NearestPlan): string {
  const { array, metric, limit, offset, precision } = plan;
  const skip = offset === 0 ? '' : `, after the first ${offset}`;
  return [`nearest ${limit} rows of '${array}' by ${metric}${skip}`, `└─ ${readsOf(precision, metric)}`].join(
    '\n',
  );
}
