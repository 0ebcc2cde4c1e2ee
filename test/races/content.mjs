// What racing processes write: rows that say who wrote them, filled up with numbers that follow from
// that, so that any row read back can be compared bit by bit without asking its writer.

/** int32 numbers of one row: writer, operation, place in the operation, and noise. */
export const rowLength = 16;

/** Rows of an operation, from 1 to 7. */
export function rowCount(writer, operation) {
  return 1 + ((writer * 31 + operation * 17) % 7);
}

export function rowsOf(writer, operation, count = rowCount(writer, operation)) {
  const data = new Int32Array(count * rowLength);
  for (let row = 0; row < count; row++) {
    let state = Math.imul(writer + 1, 0x9e3779b1) ^ Math.imul(operation + 1, 0x85ebca6b) ^ (row + 1);
    for (let i = 3; i < rowLength; i++) {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i;
      data[row * rowLength + i] = state;
    }
    data.set([writer, operation, row], row * rowLength);
  }
  return { data, shape: [count, rowLength] };
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomOf(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
