// Rows in pieces of a size, and their bytes as typed arrays.
import type { Dtype, FileRows, RowSource, RowType, TypedArray } from '../index.js';

type View = new (buffer: ArrayBufferLike, offset: number, length: number) => TypedArray;

/** What holds each dtype in memory, and elements of that for a number. */
const views: Readonly<Record<Dtype, readonly [View & { readonly BYTES_PER_ELEMENT: number }, number]>> = {
  bool: [Uint8Array, 1],
  int8: [Int8Array, 1],
  uint8: [Uint8Array, 1],
  int16: [Int16Array, 1],
  uint16: [Uint16Array, 1],
  float16: [Uint16Array, 1],
  int32: [Int32Array, 1],
  uint32: [Uint32Array, 1],
  float32: [Float32Array, 1],
  int64: [BigInt64Array, 1],
  uint64: [BigUint64Array, 1],
  float64: [Float64Array, 1],
  complex64: [Float32Array, 2],
  complex128: [Float64Array, 2],
};

export function rowBytes({ dtype, rowShape }: RowType): number {
  const [view, elements] = views[dtype];
  return rowShape.reduce((product, length) => product * length, view.BYTES_PER_ELEMENT * elements);
}

/** Rows of about so many bytes; one at least. */
export function rowsOf(bytes: number, type: RowType): number {
  return Math.max(1, Math.floor(bytes / Math.max(1, rowBytes(type))));
}

/** The rows `[start, end)` as writes take them. */
export async function readRows(
  source: RowSource,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<FileRows> {
  const { dtype, rowShape, scalar } = source.type;
  const [view] = views[dtype];
  let bytes = await source.read(start, end, { signal });
  // A typed array begins at a multiple of its elements.
  if (bytes.byteOffset % view.BYTES_PER_ELEMENT !== 0) bytes = bytes.slice();
  const data = new view(bytes.buffer, bytes.byteOffset, bytes.byteLength / view.BYTES_PER_ELEMENT);
  return { data, shape: scalar ? [] : [end - start, ...rowShape], dtype };
}

/** All rows in order, in pieces of about so many bytes; `onRows` is told how many are out. */
export async function* piecesOf(
  source: RowSource,
  bytes: number,
  signal: AbortSignal,
  onRows: (done: number) => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  const step = rowsOf(bytes, source.type);
  for (let start = 0; start < source.rows; start += step) {
    const end = Math.min(start + step, source.rows);
    yield await source.read(start, end, { signal });
    onRows(end);
  }
}
