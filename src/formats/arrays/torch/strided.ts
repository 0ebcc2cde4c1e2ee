// Elements that lie apart, gathered into C order with bounded memory.
//
// An axis is how often, and how far apart in the file and in what is made, something repeats. Axes are taken
// in the order of the file, the widest first: where what is wanted lies close together, one read takes as
// much of it as `spanBytes`, gaps included; where it lies far apart, every run of it is a read of its own.
// Cost: of a tensor whose first axis is its widest, each part of the file once. Of a transposed one a read
// for every column, or for as many of them as fit into one read; all of its storage for each block of rows
// when columns are short.
import type { CallOptions } from '../../../storage/object-store.js';
import type { RandomAccess } from '../../random-access.js';

/** In bytes, from one to the next. */
export interface Axis {
  readonly length: number;
  readonly from: number;
  readonly to: number;
}

export interface Block {
  /** Of the first element. */
  readonly position: number;
  readonly itemBytes: number;
  /** In any order; those of length 1 make no difference. */
  readonly axes: readonly Axis[];
}

/** One read at most. */
const spanBytes = 4 * 2 ** 20;
/** A smaller gap is read through: that costs as much as another read, of a file and of an object. */
const gapBytes = { local: 32 * 2 ** 10, remote: 2 ** 20 } as const;
/** Reads under way at once. */
const parallelReads = 8;

/** Axes of more than one element, widest first, those that go on into each other as one. */
export function mergeAxes(axes: readonly Axis[]): Axis[] {
  const merged: Axis[] = [];
  const sorted = axes.filter(({ length }) => length > 1).sort((a, b) => b.from - a.from || b.to - a.to);
  for (const axis of sorted) {
    const before = merged.at(-1);
    const goesOn =
      before !== undefined && before.from === axis.from * axis.length && before.to === axis.to * axis.length;
    if (goesOn) merged[merged.length - 1] = { ...axis, length: axis.length * before.length };
    else merged.push(axis);
  }
  return merged;
}

/** Whether the block is one run of the file that is wanted as it is; `axes` are merged. */
export function isStraight(axes: readonly Axis[], itemBytes: number): boolean {
  const [axis, ...rest] = axes;
  return axis === undefined || (rest.length === 0 && axis.from === itemBytes && axis.to === itemBytes);
}

interface Part {
  readonly position: number;
  readonly place: number;
  readonly axes: readonly Axis[];
}

/** Bytes from the first element to the end of the last. */
function spanOf(axes: readonly Axis[], itemBytes: number): number {
  return axes.reduce((span, { length, from }) => span + (length - 1) * from, itemBytes);
}

/** No gap that one would rather not read through. */
function isClose(axes: readonly Axis[], itemBytes: number, gap: number): boolean {
  return axes.every(({ from }, i) => from - spanOf(axes.slice(i + 1), itemBytes) <= gap);
}

function* partsOf(part: Part, itemBytes: number, gap: number): Generator<Part> {
  const [first, ...rest] = part.axes;
  const close = isClose(part.axes, itemBytes, gap);
  if (first === undefined || (close && spanOf(part.axes, itemBytes) <= spanBytes)) {
    yield part;
    return;
  }
  const inner = spanOf(rest, itemBytes);
  const together = close && inner <= spanBytes ? 1 + Math.floor((spanBytes - inner) / first.from) : 1;
  for (let i = 0; i < first.length; i += together) {
    const length = Math.min(together, first.length - i);
    const axes = length === 1 ? rest : [{ ...first, length }, ...rest];
    yield* partsOf(
      { position: part.position + i * first.from, place: part.place + i * first.to, axes },
      itemBytes,
      gap,
    );
  }
}

/** Fills `target` with the block; every byte of it is in the block. Memory beside it: 32 MiB at most. */
export async function gather(
  access: RandomAccess,
  { position, itemBytes, axes }: Block,
  target: Uint8Array,
  options: CallOptions,
): Promise<void> {
  const gap = access.remote ? gapBytes.remote : gapBytes.local;
  const parts = partsOf({ position, place: 0, axes: mergeAxes(axes) }, itemBytes, gap);
  const lane = async (): Promise<void> => {
    for (const part of parts) {
      const length = spanOf(part.axes, itemBytes);
      const straight = isStraight(part.axes, itemBytes);
      const into = straight ? target.subarray(part.place, part.place + length) : undefined;
      const bytes = await access.read(part.position, length, {
        ...options,
        ...(into === undefined ? {} : { into }),
      });
      if (into === undefined) scatter(bytes, target, part, itemBytes);
      else if (bytes !== into) into.set(bytes);
    }
  };
  // A lane that fails ends the generator, and with it the others after the read that they wait for.
  const results = await Promise.allSettled(Array.from({ length: parallelReads }, lane));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

type Units = Uint8Array | Uint16Array | Uint32Array;

/**
 * Moves elements within memory, the first one to `place`. They go by units that are as wide as both memories
 * allow; an element of several is an axis.
 */
export function scatter(
  source: Uint8Array,
  target: Uint8Array,
  { place, axes }: Pick<Part, 'place' | 'axes'>,
  itemBytes: number,
): void {
  const wide = Math.min(4, itemBytes);
  const unit = source.byteOffset % wide === 0 && target.byteOffset % wide === 0 ? wide : 1;
  const all = axes.map(({ length, from, to }) => ({ length, from: from / unit, to: to / unit }));
  if (itemBytes > unit) all.push({ length: itemBytes / unit, from: 1, to: 1 });
  // The longest innermost: that is the loop without calls.
  all.sort((a, b) => a.length - b.length);
  if (all.length === 0) all.push({ length: 1, from: 1, to: 1 });
  move(unitsOf(source, unit), 0, unitsOf(target, unit), place / unit, all, 0);
}

function unitsOf({ buffer, byteOffset, byteLength }: Uint8Array, unit: number): Units {
  if (unit === 4) return new Uint32Array(buffer, byteOffset, Math.floor(byteLength / 4));
  if (unit === 2) return new Uint16Array(buffer, byteOffset, Math.floor(byteLength / 2));
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function move(
  source: Units,
  at: number,
  target: Units,
  place: number,
  axes: readonly Axis[],
  depth: number,
): void {
  const { length, from, to } = axes[depth] as Axis;
  if (depth < axes.length - 1) {
    for (let i = 0; i < length; i++) move(source, at + i * from, target, place + i * to, axes, depth + 1);
    return;
  }
  for (let i = 0; i < length; i++) target[place + i * to] = source[at + i * from] as number;
}
