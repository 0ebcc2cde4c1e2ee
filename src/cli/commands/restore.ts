import { parseVersion, restoreTo, type RestoreToReport, type VersionReference } from '../../index.js';
import { checkVersion } from '../datasets.js';
import { bytesText, countText, plural, shellWord } from '../output.js';
import { define, destructive } from '../program.js';
import type { Answer, Session } from '../session.js';
import { writeOptions, type WritingOptions } from '../sources.js';
import { invalid, parseCount, parseRate, versionHelp } from '../values.js';
import { differenceText } from './diff.js';

interface Options extends WritingOptions {
  readonly at?: VersionReference;
  readonly ifVersion?: number;
  readonly to?: string;
  readonly only?: boolean;
  readonly limit?: number;
}

export const restore = define<Options>({
  usage: 'restore <uri>',
  summary: 'make a new version whose arrays are as they were at an earlier one, here or elsewhere',
  details: `Rows, attributes, keys, indexes and names come back; nothing is copied, and the versions between
stay, so that it can be taken back the same way. Tags stay where they are. It asks on a terminal; elsewhere
it needs --yes.

With --to another prefix, folder or provider gets the history up to the version, by default the newest: all
versions with their tags, and the data of those that the version keeps and that are here still, each object
compared with its hash. Then it is a dataset of its own, which takes writes; until then it opens for nobody.
One that was interrupted goes on when it is run again. --only brings the data of that version alone.

Exit codes: 2 there is a dataset at the destination, 4 no such version, or it expired, 8 nobody has the right
bytes of an object.`,
  examples: [
    'nacre restore ./faces --at -1 --dry-run',
    'nacre restore s3://bucket/faces --at prod --yes',
    'nacre restore ./faces --at 2026-01-02T03:04:05Z --if-version 12',
    'nacre restore s3://bucket/faces --at 2d --to gs://other/faces-then',
    'nacre restore s3://bucket/faces --at prod --only --to ./faces-prod --dry-run',
  ],
  options: (command) =>
    destructive(command)
      .option('--at <version>', versionHelp, parseVersion)
      .option('--if-version <N>', 'only if N is the newest version', parseCount)
      .option('--to <uri>', 'restore into another, empty place')
      .option('--only', 'with --to: the data of that version alone')
      .option('--limit <rate>', 'with --to: read so much in a second, such as 50MiB/s', parseRate)
      .option('-m, --message <text>', 'shown by `nacre log`'),
  async work(session, options, uri: string) {
    const { at, to, only, limit, ifVersion } = options;
    if (to !== undefined) {
      if (ifVersion !== undefined)
        throw invalid('--if-version is of a restore in place', 'Leave it out, or --to.');
      return elsewhere(session, options, uri, to);
    }
    if (only !== undefined || limit !== undefined)
      throw invalid('--only and --limit are of a restore elsewhere', 'Add --to, or leave them out.');
    if (at === undefined)
      throw invalid('which version is to be restored is not said', 'Add --at, such as --at -1.');
    return inPlace(session, { ...options, at }, uri);
  },
});

async function inPlace(
  session: Session,
  options: Options & { readonly at: VersionReference; readonly dryRun?: boolean },
  uri: string,
): Promise<Answer> {
  const { signal } = session;
  const dataset = await session.open(uri);
  await checkVersion(session, dataset, options.ifVersion);
  // Both as of one newest version: what is shown is what is done, or a conflict.
  const before = await dataset.version({ signal });
  const from = await (await dataset.at(options.at, { signal })).version({ signal });
  const { arrays } = await dataset.diff({ version: before }, { version: from }, { signal, limit: 1 });
  const answer = { uri: dataset.uri, restored: from, before, arrays };
  const shown = arrays.flatMap(differenceText);
  const what = `version ${from} of ${dataset.uri}`;
  if (options.dryRun === true) {
    const lines = [`would restore ${what}`, ...shown];
    return { json: { ...answer, dryRun: true, version: null }, text: lines.join('\n') };
  }
  if (from !== before) {
    for (const line of shown) session.note(line);
    await session.confirm(`Restore ${what}, with changes of ${plural(arrays.length, 'array')}?`, {
      elsewhere: 'refuse',
    });
  }
  const { version } = await dataset.restore(
    { version: from },
    { ...writeOptions(session, options), ifVersion: before },
  );
  if (version === before)
    return { json: { ...answer, version, undo: null }, text: `version ${from} is the newest one already` };
  const undo = `nacre restore ${shellWord(uri)} --at ${before}`;
  return {
    json: { ...answer, version, undo },
    text: `restored ${what} (version ${version})\nundo: ${undo}`,
  };
}

/** What is done to a version, as it is said before and after. */
export interface RestoreWords {
  readonly verb: string;
  readonly done: string;
  /** What the bytes are. */
  readonly phase: string;
}

/** Restores into another place; a pack is one to restore from. */
export async function elsewhere(
  session: Session,
  options: Pick<Options, 'at' | 'only' | 'limit'> & WritingOptions & { readonly dryRun?: boolean },
  uri: string,
  to: string,
  words: RestoreWords = { verb: 'restore', done: 'restored', phase: 'copying' },
): Promise<Answer> {
  const { at, only = false, limit, dryRun = false } = options;
  const { author, host, message } = writeOptions(session, options);
  const report = await restoreTo(uri, to, {
    ...session.connection(),
    ...{ only, dryRun },
    ...(at === undefined ? {} : { at }),
    ...(limit === undefined ? {} : { bytesPerSecond: limit }),
    ...(author === undefined ? {} : { author }),
    ...(host === undefined ? {} : { host }),
    ...(message === undefined ? {} : { message }),
    onProgress: session.phases({ versions: 'versions', bytes: words.phase }),
  });
  const json = dryRun ? { ...report, dryRun } : report;
  return { json, text: textOf(report, dryRun, words) };
}

function textOf(report: RestoreToReport, dryRun: boolean, { verb, done }: RestoreWords): string {
  const { source, destination, restored, version, versions, objects, bytes, presentObjects } = report;
  const came = `${plural(versions, 'version')}, ${plural(objects, 'object')} of ${bytesText(bytes)}`;
  const there = presentObjects > 0 ? `; ${countText(presentObjects)} were there` : '';
  const what = `version ${restored} of ${source}`;
  const lines = [
    dryRun
      ? `would ${verb} ${what} to ${destination}: ${came}${there}`
      : `${done} ${what} to ${destination} (version ${version ?? 0}): ${came}${there}`,
  ];
  if (report.resumed) lines.push(`it goes on with a ${verb} that was interrupted`);
  const left = report.left.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`));
  if (left.length > 0) lines.push(`without the data of versions ${left.join(', ')}`);
  if (report.tagsLeft.length > 0) lines.push(`without the tags ${report.tagsLeft.join(', ')}`);
  return lines.join('\n');
}
