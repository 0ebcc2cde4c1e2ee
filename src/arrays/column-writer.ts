// Attributes out: Arrow files of the rows of a column group, checksummed and uploaded.
import { writeArrow } from '../attributes/arrow/write.js';
import type { Attribute, Column } from '../attributes/column.js';
import { sliceColumn } from '../attributes/slice.js';
import { statisticsOf } from '../attributes/statistics.js';
import { columnPattern } from '../manifest/keys.js';
import type { PartitionDraft } from '../manifest/transaction.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { columnMessage } from './column-message.js';
import type { ArrayEnvironment } from './environment.js';
import { uploadLarge } from './upload-large.js';

/**
 * Rows of one file at most: statistics of more would rule little out, and what is written of an entry in the
 * manifest grows with them.
 */
const fileRows = 262_144;
/** Bytes of one file, about. */
const fileBytes = 16 * 2 ** 20;

/** Bytes of the manifest that the values of one file's columns take up, where they are told one by one. */
const valuesBytes = 2048;

/** Rows that a file of these columns takes; all columns have the same. */
export function rowsPerFile(columns: readonly Column[]): number {
  const rows = columns[0]?.rows ?? 0;
  const bytes = columns.reduce((sum, column) => sum + bytesOf(column), 0);
  return Math.max(1, Math.min(fileRows, Math.floor((fileBytes * rows) / Math.max(1, bytes))));
}

function bytesOf(column: Column): number {
  if (column.type === 'string') return column.bytes.byteLength + 4 * column.rows;
  if (column.type === 'strings') return bytesOf(column.items) + 4 * column.rows;
  return column.values.byteLength;
}

/** One file of columns, of some rows. */
export async function writeColumns(
  environment: ArrayEnvironment,
  arrayId: Uint8Array,
  attributes: readonly Attribute[],
  columns: readonly Column[],
  options: CallOptions,
): Promise<PartitionDraft> {
  const { pieces, bodyOffset, columns: shapes } = writeArrow(attributes, columns);
  const [object, statistics] = await Promise.all([
    uploadLarge(environment, columnPattern(arrayId), pieces, options),
    Promise.all(columns.map((column) => statisticsOf(environment.native, column))),
  ]);
  let room = valuesBytes;
  const described = shapes.map((shape, i) => {
    const message = columnMessage(i, shape, defined(statistics[i], 'statistics'), room);
    room -= message.values.reduce((bytes, { length }) => bytes + length + 2, 0);
    return message;
  });
  return { object, rows: columns[0]?.rows ?? 0, dataOffset: bodyOffset, columns: described };
}

/** Files of columns, in the order of their rows, one after the other. */
export async function writeAllColumns(
  environment: ArrayEnvironment,
  arrayId: Uint8Array,
  attributes: readonly Attribute[],
  columns: readonly Column[],
  options: CallOptions,
): Promise<PartitionDraft[]> {
  const rows = columns[0]?.rows ?? 0;
  const step = rowsPerFile(columns);
  const drafts: PartitionDraft[] = [];
  for (let start = 0; start < rows; start += step) {
    const end = Math.min(rows, start + step);
    const some = columns.map((column) => sliceColumn(column, start, end));
    drafts.push(await writeColumns(environment, arrayId, attributes, some, options));
  }
  return drafts;
}
