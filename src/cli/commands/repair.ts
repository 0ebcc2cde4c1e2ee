import { repair as repairAt, type RepairStep } from '../../index.js';
import { stepText } from '../damage.js';
import { exitCodes } from '../exit-codes.js';
import { countText, plural, shellWord } from '../output.js';
import { define, destructive } from '../program.js';
import { addOne, invalid } from '../values.js';

interface Options {
  readonly source?: readonly string[];
  readonly structure?: boolean;
  readonly found?: boolean;
  readonly dryRun?: boolean;
}

export const repair = define<Options>({
  usage: 'repair <uri>',
  summary: 'put damaged and missing objects back, from a copy',
  details: `Looks for damage as \`nacre scrub\` does, prints a plan, then puts the same bytes back under the
same keys, so that every version heals at once. Bytes come from --source: a replica or any copy of the same
dataset, each object compared with its hash; a root also from the copy in latest; what has parity also
from the rest of its group. Bad bytes are kept below quarantine/. Where the store refuses to overwrite, the
right ones go to healed/<hash>, where reads find them. It works where the dataset cannot be
opened, as long as a root, latest or a source says what belongs there.

--found reads only what the last full scrub on this machine did not find right; --structure looks for what is
missing or of another length, and reads nothing.

Exit codes: 0 all is mended, 8 there is damage that a dry run would mend, 9 something could not be mended:
it is listed, with its rows and versions.`,
  examples: [
    'nacre repair ./faces --source s3://bucket/faces',
    'nacre repair s3://bucket/faces --source s3://other/faces --dry-run',
    'nacre repair s3://bucket/faces --source /mnt/copy/faces --found --yes --json',
  ],
  options: (command) =>
    destructive(
      command
        .option('--source <uri>', 'a copy of the same dataset; may be given again', addOne)
        .option('--structure', 'only what is missing or of another length')
        .option('--found', 'only what the last full scrub on this machine did not find right'),
    ),
  async work(session, { source = [], structure, found, dryRun = false }, uri: string) {
    if (structure === true && found === true)
      throw invalid('damage is looked for in one way', 'Give one of --structure and --found.');
    const report = await repairAt(uri, {
      ...session.connection(),
      sources: source,
      dryRun,
      mode: structure === true ? 'structure' : found === true ? 'found' : 'full',
      onProgress: session.phases({
        versions: 'looking at versions',
        bytes: 'reading',
        objects: 'putting back',
      }),
      onPlan: async (plan) => {
        const planned = plan.filter(({ outcome }) => outcome === 'planned');
        if (dryRun || planned.length === 0) return;
        if (session.options.json !== true) session.note(plan.map(stepText).join('\n'));
        await session.confirm(`Put ${plural(planned.length, 'object')} back?`);
      },
    });
    const { steps, isWhole } = report;
    const count = (wanted: RepairStep['outcome']): number =>
      steps.filter(({ outcome }) => outcome === wanted).length;
    const [mended, healed] = [count('mended') + count('planned'), count('healed')];
    const verb = dryRun ? 'would be put back' : 'mended';
    const also = healed === 0 ? '' : `, ${countText(healed)} healed elsewhere`;
    const counts = `${countText(mended)} of ${plural(steps.length, 'damaged object')} ${verb}${also}`;
    const next = isWhole ? [] : [nextText(uri, source, report.copies)];
    // What is healed elsewhere already is no damage that anybody meets.
    const isDamage = steps.some(({ outcome, ...what }) => outcome === 'planned' && what.healed === undefined);
    return {
      json: report,
      text: steps.length === 0 ? 'no damage' : [...steps.map(stepText), counts, ...next].join('\n'),
      data: true,
      exitCode: !isWhole ? exitCodes.notMended : dryRun && isDamage ? exitCodes.damage : exitCodes.ok,
    };
  },
});

/** Who else may have what is lost. */
function nextText(uri: string, asked: readonly string[], copies: readonly string[]): string {
  const sources = [...asked, ...(copies.length > 0 ? copies : ['COPY'])].map(shellWord);
  const command = `nacre repair ${shellWord(uri)}${sources.map((one) => ` --source ${one}`).join('')}`;
  return (
    `next: ${command}\n` +
    'a copy is any replica, backup or other copy of the dataset; what nobody has is given up by going back to a\n' +
    'version that is whole (nacre restore), or by dropping the rows that are named (nacre drop)'
  );
}
