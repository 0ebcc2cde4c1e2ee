// Backups at the times of a cron expression, one after the other, for as long as the process lives.
import { Cron } from 'croner';
import { isNacreError, NacreError } from '../../errors.js';
import type { CallOptions } from '../../storage/object-store.js';
import { quoted } from '../../util/text.js';
import { type Runtime, throwIfAborted } from '../../util/runtime.js';

export interface ScheduleTimes extends CallOptions {
  /** Of the expression: a name of the IANA. Default UTC. */
  readonly timeZone?: string;
}

/** The clock is looked at so often while nothing is due: it may be set. */
const mostSleepMs = 60_000;

/** Errors: `InvalidArgument` for what is no expression of five parts, or names no time to come. */
export function cronOf(expression: string, timeZone = 'UTC'): { after(ms: number): number } {
  const hint = "Write minute, hour, day of month, month and day of week: '*/15 * * * *' is every 15 minutes.";
  let cron: Cron;
  try {
    cron = new Cron(expression, { timezone: timeZone, mode: '5-part' });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NacreError('InvalidArgument', `${quoted(expression, 80)} is no schedule: ${reason}`, {
      cause,
      hint,
    });
  }
  return {
    after(ms) {
      let next: Date | null;
      try {
        next = cron.nextRun(new Date(ms));
      } catch (cause) {
        const message = `there is no time zone ${quoted(timeZone, 40)}`;
        throw new NacreError('InvalidArgument', message, { cause, hint: 'Write one as Europe/Berlin.' });
      }
      if (next !== null) return next.getTime();
      throw new NacreError('InvalidArgument', `${quoted(expression, 80)} names no time to come`, { hint });
    },
  };
}

/**
 * Calls `run` at each time, until the signal fires: `Aborted`. One that is still going when the next is due
 * delays it; of several that were missed one is made up for. What `run` throws goes to `failed`, and the next
 * one comes.
 */
export async function runAt(
  runtime: Runtime,
  expression: string,
  run: (dueMs: number) => Promise<void>,
  failed: (error: NacreError, dueMs: number) => Promise<void>,
  { timeZone, signal }: ScheduleTimes,
): Promise<never> {
  const cron = cronOf(expression, timeZone);
  let sinceMs = runtime.now();
  for (;;) {
    const dueMs = cron.after(sinceMs);
    for (let leftMs = dueMs - runtime.now(); leftMs > 0; leftMs = dueMs - runtime.now())
      await runtime.sleep(Math.min(leftMs, mostSleepMs), signal);
    throwIfAborted(signal);
    // What is missed while it runs is made up for by one: the next one is due from its start on.
    sinceMs = Math.max(dueMs, runtime.now());
    try {
      await run(dueMs);
    } catch (error) {
      throwIfAborted(signal);
      if (!isNacreError(error)) throw error;
      await failed(error, dueMs);
    }
  }
}
