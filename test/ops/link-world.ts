// Objects as their owners save them, below the prefix of a dataset.
import { dict, npyFile } from '../support/npy-file.js';

/** A .npy file of int32 numbers, one a row. */
export function numbersFile(...rows: readonly number[]): Uint8Array {
  return npyFile({
    header: dict("'<i4'", 'False', `(${rows.length},)`),
    data: new Uint8Array(Int32Array.from(rows).buffer),
  });
}

/** So many rows from a first one on. */
export function longFile(rows: number, from = 0): Uint8Array {
  return npyFile({
    header: dict("'<i4'", 'False', `(${rows},)`),
    data: new Uint8Array(Int32Array.from({ length: rows }, (_, i) => from + i).buffer),
  });
}
