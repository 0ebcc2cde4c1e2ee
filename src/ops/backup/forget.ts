// Points that are no longer wanted go, and what none of the others needs.
//
// 1. Points go first. What they needed stays for now.
// 2. Drafts that were given up are revoked, each for ever. While a backup is under way, objects stay: the
//    next run takes them.
// 3. What no point needs is written into a plan. A backup that begins later shares nothing that it lists.
// 4. Drafts and points are looked at once more: a backup that began before the plan was there ends the run; a
//    point that came meanwhile keeps what it needs.
// 5. The rest is deleted. It may end at any point: a later run makes a plan of what is left.
// docs/rfcs/0016-backup.md says why no clock decides anything here but when plans are taken away.
import { isNacreError, NacreError } from '../../errors.js';
import { listPlans, writeForgetPlan } from '../../manifest/forget-plan.js';
import { idOfDraftKey, idOfPointKey } from '../../manifest/keys.js';
import {
  draftKeys,
  listPoints,
  readDrafts,
  type Points,
  type StoredDraft,
  type StoredPoint,
} from '../../manifest/points.js';
import type { CallOptions, ObjectStore } from '../../storage/object-store.js';
import { callOptions } from '../../storage/wrap/forwarding.js';
import { mapBounded } from '../../util/bounded.js';
import { checkRetention, retained, type RetentionRules } from '../../util/retention.js';
import { throwIfAborted } from '../../util/runtime.js';
import { storeTimeMs } from '../clock.js';
import type { UpkeepEnvironment } from '../environment.js';
import { dayMs } from '../upkeep.js';
import { revoke } from './draft.js';
import { Marks } from './marks.js';
import { nameOfPoint, pointOfName } from './names.js';
import { type Garbage, listGarbage } from './garbage.js';

export interface ForgetOptions extends CallOptions, RetentionRules {
  /** These points go, by their names. Instead of rules. */
  readonly points?: readonly string[];
  /** All points may go. Default false: then `InvalidArgument`. */
  readonly keepNone?: boolean;
  /** Says what would go, and writes nothing. Default false. */
  readonly dryRun?: boolean;
  /** Told of objects that are deleted, and of how many there are about. */
  readonly onProgress?: (deleted: number, planned: number) => void;
}

export interface ForgetReport {
  readonly uri: string;
  /** Points that stay, and why: the rules that keep each. The newest first. */
  readonly kept: readonly { readonly point: string; readonly rules: readonly string[] }[];
  /** Points that went, or would. */
  readonly forgotten: readonly string[];
  /** Points that should go, and are locked, or not to be deleted with these credentials. */
  readonly locked: readonly string[];
  /** Objects and roots that no point needs, and their bytes. */
  readonly unneeded: number;
  readonly unneededBytes: number;
  readonly deleted: number;
  readonly deletedBytes: number;
  /** Of these what is locked, or not to be deleted with these credentials. */
  readonly lockedObjects: number;
  /** Backups that are under way, because of which no object was deleted. */
  readonly underWay: readonly string[];
  /** Backups that were given up, and are revoked now. */
  readonly revoked: readonly string[];
}

/** More than two readings of the store's clock differ by. */
const slackMs = 3_600_000;

/** A run deletes nothing by a plan that is older, and plans go when they are older than that. */
const planUsedMs = dayMs;
const plansKeptMs = 7 * dayMs;

/** Delete requests under way at once. */
const deletesAtOnce = 4;

/** Keys that one request deletes, and their states. */
const deleteBatch = 500;

/**
 * Cost: a GET a point and a version, and a LIST for 1,000 objects; of S3 a LIST for each object that goes.
 * Errors: `InvalidArgument` for rules that keep nothing, `Corrupt` where it is not known what a point needs:
 * then nothing is deleted.
 */
export async function forgetBackups(
  environment: UpkeepEnvironment,
  options: ForgetOptions,
): Promise<ForgetReport> {
  return new Forget(environment, options).run();
}

class Forget {
  readonly #environment: UpkeepEnvironment;
  readonly #options: ForgetOptions;
  readonly #call: CallOptions;
  readonly #counts = { unneeded: 0, unneededBytes: 0, deleted: 0, deletedBytes: 0, lockedObjects: 0 };
  readonly #revoked: string[] = [];
  #underWay: string[] = [];

  constructor(environment: UpkeepEnvironment, options: ForgetOptions) {
    this.#environment = environment;
    this.#options = options;
    this.#call = callOptions(options);
  }

  async run(): Promise<ForgetReport> {
    const { store } = this.#environment;
    const { points: names, keepNone = false, dryRun = false, keepLast, keepWithinMs } = this.#options;
    const { keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly } = this.#options;
    const rules = { keepLast, keepWithinMs, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly };
    if (checkRetention(rules) === (names !== undefined || keepNone)) throw oneOf();
    const listed = await this.#points();
    const { keep, go } = this.#choose(listed, rules, storeTimeMs(this.#environment));
    if (keep.size === 0 && go.length > 0 && !keepNone) throw keepsNothing(store.uri);
    const locked = dryRun ? this.#lockedOf(listed, go) : await this.#removePoints(listed, go);
    const stay = listed.points.filter(({ key }) => keep.has(key) || locked.includes(key));
    if (dryRun) await this.#count(stay, listed);
    else await this.#prune();
    return {
      uri: store.uri,
      kept: stay
        .map(({ key }) => ({ point: nameOfPoint(key), rules: keep.get(key) ?? ['locked'] }))
        .toReversed(),
      forgotten: go.filter((key) => !locked.includes(key)).map(nameOfPoint),
      locked: locked.map(nameOfPoint),
      ...this.#counts,
      underWay: this.#underWay,
      revoked: this.#revoked,
    };
  }

  #points(): Promise<Points> {
    const { store, functions } = this.#environment;
    return listPoints(store, functions, this.#call);
  }

  /** Keys that stay, with what keeps them, and keys that go. */
  #choose(
    { points, unreadable }: Points,
    rules: RetentionRules,
    nowMs: number,
  ): { readonly keep: ReadonlyMap<string, readonly string[]>; readonly go: readonly string[] } {
    const { points: names, keepNone = false } = this.#options;
    const { uri } = this.#environment.store;
    if (names !== undefined) {
      // One that cannot be read can be named in full.
      const bad = unreadable.filter(({ key }) => names.includes(nameOfPoint(key))).map(({ key }) => key);
      const good = names.filter((name) => !bad.some((key) => nameOfPoint(key) === name));
      const go = new Set([...bad, ...good.map((name) => pointOfName(points, name, uri).key)]);
      const rest = points.filter(({ key }) => !go.has(key));
      return { keep: new Map(rest.map(({ key }) => [key, ['named'] as const])), go: [...go] };
    }
    if (keepNone) return { keep: new Map(), go: points.map(({ key }) => key) };
    const entries = points.map(({ key, point }) => ({ id: key, timeMs: point.madeMs })).toReversed();
    const keep = new Map(retained(entries, rules, nowMs).map((one) => [one.id, one.rules] as const));
    return { keep, go: points.map(({ key }) => key).filter((key) => !keep.has(key)) };
  }

  #lockedOf({ points }: Points, go: readonly string[]): string[] {
    const nowMs = storeTimeMs(this.#environment);
    const isLocked = ({ point }: StoredPoint): boolean => point.lockUntilMs > nowMs;
    const locked = new Set(points.filter(isLocked).map(({ key }) => key));
    return go.filter((key) => locked.has(key));
  }

  /** Gives those that stay. */
  async #removePoints(listed: Points, go: readonly string[]): Promise<string[]> {
    const locked = this.#lockedOf(listed, go);
    const free = go.filter((key) => !locked.includes(key));
    // A draft without its point would look like a backup that is under way.
    const ids = new Set(free.map(idOfPointKey));
    const drafts = await draftKeys(this.#environment.store, this.#call);
    const gone = drafts.filter((key) => ids.has(idOfDraftKey(key)));
    await deleteAll(this.#environment.store, gone, this.#call);
    return [...locked, ...(await deleteAll(this.#environment.store, free, this.#call))];
  }

  /** What would be deleted. */
  async #count(stay: readonly StoredPoint[], { unreadable }: Points): Promise<void> {
    const go = new Set(this.#options.points);
    checkReadable(unreadable.filter(({ key }) => !go.has(nameOfPoint(key))));
    const marks = new Marks(this.#environment, this.#call);
    await marks.add(stay);
    for await (const garbage of listGarbage(this.#environment.store, marks, this.#call)) this.#add(garbage);
  }

  #add({ count, sizeBytes }: Garbage): void {
    this.#counts.unneeded += count;
    this.#counts.unneededBytes += sizeBytes;
  }

  async #prune(): Promise<void> {
    const { store } = this.#environment;
    const before = await this.#settled(true);
    if (before === undefined) return;
    const marks = new Marks(this.#environment, this.#call);
    await marks.add(before.points);
    for await (const garbage of listGarbage(store, marks, this.#call)) {
      this.#add(garbage);
      const sinceMs = this.#environment.runtime.monotonic();
      const plan = await writeForgetPlan(
        this.#environment,
        garbage.planned,
        storeTimeMs(this.#environment),
        this.#call,
      );
      const now = await this.#settled(false);
      if (now === undefined) {
        // Nothing was deleted by it.
        await deleteAll(store, [plan], this.#call);
        return;
      }
      await marks.add(now.points);
      await this.#delete(garbage.keys(marks), sinceMs);
    }
    await this.#removeRecords();
  }

  /**
   * The points, when no backup is under way; undefined when one is. Drafts are listed before points: a draft
   * without a point that is not there then will never have one, or has not begun.
   */
  async #settled(mayRevoke: boolean): Promise<Points | undefined> {
    const { store, functions } = this.#environment;
    for (;;) {
      const keys = await draftKeys(store, this.#call);
      const listed = await this.#points();
      checkReadable(listed.unreadable);
      const settled = settledIds(listed);
      const unsettled = keys.filter((key) => !settled.has(idOfDraftKey(key)));
      const drafts = await readDrafts(store, unsettled, functions, this.#call);
      const open = drafts.map(readable);
      if (open.length === 0) return listed;
      const nowMs = storeTimeMs(this.#environment);
      const living = open.filter(({ untilMs }) => untilMs + slackMs > nowMs);
      if (living.length > 0 || !mayRevoke) {
        this.#underWay = open.map(({ point }) => nameOfPoint(point));
        return undefined;
      }
      for (const { point, dataset } of open) {
        if (await revoke(this.#environment, point, dataset, this.#call))
          this.#revoked.push(nameOfPoint(point));
      }
    }
  }

  async #delete(batches: Iterable<{ keys: string[]; sizes: number[] }>, sinceMs: number): Promise<void> {
    const { store, runtime } = this.#environment;
    const { onProgress } = this.#options;
    // Lanes that share one iterator: keys are made as they go.
    const shared = batches[Symbol.iterator]();
    await mapBounded(Array.from({ length: deletesAtOnce }), deletesAtOnce, async () => {
      for (let next = shared.next(); next.done !== true; next = shared.next()) {
        throwIfAborted(this.#call.signal);
        if (runtime.monotonic() - sinceMs > planUsedMs) throw tookTooLong();
        const { keys, sizes } = next.value;
        const locked = new Set(await deleteAll(store, keys, this.#call));
        for (const [i, key] of keys.entries()) {
          if (locked.has(key)) this.#counts.lockedObjects += 1;
          else {
            this.#counts.deleted += 1;
            this.#counts.deletedBytes += sizes[i] ?? 0;
          }
        }
        onProgress?.(this.#counts.deleted, this.#counts.unneeded);
      }
    });
  }

  /** Drafts whose points are there, or never will be; plans that nobody deletes by any more. */
  async #removeRecords(): Promise<void> {
    const { store } = this.#environment;
    const drafts = await draftKeys(store, this.#call);
    const settled = settledIds(await this.#points());
    const beforeMs = storeTimeMs(this.#environment) - plansKeptMs;
    const plans = (await listPlans(store, this.#call)).filter(({ modifiedMs }) => modifiedMs < beforeMs);
    const over = drafts.filter((key) => settled.has(idOfDraftKey(key)));
    await deleteAll(store, [...over, ...plans.map(({ key }) => key)], this.#call);
  }
}

/** Of drafts whose points are there, or never will be. */
function settledIds({ points, revoked }: Points): Set<string | undefined> {
  return new Set([...revoked, ...points.map(({ id }) => id)]);
}

/** `Corrupt` for a draft that cannot be read: which point it announces is not known. */
function readable({ draft, keys: [key = ''] }: StoredDraft): NonNullable<StoredDraft['draft']> {
  if (draft !== undefined) return draft;
  throw new NacreError('Corrupt', `${key} cannot be read, so which point it announces is not known`, {
    context: { key },
    hint: 'No object was deleted. Remove it when no backup to this place is under way.',
  });
}

/** All states of keys; gives the keys that stay. */
async function deleteAll(store: ObjectStore, keys: readonly string[], call: CallOptions): Promise<string[]> {
  const locked: string[] = [];
  for (let first = 0; first < keys.length; first += deleteBatch) {
    const some = keys.slice(first, first + deleteBatch);
    const deleted = await store.versioned?.deleteForGood(some, call).catch((error: unknown) => {
      // Who may delete and not list states, and servers that have none.
      if (isNacreError(error, 'PermissionDenied') || isNacreError(error, 'InvalidArgument')) return undefined;
      throw error;
    });
    if (deleted === undefined) await store.delete(some, call);
    else locked.push(...deleted);
  }
  return locked;
}

function checkReadable(unreadable: Points['unreadable']): void {
  const [first] = unreadable;
  if (first === undefined) return;
  const { key, error } = first;
  throw new NacreError(error.code, `${key} cannot be read, so what it needs is not known: ${error.message}`, {
    cause: error,
    context: { key },
    hint: `No object was deleted. Forget it by its name, ${nameOfPoint(key)}, where it is of no use.`,
  });
}

function oneOf(): NacreError {
  return new NacreError('InvalidArgument', 'say what is kept, or which points go', {
    hint: 'Give rules such as keepDaily (--keep-daily 7), or the names of points.',
  });
}

function keepsNothing(uri: string): NacreError {
  return new NacreError('InvalidArgument', `${uri}: no point would be left`, {
    context: { uri },
    hint: 'Keep one, or say that none is to be kept (--keep-none).',
  });
}

function tookTooLong(): NacreError {
  return new NacreError('Unavailable', 'what was found to be unneeded was found more than a day ago', {
    hint: 'Run it again: it looks anew at what is left.',
  });
}
