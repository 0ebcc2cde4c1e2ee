// Rows that come from somewhere piece by piece, so that importing them never holds the whole in memory.
import type { CallOptions } from '../storage/object-store.js';
import type { RowType } from './partition-writer.js';

export interface RowSource {
  readonly type: RowType;
  readonly rows: number;
  /** For messages and progress: the name of the file. */
  readonly name: string;
  /** Bytes of the rows `[start, end)`, C order, little endian; the caller may keep them. */
  read(start: number, end: number, options?: CallOptions): Promise<Uint8Array>;
  close(): Promise<void>;
}
