// The objects of the next root's table while it is being made: what comes, what goes, and what the set hash
// and the list of changes say of both. Pure.
import { toHex } from '../util/bytes.js';
import { objectKey } from './keys.js';
import type { ManifestFunctions } from './functions.js';
import type { Changes, Root } from './message.js';
import { type NewObject, TableBuilder } from './objects.js';
import type { SegmentDraft } from './transaction.js';
import { type HashedObject, updateSetHash } from './set-hash.js';

export class ObjectLedger {
  readonly table: TableBuilder;
  readonly #removedTable = new TableBuilder(null);
  #mergedTable: TableBuilder | undefined;
  readonly #addedSlots: number[] = [];
  readonly #added: HashedObject[] = [];
  readonly #uploads: Uint8Array[] = [];
  readonly #removed: HashedObject[] = [];
  #moved = 0;
  /** A segment came that names linked objects. */
  #bringsLinks = false;

  /** `table` takes the place of the parent's: what comes and goes is what differs between both. */
  constructor(objects: Root['objects'], table?: TableBuilder) {
    this.table = table ?? new TableBuilder(objects);
    if (table === undefined) return;
    const before = hashedObjects(new TableBuilder(objects));
    const after = hashedObjects(table);
    for (const [name, { slot, object }] of after) {
      if (before.has(name)) continue;
      this.#addedSlots.push(slot);
      this.#added.push(hashed(object));
    }
    for (const [name, { object }] of before) {
      if (after.has(name)) continue;
      this.#removedTable.add(object);
      this.#removed.push(hashed(object));
    }
  }

  /** Its slot. */
  addSegment({ object, members, namesLinks }: SegmentDraft): number {
    this.#bringsLinks ||= namesLinks;
    return this.add(object, members);
  }

  /** Its slot. `members` are ids of objects that it names and that come with it. */
  add(object: NewObject, members: readonly Uint8Array[] = []): number {
    const slot = this.table.add(object);
    this.#uploads.push(object.id, ...members);
    this.#addedSlots.push(slot);
    this.#added.push(hashed(object));
    return slot;
  }

  remove(slot: number): void {
    const object = this.#take(slot);
    const added = this.#addedSlots.indexOf(slot);
    // What came and went within this version was never in the parent: it is an orphan, not a removal.
    if (added < 0) this.#removedTable.add(object);
    else this.#addedSlots.splice(added, 1);
  }

  /** A segment whose entries another one took over: what it names is of the dataset still, it is not. */
  merge(slot: number): void {
    this.#mergedTable ??= new TableBuilder(null);
    this.#mergedTable.add(this.#take(slot));
  }

  /** Into a segment: no longer in the table, still of the dataset. */
  move(slot: number): void {
    this.#take(slot);
    this.#moved++;
  }

  #take(slot: number): NewObject {
    const object = this.table.objectAt(slot);
    this.#removed.push(hashed(object));
    this.table.remove(slot);
    return object;
  }

  /** Ids of all that came, named by segments or by the table itself. */
  get uploads(): readonly Uint8Array[] {
    return this.#uploads;
  }

  /** Whether the root names linked objects, in its table or its changes, or a segment that came does. */
  get namesLinks(): boolean {
    const tables = [this.table, this.#removedTable, this.#mergedTable];
    return this.#bringsLinks || tables.some((table) => table?.namesLinks === true);
  }

  /** What the root's list of changes says of objects. */
  changes(): Pick<Changes, 'added' | 'removed' | 'moved' | 'merged'> {
    return {
      added: this.#addedSlots,
      removed: this.#removedTable.build(),
      moved: this.#moved,
      merged: this.#mergedTable?.build() ?? null,
    };
  }

  setHash(before: Uint8Array, functions: ManifestFunctions): Uint8Array {
    return updateSetHash(before, this.#added, this.#removed, functions);
  }
}

function hashed({ pattern, id, hash }: NewObject): HashedObject {
  return { key: objectKey(pattern, id), hash };
}

/** The objects of a table by id, key and hash: a linked object may stand there twice. */
function hashedObjects(table: TableBuilder): Map<string, { slot: number; object: NewObject }> {
  return new Map(
    table.slots().map((slot) => {
      const object = table.objectAt(slot);
      const { key, hash } = hashed(object);
      return [`${toHex(object.id)} ${key} ${toHex(hash)}`, { slot, object }];
    }),
  );
}
