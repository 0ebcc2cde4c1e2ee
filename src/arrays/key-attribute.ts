// Which attribute of an array is its key.
import { isKeyType, type KeyType } from '../attributes/column.js';
import { NacreError } from '../errors.js';
import type { ArrayEntry } from '../manifest/message.js';
import { typeOfNumber } from './column-message.js';

/** The attribute that is the key. */
export interface KeyAttribute {
  readonly id: number;
  readonly name: string;
  readonly type: KeyType;
}

export function keyOfEntry(entry: ArrayEntry): KeyAttribute | undefined {
  const found = entry.attributes.find(({ id }) => id === entry.key?.attribute);
  if (found === undefined) return undefined;
  const type = typeOfNumber(found.type, found.name);
  return isKeyType(type) ? { id: found.id, name: found.name, type } : undefined;
}

/** `InvalidArgument` for a type that no key has. */
export function keyType(array: { readonly name: string }, attribute: string, number: number): KeyType {
  const type = typeOfNumber(number, attribute);
  if (isKeyType(type)) return type;
  throw new NacreError('InvalidArgument', `'${attribute}' of '${array.name}' is ${type}, which is no key`, {
    context: { array: array.name, attribute, observed: type },
    hint: 'A key is int, string or timestamp.',
  });
}

export function noKey(name: string): NacreError {
  return new NacreError('InvalidArgument', `array '${name}' has no key`, {
    context: { array: name },
    hint: `Set one: tx.setKey(${JSON.stringify(name)}, 'id').`,
  });
}
