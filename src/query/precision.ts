// How precise scores are at least, by name: what is read for each level, and which levels estimate. No I/O.
import { metricsOfCodes } from '../ann/metrics.js';
import { NacreError } from '../errors.js';
import type { ScanMetric } from '../native.js';

/**
 * How precise scores are at least. `f64`, the default: exact. `f32` and `f16` are answered exactly too, since
 * exact search reads less than rows of 16 bits are. `f8`: estimates by the 8-bit codes of an index; no row is
 * read. `bit`: estimates by one bit a coordinate, where an index has them. By what is read and by recall:
 * docs/exact-search.md.
 */
export type Precision = 'f64' | 'f32' | 'f16' | 'f8' | 'bit';

const levels: readonly Precision[] = ['f64', 'f32', 'f16', 'f8', 'bit'];

export function resolvePrecision(level: unknown): Precision {
  const known = levels.find((name) => name === level);
  if (known !== undefined) return known;
  const shown = String(level).slice(0, 40);
  throw new NacreError('InvalidArgument', `'${shown}' is no level of precision`, {
    context: { precision: shown },
    hint: `The levels are ${levels.join(', ')}; f64 is the default, and exact.`,
  });
}

/** Whether scores may be estimates. */
export function estimates(precision: Precision | undefined): boolean {
  return precision === 'f8' || precision === 'bit';
}

/** Whether codes stand for rows in a search by the metric. */
export function hasCodes(metric: ScanMetric): boolean {
  return metricsOfCodes.has(metric);
}

const reads: Readonly<Record<Precision, string>> = {
  f64: 'exact: codes where an index has them, and the rows that they leave; else every partition',
  f32: 'f32, answered exactly: codes where an index has them, and the rows that they leave; else every partition',
  f16: 'f16, answered exactly: codes where an index has them, and the rows that they leave; else every partition',
  f8: 'f8, estimated: the 8-bit codes of an index, and no rows; what it does not cover is scored exactly',
  bit: 'bit, estimated: the bits of an index, else its 8-bit codes (f8), and no rows; what it does not cover is scored exactly',
};

/** What will be read, as a line of an explanation. */
export function readsOf(precision: Precision, metric: ScanMetric): string {
  if (hasCodes(metric)) return reads[precision];
  const asked = precision === 'f64' ? 'exact' : `${precision}, answered exactly`;
  return `${asked}: every partition, since ${metric} has no codes`;
}
