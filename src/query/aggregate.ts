// Numbers of the rows that a filter matches, all together or by the values of an attribute.
import type { ArrayView } from '../arrays/array-view.js';
import { readValues, type WindowRows } from '../arrays/column-reader.js';
import { ColumnSources } from '../arrays/column-sources.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { countBits } from '../attributes/bits.js';
import type { AttributeType } from '../attributes/column.js';
import { compareValues } from '../attributes/statistics.js';
import type { Value } from '../attributes/values.js';
import { NacreError } from '../errors.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { slice } from '../util/sorted.js';
import { type AttributeValue, type KnownAttribute, selectedAttributes, valueForUsers } from './attributes.js';
import { idsOfWindow, type MatchedWindow } from './match.js';

type Function = 'min' | 'max' | 'sum' | 'mean';

/** What is asked of the rows: how many they are, or a number of one attribute's values. */
export type Measure =
  | 'count'
  | { readonly min: string }
  | { readonly max: string }
  | { readonly sum: string }
  | { readonly mean: string };

export type Measures = Readonly<Record<string, Measure>>;

/**
 * `by` is the value that the rows share, where they were told apart. A measure is null where there is no
 * value.
 */
export type Aggregate<M extends Measures> = {
  readonly [Name in keyof M]: M[Name] extends 'count' ? number : AttributeValue;
} & { readonly by?: AttributeValue };

/** Values that rows are told apart by, at most. */
const mostGroups = 100_000;

/** Rows whose values are in memory at once. */
const rowsAtOnce = 65_536;

interface Wanted {
  readonly name: string;
  readonly measure: 'count' | Function;
  /** Index among the attributes that are read. */
  readonly at: number;
  readonly type: AttributeType;
}

/** What was seen of one measure. */
interface Seen {
  count: number;
  sum: bigint | number;
  value: Value;
}

interface Group {
  readonly by: Value;
  rows: number;
  readonly seen: readonly Seen[];
}

export async function aggregate<M extends Measures>(
  { pages, functions }: ArrayEnvironment,
  view: ArrayView,
  matched: AsyncIterable<MatchedWindow>,
  measures: M,
  by: string | undefined,
  options: CallOptions,
): Promise<Aggregate<M>[]> {
  const attributes: KnownAttribute[] = [];
  const find = (name: string): number => {
    const [known] = selectedAttributes(view, [name]);
    return attributes.push(defined(known, 'attribute')) - 1;
  };
  const wanted = Object.entries(measures).map(([name, measure]) => wantedOf(name, measure, find, attributes));
  const key = by === undefined ? -1 : find(by);
  const groups = new Map<unknown, Group>();
  const groupOf = (value: Value): Group => {
    const id = Array.isArray(value) ? JSON.stringify(value) : value;
    const known = groups.get(id);
    if (known !== undefined) return known;
    if (groups.size === mostGroups) {
      throw new NacreError('ResourceExhausted', `'${by ?? ''}' has more than ${mostGroups} values`, {
        hint: 'Tell rows apart by an attribute of fewer values, or filter them first.',
      });
    }
    const seen = wanted.map((): Seen => ({ count: 0, sum: 0, value: null }));
    const group = { by: value, rows: 0, seen };
    groups.set(id, group);
    return group;
  };
  if (by === undefined) groupOf(null);
  const files = attributes.length === 0 ? [] : await view.columnFiles(options);
  const sources = new ColumnSources(attributes, files, view.entry.nextRowId, functions.rowSets).windows();
  for await (const window of matched) {
    const count = countBits(window.bits, window.end - window.start);
    if (attributes.length === 0) groupOf(null).rows += count;
    else {
      const ids = idsOfWindow(window, count);
      for (let start = 0; start < ids.length; start += rowsAtOnce) {
        const some = ids.subarray(start, start + rowsAtOnce);
        const windows = sources
          .map((one): WindowRows => ({ window: one, ids: slice(some, one.start, one.end) }))
          .filter((one) => one.ids.length > 0);
        const lists = await readValues(pages, windows, attributes.length, options);
        for (let row = 0; row < some.length; row++) {
          const group = groupOf(key < 0 ? null : (lists[key]?.[row] ?? null));
          group.rows++;
          for (const [i, { at, measure }] of wanted.entries()) {
            if (at >= 0) see(defined(group.seen[i], 'measure'), measure, lists[at]?.[row] ?? null);
          }
        }
      }
    }
  }
  const sorted = [...groups.values()].sort((a, b) => b.rows - a.rows || compareValues(a.by, b.by));
  const typeOfKey = attributes[key]?.type;
  return sorted.map((group) => {
    const numbers = wanted.map((one, i) => [one.name, result(one, group, defined(group.seen[i], 'measure'))]);
    const of = typeOfKey === undefined ? {} : { by: valueForUsers(typeOfKey, group.by) };
    return { ...Object.fromEntries(numbers), ...of } as Aggregate<M>;
  });
}

function wantedOf(
  name: string,
  measure: Measure,
  find: (attribute: string) => number,
  attributes: readonly KnownAttribute[],
): Wanted {
  if (measure === 'count') return { name, measure, at: -1, type: 'int' };
  const [entry, ...others] = Object.entries(measure) as [Function, string][];
  const known = ['min', 'max', 'sum', 'mean'];
  if (entry === undefined || others.length > 0 || !known.includes(entry[0])) {
    throw new NacreError('InvalidArgument', `'${name}' is no measure`, {
      hint: "A measure is 'count', or one of { min }, { max }, { sum }, { mean } of an attribute.",
    });
  }
  const [what, attribute] = entry;
  const at = find(attribute);
  const type = defined(attributes[at], 'attribute').type;
  const isOfNumbers = what === 'sum' || what === 'mean';
  if (type === 'strings' || (isOfNumbers && type !== 'int' && type !== 'float')) {
    throw new NacreError('InvalidArgument', `'${attribute}' is of ${type}, which has no ${what}`, {
      context: { attribute, type, measure: what },
    });
  }
  return { name, measure: what, at, type };
}

function see(seen: Seen, measure: 'count' | Function, value: Value): void {
  if (value === null) return;
  seen.count++;
  if (measure === 'sum' || measure === 'mean') {
    if (typeof value === 'bigint') seen.sum = (typeof seen.sum === 'bigint' ? seen.sum : 0n) + value;
    else seen.sum = Number(seen.sum) + (value as number);
    return;
  }
  // What is no number is neither the least nor the most, but for want of any other.
  if (seen.value === null || Number.isNaN(seen.value)) seen.value = value;
  else if (Number.isNaN(value)) return;
  else if (measure === 'min' ? compareValues(value, seen.value) < 0 : compareValues(value, seen.value) > 0)
    seen.value = value;
}

function result({ measure, type }: Wanted, { rows }: Group, { count, sum, value }: Seen): AttributeValue {
  if (measure === 'count') return rows;
  if (count === 0) return null;
  if (measure === 'mean') return Number(sum) / count;
  if (measure === 'sum') return typeof sum === 'bigint' ? valueForUsers('int', sum) : sum;
  return valueForUsers(type, value);
}
