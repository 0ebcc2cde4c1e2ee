// One array at one version: its type, and the map from rows to bytes, made from the manifest when it is first
// needed.
import { linksFeature } from '../manifest/features.js';
import { rootKey } from '../manifest/keys.js';
import { toHex } from '../util/bytes.js';
import { NacreError } from '../errors.js';
import { loadRowSet } from '../manifest/effects.js';
import { bySequence } from '../manifest/fold.js';
import type { ArrayEntry, Calibration, Partition, Root, Segment, SegmentRef } from '../manifest/message.js';
import { resolveObject, type StoredObject } from '../manifest/objects.js';
import { readNamed } from '../manifest/read-checked.js';
import { readSegment } from '../manifest/references.js';
import { inlineBytes } from '../manifest/row-sets.js';
import { checkColdTable, coldRange, objectOf } from '../manifest/segment.js';
import type { ArrayId } from '../manifest/transaction.js';
import { unpackBlockSums } from '../manifest/upload.js';
import type { CallOptions } from '../storage/object-store.js';
import type { RowNorms } from '../native.js';
import { defined } from '../util/assert.js';
import { untilAborted } from '../util/runtime.js';
import { attributeIndexKind, type IndexedRows } from './attribute-index.js';
import type { ColumnFile } from './column-sources.js';
import type { ArrayEnvironment } from './environment.js';
import type { RowType } from './row-type.js';
import type { Override } from './overrides.js';
import { type BasePart, type BaseUnit, RowMap, type ScanPart } from './row-map.js';
import type { Part } from './runs.js';
import { dtypeOfEntry } from './types.js';

/** Sequences say which override is newer. */
type SequencedOverride = Override & { readonly sequence: number; readonly step: number };

const noRows = new Float64Array(0);

/** Partitions of a scan that are kept with a view: some 200 bytes each. */
const keptParts = 4_096;

export class ArrayView {
  readonly id: ArrayId;
  readonly name: string;
  readonly type: RowType;
  readonly liveRows: number;
  readonly entry: ArrayEntry;
  readonly #environment: ArrayEnvironment;
  readonly #root: Root;
  #map: Promise<RowMap> | undefined;
  #scanParts: readonly ScanPart[] | undefined;
  #columnFiles: Promise<readonly ColumnFile[]> | undefined;
  #columnSegments: readonly ColumnSegment[] | undefined;
  readonly #indexes = new Map<number, ArrayIndex>();
  #attributeIndexes: ReadonlyMap<number, readonly IndexedRows[]> | undefined;

  constructor(environment: ArrayEnvironment, root: Root, entry: ArrayEntry) {
    this.#environment = environment;
    this.#root = root;
    this.entry = entry;
    this.id = toHex(entry.id);
    this.name = entry.name;
    this.liveRows = entry.liveRows;
    this.type = { dtype: dtypeOfEntry(entry), rowShape: entry.rowShape, scalar: entry.scalar };
  }

  /** Which dataset it is of, which line of its versions, and which of these. */
  get origin(): Pick<Root, 'dataset' | 'lineage' | 'version'> {
    return this.#root;
  }

  /** Whether some array of the version may have rows in linked objects. */
  get namesLinks(): boolean {
    return this.#root.requiredFeatures.includes(linksFeature);
  }

  /** Cost: one wave for row sets and override segments that stand in objects; none for most arrays. */
  rowMap(options: CallOptions = {}): Promise<RowMap> {
    // Shared by all readers of the snapshot, and its segments are read later: no caller's signal goes in.
    this.#map ??= this.#load().catch((error: unknown) => {
      // A failure (a lost connection) must not stick to the snapshot.
      this.#map = undefined;
      throw error;
    });
    return untilAborted(this.#map, options.signal);
  }

  async #load(): Promise<RowMap> {
    const { rowSets } = this.#environment.functions;
    const [overrides, dropped] = await Promise.all([this.overrides(), this.dropped()]);
    const map = new RowMap(this.units(), overrides, dropped, rowSets);
    if (map.liveRows !== this.liveRows) {
      throw new NacreError(
        'Corrupt',
        `${rootKey(this.#root.version)}: '${this.name}' says ${this.liveRows} rows and has ${map.liveRows}`,
        { context: { array: this.name, version: this.#root.version } },
      );
    }
    return map;
  }

  /** Base partitions and segments of them, ascending by row id. */
  units(options: CallOptions = {}): readonly BaseUnit[] {
    const objects = this.#root.objects;
    const inline = this.entry.partitions
      .filter((partition) => partition.rowIds === null)
      .map((partition): BaseUnit => {
        const base = this.#basePart(
          partition,
          resolveObject(objects, partition.object, this.#where()),
          undefined,
        );
        const { firstRowId, rows } = partition;
        return { firstRowId, rows, foldedDrops: base.folded.length, load: () => Promise.resolve([base]) };
      });
    const segments = this.entry.segments
      .filter((reference) => !reference.overrides)
      .map((reference): BaseUnit => {
        const { firstRowId, rows, droppedRows } = reference;
        return { firstRowId, rows, foldedDrops: droppedRows, load: this.#segmentLoader(reference, options) };
      });
    return [...inline, ...segments].sort((a, b) => a.firstRowId - b.firstRowId);
  }

  /** Oldest first, so that a later one wins. */
  async overrides(options: CallOptions = {}): Promise<readonly Override[]> {
    const inline = this.entry.partitions
      .filter((partition) => partition.rowIds !== null)
      .map(async (partition) => {
        const object = resolveObject(this.#root.objects, partition.object, this.#where());
        const rowIds = defined(partition.rowIds, 'row ids of an override');
        const { store, functions } = this.#environment;
        const ids = await loadRowSet(store, this.#root, rowIds, functions, options);
        const { sequence, step } = partition;
        return { sequence, step, part: this.#part(partition, object, undefined), ids };
      });
    const folded = this.entry.segments
      .filter((reference) => reference.overrides)
      .map((reference) => this.#loadOverrides(reference, options));
    const all = [...(await Promise.all(folded)).flat(), ...(await Promise.all(inline))];
    return all.sort(bySequence);
  }

  async #loadOverrides(reference: SegmentRef, options: CallOptions): Promise<SequencedOverride[]> {
    const { object, segment } = await this.#readSegment(reference, options);
    return segment.partitions.map((partition) => ({
      ...{ sequence: partition.sequence, step: partition.step },
      part: this.#part(partition, objectOf(segment, partition, object.key), { object, reference }),
      ids: defined(inlineBytes(defined(partition.rowIds, 'row ids of an override')), 'inline row ids'),
    }));
  }

  /** Dropped ids that no entry records. */
  async dropped(options: CallOptions = {}): Promise<Uint8Array> {
    const { store, functions } = this.#environment;
    const sets = this.entry.dropped.map((set) => loadRowSet(store, this.#root, set, functions, options));
    const { fromSorted, union } = functions.rowSets;
    return (await Promise.all(sets)).reduce((all, set) => union(all, set), fromSorted(noRows));
  }

  /** Every partition with the rows that a scan passes over; kept for the next scan where there are few. */
  async scanParts(options: CallOptions = {}): Promise<readonly ScanPart[]> {
    if (this.#scanParts !== undefined) return this.#scanParts;
    const parts: ScanPart[] = [];
    for await (const part of (await this.rowMap(options)).scanParts()) parts.push(part);
    if (parts.length <= keptParts) this.#scanParts = parts;
    return parts;
  }

  /** All files of attributes, in no order. Cost: one wave for what stands outside of the root. */
  columnFiles(options: CallOptions = {}): Promise<readonly ColumnFile[]> {
    this.#columnFiles ??= this.#loadColumnFiles().catch((error: unknown) => {
      this.#columnFiles = undefined;
      throw error;
    });
    return untilAborted(this.#columnFiles, options.signal);
  }

  async #loadColumnFiles(): Promise<readonly ColumnFile[]> {
    const segments = this.columnSegments().map(({ load }) => load());
    return [...(await this.inlineColumnFiles()), ...(await Promise.all(segments)).flat()];
  }

  /** Files of attributes that stand in the root. */
  async inlineColumnFiles(): Promise<readonly ColumnFile[]> {
    const files = this.entry.columns.map((partition) =>
      this.#columnFile(
        partition,
        resolveObject(this.#root.objects, partition.object, this.#where()),
        undefined,
      ),
    );
    return Promise.all(files);
  }

  /** Segments with the other ones; each is read on first use. */
  columnSegments(): readonly ColumnSegment[] {
    this.#columnSegments ??= this.entry.columnSegments.map((reference) => {
      const { key } = resolveObject(this.#root.objects, reference.object, this.#where());
      let loaded: Promise<readonly ColumnFile[]> | undefined;
      const load = (): Promise<readonly ColumnFile[]> => {
        loaded ??= this.#loadColumnSegment(reference).catch((error: unknown) => {
          loaded = undefined;
          throw error;
        });
        return loaded;
      };
      return { key, overrides: reference.overrides, end: reference.firstRowId + reference.rows, load };
    });
    return this.#columnSegments;
  }

  async #loadColumnSegment(reference: SegmentRef): Promise<readonly ColumnFile[]> {
    const { object, segment } = await this.#readSegment(reference, {});
    return Promise.all(
      segment.partitions.map((partition) =>
        this.#columnFile(partition, objectOf(segment, partition, object.key), { object, reference }),
      ),
    );
  }

  async #columnFile(
    partition: Partition,
    object: StoredObject,
    home: SegmentHome | undefined,
  ): Promise<ColumnFile> {
    const { columns, sequence, step, firstRowId, rowIds } = partition;
    const part = this.#part(partition, object, home);
    if (rowIds === null) return { part, columns, sequence, step, firstRowId, ids: undefined };
    const { store, functions } = this.#environment;
    const set = await loadRowSet(store, this.#root, rowIds, functions);
    return { part, columns, sequence, step, firstRowId, ids: { set, start: rowIds.start, end: rowIds.end } };
  }

  /** The index of a kind, its objects resolved. */
  index(kind: number): ArrayIndex | undefined {
    const known = this.#indexes.get(kind) ?? this.#index(kind);
    if (known !== undefined) this.#indexes.set(kind, known);
    return known;
  }

  #index(kind: number): ArrayIndex | undefined {
    const entry = this.entry.indexes.find((index) => index.kind === kind);
    if (entry === undefined) return undefined;
    const objects = this.#root.objects;
    const partOf = (object: number, rows: number): Part =>
      this.#part({ rows, dataOffset: 0 }, resolveObject(objects, object, this.#where()), undefined);
    const lists = entry.segments.map((segment) => {
      const { object, bits, firstRowId, rows, leastNorm, mostNorm, headBytes, headCrc } = segment;
      const norms = leastNorm > 0 ? { least: leastNorm, most: mostNorm } : undefined;
      const head = headBytes > 0 ? { bytes: headBytes, crc: headCrc } : undefined;
      const of = bits && { bits: partOf(bits.object, rows) };
      return { part: partOf(object, rows), firstRowId, rows, norms, head, ...of };
    });
    const { metric, builtRows, links, efConstruction, calibrations } = entry;
    const epoch = resolveObject(objects, entry.epoch, this.#where());
    return { epoch, lists, metric, builtRows, links, efConstruction, calibrations };
  }

  /** What an attribute's index covers, ascending; undefined where it has none. */
  attributeIndex(attribute: number): readonly IndexedRows[] | undefined {
    this.#attributeIndexes ??= new Map(
      this.entry.attributeIndexes.map((index) => [
        index.attribute,
        index.segments.map(({ object, firstRowId, rows, directoryBytes, kind }): IndexedRows => {
          const stored = resolveObject(this.#root.objects, object, this.#where());
          const part = this.#part({ rows, dataOffset: directoryBytes }, stored, undefined);
          return { part, firstRowId, rows, directoryBytes, kind: attributeIndexKind(kind) };
        }),
      ]),
    );
    return this.#attributeIndexes.get(attribute);
  }

  #segmentLoader(reference: SegmentRef, options: CallOptions): BaseUnit['load'] {
    let loaded: Promise<readonly BasePart[]> | undefined;
    return () => {
      loaded ??= this.#loadSegment(reference, options).catch((error: unknown) => {
        loaded = undefined;
        throw error;
      });
      return loaded;
    };
  }

  async #readSegment(
    reference: SegmentRef,
    options: CallOptions,
  ): Promise<{ readonly object: StoredObject; readonly segment: Segment }> {
    const { store, functions } = this.#environment;
    const object = resolveObject(this.#root.objects, reference.object, this.#where());
    const segment = await readSegment(store, { array: this.entry, reference, object }, functions, options);
    if (segment === undefined) throw missing(object.key);
    return { object, segment };
  }

  async #loadSegment(reference: SegmentRef, options: CallOptions): Promise<readonly BasePart[]> {
    const { object, segment } = await this.#readSegment(reference, options);
    return segment.partitions.map((partition) =>
      this.#basePart(partition, objectOf(segment, partition, object.key), { object, reference }),
    );
  }

  #basePart(partition: Partition, object: StoredObject, home: SegmentHome | undefined): BasePart {
    const { dropped, firstRowId } = partition;
    const folded = dropped.byteLength === 0 ? noRows : this.#environment.functions.rowSets.toSorted(dropped);
    return { part: this.#part(partition, object, home), firstRowId, folded };
  }

  #part(
    { rows, dataOffset }: Pick<Partition, 'rows' | 'dataOffset'>,
    object: StoredObject,
    home: SegmentHome | undefined,
  ): Part {
    let sums: Promise<Uint32Array> | undefined;
    return {
      object,
      rows,
      dataOffset,
      sums: () => {
        sums ??= this.#loadSums(object, home).catch((error: unknown) => {
          sums = undefined;
          throw error;
        });
        return sums;
      },
    };
  }

  async #loadSums(object: StoredObject, home: SegmentHome | undefined): Promise<Uint32Array> {
    if (object.blocks instanceof Uint8Array) return unpackBlockSums(object.blocks);
    if (home === undefined) {
      throw new NacreError('Corrupt', `${object.key} has no block sums`, { context: { key: object.key } });
    }
    const { store, functions } = this.#environment;
    const range = defined(coldRange(object, home.reference), 'cold range');
    const sums = await readNamed(store, home.object, { range }, (bytes) => {
      checkColdTable(bytes, object, home.object.key, functions);
      return unpackBlockSums(bytes);
    });
    if (sums === undefined) throw missing(home.object.key);
    return sums;
  }

  #where(): string {
    return rootKey(this.#root.version);
  }
}

/** Files of attributes that a segment names. */
export interface ColumnSegment {
  readonly key: string;
  readonly overrides: boolean;
  /** Of base files: the row ids are below it. */
  readonly end: number;
  readonly load: () => Promise<readonly ColumnFile[]>;
}

export interface ArrayIndex {
  readonly epoch: StoredObject;
  readonly lists: readonly CodeList[];
  /** Of an index that is of one metric; else empty. */
  readonly metric: string;
  /** Rows of the array when it was made; 0 where that is not known. */
  readonly builtRows: number;
  /** Of graphs: m and efConstruction; else 0. */
  readonly links: number;
  readonly efConstruction: number;
  /** How many lists a query has to look into, or rows its walk has to keep, ascending by k. */
  readonly calibrations: readonly Calibration[];
}

/** Codes of the rows `[firstRowId, firstRowId + rows)`. */
export interface CodeList {
  readonly part: Part;
  /** One bit a coordinate of the same rows. */
  readonly bits?: Part;
  readonly firstRowId: number;
  readonly rows: number;
  /** What the manifest claims of all its rows. */
  readonly norms: RowNorms | undefined;
  /** Of lists of rows that are near each other: the directory of them, which its object begins with. */
  readonly head: { readonly bytes: number; readonly crc: number } | undefined;
}

/** The segment that an entry stands in. */
interface SegmentHome {
  readonly object: StoredObject;
  readonly reference: SegmentRef;
}

function missing(key: string): NacreError {
  return new NacreError('Corrupt', `${key} is missing`, {
    context: { key, damage: 'missing' },
    hint: 'Run `nacre repair` to put it back from a replica or a backup.',
  });
}
