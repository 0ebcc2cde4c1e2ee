// Indexes of attributes in the place of columns: which sets of an index are the rows of a term, and their
// bytes. Of sorted blocks `sorted.ts` makes sets.
//
// A term is evaluated on each value of a directory of bitmaps, by the rules alone: so every operator that
// there is works, and a value that is not there is answered without a set. An index that is damaged is
// reported, and not used: what it stood for is read as it is.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ArrayView } from '../arrays/array-view.js';
import { type IndexedRows, readDirectory, type ValueDirectory } from '../arrays/attribute-index.js';
import { doubt } from '../arrays/doubt.js';
import type { ColumnWindow } from '../arrays/column-sources.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { readSortedIndex } from '../arrays/sorted-index.js';
import type { Value } from '../attributes/values.js';
import { isNacreError, NacreError } from '../errors.js';
import { fromNative } from '../native.js';
import type { FilledRows } from '../native/value-sets.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { lastAtMost } from '../util/sorted.js';
import type { QueryCounts } from './analysis.js';
import type { KnownAttribute } from './attributes.js';
import type { BoundExpression } from './filter/bind.js';
import { evaluate } from './filter/evaluate.js';
import type { IndexedColumn, OnColumn, Side } from './filter/scan.js';
import {
  type Asked,
  bytesWithin,
  type LoadedIndex,
  loadedIndex,
  type Picked,
  rangesOf,
} from './index-sets.js';
import { hasRanges, loadBlocks } from './sorted.js';

/** Values that terms are evaluated on until the event loop has its turn: some milliseconds. */
const valuesOfTurn = 20_000;

/** Sets by their numbers in the directory: their rows are wanted, or all rows but theirs. */
interface Pick {
  readonly sets: readonly number[];
  readonly to: boolean;
  readonly bytes: number;
}

/** An index that is not what it should be. */
class DamagedIndex extends Error {
  readonly segment: IndexedRows;

  constructor(segment: IndexedRows, cause: NacreError) {
    super(cause.message, { cause });
    this.segment = segment;
  }
}

/** Of one query: the indexes of the attributes that its filter was bound to. */
export class AttributeIndexes {
  readonly #environment: ArrayEnvironment;
  readonly #view: ArrayView;
  readonly #attributes: readonly KnownAttribute[];
  readonly #asked: readonly (readonly Asked[])[];
  /** Of each attribute whether all that is asked of it are ranges of values. */
  readonly #inOrder: readonly boolean[];
  readonly #options: CallOptions;
  readonly #counts: QueryCounts;
  /** Of each attribute the segments of windows that are under way. */
  readonly #loaded: Map<IndexedRows, Promise<LoadedIndex | undefined>>[];
  readonly #damaged = new Set<IndexedRows>();

  constructor(
    environment: ArrayEnvironment,
    view: ArrayView,
    attributes: readonly KnownAttribute[],
    filter: BoundExpression,
    options: CallOptions,
    counts: QueryCounts,
  ) {
    this.#environment = environment;
    this.#view = view;
    this.#attributes = attributes;
    this.#options = options;
    this.#counts = counts;
    const asked = askedOf(filter, 'holds');
    this.#asked = attributes.map((_, i) => asked.filter(({ term }) => term.column === i));
    this.#inOrder = this.#asked.map((terms) => terms.every(({ term }) => hasRanges(term)));
    this.#loaded = attributes.map(() => new Map());
  }

  /** Of each attribute what covers the whole window, where its values are those that came with the rows. */
  covering({ start, end, sources }: ColumnWindow): (IndexedRows | undefined)[] {
    return sources.map((dense, i) => {
      const attribute = defined(this.#attributes[i], 'attribute');
      // A later file has values that no index has.
      if (dense === undefined || dense.sequence > 0) return undefined;
      const segments = this.#view.attributeIndex(attribute.id) ?? [];
      const segment = lastAtMost(segments, start, ({ firstRowId }) => firstRowId);
      const covers = segment !== undefined && end <= segment.firstRowId + segment.rows;
      if (!covers || this.#damaged.has(segment)) return undefined;
      return segment.kind === 'bitmaps' || (segment.kind === 'sorted' && this.#inOrder[i])
        ? segment
        : undefined;
    });
  }

  /**
   * What stands for the columns of a window; nothing for one that is fewer bytes than what of its index would
   * be read. Cost: two waves for a segment, the first time.
   */
  read(
    { start, end }: ColumnWindow,
    segments: readonly (IndexedRows | undefined)[],
  ): Promise<readonly (IndexedColumn | undefined)[]> {
    return Promise.all(
      segments.map(async (segment, i) => {
        if (segment === undefined) return undefined;
        const loaded = await this.#load(segment, i, start);
        if (loaded === undefined) return undefined;
        this.#counts.indexedAttributes.add(defined(this.#attributes[i], 'attribute').name);
        this.#counts.indexedRows += end - start;
        return this.#column(segment, loaded, start, end);
      }),
    );
  }

  /** Reports damage of an index, which is not used from now on; any other error goes on. */
  giveUp(error: unknown): void {
    if (!(error instanceof DamagedIndex)) throw error;
    const { segment, message, cause } = error;
    if (this.#damaged.has(segment)) return;
    this.#damaged.add(segment);
    doubt(this.#environment, [segment.part]);
    const { name } = this.#view;
    const { key } = segment.part.object;
    const what = message.includes(key) ? message : `${key}: ${message}`;
    this.#environment.warn?.(
      new NacreError('Corrupt', `an index of an attribute of '${name}' is damaged and not used: ${what}`, {
        cause,
        context: { key, array: name },
        hint: 'Answers stay right, and take longer. Build it again with `nacre index --attribute`.',
      }),
    );
  }

  /** Windows go by row ids: what lies before `start` is not asked for again. */
  #load(segment: IndexedRows, attribute: number, start: number): Promise<LoadedIndex | undefined> {
    const kept = defined(this.#loaded[attribute], 'segments of an attribute');
    let loading = kept.get(segment);
    if (loading === undefined) {
      loading = this.#read(segment, attribute).catch((error: unknown) => rethrow(segment, error));
      for (const one of kept.keys()) if (one.firstRowId + one.rows <= start) kept.delete(one);
      kept.set(segment, loading);
    }
    return loading;
  }

  async #read(segment: IndexedRows, attribute: number): Promise<LoadedIndex | undefined> {
    const known = defined(this.#attributes[attribute], 'attribute');
    const asked = this.#asked[attribute] ?? [];
    this.#counts.indexBytes += segment.directoryBytes;
    if (segment.kind === 'bitmaps') return this.#readSets(segment, known, asked);
    const index = await readSortedIndex(this.#environment, segment, known, this.#options);
    const found = await loadBlocks(this.#environment, segment, index, asked, this.#options);
    this.#counts.indexBlocks += found?.blocks ?? 0;
    this.#counts.indexBytes += found?.bytes ?? 0;
    return found?.index;
  }

  async #readSets(
    segment: IndexedRows,
    attribute: KnownAttribute,
    asked: readonly Asked[],
  ): Promise<LoadedIndex> {
    const { part } = segment;
    const directory = await readDirectory(this.#environment, segment, attribute, this.#options);
    const picks: (Asked & { readonly pick: Pick })[] = [];
    let spent = 0;
    for (const one of asked) {
      picks.push({ ...one, pick: pickOf(one, directory) });
      spent += directory.values.length;
      if (spent < valuesOfTurn) continue;
      spent = 0;
      await nextTurn();
    }
    const wanted = new Set(picks.flatMap(({ pick }) => pick.sets));
    const ranges = rangesOf(
      [...wanted].sort((a, b) => a - b),
      directory,
    );
    const { pages } = this.#environment;
    const pieces = ranges.length === 0 ? [] : await pages.read(part, ranges, this.#options);
    this.#counts.indexBytes += ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    const bytesAt = bytesWithin(ranges, pieces);
    return loadedIndex(
      picks.map(({ pick: { sets, to, bytes }, ...one }) => ({
        ...one,
        picked: {
          ...{ to, bytes, pieces: rangesOf(sets, directory).map(bytesAt) },
          lengths: Uint32Array.from(sets, (set) => directory.lengths[set] ?? 0),
          counts: Uint32Array.from(sets, (set) => directory.counts[set] ?? 0),
        },
      })),
    );
  }

  #column(segment: IndexedRows, loaded: LoadedIndex, start: number, end: number): IndexedColumn {
    const { native } = this.#environment;
    const { firstRowId, rows } = segment;
    const picked = (term: OnColumn, side: Side): Picked =>
      defined(loaded.get(term)?.[side], 'side of a term that was asked for');
    const given = ({ pieces, lengths, counts, to }: Picked, bits: Uint8Array) => {
      // What is behind the last row is cleared with the rest.
      if (!to) bits.fill(0xff);
      const wanted: FilledRows = { rows, start: start - firstRowId, end: end - firstRowId, to };
      return [pieces, lengths, counts, wanted, bits] as const;
    };
    return {
      type: 'indexed',
      rows: end - start,
      cost: (term, side) => (picked(term, side).bytes * (end - start)) / rows,
      fillNow: (term, side, bits) => {
        try {
          native.fillValueSetsNow(...given(picked(term, side), bits));
        } catch (error) {
          rethrow(segment, fromNative(error));
        }
      },
      fill: (term, side, bits) =>
        native
          .fillValueSets(...given(picked(term, side), bits))
          .catch((error: unknown) => rethrow(segment, fromNative(error))),
    };
  }
}

/** What cannot be read of an index is no damage of the array; a newer release may have written it. */
function rethrow(segment: IndexedRows, error: unknown): never {
  const isOfIndex = isNacreError(error, 'Corrupt') || isNacreError(error, 'UnsupportedFormat');
  throw isOfIndex ? new DamagedIndex(segment, error) : error;
}

/** The terms of a filter, each with the side of it that decides the side of the filter; each pair once. */
function askedOf(filter: BoundExpression, side: Side): readonly Asked[] {
  if (filter.kind === 'constant') return [];
  if (filter.kind === 'not') return askedOf(filter.operand, side === 'holds' ? 'fails' : 'holds');
  if ('operands' in filter) return filter.operands.flatMap((operand) => askedOf(operand, side));
  return [{ term: filter, side }];
}

/**
 * The sets that make one side of a term: those of the values of that side, or all but those of the values of
 * the other side and of nulls, whichever are shorter. A list may have items of both sides: then it goes by
 * whether a list without any is of the side.
 */
function pickOf({ term, side }: Asked, directory: ValueDirectory): Pick {
  const { values, ofLists, lengths } = directory;
  const truths = values.map((value) => truthOf(term, ofLists ? [value as string] : value));
  const nulls = (directory.counts[0] ?? 0) > 0 ? [0] : [];
  // Of a null a term is unknown, but one.
  const ofNulls = term.kind === 'isNull' ? true : null;
  const setsOf = (isOf: (truth: boolean | null) => boolean): number[] => [
    ...(isOf(ofNulls) ? nulls : []),
    ...truths.flatMap((truth, i) => (isOf(truth) ? [i + 1] : [])),
  ];
  const pick = (sets: readonly number[], to: boolean): Pick => ({
    ...{ sets, to },
    bytes: sets.reduce((sum, set) => sum + (lengths[set] ?? 0), 0),
  });
  const wanted = pick(
    setsOf((truth) => truth === (side === 'holds')),
    true,
  );
  const unwanted = pick(
    setsOf((truth) => truth !== (side === 'holds')),
    false,
  );
  if (ofLists) return truthOf(term, []) === (side === 'holds') ? unwanted : wanted;
  return unwanted.bytes < wanted.bytes ? unwanted : wanted;
}

function truthOf(term: OnColumn, value: Value): boolean | null {
  const row: Value[] = [];
  row[term.column] = value;
  return evaluate(term, row);
}
