// Which rows of an array are still there. NumPack drops rows by a bit in `deleted_NAME.npkb`: rows u64, rows
// dropped u64, then 64 rows in each word of 8 bytes, little endian, 1 for a row that is there. Files of old
// releases are the words alone. How many were dropped is counted: appends leave the header behind.

/** Of which it is known how many live rows come before them. */
const blockRows = 2 ** 14;

/** A run of rows as they lie in the file. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

export class LiveRows {
  readonly count: number;
  readonly #words: Uint32Array;
  readonly #rows: number;
  /** Live rows before each block. */
  readonly #before: Float64Array;

  /** `words` is as long as the rows need, from an address that 4 divides. */
  constructor(words: Uint8Array, rows: number) {
    this.#words = new Uint32Array(words.buffer, words.byteOffset, words.byteLength / 4);
    this.#rows = rows;
    this.#before = new Float64Array(Math.ceil(rows / blockRows) + 1);
    let count = 0;
    for (let block = 0; block * blockRows < rows; block++) {
      this.#before[block] = count;
      const end = Math.min(rows, (block + 1) * blockRows);
      for (let row = block * blockRows; row < end; row += 32) count += ones(this.#word(row, end));
    }
    this.#before[this.#before.length - 1] = count;
    this.count = count;
  }

  /** Where the live rows `[start, end)` lie, in order. */
  *runs(start: number, end: number): Generator<Run> {
    let left = end - start;
    let row = this.#rowOf(start);
    while (left > 0) {
      while (!this.#isLive(row)) row += this.#words[row >>> 5] === 0 && row % 32 === 0 ? 32 : 1;
      const first = row;
      while (left > 0 && row < this.#rows && this.#isLive(row)) {
        row++;
        left--;
      }
      yield { start: first, end: row };
    }
  }

  /** The row that has `live` live rows before it, or one of the dropped ones in front of that. */
  #rowOf(live: number): number {
    let [low, high] = [0, this.#before.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#before[middle] as number) <= live) low = middle;
      else high = middle;
    }
    let row = low * blockRows;
    let before = this.#before[low] as number;
    for (; row + 32 <= this.#rows; row += 32) {
      const count = ones(this.#word(row, this.#rows));
      if (before + count > live) break;
      before += count;
    }
    for (; before < live; row++) if (this.#isLive(row)) before++;
    return row;
  }

  #isLive(row: number): boolean {
    return (((this.#words[Math.floor(row / 32)] as number) >>> (row % 32)) & 1) === 1;
  }

  /** Of the word of that row, which is its first, the bits before `end`. */
  #word(row: number, end: number): number {
    const word = this.#words[row / 32] as number;
    return end - row >= 32 ? word : word & (2 ** (end - row) - 1);
  }
}

function ones(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return (((n + (n >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
