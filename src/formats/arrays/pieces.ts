// The rows of an array on their way into a file, as many as its shape says.
import { rowBytesOf } from '../../arrays/row-type.js';
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

/** The rows of several arrays, taken side by side: as many as are asked for, in memory of their own. */
export class RowsTaken {
  readonly #array: ArrayToWrite;
  readonly #rowBytes: number;
  readonly #pieces: AsyncGenerator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(array: ArrayToWrite, options: CallOptions) {
    this.#array = array;
    this.#rowBytes = rowBytesOf(array.type);
    this.#pieces = bytesOfArray(array, options);
  }

  get array(): ArrayToWrite {
    return this.#array;
  }

  async take(rows: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(rows * this.#rowBytes);
    for (let done = 0; done < bytes.byteLength; ) {
      if (this.#rest.byteLength === 0) {
        const next = await this.#pieces.next();
        // Fewer than the shape says are an error of the pieces before it comes to this.
        if (next.done === true) break;
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, bytes.byteLength - done);
      bytes.set(part, done);
      done += part.byteLength;
      this.#rest = this.#rest.subarray(part.byteLength);
    }
    return bytes;
  }

  /** Errors: `InvalidArgument` when there are more. */
  async end(): Promise<void> {
    await this.#pieces.next();
  }

  /** Leaves the pieces that were not taken. */
  async close(): Promise<void> {
    await this.#pieces.return(undefined);
  }
}
