// Appended rows into lists of an index of exact search.
import type { ArrayIndex, ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/partition-writer.js';
import type { Part } from '../arrays/runs.js';
import { type CodeTransform, fromNative, type RowNorms } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import type { CodedRowType, SegmentBuilder, SegmentMaker } from './append-index.js';
import { readEpoch } from './epoch.js';
import { bothNorms, type CodedList, hasBits, ListCodes, uploadList } from './exact-codes.js';
import { makeRuns, mergeRuns, mostMergedBytes, planned, type Planned, type Run } from './merge.js';

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
  const make = async (run: Run) =>
    uploadList(environment, view, await joined(environment, transform, run, options), options);
  const most = mostMergedBytes(environment);
  const fits = (rows: number, run: readonly Planned[]): boolean => bytesOf(rows) <= most && areAlike(run);
  const merge = async () => (await makeRuns(mergeRuns(planned([], index.lists), fits), make, options)).merges;
  return { bytesOf, begin, merge };
}

/** Whether all lists have bits, or none. */
function areAlike(run: readonly Planned[]): boolean {
  const withBits = run.filter(({ of }) => 'part' in of && of.bits !== undefined);
  return withBits.length === 0 || withBits.length === run.length;
}

/** What nothing is known of. */
const anyNorms: RowNorms = { least: 0, most: Infinity };

/** The lists of a run as one. Cost: one wave. */
async function joined(
  { native, pages }: ArrayEnvironment,
  transform: CodeTransform,
  { lists, rows }: Run,
  options: CallOptions,
): Promise<CodedList> {
  const counts = lists.map((list) => list.rows);
  const join = async (parts: readonly Part[], areBits: boolean): Promise<Uint8Array[]> => {
    const pieces = await Promise.all(parts.map((part) => pages.whole(part, options)));
    const whole = await native.joinLists(transform, pieces, counts, areBits).catch((error: unknown) => {
      throw fromNative(error);
    });
    return [whole];
  };
  const bitParts = lists.flatMap(({ bits }) => bits ?? []);
  const [codes, bits] = await Promise.all([
    join(
      lists.map(({ part }) => part),
      false,
    ),
    bitParts.length === 0 ? undefined : join(bitParts, true),
  ]);
  const norms = lists.map((list) => list.norms ?? anyNorms).reduce(bothNorms);
  return { rows, codes, bits, norms };
}
