// What each row of an array is: dtype and shape.
import { NacreError } from '../errors.js';
import { type Dtype, dtypes } from '../npy/dtype.js';

export interface RowType {
  readonly dtype: Dtype;
  readonly rowShape: readonly number[];
  readonly scalar: boolean;
}

export function rowBytesOf({ dtype, rowShape }: Pick<RowType, 'dtype' | 'rowShape'>): number {
  return rowShape.reduce((product, length) => product * length, dtypes[dtype].itemBytes);
}

/** Refuses rows that do not fit the array, naming both. */
export function checkRowType(array: string, expected: RowType, observed: RowType): void {
  const text = ({ dtype, rowShape, scalar }: RowType): string =>
    scalar ? `a 0-d ${dtype}` : `${dtype} rows of shape [${rowShape.join(', ')}]`;
  const same =
    expected.dtype === observed.dtype &&
    expected.scalar === observed.scalar &&
    expected.rowShape.length === observed.rowShape.length &&
    expected.rowShape.every((length, axis) => length === observed.rowShape[axis]);
  if (same) return;
  throw new NacreError(
    'InvalidArgument',
    `array '${array}' holds ${text(expected)}, the data is ${text(observed)}`,
    {
      context: { array, expected: text(expected), observed: text(observed) },
      hint: 'Convert the data (in NumPy: data.astype(…).reshape(…)), or put it into another array.',
    },
  );
}
