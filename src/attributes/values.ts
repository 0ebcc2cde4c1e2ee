// Columns from the values of JavaScript, and back.
import { NacreError } from '../errors.js';
import { bitAt, makeBits } from './bits.js';
import type { AttributeType, Column, StringColumn, StringsColumn } from './column.js';
import { microsOf } from './instant.js';
import { TextWriter } from './texts.js';

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
 * Cost: some 10 to 50 ns a value, on the event loop.
 */
export function columnOf(name: string, type: AttributeType, values: AttributeValues): Column {
  const valid = validOf(values);
  const base = { rows: values.length, ...(valid && { valid }) };
  switch (type) {
    case 'bool':
      return { ...base, type, values: boolsOf(name, values) };
    case 'int':
    case 'timestamp':
      return { ...base, type, values: wholesOf(name, type, values) };
    case 'float':
      return { ...base, type, values: floatsOf(name, values) };
    case 'string':
      return { ...base, ...textsOf(name, values) };
    case 'strings':
      return { ...base, type, ...listsOf(name, values) };
  }
}

type AnyValue = AttributeValues[number];

/** Nothing where no value is null. */
function validOf(values: AttributeValues): Uint8Array | undefined {
  if (ArrayBuffer.isView(values)) return undefined;
  for (let row = 0; row < values.length; row++) {
    if (isNothing(values[row])) return makeBits(values.length, (at) => !isNothing(values[at]));
  }
  return undefined;
}

function isNothing(value: AnyValue): value is null | undefined {
  return value === null || value === undefined;
}

function boolsOf(name: string, values: AttributeValues): Uint8Array {
  return makeBits(values.length, (row) => {
    const value = values[row];
    if (typeof value === 'boolean') return value;
    if (isNothing(value)) return false;
    throw mismatch(name, row, 'bool', value);
  });
}

function wholesOf(name: string, type: 'int' | 'timestamp', values: AttributeValues): BigInt64Array {
  if (values instanceof BigInt64Array) return values.slice();
  const wholes = new BigInt64Array(values.length);
  const halves = new Int32Array(wholes.buffer);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (isNothing(value)) continue;
    const whole = type === 'timestamp' ? instantOf(value) : intOf(value);
    if (whole === undefined) throw mismatch(name, row, type, value);
    if (typeof whole === 'bigint') wholes[row] = whole;
    else {
      // Memory for a bigint of each would take most of the time.
      halves[2 * row] = whole | 0;
      halves[2 * row + 1] = Math.floor(whole / 2 ** 32);
    }
  }
  return wholes;
}

/** A number where it is a safe one. */
function intOf(value: Given): number | bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? value : undefined;
}

/** A bigint is microseconds: a Date knows but milliseconds. */
function instantOf(value: Given): number | bigint | undefined {
  if (typeof value === 'bigint') return intOf(value);
  if (!(value instanceof Date)) return undefined;
  return intOf(value.getTime() * 1000) ?? microsOf(value);
}

function floatsOf(name: string, values: AttributeValues): Float64Array {
  if (values instanceof Float64Array || values instanceof Float32Array) return new Float64Array(values);
  const floats = new Float64Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (isNothing(value)) continue;
    const float = typeof value === 'number' ? value : floatOfBigint(value);
    if (float === undefined) throw mismatch(name, row, 'float', value);
    floats[row] = float;
  }
  return floats;
}

/** A bigint that no float64 is would be another number. */
function floatOfBigint(value: Given): number | undefined {
  return typeof value === 'bigint' && BigInt(Number(value)) === value ? Number(value) : undefined;
}

function textsOf(name: string, values: AttributeValues): StringColumn {
  const texts = new TextWriter(name, values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? '';
    if (typeof value !== 'string') throw mismatch(name, row, 'string', value);
    texts.add(value);
  }
  return texts.column();
}

function listsOf(name: string, values: AttributeValues): Pick<StringsColumn, 'offsets' | 'items'> {
  const offsets = new Int32Array(values.length + 1);
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? [];
    if (!isListOfTexts(value)) throw mismatch(name, row, 'strings', value);
    offsets[row + 1] = (offsets[row] ?? 0) + value.length;
  }
  const texts = new TextWriter(name, offsets[values.length] ?? 0);
  for (let row = 0; row < values.length; row++) {
    for (const text of (values[row] ?? []) as readonly string[]) texts.add(text);
  }
  return { offsets, items: texts.column() };
}

function isListOfTexts(value: AnyValue): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
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
