// An array as text: a line is a row, and each number the shortest text that is read as it again.
import { NacreError } from '../../../errors.js';
import { type Dtype, dtypes, viewAs } from '../../../npy/dtype.js';
import { float16ToNumber, numberToFloat16 } from '../../../npy/float16.js';
import type { CallOptions } from '../../../storage/object-store.js';
import type { ArrayToWrite, ArrayWriter } from '../array-file.js';
import { RowsTaken } from '../pieces.js';
import { isBetween } from './fields.js';

/** Numbers between two pieces of text. */
const numbersAtOnce = 2 ** 16;

/**
 * One array of one axis or two, of any dtype but the complex ones: as np.savetxt, without a line of names.
 * Floats have a point or an exponent, `nan`, `inf` and `-inf` are words, bools 0 and 1. The same numbers give
 * the same text. Errors: `InvalidArgument` for other arrays, for more than one, and for one without rows.
 */
export const writeCsv: ArrayWriter = (arrays, options) => textOf(checked('CSV', arrays), ',', options);

/** The same, with tabs. */
export const writeTsv: ArrayWriter = (arrays, options) => textOf(checked('TSV', arrays), '\t', options);

function checked(format: string, arrays: readonly ArrayToWrite[]): ArrayToWrite {
  const refuse = (what: string, hint: string, array?: string): NacreError =>
    new NacreError('InvalidArgument', what, { hint, ...(array !== undefined && { context: { array } }) });
  const [first] = arrays;
  if (first === undefined || arrays.length > 1) {
    const what = `a ${format} file holds one array, not ${arrays.length}`;
    throw refuse(what, 'Write each to a file of its own, or all of them to a .npz or .safetensors file.');
  }
  const { array, type, rows } = first;
  const { dtype, rowShape, scalar } = type;
  const named = `array '${array}'`;
  if (dtypes[dtype].kind === 'complex')
    throw refuse(`${named}: ${format} has no ${dtype}`, 'Write it as .npy.', array);
  if (scalar || rowShape.length > 1) {
    const axes = scalar ? 0 : 1 + rowShape.length;
    const hint = scalar ? 'Write it as .npy.' : 'Reshape it to rows and columns, or write it as .npy.';
    throw refuse(`${named}: ${format} has one axis or two, not ${axes}`, hint, array);
  }
  if (rows === 0 || rowShape[0] === 0) {
    const what = `${named}: it has no ${rows === 0 ? 'rows' : 'columns'}, and a text of nothing has no shape`;
    throw refuse(what, 'Write it as .npy.', array);
  }
  return first;
}

async function* textOf(
  array: ArrayToWrite,
  delimiter: string,
  options: CallOptions,
): AsyncGenerator<Uint8Array> {
  const { dtype, rowShape } = array.type;
  const columns = rowShape[0] ?? 1;
  const rowsAtOnce = Math.max(1, Math.floor(numbersAtOnce / columns));
  const taken = new RowsTaken(array, options);
  try {
    for (let row = 0; row < array.rows; row += rowsAtOnce) {
      const bytes = await taken.take(Math.min(rowsAtOnce, array.rows - row));
      yield Buffer.from(linesOf(textsOf(dtype, bytes), columns, delimiter), 'latin1');
    }
    await taken.end();
  } finally {
    await taken.close();
  }
}

function linesOf(texts: readonly string[], columns: number, delimiter: string): string {
  if (columns === 1) return `${texts.join('\n')}\n`;
  let lines = '';
  for (let at = 0; at < texts.length; at += columns)
    lines += `${texts.slice(at, at + columns).join(delimiter)}\n`;
  return lines;
}

function textsOf(dtype: Dtype, bytes: Uint8Array): string[] {
  if (dtype === 'float64') return Array.from(viewAs(dtype, bytes), (value) => floatText(value, value));
  if (dtype === 'float32')
    return Array.from(viewAs(dtype, bytes), (value) => floatText(value, shortest(value, single)));
  if (dtype === 'float16') {
    return Array.from(viewAs(dtype, bytes), (bits) => {
      const value = float16ToNumber(bits);
      return floatText(value, shortest(value, half));
    });
  }
  return Array.from(viewAs(dtype, bytes) as Iterable<number | bigint>, String);
}

/** `decimal` has the digits that are written. */
function floatText(value: number, decimal: number): string {
  if (Number.isInteger(decimal)) {
    if (Object.is(decimal, -0)) return '-0.0';
    const text = String(decimal);
    return text.includes('e') ? text : `${text}.0`;
  }
  if (Number.isFinite(value)) return String(decimal);
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

interface Rounding {
  readonly round: (value: number) => number;
  /** Digits that a number is tried with first, and those that all of them are told apart by. */
  readonly first: number;
  readonly most: number;
  /** Those below it have fewer digits. */
  readonly smallestNormal: number;
}

const single: Rounding = { round: Math.fround, first: 6, most: 9, smallestNormal: 2 ** -126 };
const half: Rounding = {
  round: (value) => float16ToNumber(numberToFloat16(value)),
  first: 1,
  most: 5,
  smallestNormal: 2 ** -14,
};

/** Of the decimals that are read as this number one with the fewest digits. */
function shortest(value: number, { round, first, most, smallestNormal }: Rounding): number {
  if (!Number.isFinite(value) || value === 0) return value;
  for (let digits = Math.abs(value) < smallestNormal ? 1 : first; digits < most; digits++) {
    const decimal = Number(value.toPrecision(digits));
    const rounded = round(decimal);
    // What lies between two is not left to whoever reads it.
    if (rounded === value && !isBetween(decimal, rounded, round)) return decimal;
  }
  return Number(value.toPrecision(most));
}
