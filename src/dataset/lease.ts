// A version that stays readable for as long as somebody says, as its holder has it.
import { NacreError } from '../errors.js';
import type { LoadedRoot } from '../manifest/root.js';
import { isKept } from '../manifest/history-draft.js';
import { leaseKey } from '../manifest/keys.js';
import { endLease, putLease } from '../manifest/leases.js';
import { evolve, type Lease as Message, make, v1 } from '../manifest/message.js';
import { checkSpan, type Upkeep } from '../ops/upkeep.js';
import type { CallOptions, StateToken } from '../storage/object-store.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import type { Dataset } from './dataset.js';

export interface LeaseOptions extends CallOptions {
  /** How long it holds unless it is renewed, milliseconds. Default an hour. */
  readonly forMs?: number;
  /** Who holds it and why, for those who look at the bucket; at most 1,000 characters. Default ''. */
  readonly label?: string;
}

const defaultMs = 3_600_000;
const longestLabel = 1_000;

/** Use `dataset.lease()`. */
export class Lease implements AsyncDisposable {
  /** The dataset as it is at the leased version; read-only. */
  readonly dataset: Dataset;
  readonly #upkeep: Pick<Upkeep, 'store' | 'functions' | 'runtime'>;
  readonly #key: string;
  #message: Message;
  #token: StateToken;

  private constructor(
    dataset: Dataset,
    upkeep: Pick<Upkeep, 'store' | 'functions' | 'runtime'>,
    key: string,
    message: Message,
    token: StateToken,
  ) {
    this.dataset = dataset;
    this.#upkeep = upkeep;
    this.#key = key;
    this.#message = message;
    this.#token = token;
  }

  static async take(
    upkeep: Upkeep,
    dataset: Dataset,
    { root, hash }: LoadedRoot,
    options: LeaseOptions,
  ): Promise<Lease> {
    const { store, functions, runtime } = upkeep;
    const forMs = checkSpan(options.forMs ?? defaultMs, 'forMs');
    const { label: holder = '' } = options;
    if (holder.length > longestLabel)
      throw new NacreError('InvalidArgument', `a label of ${holder.length} characters, over ${longestLabel}`);
    const call = callOptions(options);
    const madeMs = store.timeMs() ?? runtime.now();
    const { dataset: of, version } = root;
    const times = { madeMs, untilMs: Math.ceil(madeMs + forMs) };
    const message = make(v1.Lease, { dataset: of, version, rootHash: hash, ...times, holder });
    const key = leaseKey(runtime.randomBytes(16));
    const token = await putLease(store, key, message, undefined, functions, call);
    if (token === undefined) throw lost(key);
    const lease = new Lease(dataset, upkeep, key, message, token);
    try {
      // Whoever cleans up after this look sees the lease.
      const { kept } = (await upkeep.head(call)).root;
      if (!isKept(kept, version)) throw expired(version);
      return lease;
    } catch (error) {
      await lease.release().catch(() => undefined);
      throw error;
    }
  }

  get version(): number {
    return this.#message.version;
  }

  /** Until when it holds, by the store's clock, milliseconds since 1970. */
  get untilMs(): number {
    return this.#message.untilMs;
  }

  /**
   * Holds it for so long from now on. Cost: one PUT. Errors: `Expired` when it was over already: then its
   * data may be gone, and only a new lease can tell; `Conflict` when somebody else changed or removed it.
   */
  async renew(options: CallOptions & { readonly forMs?: number } = {}): Promise<void> {
    const { store, functions, runtime } = this.#upkeep;
    const forMs = checkSpan(options.forMs ?? defaultMs, 'forMs');
    const nowMs = (): number => store.timeMs() ?? runtime.now();
    const before = this.#message;
    if (nowMs() >= before.untilMs) throw expired(this.version);
    const message = evolve(before, { untilMs: Math.ceil(nowMs() + forMs) });
    const token = await putLease(store, this.#key, message, this.#token, functions, callOptions(options));
    if (token === undefined) throw lost(this.#key);
    [this.#message, this.#token] = [message, token];
    // The request may have taken so long that clean-up went by.
    if (nowMs() >= before.untilMs) throw expired(this.version);
  }

  /** Gives it up. Who may not delete writes that it is over. A lease that is gone already is no error. */
  async release(options: CallOptions = {}): Promise<void> {
    const { store, functions } = this.#upkeep;
    await endLease(store, this.#key, this.#message, this.#token, functions, callOptions(options));
    this.#message = evolve(this.#message, { untilMs: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

function expired(version: number): NacreError {
  return new NacreError('Expired', `version ${version} is no longer kept`, {
    context: { version },
    hint: '`nacre log` lists the versions.',
  });
}

function lost(key: string): NacreError {
  return new NacreError('Conflict', `the lease ${key} was changed or removed by somebody else`, {
    context: { key },
    hint: 'Take a new one.',
  });
}
