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
import { throwIfAborted } from '../util/runtime.js';
import { readEpoch, writeEpoch } from './epoch.js';
import type { OnProgress } from './progress.js';
import { sampleRows } from './sample.js';
import { trainTransform } from './train.js';
import { type Stretch, stretchesOf, uncovered } from './uncovered.js';
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
): Promise<IndexDraft | undefined> {
  const kind = v1.IndexKind.INDEX_KIND_EXACT;
  const known = update ? view.index(kind) : undefined;
  const hasBits = known?.lists.some((list) => list.bits !== undefined) ?? false;
  const wantsBits = bits ?? hasBits;
  if (known !== undefined && wantsBits && !hasBits) throw withoutBits(view.name);
  const parts = await uncovered(view, known);
  const total = parts.reduce((sum, { part }) => sum + part.rows, 0);
  if (total === 0) return undefined;
  const { transform, epoch } =
    known === undefined
      ? await train(environment, view, parts, { dtype, dimensions, onProgress }, options)
      : { transform: await readEpoch(environment, known.epoch, dimensions, options), epoch: undefined };
  const segments: IndexSegmentDraft[] = [];
  let done = 0;
  const most = Math.min(listBytes, environment.memoryBytes / 4);
  for (const stretch of stretchesOf(parts, (count) => transform.listBytes(count) <= most)) {
    const rows = { dtype, rowBytes: rowBytesOf(view.type), wantsBits };
    const { codes, bits, norms } = await codesOf(environment, stretch, transform, rows, options);
    const upload = (bytes: Uint8Array) => uploadIndexObject(environment, view, bytes, options);
    const object = await upload(codes);
    const isKnown = norms.least > 0 && norms.most < Infinity;
    const claimed = isKnown ? { leastNorm: norms.least, mostNorm: norms.most } : {};
    const of = { ...claimed, ...(bits && { bits: await upload(bits) }) };
    segments.push({ object, firstRowId: stretch.firstRowId, rows: stretch.rows, ...of });
    done += stretch.rows;
    onProgress?.(done, total, 'code');
  }
  return { kind, segments, ...(epoch === undefined ? {} : { epoch }) };
}

function withoutBits(array: string): NacreError {
  return new NacreError('InvalidArgument', `the index of '${array}' has no bits that could be added to`, {
    context: { array },
    hint: 'Build it anew with bits: `nacre index URI ARRAY --type exact --bits`, without --update.',
  });
}

interface Training {
  readonly dtype: ScanDtype;
  readonly dimensions: number;
  readonly onProgress: OnProgress | undefined;
}

async function train(
  environment: ArrayEnvironment,
  view: ArrayView,
  parts: readonly BasePart[],
  { dtype, dimensions, onProgress }: Training,
  options: CallOptions,
): Promise<{ transform: CodeTransform; epoch: NewObject }> {
  const sample = await sampleRows(environment, parts, rowBytesOf(view.type), { ...options, onProgress });
  onProgress?.(0, 1, 'train');
  const { transform, fields } = await trainTransform(environment, dtype, dimensions, sample, options);
  onProgress?.(1, 1, 'train');
  return { transform, epoch: await writeEpoch(environment, view.entry.id, fields, options) };
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
