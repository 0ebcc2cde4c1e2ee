// One array inside a transaction: its state at the version where the transaction began, and what was done to
// it since.
//
// Rows that the transaction appends have provisional ids (`pendingRowId` and up), so that the same row map
// serves reads, replacements and drops of old and of new rows alike.
import { NacreError } from '../errors.js';
import type { AttributeDraft, PartitionDraft } from '../manifest/transaction.js';
import { type ArrayId, pendingRowId } from '../manifest/transaction.js';
import { objectKey } from '../manifest/keys.js';
import { defaultBlockBytes } from '../manifest/objects.js';
import { unpackBlockSums } from '../manifest/upload.js';
import type { CallOptions } from '../storage/object-store.js';
import type { AppendCoder } from './append-coder.js';
import { AppendedIndexes } from './appended-indexes.js';
import type { ArrayView } from './array-view.js';
import type { ArrayEnvironment } from './environment.js';
import { rowBytesOf, type RowType } from './row-type.js';
import type { PendingKeys } from './pending-keys.js';
import type { Override } from './overrides.js';
import { type BasePart, type BaseUnit, RowMap } from './row-map.js';
import type { Part } from './runs.js';
import { type Seal, StagedRows, Tail } from './staged-rows.js';

const noRows = new Float64Array(0);

/** An append whose partitions are on their way, or one that still grows. */
type Appended = { readonly firstRow: number; readonly partitions: Promise<readonly PartitionDraft[]> } | Tail;

export class PendingArray {
  readonly id: ArrayId;
  readonly type: RowType;
  /** Undefined for an array that the transaction creates. */
  readonly base: ArrayView | undefined;
  readonly #environment: ArrayEnvironment;
  readonly #appended: Appended[] = [];
  readonly #overrides: Override[] = [];
  name: string;
  /** Its indexes by kind; the transaction's own cover every row of the base. */
  readonly indexes: Map<number, 'known' | 'own'>;
  /** The attributes that have an index, by their ids; the transaction's own as above. */
  readonly attributeIndexes: Map<number, 'known' | 'own'>;
  /** By name: those of the base, and those that the transaction makes. */
  readonly attributes: Map<string, AttributeDraft>;
  /** The attribute that is the key, by its name; the transaction may have yet to make it. */
  keyName: string | undefined;
  keyChanged = false;
  /** Of the rows that the transaction appends; absent while it appends none, or there is no key. */
  keys: PendingKeys | undefined;
  /** Of rows that the transaction appends; absent where no index takes them up. */
  coder: AppendCoder | undefined;
  /** Of attributes of rows that the transaction appends; absent while there are none. */
  appendedIndexes: AppendedIndexes | undefined;
  /** Rows of the base were given values of attributes. */
  valuesSet = false;
  appendedRows = 0;
  droppedRows = 0;
  /** Rows that are not written yet; absent while there were none. */
  staged: StagedRows | undefined;
  #dropped: Uint8Array;
  #map: Promise<RowMap> | undefined;

  constructor(environment: ArrayEnvironment, id: ArrayId, name: string, type: RowType, base?: ArrayView) {
    this.#environment = environment;
    this.id = id;
    this.name = name;
    this.type = type;
    this.base = base;
    this.indexes = new Map(base?.entry.indexes.map(({ kind }) => [kind, 'known']));
    const indexed = base?.entry.attributeIndexes.map(({ attribute }) => [attribute, 'known'] as const);
    this.attributeIndexes = new Map(indexed);
    this.attributes = new Map(base?.entry.attributes.map(({ id, name, type }) => [name, { id, name, type }]));
    this.keyName = base && keyOf(base);
    this.#dropped = environment.functions.rowSets.fromSorted(noRows);
  }

  /** Takes the attributes of appended rows into indexes of them; undefined where the array has none. */
  indexAppended(options: CallOptions): AppendedIndexes | undefined {
    if (this.base === undefined || this.attributeIndexes.size === 0) return undefined;
    this.appendedIndexes ??= new AppendedIndexes(this.#environment, this.base, options);
    return this.appendedIndexes;
  }

  /** Rows that the transaction took out. */
  get dropped(): Uint8Array {
    return this.#dropped;
  }

  /** Whether the transaction took the row out. */
  isDropped(id: number): boolean {
    const { rowSets } = this.#environment.functions;
    return this.droppedRows > 0 && rowSets.count(rowSets.slice(this.#dropped, id, id + 1)) > 0;
  }

  get liveRows(): number {
    return (this.base?.liveRows ?? 0) + this.appendedRows - this.droppedRows;
  }

  /** Rows are on their way; the array has them from now on. */
  append(rows: number, partitions: Promise<readonly PartitionDraft[]>): void {
    if (this.type.scalar && this.liveRows + rows > 1) {
      throw new NacreError('InvalidArgument', `array '${this.name}' is 0-d and holds its one value already`);
    }
    this.#appended.push({ firstRow: this.appendedRows, partitions });
    this.appendedRows += rows;
    this.#map = undefined;
  }

  /** Rows that small changes bring. */
  stage(): StagedRows {
    this.staged ??= new StagedRows(rowBytesOf(this.type));
    return this.staged;
  }

  /** Rows that are appended to it count from `appendStaged` on. */
  beginTail(seal: Seal): Tail {
    const tail = this.stage().begin(this.appendedRows, seal);
    this.#appended.push(tail);
    return tail;
  }

  appendStaged(rows: number): void {
    this.appendedRows += rows;
    this.#map = undefined;
  }

  replace(overrides: readonly { readonly draft: PartitionDraft; readonly ids: Uint8Array }[]): void {
    for (const { draft, ids } of overrides) this.#overrides.push({ part: partOf(draft), ids });
    this.#map = undefined;
  }

  drop(ids: Uint8Array): void {
    const { rowSets } = this.#environment.functions;
    this.#dropped = rowSets.union(this.#dropped, ids);
    this.droppedRows = rowSets.count(this.#dropped);
    this.#map = undefined;
  }

  /** The rows as the transaction sees them; waits for its own uploads. */
  rowMap(): Promise<RowMap> {
    if (this.#map !== undefined) return this.#map;
    const untouched = this.appendedRows === 0 && this.#overrides.length === 0 && this.droppedRows === 0;
    this.#map = untouched && this.base !== undefined ? this.base.rowMap() : this.#merge();
    return this.#map;
  }

  /** Of the rows that the transaction appends; waits for its own uploads, where it appends any. */
  async ownUnits(): Promise<readonly BaseUnit[]> {
    return (await Promise.all(this.#appended.map(unitsOf))).flat();
  }

  async #merge(): Promise<RowMap> {
    const { rowSets } = this.#environment.functions;
    const [overrides, dropped] =
      this.base === undefined
        ? [[], rowSets.fromSorted(noRows)]
        : await Promise.all([this.base.overrides(), this.base.dropped()]);
    const own = await this.ownUnits();
    return new RowMap(
      [...(this.base?.units() ?? []), ...own],
      [...overrides, ...this.#overrides],
      rowSets.union(dropped, this.#dropped),
      rowSets,
    );
  }
}

function keyOf({ entry }: ArrayView): string | undefined {
  return entry.attributes.find(({ id }) => id === entry.key?.attribute)?.name;
}

async function unitsOf(appended: Appended): Promise<BaseUnit[]> {
  const firstRowId = pendingRowId + appended.firstRow;
  if (appended instanceof Tail && appended.isOpen) {
    const load = async () => partsFrom(firstRowId, await appended.seal());
    return [{ firstRowId, rows: appended.rows, foldedDrops: 0, load }];
  }
  const partitions = await (appended instanceof Tail ? appended.seal() : appended.partitions);
  return partsFrom(firstRowId, partitions).map((part) => ({
    firstRowId: part.firstRowId,
    rows: part.part.rows,
    foldedDrops: 0,
    load: () => Promise.resolve([part]),
  }));
}

function partsFrom(firstRowId: number, partitions: readonly PartitionDraft[]): BasePart[] {
  let next = firstRowId;
  return partitions.map((draft) => {
    const part = { part: partOf(draft), firstRowId: next, folded: noRows };
    next += draft.rows;
    return part;
  });
}

function partOf(draft: PartitionDraft): Part {
  const { object, rows, dataOffset } = draft;
  const stored = {
    key: objectKey(object.pattern, object.id),
    sizeBytes: object.sizeBytes,
    hash: object.hash,
    crc32c: object.crc32c,
    blockBytes: object.blockBytes ?? defaultBlockBytes,
    blocks: object.blocks,
  };
  return { object: stored, rows, dataOffset, sums: () => Promise.resolve(unpackBlockSums(object.blocks)) };
}
