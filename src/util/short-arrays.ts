// Short arrays of numbers, side by side in one buffer: to make an ArrayBuffer for each, and to free it again,
// costs more than the numbers of an answer.

const sharedNumbers = 8 * 1024;
/** A cache line, so that no two arrays share one. */
const lineNumbers = 8;

let shared = new Float64Array(0);
let taken = 0;

/** Zeros, of the caller's own; beyond a quarter of the buffer in one of their own. */
export function shortArray(length: number): Float64Array {
  if (length > sharedNumbers / 4) return new Float64Array(length);
  if (taken + length > shared.length) {
    shared = new Float64Array(sharedNumbers);
    taken = 0;
  }
  const start = taken;
  taken += Math.ceil(length / lineNumbers) * lineNumbers;
  return shared.subarray(start, start + length);
}
