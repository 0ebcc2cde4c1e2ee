import type { Command } from 'commander';
import {
  backup,
  type BackupList,
  type BackupReport,
  type ForgetReport,
  type LockMode,
  NacreError,
  type ScheduledBackup,
  type Subset,
} from '../../index.js';
import { damageText } from '../damage.js';
import { exitCodes } from '../exit-codes.js';
import { bytesText, countText, errorJson, plural, shellWord, table } from '../output.js';
import { changing, define, destructive } from '../program.js';
import { type KeepOptions, keeping, rulesOf } from '../retention.js';
import { invalid, parseAge, parseRate, parseSubset } from '../values.js';

interface CreateOptions {
  readonly label?: string;
  readonly lock?: number;
  readonly lockMode?: LockMode;
  readonly recheck?: boolean;
  readonly limit?: number;
}

function creating(command: Command): Command {
  return command
    .option('--label <text>', 'a few words, shown by `nacre backup list`')
    .option('--lock <age>', 'nobody deletes the point for 12h, 30d or 8w: object lock of S3', parseAge)
    .option(
      '--lock-mode <mode>',
      'governance (default): but with a right of its own; compliance: nobody',
      parseMode,
    )
    .option('--recheck', 'ask for every object, and rest on no point before')
    .option('--limit <rate>', 'read so much in a second, such as 50MiB/s', parseRate);
}

function parseMode(text: string): LockMode {
  if (text === 'governance' || text === 'compliance') return text;
  throw invalid(`'${text}' is no mode of a lock`, 'Write governance or compliance.');
}

function createOptions({ label, lock, lockMode, recheck, limit }: CreateOptions) {
  return {
    ...(label === undefined ? {} : { label }),
    ...(lock === undefined ? {} : { lockMs: lock }),
    ...(lockMode === undefined ? {} : { lockMode }),
    ...(recheck === undefined ? {} : { recheck }),
    ...(limit === undefined ? {} : { bytesPerSecond: limit }),
  };
}

export const backupCreate = define<CreateOptions>({
  usage: 'create <uri> <destination>',
  summary: 'make a point: what the newest version keeps',
  details: `Copies what the destination lacks, each object compared with its hash, and then writes one point
that names it. Objects that several points need are there once. Everything is create-only: credentials that
may put, get and list are enough, and cannot harm what is there.

The destination is a prefix of its own; one with a dataset in it, or with backups of another one, is refused.
--lock needs an S3 bucket that was made with object lock.

Exit codes: 8 nobody has the right bytes of an object: no point is made.`,
  examples: [
    'nacre backup create s3://bucket/faces s3://backups/faces',
    'nacre backup create ./faces /mnt/backups/faces --label "before the migration"',
    'nacre backup create s3://bucket/faces s3://vault/faces --lock 30d --lock-mode compliance --json',
  ],
  options: creating,
  async work(session, options, uri: string, destination: string) {
    const report = await backup.create(uri, destination, {
      ...session.connection(),
      ...createOptions(options),
      onProgress: session.phases({ versions: 'versions', bytes: 'copying' }),
    });
    return { json: jsonOf(report), text: createText(report) };
  },
});

function jsonOf({ lockUntilMs, ...report }: BackupReport) {
  const lockedUntil = lockUntilMs === undefined ? null : new Date(lockUntilMs).toISOString();
  return { ...report, lockedUntil };
}

function createText(report: BackupReport): string {
  const { destination, point, version, versions, objects, bytes, movedObjects, lockUntilMs } = report;
  const came =
    versions === 0 && objects === 0
      ? 'nothing new'
      : `${plural(versions, 'version')}, ${plural(objects, 'object')} of ${bytesText(bytes)}`;
  const more = [
    ...(movedObjects > 0 ? [`${countText(movedObjects)} not under their own keys`] : []),
    ...(lockUntilMs === undefined ? [] : [`locked until ${new Date(lockUntilMs).toISOString()}`]),
  ];
  return `${destination} has version ${version}: ${[came, ...more].join('; ')}\npoint: ${point}`;
}

export const backupList = define<object>({
  usage: 'list <destination>',
  summary: 'show the points of a backup',
  details: `The newest first. NEW is what came with each point, and was not there before.`,
  examples: ['nacre backup list s3://backups/faces', 'nacre backup list /mnt/backups/faces --json'],
  async work(session, _, uri: string) {
    const list = await backup.list(uri, session.connection());
    return { json: list, text: listText(list), data: true };
  },
});

function listText({ uri, points, unreadable }: BackupList): string {
  const rows = points.map((one) => [
    one.point,
    one.time.slice(0, 19).replace('T', ' '),
    String(one.version),
    countText(one.rows),
    countText(one.newObjects),
    bytesText(one.newBytes),
    one.lockedUntil === undefined ? '' : `${one.lockedUntil.slice(0, 19)}Z (${one.lockMode})`,
    one.label,
  ]);
  const head = ['POINT', 'MADE (UTC)', 'VERSION', 'ROWS', 'NEW', 'BYTES', 'LOCKED UNTIL', 'LABEL'];
  const lines = points.length === 0 ? [`${uri} has no points`] : [table(head, rows)];
  return [...lines, ...unreadable.map(({ point, reason }) => `unreadable: ${point}: ${reason}`)].join('\n');
}

interface VerifyOptions {
  readonly point?: string;
  readonly all?: boolean;
  readonly subset?: Subset;
  readonly restoreSample?: number;
  readonly limit?: number;
}

export const backupVerify = define<VerifyOptions>({
  usage: 'verify <destination>',
  summary: 'read what points need, and compare it',
  details: `Reads every object that the newest point needs, or that of --point, or with --all those of all
points, each once: every block against its sum and the whole against its hash. --restore-sample restores a
part of the rows into a folder of this machine as well, reads them there, and compares.

Exit codes: 0 all is right, 8 damage was found.`,
  examples: [
    'nacre backup verify s3://backups/faces',
    'nacre backup verify s3://backups/faces --all --limit 50MiB/s --json',
    'nacre backup verify /mnt/backups/faces --subset 5%',
  ],
  options: (command) =>
    command
      .option('--point <name>', 'this point, by the beginning of its name (default: the newest one)')
      .option('--all', 'all points')
      .option('--subset <part>', 'the bytes of 1/7, 5% or 10GiB', parseSubset)
      .option('--restore-sample <part>', 'restore so much of the rows, as 1%, and compare them', parsePart)
      .option('--limit <rate>', 'read so much in a second, such as 50MiB/s', parseRate),
  async work(session, { point, all, subset, restoreSample, limit }, uri: string) {
    if (point !== undefined && all === true)
      throw invalid('--all is every point', 'Give one of --point and --all.');
    const report = await backup.verify(uri, {
      ...session.connection(),
      ...(point === undefined ? {} : { point }),
      ...(all === undefined ? {} : { all }),
      ...(subset === undefined ? {} : { subset }),
      ...(restoreSample === undefined ? {} : { restoreSample }),
      ...(limit === undefined ? {} : { bytesPerSecond: limit }),
      onProgress: session.phases({ versions: 'looking at versions', bytes: 'reading' }),
    });
    const isRight = report.damaged.length === 0 && (report.sample?.differing ?? []).length === 0;
    const exitCode = isRight ? exitCodes.ok : exitCodes.damage;
    return { json: report, text: verifyText(report, uri), data: true, exitCode };
  },
});

function verifyText(report: Verified, address: string): string {
  const { uri, points, objects, sizeBytes, readObjects, readBytes, damaged } = report;
  const need = `${plural(objects, 'object')} of ${bytesText(sizeBytes)}`;
  const read = `${countText(readObjects)} read, ${bytesText(readBytes)}`;
  const lines = [`${uri}: ${plural(points.length, 'point')} with ${need}; ${read}`];
  if (report.sample !== undefined) lines.push(sampleText(report.sample));
  if (damaged.length === 0) return [...lines, 'no damage'].join('\n');
  const count = `${plural(damaged.length, 'object')} ${damaged.length === 1 ? 'is' : 'are'} damaged:`;
  const found = damaged.map((one) => {
    const rest = one.isRestorable ? 'a restore finds the right bytes in a state before' : 'a restore fails';
    return `${damageText(one)}\n  point ${one.point}: ${rest}`;
  });
  const to = shellWord(address);
  const next = `mend: nacre backup create SOURCE ${to} --recheck, or nacre repair ${to} --source COPY`;
  const isLost = damaged.some(({ isRestorable }) => !isRestorable);
  return [...lines, count, ...found, ...(isLost ? [next] : [])].join('\n');
}

type Verified = Awaited<ReturnType<typeof backup.verify>>;

function sampleText({ rows, ofRows, objects, differing }: NonNullable<Verified['sample']>): string {
  const what = `${plural(rows, 'row')} of ${countText(ofRows)} restored (${plural(objects, 'object')})`;
  return differing.length === 0 ? `${what}: the same` : `${what}: DIFFERENT in ${differing.join(', ')}`;
}

/** `1%`; a fraction. */
function parsePart(text: string): number {
  const [, percent = ''] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  const part = Number(percent) / 100;
  if (percent !== '' && part > 0 && part <= 1) return part;
  throw invalid(`'${text}' is no part of the rows`, 'Write 1% or 100%.');
}

interface RestoreOptions {
  readonly point?: string;
  readonly at?: string;
  readonly limit?: number;
  readonly message?: string;
}

export const backupRestore = define<RestoreOptions>({
  usage: 'restore <destination> <uri>',
  summary: 'make a dataset of a point, in an empty place',
  details: `The history up to the point's version comes, with the data of every version that it kept, and a
version of a new lineage on top, from which the dataset goes on. Every object is compared with its hash; where
its bytes were written over, and the bucket keeps states, the right ones are found among them. A restore that
was interrupted goes on when it is run again.

Exit codes: 8 nobody has the right bytes of an object.`,
  examples: [
    'nacre backup restore s3://backups/faces s3://bucket/faces-again',
    'nacre backup restore s3://backups/faces ./faces --at 2026-01-02T03:04:05Z',
    'nacre backup restore /mnt/backups/faces ./faces --point 20260102 --dry-run',
  ],
  options: (command) =>
    changing(command)
      .option('--point <name>', 'this point, by the beginning of its name (default: the newest one)')
      .option('--at <time>', 'the newest point of a version of then or before, as 2026-01-02T03:04:05Z')
      .option('--limit <rate>', 'read so much in a second, such as 50MiB/s', parseRate)
      .option('-m, --message <text>', 'shown by `nacre log`'),
  async work(session, { point, at, limit, message, dryRun }, from: string, to: string) {
    const report = await backup.restore(from, to, {
      ...session.connection(),
      ...(point === undefined ? {} : { point }),
      ...(at === undefined ? {} : { at }),
      ...(limit === undefined ? {} : { bytesPerSecond: limit }),
      ...(message === undefined ? {} : { message }),
      ...(dryRun === undefined ? {} : { dryRun }),
      onProgress: session.phases({ versions: 'versions', bytes: 'restoring' }),
    });
    const { restored, version, objects, bytes, destination } = report;
    const data = `${plural(objects, 'object')} of ${bytesText(bytes)}`;
    const text =
      dryRun === true
        ? `would restore version ${restored} of point ${report.point}: ${data}`
        : `${destination} is version ${restored} of point ${report.point}, and goes on at version ${version}: ${data}`;
    return { json: { ...report, ...(dryRun === true ? { dryRun } : {}) }, text };
  },
});

interface ForgetOptions extends KeepOptions {
  readonly point?: readonly string[];
  readonly keepNone?: boolean;
}

export const backupForget = define<ForgetOptions>({
  usage: 'forget <destination>',
  summary: 'take points away, and what no other needs',
  details: `Points that no --keep rule keeps go, or those of --point; then what none of the others needs. This
alone of all that has to do with backups needs the right to delete. While a backup is under way, points go,
and objects stay for the next run. What is locked stays, and is told. It may be ended at any point.`,
  examples: [
    'nacre backup forget s3://backups/faces --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --dry-run',
    'nacre backup forget /mnt/backups/faces --keep-within 30d --yes',
    'nacre backup forget s3://backups/faces --point 20260102t030405z --yes',
  ],
  options: (command) =>
    destructive(
      keeping(command, 'point')
        .option('--point <name...>', 'these points, by the beginnings of their names; instead of rules')
        .option('--keep-none', 'all points may go'),
    ),
  async work(session, { point, keepNone, dryRun, ...keep }, uri: string) {
    const rules = rulesOf(keep);
    const what = {
      ...session.connection(),
      ...rules,
      ...(point === undefined ? {} : { points: point }),
      ...(keepNone === undefined ? {} : { keepNone }),
    };
    if (dryRun !== true)
      await session.confirm(`Forget points of ${uri}, and what no other needs? --dry-run says which.`);
    const progress = session.progress('deleting', 'rows');
    const report = await backup.forget(uri, {
      ...what,
      ...(dryRun === undefined ? {} : { dryRun }),
      onProgress: (deleted, planned) => progress.update(deleted, planned),
    });
    progress.end();
    const json = { ...report, ...(dryRun === true ? { dryRun } : {}) };
    return { json, text: forgetText(report, dryRun === true) };
  },
});

function forgetText(report: ForgetReport, dryRun: boolean): string {
  const { kept, forgotten, locked, underWay, revoked } = report;
  const would = dryRun ? 'would forget' : 'forgot';
  const lines = [
    `${would} ${plural(forgotten.length, 'point')}; ${countText(kept.length)} stay`,
    ...kept.map(({ point, rules }) => `  keeps ${point} (${rules.join(', ')})`),
    ...forgotten.map((point) => `  ${dryRun ? 'would go' : 'gone'}: ${point}`),
    ...locked.map((point) => `  locked: ${point}`),
    ...revoked.map((point) => `  given up, and revoked: ${point}`),
  ];
  if (underWay.length > 0)
    lines.push(`no object was deleted: a backup is under way, or ended less than a day ago (${underWay[0]})`);
  else if (dryRun)
    lines.push(
      `${plural(report.unneeded, 'object')} of ${bytesText(report.unneededBytes)} needed by no other point`,
    );
  else lines.push(`deleted ${plural(report.deleted, 'object')} (${bytesText(report.deletedBytes)})`);
  if (report.lockedObjects > 0) lines.push(`${plural(report.lockedObjects, 'object')} are locked, and stay`);
  return [...lines, ...(dryRun ? [] : ['undo: there is none'])].join('\n');
}

interface ScheduleOptions extends CreateOptions, KeepOptions {
  readonly timeZone?: string;
}

export const backupSchedule = define<ScheduleOptions>({
  usage: 'schedule <uri> <destination> <cron>',
  summary: 'make points at the times of a cron expression',
  details: `Runs until it is interrupted: minute, hour, day of month, month and day of week, in UTC unless
--time-zone says otherwise. One run comes after the other: one that takes longer delays the next. What fails
is told, and the next one comes at its time. With --keep rules, points that they do not keep are forgotten
after each. With --json, one line a run.

For a scheduler of your own (cron, systemd, Kubernetes) use \`nacre backup create\`.`,
  examples: [
    "nacre backup schedule s3://bucket/faces s3://backups/faces '*/15 * * * *'",
    "nacre backup schedule ./faces /mnt/backups/faces '30 2 * * *' --time-zone Europe/Berlin --keep-daily 7",
  ],
  options: (command) =>
    keeping(creating(command), 'point').option('--time-zone <name>', 'of the expression (default: UTC)'),
  async work(session, { timeZone, ...options }, uri: string, destination: string, cron: string) {
    const rules = rulesOf(options);
    const isJson = session.options.json === true;
    const report = async (run: ScheduledBackup): Promise<void> => {
      const { error } = run;
      if (isJson) await session.write(`${scheduledJson(run)}\n`);
      else if (error === undefined && run.report !== undefined && session.options.quiet !== true)
        await session.write(`${run.due} ${createText(run.report).replace('\n', '; ')}\n`);
      if (error !== undefined) session.note(`warning: the backup of ${run.due} failed: ${error.message}`);
    };
    await backup.schedule(uri, destination, cron, {
      ...session.connection(),
      ...createOptions(options),
      ...(rules === undefined ? {} : { rules }),
      ...(timeZone === undefined ? {} : { timeZone }),
      onRun: report,
    });
    throw new NacreError('Internal', 'a schedule has no end');
  },
});

function scheduledJson({ due, report, forgotten, error }: ScheduledBackup): string {
  const failure = error === undefined ? {} : (JSON.parse(errorJson(error)) as object);
  return JSON.stringify({
    due,
    report: report === undefined ? null : jsonOf(report),
    ...(forgotten === undefined ? {} : { forgotten }),
    ...failure,
  });
}
