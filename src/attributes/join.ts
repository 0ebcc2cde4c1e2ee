// Columns of one attribute, one behind the other, as a column.
import { largestOffset } from './offsets.js';
import { NacreError } from '../errors.js';
import { assert } from '../util/assert.js';
import { concat } from '../util/bytes.js';
import { bitAt, makeBits } from './bits.js';
import type { Column, StringColumn } from './column.js';

/** The rows of the columns, which are of the type of the first, in their order. At least one column. */
export function joinColumns(columns: readonly Column[]): Column {
  const [first] = columns;
  assert(first !== undefined, 'there is a column to join');
  if (columns.length === 1) return first;
  const starts = startsOf(columns.map(({ rows }) => rows));
  const rows = starts[columns.length] ?? 0;
  const hasNulls = columns.some(({ valid }) => valid !== undefined);
  const isValid = ({ valid }: Column, row: number): boolean => valid === undefined || bitAt(valid, row);
  const base = { rows, ...(hasNulls && { valid: joinBits(columns, rows, isValid) }) };
  switch (first.type) {
    case 'bool': {
      const parts = columns.filter((column) => column.type === 'bool');
      return {
        ...base,
        type: 'bool',
        values: joinBits(parts, rows, ({ values }, row) => bitAt(values, row)),
      };
    }
    case 'float': {
      const values = new Float64Array(rows);
      for (const [i, column] of columns.entries())
        if (column.type === 'float') values.set(column.values.subarray(0, column.rows), starts[i]);
      return { ...base, type: 'float', values };
    }
    case 'int':
    case 'timestamp': {
      const values = new BigInt64Array(rows);
      for (const [i, column] of columns.entries())
        if (column.type === first.type) values.set(column.values.subarray(0, column.rows), starts[i]);
      return { ...base, type: first.type, values };
    }
    case 'string':
      return { ...base, ...joinStrings(columns.filter((column) => column.type === 'string')) };
    case 'strings': {
      const parts = columns.filter((column) => column.type === 'strings');
      return {
        ...base,
        type: 'strings',
        offsets: joinOffsets(parts),
        items: joinStrings(parts.map(({ items }) => items)),
      };
    }
  }
}

function startsOf(lengths: readonly number[]): number[] {
  const starts = [0];
  for (const length of lengths) starts.push((starts.at(-1) ?? 0) + length);
  return starts;
}

/** Bits of rows that are gone through once, from the first to the last. */
function joinBits<C extends Column>(
  columns: readonly C[],
  rows: number,
  isSet: (column: C, row: number) => boolean,
): Uint8Array {
  let at = 0;
  let row = 0;
  return makeBits(rows, () => {
    while (row >= (columns[at]?.rows ?? Infinity)) [at, row] = [at + 1, 0];
    const column = columns[at];
    return column !== undefined && isSet(column, row++);
  });
}

function joinStrings(parts: readonly StringColumn[]): StringColumn {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const bytes = parts.map((part) => part.bytes.subarray(part.offsets[0], part.offsets[part.rows]));
  return { type: 'string', rows, offsets: joinOffsets(parts), bytes: concat(bytes) };
}

function joinOffsets(parts: readonly { readonly rows: number; readonly offsets: Int32Array }[]): Int32Array {
  const offsets = new Int32Array(parts.reduce((sum, part) => sum + part.rows, 1));
  let at = 0;
  let end = 0;
  for (const part of parts) {
    const shift = end - (part.offsets[0] ?? 0);
    for (let row = 1; row <= part.rows; row++) offsets[++at] = (part.offsets[row] ?? 0) + shift;
    end = (part.offsets[part.rows] ?? 0) + shift;
    if (end > largestOffset) {
      throw new NacreError('ResourceExhausted', 'a column has more than 2 GiB of text at once', {
        hint: 'Read fewer rows at once.',
      });
    }
  }
  return offsets;
}
