// What the verbs of a transaction are told.
import type { Attribute } from '../attributes/column.js';
import type { Dtype } from '../npy/dtype.js';
import type { CallOptions } from '../storage/object-store.js';
import type { GivenAttributes } from './attribute-changes.js';
import type { RowSelection } from './selection.js';

/**
 * Rows by logical index: a list, a slice or a mask as `read()` takes them, or all; or by row id. A selection
 * that says nothing is refused: all rows are `{ all: true }`.
 */
export type RowTarget =
  | ArrayLike<number>
  | RowSelection
  | { readonly ids: ArrayLike<number> }
  | { readonly all: true };

export interface CreateOptions {
  readonly dtype: Dtype;
  /** Shape of one row. Default `[]`: rows are single elements. */
  readonly rowShape?: readonly number[];
  /** A 0-d array: one row, and no axis for it. */
  readonly scalar?: boolean;
  /**
   * An attribute that is the key: every row has a value of it, and no two the same. By its name where this
   * write makes it, by `append` or `addAttribute`; `{ name, type }` makes it. Types are `int`, `string` and
   * `timestamp`.
   */
  readonly key?: string | Attribute;
}

export interface AppendOptions {
  /** Values by the name of their attribute, one for each row; null where there is none. */
  readonly attributes?: GivenAttributes;
}

export interface WriteOptions extends CallOptions {
  /** Size at which appended rows are split into partitions, bytes. Default 64 MiB. */
  readonly partitionBytes?: number;
}
