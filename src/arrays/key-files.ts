// Files that may have some keys, by what is known of them.
//
// What the files of a base segment hold of a key is remembered, so that the next version's writers need not
// read the segment again to know that none of its rows can have their keys.
import type { KeyTable } from '../attributes/key-table.js';
import { compareValues, type Statistics } from '../attributes/statistics.js';
import type { Value } from '../attributes/values.js';
import type { CallOptions } from '../storage/object-store.js';
import { untilAborted } from '../util/runtime.js';
import type { ArrayView, ColumnSegment } from './array-view.js';
import { statisticsFrom } from './column-message.js';
import type { ColumnFile } from './column-sources.js';
import type { ArrayEnvironment } from './environment.js';

/** Segments of which is remembered what they hold, some 100 bytes each. */
const rememberedSegments = 4_096;

const remembered = new WeakMap<ArrayEnvironment, Map<string, Statistics>>();

/**
 * The files of attributes without base files of rows below `from`, and without base segments that cannot have
 * a key of the table. Overrides are among them in any case: they may hide what a base file has. Cost: one
 * wave for segments.
 */
export async function keyFiles(
  environment: ArrayEnvironment,
  view: ArrayView,
  attribute: { readonly id: number; readonly name: string },
  { table, from }: { readonly table: KeyTable; readonly from: number },
  options: CallOptions,
): Promise<readonly ColumnFile[]> {
  const known = remembered.get(environment) ?? new Map<string, Statistics>();
  remembered.set(environment, known);
  const placeOf = ({ key }: ColumnSegment): string => `${key} ${attribute.id}`;
  const wanted = view.columnSegments().filter((segment) => {
    if (segment.overrides) return true;
    const holds = known.get(placeOf(segment));
    return segment.end > from && (holds === undefined || table.mayMatch(holds));
  });
  const load = async (segment: ColumnSegment): Promise<readonly ColumnFile[]> => {
    const files = await segment.load();
    if (segment.overrides) return files;
    known.delete(placeOf(segment));
    known.set(placeOf(segment), statisticsOfAll(files, attribute));
    const oldest = known.keys().next().value;
    if (known.size > rememberedSegments && oldest !== undefined) known.delete(oldest);
    return files;
  };
  const all = Promise.all([view.inlineColumnFiles(), ...wanted.map(load)]);
  const files = (await untilAborted(all, options.signal)).flat();
  return files.filter(({ ids, firstRowId, part }) => ids !== undefined || firstRowId + part.rows > from);
}

/** Of one attribute in all of the files. */
function statisticsOfAll(
  files: readonly ColumnFile[],
  { id, name }: { readonly id: number; readonly name: string },
): Statistics {
  let [rows, nulls] = [0, 0];
  let least: Value | undefined;
  let most: Value | undefined;
  let isOpen = false;
  for (const { columns, part } of files) {
    const column = columns.find(({ attribute }) => attribute === id);
    if (column === undefined) continue;
    const one = statisticsFrom(column, part.rows, name);
    rows += one.rows;
    nulls += one.nulls;
    if (one.nulls >= one.rows) continue;
    if (one.least === undefined || one.most === undefined) isOpen = true;
    else {
      if (least === undefined || compareValues(one.least, least) < 0) least = one.least;
      if (most === undefined || compareValues(one.most, most) > 0) most = one.most;
    }
  }
  if (isOpen || least === undefined || most === undefined) return { rows, nulls, nans: 0 };
  return { rows, nulls, nans: 0, least, most };
}
