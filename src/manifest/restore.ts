// The arrays of an earlier version as those of the next one. Pure.
//
// Their content is the earlier one's, their counters never go back: no row id, and no id of an attribute, is
// given twice. Ids between the rows that came back and the next row are of no row. An array that the parent
// no longer has comes back under a new id, since nobody knows any more how far its old one had counted.
import { NacreError } from '../errors.js';
import { assert, defined } from '../util/assert.js';
import { equalBytes, toHex } from '../util/bytes.js';
import { withoutIndexes } from './attribute-indexes.js';
import { slotsOf } from './indexes.js';
import {
  type ArrayChange,
  type ArrayEntry,
  encode,
  evolve,
  hasUnknownFields,
  make,
  type Partition,
  type Root,
  type RowSet,
  v1,
} from './message.js';
import type { Tally } from './operation-log.js';
import type { AppliedChange } from './rebase.js';
import { inlineBytes } from './row-sets.js';

export interface RestoredArray {
  readonly change: ArrayChange;
  /** How many rows more or fewer the array has. */
  readonly tally: Tally;
  /** What other writers have to know of it; nothing of an array that nobody else has. */
  readonly effect?: AppliedChange;
}

/** Refuses what a newer release may have put beside the arrays: it cannot be told what is to become of it. */
export function checkRestorable(...roots: readonly Root[]): void {
  for (const root of roots) {
    if (![root, ...root.olderOperations].some(hasUnknownFields)) continue;
    throw new NacreError(
      'UnsupportedFormat',
      `version ${root.version} holds what this release does not know`,
      {
        context: { version: root.version },
        hint: 'Restore with a newer release of Nacre.',
      },
    );
  }
}

/** What becomes of the arrays; `freshIds` has one for each of the earlier version. */
export function restoreArrays(
  parent: Root,
  from: Root,
  freshIds: readonly Uint8Array[],
): { readonly arrays: readonly ArrayEntry[]; readonly applied: readonly RestoredArray[] } {
  assert(freshIds.length === from.arrays.length, 'there is an id for each array');
  const present = new Map(parent.arrays.map((array) => [toHex(array.id), array]));
  const applied: RestoredArray[] = [];
  const arrays = from.arrays.map((array, i) => {
    const current = present.get(toHex(array.id));
    present.delete(toHex(array.id));
    if (current === undefined) {
      const id = defined(freshIds[i], 'id of an array');
      const change = make(v1.ArrayChange, { array: id, created: true });
      applied.push({ change, tally: { base: 0, added: array.liveRows, dropped: 0 } });
      return evolve(array, { id });
    }
    if (!isSameArray(array, from, current, parent)) applied.push(changed(current, array));
    return evolve(array, {
      nextRowId: Math.max(array.nextRowId, current.nextRowId),
      nextAttributeId: Math.max(array.nextAttributeId, current.nextAttributeId),
      // Of one that is restored this version says so.
      ...{ modifiedVersion: current.modifiedVersion, modifiedMs: current.modifiedMs },
    });
  });
  for (const { id, liveRows } of present.values()) {
    const change = make(v1.ArrayChange, { array: id, dropped: true });
    const effect = { kind: 'dropArray' as const, array: toHex(id) };
    applied.push({ change, tally: { base: 0, added: 0, dropped: liveRows }, effect });
  }
  return { arrays, applied };
}

function changed(current: ArrayEntry, array: ArrayEntry): RestoredArray {
  const { id, liveRows } = current;
  const keyed = current.key?.attribute !== array.key?.attribute;
  // Writers of earlier releases do not know `restored`; `dropped` stops what they have under way.
  const change = make(v1.ArrayChange, { array: id, restored: true, dropped: true, keyed });
  const more = array.liveRows - liveRows;
  const tally = { base: 0, added: Math.max(0, more), dropped: Math.max(0, -more) };
  return { change, tally, effect: { kind: 'restored', array: toHex(id), keyed } };
}

/** Whether nothing of an array changed. Slots keep their objects, so equal entries most often mean it. */
export function isSameArray(a: ArrayEntry, ofA: Root, b: ArrayEntry, ofB: Root): boolean {
  // What was restored is the same at another time.
  const [first, second] = [a, b].map((entry) =>
    encode(v1.Array, evolve(entry, { modifiedVersion: 0, modifiedMs: 0 })),
  );
  if (!equalBytes(defined(first, 'entry'), defined(second, 'entry'))) return false;
  // What a newer release says may refer to objects, too.
  if (hasUnknownFields(a)) return false;
  const hashIn = (root: Root, slot: number): Uint8Array =>
    defined(root.objects?.objects[slot], 'object of an array').hash;
  return slotsOfArray(a).every((slot) => equalBytes(hashIn(ofA, slot), hashIn(ofB, slot)));
}

/** Of every object that an array refers to. */
export function slotsOfArray(entry: ArrayEntry): number[] {
  return [
    ...[...entry.partitions, ...entry.columns].flatMap(slotsOfPartition),
    ...[...entry.segments, ...entry.columnSegments].map(({ object }) => object),
    ...entry.dropped.flatMap(slotsOfRowSet),
    ...entry.indexes.flatMap(slotsOf),
    ...withoutIndexes(entry, []).removed,
  ];
}

export function slotsOfPartition({ object, rowIds }: Partition): number[] {
  return rowIds === null ? [object] : [object, ...slotsOfRowSet(rowIds)];
}

function slotsOfRowSet(set: RowSet): number[] {
  return inlineBytes(set) === undefined && set.count > 0 ? [set.object] : [];
}
