// Numbers of any real dtype as float64.
import type { Dtype, TypedArray } from './dtype.js';
import { float16ToNumber } from './float16.js';

/** Numbers as float64, those of a range in their places of `into`; a 64-bit integer is rounded. */
export function putNumbers(
  data: TypedArray | readonly number[],
  dtype: Dtype | undefined,
  start: number,
  end: number,
  into: Float64Array,
): void {
  if (dtype === 'float16') {
    for (let i = start; i < end; i++) into[i] = float16ToNumber(Number(data[i]));
  } else if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = start; i < end; i++) into[i] = Number(data[i]);
  } else if (ArrayBuffer.isView(data)) {
    into.set(data.subarray(start, end), start);
  } else {
    into.set(end - start === data.length ? data : data.slice(start, end), start);
  }
}
