// Which metrics codes have bounds for, and by which name an index knows them. No I/O.
import type { ScanMetric } from '../native.js';

/** Those whose scores products of codes can bound. */
export const metricsOfCodes: ReadonlySet<ScanMetric> = new Set(['l2', 'l2sq', 'cosine', 'dot']);

/** Rows are as near by `l2sq` as by `l2`: one index serves both. */
export function indexMetric(metric: ScanMetric): ScanMetric {
  return metric === 'l2sq' ? 'l2' : metric;
}
