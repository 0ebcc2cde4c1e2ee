import type { ExpireReport } from '../../index.js';
import { plural } from '../output.js';
import { define, destructive } from '../program.js';
import { type KeepOptions, keeping, periodRules, periods, rulesOf } from '../retention.js';
import { writeOptions, type WritingOptions } from '../sources.js';
import { parseAge } from '../values.js';

interface Options extends WritingOptions, KeepOptions {
  readonly minAge?: number;
}

export const expire = define<Options>({
  usage: 'expire <uri>',
  summary: 'say which versions are no longer kept',
  details: `What no rule keeps expires: it can no longer be read, and \`nacre gc\` deletes what only it needed,
a day later. --keep-daily 7 keeps the newest version of each of the last seven days that have one; days are
those of UTC, weeks begin on Monday. Tagged and leased versions stay, and so does what was the newest
within --min-age. \`nacre log\` goes on naming every version.\n\nA version that expired is never kept again.`,
  examples: [
    'nacre expire s3://bucket/faces --keep-last 10 --keep-within 30d --dry-run',
    'nacre expire ./faces --keep-within 12h --yes',
    'nacre expire ./faces --keep-within 2d --keep-daily 7 --keep-weekly 4 --keep-monthly 12 --dry-run',
  ],
  options: (command) =>
    destructive(
      keeping(command, 'version')
        .option('--min-age <age>', 'keep this in any case (default: 24h)', parseAge)
        .option('-m, --message <text>', 'shown by `nacre log`'),
    ),
  async work(session, options, uri: string) {
    const { minAge, dryRun } = options;
    const dataset = await session.open(uri);
    const policy = { ...rulesOf(options), ...(minAge === undefined ? {} : { minAgeMs: minAge }) };
    const planned = await dataset.expire({ ...policy, dryRun: true, signal: session.signal });
    const answer = { uri: dataset.uri };
    if (dryRun === true || planned.expired.length === 0) {
      const json = { ...answer, ...planned, ...(dryRun === true ? { dryRun } : {}) };
      const text = textOf(planned, 'would expire');
      if (planned.expired.length > 0 || session.options.json === true) return { json, text };
      // Whether the rules keep all, or the time that readers get.
      const later = await dataset.expire({ ...policy, minAgeMs: 0, dryRun: true, signal: session.signal });
      return { json, text: later.expired.length === 0 ? text : `${text}\n${youngText(later)}` };
    }
    await session.confirm(`Expire ${versionsText(planned)}? That cannot be taken back.`);
    const report = await dataset.expire({ ...policy, ...writeOptions(session, options) });
    const text =
      `${textOf(report, 'expired')} (version ${report.version})\n` +
      'undo: there is none; a backup or a replica may have what expired';
    return { json: { ...answer, ...report }, text };
  },
});

function textOf(report: ExpireReport, verb: string): string {
  const { expired, keptFrom, keptAlso } = report;
  const also = keptAlso.length === 0 ? '' : `, and of those before it ${keptAlso.join(', ')}`;
  const kept = `kept: version ${keptFrom} and later${also}`;
  const lines = (report.keptForPeriods ?? [])
    .filter(({ id }) => keptAlso.includes(id))
    .map(({ id, timeMs, rules: by }) => {
      const names = periods.filter((name) => by.includes(periodRules[name][0]));
      return `  version ${id} of ${new Date(timeMs).toISOString()}: ${names.join(', ')}`;
    });
  const what = expired.length === 0 ? 'nothing expires' : `${verb} ${versionsText(report)}`;
  return [`${what}; ${kept}`, ...lines].join('\n');
}

function youngText(later: ExpireReport): string {
  return `${versionsText(later)} would go by the rules, and stay for now: what was the newest within --min-age (24h) does`;
}

function versionsText({ expired }: ExpireReport): string {
  const count = expired.reduce((sum, { start, end }) => sum + end - start, 0);
  const ranges = expired.map(({ start, end }) => (end - start === 1 ? `${start}` : `${start} to ${end - 1}`));
  return `${plural(count, 'version')} (${ranges.join(', ')})`;
}
