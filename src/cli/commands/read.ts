import {
  arrayFileFormatOf,
  type ArrayHandle,
  parseVersion,
  type RowType,
  type VersionReference,
  writeArrayFile,
} from '../../index.js';
import { openAt } from '../datasets.js';
import { bytesText, plural } from '../output.js';
import { define } from '../program.js';
import { rowsOf } from '../row-bytes.js';
import { maskedRows } from '../row-mask.js';
import {
  chooseRows,
  placesOf,
  type RowChoice,
  type RowOptions,
  rowOptions,
  rowsHelp,
  sliceBounds,
} from '../rows.js';
import { typeOf } from '../sources.js';
import { invalid, versionHelp } from '../values.js';

interface Options extends RowOptions {
  readonly at?: VersionReference;
  readonly out: string;
}

/** Rows of one piece: about this many bytes. */
const pieceBytes = 16 * 2 ** 20;

export const read = define<Options>({
  usage: 'read <uri> <array>',
  summary: 'write rows to a file',
  details: `Without --rows, --ids, --mask or --all: all rows. The file is .npy, unless its name ends as
another format does (.npz, .safetensors, .pt, .arrow, .parquet, .h5, .csv); it appears whole or not at all.
Several arrays, and whole ones: nacre export.\n\n${rowsHelp}`,
  examples: [
    'nacre read ./faces embeddings --out all.npy',
    'nacre read s3://bucket/faces embeddings --rows 0:100 --out first.npy',
    'nacre read ./faces embeddings --mask mask.npy --out some.npy',
    'nacre read ./faces embeddings --rows -10: --at -1 --out - | python plot.py',
  ],
  options: (command) =>
    rowOptions(command)
      .option('--at <version>', versionHelp, parseVersion)
      .requiredOption('-o, --out <file>', 'where to write; - is standard output'),
  async work(session, options, uri: string, name: string) {
    const { out, json } = options;
    if (out === '-' && json === true)
      throw invalid('standard output cannot take both the rows and --json', 'Give --out a file.');
    const { signal } = session;
    const choice = (await chooseRows(session, options)) ?? ({ kind: 'all' } as const);
    const dataset = await openAt(session, uri, options.at);
    const array = dataset.array(name);
    const type = await typeOf(array, signal);
    const arrayShape = await array.shape({ signal });
    const [total = 1] = arrayShape;
    if (choice.kind === 'mask') choice.mask.check(name, arrayShape);
    const { count, pieces } = await piecesOf(array, choice, { type, total, signal });
    const progress = session.progress(`reading ${name}`, 'rows');
    const bytes = async function* (): AsyncGenerator<ArrayBufferView> {
      let done = 0;
      for await (const { data, shape } of pieces) {
        done += shape[0] ?? 1;
        yield data;
        progress.update(done, count);
      }
    };
    const format = (await arrayFileFormatOf(out)) ?? 'npy';
    const written = [{ array: name, type, rows: count, pieces: bytes }];
    const sizeBytes = await writeArrayFile(out, written, { format, signal });
    progress.end();
    const version = await dataset.version({ signal });
    const text = `${plural(count, 'row')} of '${name}' at version ${version} (${bytesText(sizeBytes)})`;
    if (out === '-') {
      if (session.options.verbose === true) session.note(text);
      return { json: undefined, text: '' };
    }
    const shape = type.scalar ? [] : [count, ...type.rowShape];
    return {
      json: { uri: dataset.uri, version, array: name, dtype: type.dtype, shape, out, format, sizeBytes },
      text: `wrote ${text} to ${out}`,
    };
  },
});

interface Reading {
  readonly type: RowType;
  /** Rows of the array. */
  readonly total: number;
  readonly signal: AbortSignal;
}

type Piece = Awaited<ReturnType<ArrayHandle['read']>>;

/** How many rows are chosen, and the rows piece by piece; every one was looked up before the first piece. */
async function piecesOf(
  array: ArrayHandle,
  choice: RowChoice,
  { type, total, signal }: Reading,
): Promise<{ readonly count: number; readonly pieces: AsyncIterable<Piece> }> {
  const step = rowsOf(pieceBytes, type);
  if (type.scalar) return { count: 1, pieces: once(array.read({ signal })) };
  if (choice.kind === 'all' || choice.kind === 'slice') {
    const { start, end, step: stride } = sliceBounds(choice, total);
    if (stride === 1) {
      const count = Math.max(0, end - start);
      return {
        count,
        pieces: pieces(count, step, (from, to) =>
          array.read({ start: start + from, end: start + to, signal }),
        ),
      };
    }
  }
  if (choice.kind === 'ids') {
    const { ids } = choice;
    const readIds = (from: number, to: number): Promise<Piece> =>
      array.read({ ids: ids.subarray(from, to), signal });
    return { count: ids.length, pieces: pieces(ids.length, step, readIds) };
  }
  if (choice.kind === 'mask') {
    const { mask } = choice;
    const readMasked = (from: number, to: number): Promise<Piece> =>
      array.read({ rows: mask.places(from, to), signal });
    return { count: mask.count, pieces: pieces(mask.count, Math.min(step, maskedRows), readMasked) };
  }
  const rows = placesOf(choice, total);
  if (rows.length > step) await array.ids({ rows, signal });
  const readList = (from: number, to: number): Promise<Piece> =>
    array.read({ rows: rows.subarray(from, to), signal });
  return { count: rows.length, pieces: pieces(rows.length, step, readList) };
}

async function* pieces(
  count: number,
  step: number,
  readPiece: (from: number, to: number) => Promise<Piece>,
): AsyncGenerator<Piece> {
  for (let from = 0; from < count; from += step) yield await readPiece(from, Math.min(from + step, count));
}

async function* once(piece: Promise<Piece>): AsyncGenerator<Piece> {
  yield await piece;
}
