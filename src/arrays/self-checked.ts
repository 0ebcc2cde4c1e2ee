// Reads for who compares what comes with a checksum of its own: no more than the ranges.
import type { ByteRange, CallOptions } from '../storage/object-store.js';
import type { ArrayEnvironment } from './environment.js';
import { uncheckedReads } from './pages.js';
import type { Part } from './runs.js';

/** What lies between two ranges comes along up to so many bytes each: see `storage/wrap/read-plan.ts`. */
const gapBytes = 2 ** 18;

/**
 * Bytes that reading ranges, which ascend, brings from the store at most; none of what is mapped. Where it is
 * less, it is more requests.
 */
export function bytesRead({ pages }: ArrayEnvironment, ranges: readonly ByteRange[]): number {
  if (pages.lendObject !== undefined) return 0;
  let [bytes, last] = [0, Number.NEGATIVE_INFINITY];
  for (const { start, end } of ranges) {
    bytes += end - (start - last <= gapBytes ? last : start);
    last = end;
  }
  return bytes;
}

/**
 * Ranges of an object where they are mapped, through the page cache where there is one, else from the store;
 * not checked. Cost: one wave. Errors: `Corrupt` for an object that is missing or too short.
 */
export async function readUnchecked(
  { store, pages }: ArrayEnvironment,
  part: Part,
  ranges: readonly ByteRange[],
  options: CallOptions,
): Promise<readonly Uint8Array[]> {
  if (ranges.length === 0) return [];
  const here = pages.lendObject?.(part);
  if (here !== undefined) {
    here.wereRead(Float64Array.from(ranges.flatMap(({ start, end }) => [start, end])));
    return ranges.map(({ start, end }) => here.bytes.subarray(start, end));
  }
  // What is cached comes in pieces, so that the next query finds it.
  const checked = pages.read.bind(pages);
  return (pages.isAtHand === undefined ? uncheckedReads(store, checked) : checked)(part, ranges, options);
}
