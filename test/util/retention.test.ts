import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkRetention,
  periodRules,
  periodStart,
  retained,
  type RetentionEntry,
  type RetentionRules,
} from '../../src/util/retention.js';

const dayMs = 24 * 3_600_000;
const at = (text: string): number => Date.parse(text);
const entry = (text: string): RetentionEntry<string> => ({ id: text, timeMs: at(text) });
const idsOf = (kept: readonly { readonly id: unknown }[]): unknown[] => kept.map(({ id }) => id);

describe('retention', () => {
  test('of a day the newest entry stays, and days without one do not count', () => {
    const entries = ['2026-03-09T12:00Z', '2026-03-09T01:00Z', '2026-03-05T23:59Z', '2026-03-04T00:00Z'];
    const kept = retained(entries.map(entry), { keepDaily: 2 }, at('2026-03-10T00:00Z'));
    expect(idsOf(kept)).toEqual(['2026-03-09T12:00Z', '2026-03-05T23:59Z']);
  });

  test('weeks begin on Monday, also across the end of a year', () => {
    // 2026-01-01 is a Thursday: its ISO week is that of 2025-12-29.
    const entries = ['2026-01-05T00:00Z', '2026-01-04T23:59Z', '2025-12-29T00:00Z', '2025-12-28T23:59Z'];
    const kept = retained(entries.map(entry), { keepWeekly: 10 }, at('2026-01-06T00:00Z'));
    expect(idsOf(kept)).toEqual(['2026-01-05T00:00Z', '2026-01-04T23:59Z', '2025-12-28T23:59Z']);
  });

  test('days, months and years are those of UTC', () => {
    const entries = ['2026-01-01T00:00Z', '2025-12-31T23:59Z', '2025-12-01T00:00Z', '2025-11-30T23:59Z'];
    const kept = (rules: RetentionRules) =>
      idsOf(retained(entries.map(entry), rules, at('2026-02-01T00:00Z')));
    expect(kept({ keepMonthly: 9 })).toEqual(['2026-01-01T00:00Z', '2025-12-31T23:59Z', '2025-11-30T23:59Z']);
    expect(kept({ keepYearly: 9 })).toEqual(['2026-01-01T00:00Z', '2025-12-31T23:59Z']);
    expect(kept({ keepHourly: 2 })).toEqual(['2026-01-01T00:00Z', '2025-12-31T23:59Z']);
  });

  test('an entry is told with every rule that keeps it', () => {
    const entries = ['2026-03-09T12:00Z', '2026-03-08T12:00Z', '2026-03-07T12:00Z'].map(entry);
    const rules = { keepLast: 1, keepDaily: 2, keepWithinMs: dayMs };
    const kept = retained(entries, rules, at('2026-03-09T12:00Z'));
    expect(kept.map((one) => one.rules)).toEqual([
      ['keepLast', 'keepWithinMs', 'keepDaily'],
      ['keepWithinMs', 'keepDaily'],
    ]);
  });

  test('rules that keep nothing, and numbers that are none, are refused', () => {
    expect(checkRetention({})).toBe(false);
    expect(checkRetention({ keepDaily: undefined })).toBe(false);
    expect(checkRetention({ keepDaily: 0, keepLast: 1 })).toBe(true);
    expect(checkRetention({ keepWithinMs: 0 })).toBe(true);
    const bad = [{ keepDaily: 0 }, { keepLast: -1 }, { keepWeekly: 1.5 }, { keepMonthly: Number.NaN }];
    for (const rules of [...bad, { keepWithinMs: -1 }, { keepWithinMs: Number.POSITIVE_INFINITY }])
      expect(() => checkRetention(rules)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  });
});

describe('of any history and any rules', () => {
  const nowMs = at('2026-03-10T15:00Z');
  const histories = fc
    .array(fc.integer({ min: 0, max: 900 * 24 }), { maxLength: 60 })
    .map((hours) => hours.toSorted((a, b) => a - b).map((h, id) => ({ id, timeMs: nowMs - h * 3_600_000 })));
  const count = fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined });
  const rulesOf = fc.record({
    ...{ keepLast: count, keepHourly: count, keepDaily: count, keepWeekly: count },
    ...{ keepMonthly: count, keepYearly: count },
    keepWithinMs: fc.option(fc.integer({ min: 0, max: 400 * dayMs }), { nil: undefined }),
  });

  test('what is kept is the union of what each rule keeps', () => {
    fc.assert(
      fc.property(histories, rulesOf, (entries, rules) => {
        const each = Object.entries(rules).flatMap(([rule, value]) =>
          idsOf(retained(entries, { [rule]: value }, nowMs)),
        );
        expect(new Set(idsOf(retained(entries, rules, nowMs)))).toEqual(new Set(each));
      }),
    );
  });

  test('the same rules take nothing more from what is left, nor change its order', () => {
    fc.assert(
      fc.property(histories, rulesOf, (entries, rules) => {
        const kept = retained(entries, rules, nowMs);
        expect(retained(kept, rules, nowMs)).toEqual(kept);
        expect(kept.map(({ timeMs }) => timeMs)).toEqual(
          kept.map(({ timeMs }) => timeMs).toSorted((a, b) => b - a),
        );
      }),
    );
  });

  test('a rule keeps the newest of each period that it keeps, and no more than its number', () => {
    const day = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);
    fc.assert(
      fc.property(histories, fc.integer({ min: 0, max: 12 }), (entries, keepDaily) => {
        const kept = retained(entries, { keepDaily }, nowMs);
        const days = [...new Set(entries.map(({ timeMs }) => day(timeMs)))];
        expect(kept.map(({ timeMs }) => day(timeMs))).toEqual(days.slice(0, keepDaily));
        for (const { id, timeMs } of kept)
          expect(entries.find((other) => day(other.timeMs) === day(timeMs))?.id).toBe(id);
      }),
    );
  });

  test('a larger number keeps no less', () => {
    fc.assert(
      fc.property(histories, rulesOf, (entries, rules) => {
        const more = Object.fromEntries(Object.entries(rules).map(([rule, n]) => [rule, (n ?? 0) + 1]));
        const kept = new Set(idsOf(retained(entries, more, nowMs)));
        for (const id of idsOf(retained(entries, rules, nowMs))) expect(kept).toContain(id);
      }),
    );
  });

  test('a period begins where an entry of it, and none of the one before, stands', () => {
    const instants = fc.integer({ min: 0, max: Date.parse('2200-01-01T00:00Z') });
    fc.assert(
      fc.property(instants, fc.constantFrom(...periodRules), (timeMs, rule) => {
        const start = periodStart(rule, timeMs);
        expect(start).toBeLessThanOrEqual(timeMs);
        const both = [
          { id: 'it', timeMs },
          { id: 'start', timeMs: start },
          { id: 'before', timeMs: start - 1 },
        ];
        expect(idsOf(retained(both, { [rule]: 9 }, timeMs))).toEqual(['it', 'before']);
      }),
    );
  });
});
