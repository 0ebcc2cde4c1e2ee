// Parquet files, window by window: a window is a row group, or some pages of one that has more than some
// dozen MiB and says where its pages are. A column of a window is decoded at a time.
import {
  type AsyncBuffer,
  type ColumnMetaData,
  type FileMetaData,
  parquetMetadataAsync,
  type ParquetParsers,
  parquetRead,
  parquetSchema,
  type RowGroup,
} from 'hyparquet';
import type { AttributeType, Column } from '../../attributes/column.js';
import type { AttributeSource } from '../../attributes/source.js';
import type { CallOptions } from '../../storage/object-store.js';
import { throwIfAborted } from '../../util/runtime.js';
import { compressors } from '../parquet/compressors.js';
import { type PageLevels, rangeOfChunk } from '../parquet/pages.js';
import type { RandomAccess } from '../random-access.js';
import { type Batches, BatchRows, type FileAttribute, mostBatchBytes } from './batch-rows.js';
import { type Cell, type CellPlace, columnOfCells } from './cells.js';
import { checkPages, holding, levelsOf } from './parquet-check.js';
import { typeOfColumn } from './parquet-schema.js';
import { checkNames, malformed, type Place, reading, type Types, unsupported } from './problem.js';

/** Of a window, decompressed, where pages can be chosen. */
const windowBytes = 64 * 2 ** 20;

/** Of a row group, whatever it says of its size. */
const mostWindows = 4096;

const microsOfDay = 86_400_000_000n;

export async function openParquet(
  access: RandomAccess,
  types: Types,
  options: CallOptions,
): Promise<AttributeSource> {
  const what = 'Parquet file';
  const metadata = await reading(access.name, what, () => parquetMetadata(access, options));
  return reading(access.name, what, async () => attributesOfParquet(access, metadata, types));
}

/** Cost: a read of the end of the file, and another where its footer is long. */
export async function parquetMetadata(access: RandomAccess, options: CallOptions): Promise<FileMetaData> {
  const file = bufferOf(access, options);
  if (file.byteLength < 12) throw new Error('it is too short');
  return parquetMetadataAsync(file, { parsers: parsersOf(access.name, {}), geoparquet: false });
}

/** The columns that are `chosen`, or all; `UnsupportedFormat` for one of them that is no attribute. */
export function attributesOfParquet(
  access: RandomAccess,
  metadata: FileMetaData,
  types: Types,
  chosen?: ReadonlySet<string>,
): AttributeSource {
  return new BatchRows(access, new ParquetWindows(access, metadata, chosen), types);
}

class ParquetWindows implements Batches {
  readonly attributes: readonly FileAttribute[];
  readonly rows: readonly number[];
  readonly #access: RandomAccess;
  readonly #metadata: FileMetaData;
  readonly #levels: ReadonlyMap<string, PageLevels>;
  /** The row group of each window. */
  readonly #groups: readonly RowGroup[];
  /** Columns of row groups whose pages were looked at. */
  readonly #checked = new WeakSet<ColumnMetaData>();

  constructor(access: RandomAccess, metadata: FileMetaData, chosen?: ReadonlySet<string>) {
    const file = access.name;
    this.#access = access;
    this.#metadata = metadata;
    const isChosen = (name: string): boolean => chosen?.has(name) ?? true;
    const children = parquetSchema(metadata).children.filter(({ element }) => isChosen(element.name));
    checkNames(
      file,
      children.map(({ element }) => element.name),
    );
    this.attributes = children.map((child) => ({
      name: child.element.name,
      type: typeOfColumn(file, child),
      isNull: child.element.logical_type?.type === 'NULL',
    }));
    this.#levels = new Map(children.map((child) => [child.element.name, levelsOf(child)]));
    const windows = metadata.row_groups.map((group) => windowsOf(file, group, isChosen));
    this.rows = windows.flat();
    this.#groups = windows.flatMap((some, i) => some.map(() => metadata.row_groups[i] as RowGroup));
  }

  load(batch: number, firstRow: number, options: CallOptions): Promise<readonly Column[]> {
    return reading(this.#access.name, 'Parquet file', async () => {
      const rows = this.rows[batch] ?? 0;
      const columns: Column[] = [];
      for (const { name, type } of this.attributes) {
        throwIfAborted(options.signal);
        const place = { file: this.#access.name, attribute: name, firstRow };
        const access = await this.#looked(this.#groups[batch], name, options);
        columns.push(columnOfCells(place, type, await this.#cells(access, place, type, rows, options)));
      }
      return columns;
    });
  }

  /** Where the library reads a column of a row group, whose pages were looked at. */
  async #looked(group: RowGroup | undefined, name: string, options: CallOptions): Promise<RandomAccess> {
    const levels = this.#levels.get(name);
    if (group === undefined || levels === undefined) return this.#access;
    let access = this.#access;
    for (const { meta_data: metadata } of group.columns) {
      if (metadata?.path_in_schema[0] !== name || this.#checked.has(metadata)) continue;
      const { start, end } = rangeOfChunk(metadata);
      const isShort = start >= 0 && start <= end && end <= access.sizeBytes && end - start <= windowBytes;
      if (isShort) access = await holding(access, start, end, options);
      await checkPages(access, levels, metadata, options);
      this.#checked.add(metadata);
    }
    return access;
  }

  async #cells(
    access: RandomAccess,
    place: CellPlace,
    type: AttributeType,
    rows: number,
    options: CallOptions,
  ): Promise<Cell[]> {
    const { file, attribute, firstRow } = place;
    const cells = Array.from<Cell>({ length: rows }).fill(null);
    let found = 0;
    await parquetRead({
      file: bufferOf(access, options),
      metadata: this.#metadata,
      columns: [attribute],
      rowStart: firstRow,
      rowEnd: firstRow + rows,
      useOffsetIndex: true,
      compressors,
      parsers: parsersOf(file, { attribute }),
      // May hold rows around those that were asked for.
      onChunk: ({ columnData, rowStart }) => {
        const first = Math.max(0, firstRow - rowStart);
        const last = Math.min(columnData.length, firstRow + rows - rowStart);
        for (let i = first; i < last; i++, found++) {
          cells[rowStart + i - firstRow] = cellOf(columnData[i], type);
        }
      },
    });
    if (found === rows) return cells;
    const what = `${found} values of ${rows} rows`;
    throw malformed(file, { attribute, row: firstRow }, what, 'Write the file again.');
  }
}

export function rowsOfGroup({ num_rows: count }: RowGroup): number {
  const rows = Number(count);
  if (Number.isSafeInteger(rows) && rows >= 0) return rows;
  throw new Error(`a row group of ${count} rows`);
}

export function isReadCodec(codec: string): boolean {
  return codec === 'UNCOMPRESSED' || compressors[codec as keyof typeof compressors] !== undefined;
}

/** The rows of each window of a row group. */
function windowsOf(file: string, group: RowGroup, isChosen: (name: string) => boolean): number[] {
  const columns = group.columns.filter(({ meta_data: column }) => isChosen(column?.path_in_schema[0] ?? ''));
  for (const { meta_data: column, crypto_metadata: crypto } of columns) {
    const attribute = column?.path_in_schema[0] ?? '';
    if (column === undefined || crypto !== undefined)
      throw unsupported(file, { attribute }, 'the column is encrypted', 'Write it without.');
    if (!isReadCodec(column.codec))
      throw unsupported(file, { attribute }, `is compressed by ${column.codec}`, 'Write it with zstd.');
  }
  const rows = rowsOfGroup(group);
  const sizes = columns.map(({ meta_data: column }) => Number(column?.total_uncompressed_size ?? 0));
  const isWhole = columns.length === group.columns.length;
  const bytes = isWhole ? Number(group.total_byte_size) : sizes.reduce((sum, size) => sum + size, 0);
  const hasIndex = columns.every((column) => (column.offset_index_length ?? 0) > 0);
  const windows = hasIndex ? Math.min(mostWindows, Math.ceil(bytes / windowBytes)) : 1;
  if (!hasIndex && bytes > mostBatchBytes) {
    const what = `has a row group of ${bytes} bytes, and does not say where its pages are`;
    const hint = 'Write smaller ones (row_group_size), or with write_page_index=True.';
    throw malformed(file, {}, what, hint);
  }
  const perWindow = Math.max(1, Math.ceil(rows / Math.max(1, windows)));
  return Array.from({ length: Math.ceil(rows / perWindow) }, (_, i) =>
    Math.min(perWindow, rows - i * perWindow),
  );
}

function cellOf(value: unknown, type: AttributeType): Cell {
  if (value === null || value === undefined) return null;
  // The library leaves dates that have the newer of both annotations alone as they are.
  if (type === 'timestamp' && typeof value === 'number') return BigInt(value) * microsOfDay;
  if (type !== 'strings') return value as Cell;
  // An item that is null is refused where the row is known.
  return Array.isArray(value) ? (value as Uint8Array[]) : null;
}

/** Values as they are stored, so that nothing is rounded; text as its bytes. */
function parsersOf(file: string, place: Place): ParquetParsers {
  const asIs = (bytes: Uint8Array): Uint8Array => bytes;
  return {
    timestampFromMilliseconds: (millis) => millis * 1_000n,
    timestampFromMicroseconds: (micros) => micros,
    timestampFromNanoseconds: (nanos) => {
      // Statistics, which are read for no attribute, may be of any.
      if (place.attribute === undefined || nanos % 1_000n === 0n) return nanos / 1_000n;
      const what = `${nanos} ns is finer than a microsecond`;
      throw malformed(file, place, what, 'Timestamps have microseconds: round it.');
    },
    dateFromDays: (days) => BigInt(days) * microsOfDay,
    stringFromBytes: asIs,
    jsonFromBytes: asIs,
    geometryFromBytes: asIs,
    geographyFromBytes: asIs,
    uuidFromBytes: asIs,
  };
}

function bufferOf(access: RandomAccess, options: CallOptions): AsyncBuffer {
  return {
    byteLength: access.sizeBytes,
    slice: (start, end = access.sizeBytes) => {
      const work = slice(access, start, end, options);
      // The library drops reads that it began when a plan fails; they must not end the process.
      work.catch(() => undefined);
      return work;
    },
  };
}

async function slice(
  access: RandomAccess,
  start: number,
  end: number,
  options: CallOptions,
): Promise<ArrayBuffer> {
  if (!(start >= 0 && start <= end && end <= access.sizeBytes)) {
    const what = `points to bytes ${start} to ${end} of ${access.sizeBytes}`;
    throw malformed(access.name, {}, what, 'Write the file again.');
  }
  const { buffer, byteOffset, byteLength } = await access.read(start, end - start, options);
  const isWhole = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
  return isWhole ? buffer : new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength)).buffer;
}
