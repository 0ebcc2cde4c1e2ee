import { stat } from 'node:fs/promises';
import { NacreError, pack, parseVersion, type VersionReference } from '../../index.js';
import { bytesText, plural } from '../output.js';
import { changing, define } from '../program.js';
import { forceOption } from '../output-file.js';
import { parseRate, versionHelp } from '../values.js';
import type { WritingOptions } from '../sources.js';
import { elsewhere } from './restore.js';

interface PackOptions {
  readonly at?: VersionReference;
  readonly only?: boolean;
  readonly limit?: number;
  readonly force?: boolean;
}

export const packCommand = define<PackOptions>({
  usage: 'pack <uri> <file>',
  summary: 'write a dataset, or one version of it, to one file',
  details: `The history up to a version, by default the newest, with the data of the versions that it keeps;
with --only the data of that version alone. Each object is compared with its hash. The file is a zip file of
the objects, not compressed: every command that reads takes it in place of a URI, nacre unpack makes a dataset
of it that takes writes, and so does any program that unpacks zip files. In a bucket its name ends in
.nacre.zip.

The file appears whole or not at all; one that is there is replaced with --force only.`,
  examples: [
    'nacre pack ./faces faces.nacre.zip',
    'nacre pack s3://bucket/faces faces.nacre.zip --at prod --only',
    'nacre info faces.nacre.zip',
  ],
  options: (command) =>
    forceOption(
      command
        .option('--at <version>', versionHelp, parseVersion)
        .option('--only', 'the data of that version alone')
        .option('--limit <rate>', 'read so much in a second, such as 50MiB/s', parseRate),
    ),
  async work(session, { at, only = false, limit, force }, uri: string, file: string) {
    if (force !== true && (await stat(file).catch(() => undefined)) !== undefined) {
      throw new NacreError('AlreadyExists', `${file} is there already`, {
        context: { file },
        hint: 'Give another name, or --force to replace it.',
      });
    }
    const report = await pack(uri, file, {
      ...session.connection(),
      ...{ only, ...(at === undefined ? {} : { at }) },
      ...(limit === undefined ? {} : { bytesPerSecond: limit }),
      onProgress: session.phases({ versions: 'versions', bytes: 'packing' }),
    });
    const { source, restored, versions, objects, sizeBytes } = report;
    const what = `${plural(versions, 'version')}, ${plural(objects, 'object')}`;
    const text = `packed version ${restored} of ${source} into ${file}: ${what}, ${bytesText(sizeBytes)}`;
    return { json: { ...report, file }, text };
  },
});

interface UnpackOptions extends WritingOptions {
  readonly at?: VersionReference;
  readonly only?: boolean;
}

export const unpackCommand = define<UnpackOptions>({
  usage: 'unpack <file> <uri>',
  summary: 'make a dataset of a pack, in an empty folder or prefix',
  details: `Each object is compared with its hash; until all are there the place opens for nobody. One that
was interrupted goes on when it is run again. See nacre pack; what a pack holds, nacre info FILE says.`,
  examples: [
    'nacre unpack faces.nacre.zip ./faces',
    'nacre unpack faces.nacre.zip s3://bucket/faces --dry-run',
  ],
  options: (command) =>
    changing(command)
      .option('--at <version>', versionHelp, parseVersion)
      .option('--only', 'the data of that version alone')
      .option('-m, --message <text>', 'shown by `nacre log`'),
  work: (session, options, file: string, uri: string) =>
    elsewhere(session, options, file, uri, { verb: 'unpack', done: 'unpacked', phase: 'unpacking' }),
});
