// Rows by their keys: those that are there are replaced, the others appended.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type KeyColumn, KeyRows, KeyTable, keyText, turnRows } from '../attributes/key-table.js';
import type { AttributeSource } from '../attributes/source.js';
import { valueAt } from '../attributes/values.js';
import { NacreError } from '../errors.js';
import { pendingRowId } from '../manifest/transaction.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { type AttributeColumns, inOrderOf } from './attribute-changes.js';
import type { ArrayEnvironment } from './environment.js';
import { findKeys } from './key-lookup.js';
import { rowBytesOf } from './row-type.js';
import type { PendingArray } from './pending-array.js';
import { noKey } from './key-attribute.js';
import { checkNulls, checkRoom, keyAttribute, keysOf } from './pending-keys.js';
import type { RowSource } from './row-source.js';

export interface Upserted {
  /** Rows whose key was not there. */
  readonly inserted: number;
  /** Rows that took the place of one of their key; it keeps its row id. */
  readonly replaced: number;
}

/** What a transaction does with the rows once it is known which are there. */
export interface UpsertVerbs {
  append(bytes: Uint8Array, rows: number, columns: AttributeColumns): Promise<void>;
  replace(ids: Float64Array, bytes: Uint8Array): Promise<void>;
  set(ids: Float64Array, columns: AttributeColumns): Promise<void>;
}

/** Bytes of rows of a piece of a source: each piece is one look at the keys of the array. */
const pieceBytes = 64 * 2 ** 20;
const pieceRows = 2 ** 20;

/** One call of it: keys that were given so far, whichever piece they came in. */
export class Upsert {
  readonly #environment: ArrayEnvironment;
  readonly #array: PendingArray;
  readonly #verbs: UpsertVerbs;
  readonly #options: CallOptions;
  #given: KeyTable | undefined;

  /** `InvalidArgument` for an array without a key. */
  constructor(environment: ArrayEnvironment, array: PendingArray, verbs: UpsertVerbs, options: CallOptions) {
    this.#environment = environment;
    this.#array = array;
    this.#verbs = verbs;
    this.#options = options;
    if (array.keyName !== undefined) return;
    throw noKey(array.name);
  }

  /** Some rows of the input, from `firstInput` on. */
  async rows(bytes: Uint8Array, rows: number, columns: AttributeColumns, firstInput = 0): Promise<Upserted> {
    if (rows === 0) return { inserted: 0, replaced: 0 };
    const { at } = keysOf(this.#environment, this.#array, columns.drafts);
    const column = columns.columns[at] as KeyColumn;
    checkNulls(this.#array, column, firstInput);
    await this.#note(column, firstInput);
    const ids = await this.#idsOf(column);
    const there = Float64Array.from(ids.keys()).filter((row) => (ids[row] ?? -1) >= 0);
    const others = Float64Array.from(ids.keys()).filter((row) => (ids[row] ?? -1) < 0);
    const known = there.map((row) => ids[row] ?? 0);
    const some = (picked: Float64Array): Uint8Array => pick(bytes, picked, rowBytesOf(this.#array.type));
    if (there.length > 0) {
      await this.#verbs.replace(known, some(there));
      const values = without(columns, at);
      if (values.columns.length > 0) await this.#verbs.set(known, ofRows(values, there));
    }
    if (others.length > 0) {
      await this.#verbs.append(some(others), others.length, ofRows(columns, others));
      this.#array.keys?.noteLookedUp(others.length);
    }
    return { inserted: others.length, replaced: there.length };
  }

  /** `InvalidArgument` for a key that is given twice. */
  async #note(column: KeyColumn, firstInput: number): Promise<void> {
    const { name, keyName = '' } = this.#array;
    this.#given ??= new KeyTable(column.type);
    await this.#given.add(column, firstInput, (earlier, later) => {
      const key = keyText(valueAt(column, later - firstInput));
      throw new NacreError(
        'InvalidArgument',
        `rows ${earlier} and ${later} for '${name}' have the same key ${key}`,
        {
          context: { array: name, attribute: keyName, key, rows: [earlier, later] },
          hint: 'A key is of one row: leave one of both away.',
        },
      );
    });
    checkRoom(this.#environment, this.#given, name);
  }

  /** The ids of the rows that have the keys, -1 where none has one. */
  async #idsOf(column: KeyColumn): Promise<Float64Array> {
    const ids = new Float64Array(column.rows).fill(-1);
    const array = this.#array;
    const [key, keys] = [keyAttribute(array), new KeyRows(column)];
    if (array.base !== undefined && key !== undefined) {
      const table = new KeyTable(column.type);
      await table.add(column, 0, () => true);
      for await (const hits of findKeys(this.#environment, array.base, key, table, this.#options)) {
        for (const { rowId, label } of hits) if (!array.isDropped(rowId)) ids[label] = rowId;
      }
    }
    for (let row = 0; array.keys !== undefined && row < column.rows; row++) {
      if (row > 0 && row % turnRows === 0) await nextTurn();
      const own = array.keys.table.find(keys, row);
      if (own >= 0 && !array.isDropped(pendingRowId + own)) ids[row] = pendingRowId + own;
    }
    return ids;
  }

  /** A source piece by piece: memory has one piece, and all keys. */
  async source(
    source: RowSource,
    attributes: AttributeSource,
    drafts: AttributeColumns['drafts'],
  ): Promise<Upserted> {
    const fitting = Math.floor(pieceBytes / Math.max(1, rowBytesOf(this.#array.type)));
    const step = Math.min(pieceRows, Math.max(1, fitting));
    let [inserted, replaced] = [0, 0];
    for (let start = 0; start < source.rows; start += step) {
      const end = Math.min(source.rows, start + step);
      const [bytes, columns] = await Promise.all([
        source.read(start, end, this.#options),
        attributes.read(start, end, this.#options),
      ]);
      const given = { drafts, attributes: attributes.attributes, columns };
      const piece = await this.rows(bytes, end - start, given, start);
      inserted += piece.inserted;
      replaced += piece.replaced;
    }
    return { inserted, replaced };
  }
}

function ofRows({ drafts, attributes, columns }: AttributeColumns, rows: Float64Array): AttributeColumns {
  const picked = columns.map((column, i) => inOrderOf(defined(attributes[i], 'attribute'), column, rows));
  return { drafts, attributes, columns: picked };
}

function without({ drafts, attributes, columns }: AttributeColumns, at: number): AttributeColumns {
  const others = <T>(list: readonly T[]): T[] => list.filter((_, i) => i !== at);
  return { drafts: others(drafts), attributes: others(attributes), columns: others(columns) };
}

function pick(bytes: Uint8Array, rows: Float64Array, rowBytes: number): Uint8Array {
  if (rows.length * rowBytes === bytes.byteLength) return bytes;
  const out = new Uint8Array(rows.length * rowBytes);
  for (const [i, row] of rows.entries()) {
    out.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), i * rowBytes);
  }
  return out;
}
