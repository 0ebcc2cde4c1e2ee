// The true nearest rows of queries, put together from parts of an array.

/** Of one query, the nearest first. */
export interface NearestRows {
  readonly ids: Float64Array;
  /** What rows rank by; smaller is nearer. */
  readonly keys: Float64Array;
  /** What is noted of each row: its list, or the effort that finds it. */
  readonly marks: Float64Array;
}

export const noNearest: NearestRows = {
  ids: new Float64Array(0),
  keys: new Float64Array(0),
  marks: new Float64Array(0),
};

/** The `k` nearest of both; a row that is in both counts once, as in the first. */
export function mergeNearest(one: NearestRows, other: NearestRows, k: number): NearestRows {
  if (one.ids.length === 0) return firstOf(other, k);
  const known = new Set(one.ids);
  const all: (readonly [key: number, id: number, mark: number])[] = [];
  for (const from of [one, other]) {
    for (const [i, id] of from.ids.entries()) {
      if (from === one || !known.has(id)) all.push([from.keys[i] ?? 0, id, from.marks[i] ?? 0]);
    }
  }
  // What is not a number ranks last.
  const place = (key: number): number => (Number.isNaN(key) ? Number.POSITIVE_INFINITY : key);
  const difference = (a: number, b: number): number => (a === b ? 0 : a - b);
  all.sort(
    ([a, idA], [b, idB]) =>
      difference(place(a), place(b)) || Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || idA - idB,
  );
  const nearest = all.slice(0, k);
  return {
    keys: Float64Array.from(nearest, ([key]) => key),
    ids: Float64Array.from(nearest, ([, id]) => id),
    marks: Float64Array.from(nearest, ([, , mark]) => mark),
  };
}

function firstOf({ ids, keys, marks }: NearestRows, k: number): NearestRows {
  return { ids: ids.slice(0, k), keys: keys.slice(0, k), marks: marks.slice(0, k) };
}
