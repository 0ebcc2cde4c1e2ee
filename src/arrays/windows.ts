// How a scan goes through an object: as a whole where it is small beside the memory budget, else window by
// window, the next one fetched while one is scanned.
import type { ByteRange, CallOptions } from '../storage/object-store.js';
import { throwIfAborted } from '../util/runtime.js';
import type { Lent, Pages } from './pages.js';
import type { Part } from './runs.js';

/** Windows are at most so large, and objects up to here are one: that of a partition by default. */
const largestWindowBytes = 64 * 2 ** 20;

/** Smaller ones would take longer to ask for than to scan. */
const smallestWindowBytes = 2 ** 20;

/** Rows of a part that are in memory together, and where they lie in its object. */
export interface Window {
  readonly row: number;
  readonly rows: number;
  readonly range: ByteRange;
}

/** A power of two, so that caches of processes with other budgets can serve each other. */
export function windowBytes(memoryBytes: number): number {
  const quarter = 2 ** Math.floor(Math.log2(Math.max(1, memoryBytes / 4)));
  return Math.min(largestWindowBytes, Math.max(smallestWindowBytes, quarter));
}

/**
 * Whether a scan takes the part as a whole: also one that is a little larger than a window, as the codes of a
 * partition of bytes are.
 */
export function isOneWindow({ object, dataOffset }: Part, memoryBytes: number): boolean {
  return object.sizeBytes - dataOffset <= 1.25 * windowBytes(memoryBytes);
}

/** Where the rows of a part lie in its object. */
export function rangeOf({ object, dataOffset }: Part): ByteRange {
  return { start: dataOffset, end: object.sizeBytes };
}

/** What a scan of the part holds in memory at most: a window, and the next one. */
export function scanBytes(part: Part, memoryBytes: number): number {
  return isOneWindow(part, memoryBytes) ? part.object.sizeBytes : 2 * windowBytes(memoryBytes);
}

/**
 * The windows of `rows` rows of a part, in order. `bytesOf(n)` is what the first n rows take, asked only
 * where there is more than one; the windows but the last have a multiple of `unit` rows.
 */
export function windowsOf(
  part: Part,
  rows: number,
  memoryBytes: number,
  bytesOf: (rows: number) => number,
  unit = 1,
): Window[] {
  if (isOneWindow(part, memoryBytes)) return [{ row: 0, rows, range: rangeOf(part) }];
  const step = Math.max(1, Math.floor(windowBytes(memoryBytes) / bytesOf(unit))) * unit;
  const windows: Window[] = [];
  for (let row = 0; row < rows; row += step) {
    const end = Math.min(row + step, rows);
    const range = { start: part.dataOffset + bytesOf(row), end: part.dataOffset + bytesOf(end) };
    windows.push({ row, rows: end - row, range });
  }
  return windows;
}

/** The windows of a range, in order. */
export function windowsOfRange({ start, end }: ByteRange, memoryBytes: number): ByteRange[] {
  const step = windowBytes(memoryBytes);
  const windows: ByteRange[] = [];
  for (let at = start; at < end; at += step) windows.push({ start: at, end: Math.min(at + step, end) });
  return windows;
}

/** Works on one window after the other, as the bytes of each arrive. */
export function eachWindow(
  pages: Pages,
  part: Part,
  windows: readonly Window[],
  work: (bytes: Uint8Array, window: Window) => Promise<void>,
  options: CallOptions,
): Promise<void> {
  const placed = windows.map((window) => ({ part, window }));
  return eachWindowOfParts(pages, placed, (bytes, { window }) => work(bytes, window), options);
}

/**
 * The same of several parts: the first window of one is on its way while work on the part before goes on.
 * `first` is the first window, where it was asked for already.
 */
export async function eachWindowOfParts<T extends { readonly part: Part; readonly window: Window }>(
  pages: Pages,
  windows: readonly T[],
  work: (bytes: Uint8Array, of: T) => Promise<void>,
  { first, ...options }: CallOptions & { readonly first?: Promise<Lent> },
): Promise<void> {
  const lend = (of: T | undefined): Promise<Lent> | undefined =>
    of && pages.lend(of.part, of.window.range, options);
  let next = first ?? lend(windows[0]);
  for (const [i, of] of windows.entries()) {
    const lent = await next;
    if (lent === undefined) return;
    try {
      throwIfAborted(options.signal);
      next = lend(windows[i + 1]);
      // Whoever waits for it hears of it.
      next?.catch(() => undefined);
      await work(lent.bytes, of);
    } catch (error) {
      void discard(next);
      throw error;
    } finally {
      lent.done();
    }
  }
}

/** Gives back what comes and is not wanted any more. */
export async function discard(lent: Promise<Lent> | undefined): Promise<void> {
  try {
    (await lent)?.done();
  } catch {
    // Nothing came.
  }
}
