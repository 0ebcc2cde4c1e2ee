// What a transaction must still find as it was when its turn in the next root comes: names, attributes,
// and the empty place of a 0-d array. Everything here is a `Conflict` with another writer.
import { NacreError } from '../errors.js';
import { changeAttributes, type Keyed } from './attributes.js';
import type { ManifestFunctions } from './functions.js';
import type { ArrayEntry } from './message.js';
import { type ArrayId, type Change, sameType } from './transaction.js';

/** Checks the names that the changes rest on; a `create` that another writer won takes the winner's array. */
export function resolveNames(changes: readonly Change[], arrays: ReadonlyMap<ArrayId, ArrayEntry>): Change[] {
  const names = new Map([...arrays].map(([id, array]) => [id, array.name]));
  const holderOf = (name: string): ArrayId | undefined => [...names].find(([, known]) => known === name)?.[0];
  const adopted = new Map<ArrayId, ArrayId>();
  const out: Change[] = [];
  for (const original of changes) {
    const change = { ...original, array: adopted.get(original.array) ?? original.array };
    if (change.kind === 'create') {
      const holder = holderOf(change.name);
      if (holder === undefined) {
        names.set(change.array, change.name);
        out.push(change);
        continue;
      }
      const existing = arrays.get(holder);
      const isSame = existing !== undefined && !existing.scalar && sameType(existing, change.type);
      // Whoever made the array without the key appended rows without a look at it.
      if (!isSame || existing.key !== null) {
        throw conflict(`array '${change.name}' was created by another writer as something else`);
      }
      // Rows that it appends under both names would have the same provisional ids (RFC 0022).
      if (changes.some(({ array }) => array === holder)) {
        const what = `the name '${change.name}' was given to an array that this changes, too, by another writer`;
        throw conflict(what);
      }
      adopted.set(change.array, holder);
      continue;
    }
    if (adopted.has(original.array) && change.kind === 'setKey') {
      throw conflict('the array was created by another writer, without a key');
    }
    if (adopted.has(original.array) && (change.kind === 'dropArray' || change.kind === 'rename')) {
      throw conflict('the array was created by another writer, whose rows it holds');
    }
    // Two writers that drop one array agree.
    if (change.kind === 'dropArray' && !names.has(change.array)) continue;
    if (!names.has(change.array)) throw conflict('the array was dropped by another writer');
    if (change.kind === 'dropArray') names.delete(change.array);
    if (change.kind === 'rename') {
      const holder = holderOf(change.name);
      if (holder !== undefined && holder !== change.array) {
        throw conflict(`the name '${change.name}' was taken by another writer`);
      }
      names.set(change.array, change.name);
    }
    out.push(change);
  }
  return out;
}

/** A 0-d array has no place for a second value, whoever appended the first. */
export function checkScalars(
  changes: readonly Change[],
  arrays: ReadonlyMap<ArrayId, ArrayEntry>,
  functions: ManifestFunctions,
): void {
  const values = new Map(
    [...arrays].filter(([, { scalar }]) => scalar).map(([id, one]) => [id, one.liveRows]),
  );
  for (const change of changes) {
    if (change.kind === 'create' && change.type.scalar) values.set(change.array, 0);
    const before = values.get(change.array);
    if (before === undefined) continue;
    if (change.kind === 'append') values.set(change.array, before + change.rows);
    if (change.kind === 'drop') values.set(change.array, before - functions.rowSets.count(change.rows.set));
    if (before + (change.kind === 'append' ? change.rows : 0) > 1) {
      throw conflict('another writer gave the 0-d array its value');
    }
  }
}

/** What the changes find and leave of attributes, each after those before it. */
export function checkAttributes(changes: readonly Change[], arrays: ReadonlyMap<ArrayId, ArrayEntry>): void {
  const now = new Map<ArrayId, Keyed>();
  for (const change of changes) {
    const none = { attributes: [], nextAttributeId: 0, key: null };
    const before = now.get(change.array) ?? arrays.get(change.array) ?? none;
    now.set(change.array, changeAttributes(before, change));
  }
}

function conflict(what: string): NacreError {
  return new NacreError('Conflict', what, { hint: 'Read again and repeat the change.' });
}
