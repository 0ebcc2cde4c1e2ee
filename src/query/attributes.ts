// Attributes of an array as queries name them, and their values as users get them.
import type { ArrayView } from '../arrays/array-view.js';
import { typeOfNumber } from '../arrays/column-message.js';
import { readValues, type WindowRows } from '../arrays/column-reader.js';
import { ColumnSources } from '../arrays/column-sources.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { uniqueSorted } from '../arrays/row-order.js';
import type { Attribute, AttributeType } from '../attributes/column.js';
import type { Value } from '../attributes/values.js';
import { NacreError } from '../errors.js';
import { nearestName } from '../manifest/names.js';
import type { CallOptions } from '../storage/object-store.js';
import { isAscending, lowerBound, slice } from '../util/sorted.js';

/**
 * The value of an attribute. Of `int` a number where JavaScript holds it exactly, else a bigint; of
 * `timestamp` a Date, which knows milliseconds (what is finer is cut off), and microseconds since 1970 as a
 * bigint where Dates do not reach: beyond the year 275760.
 */
export type AttributeValue = boolean | number | bigint | string | Date | readonly string[] | null;

export type RowAttributes = Readonly<Record<string, AttributeValue>>;

export type KnownAttribute = Attribute & { readonly id: number };

/** In the order in which they were made. `UnsupportedFormat` for a type of a newer release. */
export function attributesOf(view: ArrayView): readonly KnownAttribute[] {
  return view.entry.attributes.map(({ id, name, type }) => ({ id, name, type: typeOfNumber(type, name) }));
}

/** Attributes by their names; all of them by `*`. `InvalidArgument` with the nearest name. */
export function selectedAttributes(view: ArrayView, names: readonly string[]): readonly KnownAttribute[] {
  const all = attributesOf(view);
  return names.flatMap((name) => {
    if (name === '*') return all;
    const found = all.find((one) => one.name === name);
    if (found !== undefined) return found;
    const known = all.map((one) => one.name);
    const near = nearestName(name, known);
    const listed = known.length === 0 ? 'It has none.' : `They are ${known.slice(0, 20).join(', ')}.`;
    throw new NacreError('InvalidArgument', `array '${view.name}' has no attribute '${name}'`, {
      context: { array: view.name, attribute: name },
      hint: near === undefined ? listed : `Did you mean '${near}'?`,
    });
  });
}

/**
 * Attributes of rows by their ids, in any order. Cost: one wave, or two where entries stand in segments that
 * were not read yet; some 8 KiB for each row and attribute, of whole blocks of 64 KiB.
 */
export async function attributesOfRows(
  environment: ArrayEnvironment,
  view: ArrayView,
  attributes: readonly KnownAttribute[],
  ids: Float64Array,
  options: CallOptions = {},
): Promise<RowAttributes[]> {
  const lists = await valuesOfRows(environment, view, attributes, ids, options);
  return Array.from(ids, (_, place) =>
    Object.fromEntries(
      attributes.map(({ name, type }, i) => [name, valueForUsers(type, lists[i]?.[place] ?? null)]),
    ),
  );
}

/** Of each attribute the values of rows by their ids, in any order. Cost: as of `attributesOfRows`. */
export async function valuesOfRows(
  environment: ArrayEnvironment,
  view: ArrayView,
  attributes: readonly KnownAttribute[],
  ids: Float64Array,
  options: CallOptions = {},
): Promise<readonly (readonly Value[])[]> {
  if (isAscending(ids)) return valuesInOrder(environment, view, attributes, ids, options);
  const sorted = uniqueSorted(ids);
  const lists = await valuesInOrder(environment, view, attributes, sorted, options);
  const places = Array.from(ids, (id) => lowerBound(sorted, id));
  return lists.map((list) => places.map((place) => list[place] ?? null));
}

async function valuesInOrder(
  { pages, functions }: ArrayEnvironment,
  view: ArrayView,
  attributes: readonly KnownAttribute[],
  ids: Float64Array,
  options: CallOptions,
): Promise<readonly (readonly Value[])[]> {
  const files = await view.columnFiles(options);
  const sources = new ColumnSources(attributes, files, view.entry.nextRowId, functions.rowSets);
  const windows = sources
    .windows()
    .map((window): WindowRows => ({ window, ids: slice(ids, window.start, window.end) }))
    .filter((one) => one.ids.length > 0);
  return readValues(pages, windows, attributes.length, options);
}

/** A value as users get it. */
export function valueForUsers(type: AttributeType, value: Value): AttributeValue {
  if (typeof value !== 'bigint') return value;
  if (type === 'timestamp') {
    const date = new Date(Number((value - modulo(value, 1000n)) / 1000n));
    return Number.isNaN(date.getTime()) ? value : date;
  }
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** What is left from the multiple below. */
function modulo(value: bigint, of: bigint): bigint {
  return ((value % of) + of) % of;
}
