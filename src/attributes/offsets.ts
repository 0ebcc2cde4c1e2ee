// Where texts, and lists of them, begin and end.

/** Offsets are int32: bytes of text, and items of lists, that one column holds at most. */
export const largestOffset = 2 ** 31 - 1;

/** The offsets from `start` up to and with `end`, counted from the first of them. */
export function offsetsFromZero(offsets: Int32Array, start: number, end: number): Int32Array {
  const first = offsets[start] ?? 0;
  const some = offsets.subarray(start, end + 1);
  if (first === 0) return some;
  const shifted = new Int32Array(some.length);
  // A loop takes a tenth of what `map()` does.
  for (let i = 0; i < some.length; i++) shifted[i] = (some[i] as number) - first;
  return shifted;
}
