// Rows that come from somewhere piece by piece, so that importing them never holds the whole in memory.
import type { CallOptions } from '../storage/object-store.js';
import type { RowType } from './row-type.js';

export interface ReadRowsOptions extends CallOptions {
  /** Memory as long as the rows, which the source may fill and return: it spares making new one. */
  readonly into?: Uint8Array;
}

export interface RowSource {
  readonly type: RowType;
  readonly rows: number;
  /** For messages and progress: the name of the file. */
  readonly name: string;
  /** Bytes of the rows `[start, end)`, C order, little endian; the caller's own from then on. */
  read(start: number, end: number, options?: ReadRowsOptions): Promise<Uint8Array>;
  close(): Promise<void>;
}
