// Codes of the rows of one list of an index of exact search: rows come in any pieces, chunks are whole.
import type { ArrayIndex, ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { NacreError } from '../errors.js';
import type { IndexSegmentDraft } from '../manifest/transaction.js';
import { type CodeTransform, fromNative, type RowNorms, type ScanDtype } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { eachWindowOf, type Stretch } from './uncovered.js';
import { uploadIndexObject } from './upload.js';

/**
 * Codes of one object, and a quarter of the memory budget at most: large enough for few requests, small
 * enough to hold one in memory.
 */
export const listBytes = 64 * 2 ** 20;

/** Rows that are coded together, `CHUNK_ROWS` of the kernels. */
const chunkRows = 1024;

/** How the rows of a list are coded. */
export interface ListCoding {
  readonly dtype: ScanDtype;
  readonly rowBytes: number;
  /** Beside the codes one bit a coordinate. */
  readonly wantsBits: boolean;
}

/** A list; what it holds lies in pieces that follow each other. */
export interface CodedList {
  readonly rows: number;
  readonly codes: readonly Uint8Array[];
  readonly bits?: readonly Uint8Array[] | undefined;
  readonly norms: RowNorms;
}

export class ListCodes {
  readonly #transform: CodeTransform;
  readonly #coding: ListCoding;
  readonly #codes: Uint8Array[] = [];
  readonly #bits: Uint8Array[] = [];
  /** Rows that wait for the rest of their chunk. */
  readonly #rest: Uint8Array;
  #restRows = 0;
  #codedRows = 0;
  #norms: RowNorms = { least: Infinity, most: 0 };

  constructor(transform: CodeTransform, coding: ListCoding) {
    this.#transform = transform;
    this.#coding = coding;
    this.#rest = new Uint8Array(chunkRows * coding.rowBytes);
  }

  get rows(): number {
    return this.#codedRows + this.#restRows;
  }

  /** Takes rows that follow those before; they stay as they are until this resolves. */
  async add(rows: Uint8Array): Promise<void> {
    let left = rows;
    if (this.#restRows > 0) {
      const missing = this.#rest.byteLength - this.#restRows * this.#coding.rowBytes;
      this.#keep(left.subarray(0, missing));
      left = left.subarray(missing);
      if (this.#restRows === chunkRows) await this.#codeRest();
    }
    const whole = left.byteLength - (left.byteLength % this.#rest.byteLength);
    if (whole > 0) await this.#code(left.subarray(0, whole));
    this.#keep(left.subarray(whole));
  }

  /** The list of all rows. */
  async finish(): Promise<CodedList> {
    if (this.#restRows > 0) await this.#codeRest();
    const of = this.#coding.wantsBits ? { bits: this.#bits } : {};
    return { rows: this.#codedRows, codes: this.#codes, norms: this.#norms, ...of };
  }

  #keep(rows: Uint8Array): void {
    const { rowBytes } = this.#coding;
    this.#rest.set(rows, this.#restRows * rowBytes);
    this.#restRows += rows.byteLength / rowBytes;
  }

  async #codeRest(): Promise<void> {
    const rows = this.#rest.subarray(0, this.#restRows * this.#coding.rowBytes);
    this.#restRows = 0;
    await this.#code(rows);
  }

  async #code(rows: Uint8Array): Promise<void> {
    const { dtype, rowBytes, wantsBits } = this.#coding;
    const count = rows.byteLength / rowBytes;
    const codes = new Uint8Array(this.#transform.listBytes(count));
    const bits = wantsBits ? new Uint8Array(this.#transform.bitBytes(count)) : undefined;
    const norms = await this.#transform.encode(dtype, rows, codes, bits).catch((error: unknown) => {
      throw fromNative(error);
    });
    this.#norms = bothNorms(this.#norms, norms);
    this.#codes.push(codes);
    if (bits !== undefined) this.#bits.push(bits);
    this.#codedRows += count;
  }
}

/** Whether rows that are added to the index get bits, too. */
export function hasBits({ lists }: ArrayIndex): boolean {
  return lists.some(({ bits }) => bits !== undefined);
}

/** Of the rows of two lists. */
export function bothNorms(one: RowNorms, other: RowNorms): RowNorms {
  return { least: Math.min(one.least, other.least), most: Math.max(one.most, other.most) };
}

/** The list of the rows of a stretch. */
export async function codesOf(
  environment: ArrayEnvironment,
  stretch: Stretch,
  transform: CodeTransform,
  coding: ListCoding,
  options: CallOptions,
): Promise<CodedList> {
  const list = new ListCodes(transform, coding);
  await eachWindowOf(environment, stretch, coding.rowBytes, (bytes) => list.add(bytes), options);
  const coded = await list.finish();
  const { rows } = stretch;
  if (coded.rows !== rows) throw new NacreError('Internal', `${coded.rows} of ${rows} rows were coded`);
  return coded;
}

/** Uploads a list. Its norms are claimed where every row has one. */
export async function uploadList(
  environment: ArrayEnvironment,
  view: ArrayView,
  { rows, codes, bits, norms: { least, most } }: CodedList,
  options: CallOptions,
): Promise<Omit<IndexSegmentDraft, 'firstRowId'>> {
  const upload = (pieces: readonly Uint8Array[]) => uploadIndexObject(environment, view, pieces, options);
  const object = await upload(codes);
  const claimed = least > 0 && most < Infinity ? { leastNorm: least, mostNorm: most } : {};
  return { object, rows, ...claimed, ...(bits && { bits: await upload(bits) }) };
}
