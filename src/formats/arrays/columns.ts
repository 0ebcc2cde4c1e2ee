// What files of columns have in common: how a column is refused, and the attributes beside its arrays.
import type { RowType } from '../../arrays/row-type.js';
import type { Attribute, Column } from '../../attributes/column.js';
import type { AttributeSource } from '../../attributes/source.js';
import { isNacreError, NacreError } from '../../errors.js';
import type { Dtype } from '../../npy/dtype.js';
import { dtypes } from '../../npy/dtype.js';
import type { CallOptions } from '../../storage/object-store.js';
import { quoted } from '../../util/text.js';
import type { Types } from '../attributes/problem.js';
import type { RandomAccess } from '../random-access.js';
import type { ArrayToWrite, AttributesBeside } from './array-file.js';

/** A row of a column, for messages. */
export interface ColumnPlace {
  readonly file: string;
  readonly column: string;
  /** From 0 on. */
  readonly row?: number;
}

/** `InvalidArgument` for what a column holds. */
export function badColumn(place: ColumnPlace, what: string, hint: string): NacreError {
  return refused('InvalidArgument', place, what, hint);
}

/** `UnsupportedFormat` for what a column may be, and is not read. */
export function unreadColumn(place: ColumnPlace, what: string, hint: string): NacreError {
  return refused('UnsupportedFormat', place, what, hint);
}

function refused(
  code: 'InvalidArgument' | 'UnsupportedFormat',
  place: ColumnPlace,
  what: string,
  hint: string,
): NacreError {
  const { file, column, row } = place;
  const where = `${file}, column ${quoted(column)}${row === undefined ? '' : `, row ${row}`}`;
  return new NacreError(code, `${where}: ${what}`, { hint, context: { ...place } });
}

export function nullAt(file: string, column: string, row: number): NacreError {
  const hint = 'Fill it (fill_null in Arrow), or leave the row away: numbers of an array are never null.';
  return badColumn({ file, column, row }, 'is null, or has a null', hint);
}

/** `lengths`: of this row's list and of those before it. */
export function raggedAt(
  file: string,
  column: string,
  row: number,
  lengths?: readonly [observed: number, expected: number],
): NacreError {
  const what =
    lengths === undefined
      ? 'its lists are not as long as those of the rows before it'
      : `a list of ${lengths[0]}, where those before it have ${lengths[1]}`;
  const hint = 'Rows of an array have one shape: cut or fill the lists, or leave the column away.';
  return badColumn({ file, column, row }, what, hint);
}

/** Bytes of a row; `InvalidArgument` where its sizes are none of memory. */
export function checkRowBytes(file: string, column: string, dtype: Dtype, shape: readonly number[]): number {
  const bytes = shape.reduce((product, length) => product * length, dtypes[dtype].itemBytes);
  if (bytes < 2 ** 31) return bytes;
  throw badColumn({ file, column }, `rows of ${bytes} bytes`, 'Rows of an array are below 2 GiB.');
}

export function checkColumnNames(file: string, columns: readonly string[]): void {
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column)) throw badColumn({ file, column }, 'there are two of that name', 'Rename one.');
    seen.add(column);
  }
}

/** The access for a source that closes what it reads from; who opened it keeps it. */
export function lent(access: RandomAccess): RandomAccess {
  return {
    name: access.name,
    sizeBytes: access.sizeBytes,
    remote: access.remote,
    reopens: access.reopens,
    read: (position, length, options) => access.read(position, length, options),
    close: () => Promise.resolve(),
  };
}

/**
 * The columns beside the arrays as attributes; undefined where there is none. A column that is no attribute
 * keeps nobody from the arrays: it is refused when the attributes are read.
 */
export function attributesBeside(
  file: string,
  rows: number,
  columns: readonly string[],
  check: (column: string) => void,
  open: (chosen: ReadonlySet<string>, types: Types) => AttributeSource,
): AttributesBeside | undefined {
  if (columns.length === 0) return undefined;
  let refusal: NacreError | undefined;
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!isNacreError(error) || error.code === 'Corrupt') throw error;
      refusal ??= error;
      return undefined;
    }
  };
  const readable = new Set(columns.filter((column) => attempt(() => (check(column), true)) === true));
  const opened = (known: readonly Attribute[]): AttributeSource =>
    open(readable, { asked: {}, known: new Map(known.map(({ name, type }) => [name, type])) });
  const source = attempt(() => opened([])) ?? refusing(file, rows, refusal);
  return new Beside(source, refusal, opened);
}

/** Of no attribute at all. */
function refusing(name: string, rows: number, refusal: NacreError | undefined): AttributeSource {
  const read = (): Promise<never> => Promise.reject(refusal as NacreError);
  return { name, rows, attributes: [], read, close: () => Promise.resolve() };
}

class Beside implements AttributesBeside {
  readonly name: string;
  readonly rows: number;
  readonly attributes: readonly Attribute[];
  readonly refusal?: NacreError;
  readonly #source: AttributeSource;
  readonly #open: (known: readonly Attribute[]) => AttributeSource;

  constructor(
    source: AttributeSource,
    refusal: NacreError | undefined,
    open: (known: readonly Attribute[]) => AttributeSource,
  ) {
    this.name = source.name;
    this.rows = source.rows;
    this.attributes = source.attributes;
    this.#source = source;
    this.#open = open;
    if (refusal !== undefined) this.refusal = refusal;
  }

  read(start: number, end: number, options?: CallOptions): Promise<readonly Column[]> {
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    return this.#source.read(start, end, options);
  }

  forArray(known: readonly Attribute[] = []): AttributesBeside {
    return new Beside(this.#open(known), this.refusal, this.#open);
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

/**
 * Rows of all columns of a file; `InvalidArgument` for arrays that are no columns of one file.
 * `holds`: whether the format has the dtype.
 */
export function checkColumns(
  format: string,
  arrays: readonly ArrayToWrite[],
  holds: (type: RowType) => boolean,
  attributes?: AttributeSource,
): number {
  const [first] = arrays;
  if (first === undefined) {
    throw new NacreError('InvalidArgument', `no array for a file of ${format}`, { hint: 'Name one.' });
  }
  const seen = new Set<string>();
  for (const { array, type, rows } of arrays) {
    const context = { array };
    const refuse = (what: string, hint: string): NacreError =>
      new NacreError('InvalidArgument', `array '${array}': ${what}`, { hint, context });
    if (seen.has(array)) throw refuse('there are two of that name', 'Rename one of them.');
    seen.add(array);
    if (type.scalar) throw refuse(`a 0-d array is no column of ${format}`, 'Write it as .npy.');
    if (!holds(type)) throw refuse(`${format} has no ${type.dtype}`, 'Write it as .npy, or cast it.');
    if (rows !== first.rows) {
      const what = `has ${rows} rows, and '${first.array}' ${first.rows}`;
      throw refuse(what, `Columns of ${format} have the same rows: write one file for each array.`);
    }
  }
  if (attributes !== undefined) checkBeside(attributes, seen, first);
  return first.rows;
}

/** Rows that are put together where there are attributes: those of them all are in memory at once. */
const mostRowsWithAttributes = 2 ** 15;

/** So many of the rows that `bytes` have room for, `rowBytes` each, as are put together; one at least. */
export function rowsTogether(
  bytes: number,
  rowBytes: number,
  attributes: AttributeSource | undefined,
): number {
  const rows = Math.max(1, Math.floor(bytes / Math.max(1, rowBytes)));
  return attributes === undefined ? rows : Math.min(mostRowsWithAttributes, rows);
}

/** Columns beside arrays of these names. */
function checkBeside(
  { name, rows, attributes }: AttributeSource,
  arrays: ReadonlySet<string>,
  first: ArrayToWrite,
): void {
  const clash = attributes.find((attribute) => arrays.has(attribute.name));
  const context = { array: first.array, attributes: name };
  if (clash !== undefined) {
    throw new NacreError('InvalidArgument', `an array and an attribute are both called '${clash.name}'`, {
      hint: 'Rename one of them.',
      context: { ...context, attribute: clash.name },
    });
  }
  if (rows === first.rows) return;
  throw new NacreError('InvalidArgument', `${name}: attributes of ${rows} rows for ${first.rows} rows`, {
    hint: 'Give those of the rows that are written.',
    context,
  });
}
