// A version that stays readable for as long as somebody says, as its holder has it.
import { NacreError } from '../errors.js';
import type { LoadedRoot } from '../manifest/root.js';
import { isKept } from '../manifest/history-draft.js';
import { endLease, type HeldLease, renewLease, takeLease } from '../manifest/leases.js';
import { evolve } from '../manifest/message.js';
import { checkSpan, type Upkeep } from '../ops/upkeep.js';
import type { CallOptions } from '../storage/object-store.js';
import { storeNowMs } from '../storage/store-time.js';
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
  #held: HeldLease;

  private constructor(
    dataset: Dataset,
    upkeep: Pick<Upkeep, 'store' | 'functions' | 'runtime'>,
    held: HeldLease,
  ) {
    this.dataset = dataset;
    this.#upkeep = upkeep;
    this.#held = held;
  }

  static async take(
    upkeep: Upkeep,
    dataset: Dataset,
    loaded: LoadedRoot,
    options: LeaseOptions,
  ): Promise<Lease> {
    const forMs = checkSpan(options.forMs ?? defaultMs, 'forMs');
    const { label: holder = '' } = options;
    if (holder.length > longestLabel)
      throw new NacreError('InvalidArgument', `a label of ${holder.length} characters, over ${longestLabel}`);
    const call = callOptions(options);
    const held = await takeLease(upkeep, loaded, { forMs, holder }, call);
    if (held === undefined) throw lost('that was to be written');
    const lease = new Lease(dataset, upkeep, held);
    const { version } = loaded.root;
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
    return this.#held.message.version;
  }

  /** Until when it holds, by the store's clock, milliseconds since 1970. */
  get untilMs(): number {
    return this.#held.message.untilMs;
  }

  /**
   * Holds it for so long from now on. Cost: one PUT. Errors: `Expired` when it was over already: then its
   * data may be gone, and only a new lease can tell; `Conflict` when somebody else changed or removed it.
   */
  async renew(options: CallOptions & { readonly forMs?: number } = {}): Promise<void> {
    const forMs = checkSpan(options.forMs ?? defaultMs, 'forMs');
    const { untilMs } = this.#held.message;
    if (storeNowMs(this.#upkeep) >= untilMs) throw expired(this.version);
    const renewed = await renewLease(this.#upkeep, this.#held, forMs, callOptions(options));
    if (renewed === undefined) throw lost(this.#held.key);
    this.#held = renewed;
    // The request may have taken so long that clean-up went by.
    if (storeNowMs(this.#upkeep) >= untilMs) throw expired(this.version);
  }

  /** Gives it up. Who may not delete writes that it is over. A lease that is gone already is no error. */
  async release(options: CallOptions = {}): Promise<void> {
    await endLease(this.#upkeep, this.#held, callOptions(options));
    this.#held = { ...this.#held, message: evolve(this.#held.message, { untilMs: 0 }) };
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
