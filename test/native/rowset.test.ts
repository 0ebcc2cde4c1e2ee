import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { native } from '../../src/native.js';
import { failure } from './support.js';

const binary = native();
const ids = fc
  .uniqueArray(fc.oneof(fc.nat(300), fc.integer({ min: 2 ** 32 - 50, max: 2 ** 32 + 50 }), fc.maxSafeNat()))
  .map((list) => list.toSorted((a, b) => a - b));

function set(list: Iterable<number>): Uint8Array {
  return binary.rowSetFromSorted(Float64Array.from(list));
}

function list(set: Uint8Array): number[] {
  return [...binary.rowSetToSorted(set)];
}

function endOf(id: number, among: readonly number[]): number {
  let end = id + 1;
  while (among.includes(end)) end++;
  return end;
}

describe('row sets', () => {
  test('behave like sets of numbers', () => {
    fc.assert(
      fc.property(ids, ids, fc.maxSafeNat(), fc.maxSafeNat(), (a, b, start, end) => {
        expect(list(set(a))).toEqual(a);
        expect(binary.rowSetCount(set(a))).toBe(a.length);
        const union = [...new Set([...a, ...b])].toSorted((x, y) => x - y);
        expect(list(binary.rowSetUnion(set(a), set(b)))).toEqual(union);
        expect(list(binary.rowSetIntersection(set(a), set(b)))).toEqual(a.filter((id) => b.includes(id)));
        expect(list(binary.rowSetDifference(set(a), set(b)))).toEqual(a.filter((id) => !b.includes(id)));
        const slice = list(binary.rowSetSlice(set(a), start, end));
        expect(slice).toEqual(a.filter((id) => id >= start && id < end));
        const runs = a.filter((id) => !a.includes(id - 1)).flatMap((id) => [id, endOf(id, a)]);
        expect([...binary.rowSetRuns(set(a))]).toEqual(runs);
      }),
    );
  });

  test('are made of bits, and of ranges', () => {
    const firsts = fc.oneof(fc.nat(20), fc.integer({ min: 2 ** 32 - 90, max: 2 ** 32 + 9 }), fc.nat(2 ** 40));
    fc.assert(
      fc.property(firsts, fc.uint8Array({ maxLength: 40 }), (first, bits) => {
        const wanted = Array.from(bits, (byte, i) =>
          Array.from({ length: 8 }, (_, bit) => first + 8 * i + bit).filter((_, bit) => (byte >> bit) & 1),
        ).flat();
        const made = binary.rowSetFromBits(first, bits);
        expect(list(made)).toEqual(wanted);
        expect(Buffer.from(made).equals(set(wanted))).toBe(true);
        const range = binary.rowSetRange(first, first + bits.length);
        expect(list(range)).toEqual(Array.from(bits, (_, i) => first + i));
        expect([...binary.rowSetRuns(range)]).toEqual(bits.length === 0 ? [] : [first, first + bits.length]);
      }),
    );
    expect(list(binary.rowSetRange(5, 5))).toEqual([]);
    // A run goes on over containers and high words, and is the same bytes however it was made.
    for (const length of [1, 2, 3, 4_095, 4_096, 4_097, 70_000, 200_000]) {
      const range = binary.rowSetRange(2 ** 32 - 60_000, 2 ** 32 - 60_000 + length);
      expect([...binary.rowSetRuns(range)]).toEqual([2 ** 32 - 60_000, 2 ** 32 - 60_000 + length]);
      expect(Buffer.from(range).equals(set(binary.rowSetToSorted(range)))).toBe(true);
    }
  });

  test('are the same bytes as other roaring libraries write', () => {
    const bytes = Buffer.from('0100000000000000000000003a3000000100000000000100100000000300ffff', 'hex');
    expect(Buffer.from(set([3, 65_535])).equals(bytes)).toBe(true);
    expect(list(bytes)).toEqual([3, 65_535]);
  });

  test('a large set crosses whole', () => {
    const many = Float64Array.from({ length: 100_000 }, (_, i) => i * 3);
    const bytes = binary.rowSetFromSorted(many);
    expect(binary.rowSetToSorted(bytes)).toEqual(many);
    expect(binary.rowSetCount(binary.rowSetSlice(bytes, 0, 3_000))).toBe(1_000);
  });

  test('bytes that are no set are Corrupt', async () => {
    const good = set([1, 2, 2 ** 40]);
    const bad = [
      new Uint8Array(),
      good.subarray(0, 20),
      Uint8Array.of(...good, 0),
      new Uint8Array(8).fill(255),
    ];
    for (const bytes of bad) {
      expect(await failure(() => binary.rowSetCount(bytes))).toMatchObject({ code: 'Corrupt' });
      expect(await failure(() => binary.rowSetUnion(good, bytes))).toMatchObject({ code: 'Corrupt' });
    }
  });

  test('ids that are no sorted integers are InvalidArgument', async () => {
    for (const wrong of [[2, 1], [-1], [0.5], [Number.NaN], [2 ** 53], [Number.POSITIVE_INFINITY]])
      expect(await failure(() => set(wrong))).toMatchObject({ code: 'InvalidArgument' });
    expect(await failure(() => binary.rowSetSlice(set([]), 0.5, 1))).toMatchObject({
      code: 'InvalidArgument',
    });
    expect(list(set([4, 4, 4]))).toEqual([4]);
  });
});
