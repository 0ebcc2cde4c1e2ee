// Which scans run on the event loop: those that take about as long as the way to the pool and back, and,
// where the pool is one thread, somewhat longer ones, since nobody would be faster (docs/rfcs/0005).
import type { NativeBinding, ScanDtype, ScanMetric } from '../native.js';

const MiB = 2 ** 20;

/** Bytes of codes that a thread scans in a millisecond for one query: it reads half of them. */
export const codesAMilli = 32 * MiB;

/** The same of lists of some hundred rows, each of which is begun anew. */
export const listsAMilli = 8 * MiB;

/** The same of bits, of which it reads all, and compares each with four of the query. */
export const bitsAMilli = 4 * MiB;

/** Bytes of rows that a thread scans in a millisecond for one query, at least. */
export function rowsAMilli(metric: ScanMetric, dtype: ScanDtype): number {
  if (metric === 'hamming' || metric === 'jaccard') {
    return dtype === 'bool' || dtype === 'uint8' ? 16 * MiB : MiB;
  }
  if (metric === 'kl' || metric === 'js') return dtype === 'float32' ? 12 * MiB : MiB / 4;
  return dtype === 'float32' || dtype === 'float64' ? 8 * MiB : MiB;
}

let mostMillis: number | undefined;

/** Bytes that take as long to scan as the event loop can be held up for it. */
export function shortBytes(native: NativeBinding, bytesAMilli: number): number {
  mostMillis ??= native.scannerInfo().threads === 1 ? 3 : 1;
  return bytesAMilli * mostMillis;
}

/** Whether scanning so many bytes takes no longer than that. */
export function isShort(native: NativeBinding, bytesAMilli: number, bytes: number, queries: number): boolean {
  return bytes * queries <= shortBytes(native, bytesAMilli);
}
