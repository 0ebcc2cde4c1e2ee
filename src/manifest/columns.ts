// What is said of columns in an entry.
import { type Column, encode, v1 } from './message.js';

/** Bytes that the columns take up. */
export function describedBytes(columns: readonly Column[] = []): number {
  return columns.reduce((bytes, column) => bytes + 2 + encode(v1.Column, column).byteLength, 0);
}
