// The chained query: every step gives a new, frozen query; nothing runs before `toArray`.
import { NacreError } from '../errors.js';
import type { VersionReference } from '../manifest/version-reference.js';
import type { CallOptions } from '../storage/object-store.js';
import { analyzed, type QueryAnalysis } from './analysis.js';
import type { Certificate } from './certificate.js';
import type { CertifyOptions } from './certify.js';
import type { ExecuteOptions, Hit } from './execute.js';
import { bothOf, type Filter } from './filter/filter.js';
import type { QueryHome, QueryPlace } from './home.js';
import { type Metric, resolveMetric } from './metric.js';
import { explainPlan, type NearestPlan } from './plan.js';
import { executeInRange } from './range.js';
import { estimates, hasCodes, type Precision, resolvePrecision } from './precision.js';
import { dimensionsOf } from './scan.js';
import {
  type QueryVectors,
  type ResolvedVectors,
  resolveVectors,
  type StoredRow,
  storedVector,
} from './vectors.js';

/** Rows wanted where no limit was given. */
export const defaultLimit = 10;

export interface DistanceRange {
  /** Scores at least as high. */
  readonly least?: number;
  /** Scores below. */
  readonly below?: number;
}

export class NearestQuery<Result extends Hit[] | Hit[][]> {
  readonly #plan: NearestPlan;
  readonly #vectors: QueryVectors | StoredRow;
  readonly #home: QueryHome;

  /** Use `array.nearest()`. */
  constructor(plan: NearestPlan, vectors: QueryVectors | StoredRow, home: QueryHome) {
    this.#plan = plan;
    this.#vectors = vectors;
    this.#home = home;
    Object.freeze(this);
  }

  #with(change: Partial<NearestPlan>): NearestQuery<Result> {
    return new NearestQuery({ ...this.#plan, ...change }, this.#vectors, this.#home);
  }

  /** By which metric rows are near; see {@link Metric}. */
  metric(metric: Metric): NearestQuery<Result> {
    return this.#with({ metric: resolveMetric(metric) });
  }

  /** Score every row: the answer is exact whatever indexes exist. Takes back a `precision()` before it. */
  exact(): NearestQuery<Result> {
    return this.#with({ approximate: undefined, precision: 'f64' });
  }

  /**
   * Looks only into lists of an `ivf` index near the query, as many as were measured to hold at least this
   * part of the nearest rows, 0 to 1: the lower 95 % limit of its mean over queries like the rows. Where the
   * array has an `hnsw` index, and it is at hand (a folder, or a page cache), a walk through its graphs takes
   * the place of the lists. Rows that no index covers are searched too. Where rows would have to be fetched
   * to be scored, scores are estimates, and hits say so; `precision('f64')` makes them exact. With a filter
   * as many more lists are looked into as it takes to see as many matching rows. Without such an index, and
   * by another metric than its own, the answer is exact. Errors: `InvalidArgument` for another number.
   *
   * Cost: from a bucket one wave after the centroids, which stay in memory; for exact scores one more.
   */
  recall(least: number): NearestQuery<Result> {
    if (typeof least === 'number' && least >= 0 && least <= 1) {
      return this.#with({ approximate: { recall: least } });
    }
    throw new NacreError('InvalidArgument', `recall is ${least}; it must be a number from 0 to 1`, {
      hint: '0.95 finds 95 % of the nearest rows; exact() all.',
    });
  }

  /** The same by so many lists of an `ivf` index a query, whatever recall they give. */
  nprobe(lists: number): NearestQuery<Result> {
    return this.#with({ approximate: { nprobe: wholeNumber('nprobe', lists, 1) } });
  }

  /** The same by walks through an `hnsw` index that keep so many rows, or as many as are wanted. */
  ef(rows: number): NearestQuery<Result> {
    return this.#with({ approximate: { ef: wholeNumber('ef', rows, 1) } });
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

  /**
   * Only rows whose scores lie in the range: at least `least`, and below `below`; scores are distances, or
   * similarities for `cosine` and `dot`. Errors: `InvalidArgument` for what is no number.
   *
   * Cost: where better rows than those of the range have to be passed over, the search is done again for more
   * rows, four times as many each time.
   */
  distanceRange(range: DistanceRange): NearestQuery<Result> {
    return this.#with({ range: rangeOf(range) });
  }

  /** Of the newest version there is, looked for in the wave of the first read; the handle moves on to it. */
  fresh(): NearestQuery<Result> {
    return this.#with({ fresh: true });
  }

  /** Of a version of the past, by its number, a tag or an instant: see `Dataset.at()`, also for the cost. */
  at(reference: VersionReference): NearestQuery<Result> {
    return this.#with({ at: reference });
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
    return this.#home.on(this.#plan, async (place) => this.#results(place, options), options);
  }

  async #results({ environment, view }: QueryPlace, options: ExecuteOptions): Promise<Result> {
    const vectors = await this.#resolved({ environment, view }, options);
    const lists = await executeInRange(environment, view, this.#plan, vectors, options);
    return (vectors.single ? (lists[0] ?? []) : lists) as Result;
  }

  async #resolved(
    { environment, view }: Pick<QueryPlace, 'environment' | 'view'>,
    options: CallOptions,
  ): Promise<ResolvedVectors> {
    const given = this.#vectors;
    const resolve = (vectors: QueryVectors): Promise<ResolvedVectors> =>
      resolveVectors(vectors, dimensionsOf(view), view.name, options.signal);
    if (!('row' in given) && !('id' in given)) return resolve(given);
    return { ...(await resolve(await storedVector(environment, view, given, options))), single: true };
  }

  /** The same list by list, one for each vector, in their order. */
  async *stream(options: ExecuteOptions & CallOptions = {}): AsyncGenerator<Hit[]> {
    const found = await this.toArray(options);
    const isMany = (result: Hit[] | Hit[][]): result is Hit[][] => Array.isArray(result[0]);
    if (isMany(found)) yield* found;
    else yield found;
  }

  /** How many rows `toArray()` gives, of all vectors. Cost: as there. */
  async count(options: ExecuteOptions & CallOptions = {}): Promise<number> {
    const plain = this.#with({ select: [] });
    let rows = 0;
    for await (const hits of plain.stream(options)) rows += hits.length;
    return rows;
  }

  /** Runs the query and tells what it cost and what it looked at; what runs beside it counts too. */
  async analyze(
    options: Omit<ExecuteOptions, 'counts'> & CallOptions = {},
  ): Promise<{ readonly result: Result; readonly analysis: QueryAnalysis }> {
    return analyzed(this.#home, this.explain(), (counts) => this.toArray({ ...options, counts }));
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
    const { metric, precision, filter, range } = this.#plan;
    if (filter !== undefined || range !== undefined) {
      throw new NacreError(
        'InvalidArgument',
        'a certificate is of all rows: it knows no filter and no range',
        {
          hint: 'Certify the query without where() and distanceRange().',
        },
      );
    }
    if (estimates(precision) && hasCodes(metric)) {
      throw new NacreError('InvalidArgument', `scores of precision '${precision}' may be estimates`, {
        context: { precision: String(precision) },
        hint: "Only exact answers have a certificate: leave precision() away, or ask for 'f64'.",
      });
    }
    const { certify } = await import('./certify.js');
    const work = async (place: QueryPlace): Promise<Certificate> =>
      certify(place, this.#plan, await this.#resolved(place, options), options);
    return this.#home.on(this.#plan, work, options);
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

function rangeOf({ least = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY }: DistanceRange) {
  const given: readonly unknown[] = [least, below];
  if (given.every((one) => typeof one === 'number' && !Number.isNaN(one))) return { least, below };
  throw new NacreError('InvalidArgument', 'a range of scores is of numbers: distanceRange({ least, below })');
}
