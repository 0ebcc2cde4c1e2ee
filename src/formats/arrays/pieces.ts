// The rows of an array on their way into a file, as many as its shape says.
import { rowBytesOf } from '../../arrays/partition-writer.js';
import { NacreError } from '../../errors.js';
import { bytesOf } from '../../npy/dtype.js';
import { encodeHeader } from '../../npy/header.js';
import type { CallOptions } from '../../storage/object-store.js';
import { throwIfAborted } from '../../util/runtime.js';
import type { ArrayToWrite } from './array-file.js';

/** Shape as NumPy has it. */
export function shapeOfArray({ type, rows }: Pick<ArrayToWrite, 'type' | 'rows'>): number[] {
  return type.scalar ? [] : [rows, ...type.rowShape];
}

export function sizeOfArray({ type, rows }: Pick<ArrayToWrite, 'type' | 'rows'>): number {
  return rows * rowBytesOf(type);
}

/** Bytes of it as a .npy file, header included. */
export function npySizeOfArray(array: Pick<ArrayToWrite, 'type' | 'rows'>): number {
  return encodeHeader(array.type.dtype, shapeOfArray(array)).byteLength + sizeOfArray(array);
}

/** Errors: `InvalidArgument` when more or fewer bytes come than the shape says. */
export async function* bytesOfArray(
  array: ArrayToWrite,
  { signal }: CallOptions,
): AsyncGenerator<Uint8Array> {
  const expected = sizeOfArray(array);
  let seen = 0;
  for await (const piece of array.pieces()) {
    throwIfAborted(signal);
    seen += piece.byteLength;
    if (seen > expected) break;
    if (piece.byteLength > 0) yield bytesOf(piece);
  }
  if (seen === expected) return;
  throw new NacreError(
    'InvalidArgument',
    `the rows of '${array.array}' are ${expected} bytes by their shape, ${seen} came`,
    { context: { array: array.array, expected, observed: seen } },
  );
}
