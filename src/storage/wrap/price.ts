// List prices of requests, for estimates that stand beside a plan or an analysis. Storage, transfer out of
// the region and other storage classes are not in them.
import type { StoreScheme } from '../object-store.js';

/** What a request is billed as; a get that finds nothing is a request too. */
export type RequestKind = 'get' | 'put' | 'head' | 'list' | 'delete';

/** Billionths of a US dollar, so that sums of them are exact. */
export type NanoUsd = number;

/**
 * S3 Standard and GCS Standard: class A (writes, lists) $0.005, class B (reads) $0.0004 per 1,000 requests.
 */
const bucket: Readonly<Record<RequestKind, NanoUsd>> = {
  get: 400,
  head: 400,
  put: 5_000,
  list: 5_000,
  delete: 0,
};
const free: Readonly<Record<RequestKind, NanoUsd>> = { get: 0, head: 0, put: 0, list: 0, delete: 0 };

const prices: Readonly<Record<StoreScheme, Readonly<Record<RequestKind, NanoUsd>>>> = {
  s3: bucket,
  gs: bucket,
  file: free,
  memory: free,
};

/** Price of `count` requests at list price. */
export function requestPrice(scheme: StoreScheme, kind: RequestKind, count = 1): NanoUsd {
  return prices[scheme][kind] * count;
}
