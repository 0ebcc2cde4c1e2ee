// How many lists a query has to look into: measured by rows of the array as queries, of which the true
// nearest are found while the index is built. A row does not count as its own neighbour.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { CalibrationDraft } from '../manifest/transaction.js';
import {
  type Cascade,
  type CodeTransform,
  type ExactScan,
  fromNative,
  type ScanDtype,
  type ScanMetric,
} from '../native.js';
import type { IvfQuantizer } from '../native/ivf.js';
import { viewAs } from '../npy/dtype.js';
import { putNumbers } from '../npy/float64.js';
import { defined } from '../util/assert.js';
import { lastAtMost } from '../util/sorted.js';
import type { Sample } from './sample.js';

/** Queries, where there are so many rows. */
export const queriesWanted = 1000;

/** Rows of a query that recall is measured for. */
const ks = [1, 10, 100];

/** One more than the most: the query itself. */
const rowsOfQuery = Math.max(...ks) + 1;

/** Numbers of lists that are told apart. */
const grid = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256];

/** Queries whose lists are ordered in one turn of the event loop: some milliseconds. */
const queriesOfTurn = 32;

/** Of the distribution of a mean, 5 % lie more than so many standard errors below it. */
const lowerLimit = 1.645;

export interface CalibratedScan {
  readonly metric: ScanMetric;
  readonly dtype: ScanDtype;
  readonly dimensions: number;
}

export class Calibrator {
  readonly #environment: ArrayEnvironment;
  readonly #how: CalibratedScan;
  readonly #queries: Float64Array;
  readonly #ids: Float64Array;
  readonly #scan: ExactScan;
  /** By codes most rows are ruled out; null where these have no bounds. */
  readonly #cascade: Cascade | null;
  readonly #transform: CodeTransform;
  /** Codes of a window. */
  #codes = new Uint8Array(0);
  /** Of each row that came, in the order of their ids, its list. */
  readonly #lists: { readonly firstId: number; readonly lists: Uint32Array }[] = [];

  private constructor(
    environment: ArrayEnvironment,
    how: CalibratedScan,
    queries: Float64Array,
    ids: Float64Array,
    { scan, cascade, transform }: { scan: ExactScan; cascade: Cascade | null; transform: CodeTransform },
  ) {
    this.#environment = environment;
    this.#how = how;
    this.#queries = queries;
    this.#ids = ids;
    this.#scan = scan;
    this.#cascade = cascade;
    this.#transform = transform;
  }

  /** The rows of the sample are the queries; what is measured was not trained on them. */
  static async start(
    environment: ArrayEnvironment,
    { bytes, rows, ids }: Sample,
    transform: CodeTransform,
    how: CalibratedScan,
  ): Promise<Calibrator> {
    const { dtype, dimensions, metric } = how;
    const queries = new Float64Array(rows * dimensions);
    putNumbers(viewAs(dtype, bytes), dtype, 0, queries.length, queries);
    const options = { metric, dtype, dimensions, k: rowsOfQuery, queries };
    const { native } = environment;
    try {
      const scan = await native.createExactScanLater(options);
      const cascade = await native.createCascadeLater(scan, transform);
      return new Calibrator(environment, how, queries, ids, { scan, cascade, transform });
    } catch (error) {
      throw fromNative(error);
    }
  }

  async add(rows: Uint8Array, lists: Uint32Array, firstId: number): Promise<void> {
    this.#lists.push({ firstId, lists });
    try {
      if (this.#cascade === null) await this.#scan.scan(rows, firstId);
      else await this.#addByCodes(this.#cascade, rows, lists.length, firstId);
    } catch (error) {
      throw fromNative(error);
    }
  }

  /** The best rows are the same, and few are scored. */
  async #addByCodes(cascade: Cascade, bytes: Uint8Array, rows: number, firstRowId: number): Promise<void> {
    const length = this.#transform.listBytes(rows);
    if (this.#codes.byteLength < length) this.#codes = new Uint8Array(length);
    const codes = this.#codes.subarray(0, length);
    await this.#transform.encode(this.#how.dtype, bytes, codes);
    await cascade.scan([{ codes, rows, firstRowId }]);
    const here = [{ rows: bytes, firstRowId }];
    for (let count = rowsOfQuery; ; count *= 4) {
      await cascade.scoreInMemory(here, count);
      if (cascade.isScored()) return;
    }
  }

  async finish(quantizer: IvfQuantizer): Promise<CalibrationDraft[]> {
    const found = await this.#scan.resultsLater();
    const probes = Math.min(quantizer.lists(), defined(grid.at(-1), 'number of lists'));
    const { native } = this.#environment;
    const { dimensions, metric, dtype } = this.#how;
    const ranks: number[][] = [];
    let place = 0;
    for (const [q, own] of this.#ids.entries()) {
      if (q % queriesOfTurn === 0) await nextTurn();
      const queries = this.#queries.subarray(q * dimensions, (q + 1) * dimensions);
      const one = native.createExactScan({ metric, dtype, dimensions, k: 1, queries });
      const order = native.createIvfSearch(one, quantizer, probes, false)?.probes(0) ?? new Uint32Array(0);
      const rankOf = new Map(Array.from(order, (list, rank) => [list, rank]));
      const count = found.counts[q] ?? 0;
      const nearest = found.ids.subarray(place, place + count).filter((id) => id !== own);
      place += rowsOfQuery;
      ranks.push(Array.from(nearest, (id) => rankOf.get(this.#listOf(id)) ?? Number.POSITIVE_INFINITY));
    }
    return ks.map((k) => calibration(k, ranks, quantizer.lists()));
  }

  #listOf(id: number): number {
    const window = lastAtMost(this.#lists, id, ({ firstId }) => firstId);
    return window?.lists[id - window.firstId] ?? -1;
  }
}

function calibration(k: number, ranks: readonly number[][], lists: number): CalibrationDraft {
  const probes = grid.filter((count) => count <= lists);
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
