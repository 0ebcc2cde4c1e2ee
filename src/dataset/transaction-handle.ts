// What the callback of write() gets.
import type { BuildOptions } from '../ann/build-exact.js';
import type { BuildJournal, BuiltIndex } from '../ann/build-journal.js';
import type { HnswOptions } from '../ann/build-hnsw.js';
import type { IvfOptions } from '../ann/build-ivf.js';
import type { ArrayView } from '../arrays/array-view.js';
import type { GivenAttributes } from '../arrays/attribute-changes.js';
import type { AttributeIndexReport, BuildAttributeIndexOptions } from '../arrays/attribute-index-builder.js';
import type { RowSource } from '../arrays/row-source.js';
import { keyOfEntry } from '../arrays/key-attribute.js';
import { checkRows, type RowsInput } from '../arrays/rows-input.js';
import type { RowSelection } from '../arrays/selection.js';
import type { AppendOptions, CreateOptions, RowTarget } from '../arrays/write-options.js';
import type { WriteTransaction } from '../arrays/write-transaction.js';
import type { Upserted } from '../arrays/upsert.js';
import type { AttributeType } from '../attributes/column.js';
import type { AttributeSource } from '../attributes/source.js';
import { NacreError } from '../errors.js';
import { v1 } from '../manifest/message.js';
import type { Linked, LinkOptions } from '../ops/link.js';
import { parityOf, type ParityPolicy } from '../manifest/parity.js';
import type { ScanDtype } from '../native.js';
import { viewAs } from '../npy/dtype.js';
import { type Metric, resolveMetric } from '../query/metric.js';
import { codedDimensions, scanDtype } from '../query/scan.js';
import type { CallOptions } from '../storage/object-store.js';
import type { Rows } from './array-handle.js';
import { sourcesOf } from './clone.js';
import type { Environment } from './environment.js';

export interface ExactIndexOptions extends BuildOptions {
  /** Exact search reads codes of the rows in their place. */
  readonly type: 'exact';
}

export interface IvfIndexOptions extends Omit<IvfOptions, 'metric'> {
  /** Approximate search looks into few lists of rows near each other: see {@link NearestQuery.recall}. */
  readonly type: 'ivf';
  /** By which metric it will be asked: l2, l2sq, cosine or dot. Default `l2`; with `update`, as it is. */
  readonly metric?: Metric;
}

export interface HnswIndexOptions extends Omit<HnswOptions, 'metric'> {
  /** Approximate search walks through graphs of rows that are near each other, where these are at hand. */
  readonly type: 'hnsw';
  /** As of an `ivf` index. */
  readonly metric?: Metric;
}

export type IndexOptions = ExactIndexOptions | IvfIndexOptions | HnswIndexOptions;

export interface DropIndexOptions extends CallOptions {
  readonly type: IndexOptions['type'];
}

/** An index of an attribute: which rows have which value. */
export interface AttributeIndexOptions extends BuildAttributeIndexOptions {
  /** Its name. */
  readonly attribute: string;
}

export interface DropAttributeIndexOptions extends CallOptions {
  readonly attribute: string;
}

/** The number of a type of index in the manifest. */
function kindOf({ type }: Pick<IndexOptions, 'type'>): number {
  switch (type) {
    case 'exact':
      return v1.IndexKind.INDEX_KIND_EXACT;
    case 'ivf':
      return v1.IndexKind.INDEX_KIND_IVF;
    case 'hnsw':
      return v1.IndexKind.INDEX_KIND_HNSW;
    default:
      throw new NacreError('InvalidArgument', `'${String(type)}' is no type of index`, {
        hint: "The types are 'exact', 'ivf' and 'hnsw'.",
      });
  }
}

type Indexed = readonly [Environment, ArrayView, ScanDtype, number];

async function build(of: Indexed, options: IndexOptions): Promise<BuiltIndex | undefined> {
  if (options.type === 'exact') {
    const { buildExactIndex } = await import('../ann/build-exact.js');
    return buildExactIndex(...of, options);
  }
  if (options.type === 'ivf') {
    const { buildIvfIndex } = await import('../ann/build-ivf.js');
    return buildIvfIndex(...of, withMetric(options));
  }
  const { buildHnswIndex } = await import('../ann/build-hnsw.js');
  return buildHnswIndex(...of, withMetric(options));
}

function withMetric<O extends { readonly metric?: Metric }>({ metric, ...how }: O) {
  return metric === undefined ? how : { ...how, metric: resolveMetric(metric) };
}

function notBefore(name: string, hint: string): NacreError {
  return new NacreError('InvalidArgument', `'${name}' is made in this transaction and has no rows yet`, {
    context: { array: name },
    hint,
  });
}

/** Changes that become one version. Use it inside the callback of `write()` only, and await every call. */
export class TransactionHandle {
  readonly #staged: WriteTransaction;
  readonly #environment: Environment;
  readonly #journals: BuildJournal[];

  /** `journals` are given those of the indexes that it builds: who commits them ends them. */
  constructor(staged: WriteTransaction, environment: Environment, journals: BuildJournal[]) {
    this.#staged = staged;
    this.#environment = environment;
    this.#journals = journals;
  }

  /** Names of the arrays as the transaction sees them. */
  get arrays(): readonly string[] {
    return this.#staged.names;
  }

  /**
   * Makes an empty array, with a key where one is named. Errors: `AlreadyExists` when the name is taken,
   * `InvalidArgument` for a key of another type than `int`, `string` and `timestamp`.
   */
  async create(name: string, options: CreateOptions): Promise<void> {
    this.#staged.create(name, options);
  }

  /**
   * Adds rows at the end, with attributes: of each a list of one value a row, null where there is none. An
   * attribute that the array does not have is made, of the type of its values; rows that come without one
   * have null. Errors: `NotFound` with the nearest name when there is no such array, `InvalidArgument` for
   * values of another number than the rows or of another type than the attribute.
   */
  async append(name: string, rows: RowsInput, options: AppendOptions = {}): Promise<void> {
    await this.#staged.append(name, rows, options);
  }

  /**
   * Adds the rows of a file or another source piece by piece; makes the array when there is none. Attributes
   * come from a file or another source of as many rows: see `openAttributeFile()`.
   */
  async appendFrom(
    name: string,
    source: RowSource,
    options: { readonly attributes?: AttributeSource } = {},
  ): Promise<void> {
    await this.#staged.appendFrom(name, source, options.attributes);
  }

  /**
   * Adds the rows of `.npy` objects that lie below the dataset's prefix, without copying them; makes the
   * array when there is none. Each is named by its key from the prefix on, `train/a.npy`, of `[a-z0-9._-/]`,
   * and becomes one partition: C order, little endian, at least one row, 256 GiB at most. It stays its
   * owner's: nothing here ever deletes it, and what is changed of it later is damage (`Corrupt`) to whoever
   * reads it. Indexes take its rows up with `update`.
   *
   * Cost: a GET of 4 KiB an object, and one read of each (two with `verify`), by 8 MiB; no row is written.
   * Memory: some pieces. A write that begins anew (`retries`) reads them again. Errors: `NotFound`;
   * `InvalidArgument` for other keys, other rows than the array's, and an array with a key;
   * `UnsupportedFormat`, with the reason; `AlreadyExists` where the array has the object already, or another
   * array has it with other bytes; `Conflict` where it changes while it is read.
   */
  async link(name: string, keys: string | readonly string[], options: LinkOptions = {}): Promise<Linked> {
    const { linkInto } = await import('../ops/link.js');
    return linkInto(this.#environment, this.#staged, { name, keys: [keys].flat() }, options);
  }

  /**
   * Puts new content in the place of rows: by logical index, `{ ids }`, or `{ all: true }`. They keep their
   * ids.
   */
  async replace(name: string, target: RowTarget, rows: RowsInput): Promise<void> {
    await this.#staged.replace(name, target, rows);
  }

  /**
   * Takes rows out: by logical index, `{ ids }`, or `{ all: true }`. Later rows move up; ids are never used
   * again.
   */
  async drop(name: string, target: RowTarget): Promise<void> {
    await this.#staged.drop(name, target);
  }

  /**
   * Gives rows other values of attributes, by logical index, `{ ids }`, or `{ all: true }`; the rows
   * themselves stay. An attribute that the array does not have is made. Who replaces or drops the same rows
   * meanwhile is a conflict. Errors: `InvalidArgument`, as of `append`.
   */
  async setAttributes(name: string, target: RowTarget, attributes: GivenAttributes): Promise<void> {
    await this.#staged.setAttributes(name, target, attributes);
  }

  /**
   * The same with the values of a file, or of another source, which has a row for each row that is named, in
   * that order: see `openAttributeFile()`. Attributes that the source does not have stay as they are. Memory
   * holds some MiB. Errors: as `setAttributes`.
   */
  async setAttributesFrom(name: string, target: RowTarget, source: AttributeSource): Promise<void> {
    await this.#staged.setAttributesFrom(name, target, source);
  }

  /** Makes an attribute; every row has null until it is given a value. No data moves. */
  async addAttribute(name: string, attribute: string, type: AttributeType): Promise<void> {
    this.#staged.addAttribute(name, attribute, type);
  }

  /** Takes an attribute away. No data moves. Errors: `NotFound`, with the nearest name. */
  async dropAttribute(name: string, attribute: string): Promise<void> {
    this.#staged.dropAttribute(name, attribute);
  }

  /** Gives an attribute another name. No data moves. Errors: `NotFound`, `AlreadyExists`. */
  async renameAttribute(name: string, attribute: string, to: string): Promise<void> {
    this.#staged.renameAttribute(name, attribute, to);
  }

  /**
   * Makes an attribute the key: every row has a value of it, and no two rows the same, from now on. Null
   * takes the key away, and no value.
   *
   * Cost: one read of the attribute; memory has all keys. Errors: `NotFound`, with the nearest name;
   * `InvalidArgument` for a row without a value, two rows with one, and types other than `int`, `string` and
   * `timestamp`; `ResourceExhausted`. Rows that another writer appends meanwhile are a `Conflict`.
   */
  async setKey(name: string, attribute: string | null): Promise<void> {
    await this.#staged.setKey(name, attribute);
  }

  /**
   * Says that objects of the array are to be covered by parity: of each group of up to `dataShards` of
   * them, 1 to 64, any `parityShards`, 1 to 16, may be lost. Null takes that away. No data moves:
   * `updateParity()` encodes what is not covered. Errors: `NotFound`, `InvalidArgument` outside of the
   * limits. Who sets it meanwhile, too, is a `Conflict`.
   */
  async setParity(name: string, parity: ParityPolicy | null): Promise<void> {
    this.#staged.setParity(name, parity && parityOf(parity));
  }

  /**
   * Rows by the key of the array: those whose key is there take the place of the rows that have it, which
   * keep their ids, the others are appended. Of a row that is replaced the attributes that are given get
   * other values, null too; those that are not given stay as they are. The key is among `attributes`.
   *
   * Cost: one look at the keys of the array, as of `append`; a replaced row is written as `replace` and
   * `setAttributes` do. Errors: those of `append`; `InvalidArgument` for an array without a key and for a key
   * that is given twice. Who adds one of the keys meanwhile, or changes one of the rows, is a `Conflict`.
   */
  async upsert(
    name: string,
    rows: RowsInput,
    options: { readonly attributes: GivenAttributes },
  ): Promise<Upserted> {
    return this.#staged.upsert(name, rows, options.attributes);
  }

  /**
   * The same of files or other sources, piece by piece: memory has about 64 MiB of rows, and all keys. Cost:
   * one look at the keys of the array for each piece. Errors: as `upsert`.
   */
  async upsertFrom(
    name: string,
    source: RowSource,
    options: { readonly attributes: AttributeSource },
  ): Promise<Upserted> {
    return this.#staged.upsertFrom(name, source, options.attributes);
  }

  /** Takes the whole array out. */
  async dropArray(name: string): Promise<void> {
    await this.#staged.dropArray(name);
  }

  /** Takes all arrays out; earlier versions keep them. */
  async reset(): Promise<void> {
    for (const name of this.#staged.names) await this.#staged.dropArray(name);
  }

  /**
   * An array of these rows and no others, with attributes as `append` takes them: one of that name that was
   * there is dropped, its attributes, key and indexes too. Errors: as of `append`.
   */
  async save(name: string, rows: RowsInput, options: AppendOptions = {}): Promise<void> {
    const { type } = checkRows(rows);
    if (this.#staged.names.includes(name)) await this.#staged.dropArray(name);
    this.#staged.create(name, type);
    await this.#staged.append(name, rows, options);
  }

  /**
   * Another array with the same rows and attributes, and the same key, as they were when the transaction
   * began; without indexes, and with row ids of its own. Cost: reads the array and writes it, piece by piece.
   * Errors: `NotFound`, `AlreadyExists`, `InvalidArgument` for an array that this transaction made.
   */
  async clone(name: string, to: string): Promise<void> {
    const view = this.#staged.base(name);
    if (view === undefined) throw notBefore(name, 'Clone it in a write of its own.');
    const { rows, attributes } = await sourcesOf(this.#environment, view);
    const key = keyOfEntry(view.entry);
    this.#staged.create(to, { ...view.type, ...(key === undefined ? {} : { key }) });
    await this.#staged.appendFrom(to, rows, attributes);
  }

  /** Gives the array another name; no data moves. */
  async rename(name: string, to: string): Promise<void> {
    this.#staged.rename(name, to);
  }

  /**
   * Builds an index of the array's rows, which later reads use by themselves: codes from which exact search
   * tells the few rows that it must score. Rows that are replaced later are scanned as they are, and so are
   * rows that are appended, unless a transaction appends 1,024 or more, or 4 MiB: `exact` and `ivf` indexes
   * take these up with the append. `update` codes what no index covers yet; `bits` adds one bit a coordinate,
   * for searches of that precision.
   *
   * A build whose process was killed, or that a signal ended, is taken up by the next one with the same
   * options on this machine, within 12 hours: see `docs/search.md`. `onProgress` is told the phase `resume`.
   *
   * Cost: one read of the rows, and about a quarter of their bytes (float32) written, 1/24 more with bits.
   * Errors: `NotFound`, `UnsupportedFormat` for complex rows, `InvalidArgument` for rows of no numbers or of
   * more than 16,384, and for bits that are to be added to an index without.
   *
   * With `attribute` it is an index of that: which rows have which value, so that filters read some KiB in
   * the place of the column. For each 1,048,576 rows it has bitmaps of up to 256 values, texts or items of
   * lists of up to 32 characters; of more values it has these in their order, in blocks. Lists of more items,
   * and texts of more than 4,096 bytes, are told as `notIndexed`, and their columns are read. Rows that are
   * appended later are indexed with their append where they are 4,096 or more, else filtered by their columns
   * until `update` indexes them; what is set, replaced or dropped needs nothing. Cost: one read of the
   * column; about 2 bytes a row written, of lists 2 an item, of blocks 12 and of texts their own and 8.
   * Memory: the values of a segment, at most 128 MiB and an eighth of the budget, and as much for a moment.
   * Errors: `NotFound` with the nearest name, `InvalidArgument` where no row can be indexed.
   */
  async index(name: string, options: IndexOptions): Promise<void>;
  async index(name: string, options: AttributeIndexOptions): Promise<AttributeIndexReport>;
  async index(
    name: string,
    options: IndexOptions | AttributeIndexOptions,
  ): Promise<void | AttributeIndexReport> {
    if ('attribute' in options) {
      const { attribute, ...how } = options;
      return this.#staged.indexAttribute(name, attribute, how);
    }
    return this.#index(name, options);
  }

  async #index(name: string, options: IndexOptions): Promise<void> {
    const kind = kindOf(options);
    const view = this.#staged.base(name);
    if (view === undefined) throw notBefore(name, 'Build the index in a write of its own.');
    const scanned = { name, type: view.type };
    const dimensions = codedDimensions(scanned);
    const known = this.#staged.indexOf(name, kind);
    // One that the transaction built covers all that there is to be covered; one that it took away, nothing.
    if (options.update === true && known === 'own') return;
    const update = options.update === true && known !== undefined;
    const of = [this.#environment, view, scanDtype(scanned), dimensions] as const;
    const built = await build(of, { ...options, update });
    if (built === undefined) return;
    this.#journals.push(built.journal);
    this.#staged.index(name, built.index);
  }

  /**
   * Takes an index away; searches read the rows again. Its objects leave the version. Errors: `NotFound`
   * where the array has none of the type, or the attribute none.
   */
  async dropIndex(name: string, options: DropIndexOptions | DropAttributeIndexOptions): Promise<void> {
    if ('attribute' in options) return this.#staged.dropAttributeIndex(name, options.attribute);
    const kind = kindOf(options);
    if (this.#staged.indexOf(name, kind) === undefined) {
      throw new NacreError('NotFound', `array '${name}' has no ${options.type} index`, {
        context: { array: name },
        hint: 'Build one with `nacre index`, or leave it so.',
      });
    }
    this.#staged.dropIndex(name, kind);
  }

  /**
   * Rows as the transaction sees them, its own changes included. What it reads and another changes is a
   * conflict.
   */
  async read(name: string, selection: RowSelection = {}): Promise<Rows> {
    const { bytes, rows, type } = await this.#staged.read(name, selection);
    return {
      data: viewAs(type.dtype, bytes),
      shape: type.scalar ? [] : [rows, ...type.rowShape],
      dtype: type.dtype,
    };
  }
}
