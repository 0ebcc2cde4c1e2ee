// Backups by address. Each verb is loaded when it is called.
import { isNacreError, NacreError } from '../errors.js';
import { instantOf } from '../manifest/version-reference.js';
import type { BackupOptions, BackupReport } from '../ops/backup/create.js';
import type { ForgetOptions, ForgetReport } from '../ops/backup/forget.js';
import type { BackupList } from '../ops/backup/list.js';
import type { BackupVerification, VerifyBackupOptions } from '../ops/backup/verify.js';
import type { CallOptions } from '../storage/object-store.js';
import { callOptions } from '../storage/wrap/forwarding.js';
import type { RetentionRules } from '../util/retention.js';
import { systemRuntime } from '../util/runtime.js';
import { at, type UpkeepConnection, withReplicas } from './by-address.js';
import type { RestoreSample } from './backup-sample.js';
import type { RestoreToOptions, RestoreToReport } from './restore-to.js';

export interface RestoreBackupOptions
  extends Pick<RestoreToOptions, 'dryRun' | 'bytesPerSecond' | 'onProgress' | 'author' | 'host' | 'message'>,
    CallOptions {
  /** Names the point. Default the newest one. */
  readonly point?: string;
  /** The newest point whose version had been committed by then; not together with `point`. */
  readonly at?: Date | number | string;
}

export interface VerifyOptions extends VerifyBackupOptions {
  /**
   * Restores so much of the rows of the point (of the newest one, with `all`) into a folder of this machine
   * as well, reads them there, and compares: 0.01 is 1 %. Default none.
   */
  readonly restoreSample?: number;
}

export interface RestoreBackupReport extends RestoreToReport {
  /** The point that was restored. */
  readonly point: string;
}

/** One run of a schedule. */
export interface ScheduledBackup {
  /** The time that it was for, ISO 8601. */
  readonly due: string;
  /** Undefined where no point was made. */
  readonly report?: BackupReport;
  readonly forgotten?: ForgetReport;
  readonly error?: NacreError;
}

export interface ScheduleOptions extends BackupOptions {
  /** Points that these do not keep are forgotten after each. Default: all stay. */
  readonly rules?: RetentionRules;
  /** Of the expression: a name of the IANA. Default UTC. */
  readonly timeZone?: string;
  /** Told of each run when it has ended. */
  readonly onRun?: (run: ScheduledBackup) => Promise<void> | void;
}

/**
 * Backups: points in a prefix of their own, of which each is what a dataset kept at one version. Objects that
 * several points need are there once. All that makes them is create-only; nothing but `forget` deletes.
 */
export const backup = {
  /** Makes a point of the newest version. See {@link BackupReport}. */
  create(
    uri: string,
    destination: string,
    options: BackupOptions & UpkeepConnection = {},
  ): Promise<BackupReport> {
    return at(uri, options, (from) =>
      at(destination, options, async (to) => {
        const { createBackup } = await import('../ops/backup/create.js');
        return withReplicas(from, to, options, (openReplicas) =>
          createBackup(from, to, openReplicas, options),
        );
      }),
    );
  },

  /** The points that there are. Cost: a LIST for each 1,000, and a GET each. */
  list(uri: string, options: UpkeepConnection = {}): Promise<BackupList> {
    return at(uri, options, async (environment) =>
      (await import('../ops/backup/list.js')).listBackups(environment, callOptions(options)),
    );
  },

  /**
   * Whether points can be restored: reads what they need, and compares it. See {@link BackupVerification}.
   */
  verify(
    uri: string,
    options: VerifyOptions & UpkeepConnection = {},
  ): Promise<BackupVerification & { readonly sample?: RestoreSample }> {
    const { restoreSample: fraction, ...rest } = options;
    return at(uri, options, async (environment) => {
      const report = await (await import('../ops/backup/verify.js')).verifyBackups(environment, rest);
      // What is lost is told; a sample that meets it would end with that.
      if (fraction === undefined || report.damaged.some((one) => !one.isRestorable)) return report;
      const [{ listPoints }, { pointOfName, chooseNewest }, { restoreSample }] = await Promise.all([
        import('../manifest/points.js'),
        import('../ops/backup/names.js'),
        import('./backup-sample.js'),
      ]);
      const call = callOptions(options);
      const { points } = await listPoints(environment.store, environment.functions, call);
      const { uri: place } = environment.store;
      const stored =
        rest.point === undefined ? chooseNewest(points, place) : pointOfName(points, rest.point, place);
      return { ...report, sample: await restoreSample(environment, stored, fraction, call) };
    });
  },

  /**
   * Restores a point into an empty place, which becomes a dataset of its own: the history up to the point's
   * version, with the data of the versions that it kept, and a version of a new lineage on top. Objects are
   * found by their hash: bytes that were written over are looked for where the bucket keeps states. A restore
   * that was interrupted goes on when it is run again.
   *
   * Cost: a GET and a PUT a version and an object. Errors: `NotFound` without such a point, `InvalidArgument`
   * where something else is at the destination, `Corrupt` for an object of which nobody has the right bytes.
   */
  restore(
    uri: string,
    destination: string,
    options: RestoreBackupOptions & UpkeepConnection = {},
  ): Promise<RestoreBackupReport> {
    const { point: name, at: time, ...rest } = options;
    if (name !== undefined && time !== undefined)
      throw new NacreError('InvalidArgument', 'a point is named, or found by a time', {
        hint: 'Leave one of point and at out.',
      });
    return at(uri, options, async (from) => {
      const [{ listPoints }, names, { viewPoint }, { pastPlaces }, { restoreTo }] = await Promise.all([
        import('../manifest/points.js'),
        import('../ops/backup/names.js'),
        import('../ops/backup/view.js'),
        import('../ops/backup/states.js'),
        import('./restore-to.js'),
      ]);
      const call = callOptions(options);
      const { points } = await listPoints(from.store, from.functions, call);
      const { uri: place } = from.store;
      const stored =
        name !== undefined
          ? names.pointOfName(points, name, place)
          : time !== undefined
            ? names.chooseAt(points, instantOf(time), place)
            : names.chooseNewest(points, place);
      const { environment, moved } = await viewPoint(from, stored, call);
      return at(destination, options, async (to) => {
        const open = async () => pastPlaces(from, moved, call);
        const report = await restoreTo(environment, to, open, rest).catch((error: unknown) => {
          throw isNacreError(error, 'Corrupt') ? lostInBackup(error, from.store.uri) : error;
        });
        return { ...report, point: names.nameOfPoint(stored.key) };
      });
    });
  },

  /**
   * Points that no rule keeps go, and what none of the others needs; or those that are named. Needs the right
   * to delete, which nothing else of a backup does. Beside backups that are under way points go, and objects
   * stay for the next run.
   */
  forget(uri: string, options: ForgetOptions & UpkeepConnection): Promise<ForgetReport> {
    return at(uri, options, async (environment) =>
      (await import('../ops/backup/forget.js')).forgetBackups(environment, options),
    );
  },

  /**
   * Makes points at the times of a cron expression, one after the other, until the signal fires: then it ends
   * with `Aborted`. Where there are rules, points that they do not keep are forgotten after each. What fails
   * is told, and the next one comes at its time.
   */
  async schedule(
    uri: string,
    destination: string,
    cron: string,
    options: ScheduleOptions & UpkeepConnection = {},
  ): Promise<never> {
    const { onRun, rules, timeZone, ...rest } = options;
    const { runAt } = await import('../ops/backup/schedule.js');
    const runtime = options.runtime ?? systemRuntime;
    const text = (ms: number): string => new Date(ms).toISOString();
    const run = async (dueMs: number): Promise<void> => {
      const report = await backup.create(uri, destination, rest);
      const done = { due: text(dueMs), report };
      try {
        const forgotten = rules && (await backup.forget(destination, { ...connectionOf(rest), ...rules }));
        await onRun?.({ ...done, ...(forgotten && { forgotten }) });
      } catch (error) {
        if (!isNacreError(error) || options.signal?.aborted) throw error;
        await onRun?.({ ...done, error });
      }
    };
    const failed = async (error: NacreError, dueMs: number): Promise<void> => {
      await onRun?.({ due: text(dueMs), error });
    };
    const times = { ...callOptions(options), ...(timeZone === undefined ? {} : { timeZone }) };
    return runAt(runtime, cron, run, failed, times);
  },
};

/** What a place is opened with, without what is of a backup alone. */
function connectionOf({
  onProgress: _,
  label: __,
  ...rest
}: BackupOptions & UpkeepConnection): UpkeepConnection {
  return rest;
}

/** A backup is mended by whoever has what it lacks. */
function lostInBackup(cause: NacreError, uri: string): NacreError {
  return new NacreError('Corrupt', cause.message, {
    cause,
    context: { ...cause.context, uri },
    hint:
      `Take another point (\`nacre backup list ${uri}\`), or mend the backup, by ` +
      `\`nacre backup create SOURCE ${uri} --recheck\` or \`nacre repair ${uri} --source COPY\`, and restore ` +
      'again: what was copied stays.',
  });
}
