// A schedule: one run after the other, at the times of its expression, whatever becomes of each.
import { describe, expect, test } from 'vitest';
import { NacreError } from '../../../src/errors.js';
import { cronOf, runAt } from '../../../src/ops/backup/schedule.js';
import { failure } from '../../support/failure.js';
import { FakeRuntime } from '../../support/fake-runtime.js';

const minuteMs = 60_000;
const start = Date.parse('2026-01-02T10:00:30Z');
const text = (ms: number): string => new Date(ms).toISOString().slice(11, 16);

/** Runs for so long each, until some are over; gives when each was due and when it began. */
async function ran(expression: string, lengthsMs: readonly number[], fails: readonly number[] = []) {
  const runtime = new FakeRuntime({ startMs: start });
  const abort = new AbortController();
  const runs: string[] = [];
  const failures: string[] = [];
  const run = async (dueMs: number): Promise<void> => {
    const at = runs.push(`${text(dueMs)} at ${text(runtime.now())}`) - 1;
    await runtime.sleep(lengthsMs[at] ?? 0);
    if (at + 1 >= lengthsMs.length) abort.abort();
    if (fails.includes(at)) throw new NacreError('Unavailable', 'the store is away');
  };
  const failed = async ({ code }: NacreError, dueMs: number): Promise<void> => {
    failures.push(`${code} ${text(dueMs)}`);
  };
  const work = failure(runAt(runtime, expression, run, failed, { signal: abort.signal }));
  for (let minute = 0; !abort.signal.aborted && minute < 10_000; minute++) await runtime.advance(minuteMs);
  expect((await work).code).toBe('Aborted');
  return { runs, failures };
}

describe('the times of a schedule', () => {
  test('what is no expression, names no time to come, or no time zone, is a mistake', () => {
    for (const expression of ['', 'nonsense', '* * * *', '* * * * * *', '61 * * * *', '0 0 30 2 *'])
      expect(() => cronOf(expression).after(start), expression).toThrow(/schedule|no time/);
    expect(() => cronOf('0 0 * * *', 'Nowhere/Else').after(start)).toThrow(/time zone/);
  });

  test('are of UTC, or of the zone that is named', () => {
    const at = (zone?: string) => new Date(cronOf('30 2 * * *', zone).after(start)).toISOString();
    expect(at()).toBe('2026-01-03T02:30:00.000Z');
    expect(at('Europe/Berlin')).toBe('2026-01-03T01:30:00.000Z');
  });
});

describe('runs', () => {
  test('come at their times, and end with the signal', async () => {
    const { runs, failures } = await ran('*/15 * * * *', [minuteMs, minuteMs, minuteMs]);
    expect(runs).toEqual(['10:15 at 10:15', '10:30 at 10:30', '10:45 at 10:45']);
    expect(failures).toEqual([]);
  });

  test('one that takes longer delays the next, and of several that it misses one is made up for', async () => {
    const { runs } = await ran('*/15 * * * *', [40 * minuteMs, minuteMs, minuteMs]);
    expect(runs).toEqual(['10:15 at 10:15', '10:30 at 10:55', '11:00 at 11:00']);
  });

  test('one that fails is told, and the next comes at its time', async () => {
    const { runs, failures } = await ran('*/15 * * * *', [minuteMs, minuteMs, minuteMs], [0, 1]);
    expect(runs).toHaveLength(3);
    expect(failures).toEqual(['Unavailable 10:15', 'Unavailable 10:30']);
  });
});
