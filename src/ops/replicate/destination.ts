// What a replication writes at its destination besides objects: roots in ascending order, the hint behind
// them, and a lease while it is at work.
import { isNacreError, NacreError } from '../../errors.js';
import { type HintState, readHint, writeHint } from '../../manifest/hint.js';
import { markReplica } from '../../manifest/replica-mark.js';
import { endLease, type HeldLease, renewLease, takeLease } from '../../manifest/leases.js';
import type { LoadedRoot } from '../../manifest/root.js';
import type { CallOptions, ObjectStore } from '../../storage/object-store.js';
import type { ReadEnvironment } from '../environment.js';
import type { HistorySink } from '../copy/history.js';
import { attempts, pauseMs, RootSlots } from '../copy/roots.js';
import { differing } from './heads.js';

/** Stores limit how often one key may change. */
const hintIntervalMs = 1_000;

const leaseMs = 3_600_000;

export class Destination implements HistorySink {
  readonly #environment: ReadEnvironment;
  readonly #source: ObjectStore;
  readonly #call: CallOptions;
  readonly #roots: RootSlots;
  #coming: LoadedRoot | undefined;
  #hint: HintState;
  #hintedMs = Number.NEGATIVE_INFINITY;
  #lease: HeldLease | undefined;
  #leasedMs = 0;

  constructor(environment: ReadEnvironment, source: ObjectStore, hint: HintState, call: CallOptions) {
    this.#environment = environment;
    this.#source = source;
    this.#hint = hint;
    this.#call = call;
    const { store } = environment;
    this.#roots = new RootSlots(environment, {
      call,
      mendHint: `Mend the replica: nacre repair ${store.uri} --source ${source.uri}`,
      differing: (version) => differing(source, store, version),
    });
  }

  /** The version that the hint names; 0 where there is none. */
  get hinted(): number {
    return this.#hint.head?.root.version ?? 0;
  }

  putRoot(version: number, bytes: Uint8Array): Promise<void> {
    return this.#roots.putRoot(version, bytes);
  }

  hasRoot(version: number, bytes: Uint8Array): Promise<boolean> {
    return this.#roots.hasRoot(version, bytes);
  }

  /** The hint follows; the lease on what is to come is kept. */
  async passed(newest: LoadedRoot | undefined): Promise<void> {
    if (newest !== undefined) await this.moveHint(newest, false);
    if (this.#coming !== undefined) await this.#keepLease(this.#coming);
  }

  /**
   * The hint follows the roots: at once the first time and with `now`, else once a second, and then nothing
   * is lost where the store does not answer.
   */
  async moveHint(head: LoadedRoot, now: boolean): Promise<void> {
    const { store, functions, runtime } = this.#environment;
    const { version } = head.root;
    const mustBe = now || this.hinted === 0;
    if (version <= this.hinted) return;
    if (!mustBe && runtime.monotonic() < this.#hintedMs + hintIntervalMs) return;
    this.#hintedMs = runtime.monotonic();
    for (let attempt = 1; attempt <= attempts && version > this.hinted; attempt++) {
      try {
        if (await this.#writeHint(head)) return;
      } catch (error) {
        if (!isNacreError(error, 'Unavailable') || attempt === attempts) throw error;
        if (!mustBe) return;
        await runtime.sleep(pauseMs * attempt * runtime.random(), this.#call.signal);
      }
      this.#hint = await readHint(store, functions, this.#call);
      if (this.#hint.problem === undefined && this.#hint.role === 'primary')
        throw becamePrimary(store.uri, this.hinted);
    }
  }

  async #writeHint(head: LoadedRoot): Promise<boolean> {
    const { store, functions } = this.#environment;
    const options = { ...this.#call, role: 'replica' } as const;
    const token = await writeHint(store, head, this.#hint.token, functions, options);
    if (token === undefined) return false;
    const state = { problem: undefined, origin: undefined, role: 'replica', restoring: undefined } as const;
    this.#hint = { token, head, ...state };
    return true;
  }

  /** Says what the place is, before anything that a lost hint could be missed for is there. */
  async mark(head: LoadedRoot): Promise<void> {
    const { store, functions } = this.#environment;
    await markReplica(store, head, functions, this.#call);
  }

  /**
   * A lease on the version that is to come: clean-up that meets it here stops, since it cannot know what
   * that version needs.
   */
  async lease(head: LoadedRoot): Promise<void> {
    this.#coming = head;
    const holder = `replicates ${this.#source.uri}`.slice(0, 1_000);
    this.#leasedMs = this.#environment.runtime.monotonic();
    const taken = await takeLease(this.#environment, head, { forMs: leaseMs, holder }, this.#call);
    if (taken !== undefined) this.#lease = taken;
  }

  /** Half way to its end the lease is renewed. One that is gone is taken anew. */
  async #keepLease(head: LoadedRoot): Promise<void> {
    const { runtime } = this.#environment;
    if (runtime.monotonic() < this.#leasedMs + leaseMs / 2) return;
    const lease = this.#lease;
    this.#leasedMs = runtime.monotonic();
    if (lease === undefined) return this.lease(head);
    const renewed = await renewLease(this.#environment, lease, leaseMs, this.#call);
    if (renewed === undefined) return this.lease(head);
    this.#lease = renewed;
  }

  /** Never fails: a lease ends by itself, too. */
  async release(): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease === undefined) return;
    await endLease(this.#environment, lease).catch(() => undefined);
  }
}

function becamePrimary(uri: string, version: number): NacreError {
  return new NacreError('Conflict', `${uri} became a primary meanwhile`, {
    context: { uri, version },
    hint: 'Replicate into an empty prefix, or the other way round.',
  });
}
