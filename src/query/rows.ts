// Rows by what their attributes are, without a vector: every step gives a new, frozen query; nothing runs
// before `toArray()`, `stream()` or `count()`.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { countBits } from '../attributes/bits.js';
import type { CallOptions } from '../storage/object-store.js';
import { attributesOfRows, type RowAttributes, selectedAttributes } from './attributes.js';
import { bothOf, type Filter } from './filter/filter.js';
import type { Expression } from './filter/expression.js';
import { formatExpression } from './filter/format.js';
import { idsOfWindow, type MatchedWindow, matchedWindows } from './match.js';
import { wholeNumber } from './nearest.js';

export interface RowsPlan {
  readonly array: string;
  readonly filter: Expression | undefined;
  readonly select: readonly string[];
  readonly limit: number;
  readonly offset: number;
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

/** Runs work on the version that the handle stands at. */
export type OnView = <T>(
  work: (environment: ArrayEnvironment, view: ArrayView) => Promise<T>,
  options: CallOptions,
) => Promise<T>;

export class RowQuery {
  readonly #plan: RowsPlan;
  readonly #on: OnView;

  /** Use `array.where()` or `array.select()`. */
  constructor(plan: RowsPlan, on: OnView) {
    this.#plan = plan;
    this.#on = on;
    Object.freeze(this);
  }

  #with(change: Partial<RowsPlan>): RowQuery {
    return new RowQuery({ ...this.#plan, ...change }, this.#on);
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

  /** What will be done, as text. No request. */
  explain(): string {
    const { array, filter, select, limit, offset } = this.#plan;
    const rows = limit === Number.POSITIVE_INFINITY ? 'all rows' : `the first ${limit} rows`;
    const skip = offset === 0 ? '' : `, after the first ${offset}`;
    const lines = [`${rows} of '${array}'${skip}`];
    if (filter !== undefined) {
      lines.push(`└─ where ${formatExpression(filter)}: files ruled out by statistics, else their columns`);
    }
    if (select.length > 0) lines.push(`└─ with ${select.join(', ')}, read for these rows alone`);
    return lines.join('\n');
  }

  /**
   * How many rows match. `limit` and `offset` count for nothing here.
   *
   * Cost: without a filter none but the head; else the columns that the filter names, of files that
   * statistics do not decide. Errors: `NotFound`, `InvalidArgument` for a column that is not there or is of
   * another type, `Corrupt`, `Aborted`.
   */
  async count(options: CallOptions = {}): Promise<number> {
    const { filter } = this.#plan;
    return this.#on(async (environment, view) => {
      if (filter === undefined) return view.liveRows;
      const map = await view.rowMap(options);
      let count = 0;
      for await (const window of matchedWindows(environment, view, map, filter, options)) {
        count += countOf(window);
      }
      return count;
    }, options);
  }

  /** The rows that match, in the order of their ids. Cost: as `stream()`. */
  async toArray(options: CallOptions = {}): Promise<RowHit[]> {
    return this.#on(async (environment, view) => {
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
  async *stream(options: CallOptions = {}): AsyncGenerator<RowHit[]> {
    // The version first: what is known of the newest may be thrown away, and a piece that was given cannot.
    const at = await this.#on(async (environment, view) => ({ environment, view }), options);
    yield* this.#pieces(at.environment, at.view, options);
  }

  async *#pieces(
    environment: ArrayEnvironment,
    view: ArrayView,
    options: CallOptions,
  ): AsyncGenerator<RowHit[]> {
    const { filter, select, limit, offset } = this.#plan;
    const map = await view.rowMap(options);
    const attributes = selectedAttributes(view, select);
    let [toSkip, wanted] = [offset, limit];
    const windows =
      filter === undefined ? everyRow(map.liveRows) : this.#matched(environment, view, filter, options);
    for await (const { ids: all, count } of windows) {
      if (count <= toSkip) {
        toSkip -= count;
        continue;
      }
      const found = await all();
      const some = found.subarray(toSkip, Math.min(found.length, toSkip + wanted));
      [toSkip, wanted] = [0, wanted - some.length];
      for (let start = 0; start < some.length; start += pieceRows) {
        const piece = some.subarray(start, start + pieceRows);
        const ids = filter === undefined ? await map.idsOf(piece) : piece;
        const [rows, values] = await Promise.all([
          filter === undefined ? piece : map.indicesOf(ids),
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

  async *#matched(
    environment: ArrayEnvironment,
    view: ArrayView,
    filter: Expression,
    options: CallOptions,
  ): AsyncGenerator<Found> {
    const map = await view.rowMap(options);
    for await (const window of matchedWindows(environment, view, map, filter, options)) {
      const count = countOf(window);
      yield { count, ids: () => Promise.resolve(idsOfWindow(window, count)) };
    }
  }
}

/** Rows of a piece of a stream at most. */
const pieceRows = 16_384;

/** Ids of rows that match; without a filter logical indices. */
interface Found {
  readonly count: number;
  readonly ids: () => Promise<Float64Array>;
}

async function* everyRow(rows: number): AsyncGenerator<Found> {
  for (let start = 0; start < rows; start += pieceRows) {
    const count = Math.min(pieceRows, rows - start);
    yield { count, ids: async () => Float64Array.from({ length: count }, (_, i) => start + i) };
  }
}

function countOf({ start, end, bits }: MatchedWindow): number {
  return countBits(bits, end - start);
}
