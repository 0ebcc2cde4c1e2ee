import type { CompactedArray, CompactReport } from '../../index.js';
import { bytesText, plural, table } from '../output.js';
import { define } from '../program.js';
import { memoryOption, writeOptions, type WritingOptions } from '../sources.js';
import { parseSize } from '../values.js';

interface Options extends WritingOptions {
  readonly target?: number;
}

export const compact = define<Options>({
  usage: 'compact <uri> [arrays...]',
  summary: 'write small files as fewer and larger ones',
  details: `Joins small files, puts replaced rows and attributes that were set later in their places, and
leaves out dropped rows that lie together. What is read stays the same, and so do row ids and indexes; other
writers may go on meanwhile. Where nothing is worth it, nothing is done.\n\nThe files before stay until their
versions expire and \`nacre gc\` deletes them.`,
  examples: ['nacre compact ./faces --dry-run', 'nacre compact s3://bucket/faces embeddings --target 128MiB'],
  options: (command) =>
    command
      .option('--target <size>', 'size that files of rows grow to (default: 64MiB)', parseSize)
      .option('--dry-run', 'say what would be done, and write nothing')
      .option('-m, --message <text>', 'shown by `nacre log`')
      .option(...memoryOption),
  async work(session, options, uri: string, arrays: readonly string[]) {
    const { target, dryRun } = options;
    const dataset = await session.open(uri);
    const progress = session.progress('compacting', 'rows');
    const report = await dataset.compact({
      ...(arrays.length === 0 ? {} : { arrays }),
      ...(target === undefined ? {} : { targetBytes: target }),
      ...(dryRun === true ? { dryRun } : {}),
      ...writeOptions(session, options),
      onProgress: (written, planned) => progress.update(written, planned),
    });
    progress.end();
    const json = { uri: dataset.uri, ...report, ...(dryRun === true ? { dryRun } : {}) };
    return { json, text: textOf(report, dryRun === true) };
  },
});

function textOf({ arrays, version }: CompactReport, dryRun: boolean): string {
  const changed = arrays.filter((one) => isChanged(one, dryRun));
  const alone = arrays.filter(({ leftAlone }) => leftAlone !== undefined);
  const lines = alone.map(({ array }) => `'${array}' was written by a newer release and left as it is`);
  if (changed.length === 0) {
    const { overtaken } = arrays.find((one) => one.overtaken > 0) ?? { overtaken: 0 };
    lines.push(overtaken > 0 ? 'nothing was done: others changed the same files' : 'nothing to compact');
    return lines.join('\n');
  }
  const rows = changed.map((one) => [
    one.array,
    `${one.filesBefore}`,
    `${one.filesAfter}`,
    bytesText(one.bytesBefore),
    bytesText(one.bytesAfter),
  ]);
  lines.push(table(['array', 'files', dryRun ? 'would be' : 'are now', 'bytes', 'then'], rows));
  if (dryRun) return lines.join('\n');
  const commits = changed.reduce((sum, one) => sum + one.commits, 0);
  lines.push(
    `made ${plural(commits, 'version')} (now version ${version}); earlier files stay until their versions expire`,
    'undo: not needed, what is read stays the same',
  );
  return lines.join('\n');
}

function isChanged(
  { filesBefore, filesAfter, bytesBefore, bytesAfter, commits }: CompactedArray,
  dryRun: boolean,
) {
  return dryRun ? filesAfter !== filesBefore || bytesAfter !== bytesBefore : commits > 0;
}
