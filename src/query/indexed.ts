// Indexes of attributes in the place of columns: which sets of an index are the rows of a term, and their
// bytes.
//
// A term is evaluated on each value of the directory, by the rules alone: so every operator that there is
// works, and a value that is not there is answered without a set. An index that is damaged is reported, and
// not used: what it stood for is read as it is.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ArrayView } from '../arrays/array-view.js';
import { type IndexedRows, readDirectory, type ValueDirectory } from '../arrays/attribute-index.js';
import type { ColumnWindow } from '../arrays/column-sources.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { Value } from '../attributes/values.js';
import { isNacreError, NacreError } from '../errors.js';
import { fromNative } from '../native.js';
import type { FilledRows } from '../native/value-sets.js';
import type { ByteRange, CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { lastAtMost } from '../util/sorted.js';
import type { QueryCounts } from './analysis.js';
import type { KnownAttribute } from './attributes.js';
import type { BoundExpression } from './filter/bind.js';
import { evaluate } from './filter/evaluate.js';
import type { IndexedColumn, OnColumn, Side } from './filter/scan.js';

/** Values that terms are evaluated on until the event loop has its turn: some milliseconds. */
const valuesOfTurn = 20_000;

/** A term and the side of it that is asked for. */
interface Asked {
  readonly term: OnColumn;
  readonly side: Side;
}

/** Sets by their numbers in the directory: their rows are wanted, or all rows but theirs. */
interface Pick {
  readonly sets: readonly number[];
  readonly to: boolean;
  readonly bytes: number;
}

/** What the sets of a pick are, as the kernels take them. */
interface Picked extends Pick {
  readonly pieces: readonly Uint8Array[];
  readonly lengths: Uint32Array;
  readonly counts: Uint32Array;
}

type LoadedIndex = ReadonlyMap<OnColumn, { readonly [S in Side]?: Picked }>;

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
  readonly #options: CallOptions;
  readonly #counts: QueryCounts;
  /** Of each attribute the segments of windows that are under way. */
  readonly #loaded: Map<IndexedRows, Promise<LoadedIndex>>[];
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
      return covers && !this.#damaged.has(segment) ? segment : undefined;
    });
  }

  /** What stands for the columns of a window. Cost: two waves for a segment, the first time. */
  read(
    { start, end }: ColumnWindow,
    segments: readonly (IndexedRows | undefined)[],
  ): Promise<readonly (IndexedColumn | undefined)[]> {
    return Promise.all(
      segments.map(async (segment, i) => {
        if (segment === undefined) return undefined;
        const loaded = await this.#load(segment, i, start);
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
    const { name } = this.#view;
    const { key } = segment.part.object;
    this.#environment.warn?.(
      new NacreError('Corrupt', `an index of an attribute of '${name}' is damaged and not used: ${message}`, {
        cause,
        context: { key, array: name },
        hint: 'Answers stay right, and take longer. Build it again with `nacre index --attribute`.',
      }),
    );
  }

  /** Windows go by row ids: what lies before `start` is not asked for again. */
  #load(segment: IndexedRows, attribute: number, start: number): Promise<LoadedIndex> {
    const kept = defined(this.#loaded[attribute], 'segments of an attribute');
    let loading = kept.get(segment);
    if (loading === undefined) {
      loading = this.#read(segment, attribute).catch((error: unknown) => rethrow(segment, error));
      for (const one of kept.keys()) if (one.firstRowId + one.rows <= start) kept.delete(one);
      kept.set(segment, loading);
    }
    return loading;
  }

  async #read(segment: IndexedRows, attribute: number): Promise<LoadedIndex> {
    const { part, directoryBytes } = segment;
    const known = defined(this.#attributes[attribute], 'attribute');
    const directory = await readDirectory(this.#environment, segment, known, this.#options);
    const picks: (Asked & { readonly pick: Pick })[] = [];
    let spent = 0;
    for (const asked of this.#asked[attribute] ?? []) {
      picks.push({ ...asked, pick: pickOf(asked, directory) });
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
    this.#counts.indexBytes += ranges.reduce((sum, { start, end }) => sum + end - start, directoryBytes);
    const bytesAt = ({ start, end }: ByteRange): Uint8Array => {
      const at = ranges.findIndex((range) => range.start <= start && end <= range.end);
      const from = ranges[at]?.start ?? 0;
      return defined(pieces[at], 'sets').subarray(start - from, end - from);
    };
    const loaded = new Map<OnColumn, { [S in Side]?: Picked }>();
    for (const { term, side, pick } of picks) {
      const sides = loaded.get(term) ?? {};
      const { sets } = pick;
      sides[side] = {
        ...pick,
        pieces: rangesOf(sets, directory).map(bytesAt),
        lengths: Uint32Array.from(sets, (set) => directory.lengths[set] ?? 0),
        counts: Uint32Array.from(sets, (set) => directory.counts[set] ?? 0),
      };
      loaded.set(term, sides);
    }
    return loaded;
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

/** Where sets stand in their object; ascending, neighbours together. */
function rangesOf(sets: readonly number[], { starts, lengths }: ValueDirectory): ByteRange[] {
  const ranges: { start: number; end: number }[] = [];
  for (const set of sets) {
    const start = starts[set] ?? 0;
    const end = start + (lengths[set] ?? 0);
    const last = ranges.at(-1);
    if (last?.end === start) last.end = end;
    else ranges.push({ start, end });
  }
  return ranges;
}
