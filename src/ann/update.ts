// What an update asks of the index that is there.
import type { ArrayIndex, ArrayView } from '../arrays/array-view.js';
import { NacreError } from '../errors.js';
import type { ScanMetric } from '../native.js';
import { checkMetric, indexMetric, metricsOfCodes } from './metrics.js';

/** What a build of an index of one metric begins with. */
export interface Beginning {
  /** The index that an update finds there. */
  readonly before: ArrayIndex | undefined;
  /** The same where it is added to; undefined where one is built, also since the array outgrew it. */
  readonly known: ArrayIndex | undefined;
  readonly metric: ScanMetric;
}

/** Errors: `InvalidArgument` for a metric that such an index cannot have, or that the one there has not. */
export function beginningOf(
  view: ArrayView,
  kind: number,
  type: 'ivf' | 'hnsw',
  { update, metric: given }: { readonly update: boolean; readonly metric: ScanMetric | undefined },
): Beginning {
  const before = update ? view.index(kind) : undefined;
  const metric = given ?? metricOf(before) ?? 'l2';
  checkMetric(view.name, type, metric);
  checkUpdate(view.name, before, metric);
  return { before, known: before !== undefined && isOutgrown(before, view) ? undefined : before, metric };
}

/** An array of so many times the rows that an index was made for gets another. */
const outgrown = 4;

/** Lists that hold too many rows, around centroids of few of them, make a query read much for little. */
export function isOutgrown({ builtRows }: ArrayIndex, view: ArrayView): boolean {
  return builtRows > 0 && view.units().reduce((sum, { rows }) => sum + rows, 0) >= outgrown * builtRows;
}

/** The metric of an index that is there, as far as it is known here. */
function metricOf(index: ArrayIndex | undefined): ScanMetric | undefined {
  return [...metricsOfCodes].find((metric) => metric === index?.metric);
}

function checkUpdate(array: string, index: ArrayIndex | undefined, metric: ScanMetric): void {
  if (index === undefined || index.metric === indexMetric(metric)) return;
  throw new NacreError('InvalidArgument', `the index is of the metric '${index.metric}', not '${metric}'`, {
    context: { array, metric },
    hint: 'Update it without a metric, or build it anew for the other one, without update.',
  });
}
