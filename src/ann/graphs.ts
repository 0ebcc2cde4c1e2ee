// Graphs as they are searched.
import type { CodeList } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { type CodeTransform, fromNative } from '../native.js';
import type { HnswSegment } from '../native/hnsw.js';

/** By the list of a view that a segment stands for. */
const opened = new WeakMap<CodeList, HnswSegment>();

/** By what it was selected from, and by the rows that may not be found; a promise until that is done. */
const selections = new WeakMap<HnswSegment, WeakMap<Uint8Array, HnswSegment | Promise<HnswSegment>>>();

/** A segment, of which none of the rows of `dead` are found. Selecting costs some ns a row, once. */
export function openGraph(
  { native }: ArrayEnvironment,
  transform: CodeTransform,
  list: CodeList,
  bytes: Uint8Array,
  dead: Uint8Array | undefined,
): HnswSegment | Promise<HnswSegment> {
  try {
    let segment = opened.get(list);
    if (segment === undefined) {
      segment = native.openHnswSegment(transform, bytes);
      opened.set(list, segment);
    }
    return dead === undefined ? segment : without(segment, bytes, dead);
  } catch (error) {
    throw fromNative(error);
  }
}

function without(
  segment: HnswSegment,
  bytes: Uint8Array,
  dead: Uint8Array,
): HnswSegment | Promise<HnswSegment> {
  const known = selections.get(segment) ?? new WeakMap<Uint8Array, HnswSegment | Promise<HnswSegment>>();
  selections.set(segment, known);
  const selected = known.get(dead);
  if (selected !== undefined) return selected;
  const selecting = segment.select(bytes, undefined, dead).then(
    (made) => {
      known.set(dead, made);
      return made;
    },
    (error: unknown) => {
      known.delete(dead);
      throw fromNative(error);
    },
  );
  known.set(dead, selecting);
  return selecting;
}
