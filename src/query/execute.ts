// Runs an exact plan: partitions stream through the scanner, which keeps the best rows; nothing is loaded
// into JavaScript but their places. Partitions are fetched ahead of the scan within the memory budget.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { ScanPart } from '../arrays/row-map.js';
import type { ExactScan } from '../native.js';
import { throwIfAborted } from '../util/runtime.js';
import type { CallOptions } from '../storage/object-store.js';
import type { NearestPlan } from './plan.js';
import { listsOf, scanRows, startScan } from './scan.js';
import type { ResolvedVectors } from './vectors.js';

export interface Hit {
  /** Logical index of the row at the version that was read. */
  readonly row: number;
  /** Row id: stays the same while rows before it are dropped. */
  readonly id: number;
  /** The similarity for `cosine` and `dot`, the distance for the other metrics. */
  readonly score: number;
}

export interface ExecuteOptions extends CallOptions {
  /** Told how many of the live rows were scanned. */
  readonly onProgress?: (scannedRows: number, totalRows: number) => void;
}

/** Partitions in flight at most; more would not make a scan faster. */
const partitionsAhead = 8;

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
  const scan = startScan(environment.native, view, plan.metric, wanted, vectors);
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
  return listsOf(counts, wanted, (at): Hit => {
    return { row: rows[at] ?? -1, id: ids[at] ?? -1, score: scores[at] ?? Number.NaN };
  }).map((hits) => hits.slice(plan.offset));
}

async function scanPart(
  { pages }: ArrayEnvironment,
  scan: ExactScan,
  { part, firstRowId, rowIds, dead }: ScanPart,
  options: ExecuteOptions,
): Promise<void> {
  const bytes = await pages.whole(part, options);
  throwIfAborted(options.signal);
  await scanRows(scan, bytes.subarray(part.dataOffset), firstRowId, rowIds, dead);
}
