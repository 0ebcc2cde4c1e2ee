// Codes rows while they are appended, so that approximate search need not scan them as they are. Few rows
// are left as they are: a segment of its own costs every query more than they do.
import type { AppendCoder } from '../arrays/append-coder.js';
import type { ArrayIndex, ArrayView, CodeList } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/partition-writer.js';
import { isNacreError, NacreError } from '../errors.js';
import { v1 } from '../manifest/message.js';
import type { AppendedSegmentDraft, Change, MergedSegments } from '../manifest/transaction.js';
import { fromNative, type ScanDtype } from '../native.js';
import type { IvfBuilder, IvfQuantizer } from '../native/ivf.js';
import type { CallOptions } from '../storage/object-store.js';
import { throwIfAborted } from '../util/runtime.js';
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

/** Fewer rows of one transaction are not coded, unless they have more bytes than the other. */
const fewRows = 1024;
const fewBytes = 4 * 2 ** 20;

/** Codes of one segment, which lie in memory until it is whole. */
const segmentBytes = 64 * 2 ** 20;

interface Opened {
  readonly quantizer: IvfQuantizer;
  readonly listBytes: (rows: number) => number;
  /** Of segments that were there, while the transaction goes on. */
  readonly merges: Promise<readonly MergedSegments[]>;
}

interface Piece {
  readonly rows: Uint8Array;
  readonly firstRow: number;
}

export class AppendCodes implements AppendCoder {
  readonly #environment: ArrayEnvironment;
  readonly #view: ArrayView;
  readonly #index: ArrayIndex;
  readonly #dtype: ScanDtype;
  readonly #rowBytes: number;
  readonly #dimensions: number;
  readonly #options: CallOptions;
  readonly #segments: AppendedSegmentDraft[] = [];
  /** Who waits for so many rows to be done. */
  readonly #turns = new Map<number, () => void>();
  /** Rows that are done: each piece waits for those before it. */
  #doneRows = 0;
  /** Copies of rows that are too few yet. */
  #waiting: Piece[] = [];
  #opened: Opened | undefined;
  #building: { readonly builder: IvfBuilder; readonly firstRow: number; rows: number } | undefined;
  #failed = false;

  constructor(
    environment: ArrayEnvironment,
    view: ArrayView,
    index: ArrayIndex,
    { dtype, dimensions }: { readonly dtype: ScanDtype; readonly dimensions: number },
    options: CallOptions,
  ) {
    this.#environment = environment;
    this.#view = view;
    this.#index = index;
    this.#dtype = dtype;
    this.#dimensions = dimensions;
    this.#rowBytes = rowBytesOf(view.type);
    this.#options = options;
  }

  async add(rows: Uint8Array, firstRow: number): Promise<void> {
    if (rows.byteLength === 0) return;
    await this.#until(firstRow);
    try {
      if (!this.#failed) await this.#take({ rows, firstRow });
    } catch (error) {
      this.#giveUp(error);
      this.#failed = true;
    }
    this.#doneRows = firstRow + rows.byteLength / this.#rowBytes;
    this.#turns.get(this.#doneRows)?.();
  }

  async #until(rows: number): Promise<void> {
    if (this.#doneRows !== rows) await new Promise<void>((turn) => this.#turns.set(rows, turn));
  }

  async #take(piece: Piece): Promise<void> {
    if (this.#opened === undefined) {
      const waiting = [...this.#waiting, piece];
      const bytes = waiting.reduce((sum, { rows }) => sum + rows.byteLength, 0);
      if (bytes < fewRows * this.#rowBytes && bytes <= fewBytes) {
        this.#waiting.push({ ...piece, rows: piece.rows.slice() });
        return;
      }
      this.#opened = await this.#open();
      this.#waiting = [];
      for (const one of waiting) await this.#code(one, this.#opened);
      return;
    }
    await this.#code(piece, this.#opened);
  }

  async #open(): Promise<Opened> {
    const { epoch } = this.#index;
    const coding = await readListCoding(this.#environment, epoch, this.#dimensions, this.#options);
    const { transform, quantizer } = coding;
    const listBytes = (rows: number): number => transform.listBytes(rows);
    const merges = this.#merge(quantizer, listBytes);
    // Whoever waits for it hears of it.
    merges.catch(() => undefined);
    return { quantizer, listBytes, merges };
  }

  async #code({ rows, firstRow }: Piece, { quantizer, listBytes }: Opened): Promise<void> {
    throwIfAborted(this.#options.signal);
    try {
      const { native } = this.#environment;
      const byDirection = isByDirection(this.#index.metric);
      const builder = () => native.createIvfBuilder(quantizer, this.#dtype, byDirection);
      this.#building ??= { builder: builder(), firstRow, rows: 0 };
      const building = this.#building;
      const lists = await building.builder.assign(rows);
      await building.builder.add(rows, lists, firstRow - building.firstRow);
      building.rows += lists.length;
      if (listBytes(building.rows) >= segmentBytes) await this.#endSegment();
    } catch (error) {
      throw fromNative(error);
    }
  }

  async #endSegment(): Promise<void> {
    const building = this.#building;
    if (building === undefined) return;
    this.#building = undefined;
    const built = await building.builder.finish();
    const segment = await uploadSegment(this.#environment, this.#view, built, this.#options);
    this.#segments.push({ ...segment, firstRow: building.firstRow });
  }

  /** Segments that were there, where they are too many. */
  async #merge(
    quantizer: IvfQuantizer,
    listBytes: (rows: number) => number,
  ): Promise<readonly MergedSegments[]> {
    const fits = (rows: number): boolean => listBytes(rows) <= mostMergedBytes(this.#environment);
    const runs = mergeRuns(planned([], this.#index.lists), fits);
    const make = async ({ lists }: Run) => {
      const load = (list: CodeList) => loadSegment(this.#environment, quantizer, list, this.#options);
      const built = await mergeSegments(this.#environment, quantizer, await Promise.all(lists.map(load)));
      return uploadSegment(this.#environment, this.#view, built, this.#options);
    };
    return (await makeRuns(runs, make, this.#options)).merges;
  }

  async finish(rows: number): Promise<readonly Change[]> {
    await this.#until(rows);
    const opened = this.#opened;
    if (opened === undefined || this.#failed) return [];
    await this.#endSegment();
    const merges = await opened.merges.catch((error: unknown) => this.#giveUp(error));
    const of = v1.IndexKind.INDEX_KIND_IVF;
    const epoch = this.#index.epoch.hash;
    return [{ kind: 'extendIndex', array: this.#view.id, of, epoch, segments: this.#segments, merges }];
  }

  /** Reports damage of the index, which is no reason to lose rows; any other error goes on. */
  #giveUp(cause: unknown): readonly MergedSegments[] {
    if (!isNacreError(cause, 'Corrupt')) throw cause;
    const { name } = this.#view;
    this.#environment.warn?.(
      new NacreError('Corrupt', `the index of '${name}' is damaged and not added to: ${cause.message}`, {
        cause,
        context: { ...cause.context, array: name },
        hint: 'Rows that are appended are found, and take longer. Build it again with `nacre index`.',
      }),
    );
    return [];
  }
}
