// Lists of an index of exact search into fewer, as `merge.ts` plans it. What a chunk holds of a row is moved
// to its place in whole chunks: no row is read.
import type { ArrayView, CodeList } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { Part } from '../arrays/runs.js';
import type { MergedSegments } from '../manifest/transaction.js';
import { type CodeTransform, fromNative, type RowNorms } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { bothNorms, type CodedList, uploadList } from './exact-codes.js';
import { makeRuns, mergeRuns, mostMergedBytes, planned, type Planned, type Run } from './merge.js';

/** Makes few of lists that are there, where these are too many. Cost: a wave of reads for each new one. */
export async function mergeLists(
  environment: ArrayEnvironment,
  view: ArrayView,
  transform: CodeTransform,
  lists: readonly CodeList[],
  options: CallOptions,
): Promise<readonly MergedSegments[]> {
  const most = mostMergedBytes(environment);
  const fits = (rows: number, run: readonly Planned[]): boolean =>
    transform.listBytes(rows) <= most && areAlike(run);
  const make = async (run: Run) =>
    uploadList(environment, view, await joined(environment, transform, run, options), options);
  return (await makeRuns(mergeRuns(planned([], lists), fits), make, options)).merges;
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
