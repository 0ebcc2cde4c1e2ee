// Requests side by side, so many at a time, for stores that answer one thing a request.
import { NacreError } from '../errors.js';
import { mapBounded } from '../util/bounded.js';
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
