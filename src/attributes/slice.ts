// Some of the rows of a column, as a column.
import { sliceBits } from './bits.js';
import type { Column, StringColumn } from './column.js';
import { offsetsFromZero } from './offsets.js';

/** The rows from `start` up to `end`. Offsets begin at 0 again; null rows are as they were. */
export function sliceColumn(column: Column, start: number, end: number): Column {
  const valid = column.valid && sliceBits(column.valid, start, end);
  const base = { rows: end - start, ...(valid && { valid }) };
  switch (column.type) {
    case 'bool':
      return { ...base, type: column.type, values: sliceBits(column.values, start, end) };
    case 'float':
      return { ...base, type: column.type, values: column.values.subarray(start, end) };
    case 'int':
    case 'timestamp':
      return { ...base, type: column.type, values: column.values.subarray(start, end) };
    case 'string':
      return { ...base, ...sliceStrings(column, start, end) };
    case 'strings': {
      const [first = 0, last = 0] = [column.offsets[start], column.offsets[end]];
      const offsets = offsetsFromZero(column.offsets, start, end);
      return { ...base, type: column.type, offsets, items: sliceStrings(column.items, first, last) };
    }
  }
}

function sliceStrings({ offsets, bytes }: StringColumn, start: number, end: number): StringColumn {
  const [first = 0, last = 0] = [offsets[start], offsets[end]];
  return {
    type: 'string',
    rows: end - start,
    offsets: offsetsFromZero(offsets, start, end),
    bytes: bytes.subarray(first, last),
  };
}
