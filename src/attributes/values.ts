// Columns from the values of JavaScript, and back.
import { NacreError } from '../errors.js';
import { concat } from '../util/bytes.js';
import { halfPair } from '../util/text.js';
import { bitAt, makeBits } from './bits.js';
import type { AttributeType, Column, StringColumn } from './column.js';
import { microsOf } from './instant.js';

/**
 * Values of an attribute, one for each row. Null and undefined are null. Whole numbers of JavaScript and
 * bigints are `int`, as long as all are; other numbers `float`; instances of Date are `timestamp`. Where an
 * attribute is a `timestamp` already, bigints are microseconds since 1970.
 */
export type AttributeValues =
  | readonly (boolean | number | bigint | string | Date | readonly string[] | null | undefined)[]
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** A value of a row as columns have it: `int` and `timestamp` (in microseconds) as bigint. */
export type Value = boolean | bigint | number | string | readonly string[] | null;

type Given = Exclude<AttributeValues[number], null | undefined>;

/** The type that values have, undefined where all are null. `InvalidArgument` where no type has them all. */
export function typeOfValues(name: string, values: AttributeValues): AttributeType | undefined {
  if (ArrayBuffer.isView(values)) {
    return values instanceof Float32Array || values instanceof Float64Array ? 'float' : 'int';
  }
  let type: AttributeType | undefined;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) continue;
    const own = typeOfValue(name, row, value);
    const isMixed = type !== undefined && own !== type;
    if (isMixed && !(isNumeric(type) && isNumeric(own))) throw mismatch(name, row, type ?? own, value);
    type = isMixed ? 'float' : own;
  }
  return type;
}

function isNumeric(type: AttributeType | undefined): boolean {
  return type === 'int' || type === 'float';
}

function typeOfValue(name: string, row: number, value: Given): AttributeType {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'int' : 'float';
  if (typeof value === 'string') return 'string';
  if (value instanceof Date) return 'timestamp';
  if (Array.isArray(value)) return 'strings';
  throw mismatch(name, row, undefined, value);
}

function mismatch(name: string, row: number, type: AttributeType | undefined, value: unknown): NacreError {
  const got = value instanceof Date ? 'a date' : Array.isArray(value) ? 'a list' : typeof value;
  const what = type === undefined ? 'is no value of an attribute' : `is no ${type}`;
  return new NacreError('InvalidArgument', `attribute '${name}', row ${row}: ${got} ${what}`, {
    context: { attribute: name, row, ...(type && { type }) },
    hint: 'The values of an attribute have one type; null stands for none.',
  });
}

/**
 * The column of values, which are of the type. Rows that are null hold zero, or nothing, so that equal values
 * give equal bytes. `InvalidArgument` for a value that is not of the type, and for text that is no Unicode.
 */
export function columnOf(name: string, type: AttributeType, values: AttributeValues): Column {
  const rows = values.length;
  const valueAt = (row: number): Given | null => (values[row] as Given | null | undefined) ?? null;
  let nulls = 0;
  if (!ArrayBuffer.isView(values)) for (let row = 0; row < rows; row++) if (valueAt(row) === null) nulls++;
  const base = { rows, ...(nulls > 0 && { valid: makeBits(rows, (row) => valueAt(row) !== null) }) };
  const each = <T>(none: T, convert: (value: Given) => T | undefined): T[] =>
    Array.from({ length: rows }, (_, row) => {
      const value = valueAt(row);
      if (value === null) return none;
      const converted = convert(value);
      if (converted === undefined) throw mismatch(name, row, type, value);
      return converted;
    });
  switch (type) {
    case 'bool': {
      const bools = each(false, (value) => (typeof value === 'boolean' ? value : undefined));
      return { ...base, type, values: makeBits(rows, (row) => bools[row] === true) };
    }
    case 'int':
      return { ...base, type, values: BigInt64Array.from(each(0n, intOf)) };
    case 'float':
      return { ...base, type, values: Float64Array.from(each(0, floatOf)) };
    case 'timestamp':
      return { ...base, type, values: BigInt64Array.from(each(0n, instantOf)) };
    case 'string':
      return {
        ...base,
        ...stringsOf(
          name,
          each('', (value) => (typeof value === 'string' ? value : undefined)),
        ),
      };
    case 'strings': {
      const lists = each<readonly string[]>([], listOf);
      const offsets = new Int32Array(rows + 1);
      for (const [row, list] of lists.entries()) offsets[row + 1] = (offsets[row] ?? 0) + list.length;
      return { ...base, type, offsets, items: stringsOf(name, lists.flat()) };
    }
  }
}

function intOf(value: Given): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? value : undefined;
}

/** A bigint is microseconds: a Date knows but milliseconds. */
function instantOf(value: Given): bigint | undefined {
  return typeof value === 'bigint' ? intOf(value) : microsOf(value);
}

function floatOf(value: Given): number | undefined {
  // A bigint that no float64 is would be another number.
  if (typeof value === 'bigint') return BigInt(Number(value)) === value ? Number(value) : undefined;
  return typeof value === 'number' ? value : undefined;
}

function listOf(value: Given): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}

/** Bytes of text that one column holds at most: offsets are int32. */
const mostBytes = 2 ** 31 - 1;

function stringsOf(name: string, texts: readonly string[]): StringColumn {
  const encoder = new TextEncoder();
  const offsets = new Int32Array(texts.length + 1);
  const pieces: Uint8Array[] = [];
  let total = 0;
  for (const [i, text] of texts.entries()) {
    if (halfPair.test(text)) {
      throw new NacreError('InvalidArgument', `attribute '${name}': text ${i} has half of a surrogate pair`, {
        context: { attribute: name },
        hint: 'UTF-8 has no such character.',
      });
    }
    const piece = encoder.encode(text);
    total += piece.byteLength;
    if (total > mostBytes) {
      throw new NacreError('ResourceExhausted', `attribute '${name}' has more than 2 GiB of text at once`, {
        context: { attribute: name },
        hint: 'Append fewer rows at once.',
      });
    }
    pieces.push(piece);
    offsets[i + 1] = total;
  }
  return { type: 'string', rows: texts.length, offsets, bytes: concat(pieces) };
}

/** The value of a row. `Corrupt` for text that is no UTF-8. */
export function valueAt(column: Column, row: number): Value {
  if (column.valid !== undefined && !bitAt(column.valid, row)) return null;
  switch (column.type) {
    case 'bool':
      return bitAt(column.values, row);
    case 'string':
      return textAt(column, row);
    case 'strings': {
      const [start = 0, end = 0] = column.offsets.subarray(row, row + 2);
      return Array.from({ length: end - start }, (_, i) => textAt(column.items, start + i));
    }
    case 'int':
    case 'float':
    case 'timestamp':
      return column.values[row] ?? null;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

function textAt({ offsets, bytes }: StringColumn, row: number): string {
  const text = bytes.subarray(offsets[row], offsets[row + 1]);
  try {
    return decoder.decode(text);
  } catch (cause) {
    throw new NacreError('Corrupt', `attributes: the text of row ${row} is no UTF-8`, { cause });
  }
}
