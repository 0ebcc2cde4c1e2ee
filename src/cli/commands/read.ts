import {
  arrayFileFormatOf,
  type ArrayFileFormat,
  type ArrayHandle,
  type AttributeSource,
  holdsAttributes,
  parseVersion,
  type ReadOptions,
  type RowType,
  type VersionReference,
  writeArrayFile,
} from '../../index.js';
import { openAt } from '../datasets.js';
import { noteLeft, takesAttributes } from '../output-file.js';
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
import type { Session } from '../session.js';
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
Arrow and Parquet files have the attributes of the rows, as columns beside them.
Several arrays, and whole ones: nacre export.\n\n${rowsHelp}`,
  examples: [
    'nacre read ./faces embeddings --out all.npy',
    'nacre read s3://bucket/faces embeddings --rows 0:100 --out first.npy',
    'nacre read ./faces embeddings --mask mask.npy --out some.npy',
    'nacre read ./faces embeddings --rows 3,7,9 --out some.parquet',
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
    const { count, chosen } = await chosenOf(array, choice, { type, total, signal });
    const step = Math.min(rowsOf(pieceBytes, type), choice.kind === 'mask' ? maskedRows : count);
    const progress = session.progress(`reading ${name}`, 'rows');
    const pieces = async function* (): AsyncGenerator<ArrayBufferView> {
      for (let from = 0; from < count; from += step) {
        const to = Math.min(from + step, count);
        yield (await array.read({ ...chosen(from, to), signal })).data;
        progress.update(to, count);
      }
    };
    const format = (await arrayFileFormatOf(out)) ?? 'npy';
    const written = [{ array: name, type, rows: count, pieces }];
    const beside = await attributesOf(session, array, format, chosen);
    const attributes = beside && { attributes: { ...beside, rows: count } };
    const sizeBytes = await writeArrayFile(out, written, { format, signal, ...attributes });
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

/** The rows `[from, to)` of the chosen ones, as `read()` takes them. */
type Chosen = (from: number, to: number) => ReadOptions;

/** How many rows are chosen, and which; every one was looked up. */
async function chosenOf(
  array: ArrayHandle,
  choice: RowChoice,
  { type, total, signal }: Reading,
): Promise<{ readonly count: number; readonly chosen: Chosen }> {
  if (type.scalar) return { count: 1, chosen: () => ({}) };
  if (choice.kind === 'all' || choice.kind === 'slice') {
    const { start, end, step } = sliceBounds(choice, total);
    if (step === 1) {
      const chosen: Chosen = (from, to) => ({ start: start + from, end: start + to });
      return { count: Math.max(0, end - start), chosen };
    }
  }
  if (choice.kind === 'ids') {
    const { ids } = choice;
    return { count: ids.length, chosen: (from, to) => ({ ids: ids.subarray(from, to) }) };
  }
  if (choice.kind === 'mask') {
    const { mask } = choice;
    return { count: mask.count, chosen: (from, to) => ({ rows: mask.places(from, to) }) };
  }
  const rows = placesOf(choice, total);
  if (rows.length > rowsOf(pieceBytes, type)) await array.ids({ rows, signal });
  return { count: rows.length, chosen: (from, to) => ({ rows: rows.subarray(from, to) }) };
}

/** Attributes of the chosen rows, where the array has some and a file of the format takes them. */
async function attributesOf(
  session: Session,
  array: ArrayHandle,
  format: ArrayFileFormat,
  chosen: Chosen,
): Promise<Omit<AttributeSource, 'rows'> | undefined> {
  const attributes = await array.attributes({ signal: session.signal });
  // Of other formats nobody expects them.
  if (!(await holdsAttributes(format))) return undefined;
  if (!(await takesAttributes(format, [{ array: array.name }], attributes))) {
    const left = attributes.map(({ name }) => name);
    noteLeft(session, left);
    return undefined;
  }
  return {
    name: array.name,
    attributes,
    read: async (start, end, options = {}) => {
      const source = await array.attributeSource({ ...chosen(start, end), ...options });
      return source.read(0, end - start, options);
    },
    close: () => Promise.resolve(),
  };
}
