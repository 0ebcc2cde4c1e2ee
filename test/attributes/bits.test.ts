// Bits, a byte or a word at a time, as one by one.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bitAt, countBits, makeBits, sliceBits } from '../../src/attributes/bits.js';

/** Bytes that begin anywhere in memory. */
const bytes = fc
  .tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 7 }))
  .map(([given, skip]) => given.subarray(Math.min(skip, given.length)));

test('bits are counted up to any of them, with none behind the last byte', () => {
  fc.assert(
    fc.property(bytes, fc.nat(330), (bits, count) => {
      let set = 0;
      for (let i = 0; i < count; i++) if (bitAt(bits, i)) set++;
      expect(countBits(bits, count)).toBe(set);
    }),
    { numRuns: 2_000 },
  );
});

test('a slice has the bits from one to another, and zeros behind the last', () => {
  fc.assert(
    fc.property(bytes, fc.nat(330), fc.nat(330), (bits, a, b) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)];
      expect(sliceBits(bits, start, end)).toEqual(makeBits(end - start, (i) => bitAt(bits, start + i)));
    }),
    { numRuns: 2_000 },
  );
});
