// Sets of dropped rows that are objects of their own: as one, without the rows that no file has any more.
import type { ArrayEnvironment } from '../../arrays/environment.js';
import { loadRowSet } from '../../manifest/effects.js';
import type { ArrayEntry, Root } from '../../manifest/message.js';
import { inlineBytes } from '../../manifest/row-sets.js';
import type { CompactChange } from '../../manifest/transaction.js';
import { draftRowSet } from '../../manifest/upload.js';
import type { CallOptions } from '../../storage/object-store.js';
import { defined } from '../../util/assert.js';
import type { Track } from './track.js';

/** Undefined where nothing is gained. Cost: a GET for each set, and one PUT. */
export async function dropSets(
  environment: ArrayEnvironment,
  root: Root,
  entry: ArrayEntry,
  { base }: Track,
  options: CallOptions,
): Promise<CompactChange['dropped']> {
  const sets = entry.dropped.filter((set) => inlineBytes(set) === undefined);
  if (sets.length === 0) return undefined;
  const { functions, store } = environment;
  const { union, intersection, range, count } = functions.rowSets;
  const none = range(0, 0);
  const loaded = await Promise.all(sets.map((set) => loadRowSet(store, root, set, functions, options)));
  const dropped = loaded.reduce((all, set) => union(all, set), none);
  const rows = base.reduce(
    (all, { partition: { firstRowId, rows } }) => union(all, range(firstRowId, firstRowId + rows)),
    none,
  );
  const rest = intersection(dropped, rows);
  if (sets.length === 1 && count(rest) === count(dropped)) return undefined;
  const takes = sets.map(({ object }) => defined(root.objects?.objects[object], 'object of a set').id);
  return { takes, set: await draftRowSet(environment, rest, options) };
}
