// Rows in objects that are linked: which arrays take them, and which objects are linked already.
import { NacreError } from '../errors.js';
import { isLinkedKey } from '../manifest/keys.js';
import type { CallOptions } from '../storage/object-store.js';
import { mapBounded } from '../util/bounded.js';
import { toHex } from '../util/bytes.js';
import { checkRowType, type RowType } from './row-type.js';
import type { PendingArray } from './pending-array.js';

/** Segments read side by side. */
const readsAtOnce = 16;

/** BLAKE3 of objects that arrays name already, hexadecimal, by their keys. */
export type LinkedBefore = ReadonlyMap<string, string>;

/** Refuses an array whose rows are not like those of the objects, or have to come with more. */
export function checkLinkable({ name, type, keyName }: PendingArray, observed: RowType): void {
  checkRowType(name, type, observed);
  if (keyName === undefined) return;
  throw new NacreError('InvalidArgument', `the rows of '${name}' come with a value of its key '${keyName}'`, {
    context: { array: name, attribute: keyName },
    hint: 'Import the file with its attributes, or link it into an array without a key.',
  });
}

/**
 * Which of the keys arrays name already. One that the array itself has is `AlreadyExists`: its rows would be
 * there twice. Cost: a request for each segment of rows, where anything is linked at all.
 */
export async function linkedBefore(
  arrays: readonly PendingArray[],
  into: PendingArray | undefined,
  keys: readonly string[],
  options: CallOptions,
): Promise<LinkedBefore> {
  const wanted = new Set(keys);
  const found = new Map<string, string>();
  for (const array of arrays) {
    for (const { key, hash } of await linkedObjects(array, options)) {
      if (!wanted.has(key)) continue;
      if (array === into) throw linkedTwice(array.name, key);
      found.set(key, toHex(hash));
    }
  }
  return found;
}

async function linkedObjects(array: PendingArray, options: CallOptions) {
  const { base } = array;
  const units = [...(base?.namesLinks === true ? base.units(options) : []), ...(await array.ownUnits())];
  const parts = await mapBounded(units, readsAtOnce, (unit) => unit.load());
  return parts.flat().flatMap(({ part: { object } }) => (isLinkedKey(object.key) ? [object] : []));
}

function linkedTwice(array: string, key: string): NacreError {
  return new NacreError('AlreadyExists', `${key} is linked in array '${array}' already`, {
    context: { array, key },
    hint: 'Its rows are there; `nacre import --link --once` passes over what an array has.',
  });
}
