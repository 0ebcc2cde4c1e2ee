// Builds the index of exact search: codes of all base rows, in lists in the order of the rows.
//
// Rows are streamed, list by list; what is in memory is one partition and the codes of one list. Dropped and
// overridden rows are coded too: who reads takes them out, so that no later change touches a list.
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { ArrayView } from '../arrays/array-view.js';
import { rowBytesOf } from '../arrays/partition-writer.js';
import type { BasePart } from '../arrays/row-map.js';
import { NacreError } from '../errors.js';
import { v1 } from '../manifest/message.js';
import type { NewObject } from '../manifest/objects.js';
import type { IndexDraft, IndexSegmentDraft } from '../manifest/transaction.js';
import type { CodeTransform, ScanDtype } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { readEpoch, writeEpoch } from './epoch.js';
import { codesOf, hasBits, listBytes, uploadList } from './exact-codes.js';
import { mergeLists } from './merge-exact.js';
import { trainTransform } from './train.js';
import { stretchesOf, uncovered } from './uncovered.js';
import { isOutgrown } from './update.js';

export interface BuildOptions extends CallOptions {
  /**
   * Codes only the rows that no list covers yet, as the index that is there codes them, until the array has
   * four times the rows that it was made for: then it is built anew. Default false.
   */
  readonly update?: boolean;
  /**
   * Beside the codes one bit a coordinate, for searches of precision `bit`: some 1/24 of the bytes of
   * float32. Default false; with `update`, as the index that is there has them.
   */
  readonly bits?: boolean;
  /** Told how many of the rows to be coded are. */
  readonly onProgress?: (codedRows: number, totalRows: number) => void;
}

/**
 * Undefined when every row is covered already. Errors: `UnsupportedFormat`, what reading and uploading
 * throw.
 */
export async function buildExactIndex(
  environment: ArrayEnvironment,
  view: ArrayView,
  dtype: ScanDtype,
  dimensions: number,
  { update = false, bits, onProgress, ...options }: BuildOptions = {},
): Promise<IndexDraft | undefined> {
  const kind = v1.IndexKind.INDEX_KIND_EXACT;
  const before = update ? view.index(kind) : undefined;
  const wantsBits = bits ?? (before !== undefined && hasBits(before));
  const known = before !== undefined && isOutgrown(before, view) ? undefined : before;
  if (known !== undefined && wantsBits && !hasBits(known)) throw withoutBits(view.name);
  const parts = await uncovered(view, known);
  const total = parts.reduce((sum, { part }) => sum + part.rows, 0);
  if (total === 0) return undefined;
  const { transform, epoch } =
    known === undefined
      ? await train(environment, view, parts, dtype, dimensions, options)
      : { transform: await readEpoch(environment, known.epoch, dimensions, options), epoch: undefined };
  const segments: IndexSegmentDraft[] = [];
  let done = 0;
  for (const stretch of stretchesOf(parts, (count) => transform.listBytes(count) <= listBytes)) {
    const rows = { dtype, rowBytes: rowBytesOf(view.type), wantsBits };
    const list = await codesOf(environment, stretch, transform, rows, options);
    const { firstRowId } = stretch;
    segments.push({ ...(await uploadList(environment, view, list, options)), firstRowId });
    done += stretch.rows;
    onProgress?.(done, total);
  }
  if (epoch !== undefined) return { kind, segments, epoch, builtRows: total };
  return {
    kind,
    segments,
    merges: await mergeLists(environment, view, transform, known?.lists ?? [], options),
  };
}

function withoutBits(array: string): NacreError {
  return new NacreError('InvalidArgument', `the index of '${array}' has no bits that could be added to`, {
    context: { array },
    hint: 'Build it anew with bits: `nacre index URI ARRAY --type exact --bits`, without --update.',
  });
}

async function train(
  environment: ArrayEnvironment,
  view: ArrayView,
  parts: readonly BasePart[],
  dtype: ScanDtype,
  dimensions: number,
  options: CallOptions,
): Promise<{ transform: CodeTransform; epoch: NewObject }> {
  const { transform, fields } = await trainTransform(environment, view, parts, dtype, dimensions, options);
  return { transform, epoch: await writeEpoch(environment, view.entry.id, fields, options) };
}
