// A transaction as its callback uses it: every verb checks, uploads what it must, and notes one change.
//
// Nothing becomes visible before the commit. Small appends and replaces are held in memory (RowChanges), so
// that a callback that awaits thousands of them still costs one wave of uploads; large ones are awaited.
import type { AttributeSource } from '../attributes/source.js';
import { NacreError } from '../errors.js';
import {
  type ArrayId,
  type Change,
  type IndexDraft,
  pendingRowId,
  type Transaction,
} from '../manifest/transaction.js';
import type { PartitionDraft } from '../manifest/transaction.js';
import { checkName } from '../manifest/names.js';
import type { CallOptions } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';
import { InlineRoom } from './append-changes.js';
import { finishCoders, type StagedOptions } from './append-coder.js';
import type { ArrayView } from './array-view.js';
import {
  addAttribute,
  appendChanges,
  appendColumns,
  type AppendedFiles,
  appendSource,
  type AttributeColumns,
  columnsOf,
  draftsOf,
  dropAttribute,
  type GivenAttributes,
  renameAttribute,
  setColumns,
  setSource,
} from './attribute-changes.js';
import { finishIndexes } from './appended-indexes.js';
import type { BuildAttributeIndexOptions } from './attribute-index-builder.js';
import { dropAttributeIndex, indexAttribute } from './attribute-index-changes.js';
import { BackgroundUploads } from './background-uploads.js';
import type { ArrayEnvironment } from './environment.js';
import { checkRowType, type RowType } from './row-type.js';
import { defaultPartitionBytes } from './partition-writer.js';
import { addKeys, checkNotKey, declareKey, finishKeys, setKey, sourceWithKeys } from './key-changes.js';
import { checkLinkable, type LinkedBefore, linkedBefore } from './linked-rows.js';
import { PendingArray } from './pending-array.js';
import { arrayNotFound } from './not-found.js';
import { checkReplaced } from './replace-changes.js';
import { type Changes, RowChanges } from './row-changes.js';
import { rowSetOf, sortedOrder, uniqueSorted } from './row-order.js';
import type { RowSource } from './row-source.js';
import { RowsWriter } from './rows-writer.js';
import { checkRows, type RowsInput } from './rows-input.js';
import { idsOf } from './row-target.js';
import { readPending } from './read-pending.js';
import type { RowSelection } from './selection.js';
import { arrayType } from './types.js';
import type { AppendOptions, CreateOptions, RowTarget } from './write-options.js';
import { Upsert, type Upserted, type UpsertVerbs } from './upsert.js';

export class WriteTransaction {
  readonly #environment: ArrayEnvironment;
  readonly #options: CallOptions;
  readonly #arrays = new Map<string, PendingArray>();
  readonly #reads = new Map<ArrayId, Uint8Array>();
  readonly #changes: Changes = [];
  readonly #uploads = new BackgroundUploads();
  readonly #rows: RowChanges;
  #finished = false;

  constructor(environment: ArrayEnvironment, views: Iterable<ArrayView>, options: StagedOptions) {
    this.#environment = environment;
    const { partitionBytes = defaultPartitionBytes, coderOf, ...call } = options;
    this.#options = call;
    const writer = new RowsWriter(environment, partitionBytes, call);
    this.#rows = new RowChanges(environment, writer, this.#uploads, this.#changes, call);
    for (const view of views) {
      const array = new PendingArray(environment, view.id, view.name, view.type, view);
      array.coder = coderOf?.(view);
      this.#arrays.set(view.name, array);
    }
  }

  /** Names of the arrays as the transaction sees them. */
  get names(): string[] {
    return [...this.#arrays.keys()];
  }

  /** Ends the write. */
  get signal(): AbortSignal | undefined {
    return this.#options.signal;
  }

  /** Makes an empty array. `AlreadyExists` when the name is taken. */
  create(name: string, options: CreateOptions): void {
    this.#open();
    checkName(name);
    if (this.#arrays.has(name)) {
      throw new NacreError('AlreadyExists', `array '${name}' exists already`, { context: { array: name } });
    }
    const { dtype, rowShape = [], scalar = false, key } = options;
    const type = arrayType(dtype, rowShape, scalar);
    const id = toHex(this.#environment.runtime.randomBytes(16));
    const array = new PendingArray(this.#environment, id, name, { dtype, rowShape, scalar });
    this.#arrays.set(name, array);
    this.#note({ kind: 'create', array: id, name, type });
    for (const change of declareKey(this.#environment, array, key)) this.#note(change);
  }

  /** Makes an attribute the key, once its values were looked through; null takes the key away. */
  async setKey(name: string, attribute: string | null): Promise<void> {
    await setKey(this.#environment, this.#array(name), attribute, this.#options);
  }

  /** How objects of the array are to be covered; null for no more. */
  setParity(name: string, parity: Extract<Change, { kind: 'setParity' }>['parity']): void {
    this.#note({ kind: 'setParity', array: this.#array(name).id, parity });
  }

  /** Adds rows at the end. */
  async append(name: string, input: RowsInput, { attributes }: AppendOptions = {}): Promise<void> {
    const array = this.#array(name);
    const { bytes, rows, type } = checkRows(input, array.type.dtype);
    checkRowType(name, array.type, type);
    const columns = attributes && columnsOf(array, rows, attributes);
    await this.#appendRows(array, bytes, rows, columns);
  }

  async #appendRows(array: PendingArray, bytes: Uint8Array, rows: number, columns?: AttributeColumns) {
    this.#open();
    const firstRow = array.appendedRows;
    const keyed = rows > 0 ? addKeys(this.#environment, array, columns, firstRow) : undefined;
    if (keyed !== undefined) this.#uploads.add(keyed);
    const apart = keyed !== undefined || columns !== undefined;
    await this.#rows.append(array, bytes, rows, apart);
    if (columns !== undefined && columns.columns.length > 0 && rows > 0) {
      void this.#noteColumns(
        array,
        appendColumns(this.#environment, array, firstRow, columns, this.#options),
      );
    }
    await keyed;
  }

  /**
   * Adds the rows of a source, streamed: memory does not grow with its size. Creates the array when it is not
   * there. Attributes come from a source of as many rows.
   */
  async appendFrom(name: string, source: RowSource, attributes?: AttributeSource): Promise<void> {
    if (!this.#arrays.has(name)) this.create(name, source.type);
    const array = this.#array(name);
    checkRowType(name, array.type, source.type);
    const drafts = attributes && draftsOf(array, source.rows, attributes);
    const firstRow = array.appendedRows;
    const keyed = sourceWithKeys(this.#environment, array, source.rows, attributes, firstRow);
    const partitions = this.#rows.appendFrom(array, source);
    if (keyed !== undefined && drafts !== undefined) {
      const from = { source: keyed, drafts, firstRow };
      await this.#noteColumns(array, appendSource(this.#environment, array, from, this.#options));
    }
    await partitions;
  }

  #noteColumns(array: PendingArray, written: Promise<AppendedFiles>): Promise<AppendedFiles> {
    this.#uploads.add(written);
    this.#changes.push(async (room) =>
      appendChanges(this.#environment, array, await written, room, this.#options),
    );
    return written;
  }

  /** Adds files that lie in the store already, in their order; makes the array when it is not there. */
  link(name: string, type: RowType, files: readonly PartitionDraft[]): void {
    if (!this.#arrays.has(name)) this.create(name, type);
    const array = this.#array(name);
    checkLinkable(array, type);
    this.#rows.appendStored(array, files);
  }

  /** What stands against linking objects of these keys. Cost: see {@link linkedBefore}. */
  async checkLinks(name: string, type: RowType, keys: readonly string[]): Promise<LinkedBefore> {
    const array = this.#arrays.get(name);
    if (array !== undefined) checkLinkable(array, type);
    return linkedBefore([...this.#arrays.values()], array, keys, this.#options);
  }

  /** Puts new content in the place of rows, one row for each in the order given; they keep their ids. */
  async replace(name: string, target: RowTarget, input: RowsInput): Promise<void> {
    const array = this.#array(name);
    const { bytes, rows, type } = checkRows(input, array.type.dtype);
    checkRowType(name, array.type, type);
    const ids = await idsOf(array, target);
    checkReplaced(name, ids.length, rows);
    if (rows > 0) await this.#replace(array, ids, bytes);
  }

  #replace(array: PendingArray, ids: Float64Array, bytes: Uint8Array): Promise<void> {
    this.#open();
    return this.#rows.replace(array, ids, bytes);
  }

  /** Replaces the rows whose key is there, appends the others. */
  async upsert(name: string, input: RowsInput, attributes: GivenAttributes): Promise<Upserted> {
    const array = this.#array(name);
    const { bytes, rows, type } = checkRows(input, array.type.dtype);
    checkRowType(name, array.type, type);
    const columns = columnsOf(array, rows, attributes);
    return this.#upsert(array, (upsert) => upsert.rows(bytes, rows, columns));
  }

  /** The same of a source, piece by piece. */
  async upsertFrom(name: string, source: RowSource, attributes: AttributeSource): Promise<Upserted> {
    const array = this.#array(name);
    checkRowType(name, array.type, source.type);
    const drafts = draftsOf(array, source.rows, attributes);
    return this.#upsert(array, (upsert) => upsert.source(source, attributes, drafts));
  }

  #upsert(array: PendingArray, work: (upsert: Upsert) => Promise<Upserted>): Promise<Upserted> {
    const verbs: UpsertVerbs = {
      append: (bytes, rows, columns) => this.#appendRows(array, bytes, rows, columns),
      replace: (ids, bytes) => this.#replace(array, ids, bytes),
      set: (ids, columns) => this.#setColumns(array, ids, columns),
    };
    const done = work(new Upsert(this.#environment, array, verbs, this.#options));
    // A part of it is not committed.
    this.#uploads.add(done);
    return done;
  }

  /** Gives rows other values of some attributes; `InvalidArgument` when a row is named twice. */
  async setAttributes(name: string, target: RowTarget, given: GivenAttributes): Promise<void> {
    const array = this.#array(name);
    const ids = await idsOf(array, target);
    sortedOrder(ids, name);
    const columns = columnsOf(array, ids.length, given);
    checkNotKey(array, columns.drafts);
    await this.#setColumns(array, ids, columns);
  }

  async #setColumns(array: PendingArray, ids: Float64Array, columns: AttributeColumns): Promise<void> {
    this.#open();
    if (ids.length === 0 || columns.columns.length === 0) return;
    array.valuesSet = true;
    this.#note(await setColumns(this.#environment, array, ids, columns, this.#rows.draftSet, this.#options));
  }

  /** The same from a source of as many rows: memory holds a file of them. */
  async setAttributesFrom(name: string, target: RowTarget, source: AttributeSource): Promise<void> {
    const array = this.#array(name);
    checkNotKey(array, source.attributes);
    array.valuesSet = true;
    const ids = await idsOf(array, target);
    sortedOrder(ids, name);
    const from = { source, drafts: draftsOf(array, ids.length, source), ids };
    const changes = await setSource(this.#environment, array, from, this.#rows.draftSet, this.#options);
    for (const change of changes) this.#note(change);
  }

  /** Makes an attribute; every row has null. */
  addAttribute(name: string, attribute: string, type: string): void {
    this.#note(addAttribute(this.#environment, this.#array(name), attribute, type));
  }

  dropAttribute(name: string, attribute: string): void {
    this.#note(dropAttribute(this.#array(name), attribute));
  }

  renameAttribute(name: string, attribute: string, to: string): void {
    this.#note(renameAttribute(this.#array(name), attribute, to));
  }

  /** Takes rows out; their ids are never used again. */
  async drop(name: string, target: RowTarget): Promise<void> {
    const array = this.#array(name);
    await this.#rows.drop(array, await idsOf(array, target));
  }

  /** Takes the whole array out. */
  async dropArray(name: string): Promise<void> {
    // Rows that it replaced before count as replaced, for who changes them meanwhile.
    await this.#rows.settle(this.#array(name));
    const array = this.#array(name);
    this.#arrays.delete(name);
    this.#note({ kind: 'dropArray', array: array.id });
  }

  /** Gives the array another name; nothing is moved. */
  rename(name: string, to: string): void {
    const array = this.#array(name);
    checkName(to);
    if (this.#arrays.has(to)) {
      throw new NacreError('AlreadyExists', `array '${to}' exists already`, { context: { array: to } });
    }
    this.#arrays.delete(name);
    array.name = to;
    this.#arrays.set(to, array);
    this.#note({ kind: 'rename', array: array.id, name: to });
  }

  /** The array as it was when the transaction began; undefined for one that the transaction made. */
  base(name: string): ArrayView | undefined {
    return this.#array(name).base;
  }

  /** Gives the array an index that was built and uploaded. */
  index(name: string, index: IndexDraft): void {
    const array = this.#array(name);
    array.indexes.set(index.kind, 'own');
    this.#note({ kind: 'index', array: array.id, index });
  }

  /** The index of the kind, as the transaction sees it: `own` is one that it built or added to. */
  indexOf(name: string, kind: number): 'known' | 'own' | undefined {
    return this.#array(name).indexes.get(kind);
  }

  /** Builds the index of an attribute, or adds to it, and gives the attribute that. */
  async indexAttribute(name: string, attribute: string, options: BuildAttributeIndexOptions) {
    const built = await indexAttribute(this.#environment, this.#array(name), attribute, options);
    if (built.change !== undefined) this.#note(built.change);
    return built.report;
  }

  dropAttributeIndex(name: string, attribute: string): void {
    this.#note(dropAttributeIndex(this.#array(name), attribute));
  }

  /** Takes the index of the kind from the array; there is one. */
  dropIndex(name: string, kind: number): void {
    const array = this.#array(name);
    array.indexes.delete(kind);
    this.#note({ kind: 'dropIndex', array: array.id, of: kind });
  }

  /** Reads rows as the transaction sees them. What another writer changes of them is a conflict. */
  async read(
    name: string,
    selection: RowSelection = {},
  ): Promise<{ bytes: Uint8Array; rows: number; type: RowType }> {
    const array = this.#array(name);
    const { ids, ...found } = await readPending(this.#environment, array, selection, this.#options);
    const { rowSets } = this.#environment.functions;
    this.#noteReads(array.id, rowSetOf(uniqueSorted(ids.filter((id) => id < pendingRowId)), rowSets));
    return found;
  }

  /** What another writer changes of these rows, by their ids, is a conflict. */
  noteRead(name: string, ids: Uint8Array): void {
    this.#noteReads(this.#array(name).id, ids);
  }

  /** All changes in order, every upload finished. The transaction takes no more verbs. */
  async finish(): Promise<Pick<Transaction, 'changes' | 'reads' | 'keys'>> {
    this.#open();
    this.#finished = true;
    await this.#rows.flush();
    const arrays = [...this.#arrays.values()];
    const finished = finishKeys(arrays, this.#uploads, this.#options);
    const ofIndexes = Promise.all([finishCoders(arrays), finishIndexes(arrays)]);
    const [{ changes: ofKeys, keys }, indexed] = await Promise.all([finished, ofIndexes]);
    const room = new InlineRoom();
    const changes = await Promise.all(this.#changes.map((change) => change(room)));
    return { changes: [...changes, ofKeys, ...indexed].flat(), reads: this.#reads, keys };
  }

  /** Waits for uploads to end, whatever became of them: they are left to clean-up. */
  async abandon(): Promise<void> {
    this.#finished = true;
    await this.#uploads.settled();
  }

  #open(): void {
    if (!this.#finished) return;
    throw new NacreError('Closed', 'the transaction has ended', {
      hint: 'Await every call on it inside the callback of write().',
    });
  }

  #array(name: string): PendingArray {
    this.#open();
    const array = this.#arrays.get(name);
    if (array !== undefined) return array;
    throw arrayNotFound(name, this.names);
  }

  #note(change: Change): void {
    this.#changes.push(() => Promise.resolve([change]));
  }

  #noteReads(array: ArrayId, settled: Uint8Array): void {
    const { rowSets } = this.#environment.functions;
    this.#reads.set(array, rowSets.union(this.#reads.get(array) ?? settled, settled));
  }
}
