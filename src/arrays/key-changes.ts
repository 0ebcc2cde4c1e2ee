// What a transaction does to the key of an array, and what the key asks of its verbs.
import type { Attribute } from '../attributes/column.js';
import type { KeyColumn } from '../attributes/key-table.js';
import type { AttributeSource } from '../attributes/source.js';
import { NacreError } from '../errors.js';
import { checkAttributeName } from '../manifest/names.js';
import type { Change, KeyClaim } from '../manifest/transaction.js';
import type { CallOptions } from '../storage/object-store.js';
import { assert } from '../util/assert.js';
import { addAttribute, type AttributeColumns, knownAttribute } from './attribute-changes.js';
import type { ArrayEnvironment } from './environment.js';
import { checkUnique } from './key-check.js';
import type { PendingArray } from './pending-array.js';
import { keyType } from './key-attribute.js';
import { checkNulls, keyAttribute, keysOf, withKeys } from './pending-keys.js';

/** The key of an array that the transaction makes. */
export function declareKey(
  environment: ArrayEnvironment,
  array: PendingArray,
  key: string | Attribute | undefined,
): readonly Change[] {
  if (key === undefined) return [];
  const name = typeof key === 'string' ? key : key.name;
  checkAttributeName(name, 'InvalidArgument');
  array.keyName = name;
  array.keyChanged = true;
  if (typeof key === 'string') return [];
  const change = addAttribute(environment, array, name, key.type);
  keyType(array, name, array.attributes.get(name)?.type ?? 0);
  return [change];
}

/**
 * `NotFound` where there is no such attribute; `InvalidArgument` for a type that no key has, for a live row
 * without a value, and for two rows with one.
 */
export async function setKey(
  environment: ArrayEnvironment,
  array: PendingArray,
  attribute: string | null,
  options: CallOptions,
): Promise<void> {
  if (attribute === (array.keyName ?? null)) return;
  if (attribute !== null) {
    const draft = knownAttribute(array, attribute);
    keyType(array, attribute, draft.type);
    if (array.appendedRows > 0 || array.valuesSet) {
      throw new NacreError('InvalidArgument', `this write has changed rows of '${array.name}' already`, {
        context: { array: array.name, attribute },
        hint: 'Set the key before, or in a write of its own.',
      });
    }
    await checkBase(environment, array, attribute, options);
  }
  array.keyName = attribute ?? undefined;
  array.keyChanged = true;
}

async function checkBase(
  environment: ArrayEnvironment,
  array: PendingArray,
  attribute: string,
  options: CallOptions,
): Promise<void> {
  const { name, attributes } = array;
  const key = keyAttribute({ name, attributes, keyName: attribute });
  if (array.base === undefined || array.liveRows === 0) return;
  if (key === undefined) {
    throw new NacreError('InvalidArgument', `the rows of '${array.name}' have no '${attribute}'`, {
      context: { array: array.name, attribute },
      hint: 'Give each row a value first: tx.setAttributes(), in a write before.',
    });
  }
  const dropped = environment.functions.rowSets.toSorted(array.dropped);
  await checkUnique(environment, array.base, key, dropped, options);
}

/** Refuses values for the key: whether they are of one row each would have to be looked up among all rows. */
export function checkNotKey(array: PendingArray, given: readonly { readonly name: string }[]): void {
  const { name, keyName } = array;
  if (keyName === undefined || !given.some((one) => one.name === keyName)) return;
  throw new NacreError('InvalidArgument', `'${keyName}' is the key of '${name}', which rows keep`, {
    context: { array: name, attribute: keyName },
    hint: 'Drop the row and append it with another key; upsert changes all else of a row.',
  });
}

/** Takes the keys of rows that are appended; undefined where the array has no key. */
export function addKeys(
  environment: ArrayEnvironment,
  array: PendingArray,
  columns: AttributeColumns | undefined,
  firstRow: number,
): Promise<void> | undefined {
  if (array.keyName === undefined) return undefined;
  const { keys, at } = keysOf(environment, array, columns?.drafts ?? []);
  const column = columns?.columns[at] as KeyColumn;
  // Before anything of the rows is noted.
  checkNulls(array, column, 0);
  return keys.add(column, firstRow);
}

/** The source of attributes of rows that are appended, whose keys are taken as it is read. */
export function sourceWithKeys(
  environment: ArrayEnvironment,
  array: PendingArray,
  rows: number,
  source: AttributeSource | undefined,
  firstRow: number,
): AttributeSource | undefined {
  if (array.keyName === undefined || rows === 0) return source;
  const found = keysOf(environment, array, source?.attributes ?? []);
  return source && withKeys(source, found, firstRow);
}

/**
 * Waits for uploads; gives changes of keys, and what the commit asks of the keys of appended rows. Rows of
 * the base are looked at beside the uploads, once all keys are there.
 */
export async function finishKeys(
  arrays: Iterable<PendingArray>,
  uploads: { finish(): Promise<void> },
  options: CallOptions,
): Promise<{ readonly changes: readonly Change[]; readonly keys: readonly KeyClaim[] }> {
  const all = [...arrays];
  const changes = all.filter(({ keyChanged }) => keyChanged).map(changeOf);
  const uploaded = uploads.finish();
  const claim = async (array: PendingArray): Promise<KeyClaim[]> => {
    const { keyName, keys, appendedRows, name } = array;
    if (keyName === undefined || appendedRows === 0) return [];
    // A call that nobody waited for may be under way.
    if (keys?.table.rows !== appendedRows) await uploaded;
    assert(keys?.table.rows === appendedRows, `each row that '${name}' gets has a key`);
    return [await keys.claim(options)];
  };
  const [claims] = await Promise.all([Promise.all(all.map(claim)), uploaded]);
  return { changes, keys: claims.flat() };
}

function changeOf(array: PendingArray): Change {
  const { id, name, keyName } = array;
  const attribute = keyName === undefined ? undefined : array.attributes.get(keyName);
  // One that is declared by its name alone got its type since.
  if (keyName !== undefined && attribute !== undefined) keyType(array, keyName, attribute.type);
  if (keyName === undefined || attribute !== undefined) return { kind: 'setKey', array: id, attribute };
  throw new NacreError('InvalidArgument', `nothing makes '${keyName}', the key of '${name}'`, {
    context: { array: name, attribute: keyName },
    hint: `Give its type: key: { name: ${JSON.stringify(keyName)}, type: 'string' }, or append rows with it.`,
  });
}
