import { parseVersion, type VersionReference } from '../../index.js';
import { checkVersion } from '../datasets.js';
import { plural, shellWord } from '../output.js';
import { define, destructive } from '../program.js';
import { writeOptions, type WritingOptions } from '../sources.js';
import { parseCount, versionHelp } from '../values.js';
import { differenceText } from './diff.js';

interface Options extends WritingOptions {
  readonly at: VersionReference;
  readonly ifVersion?: number;
}

export const restore = define<Options>({
  usage: 'restore <uri>',
  summary: 'make a new version whose arrays are as they were at an earlier one',
  details: `Rows, attributes, keys, indexes and names come back; nothing is copied, and the versions between
stay, so that it can be taken back the same way. Tags stay where they are. It asks on a terminal; elsewhere
it needs --yes.`,
  examples: [
    'nacre restore ./faces --at -1 --dry-run',
    'nacre restore s3://bucket/faces --at prod --yes',
    'nacre restore ./faces --at 2026-01-02T03:04:05Z --if-version 12',
  ],
  options: (command) =>
    destructive(command)
      .requiredOption('--at <version>', versionHelp, parseVersion)
      .option('--if-version <N>', 'only if N is the newest version', parseCount)
      .option('-m, --message <text>', 'shown by `nacre log`'),
  async work(session, options, uri: string) {
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
  },
});
