// Rows in, bytes out: turns runs into ranges of partition objects, fetches them checked, and puts every row
// in its place.
import type { ByteRange, CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import type { Pages } from './pages.js';
import type { Part, Picked, Run } from './runs.js';

/** A run of this size is worth two requests more to arrive where it belongs. */
const largeRunBytes = 4 * 2 ** 20;

export interface RunOptions extends CallOptions {
  /**
   * Whoever reads keeps the rows, and does not ask again: no file is mapped for them. A mapping counts as
   * memory for V8, whole, and what is mapped for few rows has it collect garbage for milliseconds.
   */
  readonly once?: boolean;
}

/**
 * Copies runs into the memory that `room` makes, row `run.target` at `run.target * rowBytes`, and returns it.
 * One wave of requests for all partitions.
 */
export async function readRuns(
  runs: readonly Run[],
  rowBytes: number,
  room: () => Uint8Array,
  pages: Pages,
  { once = false, ...options }: RunOptions = {},
): Promise<Uint8Array> {
  if (rowBytes === 0) return room();
  const byPart = new Map<Part, Run[]>();
  for (const run of runs) {
    const group = byPart.get(run.part);
    if (group === undefined) byPart.set(run.part, [run]);
    else group.push(run);
  }
  const runInto = (part: Part, group: readonly Run[]): Run | undefined =>
    onlyRun(group, rowBytes, once && pages.isMapped?.(part) === false ? 0 : largeRunBytes);
  for (const [part, group] of byPart) if (runInto(part, group) !== undefined) pages.prepare?.(part);
  const target = room();
  await Promise.all(
    [...byPart].map(async ([part, group]) => {
      const only = runInto(part, group);
      if (only !== undefined) {
        const start = part.dataOffset + only.row * rowBytes;
        const end = start + only.count * rowBytes;
        const place = target.subarray(only.target * rowBytes, only.target * rowBytes + end - start);
        await pages.readInto(part, { start, end }, place, options);
        return;
      }
      const ranges = group.map((run): ByteRange => {
        const start = part.dataOffset + run.row * rowBytes;
        return { start, end: start + run.count * rowBytes };
      });
      const pieces = await pages.read(part, ranges, options);
      for (const [i, run] of group.entries()) target.set(defined(pieces[i], 'piece'), run.target * rowBytes);
    }),
  );
  return target;
}

/** The only run of a part, when it is of so many bytes. */
function onlyRun(runs: readonly Run[], rowBytes: number, leastBytes: number): Run | undefined {
  const [only] = runs;
  return runs.length === 1 && only !== undefined && only.count * rowBytes >= leastBytes ? only : undefined;
}

/**
 * Copies picked rows to their places in the memory that `room` makes, and returns it. One wave of requests
 * for all partitions.
 */
export async function readPicks(
  picks: readonly Picked[],
  rowBytes: number,
  room: () => Uint8Array,
  pages: Pages,
  options: CallOptions = {},
): Promise<Uint8Array> {
  const target = room();
  if (rowBytes > 0) await Promise.all(picks.map((pick) => pages.gather(pick, rowBytes, target, options)));
  return target;
}
