// Rows by their keys, in the order in which they are asked for.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { findKeys } from '../arrays/key-lookup.js';
import { rowBytesOf } from '../arrays/row-type.js';
import { readPicks } from '../arrays/reader.js';
import { allocate } from '../native/memory.js';
import { keyOfEntry, noKey } from '../arrays/key-attribute.js';
import { firstNull, type KeyColumn, KeyRows, KeyTable, turnRows } from '../attributes/key-table.js';
import { columnOf } from '../attributes/values.js';
import { NacreError } from '../errors.js';
import { type TypedArray, viewAs } from '../npy/dtype.js';
import type { CallOptions } from '../storage/object-store.js';
import { attributesOfRows, type RowAttributes, selectedAttributes } from './attributes.js';
import type { QueryPlace, QueryTime } from './home.js';
import type { RowHit } from './rows.js';

/** Values of a key: of `timestamp` a Date, or microseconds since 1970 as a bigint. */
export type Key = string | number | bigint | Date;

export interface ByKeyOptions extends CallOptions, Partial<QueryTime> {
  /** Attributes that rows come with; `*` stands for all. Default none. */
  readonly select?: readonly string[];
  /** Whether rows come with their values. Default false. */
  readonly values?: boolean;
}

/** A row that has the key. */
export interface KeyedRow extends RowHit {
  /** The row itself, in C order; with `values` only. */
  readonly data?: TypedArray;
}

/** Of each key the row that has it, undefined where none has. */
export async function rowsByKey(
  { environment, view }: QueryPlace,
  keys: readonly Key[],
  { select = [], values = false, ...options }: ByKeyOptions,
): Promise<(KeyedRow | undefined)[]> {
  const key = keyOfEntry(view.entry);
  if (key === undefined) throw noKey(view.name);
  const column = columnOf(key.name, key.type, keys) as KeyColumn;
  const missing = firstNull(column);
  if (missing >= 0) throw new NacreError('InvalidArgument', `key ${missing} of those asked for is null`);
  const attributes = selectedAttributes(view, select);
  const [table, asked] = [new KeyTable(key.type), new KeyRows(column)];
  // A key that is asked for again gets the same row.
  await table.add(column, 0, () => false);
  const places: number[] = [];
  for (let i = 0; i < keys.length; i++) {
    if (i > 0 && i % turnRows === 0) await nextTurn();
    places.push(table.find(asked, i));
  }
  const idOf = new Map<number, number>();
  const wanted = new Set(places).size;
  for await (const hits of findKeys(environment, view, key, table, options)) {
    for (const { rowId, label } of hits) idOf.set(label, rowId);
    if (idOf.size === wanted) break;
  }
  const found = [...idOf];
  const ids = Float64Array.from(found, ([, id]) => id);
  const map = await view.rowMap(options);
  const [rows, lists, data] = await Promise.all([
    map.indicesOf(ids),
    attributes.length === 0 ? undefined : attributesOfRows(environment, view, attributes, ids, options),
    values ? rowsOf(environment, view, ids, options) : undefined,
  ]);
  const hitOf = new Map<number, KeyedRow>();
  for (const [i, [label, id]] of found.entries()) {
    const given: RowAttributes | undefined = lists?.[i];
    const row = data?.[i];
    hitOf.set(label, {
      ...{ row: rows[i] ?? -1, id },
      ...(given && { attributes: given }),
      ...(row && { data: row }),
    });
  }
  return places.map((place) => hitOf.get(place));
}

/** Each row by itself, of memory of its own. */
async function rowsOf(
  { native, pages }: QueryPlace['environment'],
  view: QueryPlace['view'],
  ids: Float64Array,
  options: CallOptions,
): Promise<TypedArray[]> {
  const map = await view.rowMap(options);
  const rowBytes = rowBytesOf(view.type);
  const what = `reading ${ids.length} rows of '${view.name}' by their keys`;
  const room = () => allocate(ids.length * rowBytes, what, native);
  const picks = await map.picksOfList(await map.indicesOf(ids));
  const bytes = await readPicks(picks, rowBytes, room, pages, options);
  const { dtype } = view.type;
  return Array.from(ids, (_, i) => viewAs(dtype, bytes.slice(i * rowBytes, (i + 1) * rowBytes)));
}
