// Parquet files as arrays: columns of lists of numbers, and attributes beside them. Of a file without such a
// column each numeric or bool column is an array. Pages are decoded here, into typed arrays: the library
// makes an array of JavaScript of every row.
import { type ColumnMetaData, type FileMetaData, parquetSchema } from 'hyparquet';
import type { CallOptions } from '../../storage/object-store.js';
import { attributesOfParquet, isReadCodec, parquetMetadata, rowsOfGroup } from '../attributes/parquet.js';
import { typeOfColumn } from '../attributes/parquet-schema.js';
import { reading } from '../attributes/problem.js';
import type { RandomAccess } from '../random-access.js';
import type { OpenedArrays } from './array-file.js';
import { attributesBeside, checkColumnNames, lent, unreadColumn } from './columns.js';
import { type Chunk, ParquetRows, sizesOfFirstRow } from './parquet/rows.js';
import { arrowLevels, columnOf, type ParquetColumn } from './parquet/schema.js';

export { writeParquet } from './parquet/write.js';

/**
 * Row shapes are the sizes of the lists: those of the first row, unless the file keeps Arrow's schema and
 * that has them. Others, and nulls, are found while rows are read. Rows in ascending order are read once;
 * others begin again at their row group. Cost: a read or two, and one for each column of lists.
 */
export function readParquet(access: RandomAccess, options: CallOptions): Promise<OpenedArrays> {
  return reading(access.name, 'Parquet file', async () => {
    const file = access.name;
    const metadata = await parquetMetadata(access, options);
    const { children } = parquetSchema(metadata);
    const levels = arrowLevels(file, metadata);
    const columns = children.map((child) => columnOf(child, levels.get(child.element.name)));
    const hasLists = columns.some((column) => (column?.emptyAt.length ?? 0) > 0);
    const arrays: ParquetRows[] = [];
    const others = new Map<string, number>();
    for (const [place, child] of children.entries()) {
      const column = columns[place];
      if (column === undefined || (hasLists && column.emptyAt.length === 0))
        others.set(child.element.name, place);
      else arrays.push(await opened(access, metadata, column, options));
    }
    checkColumnNames(
      file,
      arrays.map(({ array }) => array),
    );
    const attributes = attributesBeside(
      file,
      metadata.row_groups.reduce((sum, group) => sum + rowsOfGroup(group), 0),
      [...others.keys()],
      (name) => {
        const child = children[others.get(name) ?? -1];
        if (child !== undefined) typeOfColumn(file, child);
      },
      (chosen, types) => attributesOfParquet(lent(access), metadata, types, chosen),
    );
    const close = async (): Promise<void> => {
      await Promise.all(
        [...arrays, ...(attributes === undefined ? [] : [attributes])].map((it) => it.close()),
      );
    };
    return { arrays, ...(attributes !== undefined && { attributes }), close };
  });
}

async function opened(
  access: RandomAccess,
  metadata: FileMetaData,
  column: ParquetColumn,
  options: CallOptions,
): Promise<ParquetRows> {
  const chunks = chunksOf(access.name, metadata, column);
  const { levels } = column;
  const sizes =
    levels?.every((level) => level.kind === 'fixed') === true ? levels.map(({ size }) => size) : [];
  const perRow = sizes.reduce((product, size) => product * size, 1);
  const isKept =
    sizes.length > 0 &&
    chunks.every(({ rows, metadata }) => Number(metadata.num_values) === rows * Math.max(1, perRow));
  // Where the schema that is kept says something else than the pages, the pages say which row it is.
  const found = isKept ? sizes : await sizesOfFirstRow(access, column, chunks, options);
  const rowShape = found.flatMap((size, i) => {
    const level = levels?.[i];
    return level?.kind === 'fixed' && level.size === size ? level.shape : [size];
  });
  return new ParquetRows(access, column, chunks, found, rowShape);
}

function chunksOf(file: string, metadata: FileMetaData, { name, path }: ParquetColumn): Chunk[] {
  let firstRow = 0;
  return metadata.row_groups.map((group) => {
    const rows = rowsOfGroup(group);
    const chunk = group.columns.find(({ meta_data: found }) => found?.path_in_schema.join('.') === path);
    const place = { file, column: name };
    if (chunk?.crypto_metadata !== undefined) {
      throw unreadColumn(place, 'the column is encrypted', 'Write it without.');
    }
    const found: ColumnMetaData | undefined = chunk?.meta_data;
    if (found === undefined) throw new Error(`a row group has no column ${path}`);
    if (chunk?.file_path !== undefined && chunk.file_path !== '') {
      throw unreadColumn(place, `its rows are in another file, ${chunk.file_path}`, 'Write one file.');
    }
    if (!isReadCodec(found.codec))
      throw unreadColumn(place, `is compressed by ${found.codec}`, 'Write it with zstd.');
    const result = { firstRow, rows, metadata: found };
    firstRow += rows;
    return result;
  });
}
