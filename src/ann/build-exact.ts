// Builds the index of exact search: codes of all base rows, in lists in the order of the rows.
//
// Rows are streamed, list by list; what is in memory is two windows of rows and the codes of one list.
// Dropped and overridden rows are coded too: who reads takes them out, so that no later change touches a
// list.
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { ArrayView } from '../arrays/array-view.js';
import { rowBytesOf } from '../arrays/row-type.js';
import type { BasePart } from '../arrays/row-map.js';
import { NacreError } from '../errors.js';
import { v1 } from '../manifest/message.js';
import type { NewObject } from '../manifest/objects.js';
import type { IndexDraft, IndexSegmentDraft } from '../manifest/transaction.js';
import type { CodeTransform, ScanDtype } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { toHex } from '../util/bytes.js';
import { type BuildJournal, type BuiltIndex, journaled, runOfStretch } from './build-journal.js';
import { readEpoch } from './epoch.js';
import { codesOf, hasBits, type ListCoding, listBytes, uploadList } from './exact-codes.js';
import { mergeLists } from './merge-exact.js';
import type { OnProgress } from './progress.js';
import { sampleRows } from './sample.js';
import { trainEpoch, type Training } from './train.js';
import { extentOf, stretchesOf, uncovered } from './uncovered.js';
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
  /** Told how far it is: `sample`, `train`, `code`. */
  readonly onProgress?: OnProgress;
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
): Promise<BuiltIndex | undefined> {
  const kind = v1.IndexKind.INDEX_KIND_EXACT;
  const before = update ? view.index(kind) : undefined;
  const wantsBits = bits ?? (before !== undefined && hasBits(before));
  const known = before !== undefined && isOutgrown(before, view) ? undefined : before;
  if (known !== undefined && wantsBits && !hasBits(known)) throw withoutBits(view.name);
  const parts = await uncovered(view, known);
  const total = parts.reduce((sum, { part }) => sum + part.rows, 0);
  if (total === 0) return undefined;
  const epoch = known === undefined ? null : toHex(known.epoch.hash);
  const parameters = { epoch, bits: wantsBits };
  const training = { dtype, dimensions, onProgress };
  const rows = { dtype, rowBytes: rowBytesOf(view.type), wantsBits };
  const build = async (journal: BuildJournal): Promise<IndexDraft> => {
    const trained =
      known === undefined ? await train(environment, view, parts, training, journal, options) : undefined;
    const transform =
      trained?.transform ??
      (await readEpoch(environment, defined(known, 'index').epoch, dimensions, options));
    const coding = { environment, view, transform, rows, journal, total, onProgress, options };
    const segments = await segmentsOf(coding, parts);
    if (trained !== undefined) return { kind, segments, epoch: trained.epoch, builtRows: trained.rows };
    const merges = await mergeLists(environment, view, transform, known?.lists ?? [], options);
    return { kind, segments, merges };
  };
  return journaled(environment, view, { kind, parameters }, build, options);
}

interface Building {
  readonly environment: ArrayEnvironment;
  readonly view: ArrayView;
  readonly transform: CodeTransform;
  readonly rows: ListCoding;
  readonly journal: BuildJournal;
  readonly total: number;
  readonly onProgress: OnProgress | undefined;
  readonly options: CallOptions;
}

async function segmentsOf(building: Building, parts: readonly BasePart[]): Promise<IndexSegmentDraft[]> {
  const { environment, view, transform, rows, journal, total, onProgress, options } = building;
  const most = Math.min(listBytes, environment.memoryBytes / 4);
  const stretches = stretchesOf(parts, (count) => transform.listBytes(count) <= most);
  journal.plan(stretches.map(runOfStretch));
  let done = journal.coveredRows;
  if (journal.isResumed) onProgress?.(done, total, 'resume');
  const segments: IndexSegmentDraft[] = [];
  for (const stretch of stretches) {
    const { firstRowId } = stretch;
    const there = journal.segment(runOfStretch(stretch));
    if (there !== undefined) {
      segments.push({ ...there, firstRowId });
      continue;
    }
    const list = await codesOf(environment, stretch, transform, rows, options);
    const segment = await uploadList(environment, view, list, options);
    await journal.noteSegment(runOfStretch(stretch), segment);
    segments.push({ ...segment, firstRowId });
    done += stretch.rows;
    onProgress?.(done, total, 'code');
  }
  return segments;
}

function withoutBits(array: string): NacreError {
  return new NacreError('InvalidArgument', `the index of '${array}' has no bits that could be added to`, {
    context: { array },
    hint: 'Build it anew with bits: `nacre index URI ARRAY --type exact --bits`, without --update.',
  });
}

interface Trained {
  readonly transform: CodeTransform;
  readonly epoch: NewObject;
  /** How many rows there were. */
  readonly rows: number;
}

async function train(
  environment: ArrayEnvironment,
  view: ArrayView,
  parts: readonly BasePart[],
  training: Training,
  journal: BuildJournal,
  options: CallOptions,
): Promise<Trained> {
  const { dimensions, onProgress } = training;
  const known = await journal.coding((epoch) => readEpoch(environment, epoch, dimensions, options));
  if (known !== undefined && journal.trained !== undefined)
    return { transform: known, epoch: journal.trained.epoch, rows: journal.trained.rows };
  const sample = await sampleRows(environment, parts, rowBytesOf(view.type), { ...options, onProgress });
  const extent = extentOf(parts);
  const trained = await trainEpoch(environment, view, sample, training, { journal, ...extent }, options);
  return { ...trained, rows: extent.rows };
}
