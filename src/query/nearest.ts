// The chained query: every step gives a new, frozen query; nothing runs before `toArray`.
import { NacreError } from '../errors.js';
import type { CallOptions } from '../storage/object-store.js';
import type { Certificate } from './certificate.js';
import type { CertifyOptions } from './certify.js';
import type { ExecuteOptions, Hit } from './execute.js';
import { bothOf, type Filter } from './filter/filter.js';
import { explainPlan, type NearestPlan } from './plan.js';
import { estimates, hasCodes, type Precision, resolvePrecision } from './precision.js';

/** Runs a plan at the version that the handle stands at. */
export type RunNearest = (
  plan: NearestPlan,
  options: ExecuteOptions,
) => Promise<{ readonly lists: Hit[][]; readonly single: boolean }>;

/** Certifies a plan's answer at the version that the handle stands at. */
export type CertifyNearest = (plan: NearestPlan, options: CertifyOptions) => Promise<Certificate>;

/** Rows wanted where no limit was given. */
export const defaultLimit = 10;

export class NearestQuery<Result extends Hit[] | Hit[][]> {
  readonly #plan: NearestPlan;
  readonly #run: RunNearest;
  readonly #certify: CertifyNearest;

  /** Use `array.nearest()`. */
  constructor(plan: NearestPlan, run: RunNearest, certify: CertifyNearest) {
    this.#plan = plan;
    this.#run = run;
    this.#certify = certify;
  }

  #with(change: Partial<NearestPlan>): NearestQuery<Result> {
    return new NearestQuery({ ...this.#plan, ...change }, this.#run, this.#certify);
  }

  /** Score every row: the answer is exact whatever indexes exist. Takes back a `precision()` before it. */
  exact(): NearestQuery<Result> {
    return this.#with({ method: 'exact', precision: 'f64' });
  }

  /**
   * How precise scores must be at least: `'f64'` (the default: exact), `'f32'`, `'f16'`, `'f8'` or `'bit'`.
   * A level that costs no less than exactness is answered exactly: `'f32'` and `'f16'` always are. With
   * `'f8'` and `'bit'` rows that an index covers get estimates, and their hits say `estimated: true`; they
   * rank beside the exact scores of all others. Errors: `InvalidArgument` for another level.
   */
  precision(level: Precision): NearestQuery<Result> {
    return this.#with({ precision: resolvePrecision(level) });
  }

  /**
   * The nearest of those rows alone of which the filter is true: text of the filter language, or a condition
   * from `col()`. A second one must hold too. Errors: `InvalidArgument`, at the character where a text cannot
   * be read.
   */
  where(filter: Filter): NearestQuery<Result> {
    return this.#with({ filter: bothOf(this.#plan.filter, filter) });
  }

  /** Which attributes hits come with, by name; `*` stands for all. Cost: one wave more. */
  select(...names: readonly string[]): NearestQuery<Result> {
    return this.#with({ select: names });
  }

  /** How many rows a query gets, the nearest first. Default 10. */
  limit(rows: number): NearestQuery<Result> {
    return this.#with({ limit: wholeNumber('limit', rows, 1) });
  }

  /** Passes over so many of the nearest rows. Default 0. */
  offset(rows: number): NearestQuery<Result> {
    return this.#with({ offset: wholeNumber('offset', rows, 0) });
  }

  /** What will be done, as text. No request. */
  explain(): string {
    return explainPlan(this.#plan);
  }

  /**
   * The nearest rows, best first; ties by row id. One list for one vector, a list of lists for many.
   *
   * Scores are the correctly rounded float64 of the exact result on the stored values and the query as
   * given, but for hits that say `estimated` (see {@link NearestQuery.precision}); `kl` and `js` are those of
   * one fixed arithmetic, the same on every CPU. Cost: reads every partition once, whole; with an index its
   * codes and the few rows that they leave. Errors: `NotFound`, `InvalidArgument`, `Corrupt`, `Aborted`.
   */
  async toArray(options: ExecuteOptions & CallOptions = {}): Promise<Result> {
    const { lists, single } = await this.#run(this.#plan, options);
    return (single ? (lists[0] ?? []) : lists) as Result;
  }

  /**
   * The answer with what shows that it is right: how many rows the index ruled out, by which bound, how far
   * away the next row is, and hashes of the version and of what was read (docs/certificates.md). Plain data,
   * the same for any number of threads and on every CPU, but for its `made`; `Dataset.verify()` goes over it
   * again. The rows that `offset` passes over are in it.
   *
   * Cost: the search, then one pass more over the codes, or over the rows where there are none. Errors: those
   * of `toArray()`, `ResourceExhausted` for more than 64 MiB of queries and hits, `InvalidArgument` for a
   * precision whose scores may be estimates.
   */
  async certify(options: CertifyOptions = {}): Promise<Certificate> {
    const { metric, precision, filter } = this.#plan;
    if (filter !== undefined) {
      throw new NacreError('InvalidArgument', 'a certificate is of all rows: it knows no filter', {
        hint: 'Certify the query without where().',
      });
    }
    if (estimates(precision) && hasCodes(metric)) {
      throw new NacreError('InvalidArgument', `scores of precision '${precision}' may be estimates`, {
        context: { precision },
        hint: "Only exact answers have a certificate: leave precision() away, or ask for 'f64'.",
      });
    }
    return this.#certify(this.#plan, options);
  }
}

/** A limit beyond this is a mistake, not a search. */
const largestLimit = 1_000_000;

export function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= largestLimit) return value;
  throw new NacreError(
    'InvalidArgument',
    `${name} is ${value}; it must be a whole number from ${least} to ${largestLimit}`,
  );
}
