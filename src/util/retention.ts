// Which entries of a history are kept by rules such as "one a day for a week". Pure.
//
// A rule of a period keeps the newest entry of each of so many periods, the newest ones that have an entry:
// days on which nothing was made count for nothing. Periods are of UTC: days from midnight, ISO weeks from
// Monday, calendar months and years. What one rule keeps is kept. What was kept once stays kept when the same
// rules are applied again at that time to what is left.
import { NacreError } from '../errors.js';

export interface RetentionRules {
  /** Keeps so many of the newest entries. */
  readonly keepLast?: number | undefined;
  /** Keeps what is at most so old, milliseconds. */
  readonly keepWithinMs?: number | undefined;
  /** Keeps the newest entry of each of so many hours. */
  readonly keepHourly?: number | undefined;
  readonly keepDaily?: number | undefined;
  readonly keepWeekly?: number | undefined;
  readonly keepMonthly?: number | undefined;
  readonly keepYearly?: number | undefined;
}

export type RetentionRule = keyof RetentionRules;

export interface RetentionEntry<Id> {
  readonly id: Id;
  /** When it was made, milliseconds since 1970. */
  readonly timeMs: number;
}

export interface Retained<Id> extends RetentionEntry<Id> {
  /** Which rules keep it, at least one. */
  readonly rules: readonly RetentionRule[];
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** 1970-01-01 was a Thursday: its week began three days before. */
const daysSinceMonday = 3;

export type PeriodRule = Exclude<RetentionRule, 'keepLast' | 'keepWithinMs'>;

/** The number of the period that an instant is in. */
const periodOf: Readonly<Record<PeriodRule, (timeMs: number) => number>> = {
  keepHourly: (timeMs) => Math.floor(timeMs / hourMs),
  keepDaily: (timeMs) => Math.floor(timeMs / dayMs),
  keepWeekly: (timeMs) => Math.floor((Math.floor(timeMs / dayMs) + daysSinceMonday) / 7),
  keepMonthly: (timeMs) => {
    const date = new Date(timeMs);
    return date.getUTCFullYear() * 12 + date.getUTCMonth();
  },
  keepYearly: (timeMs) => new Date(timeMs).getUTCFullYear(),
};

export const periodRules = Object.keys(periodOf) as readonly PeriodRule[];

/** The first instant of the period that an instant is in, milliseconds since 1970. */
export function periodStart(rule: PeriodRule, timeMs: number): number {
  const period = periodOf[rule](timeMs);
  switch (rule) {
    case 'keepHourly':
      return period * hourMs;
    case 'keepDaily':
      return period * dayMs;
    case 'keepWeekly':
      return (period * 7 - daysSinceMonday) * dayMs;
    case 'keepMonthly':
      return Date.UTC(Math.floor(period / 12), period % 12);
    case 'keepYearly':
      return Date.UTC(period, 0);
  }
}

/** Whether there is a rule. `InvalidArgument` for a number that is none, or rules that keep nothing. */
export function checkRetention(rules: RetentionRules): boolean {
  const given = (Object.keys(rules) as RetentionRule[]).filter((rule) => rules[rule] !== undefined);
  for (const rule of given) {
    const value = rules[rule] ?? 0;
    const isRight = rule === 'keepWithinMs' ? Number.isFinite(value) : Number.isSafeInteger(value);
    if (isRight && value >= 0) continue;
    const what = rule === 'keepWithinMs' ? 'number of milliseconds' : 'number of entries';
    throw new NacreError('InvalidArgument', `${rule} is ${String(value)}, no ${what}`);
  }
  if (given.length === 0 || given.some((rule) => rule === 'keepWithinMs' || (rules[rule] ?? 0) > 0))
    return given.length > 0;
  throw new NacreError('InvalidArgument', 'these rules would keep nothing', {
    hint: 'Give at least one of them a number above 0.',
  });
}

/**
 * The entries that rules keep, in their order, each with the rules that keep it. `entries` are the newest
 * first; of entries of one time the first one counts as the newest. Cost: one pass for each rule.
 */
export function retained<Id>(
  entries: readonly RetentionEntry<Id>[],
  rules: RetentionRules,
  nowMs: number,
): Retained<Id>[] {
  const { keepLast = 0, keepWithinMs } = rules;
  const keeping = entries.map((): RetentionRule[] => []);
  for (const [i, { timeMs }] of entries.entries()) {
    if (i < keepLast) keeping[i]?.push('keepLast');
    if (keepWithinMs !== undefined && timeMs >= nowMs - keepWithinMs) keeping[i]?.push('keepWithinMs');
  }
  for (const rule of periodRules) {
    const seen = new Set<number>();
    const most = rules[rule] ?? 0;
    for (const [i, { timeMs }] of entries.entries()) {
      if (seen.size >= most) break;
      const period = periodOf[rule](timeMs);
      if (seen.has(period)) continue;
      seen.add(period);
      keeping[i]?.push(rule);
    }
  }
  return entries.flatMap(({ id, timeMs }, i) => {
    const by = keeping[i] ?? [];
    return by.length === 0 ? [] : [{ id, timeMs, rules: by }];
  });
}
