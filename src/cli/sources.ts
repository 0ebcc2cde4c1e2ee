// Files as commands that write take them, and the options of writing.
import { hostname, userInfo } from 'node:os';
import type { Command } from 'commander';
import {
  type ArrayHandle,
  type Dataset,
  NacreError,
  type NpyFile,
  openNpyFile,
  type RowSource,
  type RowType,
  type WriteCall,
} from '../index.js';
import { shapeText } from './output.js';
import type { CommonOptions, Session } from './session.js';
import { parseSize } from './values.js';

export interface WritingOptions extends CommonOptions {
  readonly message?: string;
  readonly partitionSize?: number;
}

export function writingOptions(command: Command): Command {
  return command
    .option('-m, --message <text>', 'shown by `nacre log`')
    .option(
      '--partition-size <size>',
      'size at which rows are split into objects (default: 64MiB)',
      parseSize,
    )
    .option(...memoryOption);
}

/** Of commands that hold many rows. */
export const memoryOption = [
  '--memory <size>',
  'bytes of row data held at once (default: a quarter of the memory)',
  parseSize,
] as const;

export function writeOptions(session: Session, options: WritingOptions): WriteCall {
  return {
    signal: session.signal,
    author: userName(),
    host: hostname(),
    ...(options.message === undefined ? {} : { message: options.message }),
    ...(options.partitionSize === undefined ? {} : { partitionBytes: options.partitionSize }),
  };
}

/** '' where the user has no name, as in some containers. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}

/** A .npy file, closed when the command ends; its requests count among the dataset's. */
export async function openSource(session: Session, file: string, dataset?: Dataset): Promise<NpyFile> {
  const source = await openNpyFile(file, {
    signal: session.signal,
    ...(dataset === undefined ? {} : { meter: dataset.meter }),
  });
  session.onClose(() => source.close());
  return source;
}

export async function typeOf(array: ArrayHandle, signal: AbortSignal): Promise<RowType> {
  const [dtype, shape] = await Promise.all([array.dtype({ signal }), array.shape({ signal })]);
  return { dtype, rowShape: shape.slice(1), scalar: shape.length === 0 };
}

/** Before anything is sent; the transaction checks once more. */
export function checkType(array: string, expected: RowType, source: Pick<RowSource, 'name' | 'type'>): void {
  if (sameType(expected, source.type)) return;
  const [wanted, found] = [typeText(expected), typeText(source.type)];
  throw new NacreError('InvalidArgument', `array '${array}' holds ${wanted}, ${source.name} has ${found}`, {
    context: { array, expected: wanted, observed: found },
    hint: 'Convert the file (in NumPy: a.astype(…).reshape(…)), or put it into another array.',
  });
}

export function sameType(a: RowType, b: RowType): boolean {
  return a.dtype === b.dtype && a.scalar === b.scalar && shapeText(a.rowShape) === shapeText(b.rowShape);
}

export function typeText({ dtype, rowShape, scalar }: RowType): string {
  return scalar ? `one ${dtype}` : `${dtype} rows of shape ${shapeText(rowShape)}`;
}

/** The same rows; `onRows` is told how many were read so far. */
export function withProgress(source: RowSource, onRows: (done: number) => void): RowSource {
  let done = 0;
  return {
    type: source.type,
    rows: source.rows,
    name: source.name,
    async read(start, end, options) {
      const bytes = await source.read(start, end, options);
      done += end - start;
      onRows(done);
      return bytes;
    },
    close: () => source.close(),
  };
}
