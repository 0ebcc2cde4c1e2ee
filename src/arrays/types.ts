// What an array is to its users: dtype by name and shape, as the manifest keeps them by number.
import { NacreError } from '../errors.js';
import type { ArrayEntry } from '../manifest/message.js';
import type { ArrayType } from '../manifest/transaction.js';
import { type Dtype, dtypes, isDtype } from '../npy/dtype.js';

/** In the order of the `Dtype` enumeration of nacre.proto, which starts at 1. */
const byNumber: readonly Dtype[] = [
  'bool',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'float16',
  'float32',
  'float64',
  'complex64',
  'complex128',
];

export function dtypeNumber(dtype: Dtype): number {
  return byNumber.indexOf(dtype) + 1;
}

export function dtypeOfEntry(array: ArrayEntry): Dtype {
  const dtype = byNumber[array.dtype - 1];
  if (dtype === undefined) {
    throw new NacreError('UnsupportedFormat', `array '${array.name}' has the dtype number ${array.dtype}`, {
      hint: 'Use a newer release of Nacre.',
    });
  }
  return dtype;
}

/** Checks what a user asks for and gives it as the manifest keeps it. */
export function arrayType(dtype: unknown, rowShape: readonly number[], scalar = false): ArrayType {
  if (!isDtype(dtype)) {
    throw new NacreError('InvalidArgument', `${JSON.stringify(dtype)} is no dtype that Nacre stores`, {
      hint: `The dtypes are ${byNumber.join(', ')}.`,
    });
  }
  const bad = rowShape.find((length) => !Number.isSafeInteger(length) || length < 0);
  if (bad !== undefined || rowShape.length > 31) {
    throw new NacreError('InvalidArgument', `the row shape [${rowShape.join(', ')}] is none`, {
      hint: 'A row shape has up to 31 lengths, each a whole number from 0 on.',
    });
  }
  const rowBytes = rowShape.reduce((product, length) => product * length, dtypes[dtype].itemBytes);
  if (!Number.isSafeInteger(rowBytes) || rowBytes > maxRowBytes) {
    throw new NacreError('InvalidArgument', `a row of shape [${rowShape.join(', ')}] has more than 1 GiB`, {
      hint: 'Use smaller rows; only rows are split into partitions.',
    });
  }
  return { dtype: dtypeNumber(dtype), rowShape, scalar };
}

/** A row is held in memory whole. */
const maxRowBytes = 2 ** 30;

/** NumPy's shape of the whole array. */
export function shapeOf(array: ArrayEntry, rows = array.liveRows): number[] {
  return array.scalar ? [] : [rows, ...array.rowShape];
}
