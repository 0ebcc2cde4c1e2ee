// Segments of one index of rows that are appended: what `append-codes.ts` does for each index of an array.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { doubt, indexParts } from '../arrays/doubt.js';
import { isNacreError, NacreError } from '../errors.js';
import type { StoredObject } from '../manifest/objects.js';
import type {
  AppendedSegmentDraft,
  Change,
  IndexSegmentDraft,
  MergedSegments,
} from '../manifest/transaction.js';
import type { ScanDtype } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { throwIfAborted } from '../util/runtime.js';

/** Codes of one segment at most, in memory until it is whole; those of one partition may be more. */
const segmentBytes = 64 * 2 ** 20;

/** Whole partitions, in the order in which they are appended. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** Counted among the rows that the transaction appends. */
  readonly firstRow: number;
}

/** Rows as they are coded. */
export interface CodedRowType {
  readonly dtype: ScanDtype;
  readonly dimensions: number;
}

/** A segment while its rows come. */
export interface SegmentBuilder {
  /** Rows that follow those before; `firstRow` is counted among the rows of the segment. */
  add(bytes: Uint8Array, firstRow: number): Promise<void>;
  /** Uploads it. */
  finish(): Promise<Omit<IndexSegmentDraft, 'firstRowId'>>;
}

/** What makes segments of one index. */
export interface SegmentMaker {
  /** Bytes of the codes of so many rows. */
  bytesOf(rows: number): number;
  begin(): SegmentBuilder;
  /** Makes few of the segments that are there, where these are too many. */
  merge(): Promise<readonly MergedSegments[]>;
}

/** An index that rows are added to. */
export interface GrowingIndex {
  /** Number of the `IndexKind` enumeration. */
  readonly kind: number;
  readonly epoch: StoredObject;
  /** Reads what rows are coded by. */
  readonly open: () => Promise<SegmentMaker>;
}

interface Opened {
  readonly maker: SegmentMaker;
  /** Made while the transaction goes on. */
  readonly merges: Promise<readonly MergedSegments[]>;
}

export class IndexAppend {
  readonly #environment: ArrayEnvironment;
  readonly #view: ArrayView;
  readonly #index: GrowingIndex;
  readonly #options: CallOptions;
  readonly #segments: AppendedSegmentDraft[] = [];
  #opened: Opened | undefined;
  #building: { readonly builder: SegmentBuilder; readonly firstRow: number; rows: number } | undefined;
  #isDamaged = false;

  constructor(environment: ArrayEnvironment, view: ArrayView, index: GrowingIndex, options: CallOptions) {
    this.#environment = environment;
    this.#view = view;
    this.#index = index;
    this.#options = options;
  }

  /** One call after the other. */
  async add(piece: Piece): Promise<void> {
    if (this.#isDamaged) return;
    try {
      throwIfAborted(this.#options.signal);
      this.#opened ??= await this.#open();
      await this.#code(piece, this.#opened.maker);
    } catch (error) {
      this.#giveUp(error);
      this.#isDamaged = true;
    }
  }

  async #open(): Promise<Opened> {
    const maker = await this.#index.open();
    const merges = maker.merge();
    // Whoever waits for it hears of it.
    merges.catch(() => undefined);
    return { maker, merges };
  }

  async #code({ bytes, rows, firstRow }: Piece, maker: SegmentMaker): Promise<void> {
    const before = this.#building;
    if (before !== undefined && maker.bytesOf(before.rows + rows) > segmentBytes) await this.#endSegment();
    this.#building ??= { builder: maker.begin(), firstRow, rows: 0 };
    const building = this.#building;
    await building.builder.add(bytes, firstRow - building.firstRow);
    building.rows += rows;
  }

  async #endSegment(): Promise<void> {
    const building = this.#building;
    if (building === undefined) return;
    this.#building = undefined;
    this.#segments.push({ ...(await building.builder.finish()), firstRow: building.firstRow });
  }

  /** What the index becomes with all rows that were added; nothing where none was. */
  async finish(): Promise<readonly Change[]> {
    const opened = this.#opened;
    if (opened === undefined || this.#isDamaged) return [];
    await this.#endSegment();
    const merges = await opened.merges.catch((error: unknown) => this.#giveUp(error));
    const { kind: of, epoch } = this.#index;
    const what = { array: this.#view.id, of, epoch: epoch.hash };
    return [{ kind: 'extendIndex', ...what, segments: this.#segments, merges }];
  }

  /** Reports damage of the index, which is no reason to lose rows; any other error goes on. */
  #giveUp(cause: unknown): readonly MergedSegments[] {
    if (!isNacreError(cause, 'Corrupt')) throw cause;
    doubt(this.#environment, indexParts(this.#view));
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
