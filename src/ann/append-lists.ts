// Appended rows into the lists of an IVF index.
import type { ArrayIndex, ArrayView, CodeList } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { fromNative } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import type { CodedRowType, SegmentBuilder, SegmentMaker } from './append-index.js';
import { readListCoding } from './epoch.js';
import {
  loadSegment,
  makeRuns,
  mergeRuns,
  mergeSegments,
  mostMergedBytes,
  planned,
  type Run,
  uploadSegment,
} from './merge.js';
import { isByDirection } from './metrics.js';

/** Cost: a request for the epoch, the first time. */
export async function listsMaker(
  environment: ArrayEnvironment,
  view: ArrayView,
  index: ArrayIndex,
  { dtype, dimensions }: CodedRowType,
  options: CallOptions,
): Promise<SegmentMaker> {
  const coding = await readListCoding(environment, index.epoch, dimensions, options);
  const { transform, quantizer } = coding;
  const bytesOf = (rows: number): number => transform.listBytes(rows);
  const begin = (): SegmentBuilder => {
    const builder = environment.native.createIvfBuilder(quantizer, dtype, isByDirection(index.metric));
    return {
      add: async (bytes, firstRow) => {
        try {
          await builder.add(bytes, await builder.assign(bytes), firstRow);
        } catch (error) {
          throw fromNative(error);
        }
      },
      finish: async () => {
        const built = await builder.finish().catch((error: unknown) => {
          throw fromNative(error);
        });
        return uploadSegment(environment, view, built, options);
      },
    };
  };
  const make = async ({ lists }: Run) => {
    const load = (list: CodeList) => loadSegment(environment, quantizer, list, options);
    const built = await mergeSegments(environment, quantizer, await Promise.all(lists.map(load)));
    return uploadSegment(environment, view, built, options);
  };
  const fits = (rows: number): boolean => bytesOf(rows) <= mostMergedBytes(environment);
  const merge = async () => (await makeRuns(mergeRuns(planned([], index.lists), fits), make, options)).merges;
  return { bytesOf, begin, merge };
}
