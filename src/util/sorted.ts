// Ascending lists of numbers without repeats, as typed arrays: the form in which row ids are worked with; and
// of keys.

/** Index of the first member at or above the value. */
export function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first member above the value. */
export function upperBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function isAscending(numbers: Float64Array): boolean {
  for (let i = 1; i < numbers.length; i++) if ((numbers[i] ?? 0) <= (numbers[i - 1] ?? 0)) return false;
  return true;
}

/** The range that the numbers of an ascending list are, where they are whole and none is left out. */
export function rangeOfAll(
  sorted: Float64Array,
): { readonly start: number; readonly end: number } | undefined {
  const [start = 0, last = -1] = [sorted[0], sorted.at(-1)];
  return last - start === sorted.length - 1 ? { start, end: last + 1 } : undefined;
}

/** Members in `[start, end)`. */
export function countWithin(sorted: Float64Array, start: number, end: number): number {
  return lowerBound(sorted, end) - lowerBound(sorted, start);
}

/** The members in `[start, end)`, a view. */
export function slice(sorted: Float64Array, start: number, end: number): Float64Array {
  return sorted.subarray(lowerBound(sorted, start), lowerBound(sorted, end));
}

/** The union, ascending. */
export function mergeSorted(a: Float64Array, b: Float64Array): Float64Array {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const out = new Float64Array(a.length + b.length);
  let used = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const x = a[i] ?? Number.POSITIVE_INFINITY;
    const y = b[j] ?? Number.POSITIVE_INFINITY;
    out[used++] = Math.min(x, y);
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return out.subarray(0, used);
}

/** The last item whose number is at or below the value; items ascend by it. */
export function lastAtMost<T>(items: readonly T[], value: number, of: (item: T) => number): T | undefined {
  return items[lastIndexAtMost(items, value, of)];
}

/** Its index; -1 when there is none. */
export function lastIndexAtMost<T>(items: readonly T[], value: number, of: (item: T) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (of(items[middle] as T) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Whether all numbers are from 0 to below `end`. */
export function areWithin(values: Float64Array, end: number): boolean {
  for (let i = 0; i < values.length; i++)
    if (!((values[i] ?? -1) >= 0 && (values[i] ?? end) < end)) return false;
  return true;
}

/** Index of the first text that is not less than `bound`, in the order of their code units. */
export function firstTextFrom(sorted: readonly string[], bound: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
