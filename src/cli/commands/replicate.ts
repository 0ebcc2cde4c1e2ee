import { replicate as replicateTo, type ReplicateReport } from '../../index.js';
import { bytesText, countText, plural } from '../output.js';
import { define } from '../program.js';
import { invalid, parseDuration, parseRate } from '../values.js';

interface Options {
  readonly watch?: boolean;
  readonly interval?: number;
  readonly verify?: boolean;
  readonly register: boolean;
  readonly limit?: number;
}

export const replicate = define<Options>({
  usage: 'replicate <source> <destination>',
  summary: 'bring a replica up to the newest version, or make one',
  details: `Copies what the destination lacks, bytes unchanged: objects of versions that the source keeps,
each compared with its hash, then their roots in ascending order. So the destination opens at every moment, at
a version of the source; one that was interrupted goes on. It is empty at first, and takes no writes:
\`nacre promote\` makes it a primary.

--watch goes on until it is interrupted, with one line, or one document with --json, for each round.
--verify also reads and compares what is there. The source notes its replicas, for \`nacre status\`;
--no-register leaves that out.

Exit codes: 6 the destination has another history (the first version that differs is named), 8 nobody has
the right bytes of an object.`,
  examples: [
    'nacre replicate s3://bucket/faces /mnt/copy/faces',
    'nacre replicate s3://bucket/faces gs://other/faces --watch --interval 1m',
    'nacre replicate ./faces s3://bucket/faces --verify --json',
  ],
  options: (command) =>
    command
      .option('--watch', 'go on until interrupted')
      .option('--interval <time>', 'pause between two rounds (default: 1m)', parseDuration)
      .option('--verify', 'also read and compare what is there')
      .option('--no-register', 'do not note the replica at the source')
      .option('--limit <rate>', 'read so much in a second, such as 50MiB/s', parseRate),
  async work(
    session,
    { watch = false, interval, verify = false, register, limit },
    from: string,
    to: string,
  ) {
    if (interval !== undefined && !watch)
      throw invalid('--interval is of a watch', 'Add --watch, or leave --interval out.');
    const isJson = session.options.json === true;
    let written = Promise.resolve();
    const report = await replicateTo(from, to, {
      ...session.connection(),
      ...{ watch, verify, register },
      ...(interval === undefined ? {} : { intervalMs: interval }),
      ...(limit === undefined ? {} : { bytesPerSecond: limit }),
      onProgress: session.phases({ versions: 'versions', bytes: 'copying' }),
      onRound: (round) => {
        const text = isJson ? JSON.stringify(round) : textOf(round);
        if (isJson || session.options.quiet !== true)
          written = written.then(() => session.write(`${text}\n`));
      },
    });
    await written;
    return { json: report, text: textOf(report) };
  },
});

function textOf(report: ReplicateReport): string {
  const { destination, version, versions, objects, bytes, presentObjects, verifiedObjects } = report;
  const came =
    versions === 0 && objects === 0
      ? 'nothing new'
      : `${plural(versions, 'version')}, ${plural(objects, 'object')} of ${bytesText(bytes)}`;
  const there = [
    ...(presentObjects > 0 ? [`${countText(presentObjects)} were there`] : []),
    ...(verifiedObjects > 0 ? [`${countText(verifiedObjects)} read and compared`] : []),
    ...(report.mendedObjects > 0 ? [`${countText(report.mendedObjects)} replaced`] : []),
  ];
  return `${destination} is at version ${version}: ${[came, ...there].join('; ')}`;
}
