// The order in which the wrappers stand. From the backend up: counting sees every request that is sent; the
// limit holds while a request is under way and not while a retry waits; retries repeat one GET and not a
// whole plan; merging comes last, so that what it plans is limited and repeated request by request. Verified
// reads (verified.ts) take the result: they need sums that only the manifest has.
//
// Hedges stand where a read has its place and is sent: the time in which it waits for one does not make it
// late, and the failure of one request of two is nothing to repeat. A hedge is counted like any request, and
// waits for a place of its own behind all reads that have none yet.
import type { Runtime } from '../../util/runtime.js';
import type { ObjectStore } from '../object-store.js';
import { type CoalesceOptions, coalescing } from './coalescing.js';
import { type LimitOptions, limits } from './concurrency.js';
import { hedged } from './hedged.js';
import type { HedgeOptions } from './hedge-policy.js';
import { instrumented } from './instrumented.js';
import type { Meter } from './meter.js';
import { type RetryOptions, retrying } from './retrying.js';

export interface ChainOptions {
  readonly meter: Meter;
  readonly runtime?: Runtime;
  readonly limit?: LimitOptions;
  /** Default: no hedges. There are none of a folder and of memory. */
  readonly hedge?: HedgeOptions | undefined;
  readonly retry?: Omit<RetryOptions, 'runtime'>;
  readonly coalesce?: CoalesceOptions;
}

/** A backend as the layers above use it: counted, limited, retried, its range reads merged. */
export function chain(backend: ObjectStore, options: ChainOptions): ObjectStore {
  const { meter, runtime, limit, hedge, retry, coalesce } = options;
  const { scheme } = backend.capabilities;
  const counted = instrumented(backend, meter);
  const { around, place } = limits(limit);
  const sent =
    hedge === undefined || scheme === 'file' || scheme === 'memory'
      ? counted
      : hedged(counted, instrumented(backend, meter, { hedges: true }), {
          ...hedge,
          ...(runtime && { runtime }),
          place,
        });
  const limited = around(sent);
  const retried = retrying(limited, {
    ...retry,
    ...(runtime === undefined ? {} : { runtime }),
    onRetry(event) {
      meter.retried();
      retry?.onRetry?.(event);
    },
  });
  return coalescing(retried, coalesce);
}
