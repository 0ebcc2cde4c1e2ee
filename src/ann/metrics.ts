// Which metrics codes have bounds for, and by which name an index knows them. No I/O.
import { NacreError } from '../errors.js';
import type { ScanMetric } from '../native.js';

/** Those whose scores products of codes can bound. */
export const metricsOfCodes: ReadonlySet<ScanMetric> = new Set(['l2', 'l2sq', 'cosine', 'dot']);

/** Rows are as near by `l2sq` as by `l2`: one index serves both. */
export function indexMetric(metric: ScanMetric): ScanMetric {
  return metric === 'l2sq' ? 'l2' : metric;
}

/** Lists are made, and rows put into them, by their directions where lengths have no part in the score. */
export function isByDirection(metric: string): boolean {
  return metric === 'cosine';
}

/** Refuses a metric that codes have no bounds for. */
export function checkMetric(array: string, index: string, metric: ScanMetric): void {
  if (metricsOfCodes.has(metric)) return;
  throw new NacreError('InvalidArgument', `an ${index} index is not of the metric '${metric}'`, {
    context: { array, metric },
    hint: `It is of ${[...metricsOfCodes].join(', ')}; by other metrics search exactly.`,
  });
}
