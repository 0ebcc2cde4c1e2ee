import {
  isNacreError,
  type RepairReport,
  repair as repairAt,
  type ScrubReport,
  scrub as scrubAt,
  type Subset,
} from '../../index.js';
import { damageText, stepText } from '../damage.js';
import { exitCodes } from '../exit-codes.js';
import { bytesText, countText, plural, shellWord } from '../output.js';
import { define } from '../program.js';
import { addOne, invalid, parseRate, parseSubset } from '../values.js';
import type { Session } from '../session.js';

interface Options {
  readonly structure?: boolean;
  readonly full?: boolean;
  readonly subset?: Subset;
  readonly limit?: number;
  readonly restart?: boolean;
  readonly repair?: boolean;
  readonly source?: readonly string[];
}

export const scrub = define<Options>({
  usage: 'scrub <uri>',
  summary: 'find damage: whether every byte that kept versions need is there and right',
  details: `Goes over the roots of all versions, and every object of those that are kept, each once: presence
and length by listings, then all bytes, every block against its sum and the whole against its hash.
--structure leaves out the bytes. --subset 1/7 reads one of seven parts; --subset 5% and --subset 10GiB begin
with what was verified longest ago.

Nothing is written where the data is. What was verified when is noted in the cache folder of this machine:
\`nacre status\` tells it, and a full scrub that was interrupted goes on where it was, within seven days. Two
scrubs of one dataset at once on one machine are refused.

--repair mends what was found, as \`nacre repair\` does, from each --source, from parity, and a root from the
copy in latest: for timers.

Exit codes: 0 all is right, or was mended; 8 damage was found: \`nacre repair\` puts the bytes back from a
copy; 9 with --repair: something could not be mended.`,
  examples: [
    'nacre scrub ./faces',
    'nacre scrub s3://bucket/faces --structure --json',
    'nacre scrub s3://bucket/faces --subset 5% --limit 50MiB/s',
    'nacre scrub s3://bucket/faces --repair --source s3://other/faces --json',
  ],
  options: (command) =>
    command
      .option('--structure', 'roots, and presence and length of every object')
      .option('--full', 'all bytes (default)')
      .option('--subset <part>', 'the bytes of 1/7, 5% or 10GiB', parseSubset)
      .option('--limit <rate>', 'read so much in a second, such as 50MiB/s', parseRate)
      .option('--restart', 'begin anew, also where a full scrub was interrupted')
      .option('--repair', 'mend what was found; not of a --subset')
      .option('--source <uri>', 'with --repair: a copy of the dataset; may be given again', addOne),
  async work(session, { structure, full, subset, limit, restart, repair, source }, uri: string) {
    if ([structure, full, subset].filter((one) => one !== undefined).length > 1)
      throw invalid('a scrub has one mode', 'Give one of --structure, --full and --subset.');
    if (repair === true && subset !== undefined)
      throw invalid('a part is not mended', 'Leave --subset out: a repair looks at all there is.');
    if (source !== undefined && repair !== true)
      throw invalid('--source is for --repair', 'Add --repair, or leave it out.');
    const mode = structure === true ? 'structure' : subset === undefined ? 'full' : 'sample';
    const scrubbing = scrubAt(uri, {
      ...session.connection(),
      mode,
      ...(subset === undefined ? {} : { subset }),
      ...(limit === undefined ? {} : { bytesPerSecond: limit }),
      ...(restart === undefined ? {} : { restart }),
      onProgress: session.phases({ versions: 'looking at versions', bytes: 'reading' }),
    });
    const report = await scrubbing.catch((error: unknown) => {
      // What cannot be scrubbed without its sources may be mended by them.
      if (repair !== true || !isNacreError(error, 'Corrupt')) throw error;
      return undefined;
    });
    const isDamaged = report === undefined || report.damaged.length > 0;
    if (repair !== true || !isDamaged)
      return {
        json: report,
        text: report === undefined ? '' : textOf(report, uri),
        data: true,
        exitCode: isDamaged ? exitCodes.damage : exitCodes.ok,
      };
    const mended = await mend(session, uri, mode === 'structure' ? mode : 'found', source ?? []);
    const seen = report === undefined ? [] : [textOf(report, uri)];
    return {
      json: { ...report, repair: mended },
      text: [...seen, ...mended.steps.map(stepText)].join('\n'),
      data: true,
      exitCode: mended.isWhole ? exitCodes.ok : exitCodes.notMended,
    };
  },
});

/** What a full scrub just found, by its notes. */
function mend(
  session: Session,
  uri: string,
  mode: 'structure' | 'found',
  sources: readonly string[],
): Promise<RepairReport> {
  const onProgress = session.phases({
    versions: 'looking at versions',
    bytes: 'reading',
    objects: 'putting back',
  });
  return repairAt(uri, { ...session.connection(), sources, mode, onProgress });
}

function textOf(report: ScrubReport, uri: string): string {
  const { damaged, healedElsewhere, mode, objects, sizeBytes, hint } = report;
  const { readObjects, readBytes, resumedObjects } = report;
  const seen = `${plural(report.versions, 'version')}, ${countText(report.keptVersions)} of them kept, with ${plural(objects, 'object')} of ${bytesText(sizeBytes)}`;
  const read =
    mode === 'structure'
      ? 'none was read'
      : `${countText(readObjects)} read, ${bytesText(readBytes)}${mode === 'full' && report.parityObjects > 0 ? ' with parity' : ''}` +
        (resumedObjects > 0 ? `, ${countText(resumedObjects)} by the part before` : '');
  const lines = [`${report.uri}: ${seen}; ${read}`];
  if (hint === 'stale') lines.push('latest names an older version: readers take a request more');
  if (hint === 'elsewhere') lines.push('latest came with a copy from elsewhere, and is not used');
  if (report.parityObjects > 0)
    lines.push(`${plural(report.parityObjects, 'object')} of parity, ${bytesText(report.parityBytes)}`);
  const { unreferenced } = report;
  if (unreferenced !== undefined && unreferenced.objects > 0)
    lines.push(
      `${plural(unreferenced.objects, 'object')} of ${bytesText(unreferenced.sizeBytes)} that no kept version needs`,
    );
  if (!report.isNoted) lines.push('nothing is noted of it: there is no cache folder');
  if (healedElsewhere.length > 0) {
    const some = `${plural(healedElsewhere.length, 'object')} ${healedElsewhere.length === 1 ? 'is' : 'are'}`;
    lines.push(`${some} damaged under the own key, and healed elsewhere: nothing is lost`);
    lines.push(...healedElsewhere.map(damageText));
  }
  if (damaged.length === 0) return [...lines, noDamageText(mode, uri)].join('\n');
  const count = `${plural(damaged.length, 'object')} ${damaged.length === 1 ? 'is' : 'are'} damaged:`;
  return [...lines, count, ...damaged.map(damageText), ...nextText(report, uri)].join('\n');
}

/** What was not read is not said to be right. */
function noDamageText(mode: ScrubReport['mode'], uri: string): string {
  if (mode === 'full') return 'no damage';
  if (mode === 'sample') return 'no damage in what was read; nothing is missing';
  return `nothing is missing or of another length; bytes were not read (nacre scrub ${shellWord(uri)} does)`;
}

/** Without a copy parity may do, and the copy of a root in latest. */
function nextText({ copies, parityObjects }: ScrubReport, uri: string): string[] {
  const from = [...copies.map(shellWord), ...(copies.length + parityObjects === 0 ? ['COPY'] : [])];
  const next = `mend: nacre repair ${shellWord(uri)}${from.map((one) => ` --source ${one}`).join('')}`;
  const others = 'a copy is any replica, backup or other copy of the dataset; --source may be given again';
  return [
    next,
    copies.length === 0 && parityObjects > 0 ? `what parity lacks: --source COPY; ${others}` : others,
  ];
}
