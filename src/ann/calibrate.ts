// How much has to be looked at for how much of the nearest rows: measured by rows of the array as queries, of
// which the true nearest are found while the index is built. A row does not count as its own neighbour.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { CalibrationDraft } from '../manifest/transaction.js';
import type { CodeTransform } from '../native.js';
import type { IvfQuantizer } from '../native/ivf.js';
import { defined } from '../util/assert.js';
import { throwIfAborted } from '../util/runtime.js';
import { lastAtMost } from '../util/sorted.js';
import { mergeNearest, type NearestRows, noNearest } from './nearest-rows.js';
import type { OnProgress } from './progress.js';
import type { Sample } from './sample.js';
import { type CalibratedScan, TrueNearest } from './truth.js';

/** Rows of a query that recall is measured for. */
export const ks = [1, 10, 100] as const;

/** Numbers of lists that are told apart. */
const grid = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256];

/** Queries whose lists are ordered in one turn of the event loop: some milliseconds. */
const queriesOfTurn = 32;

/** Of the distribution of a mean, 5 % lie more than so many standard errors below it. */
const lowerLimit = 1.645;

/** Of lists. */
export class Calibrator {
  readonly #environment: ArrayEnvironment;
  readonly #how: CalibratedScan;
  readonly #nearest: TrueNearest;
  /** Of each query, of rows that came before this began. */
  readonly #before: readonly NearestRows[];
  /** Of each row that came, in the order of their ids, its list. */
  readonly #lists: { readonly firstId: number; readonly lists: Uint32Array }[] = [];

  private constructor(
    environment: ArrayEnvironment,
    how: CalibratedScan,
    nearest: TrueNearest,
    before: readonly NearestRows[],
  ) {
    this.#before = before;
    this.#environment = environment;
    this.#how = how;
    this.#nearest = nearest;
  }

  /** The rows of the sample are the queries; what is measured was not trained on them. */
  static async start(
    environment: ArrayEnvironment,
    sample: Sample,
    transform: CodeTransform,
    how: CalibratedScan,
    before: readonly NearestRows[] = [],
  ): Promise<Calibrator> {
    // One more than wanted: the query itself.
    const k = Math.max(...ks) + 1;
    const nearest = await TrueNearest.start(environment, sample, transform, how, k);
    return new Calibrator(environment, how, nearest, before);
  }

  async add(rows: Uint8Array, lists: Uint32Array, firstId: number): Promise<void> {
    this.#lists.push({ firstId, lists });
    await this.#nearest.add(rows, lists.length, firstId);
  }

  /** The nearest rows of each query so far, marked with their lists. */
  async nearest(): Promise<NearestRows[]> {
    const found = await this.#nearest.found();
    const most = Math.max(...ks);
    const nearest: NearestRows[] = [];
    for (const [q, { ids, keys }] of found.entries()) {
      if (q % queriesOfTurn === 0) await nextTurn();
      const here = { ids, keys, marks: ids.map((id) => this.#listOf(id)) };
      nearest.push(mergeNearest(this.#before[q] ?? noNearest, here, most));
    }
    return nearest;
  }

  async finish(quantizer: IvfQuantizer, onProgress?: OnProgress): Promise<CalibrationDraft[]> {
    const found = await this.nearest();
    const probes = Math.min(quantizer.lists(), defined(grid.at(-1), 'number of lists'));
    const { native } = this.#environment;
    const { dimensions, metric, dtype, signal } = this.#how;
    const ranks: number[][] = [];
    for (const [q, { marks }] of found.entries()) {
      if (q % queriesOfTurn === 0) {
        onProgress?.(q, found.length, 'calibrate');
        await nextTurn();
        throwIfAborted(signal);
      }
      const queries = this.#nearest.queries.subarray(q * dimensions, (q + 1) * dimensions);
      const one = native.createExactScan({ metric, dtype, dimensions, k: 1, queries });
      const order = native.createIvfSearch(one, quantizer, probes, false)?.probes(0) ?? new Uint32Array(0);
      const rankOf = new Map(Array.from(order, (list, rank) => [list, rank]));
      ranks.push(Array.from(marks, (list) => rankOf.get(list) ?? Number.POSITIVE_INFINITY));
    }
    onProgress?.(found.length, found.length, 'calibrate');
    const counts = grid.filter((count) => count <= quantizer.lists());
    return ks.map((k) => calibration(k, counts, ranks));
  }

  #listOf(id: number): number {
    const window = lastAtMost(this.#lists, id, ({ firstId }) => firstId);
    return window?.lists[id - window.firstId] ?? -1;
  }
}

/**
 * Of each query, of its nearest rows in turn, the effort that does not find it any more: lists below its
 * rank, or a walk that keeps less.
 */
export function calibration(
  k: number,
  probes: readonly number[],
  ranks: readonly (readonly number[])[],
): CalibrationDraft {
  const asked = ranks.filter((one) => one.length > 0);
  const recall = probes.map((count) => {
    const each = asked.map((one) => {
      const nearest = one.slice(0, k);
      return nearest.filter((rank) => rank < count).length / nearest.length;
    });
    const n = Math.max(1, each.length);
    const mean = each.reduce((sum, one) => sum + one, 0) / n;
    const variance = each.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, n - 1);
    return Math.max(0, mean - lowerLimit * Math.sqrt(variance / n));
  });
  return { k, queries: asked.length, probes, recall };
}
