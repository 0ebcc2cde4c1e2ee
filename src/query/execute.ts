// Runs an exact plan: partitions stream through the scanner, which keeps the best rows; nothing is loaded
// into JavaScript but their places. Partitions are fetched ahead of the scan within the memory budget.
import { NacreError } from '../errors.js';
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { ScanPart } from '../arrays/row-map.js';
import { fromNative, type ExactScan, type ScanDtype } from '../native.js';
import type { Dtype } from '../npy/dtype.js';
import { throwIfAborted } from '../util/runtime.js';
import type { CallOptions } from '../storage/object-store.js';
import type { NearestPlan } from './plan.js';
import type { ResolvedVectors } from './vectors.js';

export interface Hit {
  /** Logical index of the row at the version that was read. */
  readonly row: number;
  /** Row id: stays the same while rows before it are dropped. */
  readonly id: number;
  /** The distance for `l2` and `l2sq`, the similarity for `cosine` and `dot`. */
  readonly score: number;
}

export interface ExecuteOptions extends CallOptions {
  /** Told how many of the live rows were scanned. */
  readonly onProgress?: (scannedRows: number, totalRows: number) => void;
}

/** Partitions in flight at most; more would not make a scan faster. */
const partitionsAhead = 8;

export function dimensionsOf(view: ArrayView): number {
  return view.type.rowShape.reduce((product, length) => product * length, 1);
}

export async function executeNearest(
  environment: ArrayEnvironment,
  view: ArrayView,
  plan: NearestPlan,
  vectors: ResolvedVectors,
  options: ExecuteOptions = {},
): Promise<Hit[][]> {
  const map = await view.rowMap(options);
  const wanted = Math.min(plan.limit + plan.offset, map.liveRows);
  if (wanted === 0 || vectors.count === 0) return Array.from({ length: vectors.count }, () => []);
  const scan = createScan(environment, view, plan, vectors, wanted);
  const running = new Set<Promise<void>>();
  let inFlight = 0;
  let scanned = 0;
  const start = (part: ScanPart): void => {
    const { sizeBytes } = part.part.object;
    inFlight += sizeBytes;
    const work = scanPart(environment, scan, part, options).then(() => {
      inFlight -= sizeBytes;
      scanned += part.part.rows;
      running.delete(work);
      options.onProgress?.(Math.min(scanned, map.liveRows), map.liveRows);
    });
    work.catch(() => undefined);
    running.add(work);
  };
  for await (const part of map.scanParts()) {
    throwIfAborted(options.signal);
    while (running.size > 0 && (running.size >= partitionsAhead || inFlight >= environment.memoryBytes)) {
      await Promise.race(running);
    }
    start(part);
  }
  await Promise.all(running);
  const { counts, ids, scores } = scan.results();
  const rows = await map.indicesOf(ids);
  return Array.from({ length: vectors.count }, (_, query) =>
    Array.from({ length: counts[query] ?? 0 }, (_, rank): Hit => {
      const at = query * wanted + rank;
      return { row: rows[at] ?? -1, id: ids[at] ?? -1, score: scores[at] ?? Number.NaN };
    }).slice(plan.offset),
  );
}

function createScan(
  { native }: ArrayEnvironment,
  view: ArrayView,
  plan: NearestPlan,
  vectors: ResolvedVectors,
  k: number,
): ExactScan {
  const { metric } = plan;
  try {
    const options = {
      metric,
      dtype: scanDtype(view.type.dtype, view.name),
      dimensions: dimensionsOf(view),
      k,
      queries: vectors.values,
    };
    return native.createExactScan(options);
  } catch (error) {
    throw fromNative(error);
  }
}

/** What the scanner reads rows as; `UnsupportedFormat` for complex ones. */
export function scanDtype(dtype: Dtype, name: string): ScanDtype {
  if (dtype !== 'complex64' && dtype !== 'complex128') return dtype;
  throw new NacreError('UnsupportedFormat', `rows of ${dtype} cannot be searched`, {
    context: { array: name, dtype },
    hint: 'Complex numbers have no order of nearness here; store their parts as two numbers.',
  });
}

async function scanPart(
  { pages }: ArrayEnvironment,
  scan: ExactScan,
  { part, firstRowId, rowIds, dead }: ScanPart,
  options: ExecuteOptions,
): Promise<void> {
  const bytes = await pages.whole(part, options);
  throwIfAborted(options.signal);
  try {
    await scan.scan(bytes.subarray(part.dataOffset), firstRowId, rowIds, dead);
  } catch (error) {
    throw fromNative(error);
  }
}
