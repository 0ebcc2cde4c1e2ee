// Text of numbers, CSV and TSV, as one array: a line is a row, its fields are the numbers.
import { dtypes } from '../../npy/dtype.js';
import type { RandomAccess } from '../random-access.js';
import type { ArrayReader, OpenedArrays, ReadArraysOptions } from './array-file.js';
import { dtypeAsked } from './dtype-asked.js';
import { fieldsOf } from './text/fields.js';
import { layoutOf } from './text/layout.js';
import { badText } from './text/problem.js';
import { TextRows } from './text/rows.js';

export { writeCsv, writeTsv } from './text/write.js';

/**
 * One array without a name: of rows × columns, and of one axis where a line has one field. Delimiters are
 * commas, semicolons or tabs, found in the first lines. A first line with a field that is no number has
 * names. Lines that begin with `#`, and empty ones at the ends, are no rows. Numbers are float64 unless
 * `dtype` says otherwise, each the nearest that the dtype has; `nan`, `NA` and empty fields are NaN.
 *
 * Cost: one pass to count rows; rows in any order are read from at most 4 MiB before them on. Memory: some
 * MiB. Errors: `InvalidArgument` with `context.file`, `line` and `field`, once the row is read: for a row of
 * another length, a field that is no number, and one that the dtype does not hold.
 */
export const readCsv: ArrayReader = (access, options) => read(access, options, undefined);

/** The same, with tabs. */
export const readTsv: ArrayReader = (access, options) => read(access, options, 0x09);

async function read(
  access: RandomAccess,
  options: ReadArraysOptions,
  delimiter: number | undefined,
): Promise<OpenedArrays> {
  const { dtype } = dtypeAsked(options.dtype ?? 'float64');
  if (dtypes[dtype].kind === 'complex') {
    throw badText({ file: access.name }, `${dtype} is not read from text`, 'Write it as .npy.');
  }
  const fields = fieldsOf(dtype, options.dtype !== undefined);
  const layout = await layoutOf(access, fields, {
    ...(options.signal !== undefined && { signal: options.signal }),
    ...(options.header !== undefined && { header: options.header }),
    ...(delimiter !== undefined && { delimiter }),
  });
  const rowShape = layout.columns === 1 ? [] : [layout.columns];
  const rows = new TextRows(access, layout, fields, { dtype, rowShape, scalar: false });
  return { arrays: [rows], close: () => rows.close() };
}
