// An attribute that is to become the key of rows that are there: whether each live row has one, and no two
// the same.
import { firstNull, type KeyColumn, KeyTable, keyText } from '../attributes/key-table.js';
import { sliceColumn } from '../attributes/slice.js';
import { valueAt } from '../attributes/values.js';
import { NacreError } from '../errors.js';
import type { CallOptions } from '../storage/object-store.js';
import { inOrderAhead } from '../util/ahead.js';
import { lowerBound, mergeSorted, slice } from '../util/sorted.js';
import type { ArrayView } from './array-view.js';
import { readColumns } from './column-reader.js';
import type { ColumnWindow } from './column-sources.js';
import type { ArrayEnvironment } from './environment.js';
import type { KeyAttribute } from './key-attribute.js';
import { patchedKeys, windowsOf } from './key-lookup.js';
import { checkRoom } from './pending-keys.js';

/** Windows that are read at once at most. */
const windowsAhead = 4;

/**
 * `InvalidArgument` for a live row without a key, or two of one, `dropped` left out. Cost: one read of the
 * column; memory has all keys.
 */
export async function checkUnique(
  environment: ArrayEnvironment,
  view: ArrayView,
  key: KeyAttribute,
  dropped: Float64Array,
  options: CallOptions,
): Promise<void> {
  const table = new KeyTable(key.type);
  const map = await view.rowMap(options);
  const read = async (window: ColumnWindow) => {
    const { start, end } = window;
    const [dense, patched, gone] = await Promise.all([
      readDense(environment, window, options),
      patchedKeys(environment, window, key, options),
      map.droppedWithin(start, end),
    ]);
    return { start, end, dense, patched, dead: mergeSorted(gone, slice(dropped, start, end)) };
  };
  const windows = windowsOf(environment, view, key, await view.columnFiles(options));
  for await (const { start, end, dense, patched, dead } of inOrderAhead(windows, windowsAhead, read)) {
    for (const [from, to] of runsOf(patched.ids, dead)) {
      const some = sliceColumn(patched.column, from, to) as KeyColumn;
      await addRows(table, view, key, some, patched.ids[from] as number);
    }
    const others = mergeSorted(dead, patched.ids);
    for (const [from, to] of gapsOf(others, start, end)) {
      if (dense === undefined) throw without(view, key, from);
      await addRows(table, view, key, sliceColumn(dense, from - start, to - start) as KeyColumn, from);
    }
    checkRoom(environment, table, view.name);
  }
}

async function readDense(
  { pages }: ArrayEnvironment,
  { start, end, sources: [dense] }: ColumnWindow,
  options: CallOptions,
): Promise<KeyColumn | undefined> {
  if (dense === undefined) return undefined;
  const { source, firstRowId } = dense;
  const stretch = { source, start: start - firstRowId, end: end - firstRowId };
  const [column] = await readColumns(pages, [stretch], 'here', options);
  return column as KeyColumn;
}

async function addRows(
  table: KeyTable,
  { name }: ArrayView,
  key: KeyAttribute,
  column: KeyColumn,
  firstId: number,
): Promise<void> {
  const row = firstNull(column);
  if (row >= 0) throw without({ name }, key, firstId + row);
  await table.add(column, firstId, (earlier, later) => {
    const text = keyText(valueAt(column, later - firstId));
    const what = `the rows of '${name}' with the ids ${earlier} and ${later} have the same '${key.name}' ${text}`;
    throw new NacreError('InvalidArgument', what, {
      context: { array: name, attribute: key.name, key: text, ids: [earlier, later] },
      hint: 'A key is of one row: drop one of both, or give it another value, first.',
    });
  });
}

function without({ name }: Pick<ArrayView, 'name'>, key: KeyAttribute, id: number): NacreError {
  return new NacreError('InvalidArgument', `the row of '${name}' with the id ${id} has no '${key.name}'`, {
    context: { array: name, attribute: key.name, id },
    hint: 'Every row has a key: give it a value, or drop it, first.',
  });
}

/** The stretches of `[start, end)` without these members. */
function* gapsOf(members: Float64Array, start: number, end: number): Generator<[number, number]> {
  let from = start;
  for (const member of members) {
    if (from < member) yield [from, member];
    from = member + 1;
  }
  if (from < end) yield [from, end];
}

/** Places in `ids` of those that follow each other, without the dead ones. */
function* runsOf(ids: Float64Array, dead: Float64Array): Generator<[number, number]> {
  for (let from = 0; from < ids.length; ) {
    let to = from + 1;
    if (!has(dead, ids[from] as number)) {
      while (to < ids.length && ids[to] === (ids[to - 1] as number) + 1 && !has(dead, ids[to] as number))
        to++;
      yield [from, to];
    }
    from = to;
  }
}

function has(sorted: Float64Array, value: number): boolean {
  return sorted[lowerBound(sorted, value)] === value;
}
