import { type ArrayInfo, parseVersion, type VersionReference } from '../../index.js';
import { attributeList } from '../attribute-files.js';
import { openAt } from '../datasets.js';
import { bytesText, countText, plural, shapeText, table } from '../output.js';
import { define } from '../program.js';
import { versionHelp } from '../values.js';

interface Options {
  readonly at?: VersionReference;
}

export const info = define<Options>({
  usage: 'info <uri>',
  summary: 'show what a dataset holds',
  details:
    'MODIFIED is when rows of an array were last changed. With --json also the objects of every array: key, ' +
    'rows and size. `nacre attributes` lists attributes.',
  examples: ['nacre info s3://bucket/faces', 'nacre info ./faces --at -1 --json'],
  options: (command) => command.option('--at <version>', versionHelp, parseVersion),
  async work(session, { at }, uri: string) {
    const { signal } = session;
    const dataset = await openAt(session, uri, at);
    const described = await dataset.info({ signal });
    const arrays = Object.entries(described.arrays);
    const sum = arrays.reduce((bytes, [, array]) => bytes + sizeOf(array), 0);
    const lines = [
      described.uri,
      `version ${described.version} of ${described.time}`,
      `${plural(arrays.length, 'array')}, ${bytesText(sum)}`,
    ];
    if (arrays.length > 0) lines.push('', arrayTable(arrays));
    const withAttributes = arrays.filter(([, { attributes }]) => attributes.length > 0);
    if (withAttributes.length > 0) lines.push('');
    for (const [name, { attributes, key }] of withAttributes)
      lines.push(`attributes of '${name}': ${attributeList(attributes)}${keyNote(key)}`);
    for (const [name, { parity }] of arrays)
      if (parity !== null) lines.push(`parity of '${name}': ${parity.dataShards}+${parity.parityShards}`);
    for (const [name, { indexes }] of arrays) {
      const list = indexes.map(({ type, sizeBytes }) => `${type} (${bytesText(sizeBytes)})`);
      if (list.length > 0) lines.push(`indexes of '${name}': ${list.join(', ')}`);
    }
    for (const [name, { attributeIndexes: indexes }] of arrays) {
      const list = indexes.map(
        ({ attribute, types, sizeBytes }) => `${attribute} (${[...types, bytesText(sizeBytes)].join(', ')})`,
      );
      if (list.length > 0) lines.push(`indexed attributes of '${name}': ${list.join(', ')}`);
    }
    return { json: described, text: lines.join('\n'), data: true };
  },
});

/** To stand behind a list of attributes. */
export function keyNote(key: string | null): string {
  return key === null ? '' : `; the key is ${key}`;
}

export function sizeOf(array: ArrayInfo): number {
  return array.partitions.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
}

export function arrayTable(arrays: readonly (readonly [string, ArrayInfo])[]): string {
  return table(
    ['ARRAY', 'DTYPE', 'SHAPE', 'PARTITIONS', 'SIZE', 'MODIFIED'],
    arrays.map(([name, array]) => [
      name,
      array.dtype,
      shapeText(array.shape),
      countText(array.partitions.length),
      bytesText(sizeOf(array)),
      array.modified?.time ?? '-',
    ]),
  );
}
