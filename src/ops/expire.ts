// Expiry: a version that says of older ones that their data is kept no longer. Clean-up deletes it later.
//
// Roots stay for ever, so `log` goes on naming all versions. What is kept is every version from one on, and
// of those before it the tagged and the leased ones. A version was the head until its child landed, so ages
// count from there: the oldest version that is young enough is the one that was the head at that time.
import { NacreError } from '../errors.js';
import { newestUpTo } from '../manifest/locate.js';
import { HistoryDraft } from '../manifest/history-draft.js';
import { listLeases, livingLeases } from '../manifest/leases.js';
import { make, type Root, v1 } from '../manifest/message.js';
import type { HistoryChange } from '../manifest/transaction.js';
import type { CallOptions } from '../storage/object-store.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import { storeTimeMs } from './clock.js';
import { checkRetention, type PeriodRule, periodRules, type Retained } from '../util/retention.js';
import { keptForPeriods } from './expire/periods.js';
import { checkSpan, dayMs, type Signature, signed, type Upkeep } from './upkeep.js';

export type { Retained, RetentionRule } from '../util/retention.js';

/** A root names each version that is kept before the others. */
const mostPeriods = 1_000;

/**
 * `keepDaily: 7` keeps the newest version of each of the last seven days that have one; days, months and
 * years are those of UTC, weeks begin on Monday.
 */
export interface ExpireOptions extends CallOptions, Signature, Partial<Record<PeriodRule, number>> {
  /** Keeps so many of the newest versions. */
  readonly keepLast?: number;
  /** Keeps what was the newest version within so many milliseconds. */
  readonly keepWithinMs?: number;
  /**
   * Keeps this in any case, milliseconds: who opened a version then may read it still. Default 24 hours.
   */
  readonly minAgeMs?: number;
  /** Says what would go, and writes nothing. Default false. */
  readonly dryRun?: boolean;
}

export interface ExpireReport {
  /** The version that says so; the newest one where nothing goes, and of a dry run. */
  readonly version: number;
  /** Numbers of the versions that go, `[start, end)` each, ascending. */
  readonly expired: readonly { readonly start: number; readonly end: number }[];
  /** Versions from this one on are kept, */
  readonly keptFrom: number;
  /** and of those before it these. */
  readonly keptAlso: readonly number[];
  /**
   * Versions that rules of periods keep, newest first, with when they were committed and by which rules;
   * absent where there is no such rule.
   */
  readonly keptForPeriods?: readonly Retained<number>[];
}

export async function expire(upkeep: Upkeep, options: ExpireOptions): Promise<ExpireReport> {
  const { keepLast, keepWithinMs, minAgeMs = dayMs, dryRun = false } = options;
  const rules = Object.fromEntries(periodRules.map((rule) => [rule, options[rule]]));
  if (!checkRetention({ ...rules, keepLast, keepWithinMs })) {
    throw new NacreError('InvalidArgument', 'nothing says which versions are to be kept', {
      hint:
        'Give keepLast, keepWithinMs or keepDaily (--keep-last 10, --keep-within 30d, --keep-daily 7), or ' +
        'several: then each keeps.',
    });
  }
  if (periodRules.reduce((sum, rule) => sum + (options[rule] ?? 0), 0) > mostPeriods)
    throw new NacreError('InvalidArgument', `rules for more than ${mostPeriods} periods`, {
      hint: 'Keep fewer of them, or all versions of some time: --keep-within 30d.',
    });
  if (keepLast !== undefined && !(Number.isSafeInteger(keepLast) && keepLast >= 1))
    throw new NacreError('InvalidArgument', `keepLast is ${keepLast}, no number of versions`, {
      hint: 'Give 1 or more: the newest version is kept in any case.',
    });
  const spans = [checkSpan(minAgeMs, 'minAgeMs')];
  if (keepWithinMs !== undefined) spans.push(checkSpan(keepWithinMs, 'keepWithinMs'));

  const { store, functions } = upkeep;
  const call = callOptions(options);
  const head = await upkeep.head(call);
  const { root } = head;
  const nowMs = storeTimeMs(upkeep);
  const oldest = root.kept?.from ?? 1;
  const then = await newestUpTo({ store, functions, head }, nowMs - Math.max(...spans), call);
  const since = 'root' in then ? then.root.version : oldest;
  const from = Math.max(oldest, Math.min(since, root.version - (keepLast ?? 0) + 1));
  const leases = livingLeases(await listLeases(store, functions, call), root.dataset, nowMs);
  const periods = await keptForPeriods({ store, functions, head }, rules, nowMs, call);
  const keep = { from, also: [...leases.map(({ lease }) => lease.version), ...periods.map(({ id }) => id)] };

  const draft = new HistoryDraft(root, root.version + 1);
  const change: HistoryChange = { kind: 'expire', keep };
  draft.apply([change]);
  const planned = keptOf(draft.build(nowMs));
  const gone = expiredBetween(keptOf(root), planned);
  if (dryRun || gone.length === 0)
    return reportOf(root.version, periods, keptOf(root), gone.length > 0 ? planned : undefined);
  const count = gone.reduce((sum, { start, end }) => sum + end - start, 0);
  const what = count === 1 ? 'a version' : `${count} versions`;
  const version = await upkeep.commit([change], signed(options, `expire ${what}`));
  // A tag that was set or deleted meanwhile counts; what has landed is no failure where that cannot be read.
  const now = await upkeep.head(call).catch(() => undefined);
  return reportOf(version, periods, keptOf(root), now === undefined ? planned : keptOf(now.root));
}

interface KeptVersions {
  readonly from: number;
  readonly also: readonly number[];
}

function keptOf({ kept }: Pick<Root, 'kept'>): KeptVersions {
  const { from, also } = kept ?? make(v1.Kept, { from: 1 });
  return { from, also };
}

function reportOf(
  version: number,
  periods: readonly Retained<number>[],
  before: KeptVersions,
  after = before,
): ExpireReport {
  const expired = expiredBetween(before, after);
  const also = periods.length === 0 ? {} : { keptForPeriods: periods };
  return { version, expired, keptFrom: after.from, keptAlso: after.also, ...also };
}

/** Versions that were kept and are no longer, by number. */
function expiredBetween(before: KeptVersions, after: KeptVersions): { start: number; end: number }[] {
  const stay = new Set(after.also);
  const ranges = before.also
    .filter((version) => version < before.from && !stay.has(version))
    .map((version) => ({ start: version, end: version + 1 }));
  let start = before.from;
  for (const end of [...after.also.filter((version) => version >= before.from), after.from]) {
    if (end > start) ranges.push({ start, end });
    start = end + 1;
  }
  return ranges;
}
