// An array as users hold it: a name, looked up by each read in the version that the dataset stands at.
import type { ArrayView } from '../arrays/array-view.js';
import type { AttributeIndexReport } from '../arrays/attribute-index-builder.js';
import type { Attribute } from '../attributes/column.js';
import type { AttributeSource } from '../attributes/source.js';
import { keyOfEntry } from '../arrays/key-attribute.js';
import { rowBytesOf } from '../arrays/row-type.js';
import { readPicks, readRuns } from '../arrays/reader.js';
import type { RowMap } from '../arrays/row-map.js';
import { allocate } from '../native/memory.js';
import {
  type ResolvedSelection,
  resolveSelection,
  type RowSelection,
  selectors,
} from '../arrays/selection.js';
import { shapeOf } from '../arrays/types.js';
import { NacreError } from '../errors.js';
import type { VersionReference } from '../manifest/version-reference.js';
import { type Dtype, type TypedArray, viewAs } from '../npy/dtype.js';
import type { CallOptions } from '../storage/object-store.js';
import { attributesOf } from '../query/attributes.js';
import type { ByKeyOptions, Key, KeyedRow } from '../query/by-key.js';
import type { Hit } from '../query/execute.js';
import type { Filter } from '../query/filter/filter.js';
import { type Metric, resolveMetric } from '../query/metric.js';
import type { QueryHome, QueryPlace, QueryTime } from '../query/home.js';
import { defaultLimit, NearestQuery } from '../query/nearest.js';
import { plainly } from '../query/plan.js';
import { RowQuery } from '../query/rows.js';
import type { QueryVectors, StoredRow } from '../query/vectors.js';
import type { Environment } from './environment.js';
import type { HeadSource } from './head-source.js';
import { describeModified, type ModifiedInfo } from './info.js';
import type { Snapshot } from './snapshot.js';
import type { WriteCall, WriteResult } from './operation.js';
import type {
  AttributeIndexOptions,
  DropAttributeIndexOptions,
  DropIndexOptions,
  IndexOptions,
  TransactionHandle,
} from './transaction-handle.js';

export type { RowSelection };

/** Rows in C order. */
export interface Rows<A extends TypedArray = TypedArray> {
  readonly data: A;
  /** NumPy's shape, rows first; `[]` for a 0-d array. */
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

/** Of which version; default the one at which the handle stands. */
export interface AtOptions extends CallOptions {
  /** Of the past: see `Dataset.at()`, also for the cost. */
  readonly at?: VersionReference;
}

export interface ReadOptions extends RowSelection, AtOptions {
  /** Rows by their ids, in this order; a dropped id is `NotFound`. Excludes the other ways to select. */
  readonly ids?: ArrayLike<number>;
}

export interface NearestOptions {
  /** Default `l2`. */
  readonly metric?: Metric;
}

/** Rows of one batch of an iteration: about this many bytes by default. */
const batchBytes = 16 * 2 ** 20;

/** The dataset of an array. */
export interface ArrayHome {
  /** Throws `Closed`. */
  checkOpen(): void;
  snapshotAt(reference: VersionReference, options: CallOptions): Promise<Snapshot>;
  write(work: (transaction: TransactionHandle) => Promise<void>, options: WriteCall): Promise<WriteResult>;
}

export class ArrayHandle {
  readonly name: string;
  readonly #environment: Environment;
  readonly #source: HeadSource;
  readonly #home: ArrayHome;

  /** Use `dataset.array(name)`. */
  constructor(name: string, environment: Environment, source: HeadSource, home: ArrayHome) {
    this.name = name;
    this.#environment = environment;
    this.#source = source;
    this.#home = home;
  }

  #check(): void {
    this.#home.checkOpen();
  }

  /** NumPy's shape. */
  async shape(options: AtOptions = {}): Promise<number[]> {
    return shapeOf((await this.#view(options)).entry);
  }

  async dtype(options: AtOptions = {}): Promise<Dtype> {
    return (await this.#view(options)).type.dtype;
  }

  /**
   * When its rows were last changed, without a look at earlier versions. Undefined where a release before
   * this one changed them, which kept no time. Cost: that of `shape()`.
   */
  async modified(options: AtOptions = {}): Promise<ModifiedInfo | undefined> {
    return describeModified(await this.#view(options));
  }

  /**
   * Rows as one typed array of the caller's own: all, a range with a step, a list (negative indices count
   * from the end, repeats allowed), a mask, or by row id. Every byte was checked against the manifest.
   *
   * Cost: one wave while the manifest fits the hint, one or two more beyond; bytes of whole 64 KiB blocks.
   * Errors: `NotFound`, `InvalidArgument` for an index out of range, `Corrupt`, `ResourceExhausted`.
   */
  async read(options: ReadOptions = {}): Promise<Rows> {
    this.#check();
    return this.#on((snapshot) => this.#readFrom(snapshot, options), options);
  }

  async #readFrom(snapshot: Snapshot, options: ReadOptions): Promise<Rows> {
    const view = snapshot.array(this.name);
    const map = await view.rowMap(options);
    const resolved = await this.#resolve(view, map, options);
    const count = resolved.kind === 'range' ? resolved.end - resolved.start : resolved.indices.length;
    const rowBytes = rowBytesOf(view.type);
    const { pages, native } = snapshot.environment;
    const room = () => allocate(count * rowBytes, `reading ${count} rows of '${this.name}'`, native);
    const bytes =
      resolved.kind === 'range'
        ? await readRuns(await map.runsOfRange(resolved.start, resolved.end), rowBytes, room, pages, options)
        : await readPicks(await map.picksOfList(resolved.indices), rowBytes, room, pages, options);
    const { dtype } = view.type;
    return { data: viewAs(dtype, bytes), shape: shapeOf(view.entry, count), dtype };
  }

  async #resolve(view: ArrayView, { liveRows }: RowMap, options: ReadOptions): Promise<ResolvedSelection> {
    const selection = options.ids === undefined ? options : { rows: await this.#indicesOf(view, options) };
    return resolveSelection(selection, liveRows, this.name);
  }

  async #indicesOf(view: ArrayView, { ids = [], ...options }: ReadOptions): Promise<Float64Array> {
    if (selectors.some((other) => options[other] !== undefined)) {
      throw new NacreError('InvalidArgument', 'rows are selected by ids or by place, not by both');
    }
    const wanted = Float64Array.from(ids);
    const indices = await (await view.rowMap()).indicesOf(wanted);
    const missing = indices.indexOf(-1);
    if (missing < 0) return indices;
    throw new NacreError('NotFound', `array '${this.name}' has no row with the id ${wanted[missing] ?? 0}`, {
      context: { array: this.name, id: wanted[missing] ?? 0 },
      hint: 'It was dropped, or the id was never given.',
    });
  }

  /** Ids of rows by logical index; they stay the same while rows before them are dropped. */
  async ids(selection: RowSelection & AtOptions = {}): Promise<Float64Array> {
    this.#check();
    return this.#on(async (snapshot) => {
      const map = await snapshot.array(this.name).rowMap(selection);
      const resolved = resolveSelection(selection, map.liveRows, this.name);
      return map.idsOfRows(resolved);
    }, selection);
  }

  /** All rows in order, batch by batch, of one version; memory holds one batch. */
  async *batches(options: AtOptions & { readonly batchRows?: number } = {}): AsyncGenerator<Rows> {
    this.#check();
    const { batchRows } = options;
    if (batchRows !== undefined && !(Number.isSafeInteger(batchRows) && batchRows > 0)) {
      throw new NacreError('InvalidArgument', `batchRows is ${batchRows}; it must be 1 or more`);
    }
    const snapshot = await this.#on(async (found) => found, options);
    const view = snapshot.array(this.name);
    const step = batchRows ?? Math.max(1, Math.floor(batchBytes / Math.max(1, rowBytesOf(view.type))));
    for (let start = 0; start < view.liveRows; start += step) {
      this.#check();
      const batch = { ...options, start, end: Math.min(start + step, view.liveRows) };
      yield await this.#source.readAt(snapshot, (of) => this.#readFrom(of, batch), options);
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<Rows> {
    return this.batches();
  }

  /**
   * The rows nearest to one vector, or to each of many (`{ data, shape: [queries, dimensions] }`), or to a
   * row that is stored (`{ row: 12 }`, `{ id: 12 }`; the row itself is among the answers). Nothing runs
   * before `toArray()`. Metrics: `l2` (default), `l2sq`, `cosine`, `dot`, `hamming`, `jaccard`, `kl`,
   * `js` ({@link Metric}). Rows of more than one axis count as flat vectors.
   */
  nearest(vector: TypedArray | readonly number[] | StoredRow, options?: NearestOptions): NearestQuery<Hit[]>;
  nearest(vectors: QueryVectors, options?: NearestOptions): NearestQuery<Hit[][]>;
  nearest(
    vectors: QueryVectors | StoredRow,
    options: NearestOptions = {},
  ): NearestQuery<Hit[]> | NearestQuery<Hit[][]> {
    this.#check();
    const metric = resolveMetric(options.metric ?? 'l2');
    const plan = { array: this.name, metric, limit: defaultLimit, offset: 0, ...plainly };
    return new NearestQuery<Hit[][]>(plan, vectors, this.#queries());
  }

  /** The attributes of its rows, in the order in which they were made. */
  async attributes(options: AtOptions = {}): Promise<readonly Attribute[]> {
    return attributesOf(await this.#view(options)).map(({ name, type }) => ({ name, type }));
  }

  /**
   * Their values, of one version, to be read piece by piece in the order of the rows: what `writeArrayFile()`
   * and `append()` take. Of all rows, or of those that `read()` of the same options gives. Cost: one wave a
   * piece, for the columns of its rows.
   */
  async attributeSource(options: ReadOptions = {}): Promise<AttributeSource> {
    this.#check();
    return this.#on(async (snapshot) => {
      const { attributeSource } = await import('./clone.js');
      const view = snapshot.array(this.name);
      const rows = await this.#resolve(view, await view.rowMap(options), options);
      return attributeSource(this.#environment, view, rows);
    }, options);
  }

  /** The attribute that is its key, null where it has none. */
  async key(options: AtOptions = {}): Promise<string | null> {
    return keyOfEntry((await this.#view(options)).entry)?.name ?? null;
  }

  /**
   * The rows of which a filter is true, by their attributes: text of the filter language (`"lang = 'de' and
   * year >= 2020"`), or a condition from `col()`. Nothing runs before `toArray()`, `stream()` or `count()`.
   * Errors: `InvalidArgument` for a text that cannot be read, at its character.
   */
  where(filter: Filter): RowQuery {
    return this.#rows().where(filter);
  }

  /** Attributes of rows by their names; `*` stands for all. Nothing runs before `toArray()` or `stream()`. */
  select(...names: readonly string[]): RowQuery {
    return this.#rows().select(...names);
  }

  /**
   * The rows that have these keys, of an array with a key (`create` with `key`, `setKey`): of each key, in
   * their order, the row with the attributes of `select`, and with `values` its values; undefined where no
   * row has it. One version answers: that of `at`, the newest with `fresh`, else that of the handle.
   *
   * Cost: one wave for the column of the key, of files that statistics do not rule out; one more for
   * attributes and values. Errors: `NotFound`, `Corrupt`, `InvalidArgument` for an array without a key, a key
   * of another type or null, or an attribute that is not there.
   */
  async rowsByKey(keys: readonly Key[], options: ByKeyOptions = {}): Promise<(KeyedRow | undefined)[]> {
    const { fresh = false, at } = options;
    const queries = this.#queries();
    const { rowsByKey } = await import('../query/by-key.js');
    return queries.on({ fresh, at }, (place) => rowsByKey(place, keys, options), options);
  }

  #rows(): RowQuery {
    this.#check();
    const asked = { filter: undefined, select: [], fresh: false, at: undefined };
    const plan = { array: this.name, limit: Number.POSITIVE_INFINITY, offset: 0, ...asked };
    return new RowQuery(plan, this.#queries());
  }

  #queries(): QueryHome {
    const environment = this.#environment;
    const placeOf = (snapshot: Snapshot): QueryPlace => {
      const { environment: own, loaded } = snapshot;
      return { environment: own, loaded, view: snapshot.array(this.name) };
    };
    const timed = ({ fresh, at }: QueryTime) => ({ fresh, ...(at === undefined ? {} : { at }) });
    return {
      on: async (time, work, options) => {
        this.#check();
        return this.#on(async (snapshot) => work(placeOf(snapshot)), { ...options, ...timed(time) });
      },
      lasting: async (time, options) => {
        this.#check();
        const snapshot = await this.#on(async (found) => found, { ...options, ...timed(time) });
        return placeOf(this.#source.lasting(snapshot));
      },
      scope: () => environment.meter.scope(),
      cached: () => environment.cache.counters(),
    };
  }

  /**
   * Builds an index of the rows, or of an attribute, in a version of its own; see
   * {@link TransactionHandle.index}. Gives the version that holds it; the present one when `update` finds
   * nothing to do.
   */
  async index(options: IndexOptions): Promise<WriteResult>;
  async index(options: AttributeIndexOptions): Promise<WriteResult & AttributeIndexReport>;
  async index(
    options: IndexOptions | AttributeIndexOptions,
  ): Promise<WriteResult | (WriteResult & AttributeIndexReport)> {
    const { update, signal } = options;
    const how = {
      message: `${update === true ? 'update' : 'build'} the ${indexName(options)} of '${this.name}'`,
      ...(signal === undefined ? {} : { signal }),
    };
    if (!('attribute' in options)) return this.#home.write((tx) => tx.index(this.name, options), how);
    let report: AttributeIndexReport = { indexedRows: 0, notIndexed: [] };
    const written = await this.#home.write(async (tx) => {
      report = await tx.index(this.name, options);
    }, how);
    return { ...written, ...report };
  }

  /**
   * Takes an index away in a version of its own; see {@link TransactionHandle.dropIndex}. Errors: `NotFound`
   * where there is none.
   */
  async dropIndex(options: DropIndexOptions | DropAttributeIndexOptions): Promise<WriteResult> {
    const { signal } = options;
    return this.#home.write((tx) => tx.dropIndex(this.name, options), {
      message: `drop the ${indexName(options)} of '${this.name}'`,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async #view(options: AtOptions): Promise<ArrayView> {
    this.#check();
    return this.#on(async (snapshot) => snapshot.array(this.name), options);
  }

  async #on<T>(
    work: (snapshot: Snapshot) => Promise<T>,
    { at, ...options }: AtOptions & { readonly fresh?: boolean },
  ): Promise<T> {
    if (at === undefined) return this.#source.read(work, options);
    return this.#source.readAt(await this.#home.snapshotAt(at, options), work, options);
  }
}

function indexName(of: DropIndexOptions | DropAttributeIndexOptions): string {
  return 'attribute' in of ? `index of the attribute '${of.attribute}'` : `${of.type} index`;
}
