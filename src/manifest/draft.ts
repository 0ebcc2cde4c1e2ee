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
  type IndexEntry,
  make,
  type Operation,
  type Partition,
  type Root,
  type RowSet,
  v1,
} from './message.js';
import { checkScalars, resolveNames } from './draft-checks.js';
import { type Fold, objectId } from './fold.js';
import { objectKey } from './keys.js';
import { type NewObject, TableBuilder } from './objects.js';
import type { LoadedRoot } from './root.js';
import { inlineBytes, mergeInline, resolvePending, rowSetMessage } from './row-sets.js';
import { type HashedObject, updateSetHash } from './set-hash.js';
import { hashAt, operationMemoryMs, type Spill } from './spill.js';
import type { ArrayId, Change, PartitionDraft, RowSetDraft, Transaction } from './transaction.js';

export interface RootStamp {
  readonly commitId: Uint8Array;
  readonly timeMs: number;
  /** Default the parent's. A copy that takes its first write begins a lineage of its own. */
  readonly lineage?: Uint8Array;
}

interface Tally {
  /** Id of the first row that the transaction appends to the array. */
  readonly base: number;
  added: number;
  dropped: number;
}

type ChangeOf<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>;

export class RootDraft {
  readonly #functions: ManifestFunctions;
  readonly #parent: LoadedRoot;
  readonly #version: number;
  readonly #table: TableBuilder;
  readonly #removedTable = new TableBuilder(null);
  #mergedTable: TableBuilder | undefined;
  readonly #arrays: Map<ArrayId, ArrayEntry>;
  readonly #changes = new Map<ArrayId, ArrayChange>();
  readonly #operations: Operation[] = [];
  readonly #remembered: Transaction[] = [];
  #recent: Root['recentOperations'];
  #older: Root['olderOperations'];
  readonly #addedSlots: number[] = [];
  readonly #added: HashedObject[] = [];
  readonly #removed: HashedObject[] = [];
  #moved = 0;

  constructor(parent: LoadedRoot, version: number, functions: ManifestFunctions) {
    this.#functions = functions;
    this.#parent = parent;
    this.#version = version;
    this.#table = new TableBuilder(parent.root.objects);
    this.#recent = parent.root.recentOperations;
    this.#older = parent.root.olderOperations;
    this.#arrays = new Map(parent.root.arrays.map((array) => [toHex(array.id), array]));
  }

  /**
   * Applies a whole transaction. Its checks come first: a `Conflict` leaves the draft as it was. What it came
   * to: an array that another writer created stands in the place of its own.
   */
  apply(transaction: Transaction): readonly Change[] {
    const changes = resolveNames(transaction.changes, this.#arrays);
    checkScalars(changes, this.#arrays, this.#functions);
    const tallies = new Map<ArrayId, Tally>();
    for (const change of changes) {
      const base = this.#arrays.get(change.array)?.nextRowId ?? 0;
      if (!tallies.has(change.array)) tallies.set(change.array, { base, added: 0, dropped: 0 });
      this.#apply(change, defined(tallies.get(change.array), 'tally'));
    }
    this.#recordOperation(transaction, tallies);
    return changes;
  }

  /** Moves entries into a segment; false when they are no longer all there, and nothing is changed. */
  fold(fold: Fold): boolean {
    const entry = this.#arrays.get(fold.array);
    if (entry === undefined) return false;
    const table = { objects: this.#table.build() };
    const moved = entry.partitions.filter(({ object }) => fold.members.has(objectId(table, object)));
    const merged = entry.segments.filter(({ object }) => fold.merged.has(objectId(table, object)));
    if (moved.length !== fold.members.size || merged.length !== fold.merged.size) return false;
    const { rowSets } = this.#functions;
    const { object, headBytes, headHash, rows, partitions } = fold.segment;
    for (const partition of moved) this.#moveObject(partition.object);
    for (const segment of merged) this.#mergeObject(segment.object);
    const segment = make(v1.SegmentRef, {
      ...{ object: this.#addObject(object), headBytes, headHash, rows, partitions },
      ...{ firstRowId: fold.firstRowId, droppedRows: fold.droppedRows, overrides: fold.overrides },
    });
    const dropped = entry.dropped.map((set) => {
      const inline = inlineBytes(set);
      if (inline === undefined) return set;
      const rest = rowSets.difference(inline, fold.dropped);
      return rowSetMessage(rest, { inline: rest }, rowSets);
    });
    this.#update(fold.array, {
      partitions: entry.partitions.filter((partition) => !moved.includes(partition)),
      segments: [...entry.segments.filter((one) => !merged.includes(one)), segment],
      dropped: dropped.filter((set) => set.count > 0),
    });
    return true;
  }

  /** Moves operation ids into an object; false when they are no longer all there, and nothing is changed. */
  spill({ members, merged, object, reference }: Spill): boolean {
    const { root } = this.#parent;
    const moves = ({ id }: { readonly id: Uint8Array }): boolean => members.has(toHex(id));
    const takenOver = this.#older.filter(({ object: slot }) => merged.get(slot) === hashAt(root, slot));
    if (this.#recent.filter(moves).length !== members.size || takenOver.length !== merged.size) return false;
    for (const slot of merged.keys()) this.#removeObject(slot);
    this.#recent = this.#recent.filter((operation) => !moves(operation));
    this.#older = [
      ...this.#older.filter((one) => !takenOver.includes(one)),
      make(v1.OperationsRef, { ...reference, object: this.#addObject(object) }),
    ];
    return true;
  }

  #apply(change: Change, tally: Tally): void {
    switch (change.kind) {
      case 'create':
        return this.#create(change);
      case 'append':
        return this.#append(change, tally);
      case 'replace':
        return this.#replace(change, tally);
      case 'drop':
        return this.#drop(change, tally);
      case 'dropArray':
        return this.#dropArray(change, tally);
      case 'rename':
        this.#update(change.array, { name: change.name });
        this.#note(change.array, { renamed: true });
        return undefined;
      case 'index':
        return this.#index(change);
      case 'dropIndex':
        return this.#dropIndex(change);
    }
  }

  /** An index with an epoch takes the place of the one of its kind; one without adds to it. */
  #index({ array, index: { kind, epoch, segments: drafts } }: ChangeOf<'index'>): void {
    const { indexes } = this.#array(array);
    const before = indexes.find((index) => index.kind === kind);
    const others = indexes.filter((index) => index !== before);
    const segments = drafts.map(({ object, bits, ...covered }) => {
      const of = bits && { bits: make(v1.IndexBits, { object: this.#addObject(bits) }) };
      return make(v1.IndexSegment, { object: this.#addObject(object), ...covered, ...of });
    });
    if (epoch === undefined) {
      const known = defined(before, 'index that is added to');
      const all = [...known.segments, ...segments].sort((a, b) => a.firstRowId - b.firstRowId);
      this.#update(array, { indexes: [...others, evolve(known, { segments: all })] });
    } else {
      if (before !== undefined) this.#removeIndex(before);
      const built = make(v1.Index, { kind, epoch: this.#addObject(epoch), segments });
      this.#update(array, { indexes: [...others, built] });
    }
    this.#note(array, { indexed: true });
  }

  #dropIndex({ array, of }: ChangeOf<'dropIndex'>): void {
    const { indexes } = this.#array(array);
    for (const index of indexes) if (index.kind === of) this.#removeIndex(index);
    this.#update(array, { indexes: indexes.filter(({ kind }) => kind !== of) });
    this.#note(array, { indexed: true });
  }

  #removeIndex({ epoch, segments }: IndexEntry): void {
    this.#removeObject(epoch);
    const bits = segments.flatMap((segment) => segment.bits ?? []);
    for (const { object } of [...segments, ...bits]) this.#removeObject(object);
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
    if ('partitions' in content) {
      let next = firstRowId;
      const partitions = content.partitions.map((draft) => {
        const partition = this.#partition(draft, { firstRowId: next });
        next += draft.rows;
        return partition;
      });
      assert(next - firstRowId === rows, 'an append has the rows that it says');
      this.#update(array, { partitions: [...entry.partitions, ...partitions] });
    } else {
      const { object, headBytes, headHash, partitions } = content.segment;
      const segment = { object: this.#addObject(object), headBytes, headHash, firstRowId, rows, partitions };
      this.#update(array, { segments: [...entry.segments, make(v1.SegmentRef, segment)] });
    }
    this.#update(array, { nextRowId: firstRowId + rows, liveRows: entry.liveRows + rows });
    tally.added += rows;
    this.#note(array, { appendedRows: (this.#changes.get(array)?.appendedRows ?? 0) + rows });
  }

  #replace({ array, rows, partitions }: ChangeOf<'replace'>, tally: Tally): void {
    const overrides = partitions.map((draft) =>
      this.#partition(draft, { rowIds: this.#rowSet(draft.rowIds, tally.base), sequence: this.#version }),
    );
    this.#update(array, { partitions: [...this.#array(array).partitions, ...overrides] });
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
    for (const partition of entry.partitions) {
      this.#removeObject(partition.object);
      if (partition.rowIds !== null) this.#removeRowSet(partition.rowIds);
    }
    for (const segment of entry.segments) this.#removeObject(segment.object);
    for (const set of entry.dropped) this.#removeRowSet(set);
    for (const index of entry.indexes) this.#removeIndex(index);
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

  #partition(draft: PartitionDraft, fields: Partial<Partition>): Partition {
    const { rows, dataOffset } = draft;
    return make(v1.Partition, { object: this.#addObject(draft.object), rows, dataOffset, ...fields });
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
    const slot = this.#table.add(object);
    this.#addedSlots.push(slot);
    this.#added.push({ key: objectKey(object.pattern, object.id), hash: object.hash });
    return slot;
  }

  #removeObject(slot: number): void {
    const object = this.#table.objectAt(slot);
    this.#removed.push({ key: objectKey(object.pattern, object.id), hash: object.hash });
    this.#table.remove(slot);
    const added = this.#addedSlots.indexOf(slot);
    // What came and went within this version was never in the parent: it is an orphan, not a removal.
    if (added < 0) this.#removedTable.add(object);
    else this.#addedSlots.splice(added, 1);
  }

  /**
   * A segment whose entries another one took over: what it names is still of the dataset, it itself is not.
   */
  #mergeObject(slot: number): void {
    const object = this.#table.objectAt(slot);
    this.#removed.push({ key: objectKey(object.pattern, object.id), hash: object.hash });
    this.#table.remove(slot);
    this.#mergedTable ??= new TableBuilder(null);
    this.#mergedTable.add(object);
  }

  /** Into a segment: no longer in the table, still of the dataset. */
  #moveObject(slot: number): void {
    const object = this.#table.objectAt(slot);
    this.#removed.push({ key: objectKey(object.pattern, object.id), hash: object.hash });
    this.#moved++;
    this.#table.remove(slot);
  }

  #removeRowSet(set: RowSet): void {
    if (inlineBytes(set) === undefined && set.count > 0) this.#removeObject(set.object);
  }

  #recordOperation(transaction: Transaction, tallies: ReadonlyMap<ArrayId, Tally>): void {
    const rows = [...tallies].map(([id, { added, dropped }]) =>
      make(v1.RowCount, { array: defined(fromHex(id), 'array id'), added, dropped }),
    );
    const { id, application, author = '', host = '', message = '' } = transaction;
    const kinds = [...new Set(transaction.changes.map((change) => change.kind))];
    const sequenced =
      application === undefined ? {} : { application: application.name, sequence: application.sequence };
    this.#operations.push(make(v1.Operation, { id, kinds, author, host, message, rows, ...sequenced }));
    if (transaction.exactlyOnce) this.#remembered.push(transaction);
  }

  /** A name is written where the root has no array to look it up in: the array is dropped. */
  #withNames(operation: Operation): Operation {
    const rows = operation.rows.map((count) => {
      const id = toHex(count.array);
      if (this.#arrays.has(id)) return count;
      const before = this.#parent.root.arrays.find((array) => toHex(array.id) === id);
      return evolve(count, { name: before?.name ?? '' });
    });
    return evolve(operation, { rows });
  }

  /** The finished root. `timeMs` is the store's; it never goes back before the parent's. */
  build(stamp: RootStamp): Root {
    const { root } = this.#parent;
    const timeMs = Math.max(stamp.timeMs, root.timeMs);
    const olderOperations = this.#olderOperations(timeMs);
    const changes = make(v1.Changes, {
      arrays: [...this.#changes.values()],
      added: this.#addedSlots,
      removed: this.#removedTable.build(),
      moved: this.#moved,
      merged: this.#mergedTable?.build() ?? null,
    });
    return evolve(root, {
      version: this.#version,
      parent: make(v1.Parent, { version: root.version, hash: this.#parent.hash }),
      timeMs,
      commitId: stamp.commitId,
      lineage: stamp.lineage ?? root.lineage,
      operations: this.#operations.map((operation) => this.#withNames(operation)),
      changes,
      arrays: [...this.#arrays.values()],
      objects: this.#table.build(),
      setHash: updateSetHash(root.setHash, this.#added, this.#removed, this.#functions),
      recentOperations: this.#recentOperations(timeMs),
      olderOperations,
      applications: this.#applications(),
    });
  }

  #recentOperations(timeMs: number): Root['recentOperations'] {
    const kept = this.#recent.filter((operation) => operation.timeMs > timeMs - operationMemoryMs);
    const fresh = this.#remembered
      .filter((transaction) => transaction.application === undefined)
      .map(({ id }) => make(v1.RecentOperation, { id, version: this.#version, timeMs }));
    return [...kept, ...fresh];
  }

  /** An object leaves when the last of its ids may. */
  #olderOperations(timeMs: number): Root['olderOperations'] {
    const isOver = ({ toTimeMs }: { readonly toTimeMs: number }): boolean =>
      toTimeMs <= timeMs - operationMemoryMs;
    for (const reference of this.#older.filter(isOver)) this.#removeObject(reference.object);
    return this.#older.filter((reference) => !isOver(reference));
  }

  #applications(): Root['applications'] {
    const last = new Map(this.#parent.root.applications.map((entry) => [entry.name, entry]));
    for (const { application } of this.#remembered) {
      if (application === undefined) continue;
      const before = last.get(application.name) ?? make(v1.Application, { name: application.name });
      last.set(application.name, evolve(before, { sequence: application.sequence, version: this.#version }));
    }
    return [...last.values()];
  }
}
