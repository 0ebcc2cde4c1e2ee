// The true nearest rows of some queries, found while the rows of an array go by for another reason.
import type { ArrayEnvironment } from '../arrays/environment.js';
import {
  type Cascade,
  type CodeTransform,
  type ExactScan,
  fromNative,
  type ScanDtype,
  type ScanMetric,
} from '../native.js';
import { untilCancelled } from '../native/cancel.js';
import { viewAs } from '../npy/dtype.js';
import { putNumbers } from '../npy/float64.js';
import type { NearestRows } from './nearest-rows.js';
import type { Sample } from './sample.js';

/** Queries, where there are so many rows. */
export const queriesWanted = 1000;

export interface CalibratedScan {
  readonly metric: ScanMetric;
  readonly dtype: ScanDtype;
  readonly dimensions: number;
  /** Ends what is under way. */
  readonly signal?: AbortSignal | undefined;
}

export class TrueNearest {
  /** The queries, one after the other, and of each the id of its row. */
  readonly queries: Float64Array;
  readonly ids: Float64Array;
  readonly #native: ArrayEnvironment['native'];
  readonly #how: CalibratedScan;
  readonly #k: number;
  readonly #transform: CodeTransform;
  readonly #scan: ExactScan;
  /** By codes most rows are ruled out; null where these have no bounds. */
  readonly #cascade: Cascade | null;
  /** Codes of a window. */
  #codes = new Uint8Array(0);

  private constructor(
    native: ArrayEnvironment['native'],
    { queries, ids }: Pick<TrueNearest, 'queries' | 'ids'>,
    how: CalibratedScan,
    k: number,
    { scan, cascade, transform }: { scan: ExactScan; cascade: Cascade | null; transform: CodeTransform },
  ) {
    this.#native = native;
    this.queries = queries;
    this.ids = ids;
    this.#how = how;
    this.#k = k;
    this.#scan = scan;
    this.#cascade = cascade;
    this.#transform = transform;
  }

  /** Of each row of the sample the `k` nearest; it is one of them itself, unless it is left out as dead. */
  static async start(
    { native }: ArrayEnvironment,
    { bytes, rows, ids }: Sample,
    transform: CodeTransform,
    how: CalibratedScan,
    k: number,
  ): Promise<TrueNearest> {
    const { dtype, dimensions, metric } = how;
    const queries = new Float64Array(rows * dimensions);
    putNumbers(viewAs(dtype, bytes), dtype, 0, queries.length, queries);
    try {
      const scan = await native.createExactScanLater({ metric, dtype, dimensions, k, queries });
      const cascade = await native.createCascadeLater(scan, transform);
      return new TrueNearest(native, { queries, ids }, how, k, { scan, cascade, transform });
    } catch (error) {
      throw fromNative(error);
    }
  }

  /** Rows without those of the row set `dead`. */
  async add(bytes: Uint8Array, rows: number, firstRowId: number, dead?: Uint8Array): Promise<void> {
    const cascade = this.#cascade;
    await untilCancelled(this.#scan, this.#how.signal, () =>
      cascade === null
        ? this.#scan.scan(bytes, firstRowId, undefined, dead)
        : this.#addByCodes(cascade, bytes, rows, firstRowId, dead),
    );
  }

  /** The best rows are the same, and few are scored. */
  async #addByCodes(
    cascade: Cascade,
    bytes: Uint8Array,
    rows: number,
    firstRowId: number,
    dead?: Uint8Array,
  ): Promise<void> {
    const length = this.#transform.listBytes(rows);
    if (this.#codes.byteLength < length) this.#codes = new Uint8Array(length);
    const codes = this.#codes.subarray(0, length);
    await this.#transform.encode(this.#how.dtype, bytes, codes);
    await cascade.scan([{ codes, rows, firstRowId, ...(dead && { dead }) }]);
    const here = this.#native.createRowParts([{ rows: bytes, firstRowId }]);
    for (let count = this.#k; ; count *= 4) {
      await cascade.scoreInMemory(here, count);
      if (cascade.isScored()) return;
    }
  }

  /** The nearest rows of each query so far, without its own, and what they rank by. */
  async found(): Promise<Pick<NearestRows, 'ids' | 'keys'>[]> {
    const [{ ids, counts }, keys] = await Promise.all([this.#scan.resultsLater(), this.#scan.keysLater()]);
    return Array.from(this.ids, (own, q) => {
      const [start, end] = [q * this.#k, q * this.#k + (counts[q] ?? 0)];
      const isOther = (_: number, at: number): boolean => ids[start + at] !== own;
      return {
        ids: ids.subarray(start, end).filter(isOther),
        keys: keys.subarray(start, end).filter(isOther),
      };
    });
  }
}
