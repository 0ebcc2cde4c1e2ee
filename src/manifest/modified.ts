// When the rows of an array were last changed: what a version's own changes say of it, kept in the array's
// entry, so that nobody has to go back through the versions. Files that are folded, compacted or indexed hold
// the same rows, and a name or an attribute that comes or goes changes none.
import { toHex } from '../util/bytes.js';
import { type ArrayChange, type ArrayEntry, evolve } from './message.js';
import type { ArrayId } from './transaction.js';

export interface Modified {
  readonly version: number;
  /** By the store's clock, milliseconds since 1970. */
  readonly timeMs: number;
}

/** The arrays of a version, those with its number and time of which `changes` tell changed rows. */
export function withModified(
  arrays: Iterable<ArrayEntry>,
  changes: ReadonlyMap<ArrayId, ArrayChange>,
  { version, timeMs }: Modified,
): ArrayEntry[] {
  return Array.from(arrays, (array) => {
    const change = changes.get(toHex(array.id));
    return change === undefined || !changesRows(change)
      ? array
      : evolve(array, { modifiedVersion: version, modifiedMs: timeMs });
  });
}

function changesRows({ created, restored, appendedRows, replacedRows, removed }: ArrayChange): boolean {
  return created || restored || appendedRows > 0 || replacedRows > 0 || removed.length > 0;
}

/** Undefined where no version said so: the last change is of a release that did not keep it. */
export function modifiedOf({ modifiedVersion, modifiedMs }: ArrayEntry): Modified | undefined {
  return modifiedVersion === 0 ? undefined : { version: modifiedVersion, timeMs: modifiedMs };
}
