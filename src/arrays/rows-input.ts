// Rows as users hand them in: typed arrays with a shape, checked and seen as bytes.
import { NacreError } from '../errors.js';
import { type Dtype, dtypeOf, dtypes, isDtype, type TypedArray } from '../npy/dtype.js';
import { bytesOf } from '../npy/dtype.js';
import type { RowType } from './row-type.js';

/** Rows in C order. */
export interface RowsInput {
  readonly data: TypedArray;
  /** Shape of the whole, rows first; `[]` for a 0-d array. Default: one row per element. */
  readonly shape?: readonly number[];
  /**
   * Needed where a typed array is ambiguous: Uint16Array as float16, Uint8Array as bool, pairs as complex.
   */
  readonly dtype?: Dtype;
}

export interface CheckedRows {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly type: RowType;
}

/**
 * Checks that data, dtype and shape agree. `expected` decides where the typed array alone could be two
 * dtypes.
 */
export function checkRows(input: RowsInput, expected?: Dtype): CheckedRows {
  if (!ArrayBuffer.isView(input.data) || input.data instanceof DataView) {
    throw new NacreError('InvalidArgument', 'data must be a typed array', {
      hint: 'Pass { data: new Float32Array(…), shape: [rows, …] }.',
    });
  }
  const dtype = chooseDtype(input, expected);
  const { itemBytes } = dtypes[dtype];
  const bytes = bytesOf(input.data);
  const shape = input.shape ?? [bytes.byteLength / itemBytes];
  const wrong = shape.find((length) => !Number.isSafeInteger(length) || length < 0);
  if (wrong !== undefined) {
    throw new NacreError('InvalidArgument', `the shape [${shape.join(', ')}] holds ${String(wrong)}`, {
      hint: 'A shape is a list of whole numbers from 0 on.',
    });
  }
  const needed = shape.reduce((product, length) => product * length, itemBytes);
  if (needed !== bytes.byteLength) {
    const elements = bytes.byteLength / itemBytes;
    throw new NacreError(
      'InvalidArgument',
      `the shape [${shape.join(', ')}] needs ${needed / itemBytes} ${dtype} elements, the data has ${elements}`,
      { context: { expected: needed / itemBytes, observed: elements } },
    );
  }
  checkBool(dtype, bytes);
  const [rows = 1, ...rowShape] = shape;
  return { bytes, rows, type: { dtype, rowShape, scalar: shape.length === 0 } };
}

function chooseDtype({ data, dtype }: RowsInput, expected: Dtype | undefined): Dtype {
  const natural = dtypeOf(data);
  if (dtype !== undefined && !isDtype(dtype)) {
    throw new NacreError('InvalidArgument', `${JSON.stringify(dtype)} is no dtype that Nacre stores`);
  }
  const wanted =
    dtype ?? (expected !== undefined && dtypes[expected].array === data.constructor ? expected : natural);
  if (dtypes[wanted].array.BYTES_PER_ELEMENT !== data.BYTES_PER_ELEMENT || !fits(wanted, natural)) {
    throw new NacreError('InvalidArgument', `a ${data.constructor.name} cannot hold ${wanted}`, {
      hint: `${wanted} is passed as a ${dtypes[wanted].array.name}.`,
    });
  }
  return wanted;
}

function fits(wanted: Dtype, natural: Dtype): boolean {
  return dtypes[wanted].array === dtypes[natural].array;
}

/** NumPy reads any byte but 0 and 1 in a bool array as it likes, so none is stored. */
function checkBool(dtype: Dtype, bytes: Uint8Array): void {
  if (dtype !== 'bool') return;
  const at = bytes.findIndex((byte) => byte > 1);
  if (at < 0) return;
  throw new NacreError(
    'InvalidArgument',
    `element ${at} of the bool data is ${bytes[at] ?? 0}, neither 0 nor 1`,
    {
      context: { element: at, value: bytes[at] ?? 0 },
    },
  );
}
