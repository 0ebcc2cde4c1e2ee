// The order in which the wrappers stand. From the backend up: counting sees every request that is sent; the
// limit holds while a request is under way and not while a retry waits; retries repeat one GET and not a
// whole plan; merging comes last, so that what it plans is limited and repeated request by request. Verified
// reads (verified.ts) take the result: they need sums that only the manifest has.
import type { Runtime } from '../../util/runtime.js';
import type { ObjectStore } from '../object-store.js';
import { type CoalesceOptions, coalescing } from './coalescing.js';
import { type LimitOptions, limiting } from './concurrency.js';
import { instrumented } from './instrumented.js';
import type { Meter } from './meter.js';
import { type RetryOptions, retrying } from './retrying.js';

export interface ChainOptions {
  readonly meter: Meter;
  readonly runtime?: Runtime;
  readonly limit?: LimitOptions;
  readonly retry?: Omit<RetryOptions, 'runtime'>;
  readonly coalesce?: CoalesceOptions;
}

/** A backend as the layers above use it: counted, limited, retried, its range reads merged. */
export function chain(backend: ObjectStore, options: ChainOptions): ObjectStore {
  const { meter, runtime, limit, retry, coalesce } = options;
  const counted = instrumented(backend, meter);
  const limited = limiting(counted, limit);
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
