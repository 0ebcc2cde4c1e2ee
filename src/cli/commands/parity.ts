import { NacreError, parity as parityAt, type ParityCover, updateParity } from '../../index.js';
import { exitCodes } from '../exit-codes.js';
import { bytesText, countText, plural, shellWord, table } from '../output.js';
import { changing, define } from '../program.js';
import { memoryOption, writeOptions, type WritingOptions } from '../sources.js';
import { invalid, parseRate } from '../values.js';

/** `8+2`, or undefined for `off`. */
function parsePolicy(text: string): { dataShards: number; parityShards: number } | undefined {
  if (text === 'off') return undefined;
  const [, data = '', more = ''] = /^(\d{1,3})\+(\d{1,3})$/.exec(text) ?? [];
  if (data !== '') return { dataShards: Number(data), parityShards: Number(more) };
  throw invalid(`'${text}' is no parity`, 'Write 8+2 for two objects of parity to each eight, or off.');
}

export const paritySet = define<WritingOptions>({
  usage: 'set <uri> <array> <parity>',
  summary: 'say how objects of an array are to be covered, such as 8+2, or off',
  details: `Of each group of up to 8 objects and their 2 of parity any two may be lost then: that costs 2 more
bytes to each 8. Up to 64 objects a group and 16 of parity. A version says so, and
\`nacre parity update\` makes it.`,
  examples: ['nacre parity set ./faces embeddings 8+2', 'nacre parity set s3://bucket/faces embeddings off'],
  options: (command) => changing(command).option('-m, --message <text>', 'shown by `nacre log`'),
  async work(session, options, uri: string, array: string, text: string) {
    const policy = parsePolicy(text) ?? null;
    const dataset = await session.open(uri);
    const { arrays, version: before } = await dataset.info({ signal: session.signal });
    const known = arrays[array];
    if (known === undefined)
      throw new NacreError('NotFound', `there is no array '${array}'`, {
        context: { array },
        hint: `The arrays are ${Object.keys(arrays).join(', ') || 'none'}.`,
      });
    const was = known.parity;
    const isSame = policyText(was) === policyText(policy);
    const { dryRun = false } = options;
    let version = before;
    if (!isSame && !dryRun)
      ({ version } = await dataset.write(
        (tx) => tx.setParity(array, policy),
        writeOptions(session, options),
      ));
    const json = { uri: dataset.uri, array, before: was, parity: policy, version };
    if (isSame) return { json, text: `the parity of '${array}' is ${policyText(policy)} already` };
    const change = `the parity of '${array}' from ${policyText(was)} to ${policyText(policy)}`;
    if (dryRun) return { json: { ...json, dryRun }, text: `would change ${change}` };
    const undo = `nacre parity set ${shellWord(uri)} ${shellWord(array)} ${policyText(was)}`;
    const next = `encode: nacre parity update ${shellWord(uri)}`;
    return {
      json: { ...json, undo },
      text: `changed ${change} (version ${version})\n${next}\nundo: ${undo}`,
    };
  },
});

function policyText(policy: { dataShards: number; parityShards: number } | null): string {
  return policy === null ? 'off' : `${policy.dataShards}+${policy.parityShards}`;
}

interface UpdateOptions {
  readonly limit?: number;
}

export const parityUpdate = define<UpdateOptions>({
  usage: 'update <uri> [arrays...]',
  summary: 'encode parity of what has none, of arrays that ask for it',
  details: `Reads what no group covers, compares each object with its hash, and puts its parity below parity/;
groups that lost a member, or have another shape than is asked for, are encoded anew. It makes no version, may
run beside writers and on a replica, and may be ended at any point: the next run goes on.

Exit codes: 0 all is covered, 8 something is missing or damaged and was left out: \`nacre repair\` comes
first.`,
  examples: [
    'nacre parity update ./faces',
    'nacre parity update s3://bucket/faces embeddings --limit 50MiB/s',
    'nacre parity update ./faces --dry-run --json',
  ],
  options: (command) =>
    changing(command)
      .option('--limit <rate>', 'read so much in a second, such as 50MiB/s', parseRate)
      .option(...memoryOption),
  async work(session, { limit, dryRun = false }, uri: string, arrays: readonly string[]) {
    const progress = session.progress('encoding', 'bytes');
    const report = await updateParity(uri, {
      ...session.connection(),
      ...(arrays.length === 0 ? {} : { arrays }),
      ...(limit === undefined ? {} : { bytesPerSecond: limit }),
      dryRun,
      onProgress: (done, total) => progress.update(done, total),
    });
    progress.end();
    const { encodedGroups, encodedObjects, encodedBytes, addedBytes, removedObjects, notEncoded } = report;
    const would = dryRun ? 'would be ' : '';
    const what = `${plural(encodedObjects, 'object')} of ${bytesText(encodedBytes)}`;
    const lines = [
      ...(report.arrays.length === 0 ? ['no array asks for parity: nacre parity set URI ARRAY 8+2'] : []),
      ...(encodedGroups === 0
        ? ['nothing to encode']
        : [`${would}encoded ${what} in ${plural(encodedGroups, 'group')}, ${bytesText(addedBytes)} more`]),
      ...(removedObjects > 0 ? [`${would}removed ${plural(removedObjects, 'object')} of parity`] : []),
      ...notEncoded.map(({ key, array }) => `NOT COVERED: ${key} of '${array}' is missing or damaged`),
      ...(notEncoded.length > 0 ? [`mend it first: nacre repair ${shellWord(uri)}`] : []),
    ];
    const exitCode = notEncoded.length > 0 ? exitCodes.damage : exitCodes.ok;
    return { json: report, text: lines.join('\n'), exitCode };
  },
});

export const parityShow = define<object>({
  usage: 'show <uri>',
  summary: 'show what arrays have of parity, and what they lack',
  examples: ['nacre parity show ./faces', 'nacre parity show s3://bucket/faces --json'],
  async work(session, _, uri: string) {
    const report = await parityAt(uri, session.connection());
    const text =
      report.arrays.length === 0
        ? 'no array asks for parity'
        : table(
            ['ARRAY', 'PARITY', 'GROUPS', 'SIZE', 'COVERED', 'NOT COVERED', 'BROKEN'],
            report.arrays.map(row),
          );
    return { json: report, text, data: true };
  },
});

function row(cover: ParityCover): string[] {
  const { array, groups, parityBytes, objects, bytes, notCoveredObjects, notCoveredBytes } = cover;
  const counted = (count: number, size: number): string => `${countText(count)} (${bytesText(size)})`;
  return [
    array,
    policyText(cover),
    countText(groups),
    bytesText(parityBytes),
    counted(objects - notCoveredObjects, bytes - notCoveredBytes),
    counted(notCoveredObjects, notCoveredBytes),
    countText(cover.brokenGroups),
  ];
}
