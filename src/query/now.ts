// Which scans run on the event loop: those that take about as long as the way to the pool and back
// (docs/rfcs/0005).
import type { ScanDtype, ScanMetric } from '../native.js';

const MiB = 2 ** 20;

/** Bytes of codes that a thread scans in a millisecond for one query: it reads half of them. */
export const codesAMilli = 24 * MiB;

/** Bytes of rows that a thread scans in a millisecond for one query, at least. */
export function rowsAMilli(metric: ScanMetric, dtype: ScanDtype): number {
  if (metric === 'hamming' || metric === 'jaccard') {
    return dtype === 'bool' || dtype === 'uint8' ? 16 * MiB : MiB;
  }
  if (metric === 'kl' || metric === 'js') return dtype === 'float32' ? 2 * MiB : MiB / 4;
  return dtype === 'float32' || dtype === 'float64' ? 4 * MiB : MiB;
}

/** Whether scanning so many bytes takes about a millisecond at most. */
export function isShort(bytesAMilli: number, bytes: number, queries: number): boolean {
  return bytes * queries <= bytesAMilli;
}
