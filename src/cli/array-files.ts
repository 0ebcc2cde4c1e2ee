// Files of arrays as commands take them, of any format that the library opens: --format and --from, and what
// text and raw numbers do not say by themselves.
import type { Command } from 'commander';
import {
  type ArrayFile,
  type ArrayFileFormat,
  type ArrayFileOptions,
  type ArrayHandle,
  type Dataset,
  type FileArray,
  NacreError,
  openArrayFile,
} from '../index.js';
import { plural } from './output.js';
import { rowBytes } from './row-bytes.js';
import type { Session } from './session.js';
import { checkType, typeOf } from './sources.js';
import { parseBytes, parseShape } from './values.js';

/** Each is refused by the library where the format has no such option. */
export type ReadOptions = Pick<ArrayFileOptions, 'dtype' | 'header' | 'rowShape' | 'offset'>;

export interface FileOptions extends ReadOptions {
  /** Checked when the file is opened. */
  readonly format?: ArrayFileFormat;
  /** The array to take, by the name that the file has for it. */
  readonly from?: string;
}

export const filesHelp = `FILE is a .npy, .npz, .safetensors, PyTorch, Arrow, Parquet, HDF5, CSV or TSV file,
or of another format of docs/formats.md: as its name ends, else as it begins, or as --format says. It is a
path, an s3:// or gs:// URI, or - for standard input, which is copied to TMPDIR first. Raw numbers (--format
raw) need --dtype, and have one number a row unless --row-shape says more. Text is read as float64 unless
--dtype says otherwise.`;

export function fileOptions(command: Command): Command {
  return readOptions(
    command
      .option(
        '--format <format>',
        'of FILE, such as npz, csv or raw; default: as its name ends, or it begins',
      )
      .option('--from <name>', 'the array of FILE to take, where it has several'),
  );
}

/** What text and raw numbers do not say by themselves. */
export function readOptions(command: Command): Command {
  return command
    .option(
      '--dtype <dtype>',
      "of text and raw numbers: float32, or as NumPy has it, '<f4'; '>f4' is big endian",
    )
    .option('--row-shape <shape>', 'of raw numbers, such as 10,3; default: single numbers', parseShape)
    .option('--offset <bytes>', 'of raw numbers: bytes before the first row; default: 0', parseBytes)
    .option('--header', 'of text: the first line has names')
    .option('--no-header', 'of text: the first line is a row; default: unless a field of it is no number');
}

/** Those that were given. */
function given({ dtype, rowShape, offset, header }: ReadOptions): ReadOptions {
  return {
    ...(dtype !== undefined && { dtype }),
    ...(rowShape !== undefined && { rowShape }),
    ...(offset !== undefined && { offset }),
    ...(header !== undefined && { header }),
  };
}

/** How a file was read, as text that is the same for the same options; undefined where none was given. */
export function readingOf(options: ReadOptions): string | undefined {
  const some = given(options);
  return Object.keys(some).length === 0 ? undefined : JSON.stringify(some);
}

/** A file of arrays that is open; closing it early spares memory, at the end of the command it is closed. */
export interface OpenFile {
  readonly file: ArrayFile;
  close(): Promise<void>;
}

/** Its requests count among the dataset's. */
export async function openFile(
  session: Session,
  name: string,
  { format, ...options }: FileOptions,
  dataset?: Dataset,
): Promise<OpenFile> {
  if (format === 'raw' && options.dtype === undefined) {
    const file = name === '-' ? 'standard input' : name;
    throw new NacreError('InvalidArgument', `${file}: raw numbers do not say their dtype`, {
      context: { file },
      hint: "Say it, and the shape of a row: --dtype '<f4' --row-shape 10.",
    });
  }
  const file = await openArrayFile(name, {
    signal: session.signal,
    ...(format === undefined ? {} : { format }),
    ...given(options),
    ...(dataset === undefined ? {} : { meter: dataset.meter }),
  });
  noteLeft(session, file, options.from);
  const forget = session.onClose(() => file.close());
  return {
    file,
    async close() {
      forget();
      await file.close();
    },
  };
}

/** Files of which it was said what was left out: an import opens each of them twice. */
const noted = new WeakMap<Session, Set<string>>();

/** What of a file is no array, and why: of all, or of that name. */
function noteLeft(session: Session, file: ArrayFile, from: string | undefined): void {
  const said = noted.get(session) ?? new Set<string>();
  noted.set(session, said);
  if (said.has(file.name)) return;
  said.add(file.name);
  const left = (file.left ?? []).filter(({ array }) => from === undefined || array === from);
  for (const { why } of left.slice(0, 10)) session.note(`left out: ${why}`);
  if (left.length > 10) session.note(`left out: ${left.length - 10} more`);
}

/** The arrays of a file that are asked for: the one of that name, or all. */
export function arraysOf(file: ArrayFile, from: string | undefined): readonly FileArray[] {
  if (file.arrays.length === 0) {
    throw new NacreError('InvalidArgument', `${file.name} has no arrays`, {
      context: { file: file.name },
      hint:
        file.attributes === undefined
          ? 'Nothing but arrays of numbers or bools is taken; look into how it was written.'
          : 'Its columns are attributes: bring them in beside rows, by --attributes FILE.',
    });
  }
  if (from === undefined) return file.arrays;
  const found = file.arrays.find(({ array }) => array === from);
  if (found !== undefined) return [found];
  const hint = file.arrays.some(({ array }) => array !== undefined)
    ? `It has ${namesOf(file.arrays)}.`
    : 'Its array has no name.';
  throw new NacreError('NotFound', `${file.name} has no array '${from}'`, {
    context: { file: file.name, array: from },
    hint,
  });
}

/** The array that is asked for, or the only one. */
export function oneArrayOf(file: ArrayFile, from: string | undefined): FileArray {
  const [first, ...others] = arraysOf(file, from);
  if (first !== undefined && others.length === 0) return first;
  const what = `${file.name} has ${plural(file.arrays.length, 'array')}: ${namesOf(file.arrays)}`;
  throw new NacreError('InvalidArgument', what, {
    context: { file: file.name, observed: file.arrays.length },
    hint: 'Choose one by --from NAME; `nacre import URI - FILE` takes all of them, by their names.',
  });
}

/** `'a', 'b'`, the first ten of them. */
function namesOf(arrays: readonly FileArray[]): string {
  const names = arrays.slice(0, 10).map(({ array }) => `'${array ?? ''}'`);
  return `${names.join(', ')}${arrays.length > 10 ? ` and ${arrays.length - 10} more` : ''}`;
}

/** A file with one array whose rows fit the array of the dataset. */
export async function checkedArray(
  session: Session,
  name: string,
  options: FileOptions,
  array: ArrayHandle,
  dataset: Dataset,
): Promise<{ readonly file: ArrayFile; readonly source: FileArray }> {
  const type = await typeOf(array, session.signal);
  const { file } = await openFile(session, name, options, dataset);
  const source = oneArrayOf(file, options.from);
  checkType(array.name, type, source);
  return { file, source };
}

/** Bytes of an array: of the file, where the file is the array. */
export function sizeOf(file: ArrayFile, { array, rows, type }: FileArray): number {
  return array === undefined ? file.sizeBytes : rows * rowBytes(type);
}
