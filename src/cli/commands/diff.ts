import { type ArrayDifference, parseVersion } from '../../index.js';
import { bytesText, countText, plural } from '../output.js';
import { define } from '../program.js';
import { invalid, parseCount } from '../values.js';
import { versionText } from './log.js';

interface Options {
  readonly limit: number;
}

export const diff = define<Options>({
  usage: 'diff <uri> <from> [to]',
  summary: 'show what is different between two versions',
  details: `FROM and TO are versions as --at takes them: 12, -1, a tag, 2026-01-02T03:04:05Z, 2h. TO is the
newest one where it is not given, and may be older than FROM. Rows are followed by their ids.`,
  examples: ['nacre diff ./faces 12 14', 'nacre diff s3://bucket/faces prod', 'nacre diff ./faces -1 --json'],
  options: (command) =>
    command.option('-n, --limit <N>', 'versions between that are listed (default: 100)', parseCount, 100),
  async work(session, { limit }, uri: string, from: string, to: string | undefined) {
    const { signal } = session;
    if (limit < 1) throw invalid('no version is to be listed', 'Give --limit 1 or more.');
    const references = [from, ...(to === undefined ? [] : [to])].map(parseVersion);
    const dataset = await session.open(uri);
    const [first = { version: -1 }, second] = references;
    const found = await dataset.diff(first, second, { signal, limit });
    const lines = [`from version ${found.from.version} to version ${found.to.version}`];
    for (const array of found.arrays) lines.push('', ...differenceText(array));
    if (found.arrays.length === 0) lines.push('no array is different');
    if (found.versions.length > 0)
      lines.push('', ...found.versions.flatMap((version) => versionText(version).split('\n')));
    if (found.more) lines.push(`and more versions: --limit N`);
    return { json: { uri: dataset.uri, ...found }, text: lines.join('\n'), data: true };
  },
});

/** `+3 rows`, `-1 row` and so on; '' where rows are the same. */
export function rowsText({ added, dropped, replaced, attributesSet }: ArrayDifference['rows']): string {
  const of = (sign: string, count: number, more = ''): string[] =>
    count === 0 ? [] : [`${sign}${plural(count, 'row')}${more}`];
  return [
    ...of('+', added),
    ...of('-', dropped),
    ...of('', replaced, ' replaced'),
    ...of('', attributesSet, ' with attributes set'),
  ].join(', ');
}

/** A line for the array, and one for each kind of difference. */
export function differenceText(array: ArrayDifference): string[] {
  const { name, change, renamedFrom, rows, attributes, key, parity, indexes, partitions } = array;
  const title = renamedFrom === null ? `${name}  ${change}` : `${name}  renamed from ${renamedFrom}`;
  const lists = [
    ...attributes.added.map((one) => `+attribute ${one}`),
    ...attributes.dropped.map((one) => `-attribute ${one}`),
    ...attributes.renamed.map(({ from, to }) => `attribute ${from} is ${to}`),
    ...(key === null ? [] : [`key ${key.before ?? 'none'} is ${key.after ?? 'none'}`]),
    ...(parity === null ? [] : [`parity ${parity.before ?? 'none'} is ${parity.after ?? 'none'}`]),
    ...indexes.added.map((one) => `+index ${one}`),
    ...indexes.dropped.map((one) => `-index ${one}`),
    ...indexes.changed.map((one) => `index ${one} changed`),
  ];
  const { added, addedBytes, dropped, droppedBytes } = partitions;
  const objects = [
    ...(added === 0 ? [] : [`+${plural(added, 'partition')} (${bytesText(addedBytes)})`]),
    ...(dropped === 0 ? [] : [`-${plural(dropped, 'partition')} (${bytesText(droppedBytes)})`]),
  ];
  const changed = rowsText(rows);
  const counts = `${countText(rows.before)} to ${countText(rows.after)} rows`;
  return [
    title,
    ...[changed === '' ? '' : `${changed}: ${counts}`, ...lists, objects.join(', ')]
      .filter(Boolean)
      .map((line) => `  ${line}`),
  ];
}
