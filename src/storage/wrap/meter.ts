// What was asked of stores, how much moved, and what it costs at list price. A meter counts for as long as it
// lives; scopes of it count a stretch of time. A request belongs to the scopes that are open when it begins,
// to its end; operations that overlap in time count in each other's scopes.
import { isNacreError } from '../../errors.js';
import { type Runtime, systemRuntime } from '../../util/runtime.js';
import type { StoreScheme } from '../object-store.js';
import { type RequestKind, requestPrice } from './price.js';
import { WaveCounter } from './waves.js';

export interface MeterCounts {
  /** Requests by kind, failed and repeated ones included. */
  readonly requests: Readonly<Record<RequestKind, number>>;
  readonly totalRequests: number;
  /** Of these, those that nobody waited for; they count in no wave. */
  readonly backgroundRequests: number;
  /** Of these, second requests of reads whose first was late (`hedge` of `open()`); they count in no wave. */
  readonly hedged: number;
  /** Bodies read, resp. sent and accepted. Listings and headers are not counted. */
  readonly bytesDown: number;
  readonly bytesUp: number;
  /** Bytes taken from mapped partitions of a folder, without a request. */
  readonly bytesMapped: number;
  /** Dependent round trips: the longest chain of requests each of which began after the last one's end. */
  readonly waves: number;
  readonly retries: number;
  /** Reads that the store could not answer rightly, and a replica could. */
  readonly fromReplicas: number;
  /**
   * Requests that the store turned away to be left alone: 429, 503, or an answer that says when to come back.
   */
  readonly throttles: number;
  /** Requests that ended with any error; not those that were aborted since a hedge was faster, or slower. */
  readonly failures: number;
  readonly elapsedMs: number;
  /** Requests at list price, US dollars; a folder costs nothing. */
  readonly priceUsd: number;
}

export interface MeterRequest {
  readonly kind: RequestKind;
  readonly scheme: StoreScheme;
  /** What the store is asked in fact: parts of an upload, batches of a delete. Default 1. */
  readonly count?: number;
  readonly background?: boolean;
  /** The second request of a read: the first one's span, which ends with the read, is its wave. */
  readonly hedge?: boolean;
}

/** One request under way; call one of the two, once. */
export interface MeterSpan {
  ended(bytesDown: number, bytesUp: number): void;
  failed(error: unknown): void;
}

export interface MeterScope {
  snapshot(): MeterCounts;
  /** Closes the scope and returns its counts; what still runs counts no more. */
  stop(): MeterCounts;
}

export class Meter {
  readonly #runtime: Runtime;
  readonly #scopes = new Set<Counter>();
  #all: Counter;

  constructor(options: { readonly runtime?: Runtime } = {}) {
    this.#runtime = options.runtime ?? systemRuntime;
    this.#all = new Counter(this.#runtime);
  }

  /** Counts since the meter was made or reset. */
  snapshot(): MeterCounts {
    return this.#all.snapshot();
  }

  /** Starts again at nothing; scopes go on, requests under way are forgotten. */
  reset(): void {
    this.#all = new Counter(this.#runtime);
  }

  /** Counts from now until `stop()`. */
  scope(): MeterScope {
    const counter = new Counter(this.#runtime);
    this.#scopes.add(counter);
    let stopped: MeterCounts | undefined;
    return {
      snapshot: () => stopped ?? counter.snapshot(),
      stop: () => {
        this.#scopes.delete(counter);
        stopped ??= counter.snapshot();
        return stopped;
      },
    };
  }

  /** A request is about to be sent; for the wrappers. */
  begin(request: MeterRequest): MeterSpan {
    const spans = this.#open().map((counter) => counter.begin(request));
    return {
      ended: (bytesDown, bytesUp) => spans.forEach((span) => span.ended(bytesDown, bytesUp)),
      failed: (error) => spans.forEach((span) => span.failed(error)),
    };
  }

  /** A call is about to be sent again; hand it to `retrying` as its `onRetry`. */
  retried(): void {
    for (const counter of this.#open()) counter.retries += 1;
  }

  /** A replica answered a read. */
  answeredElsewhere(): void {
    for (const counter of this.#open()) counter.fromReplicas += 1;
  }

  /** Bytes were taken from a mapped file. */
  mapped(bytes: number): void {
    for (const counter of this.#open()) counter.bytesMapped += bytes;
  }

  #open(): Counter[] {
    return [this.#all, ...this.#scopes];
  }
}

class Counter {
  retries = 0;
  fromReplicas = 0;
  bytesMapped = 0;
  readonly #runtime: Runtime;
  readonly #startMs: number;
  readonly #requests: Record<RequestKind, number> = { get: 0, put: 0, head: 0, list: 0, delete: 0 };
  readonly #waves = new WaveCounter();
  #background = 0;
  #hedged = 0;
  #bytesDown = 0;
  #bytesUp = 0;
  #throttles = 0;
  #failures = 0;
  #nanoUsd = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#startMs = runtime.monotonic();
  }

  begin({ kind, scheme, count = 1, background = false, hedge = false }: MeterRequest): MeterSpan {
    this.#requests[kind] += count;
    this.#nanoUsd += requestPrice(scheme, kind, count);
    if (background) this.#background += count;
    if (hedge) this.#hedged += count;
    const begun = this.#waves.begin();
    const end = (): void => {
      if (!background && !hedge) this.#waves.end(begun);
    };
    return {
      ended: (bytesDown, bytesUp) => {
        end();
        this.#bytesDown += bytesDown;
        this.#bytesUp += bytesUp;
      },
      failed: (error) => {
        end();
        this.#failures += 1;
        if (isThrottle(error)) this.#throttles += 1;
      },
    };
  }

  snapshot(): MeterCounts {
    return {
      requests: { ...this.#requests },
      totalRequests: Object.values(this.#requests).reduce((sum, count) => sum + count, 0),
      backgroundRequests: this.#background,
      hedged: this.#hedged,
      bytesDown: this.#bytesDown,
      bytesUp: this.#bytesUp,
      bytesMapped: this.bytesMapped,
      waves: this.#waves.waves,
      retries: this.retries,
      fromReplicas: this.fromReplicas,
      throttles: this.#throttles,
      failures: this.#failures,
      elapsedMs: this.#runtime.monotonic() - this.#startMs,
      priceUsd: this.#nanoUsd / 1e9,
    };
  }
}

function isThrottle(error: unknown): boolean {
  if (!isNacreError(error, 'Unavailable')) return false;
  const { status, retryAfterMs } = error.context;
  return status === 429 || status === 503 || retryAfterMs !== undefined;
}
