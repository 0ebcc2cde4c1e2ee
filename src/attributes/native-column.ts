// Columns as the native binary takes them.
import type { FilterColumn } from '../native/filter.js';
import type { Column } from './column.js';

export function inBytes(column: Column): FilterColumn {
  const { type, rows, valid } = column;
  const base = { type, rows, ...(valid && { valid }) };
  switch (column.type) {
    case 'bool':
    case 'int':
    case 'float':
    case 'timestamp':
      return { ...base, values: bytesOf(column.values) };
    case 'string':
      return { ...base, values: column.bytes, offsets: column.offsets };
    case 'strings':
      return { ...base, values: column.items.bytes, offsets: column.items.offsets, lists: column.offsets };
  }
}

export function bytesOf(view: ArrayBufferView | undefined): Uint8Array {
  return view === undefined
    ? new Uint8Array(0)
    : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
