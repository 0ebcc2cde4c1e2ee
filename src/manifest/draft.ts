// The next root while it is being made: a parent's content with transactions applied, one after the other.
//
// Pure: no I/O, no clock. Here, and only here, rows get their ids: an array's counter in the parent says
// where appended rows begin, so what was uploaded before never needs to change when a commit is rebased.
import { assert, defined } from '../util/assert.js';
import { fromHex, toHex } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';
import {
  type ArrayChange,
  type ArrayEntry,
  evolve,
  make,
  type Partition,
  type Root,
  type RowSet,
  v1,
} from './message.js';
import { changeAttributeIndexes, withoutIndexes } from './attribute-indexes.js';
import { changeAttributes, renumbered, resolveAttributes, withAttributes } from './attributes.js';
import { checkCompactions, compactedEntry, touchesIndexes } from './compaction.js';
import { checkAttributes, checkScalars, resolveNames } from './draft-checks.js';
import { marksOf } from './features.js';
import { type Fold, foldedEntry, takenEntries } from './fold.js';
import { HistoryDraft } from './history-draft.js';
import { changeIndexes, type IndexObjects } from './indexes.js';
import { ObjectLedger } from './object-ledger.js';
import { withModified } from './modified.js';
import { type NewObject, TableBuilder } from './objects.js';
import type { AppliedChange } from './rebase.js';
import { restoreArrays, slotsOfArray, slotsOfPartition } from './restore.js';
import type { LoadedRoot } from './root.js';
import { mergeInline, resolvePending, rowSetMessage } from './row-sets.js';
import { OperationLog, type Tally } from './operation-log.js';
import type { Spill } from './spill.js';
import type {
  AppendContent,
  ArrayId,
  Change,
  PartitionDraft,
  RestoreChange,
  RowSetDraft,
  Transaction,
} from './transaction.js';

export interface RootStamp {
  readonly commitId: Uint8Array;
  readonly timeMs: number;
  /** Default the parent's. A copy that takes its first write begins a lineage of its own. */
  readonly lineage?: Uint8Array;
}

type ChangeOf<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>;

export class RootDraft {
  readonly #functions: ManifestFunctions;
  readonly #parent: LoadedRoot;
  readonly #version: number;
  #objects: ObjectLedger;
  #requiredFeatures: readonly number[];
  readonly #arrays: Map<ArrayId, ArrayEntry>;
  readonly #changes = new Map<ArrayId, ArrayChange>();
  readonly #operations: OperationLog;
  readonly #history: HistoryDraft;
  /** Of this version, made so far. */
  #overrides = 0;

  constructor(parent: LoadedRoot, version: number, functions: ManifestFunctions) {
    this.#functions = functions;
    this.#parent = parent;
    this.#version = version;
    this.#objects = new ObjectLedger(parent.root.objects);
    this.#requiredFeatures = parent.root.requiredFeatures;
    this.#operations = new OperationLog(parent.root, version);
    this.#history = new HistoryDraft(parent.root, version);
    this.#arrays = new Map(parent.root.arrays.map((array) => [toHex(array.id), array]));
  }

  /**
   * Applies a whole transaction. Its checks come first: a `Conflict` leaves the draft as it was. What it came
   * to: an array that another writer created stands in the place of its own.
   */
  apply(transaction: Transaction): readonly AppliedChange[] {
    const changes = resolveNames(transaction.changes, this.#arrays);
    checkScalars(changes, this.#arrays, this.#functions);
    checkAttributes(changes, this.#arrays);
    checkCompactions(changes, this.#arrays, this.#objects.table, this.#functions);
    const { history = [] } = transaction;
    this.#history.check(history);
    this.#history.apply(history);
    const tallies = new Map<ArrayId, Tally>();
    const restored = history.flatMap((one) => (one.kind === 'restore' ? this.#restore(one, tallies) : []));
    for (const change of changes) {
      const base = this.#arrays.get(change.array)?.nextRowId ?? 0;
      if (!tallies.has(change.array)) tallies.set(change.array, { base, added: 0, dropped: 0 });
      this.#apply(change, defined(tallies.get(change.array), 'tally'));
    }
    this.#operations.record(transaction, tallies);
    return [...restored, ...changes];
  }

  /** Whatever was moved in this draft before is given up, but for operation ids. */
  #restore({ from, freshIds }: RestoreChange, tallies: Map<ArrayId, Tally>): AppliedChange[] {
    const { root } = this.#parent;
    const table = new TableBuilder(from.root.objects);
    for (const { object } of from.root.olderOperations) table.remove(object);
    const staged = this.#objects.table;
    this.#operations.relocate((slot) => table.add(staged.wholeObjectAt(slot)));
    this.#objects = new ObjectLedger(root.objects, table);
    this.#requiredFeatures = [...new Set([...this.#requiredFeatures, ...from.root.requiredFeatures])];
    this.#arrays.clear();
    const { arrays, applied } = restoreArrays(root, from.root, freshIds);
    for (const array of arrays) this.#arrays.set(toHex(array.id), array);
    for (const { change, tally } of applied) {
      const id = toHex(change.array);
      this.#note(id, change);
      tallies.set(id, tally);
    }
    return applied.flatMap(({ effect }) => effect ?? []);
  }

  /** Moves entries into a segment; false when they are no longer all there, and nothing is changed. */
  fold(fold: Fold): boolean {
    const entry = this.#arrays.get(fold.array);
    if (entry === undefined) return false;
    const table = { objects: this.#objects.table.build() };
    const taken = takenEntries(entry, fold, table);
    if (taken === undefined) return false;
    const { object, headBytes, headHash, rows, partitions } = fold.segment;
    for (const partition of taken.moved) this.#objects.move(partition.object);
    for (const segment of taken.merged) this.#objects.merge(segment.object);
    const segment = make(v1.SegmentRef, {
      ...{ object: this.#addObject(object), headBytes, headHash, rows, partitions },
      ...{ firstRowId: fold.firstRowId, droppedRows: fold.droppedRows, overrides: fold.overrides },
      attributes: fold.attributes,
    });
    this.#update(fold.array, foldedEntry(entry, fold, { ...taken, segment }, this.#functions));
    return true;
  }

  /** Moves operation ids into an object; false when they are no longer all there, and nothing is changed. */
  spill(spill: Spill): boolean {
    if (!this.#operations.canSpill(spill)) return false;
    for (const slot of spill.merged.keys()) this.#removeObject(slot);
    this.#operations.spill(spill, this.#addObject(spill.object));
    return true;
  }

  #apply(change: Change, tally: Tally): void {
    switch (change.kind) {
      case 'create':
        return this.#create(change);
      case 'append':
        return this.#append(change, tally);
      case 'replace':
      case 'setAttributes':
        return this.#override(change, tally);
      case 'drop':
        return this.#drop(change, tally);
      case 'dropArray':
        return this.#dropArray(change, tally);
      case 'rename':
        this.#update(change.array, { name: change.name });
        this.#note(change.array, { renamed: true });
        return undefined;
      case 'setParity':
        this.#update(change.array, { parity: change.parity });
        this.#note(change.array, { paritySet: true });
        return undefined;
      case 'appendAttributes':
        return this.#appendAttributes(change, tally);
      case 'dropAttribute':
      case 'renameAttribute':
      case 'setKey':
        return this.#changeAttributes(change);
      case 'index':
      case 'dropIndex':
      case 'extendIndex':
        return this.#changeIndexes(change, tally);
      case 'indexAttribute':
      case 'extendAttributeIndex':
      case 'dropAttributeIndex':
        return this.#changeAttributeIndexes(change, tally);
      case 'compact':
        return this.#compact(change);
    }
  }

  #compact(change: ChangeOf<'compact'>): void {
    const fields = compactedEntry(this.#array(change.array), change, this.#objects, this.#functions);
    this.#update(change.array, fields);
    if (touchesIndexes(change)) this.#note(change.array, { indexed: true });
  }

  #changeIndexes(change: ChangeOf<'index' | 'dropIndex' | 'extendIndex'>, { base }: Tally): void {
    const entry = this.#array(change.array);
    const { indexes, removed } = changeIndexes(entry, change, base, this.#indexObjects());
    for (const slot of removed) this.#removeObject(slot);
    this.#update(change.array, { indexes });
    // Who adds segments of rows that it appends is in nobody's way.
    if (change.kind !== 'extendIndex' || removed.length > 0) this.#note(change.array, { indexed: true });
  }

  #changeAttributeIndexes(
    change: ChangeOf<'indexAttribute' | 'extendAttributeIndex' | 'dropAttributeIndex'>,
    { base }: Tally,
  ): void {
    const entry = this.#array(change.array);
    const { attributeIndexes, removed } = changeAttributeIndexes(entry, change, base, this.#indexObjects());
    for (const slot of removed) this.#removeObject(slot);
    this.#update(change.array, { attributeIndexes });
    if (change.kind !== 'extendAttributeIndex' || removed.length > 0)
      this.#note(change.array, { indexed: true });
  }

  #indexObjects(): IndexObjects {
    return {
      add: (object) => this.#addObject(object),
      hashAt: (slot) => this.#objects.table.objectAt(slot).hash,
    };
  }

  #create({ array, name, type }: ChangeOf<'create'>): void {
    const id = defined(fromHex(array), 'array id');
    const { dtype, rowShape, scalar, logicalDtype = '' } = type;
    this.#arrays.set(array, make(v1.Array, { id, name, dtype, rowShape, scalar, logicalDtype }));
    this.#note(array, { created: true });
  }

  #append({ array, rows, content }: ChangeOf<'append'>, tally: Tally): void {
    const entry = this.#array(array);
    const firstRowId = entry.nextRowId;
    const { partitions, segments } = this.#content(content, firstRowId, rows, []);
    this.#update(array, {
      partitions: [...entry.partitions, ...partitions],
      segments: [...entry.segments, ...segments],
    });
    this.#update(array, { nextRowId: firstRowId + rows, liveRows: entry.liveRows + rows });
    tally.added += rows;
    this.#note(array, { appendedRows: (this.#changes.get(array)?.appendedRows ?? 0) + rows });
  }

  /** Entries of appended rows, their attributes by number of the change's. */
  #content(
    content: AppendContent,
    firstRowId: number,
    rows: number,
    attributes: readonly number[],
  ): Pick<ArrayEntry, 'partitions' | 'segments'> {
    if ('segment' in content) {
      const { headBytes, headHash, partitions } = content.segment;
      const numbers = { headBytes, headHash, firstRowId, rows, partitions, attributes };
      return {
        partitions: [],
        segments: [make(v1.SegmentRef, { object: this.#objects.addSegment(content.segment), ...numbers })],
      };
    }
    let next = firstRowId;
    const partitions = content.partitions.map((draft) => {
      const partition = this.#partition(draft, { firstRowId: next }, attributes);
      next += draft.rows;
      return partition;
    });
    assert(next - firstRowId === rows, 'an append has the rows that it says');
    return { partitions, segments: [] };
  }

  #appendAttributes(change: ChangeOf<'appendAttributes'>, { base }: Tally): void {
    const { array, firstRow, rows, content } = change;
    const ids = this.#resolveAttributes(change);
    const { partitions, segments } = this.#content(content, base + firstRow, rows, ids);
    const { columns, columnSegments } = this.#array(array);
    this.#update(array, {
      columns: [...columns, ...partitions],
      columnSegments: [...columnSegments, ...segments],
    });
  }

  #resolveAttributes({
    array,
    attributes: drafts,
  }: Extract<Change, { attributes: unknown }>): readonly number[] {
    const { ids, changed, ...resolved } = resolveAttributes(this.#array(array), drafts);
    this.#update(array, resolved);
    if (changed) this.#note(array, { attributes: true });
    return ids;
  }

  /** Files that hold no attribute any more leave; those in segments stay. */
  #changeAttributes(change: ChangeOf<'dropAttribute' | 'renameAttribute' | 'setKey'>): void {
    const entry = this.#array(change.array);
    const { attributes, key } = changeAttributes(entry, change);
    const columns = withAttributes(entry.columns, attributes);
    const gone = entry.columns.filter((partition) => !columns.includes(partition));
    for (const slot of gone.flatMap(slotsOfPartition)) this.#removeObject(slot);
    const { attributeIndexes, removed } = withoutIndexes(entry, attributes);
    for (const slot of removed) this.#removeObject(slot);
    this.#update(change.array, { attributes, columns, key, attributeIndexes });
    this.#note(change.array, change.kind === 'setKey' ? { keyed: true } : { attributes: true });
  }

  #override(change: ChangeOf<'replace' | 'setAttributes'>, { base }: Tally): void {
    const { array, rows } = change;
    const ids = change.kind === 'replace' ? [] : this.#resolveAttributes(change);
    const overrides = change.partitions.map((draft) => {
      const newer = { sequence: this.#version, step: this.#overrides++ };
      return this.#partition(draft, { rowIds: this.#rowSet(draft.rowIds, base), ...newer }, ids);
    });
    const list = change.kind === 'replace' ? 'partitions' : 'columns';
    this.#update(array, { [list]: [...this.#array(array)[list], ...overrides] });
    const count = this.#functions.rowSets.count(rows.set);
    this.#note(array, { replacedRows: (this.#changes.get(array)?.replacedRows ?? 0) + count });
  }

  #drop({ array, rows }: ChangeOf<'drop'>, tally: Tally): void {
    const set = this.#rowSet(rows, tally.base);
    if (set.count === 0) return;
    const entry = this.#array(array);
    const dropped = mergeInline([...entry.dropped, set], this.#functions.rowSets);
    this.#update(array, { dropped, liveRows: entry.liveRows - set.count });
    tally.dropped += set.count;
    this.#note(array, { removed: [...(this.#changes.get(array)?.removed ?? []), set] });
  }

  #dropArray({ array }: ChangeOf<'dropArray'>, tally: Tally): void {
    const entry = this.#array(array);
    tally.dropped += entry.liveRows;
    for (const slot of slotsOfArray(entry)) this.#removeObject(slot);
    this.#note(array, { dropped: true });
    this.#arrays.delete(array);
  }

  #array(id: ArrayId): ArrayEntry {
    return defined(this.#arrays.get(id), 'array of a checked change');
  }

  #update(id: ArrayId, fields: Partial<ArrayEntry>): void {
    this.#arrays.set(id, evolve(this.#array(id), fields));
  }

  #note(id: ArrayId, fields: Partial<ArrayChange>): void {
    const before = this.#changes.get(id) ?? make(v1.ArrayChange, { array: defined(fromHex(id), 'array id') });
    this.#changes.set(id, evolve(before, fields));
  }

  #partition(
    { object, rows, dataOffset, columns = [] }: PartitionDraft,
    fields: Partial<Partition>,
    attributes: readonly number[] = [],
  ): Partition {
    const numbers = { rows, dataOffset, columns, ...fields };
    const partition = make(v1.Partition, { object: this.#addObject(object), ...numbers });
    return renumbered(partition, (attribute) => defined(attributes[attribute], 'attribute of a change'));
  }

  #rowSet(draft: RowSetDraft, base: number): RowSet {
    const { rowSets } = this.#functions;
    if (draft.object !== undefined) {
      return rowSetMessage(draft.set, { object: this.#addObject(draft.object) }, rowSets);
    }
    const inline = resolvePending(draft.set, base, rowSets);
    return rowSetMessage(inline, { inline }, rowSets);
  }

  #addObject(object: NewObject): number {
    return this.#objects.add(object);
  }

  #removeObject(slot: number): void {
    this.#objects.remove(slot);
  }

  /** Ids of the objects that this version refers to and its parent does not, those in segments too. */
  get uploads(): readonly Uint8Array[] {
    return this.#objects.uploads;
  }

  /** The finished root. `timeMs` is the store's; it never goes back before the parent's. */
  build(stamp: RootStamp): Root {
    const { root } = this.#parent;
    const timeMs = Math.max(stamp.timeMs, root.timeMs);
    for (const slot of this.#operations.forget(timeMs)) this.#removeObject(slot);
    const arrays = [...this.#changes.values()];
    const changes = make(v1.Changes, { arrays, tags: this.#history.changedTags, ...this.#objects.changes() });
    return evolve(root, {
      ...marksOf(this.#requiredFeatures, this.#arrays.values(), this.#objects.namesLinks),
      version: this.#version,
      parent: make(v1.Parent, { version: root.version, hash: this.#parent.hash }),
      timeMs,
      commitId: stamp.commitId,
      lineage: stamp.lineage ?? root.lineage,
      changes,
      arrays: withModified(this.#arrays.values(), this.#changes, { version: this.#version, timeMs }),
      objects: this.#objects.table.build(),
      setHash: this.#objects.setHash(root.setHash, this.#functions),
      ...this.#operations.build(timeMs, this.#arrays),
      ...this.#history.build(timeMs),
    });
  }
}
