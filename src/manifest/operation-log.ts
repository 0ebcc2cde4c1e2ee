// What the next root says of operations: those that it holds, and the ids by which a repeat is recognised.
import { assert, defined } from '../util/assert.js';
import { fromHex, toHex } from '../util/bytes.js';
import { type ArrayEntry, evolve, make, type Operation, type Root, v1 } from './message.js';
import { hashAt, operationMemoryMs, type Spill } from './spill.js';
import type { ArrayId, Change, Transaction } from './transaction.js';

/** What a transaction did to an array. */
export interface Tally {
  /** Id of the first row that the transaction appends to the array. */
  readonly base: number;
  added: number;
  dropped: number;
}

/** The verb of a change; part of another one's where it has none of its own. */
function verbOf({ kind }: Change): string | undefined {
  if (kind === 'indexAttribute') return 'index';
  if (kind === 'dropAttributeIndex') return 'dropIndex';
  const isPart = kind === 'appendAttributes' || kind === 'extendIndex' || kind === 'extendAttributeIndex';
  return isPart ? undefined : kind;
}

export class OperationLog {
  readonly #parent: Root;
  readonly #version: number;
  readonly #operations: Operation[] = [];
  readonly #remembered: Transaction[] = [];
  #recent: Root['recentOperations'];
  #older: Root['olderOperations'];

  constructor(parent: Root, version: number) {
    this.#parent = parent;
    this.#version = version;
    this.#recent = parent.recentOperations;
    this.#older = parent.olderOperations;
  }

  record(transaction: Transaction, tallies: ReadonlyMap<ArrayId, Tally>): void {
    const rows = [...tallies].map(([id, { added, dropped }]) =>
      make(v1.RowCount, { array: defined(fromHex(id), 'array id'), added, dropped }),
    );
    const { id, application, author = '', host = '', message = '' } = transaction;
    const history = (transaction.history ?? []).map(({ kind }) => (kind === 'fence' ? 'gc' : kind));
    const kinds = [
      ...new Set([...transaction.changes.flatMap((change) => verbOf(change) ?? []), ...history]),
    ];
    const sequenced =
      application === undefined ? {} : { application: application.name, sequence: application.sequence };
    this.#operations.push(make(v1.Operation, { id, kinds, author, host, message, rows, ...sequenced }));
    if (transaction.exactlyOnce) this.#remembered.push(transaction);
  }

  /** Whether what the spill takes over is all there still. */
  canSpill({ members, merged }: Spill): boolean {
    const moved = this.#recent.filter(({ id }) => members.has(toHex(id)));
    const takenOver = this.#older.filter(
      ({ object: slot }) => merged.get(slot) === hashAt(this.#parent, slot),
    );
    return moved.length === members.size && takenOver.length === merged.size;
  }

  /** Ids stand in an object from now on, which has this slot. */
  spill({ members, merged, reference }: Spill, object: number): void {
    this.#recent = this.#recent.filter(({ id }) => !members.has(toHex(id)));
    this.#older = [
      ...this.#older.filter((one) => !merged.has(one.object)),
      make(v1.OperationsRef, { ...reference, object }),
    ];
  }

  /** The objects of ids stand in other slots from now on. */
  relocate(slotOf: (slot: number) => number): void {
    this.#older = this.#older.map((one) => evolve(one, { object: slotOf(one.object) }));
  }

  /** Forgets objects the last of whose ids may go; gives their slots. */
  forget(timeMs: number): readonly number[] {
    const gone = this.#older.filter(({ toTimeMs }) => toTimeMs <= timeMs - operationMemoryMs);
    this.#older = this.#older.filter((reference) => !gone.includes(reference));
    return gone.map(({ object }) => object);
  }

  build(
    timeMs: number,
    arrays: ReadonlyMap<ArrayId, ArrayEntry>,
  ): Pick<Root, 'operations' | 'recentOperations' | 'olderOperations' | 'applications'> {
    assert(
      this.#older.every(({ toTimeMs }) => toTimeMs > timeMs - operationMemoryMs),
      'old ids are forgotten',
    );
    return {
      operations: this.#operations.map((operation) => this.#withNames(operation, arrays)),
      recentOperations: this.#recentOperations(timeMs),
      olderOperations: this.#older,
      applications: this.#applications(),
    };
  }

  /** A name is written where the root has no array to look it up in: the array is dropped. */
  #withNames(operation: Operation, arrays: ReadonlyMap<ArrayId, ArrayEntry>): Operation {
    const rows = operation.rows.map((count) => {
      const id = toHex(count.array);
      if (arrays.has(id)) return count;
      const before = this.#parent.arrays.find((array) => toHex(array.id) === id);
      return evolve(count, { name: before?.name ?? '' });
    });
    return evolve(operation, { rows });
  }

  #recentOperations(timeMs: number): Root['recentOperations'] {
    const kept = this.#recent.filter((operation) => operation.timeMs > timeMs - operationMemoryMs);
    const fresh = this.#remembered
      .filter((transaction) => transaction.application === undefined)
      .map(({ id }) => make(v1.RecentOperation, { id, version: this.#version, timeMs }));
    return [...kept, ...fresh];
  }

  #applications(): Root['applications'] {
    const last = new Map(this.#parent.applications.map((entry) => [entry.name, entry]));
    for (const { application } of this.#remembered) {
      if (application === undefined) continue;
      const before = last.get(application.name) ?? make(v1.Application, { name: application.name });
      last.set(application.name, evolve(before, { sequence: application.sequence, version: this.#version }));
    }
    return [...last.values()];
  }
}
