// Repeats calls that failed on their way (`Unavailable`; `Corrupt`, which from a backend means a body that
// was hurt in transfer) where a repeat cannot change what the call means: reads, lists, deletes,
// unconditional puts, and create-only puts of keys that nobody else writes (`uniqueKey`). Other conditional
// puts (roots, the hint) pass once: only the commit protocol can tell their own lost attempt from another
// writer's.
//
// Waits are exponential with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015), on
// top of what the server asked for. The deadline bounds when the last attempt may start, not how long it may
// run, so that a large upload on a slow line is not cut.
import { isNacreError, NacreError } from '../../errors.js';
import { byteLength, type ByteSource } from '../../util/bytes.js';
import { abortedError, type Runtime, systemRuntime, throwIfAborted } from '../../util/runtime.js';
import type {
  CallOptions,
  ObjectStore,
  PutOptions,
  PutResult,
  ServerCopies,
  VersionedObjects,
} from '../object-store.js';
import { callOptions, forwarding } from './forwarding.js';
import { type OwnSignal, ownSignal } from './parallel.js';
import { type RetryBudgetOptions, retryBudget } from './retry-budget.js';

/** One repeat, as told to `onRetry` before its wait. */
export interface RetryEvent {
  readonly method: string;
  readonly key: string;
  /** The attempt that failed, from 1 on. */
  readonly attempt: number;
  readonly waitMs: number;
  readonly error: NacreError;
}

export interface RetryOptions {
  readonly runtime?: Runtime;
  /** Attempts in all, the first one included. Default 8: with the waits below, about 3 s on average. */
  readonly attempts?: number;
  /** The first wait is below this, each later one below twice the one before. Default 50 ms: a round trip. */
  readonly baseMs?: number;
  /**
   * No wait of our own is longer. Default 5,000 ms; the S3 guide waits 2 s, then 4 s ("Timeouts and
   * Retries").
   */
  readonly capMs?: number;
  /** Longest `retryAfterMs` of a server that is honoured in full. Default 30,000 ms. */
  readonly serverCapMs?: number;
  /** No attempt starts later than this after the first. Default 60,000 ms. */
  readonly deadlineMs?: number;
  readonly budget?: RetryBudgetOptions;
  readonly onRetry?: (event: RetryEvent) => void;
}

/**
 * `inner` with repeats; see the head of this file for which calls and when. Once it is closed nothing is
 * repeated, and who waits for the next attempt is told how the last one failed.
 */
export function retrying(inner: ObjectStore, options: RetryOptions = {}): ObjectStore {
  const closing = new Closing();
  const run = attempts(inner.uri, options, closing);
  return forwarding(inner, {
    async close() {
      closing.end();
      await inner.close();
    },
    get: (key, call) => run('get', key, call, () => inner.get(key, call)),
    getRanges: (key, ranges, call) => run('getRanges', key, call, () => inner.getRanges(key, ranges, call)),
    head: (key, call) => run('head', key, call, () => inner.head(key, call)),
    list: (call) => run('list', call?.prefix ?? '', call, () => inner.list(call)),
    delete: (keys, call) => run('delete', nameOf(keys), call, () => inner.delete(keys, call)),
    ...(inner.versioned === undefined ? {} : { versioned: retryingVersions(inner.versioned, run) }),
    ...(inner.copies === undefined ? {} : { copies: retryingCopies(inner.copies, run) }),
    put(key, body, call) {
      if (call?.condition === undefined)
        return run('put', key, call, (attempt) => keepDoubt(key, attempt, () => inner.put(key, body, call)));
      if (call.condition !== 'absent' || call.uniqueKey !== true) return inner.put(key, body, call);
      return run('put', key, call, (attempt) =>
        keepDoubt(key, attempt, () => createUnique(inner, key, body, call)),
      );
    },
  });
}

/** The same state of the same object comes of each attempt. */
function retryingCopies(inner: ServerCopies, run: Run): ServerCopies {
  return {
    reaches: (store) => inner.reaches(store),
    copy: (key, from, call) => run('copy', key, call, () => inner.copy(key, from, call)),
  };
}

/** Each of them may be repeated. */
function retryingVersions(inner: VersionedObjects, run: Run): VersionedObjects {
  return {
    listVersions: (call) => run('listVersions', call.prefix, call, () => inner.listVersions(call)),
    getVersion: (key, version, call) =>
      run('getVersion', key, call, () => inner.getVersion(key, version, call)),
    lock: (key, lock, call) => run('lock', key, call, () => inner.lock(key, lock, call)),
    deleteForGood: (keys, call) =>
      run('deleteForGood', nameOf(keys), call, () => inner.deleteForGood(keys, call)),
  };
}

/**
 * A refusal was caused by an attempt before, or by the first copy of a request that arrived twice, if the
 * length agrees.
 */
async function createUnique(
  inner: ObjectStore,
  key: string,
  body: ByteSource,
  options: PutOptions,
): Promise<PutResult> {
  const result = await inner.put(key, body, options);
  if (result.outcome === 'written') return result;
  const head = await inner.head(key, callOptions(options));
  if (head === undefined)
    throw new NacreError('Unavailable', `put of ${key} was refused, yet there is no such key`, {
      context: { key },
    });
  return head.sizeBytes === byteLength(body) ? { outcome: 'written', token: head.token } : result;
}

/**
 * After an attempt that may have landed, a later definite failure does not make the put a definite failure.
 */
async function keepDoubt(key: string, attempt: number, put: () => Promise<PutResult>): Promise<PutResult> {
  try {
    return await put();
  } catch (error) {
    if (attempt === 1 || !isNacreError(error) || error.code === 'Aborted' || mayPass(error)) throw error;
    throw new NacreError(
      'Unavailable',
      `put of ${key} failed at attempt ${attempt} (${error.message}), but an earlier one may have been applied`,
      { cause: error, context: { ...error.context, key, attempts: attempt }, retryable: false },
    );
  }
}

type Run = <T>(
  method: string,
  key: string,
  options: CallOptions | undefined,
  attempt: (number: number) => Promise<T>,
) => Promise<T>;

/** Waits that end when the store is closed. */
class Closing {
  readonly #waits = new Set<OwnSignal>();
  readonly reason = new NacreError('Aborted', 'the store was closed');
  hasEnded = false;

  /** Rejects with whatever the signal fires with, or with `reason` when the store is closed. */
  async sleep(runtime: Runtime, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const own = ownSignal(signal);
    this.#waits.add(own);
    try {
      await runtime.sleep(ms, own.signal);
    } finally {
      own.release();
      this.#waits.delete(own);
    }
  }

  end(): void {
    this.hasEnded = true;
    for (const wait of this.#waits) wait.abort(this.reason);
  }
}

function attempts(uri: string, options: RetryOptions, closing: Closing): Run {
  const { runtime = systemRuntime, baseMs = 50, capMs = 5_000, serverCapMs = 30_000 } = options;
  const { attempts: limit = 8, deadlineMs = 60_000, onRetry } = options;
  const budget = retryBudget(options.budget);

  /** How long to wait before the next attempt; undefined when there may be none. */
  function nextWait(error: NacreError, attempt: number, startMs: number): number | undefined {
    if (attempt >= limit) return undefined;
    const nowMs = runtime.monotonic();
    const leftMs = startMs + deadlineMs - nowMs;
    const asked = Number(error.context['retryAfterMs'] ?? 0);
    const serverMs = Number.isFinite(asked) ? Math.min(Math.max(0, asked), serverCapMs) : 0;
    const jitterMs = runtime.random() * Math.min(capMs, baseMs * 2 ** (attempt - 1));
    if (serverMs + jitterMs > leftMs) return undefined;
    const turnMs = budget.take(nowMs, leftMs);
    return turnMs === undefined ? undefined : Math.max(serverMs + jitterMs, turnMs);
  }

  return async (method, key, { signal } = {}, call) => {
    const startMs = runtime.monotonic();
    const what = `${method} of ${uri}/${key}`;
    let code: 'Corrupt' | 'Unavailable' = 'Corrupt';
    let last: NacreError | undefined;
    let waitMs = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        throwIfAborted(signal);
        if (attempt > 1) await closing.sleep(runtime, waitMs, signal);
        const result = await call(attempt);
        budget.succeeded();
        return result;
      } catch (error) {
        const reason = signal?.aborted === true ? abortedError(signal) : undefined;
        if (error === closing.reason && last !== undefined)
          throw gaveUp(code, what, last, attempt - 1, runtime.monotonic() - startMs);
        // A signal may fire with a failure that would pass: it is the end all the same.
        const cut = error === reason ? reason : isNacreError(error, 'Aborted') ? error : undefined;
        if (cut !== undefined) throw last === undefined ? cut : cutShort(cut, what, last, attempt - 1);
        if (!isNacreError(error) || !mayPass(error)) throw error;
        if (reason !== undefined) throw cutShort(reason, what, error, attempt);
        last = error;
        if (error.code === 'Unavailable') code = 'Unavailable';
        const nextMs = closing.hasEnded ? undefined : nextWait(error, attempt, startMs);
        if (nextMs === undefined) throw gaveUp(code, what, error, attempt, runtime.monotonic() - startMs);
        waitMs = nextMs;
        onRetry?.({ method, key, attempt, waitMs, error });
      }
    }
  };
}

/** Whether the same request may go better next time. */
function mayPass(error: NacreError): boolean {
  return error.code === 'Unavailable' ? error.retryable : error.code === 'Corrupt';
}

/** A timeout is too short or a server is away: the failure that was being waited out tells which. */
function cutShort(aborted: NacreError, what: string, last: NacreError, attempts: number): NacreError {
  // Who ended it knows why.
  if (aborted.code !== 'Aborted') return aborted;
  const failures = timesText(attempts);
  const hint = last.hint ?? aborted.hint;
  return new NacreError(
    'Aborted',
    `${aborted.message}; before, ${what} failed ${failures}: ${last.message}`,
    {
      cause: last,
      ...(hint === undefined ? {} : { hint }),
      context: { ...last.context, ...aborted.context, attempts },
    },
  );
}

function gaveUp(
  code: 'Corrupt' | 'Unavailable',
  what: string,
  last: NacreError,
  attempts: number,
  elapsedMs: number,
): NacreError {
  return new NacreError(
    code,
    `${what} failed ${timesText(attempts)} over ${Math.round(elapsedMs)} ms: ${last.message}`,
    {
      cause: last,
      hint: last.hint ?? 'Check that the store answers, then run the same call again.',
      context: { ...last.context, attempts, elapsedMs: Math.round(elapsedMs) },
    },
  );
}

function timesText(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function nameOf(keys: readonly string[]): string {
  const [first = '', ...more] = keys;
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}
