// Which rows of a sample are held out, to measure what the others were trained for.
import { expect, test } from 'vitest';
import { holdOut, type Sample } from '../../src/ann/sample.js';

/** Rows of two bytes, numbered from 100 on. */
function sampleOf(rows: number): Sample {
  const ids = Float64Array.from({ length: rows }, (_, i) => 100 + i);
  const numbers = Uint16Array.from({ length: rows }, (_, i) => i);
  return { bytes: new Uint8Array(numbers.buffer), rows, ids };
}

const numbersOf = ({ bytes }: Sample) => [...new Uint16Array(Uint8Array.from(bytes).buffer)];

test.each([
  [1, 5, 1],
  [3, 5, 3],
  [4, 5, 1],
  [7, 5, 1],
  [100, 5, 5],
  [6000, 1000, 1000],
])('of %i rows, %i at most: %i, each with its id, and the rest in order', (rows, most, count) => {
  const { held, rest } = holdOut(sampleOf(rows), most);
  expect(held.rows).toBe(count);
  for (const part of [held, rest]) {
    expect(numbersOf(part)).toHaveLength(part.rows);
    expect(numbersOf(part).map((row) => row + 100)).toEqual([...part.ids]);
    expect([...part.ids].sort((a, b) => a - b)).toEqual([...part.ids]);
  }
  const isBoth = rows < 4;
  const all = isBoth ? held.ids : Float64Array.from([...held.ids, ...rest.ids]);
  expect(new Set(all).size).toBe(rows);
});

test('where kinds of rows take turns, as many of each kind are held out', () => {
  const { held } = holdOut(sampleOf(6000), 1000);
  const rows = numbersOf(held);
  for (let kinds = 2; kinds <= 100; kinds++) {
    const counts = Array.from({ length: kinds }, () => 0);
    for (const row of rows) counts[row % kinds] = (counts[row % kinds] ?? 0) + 1;
    const share = rows.length / kinds;
    // Picked by chance, 5 standard deviations would be this far.
    for (const count of counts)
      expect(Math.abs(count - share), `${kinds} kinds`).toBeLessThan(5 * Math.sqrt(share));
  }
});
