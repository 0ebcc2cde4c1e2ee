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
import { type CodeTransform, fromNative, type RowNorms, type ScanDtype } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { toHex } from '../util/bytes.js';
import { throwIfAborted } from '../util/runtime.js';
import { type BuildJournal, type BuiltIndex, journaled, runOfStretch } from './build-journal.js';
import { readEpoch } from './epoch.js';
import type { OnProgress } from './progress.js';
import { sampleRows } from './sample.js';
import { trainEpoch, type Training } from './train.js';
import { extentOf, type Stretch, stretchesOf, uncovered } from './uncovered.js';
import { uploadIndexObject } from './upload.js';

export interface BuildOptions extends CallOptions {
  /** Codes only the rows that no list covers yet, as the index that is there codes them. Default false. */
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
 * Codes of one object, and a quarter of the memory budget at most: large enough for few requests, small
 * enough to hold one in memory.
 */
const listBytes = 64 * 2 ** 20;

/** Rows that are coded together, `CHUNK_ROWS` of the kernels. */
const chunkRows = 1024;

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
  const known = update ? view.index(kind) : undefined;
  const hasBits = known?.lists.some((list) => list.bits !== undefined) ?? false;
  const wantsBits = bits ?? hasBits;
  if (known !== undefined && wantsBits && !hasBits) throw withoutBits(view.name);
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
    return { kind, segments, ...(trained === undefined ? {} : { epoch: trained.epoch }) };
  };
  return journaled(environment, view, { kind, parameters }, build, options);
}

interface Building {
  readonly environment: ArrayEnvironment;
  readonly view: ArrayView;
  readonly transform: CodeTransform;
  readonly rows: Coding;
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
    const { codes, bits, norms } = await codesOf(environment, stretch, transform, rows, options);
    const upload = (bytes: Uint8Array) => uploadIndexObject(environment, view, bytes, options);
    const object = await upload(codes);
    const isKnown = norms.least > 0 && norms.most < Infinity;
    const claimed = isKnown ? { leastNorm: norms.least, mostNorm: norms.most } : {};
    const of = { ...claimed, ...(bits && { bits: await upload(bits) }) };
    const segment = { object, rows: stretch.rows, ...of };
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

async function train(
  environment: ArrayEnvironment,
  view: ArrayView,
  parts: readonly BasePart[],
  training: Training,
  journal: BuildJournal,
  options: CallOptions,
): Promise<{ transform: CodeTransform; epoch: NewObject }> {
  const { dimensions, onProgress } = training;
  const known = await journal.coding((epoch) => readEpoch(environment, epoch, dimensions, options));
  if (known !== undefined && journal.trained !== undefined)
    return { transform: known, epoch: journal.trained.epoch };
  const sample = await sampleRows(environment, parts, rowBytesOf(view.type), { ...options, onProgress });
  return trainEpoch(environment, view, sample, training, { journal, ...extentOf(parts) }, options);
}

/** How the rows of a list are coded. */
interface Coding {
  readonly dtype: ScanDtype;
  readonly rowBytes: number;
  readonly wantsBits: boolean;
}

async function codesOf(
  environment: ArrayEnvironment,
  { rows, parts }: Stretch,
  transform: CodeTransform,
  { dtype, rowBytes, wantsBits }: Coding,
  options: CallOptions,
): Promise<{ readonly codes: Uint8Array; readonly bits?: Uint8Array; readonly norms: RowNorms }> {
  const codes = new Uint8Array(transform.listBytes(rows));
  const bits = wantsBits ? new Uint8Array(transform.bitBytes(rows)) : undefined;
  // Rows that wait for the rest of their chunk.
  const rest = new Uint8Array(chunkRows * rowBytes);
  let restRows = 0;
  let done = 0;
  let [least, most] = [Infinity, 0];
  const put = async (bytes: Uint8Array): Promise<void> => {
    const count = bytes.byteLength / rowBytes;
    const place = codes.subarray(transform.listBytes(done), transform.listBytes(done + count));
    const bitPlace = bits?.subarray(transform.bitBytes(done), transform.bitBytes(done + count));
    const norms = await transform.encode(dtype, bytes, place, bitPlace).catch((error: unknown) => {
      throw fromNative(error);
    });
    least = Math.min(least, norms.least);
    most = Math.max(most, norms.most);
    done += count;
  };
  for (const { part } of parts) {
    throwIfAborted(options.signal);
    let bytes = (await environment.pages.whole(part, options)).subarray(part.dataOffset);
    if (restRows > 0) {
      const taken = Math.min((chunkRows - restRows) * rowBytes, bytes.byteLength);
      rest.set(bytes.subarray(0, taken), restRows * rowBytes);
      restRows += taken / rowBytes;
      bytes = bytes.subarray(taken);
      if (restRows === chunkRows) {
        await put(rest);
        restRows = 0;
      }
    }
    const whole = Math.floor(bytes.byteLength / rest.byteLength) * rest.byteLength;
    if (whole > 0) await put(bytes.subarray(0, whole));
    rest.set(bytes.subarray(whole), restRows * rowBytes);
    restRows += (bytes.byteLength - whole) / rowBytes;
  }
  if (restRows > 0) await put(rest.subarray(0, restRows * rowBytes));
  if (done !== rows) throw new NacreError('Internal', `${done} of ${rows} rows were coded`);
  return { codes, norms: { least, most }, ...(bits && { bits }) };
}
