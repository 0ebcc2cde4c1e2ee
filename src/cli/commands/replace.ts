import type { RowSource, TransactionHandle } from '../../index.js';
import { checkedArray, type FileOptions, fileOptions, filesHelp } from '../array-files.js';
import { checkVersion } from '../datasets.js';
import { plural, shellWord } from '../output.js';
import { define, destructive } from '../program.js';
import { readRows, rowsOf } from '../row-bytes.js';
import { maskedRows, RowMask } from '../row-mask.js';
import {
  type ChosenRows,
  lookUp,
  optionText,
  requireRows,
  type RowOptions,
  rowOptions,
  rowsHelp,
  type TakenRows,
  targetOf,
} from '../rows.js';
import { writeOptions, writingOptions, type WritingOptions } from '../sources.js';
import { invalid, parseCount } from '../values.js';

interface Options extends RowOptions, WritingOptions, FileOptions {
  readonly ifVersion?: number;
}

/** Bytes of new rows in memory at once. */
const pieceBytes = 64 * 2 ** 20;

export const replace = define<Options>({
  usage: 'replace <uri> <array> <file>',
  summary: 'put the rows of a file in the place of others',
  details: `The file holds one row for each row that is named, in that order. Rows keep their ids; older
versions keep their content.\n\n${rowsHelp}\n\n${filesHelp} Of a file with several arrays --from names the
one to take.`,
  examples: [
    'nacre replace ./faces embeddings new.npy --rows 0:100',
    "nacre replace ./faces embeddings new.bin --rows 0:100 --format raw --dtype '<f4' --row-shape 384",
    'nacre replace ./faces embeddings new.npy --mask changed.npy',
    "nacre replace s3://bucket/faces embeddings new.npy --ids '3,7,9' --if-version 12 --yes",
  ],
  options: (command) =>
    destructive(
      writingOptions(
        rowOptions(fileOptions(command)).option(
          '--if-version <N>',
          'only if N is the newest version',
          parseCount,
        ),
      ),
    ),
  async work(session, options, uri: string, name: string, file: string) {
    const { signal } = session;
    const choice = await requireRows(session, options, 'replace');
    const dataset = await session.open(uri);
    const array = dataset.array(name);
    const { file: opened, source } = await checkedArray(session, file, options, array, dataset);
    const { target, count } = await targetOf(array, choice, signal);
    if (source.rows !== count) {
      throw invalid(
        `${plural(count, 'row')} of '${name}' are named, ${source.name} has ${source.rows}`,
        'Name one row for each row of the file.',
      );
    }
    await checkVersion(session, dataset, options.ifVersion);
    const before = await dataset.version({ signal });
    const what = `${plural(count, 'row')} of '${name}'`;
    const answer = { uri: dataset.uri, array: name, rows: count, format: opened.format };
    if (options.dryRun === true) {
      // Names every row once, as the replacement does: one that is out of range is found.
      await lookUp(array, target, signal);
      return { json: { ...answer, dryRun: true, version: null }, text: `would replace ${what}` };
    }
    await session.confirm(`Replace ${what}?`);
    const { version } = await dataset.write((tx) => replaceAll(tx, name, target, source, signal), {
      message: `replace ${what} by ${source.name}`,
      ...writeOptions(session, options),
      ...(options.ifVersion === undefined ? {} : { ifVersion: options.ifVersion }),
    });
    const at = `${shellWord(uri)} ${shellWord(name)}`;
    const rows = optionText(options) || ' --all';
    const undo =
      `nacre read ${at}${optionText(options)} --at ${before} --out before.npy && ` +
      `nacre replace ${at} before.npy${rows}`;
    return {
      json: { ...answer, version, undo },
      text: `replaced ${what} (version ${version})\nundo: ${undo}`,
    };
  },
});

/** Piece by piece, so that memory does not grow with the file. */
async function replaceAll(
  tx: TransactionHandle,
  name: string,
  target: ChosenRows,
  source: RowSource,
  signal: AbortSignal,
): Promise<void> {
  const most = rowsOf(pieceBytes, source.type);
  const step = target instanceof RowMask ? Math.min(most, maskedRows) : most;
  for (let start = 0; start < source.rows; start += step) {
    const end = Math.min(source.rows, start + step);
    await tx.replace(name, part(target, start, end), await readRows(source, start, end, signal));
  }
}

function part(target: ChosenRows, start: number, end: number): TakenRows {
  if (target instanceof RowMask) return target.places(start, end);
  if ('all' in target) return Float64Array.from({ length: end - start }, (_, i) => start + i);
  if ('ids' in target) return { ids: Array.prototype.slice.call(target.ids, start, end) as number[] };
  return Array.prototype.slice.call(target, start, end) as number[];
}
