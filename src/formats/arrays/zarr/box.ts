// Boxes of elements, moved within memory: a part of a chunk into a part of the rows that are asked for.
import { type Axis, mergeAxes, scatter } from '../torch/strided.js';

/** Shorter runs are moved element by element. */
const leastRunBytes = 64;

/** Bytes from one element to the next along each axis, in C order. */
export function stridesOf(shape: readonly number[], itemBytes: number): number[] {
  const strides: number[] = [];
  let stride = itemBytes;
  for (const length of [...shape].reverse()) {
    strides.unshift(stride);
    stride *= length;
  }
  return strides;
}

/** Copies the box whose first element begins `source`, to `place`. */
export function copyBox(
  source: Uint8Array,
  target: Uint8Array,
  place: number,
  axes: readonly Axis[],
  itemBytes: number,
): void {
  const merged = mergeAxes(axes);
  const last = merged.at(-1);
  const isRun = last !== undefined && last.from === itemBytes && last.to === itemBytes;
  const run = isRun ? last.length * itemBytes : itemBytes;
  if (run < leastRunBytes) scatter(source, target, { place, axes: merged }, itemBytes);
  else
    eachRun(isRun ? merged.slice(0, -1) : merged, 0, place, (from, to) => {
      target.set(source.subarray(from, from + run), to);
    });
}

/** Fills the box that begins at `place` with one element. */
export function fillBox(element: Uint8Array, target: Uint8Array, place: number, axes: readonly Axis[]): void {
  const itemBytes = element.byteLength;
  const merged = mergeAxes(axes.map(({ length, to }) => ({ length, from: 0, to })));
  const last = merged.at(-1);
  if (element.some((byte) => byte !== 0) || last?.to !== itemBytes) {
    scatter(element, target, { place, axes: merged }, itemBytes);
    return;
  }
  const run = last.length * itemBytes;
  eachRun(merged.slice(0, -1), 0, place, (_, to) => target.fill(0, to, to + run));
}

function eachRun(
  axes: readonly Axis[],
  from: number,
  to: number,
  use: (from: number, to: number) => void,
): void {
  const [axis, ...rest] = axes;
  if (axis === undefined) use(from, to);
  else for (let i = 0; i < axis.length; i++) eachRun(rest, from + i * axis.from, to + i * axis.to, use);
}

/** All coordinates of a grid, the last axis fastest. */
export function* gridOf(counts: readonly number[]): Generator<number[]> {
  const at = counts.map(() => 0);
  if (counts.includes(0)) return;
  for (;;) {
    yield [...at];
    let axis = counts.length - 1;
    for (; axis >= 0; axis--) {
      at[axis] = (at[axis] as number) + 1;
      if ((at[axis] as number) < (counts[axis] as number)) break;
      at[axis] = 0;
    }
    if (axis < 0) return;
  }
}
