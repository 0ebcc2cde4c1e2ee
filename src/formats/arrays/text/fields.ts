// Fields of a text as numbers of a dtype, each the nearest that the dtype has, and why one is none: for rows
// that have something else than plain numbers.
import { type Dtype, dtypes, viewAs } from '../../../npy/dtype.js';
import { float16ToNumber, numberToFloat16 } from '../../../npy/float16.js';
import { quoted } from '../../../util/text.js';
import { compareDecimal, integerOf, isDecimal } from './exact.js';

export interface Fields {
  /** Whether it is a number at all: names are not. */
  isNumber(text: string): boolean;
  /** For as many numbers as the bytes are, which are written to. */
  into(bytes: Uint8Array): FieldsInto;
}

export interface FieldsInto {
  /** Puts what the text of a field says, or says what is wrong with it. */
  put(text: string, index: number): Refusal | undefined;
}

export interface Refusal {
  readonly what: string;
  readonly hint: string;
}

/** `asked`: the dtype was, so that whole numbers that it does not hold are rounded. */
export function fieldsOf(dtype: Dtype, asked: boolean): Fields {
  if (dtype === 'float64') return { isNumber, into: (bytes) => new Doubles(viewAs(dtype, bytes), asked) };
  if (dtype === 'float32') return { isNumber, into: (bytes) => new Singles(viewAs(dtype, bytes)) };
  if (dtype === 'float16') return { isNumber, into: (bytes) => new Halves(viewAs(dtype, bytes)) };
  if (dtype === 'bool') return { isNumber: isNumberOrBool, into: (bytes) => new Bools(bytes) };
  if (dtype === 'int64' || dtype === 'uint64')
    return { isNumber, into: (bytes) => new WideInts(viewAs(dtype, bytes), dtype) };
  return { isNumber, into: (bytes) => new Ints(viewAs(dtype, bytes) as SmallInts, dtype) };
}

const missing = /^(?:|[+-]?nan|na)$/i;
const infinite = /^([+-]?)inf(?:inity)?$/i;

function isNumber(text: string): boolean {
  return missing.test(text) || infinite.test(text) || isDecimal(text);
}

function isNumberOrBool(text: string): boolean {
  return isNumber(text) || /^(?:true|false)$/i.test(text);
}

function noNumber(text: string, dtype: Dtype): Refusal {
  const hint = /^[+-]?\d+,\d+(?:e[+-]?\d+)?$/i.test(text)
    ? 'Write decimal points in place of commas.'
    : 'Correct it, or take the column out; files with words are files of attributes.';
  if (/^(?:true|false)$/i.test(text)) return { what: `${quoted(text)} is no ${dtype}`, hint: asBool };
  return { what: text === '' ? `is empty, which is no ${dtype}` : `${quoted(text)} is no number`, hint };
}

const asBool = "Read the file with dtype: 'bool'.";

function beyond(text: string, dtype: Dtype): Refusal {
  return { what: `${quoted(text)} is beyond ${dtype}`, hint: 'Read the file with a dtype that holds it.' };
}

/** Numbers with a fraction: how a float64 is rounded to them, and put. */
abstract class Floats implements FieldsInto {
  readonly #dtype: Dtype;

  constructor(dtype: Dtype) {
    this.#dtype = dtype;
  }

  protected abstract round(value: number): number;
  protected abstract set(value: number, index: number): void;

  put(text: string, index: number): Refusal | undefined {
    if (missing.test(text)) {
      this.set(Number.NaN, index);
      return undefined;
    }
    const sign = infinite.exec(text)?.[1];
    if (sign !== undefined) {
      this.set(sign === '-' ? -Infinity : Infinity, index);
      return undefined;
    }
    if (!isDecimal(text)) return noNumber(text, this.#dtype);
    const value = nearest(text, Number(text), (number) => this.round(number));
    if (!Number.isFinite(value)) return beyond(text, this.#dtype);
    this.set(value, index);
    return this.lost(text, value);
  }

  protected lost(_text: string, _value: number): Refusal | undefined {
    return undefined;
  }
}

/** The nearest of a dtype. The nearest float64, `value`, may lie between two where the text does not. */
function nearest(text: string, value: number, round: (value: number) => number): number {
  const rounded = round(value);
  if (!isBetween(value, rounded, round)) return rounded;
  const side = compareDecimal(text, value);
  if (side === 0) return rounded;
  const other = 2 * value - rounded;
  return side > 0 === other > rounded ? other : rounded;
}

/** Whether a value is as far from the one it is rounded to as from another one; so too for what has none. */
export function isBetween(value: number, rounded: number, round: (value: number) => number): boolean {
  if (rounded === value || !Number.isFinite(rounded)) return false;
  const other = 2 * value - rounded;
  return round(other) === other;
}

class Doubles extends Floats {
  readonly #numbers: Float64Array;
  readonly #asked: boolean;

  constructor(numbers: Float64Array, asked: boolean) {
    super('float64');
    this.#numbers = numbers;
    this.#asked = asked;
  }

  protected round(value: number): number {
    return value;
  }

  protected set(value: number, index: number): void {
    this.#numbers[index] = value;
  }

  /** Ids are long whole numbers. */
  protected override lost(text: string, value: number): Refusal | undefined {
    if (this.#asked || !/^[+-]?\d+$/.test(text) || BigInt(value) === BigInt(text.replace('+', '')))
      return undefined;
    const hint = "Read the file with dtype: 'int64', or with 'float64' to round.";
    return { what: `${quoted(text)} is a whole number that float64 does not hold`, hint };
  }
}

class Singles extends Floats {
  readonly #numbers: Float32Array;

  constructor(numbers: Float32Array) {
    super('float32');
    this.#numbers = numbers;
  }

  protected round(value: number): number {
    return Math.fround(value);
  }

  protected set(value: number, index: number): void {
    this.#numbers[index] = value;
  }
}

class Halves extends Floats {
  readonly #bits: Uint16Array;

  constructor(bits: Uint16Array) {
    super('float16');
    this.#bits = bits;
  }

  protected round(value: number): number {
    return float16ToNumber(numberToFloat16(value));
  }

  protected set(value: number, index: number): void {
    this.#bits[index] = numberToFloat16(value);
  }
}

type SmallInts = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

function limitsOf(dtype: Dtype): { readonly least: bigint; readonly most: bigint } {
  const { kind, itemBytes } = dtypes[dtype];
  const bits = BigInt(8 * itemBytes);
  return kind === 'int'
    ? { least: -(1n << (bits - 1n)), most: (1n << (bits - 1n)) - 1n }
    : { least: 0n, most: (1n << bits) - 1n };
}

/** What the text says, where the dtype has it. */
function wholeOf(text: string, dtype: Dtype): bigint | Refusal {
  if (!isDecimal(text)) {
    if (missing.test(text) || infinite.test(text)) {
      const what = text === '' ? `is empty, which is no ${dtype}` : `${quoted(text)} is no ${dtype}`;
      return { what, hint: 'Read the file with a dtype of floats, which have NaN and infinity.' };
    }
    return noNumber(text, dtype);
  }
  const value = integerOf(text);
  if (value === undefined) {
    return { what: `${quoted(text)} is no whole number`, hint: 'Read the file with a dtype of floats.' };
  }
  const { least, most } = limitsOf(dtype);
  return value >= least && value <= most ? value : beyond(text, dtype);
}

class Ints implements FieldsInto {
  readonly #numbers: SmallInts;
  readonly #dtype: Dtype;

  constructor(numbers: SmallInts, dtype: Dtype) {
    this.#numbers = numbers;
    this.#dtype = dtype;
  }

  put(text: string, index: number): Refusal | undefined {
    const value = wholeOf(text, this.#dtype);
    if (typeof value !== 'bigint') return value;
    this.#numbers[index] = Number(value);
    return undefined;
  }
}

class WideInts implements FieldsInto {
  readonly #numbers: BigInt64Array | BigUint64Array;
  readonly #dtype: Dtype;

  constructor(numbers: BigInt64Array | BigUint64Array, dtype: Dtype) {
    this.#numbers = numbers;
    this.#dtype = dtype;
  }

  put(text: string, index: number): Refusal | undefined {
    const value = wholeOf(text, this.#dtype);
    if (typeof value !== 'bigint') return value;
    this.#numbers[index] = value;
    return undefined;
  }
}

class Bools implements FieldsInto {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  put(text: string, index: number): Refusal | undefined {
    const word = /^(?:true|(false))$/i.exec(text);
    const value = word === null ? wholeOf(text, 'uint8') : BigInt(word[1] === undefined);
    if (value !== 0n && value !== 1n) {
      const hint = 'Bools are 0 and 1, or true and false.';
      return typeof value === 'bigint' ? { what: `${quoted(text)} is no bool`, hint } : { ...value, hint };
    }
    this.#bytes[index] = Number(value);
    return undefined;
  }
}
