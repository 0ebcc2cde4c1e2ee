// Requests side by side, so many at a time, for stores that answer one thing a request.
import { NacreError } from '../errors.js';
import type { ByteRange, ObjectBody } from './object-store.js';

/** Requests of one call under way at a time: ranges of one object, deletes of single keys. */
export const parallelRequests = 16;

/** One `get` a range, for stores that answer one range a request; all of them of one state of the object. */
export async function getEachRange(
  uri: string,
  ranges: readonly ByteRange[],
  get: (range: ByteRange) => Promise<ObjectBody | undefined>,
): Promise<Uint8Array[] | undefined> {
  const bodies = await mapBounded(ranges, parallelRequests, get);
  const found = bodies.filter((body) => body !== undefined);
  if (found.length < bodies.length) return undefined;
  if (new Set(found.map((body) => body.token)).size > 1) {
    throw new NacreError('Unavailable', `${uri} was overwritten while it was read`);
  }
  return found.map((body) => body.bytes);
}

/**
 * Applies `work` to each item with at most `limit` of them under way, and gives the results in order. The
 * first failure is thrown once what was under way has ended; nothing further is begun.
 */
export async function mapBounded<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = Array.from({ length: items.length });
  let next = 0;
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T, index);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}
