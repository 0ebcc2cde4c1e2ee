// A boolean .npy that says of each row of an array whether it is meant, as in NumPy's `a[mask]`. Held as one
// bit a row, and counted by blocks, so that any piece of the chosen rows is found without a list of all.
import { NacreError, openNpyFile } from '../index.js';
import { plural } from './output.js';

/** Values read at once. */
const pieceRows = 2 ** 20;

/** Chosen rows that are listed at once, at most. */
export const maskedRows = 2 ** 20;

/** Rows that are counted together. */
const blockRows = 2 ** 16;

export class RowMask {
  readonly file: string;
  /** Rows that it has a value for. */
  readonly length: number;
  readonly #bits: Uint8Array;
  /** How many rows are chosen before each block; in the end how many in all. */
  readonly #before: Float64Array;

  private constructor(file: string, length: number, bits: Uint8Array) {
    this.file = file;
    this.length = length;
    this.#bits = bits;
    const blocks = Math.ceil(length / blockRows);
    this.#before = new Float64Array(blocks + 1);
    const blockBytes = blockRows / 8;
    for (let block = 0; block < blocks; block++) {
      let count = 0;
      for (const byte of bits.subarray(block * blockBytes, (block + 1) * blockBytes)) count += onesOf(byte);
      this.#before[block + 1] = (this.#before[block] as number) + count;
    }
  }

  /** Memory: a bit for each row, and a piece of the file. */
  static async read(file: string, signal: AbortSignal): Promise<RowMask> {
    const source = await openNpyFile(file, { signal });
    try {
      const { dtype, rowShape, scalar } = source.type;
      if (dtype !== 'bool' || rowShape.length > 0 || scalar) {
        const shape = scalar
          ? '()'
          : `(${[source.rows, ...rowShape].join(', ')}${rowShape.length === 0 ? ',' : ''})`;
        throw new NacreError('InvalidArgument', `${file} is no mask: it is ${dtype} of shape ${shape}`, {
          context: { file, dtype },
          hint:
            dtype === 'bool'
              ? 'Save one value for each row: for several axes mask.any(axis=1), or as it is meant.'
              : 'Save booleans, one for each row; numbers of rows go to --rows.',
        });
      }
      const bits = new Uint8Array(Math.ceil(source.rows / 8));
      for (let start = 0; start < source.rows; start += pieceRows) {
        const end = Math.min(source.rows, start + pieceRows);
        const values = await source.read(start, end, { signal });
        for (let i = 0; i < values.length; i++) {
          const row = start + i;
          if (values[i] !== 0) bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7));
        }
      }
      return new RowMask(file, source.rows, bits);
    } finally {
      await source.close();
    }
  }

  /** How many rows are chosen. */
  get count(): number {
    return this.#before.at(-1) ?? 0;
  }

  /** The places `[start, end)` of the chosen rows, in order. */
  places(start: number, end: number): Float64Array {
    const places = new Float64Array(end - start);
    let at = 0;
    // The first block that has one of them.
    let row = blockRows * (firstAbove(this.#before, start) - 1);
    let skip = start - (this.#before[row / blockRows] as number);
    for (; at < places.length; row += 8) {
      const byte = this.#bits[row / 8] as number;
      if (byte === 0) continue;
      for (let bit = 0; bit < 8 && at < places.length; bit++) {
        if ((byte & (1 << bit)) === 0) continue;
        if (skip > 0) skip--;
        else places[at++] = row + bit;
      }
    }
    return places;
  }

  /** Refuses an array of another length. */
  check(array: string, shape: readonly number[]): void {
    const [rows] = shape;
    if (rows === this.length) return;
    const has = rows === undefined ? 'is a 0-d array' : `has ${plural(rows, 'row')}`;
    throw new NacreError(
      'InvalidArgument',
      `the mask ${this.file} has ${plural(this.length, 'value')}, '${array}' ${has}`,
      {
        context: { file: this.file, array, expected: rows ?? 0, observed: this.length },
        hint:
          rows === undefined
            ? 'Leave the mask out: there is one value.'
            : 'A mask has a value for each row of the array, at the version that is read or changed.',
      },
    );
  }
}

function onesOf(byte: number): number {
  let ones = 0;
  for (let left = byte; left !== 0; left &= left - 1) ones++;
  return ones;
}

/** Index of the first that is above `value`, of ascending numbers; the last one where none is. */
function firstAbove(numbers: Float64Array, value: number): number {
  let [low, high] = [1, numbers.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
