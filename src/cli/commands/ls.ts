import { parseVersion, type VersionReference } from '../../index.js';
import { openAt } from '../datasets.js';
import { define } from '../program.js';
import { versionHelp } from '../values.js';
import { arrayTable, sizeOf } from './info.js';

interface Options {
  readonly at?: VersionReference;
}

export const ls = define<Options>({
  usage: 'ls <uri>',
  summary: 'list the arrays of a dataset',
  examples: ['nacre ls s3://bucket/faces', 'nacre ls ./faces --at 12'],
  options: (command) => command.option('--at <version>', versionHelp, parseVersion),
  async work(session, { at }, uri: string) {
    const { signal } = session;
    const dataset = await openAt(session, uri, at);
    const { version, arrays } = await dataset.info({ signal });
    const entries = Object.entries(arrays);
    const listed = entries.map(([name, array]) => ({
      name,
      dtype: array.dtype,
      shape: array.shape,
      partitions: array.partitions.length,
      sizeBytes: sizeOf(array),
      modified: array.modified,
    }));
    return {
      json: { uri: dataset.uri, version, arrays: listed },
      text: entries.length === 0 ? '' : arrayTable(entries),
      data: true,
    };
  },
});
