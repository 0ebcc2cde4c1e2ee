// Sets of dropped rows: those that are objects of their own as one, and all of them without rows that no file
// has and no override lists any more.
import type { ArrayEnvironment } from '../../arrays/environment.js';
import { loadRowSet } from '../../manifest/effects.js';
import type { ArrayEntry, Root, RowSet } from '../../manifest/message.js';
import { inlineBytes } from '../../manifest/row-sets.js';
import type { CompactChange } from '../../manifest/transaction.js';
import { draftRowSet } from '../../manifest/upload.js';
import type { CallOptions } from '../../storage/object-store.js';
import { defined } from '../../util/assert.js';
import type { Track } from './track.js';

/** Undefined where nothing is gained. Cost: a GET for each set that is an object, and one PUT. */
export async function dropSets(
  environment: ArrayEnvironment,
  root: Root,
  entry: ArrayEntry,
  { base, overrides }: Track,
  options: CallOptions,
): Promise<Pick<CompactChange, 'left' | 'dropped'> | undefined> {
  if (entry.dropped.length === 0) return undefined;
  const { functions, store } = environment;
  const { union, intersection, difference, range, count } = functions.rowSets;
  const none = range(0, 0);
  const load = async (sets: readonly RowSet[]): Promise<Uint8Array> => {
    const loaded = await Promise.all(sets.map((set) => loadRowSet(store, root, set, functions, options)));
    return loaded.reduce((all, set) => union(all, set), none);
  };
  const isInline = (set: RowSet): boolean => inlineBytes(set) !== undefined;
  const objects = entry.dropped.filter((set) => !isInline(set));
  const inline = await load(entry.dropped.filter(isInline));
  const dropped = await load(objects);
  const rows = base.reduce(
    (all, { partition: { firstRowId, rows: own } }) => union(all, range(firstRowId, firstRowId + own)),
    overrides.reduce((all, { ids = none }) => union(all, ids), none),
  );
  const left = difference(inline, rows);
  const rest = intersection(dropped, rows);
  const leaves = count(left) > 0 ? { left } : {};
  if (objects.length < 2 && count(rest) === count(dropped)) return count(left) > 0 ? leaves : undefined;
  const takes = objects.map(({ object }) => defined(root.objects?.objects[object], 'object of a set').id);
  return { ...leaves, dropped: { takes, set: await draftRowSet(environment, rest, options) } };
}
