// A store that fails by plan, in the ways that networks, servers and disks do. What happens beneath is what
// happens to the store; what is thrown or returned is what the caller sees of it.
import { type ErrorCode, NacreError } from '../../src/errors.js';
import type { CallOptions, ListPage, ObjectBody, ObjectStore } from '../../src/storage/object-store.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { concat } from '../../src/util/bytes.js';
import { abortedError, type Runtime } from '../../src/util/runtime.js';

export type StoreMethod = 'get' | 'getRanges' | 'put' | 'head' | 'list' | 'delete';

export interface StoreCall {
  readonly method: StoreMethod;
  /** The key; for a list its prefix, for a delete its keys with spaces between. */
  readonly key: string;
  /** Calls of this store so far, this one included. */
  readonly index: number;
}

export type Fault =
  /** The request never arrives. */
  | { readonly kind: 'drop' }
  /** The request is applied, its reply is lost. */
  | { readonly kind: 'loseReply' }
  /** The caller is told that it failed; it is applied when {@link FaultyStore.applyLate} is called. */
  | { readonly kind: 'late' }
  /** It is applied and answered, and a second time when {@link FaultyStore.applyLate} is called. */
  | { readonly kind: 'echo' }
  /** It is applied twice in a row; the reply is that of the second. */
  | { readonly kind: 'duplicate' }
  /** The store refuses with a typed error; nothing is applied. */
  | {
      readonly kind: 'error';
      readonly code: ErrorCode;
      readonly status?: number;
      readonly retryAfterMs?: number;
    }
  /** The reply comes after so long. Needs a runtime. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** No reply ever, until the caller's signal ends the wait. Nothing is applied. */
  | { readonly kind: 'stall' }
  /** A bit of the body that is read arrives wrong; `bit` counts from 0 and wraps at the end. */
  | { readonly kind: 'flipBit'; readonly bit: number }
  /** The last bytes of the body that is read do not arrive, and nothing says so. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** A list does not show the keys of the last puts yet. */
  | { readonly kind: 'staleList'; readonly puts: number };

/** The fault for a call, if any; asked once for every call, in order. */
export type FaultPlan = (call: StoreCall) => Fault | undefined;

export interface FaultyStore extends ObjectStore {
  /** Faults so far, by kind. */
  readonly injected: ReadonlyMap<Fault['kind'], number>;
  /** Requests that are still on their way. */
  readonly late: number;
  /** They arrive now, in the order in which they were sent. Whether they take effect is up to the store. */
  applyLate(): Promise<void>;
}

/** Calls of a method whose key matches. */
export function calls(method: StoreMethod, key: RegExp = /(?:)/): (call: StoreCall) => boolean {
  return (call) => call.method === method && key.test(call.key);
}

/** The fault for the n-th call that matches, from 1 on; `Infinity` as `times` for all from there. */
export function nth(match: (call: StoreCall) => boolean, n: number, fault: Fault, times = 1): FaultPlan {
  let seen = 0;
  return (call) => {
    if (!match(call)) return undefined;
    seen += 1;
    return seen >= n && seen < n + times ? fault : undefined;
  };
}

/** The first of several plans that has a fault; each of them sees every call. */
export function plans(...all: readonly FaultPlan[]): FaultPlan {
  return (call) => all.map((plan) => plan(call)).find((fault) => fault !== undefined);
}

/** Puts that a stale listing can leave out at most. */
const rememberedPuts = 64;

export function faulty(inner: ObjectStore, plan: FaultPlan, runtime?: Runtime): FaultyStore {
  const injected = new Map<Fault['kind'], number>();
  const late: (() => Promise<unknown>)[] = [];
  const recentPuts: string[] = [];
  let index = 0;

  async function run<T, O extends CallOptions>(
    method: StoreMethod,
    key: string,
    options: O,
    apply: (options: O) => Promise<T>,
    spoil: (result: T, fault: Fault) => T = unsuited,
  ): Promise<T> {
    index += 1;
    const call = { method, key, index };
    const fault = plan(call);
    if (fault === undefined) return apply(options);
    injected.set(fault.kind, (injected.get(fault.kind) ?? 0) + 1);
    // What travels on its own no longer follows the caller's signal.
    const alone = (): Promise<T> => apply({ ...options, signal: new AbortController().signal });
    switch (fault.kind) {
      case 'drop':
        throw unavailable(call, 'the connection broke before the request was sent');
      case 'loseReply':
        await apply(options);
        throw unavailable(call, 'the connection broke before the reply came');
      case 'late':
        late.push(alone);
        throw unavailable(call, 'no reply came in time');
      case 'echo':
        late.push(alone);
        return apply(options);
      case 'duplicate':
        await apply(options);
        return apply(options);
      case 'error':
        throw refusal(call, fault);
      case 'delay':
        if (runtime === undefined) throw new NacreError('Internal', 'a delay needs a runtime');
        await runtime.sleep(fault.ms, options.signal);
        return apply(options);
      case 'stall':
        return untilAborted(options.signal);
      case 'flipBit':
      case 'truncate':
      case 'staleList':
        break;
    }
    return spoil(await apply(options), fault);
  }

  const store = forwarding(inner, {
    get: (key, options = {}) => run('get', key, options, (o) => inner.get(key, o), spoilBody),
    getRanges: (key, ranges, options = {}) =>
      run('getRanges', key, options, (o) => inner.getRanges(key, ranges, o), spoilPieces),
    head: (key, options = {}) => run('head', key, options, (o) => inner.head(key, o)),
    list: (options = {}) =>
      run(
        'list',
        options.prefix ?? '',
        options,
        (o) => inner.list(o),
        (page, fault) => spoilPage(page, fault, recentPuts),
      ),
    delete: (keys, options = {}) => run('delete', keys.join(' '), options, (o) => inner.delete(keys, o)),
    async put(key, body, options = {}) {
      const bytes = concat(body).slice();
      const result = await run('put', key, options, (o) => inner.put(key, bytes, o));
      if (result.outcome === 'written') recentPuts.push(key);
      if (recentPuts.length > rememberedPuts) recentPuts.shift();
      return result;
    },
  });
  return {
    ...store,
    injected,
    get late() {
      return late.length;
    },
    async applyLate() {
      for (const apply of late.splice(0)) await apply();
    },
  };
}

/** A copy of `bytes` with one bit changed. */
export function withFlippedBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  const at = bit % (bytes.byteLength * 8);
  if (bytes.byteLength > 0) flipped[at >> 3] = (flipped[at >> 3] ?? 0) ^ (1 << (at & 7));
  return flipped;
}

function spoilBytes(bytes: Uint8Array, fault: Fault): Uint8Array {
  if (fault.kind === 'flipBit') return withFlippedBit(bytes, fault.bit);
  if (fault.kind === 'truncate') return bytes.slice(0, Math.max(0, bytes.byteLength - fault.bytes));
  return unsuited(bytes, fault);
}

function spoilBody(body: ObjectBody | undefined, fault: Fault): ObjectBody | undefined {
  return body && { ...body, bytes: spoilBytes(body.bytes, fault) };
}

/** Spoils the pieces as the one body that they arrive in. */
function spoilPieces(pieces: Uint8Array[] | undefined, fault: Fault): Uint8Array[] | undefined {
  if (pieces === undefined) return undefined;
  const whole = spoilBytes(concat(pieces), fault);
  let at = 0;
  return pieces.map((piece) => whole.slice(at, (at += piece.byteLength)));
}

function spoilPage(page: ListPage, fault: Fault, recentPuts: readonly string[]): ListPage {
  if (fault.kind !== 'staleList') return unsuited(page, fault);
  const hidden = new Set(fault.puts > 0 ? recentPuts.slice(-fault.puts) : []);
  return { ...page, entries: page.entries.filter((entry) => !hidden.has(entry.key)) };
}

function unsuited<T>(_result: T, fault: Fault): T {
  throw new NacreError('Internal', `the fault ${fault.kind} does not suit the call that it was planned for`);
}

function unavailable({ method, key }: StoreCall, why: string): NacreError {
  return new NacreError('Unavailable', `${method} ${key}: ${why}`, { context: { key } });
}

function refusal({ method, key }: StoreCall, fault: Fault & { readonly kind: 'error' }): NacreError {
  const { code, status, retryAfterMs } = fault;
  return new NacreError(code, `${method} ${key}: the store answered ${status ?? code}`, {
    context: {
      key,
      ...(status === undefined ? {} : { status }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  });
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(abortedError(signal));
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}
