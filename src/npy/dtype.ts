// The element types that Nacre stores, and what each is in NumPy and in JavaScript.
//
// Typed arrays use the byte order of the host. Nacre stores little endian and runs on little-endian hosts
// only (every platform that the native scanner is built for), so a view over stored bytes needs no copy.
import { NacreError } from '../errors.js';
import { quote } from './problem.js';

/** The typed array that holds each dtype without loss. */
export interface ArrayOf {
  /** One byte each, 0 or 1. */
  bool: Uint8Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  /** The bits of IEEE 754 binary16; `float16.ts` turns them into numbers and back. */
  float16: Uint16Array;
  float32: Float32Array;
  float64: Float64Array;
  /** Pairs of real and imaginary part, so twice as many numbers as elements. */
  complex64: Float32Array;
  /** Pairs of real and imaginary part, so twice as many numbers as elements. */
  complex128: Float64Array;
}

export type Dtype = keyof ArrayOf;
export type TypedArray = ArrayOf[Dtype];
export type DtypeKind = 'bool' | 'int' | 'uint' | 'float' | 'complex';

interface ArrayConstructor<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): A;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
}

export interface DtypeInfo<D extends Dtype = Dtype> {
  readonly name: D;
  readonly kind: DtypeKind;
  /** Bytes of one element. */
  readonly itemBytes: number;
  /** Bytes of what turns around with the byte order: half an element for complex numbers, 1 for no swap. */
  readonly swapBytes: number;
  /** NumPy's `dtype.str` in little endian, as `np.save` writes it. */
  readonly descr: string;
  /** The natural typed array; its element is the whole item, or one half of a complex one. */
  readonly array: ArrayConstructor<ArrayOf[D]>;
}

function info<D extends Dtype>(
  name: D,
  kind: DtypeKind,
  descr: string,
  array: ArrayConstructor<ArrayOf[D]>,
): DtypeInfo<D> {
  const swapBytes = array.BYTES_PER_ELEMENT;
  const itemBytes = kind === 'complex' ? 2 * swapBytes : swapBytes;
  return Object.freeze({ name, kind, itemBytes, swapBytes, descr, array });
}

/** Every dtype by its name, smallest kind first. */
export const dtypes: { readonly [D in Dtype]: DtypeInfo<D> } = Object.freeze({
  bool: info('bool', 'bool', '|b1', Uint8Array),
  int8: info('int8', 'int', '|i1', Int8Array),
  int16: info('int16', 'int', '<i2', Int16Array),
  int32: info('int32', 'int', '<i4', Int32Array),
  int64: info('int64', 'int', '<i8', BigInt64Array),
  uint8: info('uint8', 'uint', '|u1', Uint8Array),
  uint16: info('uint16', 'uint', '<u2', Uint16Array),
  uint32: info('uint32', 'uint', '<u4', Uint32Array),
  uint64: info('uint64', 'uint', '<u8', BigUint64Array),
  float16: info('float16', 'float', '<f2', Uint16Array),
  float32: info('float32', 'float', '<f4', Float32Array),
  float64: info('float64', 'float', '<f8', Float64Array),
  complex64: info('complex64', 'complex', '<c8', Float32Array),
  complex128: info('complex128', 'complex', '<c16', Float64Array),
});

export const dtypeNames: readonly Dtype[] = Object.freeze(Object.keys(dtypes) as Dtype[]);

export function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(dtypes, value);
}

/** By the tag and not by the class: arrays of another realm, and Node's Buffer, are what they look like. */
const dtypeOfTag: ReadonlyMap<string, Dtype> = new Map<string, Dtype>([
  ['Int8Array', 'int8'],
  ['Int16Array', 'int16'],
  ['Int32Array', 'int32'],
  ['BigInt64Array', 'int64'],
  ['Uint8Array', 'uint8'],
  ['Uint8ClampedArray', 'uint8'],
  ['Uint16Array', 'uint16'],
  ['Uint32Array', 'uint32'],
  ['BigUint64Array', 'uint64'],
  ['Float16Array', 'float16'],
  ['Float32Array', 'float32'],
  ['Float64Array', 'float64'],
]);

/**
 * The dtype that a typed array has by itself. Where several share one class the plain one is meant:
 * `Uint8Array` is uint8 (not bool), `Uint16Array` uint16 (not float16), `Float32Array` float32 (not
 * complex64). Throws `InvalidArgument` for anything that is no typed array of numbers, a DataView included.
 */
export function dtypeOf(array: ArrayBufferView): Dtype {
  const tag: unknown = ArrayBuffer.isView(array)
    ? (array as unknown as Record<symbol, unknown>)[Symbol.toStringTag]
    : typeof array;
  const dtype = dtypeOfTag.get(String(tag));
  if (dtype !== undefined) return dtype;
  throw new NacreError('InvalidArgument', `expected a typed array, got ${quote(String(tag))}`, {
    hint: 'Pass one of the typed arrays of JavaScript, such as Float32Array.',
  });
}

/**
 * The natural typed array over little-endian bytes. Shares memory with `bytes`, except when they begin at an
 * address that the element size does not divide: then it is a copy. Throws `InvalidArgument` when the length
 * is not a whole number of elements.
 */
export function viewAs<D extends Dtype>(dtype: D, bytes: Uint8Array): ArrayOf[D] {
  const { array, itemBytes, swapBytes } = dtypes[dtype];
  if (bytes.byteLength % itemBytes !== 0)
    throw new NacreError(
      'InvalidArgument',
      `${bytes.byteLength} bytes are no whole number of ${dtype} elements of ${itemBytes} bytes`,
    );
  // A plain Uint8Array again: slice() of Node's Buffer, a subclass, would share memory and stay misaligned.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const aligned = plain.byteOffset % swapBytes === 0 ? plain : plain.slice();
  return new array(aligned.buffer, aligned.byteOffset, aligned.byteLength / swapBytes);
}

/** The bytes of a typed array, sharing its memory. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
