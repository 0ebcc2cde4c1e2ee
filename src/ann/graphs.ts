// Graphs as they are searched.
import type { CodeList } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { type CodeTransform, fromNative } from '../native.js';
import type { HnswSegment } from '../native/hnsw.js';

/** What is read of a segment to open it. */
export const graphHeadBytes = 4096;

/** By the list of a view that a segment stands for. */
const opened = new WeakMap<CodeList, HnswSegment>();

/** By what it was selected from, and by the rows that may not be found. */
const selections = new WeakMap<HnswSegment, WeakMap<Uint8Array, Promise<HnswSegment>>>();

/** A segment, of which none of the rows of `dead` are found. Selecting costs some ns a row, once. */
export async function openGraph(
  { native }: ArrayEnvironment,
  transform: CodeTransform,
  list: CodeList,
  bytes: Uint8Array,
  dead: Uint8Array | undefined,
): Promise<HnswSegment> {
  try {
    let segment = opened.get(list);
    if (segment === undefined) {
      segment = native.openHnswSegment(transform, bytes.subarray(0, graphHeadBytes));
      opened.set(list, segment);
    }
    if (dead === undefined) return segment;
    const known = selections.get(segment) ?? new WeakMap<Uint8Array, Promise<HnswSegment>>();
    selections.set(segment, known);
    let selected = known.get(dead);
    if (selected === undefined) {
      selected = segment.select(bytes, undefined, dead);
      known.set(dead, selected);
      selected.catch(() => known.delete(dead));
    }
    return await selected;
  } catch (error) {
    throw fromNative(error);
  }
}
