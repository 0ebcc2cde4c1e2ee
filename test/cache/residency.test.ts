// Which stretches of mappings are given back: those that were not touched for longest, however touches are
// noted.
import { expect, test } from 'vitest';
import { type KeptMapping, Residency } from '../../src/cache/residency.js';
import { seededRandom } from '../support/fake-runtime.js';

const MiB = 2 ** 20;
const stretch = 8 * MiB;

/** Mappings of memory that nobody touches, by the number in their name. */
function residencyOf(budgetBytes: number, ...sizes: number[]) {
  const returned: [number, number][] = [];
  const mappings: KeptMapping[] = [];
  const residency = new Residency(budgetBytes, (bytes) => {
    const of = mappings.findIndex((mapping) => mapping.bytes.buffer === bytes.buffer);
    returned.push([of, bytes.byteOffset / stretch]);
  });
  for (const size of sizes) mappings.push(residency.add(new Uint8Array(size)));
  const whole = (of: number): void => {
    const mapping = mappings[of] as KeptMapping;
    residency.touch(mapping, 0, mapping.bytes.byteLength);
  };
  return { residency, mappings, returned, whole };
}

test('a mapping all of which was touched again goes after those that were not', () => {
  const { residency, mappings, returned, whole } = residencyOf(
    4 * stretch,
    16 * MiB,
    stretch,
    stretch,
    stretch,
  );
  for (const of of [0, 1, 2, 0, 0]) whole(of);
  expect(mappings.map((mapping) => residency.isWhole(mapping))).toEqual([true, true, true, false]);
  whole(3);
  expect(returned).toEqual([[1, 0]]);
  expect(residency.isWhole(mappings[1] as KeptMapping)).toBe(false);
  expect(residency.isTouched(mappings[0] as KeptMapping, 3, 16 * MiB)).toBe(true);
  whole(1);
  expect(returned).toEqual([
    [1, 0],
    [2, 0],
  ]);
  whole(0);
  const release = residency.hold(2 * stretch);
  expect(returned.slice(2)).toEqual([
    [3, 0],
    [1, 0],
  ]);
  release();
});

test('touches in any order give back what a plain list of all of them would', () => {
  const seed = Date.now() & 0xffff;
  const random = seededRandom(seed);
  const sizes = [20 * MiB, stretch, 3 * stretch, 5 * MiB, 2 * stretch];
  const budget = 6 * stretch;
  const { residency, mappings, returned, whole } = residencyOf(budget, ...sizes);
  // Of each stretch that is in memory how much of it is, the one that was touched last at the end.
  const plain = new Map<string, number>();
  const expected: [number, number][] = [];
  const touched = (of: number, at: number, bytes: number): void => {
    const name = `${of} ${at}`;
    const most = Math.min(stretch, (sizes[of] as number) - at * stretch);
    const sum = Math.min(most, (plain.get(name) ?? 0) + Math.max(2 * MiB, bytes));
    plain.delete(name);
    plain.set(name, sum);
  };
  const makeRoom = (): void => {
    const sum = (): number => [...plain.values()].reduce((all, one) => all + one, 0);
    while (sum() > budget && plain.size > 1) {
      const [name] = plain.keys();
      plain.delete(name as string);
      expected.push((name as string).split(' ').map(Number) as [number, number]);
    }
  };
  for (let i = 0; i < 2_000; i++) {
    const of = Math.floor(random() * sizes.length);
    const size = sizes[of] as number;
    const mapping = mappings[of] as KeptMapping;
    const at = Math.floor(random() * Math.ceil(size / stretch));
    const row = at * stretch + Math.floor((random() * Math.min(stretch, size - at * stretch)) / 64) * 64;
    if (random() < 0.6) {
      whole(of);
      for (let one = 0; one * stretch < size; one++)
        touched(of, one, Math.min(stretch, size - one * stretch));
    } else if (random() < 0.5) {
      residency.touch(mapping, row, Math.min(size, row + 100));
      const end = Math.min(size, row + 100);
      const next = (at + 1) * stretch;
      touched(of, at, Math.min(end, next) - row);
      if (end > next) touched(of, at + 1, end - next);
    } else {
      residency.touchRows(mapping, 0, 64, Float64Array.of(row / 64));
      touched(of, at, 64);
    }
    makeRoom();
    expect(returned, `seed ${seed}, step ${i}`).toEqual(expected);
    const isWhole = [...plain]
      .filter(([name]) => name.startsWith(`${of} `))
      .reduce((sum, [, one]) => sum + one, 0);
    expect(residency.isWhole(mapping), `seed ${seed}, step ${i}`).toBe(isWhole === size);
  }
  expect(expected.length).toBeGreaterThan(100);
});
