// How many rows a walk through graphs has to keep for how much of the nearest rows.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { CalibrationDraft } from '../manifest/transaction.js';
import { type CodeTransform, fromNative } from '../native.js';
import type { BuiltGraph } from '../native/hnsw.js';
import { calibration, ks } from './calibrate.js';
import type { CalibratedScan, TrueNearest } from './truth.js';

/** Numbers of rows that are told apart. */
const grid = [8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512];

/** Queries whose rows are compared in one turn of the event loop. */
const queriesOfTurn = 64;

/** Empty where codes cannot stand for the queries. */
export async function calibrateGraphs(
  { native }: ArrayEnvironment,
  transform: CodeTransform,
  graphs: readonly BuiltGraph[],
  truth: TrueNearest,
  { metric, dtype, dimensions }: CalibratedScan,
): Promise<CalibrationDraft[]> {
  const nearest = await truth.finish();
  // Of each of the nearest rows one less than the least number that finds it.
  const ranks = nearest.map((ids) => Array.from(ids, () => Number.POSITIVE_INFINITY));
  const { queries } = truth;
  try {
    const segments = graphs.map(({ bytes }) => native.openHnswSegment(transform, bytes));
    const bytes = graphs.map((graph) => graph.bytes);
    const none = native.createRowParts([]);
    for (const ef of grid) {
      const scan = await native.createExactScanLater({ metric, dtype, dimensions, k: ef, queries });
      // All that a walk keeps: the best of it get exact scores when a query asks.
      const search = native.createHnswSearch(scan, transform, true);
      if (search === null) return [];
      await search.search(segments, bytes, none, { ef, first: ef, most: ef });
      const found = await scan.resultsLater();
      for (const [q, ids] of nearest.entries()) {
        if (q % queriesOfTurn === 0) await nextTurn();
        const kept = new Set(found.ids.subarray(q * ef, q * ef + (found.counts[q] ?? 0)));
        const rank = ranks[q] ?? [];
        for (const [i, id] of ids.entries()) if (kept.has(id)) rank[i] = Math.min(rank[i] ?? ef, ef - 1);
      }
    }
  } catch (error) {
    throw fromNative(error);
  }
  return ks.map((k) => calibration(k, grid, ranks));
}
