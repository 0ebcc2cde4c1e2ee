// Rows by what their attributes are, without a vector: every step gives a new, frozen query; nothing runs
// before `toArray()`, `stream()` or `count()`.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { countBits } from '../attributes/bits.js';
import { describeReference, type VersionReference } from '../manifest/version-reference.js';
import type { CallOptions } from '../storage/object-store.js';
import { type Aggregate, aggregate, type Measures } from './aggregate.js';
import { analyzed, type QueryAnalysis, QueryCounts } from './analysis.js';
import { attributesOfRows, type RowAttributes, selectedAttributes } from './attributes.js';
import { bothOf, type Filter } from './filter/filter.js';
import type { Expression } from './filter/expression.js';
import { formatExpression } from './filter/format.js';
import type { QueryHome, QueryPlace } from './home.js';
import { everything, idsOfWindow, type MatchedWindow, matchedWindows } from './match.js';
import { wholeNumber } from './nearest.js';
import { filterReads } from './plan.js';

export interface RowsPlan {
  readonly array: string;
  readonly filter: Expression | undefined;
  readonly select: readonly string[];
  readonly limit: number;
  readonly offset: number;
  readonly fresh: boolean;
  readonly at: VersionReference | undefined;
}

/** A row that matches. */
export interface RowHit {
  /** Logical index of the row at the version that was read. */
  readonly row: number;
  /** Row id: stays the same while rows before it are dropped. */
  readonly id: number;
  /** Those that were selected; absent without `select()`. */
  readonly attributes?: RowAttributes;
}

/** Options of what a query does. */
interface RowsOptions extends CallOptions {
  /** Told what was looked at. */
  readonly counts?: QueryCounts;
}

export class RowQuery {
  readonly #plan: RowsPlan;
  readonly #home: QueryHome;

  /** Use `array.where()` or `array.select()`. */
  constructor(plan: RowsPlan, home: QueryHome) {
    this.#plan = plan;
    this.#home = home;
    Object.freeze(this);
  }

  #with(change: Partial<RowsPlan>): RowQuery {
    return new RowQuery({ ...this.#plan, ...change }, this.#home);
  }

  /**
   * Only rows of which the filter is true: text of the filter language, or a condition from `col()`. A second
   * one must hold too. Errors: `InvalidArgument`, at the character where a text cannot be read.
   */
  where(filter: Filter): RowQuery {
    return this.#with({ filter: bothOf(this.#plan.filter, filter) });
  }

  /** Which attributes rows come with; `*` stands for all. */
  select(...names: readonly string[]): RowQuery {
    return this.#with({ select: names });
  }

  /** How many rows, the first by row id. Default all. */
  limit(rows: number): RowQuery {
    return this.#with({ limit: wholeNumber('limit', rows, 1) });
  }

  /** Passes over so many rows. Default 0. */
  offset(rows: number): RowQuery {
    return this.#with({ offset: wholeNumber('offset', rows, 0) });
  }

  /** Of the newest version there is, looked for in the wave of the first read; the handle moves on to it. */
  fresh(): RowQuery {
    return this.#with({ fresh: true });
  }

  /** Of a version of the past, by its number, a tag or an instant: see `Dataset.at()`, also for the cost. */
  at(reference: VersionReference): RowQuery {
    return this.#with({ at: reference });
  }

  /** What will be done, as text. No request. */
  explain(): string {
    const { array, filter, select, limit, offset, at } = this.#plan;
    const rows = limit === Number.POSITIVE_INFINITY ? 'all rows' : `the first ${limit} rows`;
    const skip = offset === 0 ? '' : `, after the first ${offset}`;
    const lines = [`${rows} of '${array}'${skip}`];
    if (filter !== undefined) {
      lines.push(`└─ where ${formatExpression(filter)}: ${filterReads}`);
    }
    if (select.length > 0) lines.push(`└─ with ${select.join(', ')}, read for these rows alone`);
    if (at !== undefined) lines.push(`└─ at ${describeReference(at)}`);
    return lines.join('\n');
  }

  /**
   * How many rows match. `limit` and `offset` count for nothing here.
   *
   * Cost: without a filter none but the head; else the columns that the filter names, of files that
   * statistics do not decide. Errors: `NotFound`, `InvalidArgument` for a column that is not there or is of
   * another type, `Corrupt`, `Aborted`.
   */
  async count(options: RowsOptions = {}): Promise<number> {
    const { filter } = this.#plan;
    return this.#on(async ({ environment, view }) => {
      const { counts = new QueryCounts() } = options;
      counts.liveRows = view.liveRows;
      counts.matchedRows = view.liveRows;
      if (filter === undefined) return view.liveRows;
      const map = await view.rowMap(options);
      let count = 0;
      for await (const window of matchedWindows(environment, view, map, filter, options, counts)) {
        count += countOf(window);
      }
      counts.matchedRows = count;
      return count;
    }, options);
  }

  /**
   * Numbers of the rows that match, all together or, with `by`, for each value of an attribute, the most
   * frequent first: `aggregate({ rows: 'count', newest: { max: 'year' } }, 'lang')`. `sum` and `mean` are of
   * `int` and `float`, `min` and `max` of all but lists; nulls count for none of them. `limit` and `offset`
   * count for nothing here.
   *
   * Cost: the columns that the filter, the measures and `by` name. Errors: as `count()`.
   */
  async aggregate<M extends Measures>(
    measures: M,
    by?: string,
    options: RowsOptions = {},
  ): Promise<Aggregate<M>[]> {
    const { filter } = this.#plan;
    return this.#on(async ({ environment, view }) => {
      const map = await view.rowMap(options);
      const matched = matchedWindows(environment, view, map, filter ?? everything, options, options.counts);
      return aggregate(environment, view, matched, measures, by, options);
    }, options);
  }

  /** Runs `count()` or `toArray()` and tells what that cost; what runs beside it counts too. */
  async analyze(
    what: 'count',
    options?: CallOptions,
  ): Promise<{ readonly result: number; readonly analysis: QueryAnalysis }>;
  async analyze(
    what?: 'toArray',
    options?: CallOptions,
  ): Promise<{ readonly result: RowHit[]; readonly analysis: QueryAnalysis }>;
  async analyze(
    what: 'count' | 'toArray' = 'toArray',
    options: CallOptions = {},
  ): Promise<{ readonly result: number | RowHit[]; readonly analysis: QueryAnalysis }> {
    return analyzed<number | RowHit[]>(this.#home, this.explain(), (counts) =>
      what === 'count' ? this.count({ ...options, counts }) : this.toArray({ ...options, counts }),
    );
  }

  #on<T>(work: (place: QueryPlace) => Promise<T>, options: CallOptions): Promise<T> {
    return this.#home.on(this.#plan, work, options);
  }

  /** The rows that match, in the order of their ids. Cost: as `stream()`. */
  async toArray(options: RowsOptions = {}): Promise<RowHit[]> {
    return this.#on(async ({ environment, view }) => {
      const hits: RowHit[] = [];
      for await (const some of this.#pieces(environment, view, options))
        for (const hit of some) hits.push(hit);
      return hits;
    }, options);
  }

  /**
   * The same, piece by piece, of one version; memory holds a piece. Cost: the columns that the filter names,
   * as far as rows are wanted, then one wave a piece for selected attributes. Errors: as `count()`.
   */
  async *stream(options: RowsOptions = {}): AsyncGenerator<RowHit[]> {
    // The version first: what is known of the newest may be thrown away, and a piece that was given cannot.
    const at = await this.#home.lasting(this.#plan, options);
    yield* this.#pieces(at.environment, at.view, options);
  }

  async *#pieces(
    environment: ArrayEnvironment,
    view: ArrayView,
    options: RowsOptions,
  ): AsyncGenerator<RowHit[]> {
    const { filter, select, limit, offset } = this.#plan;
    const map = await view.rowMap(options);
    const { counts = new QueryCounts() } = options;
    counts.liveRows = map.liveRows;
    if (filter === undefined) counts.matchedRows = map.liveRows;
    const attributes = selectedAttributes(view, select);
    let [toSkip, wanted] = [offset, limit];
    // What looks at no column is not counted.
    const looked = filter === undefined ? new QueryCounts() : counts;
    const windows = matchedWindows(environment, view, map, filter ?? everything, options, looked);
    for await (const window of windows) {
      const count = countOf(window);
      looked.matchedRows += count;
      if (count <= toSkip) {
        toSkip -= count;
        continue;
      }
      const some = idsOfWindow(window, count).subarray(toSkip, toSkip + wanted);
      [toSkip, wanted] = [0, wanted - some.length];
      for (let start = 0; start < some.length; start += pieceRows) {
        const ids = some.subarray(start, start + pieceRows);
        const [rows, values] = await Promise.all([
          map.indicesOf(ids),
          attributes.length === 0 ? undefined : attributesOfRows(environment, view, attributes, ids, options),
        ]);
        yield Array.from(ids, (id, i): RowHit => {
          const hit = { row: rows[i] ?? -1, id };
          const of = values?.[i];
          return of === undefined ? hit : { ...hit, attributes: of };
        });
      }
      if (wanted <= 0) return;
    }
  }
}

/** Rows of a piece of a stream at most. */
const pieceRows = 16_384;

function countOf({ start, end, bits }: MatchedWindow): number {
  return countBits(bits, end - start);
}
