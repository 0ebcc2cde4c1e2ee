// The keys of the rows that a transaction appends to an array: none twice, and none that a live row has.
//
// They stay in memory until the commit, which asks again of rows that landed since the transaction began.
// Keys of rows that are there never change, so each row is looked at once, however often a commit is tried.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { firstNull, type KeyColumn, KeyTable, keyText } from '../attributes/key-table.js';
import type { Column, KeyType } from '../attributes/column.js';
import type { AttributeSource } from '../attributes/source.js';
import { valueAt } from '../attributes/values.js';
import { isNacreError, NacreError } from '../errors.js';
import type { Root } from '../manifest/message.js';
import { type KeyClaim, pendingRowId } from '../manifest/transaction.js';
import type { CallOptions } from '../storage/object-store.js';
import { toHex } from '../util/bytes.js';
import { ArrayView } from './array-view.js';
import type { ArrayEnvironment } from './environment.js';
import { type KeyAttribute, keyType } from './key-attribute.js';
import { findKeys, type KeyHit } from './key-lookup.js';
import type { PendingArray } from './pending-array.js';

const appendHint = 'tx.upsert() replaces the rows whose key is there, and appends the others.';

export class PendingKeys {
  readonly #environment: ArrayEnvironment;
  readonly #array: PendingArray;
  readonly table: KeyTable;
  /** Rows whose keys were looked for in the base before they were appended. */
  #lookedUp = 0;

  constructor(environment: ArrayEnvironment, array: PendingArray, type: KeyType) {
    this.#environment = environment;
    this.#array = array;
    this.table = new KeyTable(type);
  }

  /**
   * Takes the keys of rows that the transaction appends, from its row `firstRow` on; `firstInput` is what the
   * caller calls the first. `InvalidArgument` for a null, and for a key that the transaction appends twice.
   */
  async add(column: KeyColumn, firstRow: number, firstInput = 0): Promise<void> {
    checkNulls(this.#array, column, firstInput);
    const { name, keyName } = this.#array;
    await this.table.add(column, firstRow, (earlier, later) => {
      if (this.#array.isDropped(pendingRowId + earlier)) return true;
      const at = later - firstRow;
      const key = keyText(valueAt(column, at));
      const row = firstInput + at;
      const other = earlier - later + row;
      const where = other >= 0 ? `rows ${other} and ${row}` : `row ${row} and a row before it`;
      throw new NacreError('InvalidArgument', `${where} for '${name}' have the same key ${key}`, {
        context: { array: name, attribute: keyName ?? '', key, rows: other >= 0 ? [other, row] : [row] },
        hint: 'A key is of one row: leave one of both away.',
      });
    });
    checkRoom(this.#environment, this.table, name);
  }

  /** The keys of so many of the rows are known not to be in the base. */
  noteLookedUp(rows: number): void {
    this.#lookedUp += rows;
  }

  /** What the commit asks; looks at the rows of the base at once, and keeps what it finds for the commit. */
  async claim(options: CallOptions): Promise<KeyClaim> {
    const claim = new Claim(this.#environment, this.#array, this.table);
    const { base } = this.#array;
    if (base === undefined) return claim;
    if (this.#lookedUp === this.table.rows) claim.skip(base);
    else await claim.begin(base, options);
    return claim;
  }
}

class Claim implements KeyClaim {
  readonly array: string;
  readonly #environment: ArrayEnvironment;
  readonly #pending: PendingArray;
  readonly table: KeyTable;
  /** Rows below it have none of the keys. */
  #checkedTo = 0;
  #found: NacreError | undefined;

  constructor(environment: ArrayEnvironment, pending: PendingArray, table: KeyTable) {
    this.array = pending.id;
    this.#environment = environment;
    this.#pending = pending;
    this.table = table;
  }

  /** The base has none of the keys. */
  skip(base: ArrayView): void {
    this.#checkedTo = base.entry.nextRowId;
  }

  /** A key that is there is not thrown here: a repeat of what was committed has its own keys before it. */
  async begin(base: ArrayView, options: CallOptions): Promise<void> {
    try {
      await this.#check(base, options);
    } catch (error) {
      if (!isNacreError(error, 'AlreadyExists')) throw error;
      this.#found = error;
    }
  }

  async check(root: Root): Promise<void> {
    if (this.#found !== undefined) throw this.#found;
    const entry = root.arrays.find(({ id }) => toHex(id) === this.array);
    if (entry === undefined || entry.nextRowId <= this.#checkedTo) return;
    await this.#check(new ArrayView(this.#environment, root, entry), {});
  }

  async #check(view: ArrayView, options: CallOptions): Promise<void> {
    const key = keyAttribute(this.#pending);
    const pending = this.#pending;
    if (key !== undefined) {
      const asked = { ...options, from: this.#checkedTo };
      for await (const hits of findKeys(this.#environment, view, key, this.table, asked)) {
        const hit = hits.find(
          ({ rowId, label }) => !pending.isDropped(rowId) && !pending.isDropped(pendingRowId + label),
        );
        if (hit !== undefined) throw this.#taken(key, hit);
      }
    }
    this.#checkedTo = view.entry.nextRowId;
  }

  #taken(key: KeyAttribute, { rowId, label }: KeyHit): NacreError {
    const text = keyText(this.table.keyAt(label));
    const { name, base } = this.#pending;
    const landed = rowId >= (base?.entry.nextRowId ?? 0);
    const context = { array: name, attribute: key.name, key: text, id: rowId };
    if (landed) {
      const what = `another writer gave the key ${text} to row id ${rowId} of '${name}'`;
      return new NacreError('Conflict', what, { context, hint: `Read again and decide; ${appendHint}` });
    }
    const what = `'${name}' has the key ${text} already, at row id ${rowId}`;
    return new NacreError('AlreadyExists', what, { context, hint: appendHint });
  }

  async checkBeside(other: KeyClaim): Promise<void> {
    if (!(other instanceof Claim) || other.table.type !== this.table.type) return;
    const [few, many] = this.table.rows < other.table.rows ? [this, other] : [other, this];
    for (const [i, keys] of few.table.columns().entries()) {
      if (i > 0) await nextTurn();
      for (let row = 0; row < keys.column.rows; row++) {
        if (many.table.find(keys, row) < 0) continue;
        const { name, keyName = '' } = this.#pending;
        const key = keyText(valueAt(keys.column, row));
        throw new NacreError('Conflict', `another writer gave the key ${key} to a row of '${name}'`, {
          context: { array: name, attribute: keyName, key },
          hint: `Read again and decide; ${appendHint}`,
        });
      }
    }
  }
}

/** The key of an array as the base has it; undefined where the transaction makes the attribute. */
export function keyAttribute(
  array: Pick<PendingArray, 'name' | 'keyName' | 'attributes'>,
): KeyAttribute | undefined {
  const draft = array.keyName === undefined ? undefined : array.attributes.get(array.keyName);
  if (draft?.id === undefined) return undefined;
  return { id: draft.id, name: draft.name, type: keyType(array, draft.name, draft.type) };
}

/**
 * The keys of rows with these attributes. `InvalidArgument` where the key is not among them, and of another
 * type than keys have.
 */
export function keysOf(
  environment: ArrayEnvironment,
  array: PendingArray,
  attributes: readonly { readonly name: string }[],
): { readonly keys: PendingKeys; readonly at: number } {
  const { name, keyName = '' } = array;
  const at = attributes.findIndex((one) => one.name === keyName);
  const draft = array.attributes.get(keyName);
  if (at < 0 || draft === undefined) {
    throw new NacreError('InvalidArgument', `rows of '${name}' need its key, the attribute '${keyName}'`, {
      context: { array: name, attribute: keyName },
      hint:
        `Give a value for each row: { attributes: { ${JSON.stringify(keyName)}: […] } } in code, ` +
        'a file by --attributes to a command.',
    });
  }
  const type = keyType(array, keyName, draft.type);
  array.keys ??= new PendingKeys(environment, array, type);
  return { keys: array.keys, at };
}

/** The source, whose keys are taken as they are read. */
export function withKeys(
  source: AttributeSource,
  { keys, at }: { readonly keys: PendingKeys; readonly at: number },
  firstRow: number,
): AttributeSource {
  return {
    ...{ name: source.name, rows: source.rows, attributes: source.attributes },
    async read(start, end, options) {
      const columns = await source.read(start, end, options);
      await keys.add(columns[at] as KeyColumn, firstRow + start, start);
      return columns;
    },
    close: () => source.close(),
  };
}

export function checkNulls(array: PendingArray, column: Column, firstInput: number): void {
  const row = firstNull(column);
  if (row < 0) return;
  const { name, keyName = '' } = array;
  throw new NacreError('InvalidArgument', `row ${firstInput + row} for '${name}' has no key '${keyName}'`, {
    context: { array: name, attribute: keyName, row: firstInput + row },
    hint: 'Every row of an array with a key has one.',
  });
}

/** `ResourceExhausted` where the keys do not fit what is held in memory at once. */
export function checkRoom({ memoryBytes }: ArrayEnvironment, table: KeyTable, name: string): void {
  if (table.sizeBytes <= memoryBytes) return;
  throw new NacreError('ResourceExhausted', `the keys of ${table.rows} rows for '${name}' do not fit`, {
    context: { array: name, sizeBytes: table.sizeBytes, capBytes: memoryBytes },
    hint: 'Append fewer rows in one write, or open the dataset with more memoryBytes.',
  });
}
