// The newest version of each hour, day, week, month or year, as far as rules of retention ask for it.
//
// What is kept are all versions from one on, whose times only grow, and some before it. Of the former the
// next one that counts is found by halves, from the beginning of the period of the one before; the latter are
// few, and each is read. So the cost goes with the number of periods, not with that of versions.
import { readRoot } from '../../manifest/head.js';
import { newestUpTo, type Place } from '../../manifest/locate.js';
import type { LoadedRoot } from '../../manifest/root.js';
import type { CallOptions } from '../../storage/object-store.js';
import { mapBounded } from '../../util/bounded.js';
import {
  type PeriodRule,
  periodRules,
  periodStart,
  type Retained,
  retained,
  type RetentionEntry,
  type RetentionRules,
} from '../../util/retention.js';

/** Roots read side by side. */
const readsAtOnce = 16;

/**
 * Kept versions that the rules of periods keep, newest first. Cost: for each period what `newestUpTo` takes,
 * and a request for each version that is kept beside those from `kept.from` on.
 */
export async function keptForPeriods(
  place: Place,
  rules: RetentionRules,
  nowMs: number,
  call: CallOptions,
): Promise<Retained<number>[]> {
  const asked = periodRules.filter((rule) => (rules[rule] ?? 0) > 0);
  if (asked.length === 0) return [];
  const found = new Map<number, RetentionEntry<number>>();
  const add = ({ root }: LoadedRoot): void => {
    found.set(root.version, { id: root.version, timeMs: root.timeMs });
  };
  for (const rule of asked)
    for (const loaded of await newestOfEach(place, rule, rules[rule] ?? 0, call)) add(loaded);
  const { store, functions, head } = place;
  const { from = 1, also = [] } = head.root.kept ?? {};
  const before = also.filter((version) => version < from);
  const roots = await mapBounded(before, readsAtOnce, (version) => readRoot(store, version, functions, call));
  for (const loaded of roots) if (loaded !== undefined) add(loaded);
  const entries = [...found.values()].toSorted((a, b) => b.id - a.id);
  const periods = Object.fromEntries(asked.map((rule) => [rule, rules[rule]]));
  return retained(entries, periods, nowMs);
}

/** Among versions from `kept.from` on. */
async function newestOfEach(
  place: Place,
  rule: PeriodRule,
  count: number,
  call: CallOptions,
): Promise<LoadedRoot[]> {
  const { head } = place;
  const from = head.root.kept?.from ?? 1;
  const newest = [head];
  let current = head;
  while (newest.length < count) {
    const earlier = await newestUpTo(place, periodStart(rule, current.root.timeMs) - 1, call);
    if (!('root' in earlier) || earlier.root.version < from) break;
    newest.push(earlier);
    current = earlier;
  }
  return newest;
}
