// The element types of PyTorch: what each is called in a file, and what is stored of them here.
import type { Dtype } from '../../../npy/dtype.js';

export interface TorchDtype {
  /** PyTorch's name, without `torch.`. */
  readonly name: string;
  /** What it is read as. */
  readonly dtype: Dtype;
  /** Bytes of one element in the file. */
  readonly itemBytes: number;
  /** The class of its storages; undefined for the younger ones, whose storages are untyped. */
  readonly storage: string | undefined;
}

function row(name: string, dtype: Dtype, itemBytes: number, storage?: string): [string, TorchDtype] {
  return [name, { name, dtype, itemBytes, storage }];
}

/** The dtypes that are read. */
export const torchDtypes: ReadonlyMap<string, TorchDtype> = new Map([
  row('float64', 'float64', 8, 'DoubleStorage'),
  row('float32', 'float32', 4, 'FloatStorage'),
  row('float16', 'float16', 2, 'HalfStorage'),
  row('bfloat16', 'float32', 2, 'BFloat16Storage'),
  row('int64', 'int64', 8, 'LongStorage'),
  row('int32', 'int32', 4, 'IntStorage'),
  row('int16', 'int16', 2, 'ShortStorage'),
  row('int8', 'int8', 1, 'CharStorage'),
  row('uint8', 'uint8', 1, 'ByteStorage'),
  row('bool', 'bool', 1, 'BoolStorage'),
  row('complex64', 'complex64', 8, 'ComplexFloatStorage'),
  row('complex128', 'complex128', 16, 'ComplexDoubleStorage'),
  row('uint16', 'uint16', 2),
  row('uint32', 'uint32', 4),
  row('uint64', 'uint64', 8),
]);

/** Dtypes that PyTorch has and Nacre does not store: known, so that a refusal can say which it is. */
const refusedDtypes = [
  'float8_e4m3fn',
  'float8_e5m2',
  'float8_e4m3fnuz',
  'float8_e5m2fnuz',
  'float8_e8m0fnu',
  'float4_e2m1fn_x2',
  'complex32',
  'quint8',
  'qint8',
  'qint32',
  'quint4x2',
  'quint2x4',
  'bits8',
  'bits16',
  'bits1x8',
  'bits2x4',
  'bits4x2',
  ...Array.from({ length: 7 }, (_, i) => [`int${i + 1}`, `uint${i + 1}`]).flat(),
];

export const dtypeNamesOfTorch: ReadonlySet<string> = new Set([...torchDtypes.keys(), ...refusedDtypes]);

/** Storage classes to dtypes; those of quantized numbers are known and refused. */
export const dtypeOfStorage: ReadonlyMap<string, string> = new Map([
  ...[...torchDtypes.values()].flatMap(({ storage, name }): [string, string][] =>
    storage === undefined ? [] : [[storage, name]],
  ),
  ['QUInt8Storage', 'quint8'],
  ['QInt8Storage', 'qint8'],
  ['QInt32Storage', 'qint32'],
  ['QUInt4x2Storage', 'quint4x2'],
  ['QUInt2x4Storage', 'quint2x4'],
]);
