// How many rows a walk through graphs has to keep for how much of the nearest rows.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { CalibrationDraft } from '../manifest/transaction.js';
import { type CodeTransform, fromNative } from '../native.js';
import type { BuiltGraph } from '../native/hnsw.js';
import { untilCancelled } from '../native/cancel.js';
import { calibration, ks } from './calibrate.js';
import type { NearestRows } from './nearest-rows.js';
import type { OnProgress } from './progress.js';
import type { CalibratedScan, TrueNearest } from './truth.js';

/** Numbers of rows that are told apart. */
const grid = [8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512];

/** Queries whose rows are compared in one turn of the event loop. */
const queriesOfTurn = 64;

/**
 * The nearest rows of the queries among those of a graph, each marked with one less than the least number
 * that finds it. Undefined where codes cannot stand for the queries.
 */
export async function measureGraph(
  { native }: ArrayEnvironment,
  transform: CodeTransform,
  { bytes }: BuiltGraph,
  truth: TrueNearest,
  { metric, dtype, dimensions, signal }: CalibratedScan,
  onProgress?: OnProgress,
): Promise<NearestRows[] | undefined> {
  const nearest = (await truth.found()).map((found) => ({
    ...found,
    marks: found.ids.map(() => Number.POSITIVE_INFINITY),
  }));
  const { queries } = truth;
  try {
    const segment = native.openHnswSegment(transform, bytes);
    const none = native.createRowParts([]);
    for (const [i, ef] of grid.entries()) {
      const scan = await native.createExactScanLater({ metric, dtype, dimensions, k: ef, queries });
      // All that a walk keeps: the best of it get exact scores when a query asks.
      const search = native.createHnswSearch(scan, transform, true);
      if (search === null) return undefined;
      await untilCancelled(search, signal, () =>
        search.search([segment], [bytes], none, { ef, first: ef, most: ef }),
      );
      const found = await scan.resultsLater();
      for (const [q, { ids, marks }] of nearest.entries()) {
        if (q % queriesOfTurn === 0) await nextTurn();
        const kept = new Set(found.ids.subarray(q * ef, q * ef + (found.counts[q] ?? 0)));
        for (const [at, id] of ids.entries()) {
          if (kept.has(id)) marks[at] = Math.min(marks[at] ?? ef, ef - 1);
        }
      }
      onProgress?.(Math.floor(((i + 1) * nearest.length) / grid.length), nearest.length, 'calibrate');
    }
  } catch (error) {
    throw fromNative(error);
  }
  return nearest;
}

/** By the nearest rows among those of all graphs, each as it was measured in its own. */
export function graphCalibrations(nearest: readonly NearestRows[], graphs: number): CalibrationDraft[] {
  const ranks = nearest.map(({ marks }) =>
    // Of what several walks keep, the best that are as many as one of them keeps count.
    Array.from(marks, (mark, place) => (graphs > 1 ? Math.max(mark, place) : mark)),
  );
  return ks.map((k) => calibration(k, grid, ranks));
}
