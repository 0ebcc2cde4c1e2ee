import type { ArrayHandle, TransactionHandle } from '../../index.js';
import { checkVersion } from '../datasets.js';
import { plural, shellWord } from '../output.js';
import { define, destructive } from '../program.js';
import {
  fromTheEnd,
  lookUp,
  optionText,
  requireRows,
  type RowOptions,
  rowOptions,
  rowsHelp,
  targetOf,
} from '../rows.js';
import type { Session } from '../session.js';
import { writeOptions, type WritingOptions } from '../sources.js';
import { invalid, parseCount } from '../values.js';

interface Options extends RowOptions, WritingOptions {
  readonly array?: boolean;
  readonly ifVersion?: number;
}

export const drop = define<Options>({
  usage: 'drop <uri> <array>',
  summary: 'take rows out of an array, or the whole array',
  details: `Later rows move up; ids are never used again; older versions keep the rows. --all leaves an
empty array, --array takes the array itself.\n\n${rowsHelp}`,
  examples: [
    'nacre drop ./faces embeddings --rows 0:100',
    'nacre drop s3://bucket/faces embeddings --ids bad.npy --if-version 12 --yes',
    'nacre drop ./faces embeddings --mask bad.npy',
    'nacre drop ./faces embeddings --array',
  ],
  options: (command) =>
    destructive(
      rowOptions(command)
        .option('--array', 'the array itself, with all its rows')
        .option('--if-version <N>', 'only if N is the newest version', parseCount)
        .option('-m, --message <text>', 'shown by `nacre log`'),
    ),
  work: (session, options, uri: string, name: string) =>
    options.array === true ? dropArray(session, options, uri, name) : dropRows(session, options, uri, name),
});

async function dropRows(session: Session, options: Options, uri: string, name: string) {
  const { signal } = session;
  const choice = await requireRows(session, options, 'drop');
  const dataset = await session.open(uri);
  const array = dataset.array(name);
  const { target, count } = await targetOf(array, choice, signal);
  await checkVersion(session, dataset, options.ifVersion);
  const before = await dataset.version({ signal });
  const hasMore = await hasAttributes(array, signal);
  await lookUp(array, target, signal);
  const what = `${plural(count, 'row')} of '${name}'`;
  const answer = { uri: dataset.uri, array: name };
  if (options.dryRun === true)
    return { json: { ...answer, rows: count, dryRun: true, version: null }, text: `would drop ${what}` };
  await session.confirm(`Drop ${what}?`);
  const dropped = async (tx: TransactionHandle): Promise<void> => {
    for (const rows of fromTheEnd(target)) await tx.drop(name, rows);
  };
  const { version } = await dataset.write(dropped, {
    message: `drop ${what}`,
    ...writeOptions(session, options),
    ...(options.ifVersion === undefined ? {} : { ifVersion: options.ifVersion }),
  });
  const at = `${shellWord(uri)} ${shellWord(name)}`;
  const undo = hasMore
    ? restoring(uri, before)
    : `nacre read ${at}${optionText(options)} --at ${before} --out dropped.npy && ` +
      `nacre append ${at} dropped.npy`;
  const shape = await array.shape({ signal });
  const left = plural(shape[0] ?? 0, 'row');
  return {
    json: { ...answer, rows: count, version, shape, undo },
    text: `dropped ${what}, which has ${left} now (version ${version})\nundo: ${undo}`,
  };
}

async function dropArray(session: Session, options: Options, uri: string, name: string) {
  if ((options.rows ?? options.ids ?? options.mask ?? options.all) !== undefined)
    throw invalid(
      '--array takes the array itself, with all its rows',
      'Leave out --rows, --ids, --mask and --all.',
    );
  const { signal } = session;
  const dataset = await session.open(uri);
  const array = dataset.array(name);
  const [rows = 1] = await array.shape({ signal });
  await checkVersion(session, dataset, options.ifVersion);
  const before = await dataset.version({ signal });
  const hasMore = await hasAttributes(array, signal);
  const what = `array '${name}' of ${plural(rows, 'row')}`;
  const answer = { uri: dataset.uri, array: name, rows };
  if (options.dryRun === true)
    return { json: { ...answer, dryRun: true, version: null }, text: `would drop ${what}` };
  await session.confirm(`Drop ${what}?`);
  const { version } = await dataset.write((tx) => tx.dropArray(name), {
    message: `drop ${what}`,
    ...writeOptions(session, options),
    ...(options.ifVersion === undefined ? {} : { ifVersion: options.ifVersion }),
  });
  const at = `${shellWord(uri)} ${shellWord(name)}`;
  const undo = hasMore
    ? restoring(uri, before)
    : `nacre read ${at} --at ${before} --out dropped.npy && nacre import ${at} dropped.npy`;
  return { json: { ...answer, version, undo }, text: `dropped ${what} (version ${version})\nundo: ${undo}` };
}

/** A file of rows does not have them. */
async function hasAttributes(array: ArrayHandle, signal: AbortSignal): Promise<boolean> {
  return (await array.attributes({ signal })).length > 0;
}

/** Takes back what was changed since, too, and says so before it does. */
function restoring(uri: string, version: number): string {
  return `nacre restore ${shellWord(uri)} --at ${version}`;
}
