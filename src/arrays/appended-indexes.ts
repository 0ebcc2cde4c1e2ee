// Indexes the attributes of rows while they are appended, where the array has indexes of them: filters go by
// these from the commit on. Few rows are left to their columns: a segment costs the root more than they do.
//
// Columns come in the order of rows, each of one file, so that segments end where files do. How many values
// there are is known once all came: sets and blocks are made side by side until sets are refused.
import type { Column } from '../attributes/column.js';
import { inBytes } from '../attributes/native-column.js';
import { isNacreError, NacreError } from '../errors.js';
import type {
  AppendedAttributeSegmentDraft,
  AttributeDraft,
  Change,
  MergedAttributeSegments,
} from '../manifest/transaction.js';
import { fromNative } from '../native.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { throwIfAborted } from '../util/runtime.js';
import type { ArrayView } from './array-view.js';
import { writeAttributeIndex } from './attribute-index.js';
import { heldBytes, segmentRows } from './attribute-index-builder.js';
import { mergeSegments } from './attribute-index-merge.js';
import { typeOfNumber } from './column-message.js';
import type { ArrayEnvironment } from './environment.js';
import { writeSortedIndex } from './sorted-index.js';

/** Fewer rows of one transaction are not indexed. */
const fewRows = 4096;

/**
 * Segments of an index to which an append adds one. They stay far fewer, since they are merged; but those of
 * lists are not, and of the texts of others there may be too many bytes.
 */
const mostSegments = 64;

/** The columns of one file of appended rows. */
export interface AppendedColumns {
  readonly firstRow: number;
  readonly drafts: readonly AttributeDraft[];
  readonly columns: readonly Column[];
}

/** Of one array and transaction. */
export class AppendedIndexes {
  readonly #environment: ArrayEnvironment;
  readonly #view: ArrayView;
  readonly #options: CallOptions;
  readonly #attributes = new Map<number, AppendedValues>();
  readonly #mostBytes: number;
  /** Who appends rows waits for those that append the rows before. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(environment: ArrayEnvironment, view: ArrayView, options: CallOptions) {
    this.#environment = environment;
    this.#view = view;
    this.#options = options;
    this.#mostBytes = heldBytes(environment) / Math.max(1, view.entry.attributeIndexes.length);
  }

  /**
   * Takes files in their order; `work` gives them to the function that it gets. Whoever calls first has the
   * first rows. What goes wrong is thrown by both.
   */
  take<T>(work: (add: (file: AppendedColumns) => Promise<void>) => Promise<T>): Promise<T> {
    const before = this.#last;
    const done = work(async (file) => {
      await before;
      await this.#add(file);
    });
    this.#last = Promise.all([before, done]);
    // Whoever waits for it hears of it.
    this.#last.catch(() => undefined);
    return done;
  }

  async #add({ firstRow, drafts, columns }: AppendedColumns): Promise<void> {
    throwIfAborted(this.#options.signal);
    await Promise.all(
      drafts.map(async (draft, i) => {
        const { id } = draft;
        if (id === undefined || this.#view.attributeIndex(id) === undefined) return;
        const known = this.#attributes.get(id);
        const of = { ...draft, id };
        const most = this.#mostBytes;
        const values = known ?? new AppendedValues(this.#environment, this.#view, of, most, this.#options);
        this.#attributes.set(id, values);
        await values.add(firstRow, defined(columns[i], 'column'));
      }),
    );
  }

  /** What the segments are to the manifest, once all rows came. */
  async finish(): Promise<readonly Change[]> {
    await this.#last;
    return (await Promise.all([...this.#attributes.values()].map((values) => values.finish()))).flat();
  }
}

/** The rows of the segment that is under way. */
interface Growing {
  readonly firstRow: number;
  rows: number;
  sets: ReturnType<ArrayEnvironment['native']['createValueSetBuilder']> | undefined;
  blocks: ReturnType<ArrayEnvironment['native']['createSortedBlockBuilder']> | undefined;
}

/** Of one attribute. */
class AppendedValues {
  readonly #environment: ArrayEnvironment;
  readonly #view: ArrayView;
  readonly #attribute: AttributeDraft & { readonly id: number };
  readonly #mostBytes: number;
  readonly #options: CallOptions;
  readonly #segments: AppendedAttributeSegmentDraft[] = [];
  /** Segments that may come to those that are there. */
  readonly #room: number;
  #growing: Growing | undefined;
  #merges: Promise<readonly MergedAttributeSegments[]> | undefined;

  constructor(
    environment: ArrayEnvironment,
    view: ArrayView,
    attribute: AttributeDraft & { readonly id: number },
    mostBytes: number,
    options: CallOptions,
  ) {
    this.#environment = environment;
    this.#view = view;
    this.#attribute = attribute;
    this.#mostBytes = mostBytes;
    this.#options = options;
    this.#room = mostSegments - (view.attributeIndex(attribute.id)?.length ?? 0);
  }

  async add(firstRow: number, column: Column): Promise<void> {
    if (this.#segments.length >= this.#room) return;
    const end = firstRow + column.rows;
    if (this.#growing !== undefined && end - this.#growing.firstRow > segmentRows) await this.#endSegment();
    this.#growing ??= this.#begin(firstRow);
    const growing = this.#growing;
    const { sets, blocks } = growing;
    // Rows that came without the attribute.
    const missing = firstRow - growing.firstRow - growing.rows;
    if (missing > 0) for (const builder of [sets, blocks]) builder?.addNulls(missing);
    const given = inBytes(column);
    try {
      if (sets !== undefined && (await sets.add(given)) !== null) growing.sets = undefined;
      if (blocks !== undefined && !(await blocks.add(given))) growing.blocks = undefined;
    } catch (error) {
      throw fromNative(error);
    }
    growing.rows = end - growing.firstRow;
    if (growing.rows >= fewRows) this.#startMerges();
    if ((blocks?.heldBytes() ?? 0) >= this.#mostBytes) await this.#endSegment();
  }

  #begin(firstRow: number): Growing {
    const { native } = this.#environment;
    const { type, name } = this.#attribute;
    const hasOrder = !['bool', 'strings'].includes(typeOfNumber(type, name));
    const blocks = hasOrder ? native.createSortedBlockBuilder() : undefined;
    return { firstRow, rows: 0, sets: native.createValueSetBuilder(), blocks };
  }

  async #endSegment(): Promise<void> {
    const growing = this.#growing;
    this.#growing = undefined;
    if (growing === undefined || growing.rows < fewRows || this.#segments.length >= this.#room) return;
    const { firstRow, rows, sets, blocks } = growing;
    const segment = await this.#upload(sets, blocks, rows);
    if (segment === undefined) return;
    const { object, directoryBytes, kind } = segment;
    this.#segments.push({ object, directoryBytes, firstRow, rows, ...(kind !== undefined && { kind }) });
  }

  /** Nothing of values that there is no index for. Row ids are the commit's to give. */
  async #upload(sets: Growing['sets'], blocks: Growing['blocks'], rows: number) {
    const { id } = this.#view.entry;
    const type = typeOfNumber(this.#attribute.type, this.#attribute.name);
    const where = [this.#environment, id, type, { firstRowId: 0, rows }] as const;
    const failed = (error: unknown): never => {
      throw fromNative(error);
    };
    if (sets !== undefined)
      return writeAttributeIndex(...where, await sets.finish().catch(failed), this.#options);
    if (blocks === undefined) return undefined;
    return writeSortedIndex(...where, await blocks.finish().catch(failed), this.#options);
  }

  /** Segments that were there, where they are too many; meanwhile rows are on their way. */
  #startMerges(): void {
    if (this.#merges !== undefined) return;
    const merging = mergeSegments(this.#environment, this.#view, this.#attribute, this.#options);
    this.#merges = merging.catch((error: unknown) => this.#giveUp(error));
    // Whoever waits for it hears of it.
    this.#merges.catch(() => undefined);
  }

  async finish(): Promise<readonly Change[]> {
    await this.#endSegment();
    const merges = (await this.#merges) ?? [];
    const segments = this.#segments;
    if (segments.length === 0 && merges.length === 0) return [];
    const { id } = this.#view;
    return [{ kind: 'extendAttributeIndex', array: id, attribute: this.#attribute, segments, merges }];
  }

  /** Reports damage of what is there, which is no reason to lose rows; any other error goes on. */
  #giveUp(cause: unknown): readonly MergedAttributeSegments[] {
    if (!isNacreError(cause, 'Corrupt')) throw cause;
    const { name } = this.#view;
    this.#environment.warn?.(
      new NacreError('Corrupt', `segments of an index of '${name}' are not merged: ${cause.message}`, {
        cause,
        context: { ...cause.context, array: name },
        hint: 'The rows are appended. Run `nacre repair` to put back the right bytes.',
      }),
    );
    return [];
  }
}

/** What the indexes of appended rows are to the manifest. */
export async function finishIndexes(
  arrays: readonly { readonly appendedIndexes: AppendedIndexes | undefined }[],
): Promise<readonly Change[]> {
  const changes = await Promise.all(
    arrays.map(async (array) => (await array.appendedIndexes?.finish()) ?? []),
  );
  return changes.flat();
}
