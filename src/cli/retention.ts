// Rules that say what is kept, of versions and of points alike.
import type { Command } from 'commander';
import type { RetentionRules } from '../index.js';
import { parseAge, parseCount } from './values.js';

export interface KeepOptions {
  readonly keepLast?: number;
  readonly keepWithin?: number;
  readonly keepHourly?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly keepMonthly?: number;
  readonly keepYearly?: number;
}

export const periods = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

/** The rule of a period, and the period. */
export const periodRules = {
  hourly: ['keepHourly', 'hour'],
  daily: ['keepDaily', 'day'],
  weekly: ['keepWeekly', 'week'],
  monthly: ['keepMonthly', 'month'],
  yearly: ['keepYearly', 'year'],
} as const;

/** Options of a command that keeps some of what it is about: `what`, a version or a point. */
export function keeping(command: Command, what: 'version' | 'point'): Command {
  const within = what === 'version' ? 'what was the newest within' : 'points of the last';
  const first = command
    .option('--keep-last <N>', `keep the newest N ${what}s`, parseCount)
    .option('--keep-within <age>', `keep ${within} 12h, 30d or 8w`, parseAge);
  return periods.reduce(
    (all, name) =>
      all.option(
        `--keep-${name} <N>`,
        `keep the newest ${what} of each of N ${periodRules[name][1]}s`,
        parseCount,
      ),
    first,
  );
}

/** The rules that were given; undefined for none. */
export function rulesOf({
  keepLast,
  keepWithin,
  ...counts
}: KeepOptions): Partial<Record<keyof RetentionRules, number>> | undefined {
  const rules = {
    ...(keepLast === undefined ? {} : { keepLast }),
    ...(keepWithin === undefined ? {} : { keepWithinMs: keepWithin }),
    ...Object.fromEntries(
      periods.flatMap((name) => {
        const [rule] = periodRules[name];
        return counts[rule] === undefined ? [] : [[rule, counts[rule]]];
      }),
    ),
  };
  return Object.keys(rules).length === 0 ? undefined : rules;
}
