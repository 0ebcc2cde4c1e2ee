// Clean-up: deletes objects that no version refers to any more, beside writers and readers who go on.
//
// 1. What is live: versions that were kept a grace ago, all that came later, and those that somebody
//    leases.
// 2. What is orphaned: objects of our own grammar that none of them refers to and that are older than the
//    grace.
// 3. A plan lists these, and a version F, the fence, names the plan. Whoever uploaded before F and commits
//    above it compares its objects with the plan, and conflicts where one is listed (manifest/fences.ts).
// 4. Whoever committed up to F is looked at now, and leases once more; what they need is spared.
// 5. What loses a member of its group of parity is encoded anew (gc/parity.ts).
// 6. The rest is deleted: nothing refers to it, and nothing ever will. So it may take any time, and end at
//    any point: a later run makes a plan of its own of what is left.
// The grace is for readers, who ask nobody: see docs/rfcs/0014-clean-up.md.
import { isNacreError, NacreError } from '../errors.js';
import { isIdBelow, planPrefix } from '../manifest/keys.js';
import { endLease, type HeldLease, listLeases, livingLeases, takeLease } from '../manifest/leases.js';
import { writePlan } from '../manifest/plan.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { CallOptions } from '../storage/object-store.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import { mapBounded } from '../util/bounded.js';
import { equalBytes } from '../util/bytes.js';
import { throwIfAborted } from '../util/runtime.js';
import { storeTimeMs } from './clock.js';
import type { UpkeepEnvironment } from './environment.js';
import { listOrphans, type Orphans } from './gc/orphans.js';
import { type HealedCounts, healedBefore, removeHealed } from './gc/healed.js';
import { GcParity } from './gc/parity.js';
import { changed, liveVersions, Reachable, versionOf, versionsSince } from './gc/reachable.js';
import { checkSpan, dayMs, type Signature, signed, type Upkeep } from './upkeep.js';
import { listPages } from '../storage/list-pages.js';
import { storeNowMs } from '../storage/store-time.js';
import { defined } from '../util/assert.js';

export interface GcOptions extends CallOptions, Signature {
  /**
   * How long data stays after its version expired, and an upload that no version refers to, milliseconds.
   * Default 24 hours. Who reads for longer needs a lease; writers are safe with any.
   */
  readonly graceMs?: number;
  /** Says what would be deleted, and writes nothing. Default false. */
  readonly dryRun?: boolean;
  /** Objects of one plan at most. Default as many as a plan has room for, 980,000. */
  readonly batch?: number;
  /** Told of objects that are deleted, and of how many the plan in hand and those before it list. */
  readonly onProgress?: (deleted: number, planned: number) => void;
}

export interface GcReport {
  /** The newest version: the last fence, where something was to be deleted. */
  readonly version: number;
  /** Versions whose objects stay. */
  readonly live: number;
  /** Objects that nothing refers to, and their bytes. */
  readonly orphans: number;
  readonly orphanBytes: number;
  readonly deleted: number;
  readonly deletedBytes: number;
  /** Listed, and then found to be needed by a version or a lease that came meanwhile. */
  readonly spared: number;
  readonly plans: number;
  /**
   * Left, since another member of their group of parity is missing or damaged, and may be mended from it:
   * `repair` comes first.
   */
  readonly held: number;
  /** Groups of parity that were encoded anew before a member of theirs was deleted. */
  readonly parityEncoded: number;
  /**
   * Objects below `healed/` whose bytes no live version needs any more, and how long they are; what a dry run
   * would delete.
   */
  readonly healedDeleted: number;
  readonly healedDeletedBytes: number;
  /** Objects of parity that nothing needs any more, and their bytes; what a dry run would delete. */
  readonly parityDeleted: number;
  readonly parityDeletedBytes: number;
}

/**
 * How long plans stay, and leases that are over: a writer that is stalled for longer conflicts in any case.
 */
const recordsKeptMs = 30 * dayMs;

/** Delete requests under way at once: with 1,000 keys each they keep any store busy. */
const deletesAtOnce = 8;

export async function gc(upkeep: Upkeep & UpkeepEnvironment, options: GcOptions): Promise<GcReport> {
  const { dryRun = false, batch = Number.POSITIVE_INFINITY } = options;
  const graceMs = checkSpan(options.graceMs ?? dayMs, 'graceMs');
  if (!(batch >= 1)) throw new NacreError('InvalidArgument', `batch is ${batch}, no number of objects`);
  const call = callOptions(options);
  const run = new Run(upkeep, await upkeep.head(call), options, call);
  const beforeMs = storeTimeMs(upkeep) - graceMs;
  try {
    if (!dryRun) await run.begin();
    await run.findLive(beforeMs);
    for await (const orphans of listOrphans(upkeep.store, run, beforeMs, batch, call)) {
      run.count(orphans);
      if (!dryRun) await run.collect(orphans);
    }
    await run.removeParity(beforeMs, dryRun);
    await run.removeHealed(dryRun);
    if (!dryRun) await run.removeRecords();
  } finally {
    await run.end();
  }
  return run.report();
}

/** How long its own lease stands where nobody takes it away, milliseconds. */
const leaseMs = 3_600_000;

function oldListing({ uri }: Upkeep['store']): NacreError {
  return new NacreError('Unavailable', `${uri}: a listing does not show what was written before it`, {
    hint: 'Nothing was deleted since. Run it again; where this happens often, clean up past the gateway.',
  });
}

class Run {
  readonly #upkeep: Upkeep & UpkeepEnvironment;
  readonly #options: GcOptions;
  readonly #call: CallOptions;
  readonly #reachable: Reachable;
  readonly #parity: GcParity;
  /** The newest version that was looked at. */
  #head: LoadedRoot;
  #live = 0;
  #healed: ReadonlyMap<string, number> = new Map();
  #removed: HealedCounts = { objects: 0, bytes: 0 };
  /** Its own. */
  #lease: HeldLease | undefined;
  readonly #counts = {
    orphans: 0,
    orphanBytes: 0,
    deleted: 0,
    deletedBytes: 0,
    spared: 0,
    plans: 0,
    held: 0,
  };

  constructor(upkeep: Upkeep & UpkeepEnvironment, head: LoadedRoot, options: GcOptions, call: CallOptions) {
    this.#upkeep = upkeep;
    this.#head = head;
    this.#options = options;
    this.#call = call;
    this.#reachable = new Reachable(upkeep.store, upkeep.functions, call);
    this.#parity = new GcParity(upkeep, call);
  }

  /**
   * Leases a version itself: a listing that does not show this lease is older than it, as some gateways' are,
   * and may lack those of others, too.
   */
  async begin(): Promise<void> {
    const taken = await takeLease(
      this.#upkeep,
      this.#head,
      { forMs: leaseMs, holder: 'clean-up' },
      this.#call,
    );
    this.#lease = defined(taken, 'a lease of a new id');
  }

  /** What is left of it where this fails is over in a while. */
  async end(): Promise<void> {
    if (this.#lease !== undefined) await endLease(this.#upkeep, this.#lease).catch(() => undefined);
  }

  get needed() {
    return this.#reachable.ids;
  }

  readonly isParity = (key: string): boolean => this.#parity.isParity(key);

  async findLive(beforeMs: number): Promise<void> {
    const { store, functions } = this.#upkeep;
    this.#healed = await healedBefore(this.#upkeep, beforeMs, this.#call);
    this.#reachable.watched = this.#healed;
    await this.#reachable.addAll(liveVersions(store, this.#head, beforeMs, functions, this.#call));
    await this.#reachable.addAll(this.#leased());
    this.#live = this.#reachable.versions;
    await this.#parity.look(this.#head);
  }

  async *#leased(): AsyncGenerator<LoadedRoot> {
    const { store, functions } = this.#upkeep;
    const leases = await listLeases(store, functions, this.#call);
    const own = this.#lease?.key;
    if (own !== undefined && !leases.some(({ key }) => key === own)) throw oldListing(store);
    for (const { lease } of livingLeases(leases, this.#head.root.dataset, storeNowMs(this.#upkeep))) {
      const { version, holder } = lease;
      const leased = versionOf(store, this.#head, version, functions, this.#call);
      const loaded = await leased.catch((error: unknown) => {
        const isToCome = version > this.#head.root.version && isNacreError(error, 'Corrupt');
        throw isToCome ? underCopy(version, holder) : error;
      });
      if (!equalBytes(loaded.hash, lease.rootHash)) throw changed(lease.version);
      yield loaded;
    }
  }

  count({ count, sizeBytes }: Orphans): void {
    this.#counts.orphans += count;
    this.#counts.orphanBytes += sizeBytes;
  }

  async collect(orphans: Orphans): Promise<void> {
    const { store, functions } = this.#upkeep;
    const what = orphans.count === 1 ? 'an object' : `${orphans.count} objects`;
    const plan = await writePlan(
      this.#upkeep,
      this.#head,
      storeNowMs(this.#upkeep),
      orphans.groups,
      this.#call,
    );
    const change = { kind: 'fence', plan } as const;
    const fence = await this.#upkeep.commit([change], signed(this.#options, `clean up ${what}`));
    this.#counts.plans += 1;
    const head = await this.#upkeep.head(this.#call);
    if (head.root.version < fence) throw changed(fence);
    await this.#reachable.addAll(versionsSince(store, head, this.#head, functions, this.#call));
    this.#head = head;
    await this.#reachable.addAll(this.#leased());
    const rest = orphans.spare(this.#reachable.ids);
    this.#counts.spared += orphans.count - rest.count;
    const free = rest.spare(await this.#parity.prepare(head, this.#reachable.ids, rest));
    this.#counts.held += rest.count - free.count;
    await this.#delete(free);
  }

  async #delete(orphans: Orphans): Promise<void> {
    const { store } = this.#upkeep;
    const planned = this.#counts.orphans - this.#counts.spared - this.#counts.held;
    const batches = orphans.batches(store.capabilities.deleteBatch);
    // Lanes that share one generator: keys are made as they go.
    await mapBounded(Array.from({ length: deletesAtOnce }), deletesAtOnce, async () => {
      for (const { keys, sizeBytes } of batches) {
        throwIfAborted(this.#call.signal);
        await store.delete(keys, this.#call);
        this.#counts.deleted += keys.length;
        this.#counts.deletedBytes += sizeBytes;
        this.#options.onProgress?.(this.#counts.deleted, planned);
      }
    });
  }

  /** Groups of parity that nothing needs any more. */
  async removeParity(beforeMs: number, dryRun: boolean): Promise<void> {
    await this.#parity.remove(this.#head, this.#reachable.ids, beforeMs, dryRun);
  }

  /** What was healed elsewhere and is of no version any more; leases that came meanwhile are heeded. */
  async removeHealed(dryRun: boolean): Promise<void> {
    if (this.#healed.size === 0) return;
    await this.#reachable.addAll(this.#leased());
    const { hashes } = this.#reachable;
    this.#removed = await removeHealed(this.#upkeep, this.#healed, hashes, dryRun, this.#call);
  }

  /** Plans that no writer can be stalled for, and leases that ended long ago. */
  async removeRecords(): Promise<void> {
    const { store, functions } = this.#upkeep;
    const beforeMs = storeNowMs(this.#upkeep) - recordsKeptMs;
    const leases = await listLeases(store, functions, this.#call);
    const old = leases.filter(({ lease }) => lease.untilMs < beforeMs).map(({ key }) => key);
    for await (const page of listPages(store, { ...this.#call, prefix: planPrefix })) {
      for (const { key, modifiedMs } of page)
        if (modifiedMs < beforeMs && isIdBelow(planPrefix, key)) old.push(key);
    }
    if (old.length > 0) await store.delete(old, this.#call);
  }

  report(): GcReport {
    const { encoded, removed, removedBytes } = this.#parity.counts;
    return {
      ...{ version: this.#head.root.version, live: this.#live, ...this.#counts },
      ...{ healedDeleted: this.#removed.objects, healedDeletedBytes: this.#removed.bytes },
      ...{ parityEncoded: encoded, parityDeleted: removed, parityDeletedBytes: removedBytes },
    };
  }
}

/** A lease on a version that is not here yet. */
function underCopy(version: number, holder: string): NacreError {
  return new NacreError('Conflict', `version ${version} is on its way here, and what it needs is not known`, {
    context: { version, holder },
    hint: 'Nothing was deleted. Clean up when it has come, or an hour after its copy was given up.',
  });
}
