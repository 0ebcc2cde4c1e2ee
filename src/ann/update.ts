// What an update asks of the index that is there.
import type { ArrayIndex, ArrayView } from '../arrays/array-view.js';
import { NacreError } from '../errors.js';
import type { ScanMetric } from '../native.js';
import { indexMetric, metricsOfCodes } from './metrics.js';

/** An array of so many times the rows that an index was made for gets another. */
const outgrown = 4;

/** Lists that hold too many rows, around centroids of few of them, make a query read much for little. */
export function isOutgrown({ builtRows }: ArrayIndex, view: ArrayView): boolean {
  return builtRows > 0 && view.units().reduce((sum, { rows }) => sum + rows, 0) >= outgrown * builtRows;
}

/** The metric of an index that is there, as far as it is known here. */
export function metricOf(index: ArrayIndex | undefined): ScanMetric | undefined {
  return [...metricsOfCodes].find((metric) => metric === index?.metric);
}

export function checkUpdate(array: string, index: ArrayIndex | undefined, metric: ScanMetric): void {
  if (index === undefined || index.metric === indexMetric(metric)) return;
  throw new NacreError('InvalidArgument', `the index is of the metric '${index.metric}', not '${metric}'`, {
    context: { array, metric },
    hint: 'Update it without a metric, or build it anew for the other one, without update.',
  });
}
