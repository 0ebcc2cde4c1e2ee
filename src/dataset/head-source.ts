// Where a handle stands: the newest version that it knows, and whether that is known to be the newest.
//
// What the hint says is provisional. The look at the next slot goes out together with the first read; until
// it has answered, the read's result and its errors are held back, and thrown away when there is a newer
// version.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isNacreError, NacreError } from '../errors.js';
import { type Advance, advance } from '../manifest/head.js';
import { isKept } from '../manifest/history-draft.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { CallOptions } from '../storage/object-store.js';
import { throwIfAborted, untilAborted } from '../util/runtime.js';
import type { Elsewhere } from './elsewhere.js';
import type { Environment } from './environment.js';
import { Snapshot } from './snapshot.js';

export class HeadSource {
  readonly #environment: Environment;
  readonly #elsewhere: Elsewhere | undefined;
  #snapshot: Snapshot;
  #freeSlot: number;
  /** The look at the next slot; undefined before it was sent. */
  #look: Promise<void> | undefined;
  readonly #left = new Set<Promise<unknown>>();
  #confirmed: boolean;
  #jumped = false;

  /** `elsewhere`: replicas that answer what the own store cannot. */
  constructor(
    environment: Environment,
    head: LoadedRoot,
    freeSlot: number,
    confirmed: boolean,
    elsewhere?: Elsewhere,
  ) {
    this.#environment = environment;
    this.#elsewhere = elsewhere;
    this.#snapshot = new Snapshot(environment, head);
    this.#freeSlot = freeSlot;
    this.#confirmed = confirmed;
  }

  /** The snapshot as far as it is known; may be provisional. */
  get latest(): Snapshot {
    return this.#snapshot;
  }

  get freeSlot(): number {
    return this.#freeSlot;
  }

  /** The newest version was found without a look at the ones before it. */
  get jumped(): boolean {
    return this.#jumped;
  }

  /** Moves on to a newer version; never back. */
  adopt(head: LoadedRoot, freeSlot = head.root.version + 1, jumped = false): void {
    if (head.root.version <= this.#snapshot.version) return;
    this.#snapshot = new Snapshot(this.#environment, head);
    this.#freeSlot = freeSlot;
    this.#confirmed = true;
    this.#jumped = jumped;
  }

  /** To a version that is whole, on a copy whose newest ones are not; the slots above it stay taken. */
  goBackTo(head: LoadedRoot): void {
    if (head.root.version !== this.#snapshot.version) this.#snapshot = new Snapshot(this.#environment, head);
  }

  /** The newest version, as of when the handle was opened or refreshed. Cost: one request, the first time. */
  async confirmed(options: CallOptions = {}): Promise<Snapshot> {
    if (!this.#confirmed) await untilAborted(this.#lookOnce(), options.signal);
    return this.#snapshot;
  }

  /** Looks for newer versions now. */
  async refresh(options: CallOptions = {}): Promise<Snapshot> {
    await this.#look?.catch(() => undefined);
    this.#look = undefined;
    await untilAborted(this.#lookOnce(), options.signal);
    return this.#snapshot;
  }

  /**
   * Runs a read on the newest version that is known, with `fresh` the newest there is; the look and the first
   * requests of the read share a wave.
   */
  async read<T>(
    work: (snapshot: Snapshot) => Promise<T>,
    { fresh = false, ...options }: CallOptions & { readonly fresh?: boolean } = {},
  ): Promise<T> {
    if (fresh && this.#confirmed) {
      this.#look = undefined;
      this.#confirmed = false;
    }
    if (this.#confirmed) return this.readAt(this.#snapshot, work, options);
    const guess = this.#snapshot;
    // What it throws at once is as provisional as what it rejects with.
    const attempt = (async () => work(guess))();
    // Looked at only if the guess holds; a guess that failed must not end the process meanwhile.
    attempt.catch(() => undefined);
    // In the next turn of the loop: what the read asks for goes out before the look is prepared.
    await nextTurn();
    const newest = await this.confirmed(options);
    let first = newest === guess ? attempt : undefined;
    if (first === undefined) this.#leave(attempt);
    const once = (snapshot: Snapshot): Promise<T> => {
      const known = first;
      first = undefined;
      return known ?? work(snapshot);
    };
    return this.readAt(newest, once, options);
  }

  /** Of a guess that did not hold: what it asked for comes, and is for nobody. */
  #leave(attempt: Promise<unknown>): void {
    const ended: Promise<unknown> = attempt.catch(() => undefined).then(() => this.#left.delete(ended));
    this.#left.add(ended);
  }

  /** Resolves when nothing that was left is under way; for who closes, once its store repeats no request. */
  async settled(): Promise<void> {
    await Promise.all(this.#left);
  }

  /**
   * Runs a read on a version. Damage of one that is kept no longer is none; what else is damaged replicas are
   * asked for, where there are any. Cost: nothing but where there is damage.
   */
  async readAt<T>(
    snapshot: Snapshot,
    work: (snapshot: Snapshot) => Promise<T>,
    { signal }: CallOptions = {},
  ): Promise<T> {
    let damage: NacreError;
    try {
      return await work(snapshot);
    } catch (error) {
      if (!isNacreError(error, 'Corrupt')) throw error;
      damage = error;
    }
    await this.checkKept(snapshot, damage);
    if (this.#elsewhere === undefined) throw damage;
    throwIfAborted(signal);
    return work(this.lasting(snapshot));
  }

  /** The same version, whose reads ask replicas: for what is run again, and what cannot be. */
  lasting(snapshot: Snapshot): Snapshot {
    const environment = this.#elsewhere?.environment;
    return environment === undefined ? snapshot : new Snapshot(environment, snapshot.loaded);
  }

  async checkKept({ loaded, version }: Snapshot, cause: NacreError): Promise<void> {
    const { store, functions } = this.#environment;
    let found: Advance;
    try {
      found = await advance(store, loaded, functions);
    } catch (error) {
      // Until it is known, it may be gone as well as damaged: who asks again is told. Where there is nobody
      // to ask, the damage is the news.
      if (isNacreError(error, 'Unavailable') || isNacreError(error, 'PermissionDenied')) throw error;
      return;
    }
    if (isKept(found.head.root.kept, version)) return;
    throw new NacreError('Expired', `version ${version} is no longer kept, and its data was cleaned up`, {
      cause,
      context: { version },
      hint: 'Open the newest version, or restore this one from a backup. Who reads for long takes a lease.',
    });
  }

  /** Shared by all who wait for it, so that no caller's signal ends it for the others. */
  #lookOnce(): Promise<void> {
    this.#look ??= this.#advance().catch((error: unknown) => {
      this.#look = undefined;
      throw error;
    });
    return this.#look;
  }

  async #advance(): Promise<void> {
    const { store, functions } = this.#environment;
    const slot = this.#freeSlot;
    const found = await advance(store, this.#snapshot.loaded, functions, { slot });
    this.adopt(found.head, found.freeSlot, found.landed === undefined);
    this.#freeSlot = Math.max(this.#freeSlot, found.freeSlot);
    this.#confirmed = true;
  }
}
