// The names under which metrics are asked for, and which way their scores go.
import { NacreError } from '../errors.js';
import type { ScanMetric } from '../native.js';

/**
 * `l2`: Euclidean distance. `l2sq`: its square. `cosine`: cosine similarity. `dot`: inner product. `hamming`:
 * how many bits (bool, uint8) or components differ. `jaccard`: 1 minus the bits in common over the bits of
 * either; of numbers, 1 minus the sum of the minima over that of the maxima. `kl`: the Kullback-Leibler
 * divergence of the query from the row. `js`: the Jensen-Shannon divergence. By formula:
 * docs/exact-search.md.
 */
export type Metric = ScanMetric | 'euclidean' | 'dot_product';

const names: Readonly<Record<Metric, ScanMetric>> = {
  l2: 'l2',
  euclidean: 'l2',
  l2sq: 'l2sq',
  cosine: 'cosine',
  dot: 'dot',
  dot_product: 'dot',
  hamming: 'hamming',
  jaccard: 'jaccard',
  kl: 'kl',
  js: 'js',
};

/** Which way the scores of a metric go, best first: a distance ascends, a similarity descends. */
export function scoreOrder(metric: Metric): 'ascending' | 'descending' {
  const resolved = resolveMetric(metric);
  return resolved === 'cosine' || resolved === 'dot' ? 'descending' : 'ascending';
}

/** Whether it is a metric under the name that scans use. */
export function isMetric(value: unknown): value is ScanMetric {
  return typeof value === 'string' && Object.hasOwn(names, value) && names[value as Metric] === value;
}

export function resolveMetric(metric: string): ScanMetric {
  const known = Object.hasOwn(names, metric) ? names[metric as Metric] : undefined;
  if (known !== undefined) return known;
  throw new NacreError('InvalidArgument', `'${metric.slice(0, 40)}' is no metric`, {
    context: { metric: metric.slice(0, 40) },
    hint: `The metrics are ${Object.keys(names).join(', ')}.`,
  });
}
