// One element of a dtype, from a number of JavaScript's.
import { NacreError } from '../errors.js';
import { bytesOf, type Dtype, dtypes, type TypedArray } from './dtype.js';
import { numberToFloat16 } from './float16.js';

/** A number, an integer of 64 bits, a bool, or a complex number as its real and imaginary part. */
export type Element = number | bigint | boolean | readonly [number, number];

/**
 * The bytes of one element, little endian. Floats are rounded once, as NumPy rounds; `InvalidArgument` for an
 * integer that the dtype cannot hold, a fraction for an integer, and what is of another kind.
 */
export function elementBytes(dtype: Dtype, value: Element): Uint8Array {
  const { kind, array } = dtypes[dtype];
  if (kind === 'complex') return bytesOf(fill(new array(2), typeof value === 'object' ? value : [value, 0]));
  if (typeof value === 'object') throw unfit(dtype, value);
  if (kind === 'bool') {
    if (value !== true && value !== false && value !== 0 && value !== 1) throw unfit(dtype, value);
    return Uint8Array.of(Number(value));
  }
  if (kind === 'float') {
    const number = plain(dtype, value);
    return bytesOf(fill(new array(1), [dtype === 'float16' ? numberToFloat16(number) : number]));
  }
  if (typeof value === 'boolean' || (typeof value === 'number' && !Number.isInteger(value)))
    throw unfit(dtype, value);
  const one = new array(1);
  const integer = BigInt(value);
  one[0] = one instanceof BigInt64Array || one instanceof BigUint64Array ? integer : Number(integer);
  // What does not come back was cut.
  if (BigInt(one[0] ?? 0) !== integer) throw unfit(dtype, value);
  return bytesOf(one);
}

function fill(target: TypedArray, values: readonly Element[]): TypedArray {
  for (const [i, value] of values.entries()) target[i] = plain('float64', value);
  return target;
}

function plain(dtype: Dtype, value: Element): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  throw unfit(dtype, value);
}

function unfit(dtype: Dtype, value: unknown): NacreError {
  const text = Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
  return new NacreError('InvalidArgument', `${dtype} has no ${text}`, {
    context: { dtype },
    hint:
      dtypes[dtype].kind === 'bool'
        ? 'Values are true and false, or 1 and 0.'
        : dtypes[dtype].kind === 'complex'
          ? 'Give a number, or [real, imaginary].'
          : 'Give a number that the dtype can hold; integers beyond 2^53 as bigint.',
  });
}
