// Arrow IPC files (Feather of version 2) and streams, as arrays: columns of lists of numbers, and attributes
// beside them. Of a file without such a column each numeric or bool column is an array.
import * as fb from '../../attributes/arrow/format.js';
import type { CallOptions } from '../../storage/object-store.js';
import { attributesOf } from '../attributes/arrow/file.js';
import { contentsOf } from '../attributes/arrow/messages.js';
import { fieldOf } from '../attributes/arrow/schema.js';
import { reading } from '../attributes/problem.js';
import type { RandomAccess } from '../random-access.js';
import type { OpenedArrays } from './array-file.js';
import { ArrowRows, type RowBatch, sizesOf } from './arrow/rows.js';
import { columnsOf } from './arrow/schema.js';
import { attributesBeside, checkColumnNames, lent } from './columns.js';

export { writeArrow } from './arrow/write.js';

/**
 * Row shapes are the sizes of the lists, or the shape of an `arrow.fixed_shape_tensor`. Lists without a fixed
 * size have one length in all rows, which the first row gives: others, and nulls, are found while rows are
 * read. Cost: three reads and two for each batch, and one or two for each column of lists without a size.
 */
export function readArrow(access: RandomAccess, options: CallOptions): Promise<OpenedArrays> {
  return reading(access.name, 'Arrow file', async () => {
    const file = access.name;
    const contents = await contentsOf(access, options);
    const batches: RowBatch[] = [];
    let rows = 0;
    for (const entry of contents.entries) {
      if (entry.isDictionary) continue;
      batches.push({ ...entry, firstRow: rows });
      rows += entry.rows;
    }
    const columns = columnsOf(file, contents.schema);
    const hasLists = columns.some(({ values }) => (values?.levels.length ?? 0) > 0);
    const arrays: ArrowRows[] = [];
    const others = new Map<string, number>();
    for (const [place, column] of columns.entries()) {
      const { name, values } = column;
      if (values === undefined || (hasLists && values.levels.length === 0)) others.set(name, place);
      else {
        const sizes = await sizesOf(access, column, values, batches, options);
        arrays.push(new ArrowRows(access, column, values, batches, sizes));
      }
    }
    checkColumnNames(
      file,
      arrays.map(({ array }) => array),
    );
    const fields = contents.schema.tables(fb.schema.fields);
    const attributes = attributesBeside(
      file,
      rows,
      [...others.keys()],
      (name) => {
        const field = fields[others.get(name) ?? -1];
        if (field !== undefined) fieldOf(file, field, name);
      },
      (chosen, types) => attributesOf(lent(access), contents, types, chosen),
    );
    const close = async (): Promise<void> => {
      await Promise.all(
        [...arrays, ...(attributes === undefined ? [] : [attributes])].map((it) => it.close()),
      );
    };
    return { arrays, ...(attributes !== undefined && { attributes }), close };
  });
}
