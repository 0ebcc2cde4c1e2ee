// Rows of attributes from outside: what an import reads.
import type { CallOptions } from '../storage/object-store.js';
import type { Attribute, Column } from './column.js';

/** Attributes of rows that come from somewhere piece by piece. */
export interface AttributeSource {
  /** For messages: the name of the file. */
  readonly name: string;
  readonly rows: number;
  readonly attributes: readonly Attribute[];
  /**
   * Columns of the rows `[start, end)`, in the order of `attributes`. Rows are asked for in ascending order,
   * each at most once, one read after the other; after a read that failed, open the source again.
   */
  read(start: number, end: number, options?: CallOptions): Promise<readonly Column[]>;
  close(): Promise<void>;
}
