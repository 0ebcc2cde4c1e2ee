// What a transaction does to indexes of attributes: checked, built and uploaded, changes noted.
import { NacreError } from '../errors.js';
import type { AttributeDraft, Change } from '../manifest/transaction.js';
import { knownAttribute } from './attribute-changes.js';
import {
  type AttributeIndexReport,
  buildAttributeIndex,
  type BuildAttributeIndexOptions,
  type NotIndexed,
} from './attribute-index-builder.js';
import type { ArrayEnvironment } from './environment.js';
import type { PendingArray } from './pending-array.js';

const nothing: AttributeIndexReport = { indexedRows: 0, notIndexed: [] };

/**
 * No change where there is nothing to index. `NotFound` with the nearest name; `InvalidArgument` for an
 * attribute that the transaction makes, and where the values of no row can be indexed.
 */
export async function indexAttribute(
  environment: ArrayEnvironment,
  array: PendingArray,
  name: string,
  options: BuildAttributeIndexOptions,
): Promise<{ readonly change?: Change; readonly report: AttributeIndexReport }> {
  const attribute = knownAttribute(array, name);
  const { id } = attribute;
  const { base } = array;
  if (id === undefined || base === undefined) throw madeHere(array, attribute);
  const known = array.attributeIndexes.get(id);
  // One that the transaction built covers all that there is to be covered; one that it took away, nothing.
  if (options.update === true && known === 'own') return { report: nothing };
  const update = options.update === true && known !== undefined;
  const built = await buildAttributeIndex(environment, base, { ...attribute, id }, { ...options, update });
  const { draft, report } = built;
  const [first] = report.notIndexed;
  if (draft === undefined && first !== undefined && !update) throw noneIndexed(array, name, first);
  if (draft === undefined) return { report };
  array.attributeIndexes.set(id, 'own');
  return { change: { kind: 'indexAttribute', array: array.id, index: draft }, report };
}

/** `NotFound` where there is no such attribute, or it has no index. */
export function dropAttributeIndex(array: PendingArray, name: string): Change {
  const attribute = knownAttribute(array, name);
  if (!array.attributeIndexes.delete(attribute.id ?? -1)) {
    throw new NacreError('NotFound', `the attribute '${name}' of '${array.name}' has no index`, {
      context: { array: array.name, attribute: name },
      hint: 'Build one with `nacre index --attribute`, or leave it so.',
    });
  }
  return { kind: 'dropAttributeIndex', array: array.id, attribute };
}

function madeHere(array: PendingArray, { name }: AttributeDraft): NacreError {
  return new NacreError('InvalidArgument', `'${name}' is made in this transaction and has no rows yet`, {
    context: { array: array.name, attribute: name },
    hint: 'Build the index in a write of its own.',
  });
}

function noneIndexed(array: PendingArray, name: string, { reason }: NotIndexed): NacreError {
  const why = reason === 'values' ? 'has lists of more than 256 items' : 'has a text that is too long';
  return new NacreError('InvalidArgument', `the attribute '${name}' ${why}, for which there is no index`, {
    context: { array: array.name, attribute: name, reason },
    hint: 'Leave it: a filter reads the column, and statistics rule files out.',
  });
}
