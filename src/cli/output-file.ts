// A file of arrays that a command writes: its format, whether it may be written, and the rows on their way.
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  arrayFileFormatOf,
  type ArrayFileFormat,
  type ArrayToWrite,
  type Attribute,
  type AttributeSource,
  holdsAttributes,
  NacreError,
  writeArrayFile,
} from '../index.js';
import { bytesText, plural } from './output.js';
import { rowBytes } from './row-bytes.js';
import type { Session } from './session.js';
import { invalid } from './values.js';

export interface OutputOptions {
  readonly force?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** `option` names the option that says the format. */
export function outputHelp(option: string): string {
  return [
    `The format is that of the ending of the name, or as ${option} says. The file appears whole or not at all;`,
    'one that is there is replaced with --force only. - is standard output. Rows go through piece by piece:',
    'arrays may be larger than memory. Attributes of one array are written to Arrow and Parquet, as columns',
    'beside it, and to no other format. What the format cannot hold is refused, and what can is said.',
  ].join('\n');
}

export function forceOption(command: Command): Command {
  return command.option('--force', 'replace the file if it is there');
}

/** The format to write, of a file that may be written. `option` names the option that says the format. */
export async function checkOutput(
  out: string,
  asked: ArrayFileFormat | undefined,
  { force, json }: OutputOptions,
  option: string,
): Promise<ArrayFileFormat> {
  const format = asked ?? (await arrayFileFormatOf(out));
  if (format === undefined) {
    const what = out === '-' ? 'standard output has no name that tells its format' : undefined;
    throw invalid(
      what ?? `${out} has no ending that tells its format`,
      `Say it by ${option}, such as ${option} npz.`,
    );
  }
  if (out === '-') {
    if (json === true)
      throw invalid('standard output cannot take both the file and --json', 'Name a file to write.');
    return format;
  }
  const there = await stat(out).catch(() => undefined);
  // Pipes and devices are written to, and stay.
  if (force !== true && (there?.isFile() === true || there?.isDirectory() === true)) {
    throw new NacreError('AlreadyExists', `${out} is there already`, {
      context: { file: out },
      hint: 'Give another name, or --force to replace it.',
    });
  }
  return format;
}

/** As messages name it. */
export function outName(out: string): string {
  return out === '-' ? 'standard output' : out;
}

/** An array on its way out. */
export type Outgoing = Omit<ArrayToWrite, 'pieces'> & {
  /** `onRows` is told how many rows are out. */
  readonly pieces: (onRows: (done: number) => void) => AsyncIterable<ArrayBufferView>;
};

/** Writes the arrays with progress; gives the size of the file. */
export async function writeArrays(
  session: Session,
  out: string,
  format: ArrayFileFormat,
  arrays: readonly Outgoing[],
  attributes: AttributeSource | undefined,
): Promise<number> {
  const progress = session.progress(`writing ${outName(out)}`, 'bytes');
  const total = arrays.reduce((sum, { rows, type }) => sum + rows * rowBytes(type), 0);
  let doneBytes = 0;
  const sizeBytes = await writeArrayFile(
    out,
    arrays.map(({ pieces, ...array }) => ({
      ...array,
      pieces: () => {
        let seen = 0;
        return pieces((done) => {
          doneBytes += (done - seen) * rowBytes(array.type);
          seen = done;
          progress.update(doneBytes, total);
        });
      },
    })),
    { format, signal: session.signal, ...(attributes && { attributes }) },
  );
  progress.end();
  return sizeBytes;
}

/** Whether the attributes of an array go into the file with it. */
export async function takesAttributes(
  format: ArrayFileFormat,
  arrays: readonly Pick<Outgoing, 'array'>[],
  attributes: readonly Attribute[],
): Promise<boolean> {
  const [first] = arrays;
  if (first === undefined || arrays.length > 1 || attributes.length === 0) return false;
  // Columns of one name are none of one file.
  return !attributes.some(({ name }) => name === first.array) && holdsAttributes(format);
}

/** `attributes were not written: …`, of some. */
export function noteLeft(session: Session, left: readonly string[]): void {
  if (left.length > 0) session.note(`attributes were not written: ${left.slice(0, 10).join(', ')}`);
}

/** What was written, for --json. */
export function writtenJson(arrays: readonly Outgoing[]): readonly object[] {
  return arrays.map(({ array, type, rows }) => ({
    ...{ array, dtype: type.dtype },
    shape: type.scalar ? [] : [rows, ...type.rowShape],
  }));
}

/** `b.npz (npz, 3 arrays, 1.2 MiB)`. */
export function fileText(file: string, format: ArrayFileFormat, arrays?: number, sizeBytes?: number): string {
  const parts = [
    format,
    ...(arrays === undefined ? [] : [plural(arrays, 'array')]),
    ...(sizeBytes === undefined ? [] : [bytesText(sizeBytes)]),
  ];
  return `${file} (${parts.join(', ')})`;
}
