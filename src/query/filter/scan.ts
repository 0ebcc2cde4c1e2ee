// stand-in until the native one is merged
import type { Column } from '../../attributes/column.js';
import { makeBits } from '../../attributes/bits.js';
import { valueAt } from '../../attributes/values.js';
import type { NativeBinding } from '../../native.js';
import type { CallOptions } from '../../storage/object-store.js';
import type { BoundExpression } from './bind.js';
import { matches } from './evaluate.js';
export async function filterColumns(
  _native: NativeBinding,
  filter: BoundExpression,
  columns: readonly (Column | undefined)[],
  rows: number,
  _options: CallOptions = {},
): Promise<Uint8Array> {
  return makeBits(rows, (row) =>
    matches(
      filter,
      columns.map((c) => (c === undefined ? null : valueAt(c, row))),
    ),
  );
}
