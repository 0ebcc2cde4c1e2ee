import type { GcReport } from '../../index.js';
import { bytesText, plural } from '../output.js';
import { define, destructive } from '../program.js';
import { writeOptions } from '../sources.js';
import { parseAge } from '../values.js';

interface Options {
  readonly grace?: number;
}

export const gc = define<Options>({
  usage: 'gc <uri>',
  summary: 'delete objects that no kept version needs',
  details: `Deletes the data of versions that expired before --grace, and uploads that old which never became
part of a version. Safe beside writers, readers and other clean-ups; it may be ended at any point, and the
next run goes on. Where it is not known what a version needs, nothing is deleted.\n\nA write that was under
way for longer than --grace may end in a conflict, and is run again. Who reads one version for longer than
that needs a lease.\n\nWhere an array has parity, what loses a member of its group is encoded anew first.`,
  examples: ['nacre gc s3://bucket/faces --dry-run', 'nacre gc ./faces --grace 48h --yes'],
  options: (command) =>
    destructive(
      command.option('--grace <age>', 'leave what expired or came within this age (default: 24h)', parseAge),
    ),
  async work(session, options, uri: string) {
    const { grace, dryRun } = options;
    const dataset = await session.open(uri);
    if (dryRun !== true)
      await session.confirm(
        `Delete what no kept version needs from ${dataset.uri}? --dry-run says how much.`,
      );
    const progress = session.progress('deleting', 'rows');
    const report = await dataset.gc({
      ...(grace === undefined ? {} : { graceMs: grace }),
      ...(dryRun === true ? { dryRun } : {}),
      ...writeOptions(session, {}),
      onProgress: (deleted, planned) => progress.update(deleted, planned),
    });
    progress.end();
    const json = { uri: dataset.uri, ...report, ...(dryRun === true ? { dryRun } : {}) };
    return {
      json,
      text: [textOf(report, dryRun === true), ...otherText(report, dryRun === true)].join('\n'),
    };
  },
});

function textOf(report: GcReport, dryRun: boolean): string {
  const { live, orphans, orphanBytes, deleted, deletedBytes, spared, version } = report;
  const stay = `${plural(live, 'version')} stay as they are`;
  if (orphans === 0) return `nothing to delete; ${stay}`;
  if (dryRun) return `would delete ${plural(orphans, 'object')} (${bytesText(orphanBytes)}); ${stay}`;
  const left = spared === 0 ? '' : `, left ${plural(spared, 'object')} that came into use meanwhile`;
  const done = `deleted ${plural(deleted, 'object')} (${bytesText(deletedBytes)})${left}`;
  return `${done}; ${stay} (version ${version})\nundo: there is none, but nothing that is kept has changed`;
}

function otherText(report: GcReport, dryRun: boolean): string[] {
  const { held, parityEncoded, parityDeleted, parityDeletedBytes, healedDeleted, healedDeletedBytes } =
    report;
  const verb = dryRun ? 'would delete' : 'deleted';
  const gone = `${plural(parityDeleted, 'object')} of parity (${bytesText(parityDeletedBytes)})`;
  return [
    ...(parityEncoded === 0 ? [] : [`encoded ${plural(parityEncoded, 'group')} of parity anew`]),
    ...(parityDeleted === 0 ? [] : [`${verb} ${gone} that nothing needs`]),
    ...(healedDeleted === 0
      ? []
      : [
          `${verb} ${plural(healedDeleted, 'object')} (${bytesText(healedDeletedBytes)}) under healed/ that nothing needs`,
        ]),
    ...(held === 0
      ? []
      : [`left ${plural(held, 'object')} from which parity may mend others: run nacre repair first`]),
  ];
}
