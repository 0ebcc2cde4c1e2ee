// Appended rows into lists of an index of exact search.
import type { ArrayIndex, ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/row-type.js';
import type { CallOptions } from '../storage/object-store.js';
import type { CodedRowType, SegmentBuilder, SegmentMaker } from './append-index.js';
import { readEpoch } from './epoch.js';
import { hasBits, ListCodes, uploadList } from './exact-codes.js';
import { mergeLists } from './merge-exact.js';

/** Cost: a request for the epoch, the first time. */
export async function exactMaker(
  environment: ArrayEnvironment,
  view: ArrayView,
  index: ArrayIndex,
  { dtype, dimensions }: CodedRowType,
  options: CallOptions,
): Promise<SegmentMaker> {
  const transform = await readEpoch(environment, index.epoch, dimensions, options);
  const coding = { dtype, rowBytes: rowBytesOf(view.type), wantsBits: hasBits(index) };
  const bytesOf = (rows: number): number => transform.listBytes(rows);
  const begin = (): SegmentBuilder => {
    const list = new ListCodes(transform, coding);
    const finish = async () => uploadList(environment, view, await list.finish(), options);
    return { add: (bytes) => list.add(bytes), finish };
  };
  const merge = () => mergeLists(environment, view, transform, index.lists, options);
  return { bytesOf, begin, merge };
}
