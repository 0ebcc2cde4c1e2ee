import type { OperationInfo, VersionInfo } from '../../index.js';
import { countText } from '../output.js';
import { define } from '../program.js';
import { parseCount } from '../values.js';

interface Options {
  readonly limit?: number;
}

export const log = define<Options>({
  usage: 'log <uri>',
  summary: 'list the versions with their tags, newest first',
  examples: ['nacre log ./faces', 'nacre log s3://bucket/faces --limit 10 --json'],
  options: (command) => command.option('-n, --limit <N>', 'at most so many versions', parseCount),
  async work(session, { limit = Number.POSITIVE_INFINITY }, uri: string) {
    const dataset = await session.open(uri);
    const versions: VersionInfo[] = [];
    if (limit > 0) {
      for await (const version of dataset.log({ signal: session.signal })) {
        versions.push(version);
        if (versions.length >= limit) break;
      }
    }
    return { json: { uri: dataset.uri, versions }, text: versions.map(versionText).join('\n\n'), data: true };
  },
});

export function versionText({ version, tags, time, message, author, host, operations }: VersionInfo): string {
  const who = [author, host].filter(Boolean).join('@');
  const names = tags.length === 0 ? '' : `  (${tags.join(', ')})`;
  const lines = [`version ${version}${names}  ${time}${who === '' ? '' : `  ${who}`}`];
  if (message !== '') lines.push(`  ${message}`);
  for (const operation of operations) lines.push(`  ${operationText(operation)}`.trimEnd());
  return lines.join('\n');
}

function operationText({ kind, array, rowsAdded, rowsDropped }: OperationInfo): string {
  const counts = [
    ...(rowsAdded > 0 ? [`+${countText(rowsAdded)}`] : []),
    ...(rowsDropped > 0 ? [`-${countText(rowsDropped)}`] : []),
  ];
  const plural = rowsAdded + rowsDropped === 1 ? 'row' : 'rows';
  return [kind, array, counts.length > 0 ? `${counts.join(' ')} ${plural}` : ''].filter(Boolean).join('  ');
}
