import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, dtypeNames, dtypeOf, dtypes, isDtype, viewAs } from '../../src/npy/dtype.js';
import { float16ToNumber, numberToFloat16 } from '../../src/npy/float16.js';

describe('dtypes', () => {
  test('have the sizes, the halves to swap and the strings of NumPy', () => {
    expect(
      dtypeNames.map((name) => [name, dtypes[name].itemBytes, dtypes[name].swapBytes, dtypes[name].descr]),
    ).toEqual([
      ['bool', 1, 1, '|b1'],
      ['int8', 1, 1, '|i1'],
      ['int16', 2, 2, '<i2'],
      ['int32', 4, 4, '<i4'],
      ['int64', 8, 8, '<i8'],
      ['uint8', 1, 1, '|u1'],
      ['uint16', 2, 2, '<u2'],
      ['uint32', 4, 4, '<u4'],
      ['uint64', 8, 8, '<u8'],
      ['float16', 2, 2, '<f2'],
      ['float32', 4, 4, '<f4'],
      ['float64', 8, 8, '<f8'],
      ['complex64', 8, 4, '<c8'],
      ['complex128', 16, 8, '<c16'],
    ]);
    for (const name of dtypeNames) expect(dtypes[name].name).toBe(name);
  });

  test('are known by name and by nothing that every object has', () => {
    for (const name of dtypeNames) expect(isDtype(name)).toBe(true);
    for (const name of ['float', 'toString', '__proto__', '', null, undefined, 4, ['int8']])
      expect(isDtype(name)).toBe(false);
  });
});

describe('dtypeOf', () => {
  test('names the natural dtype of each typed array, the plain one where several share a class', () => {
    const shared = { bool: 'uint8', float16: 'uint16', complex64: 'float32', complex128: 'float64' } as const;
    for (const name of dtypeNames)
      expect(dtypeOf(new dtypes[name].array(2))).toBe(
        name in shared ? shared[name as keyof typeof shared] : name,
      );
    expect(dtypeOf(Buffer.alloc(1))).toBe('uint8');
    expect(dtypeOf(new Uint8ClampedArray(1))).toBe('uint8');
  });

  test('refuses what is no typed array, by name', () => {
    for (const [value, name] of [
      [new DataView(new ArrayBuffer(1)), 'DataView'],
      [[1, 2], 'object'],
      [undefined, 'undefined'],
      [{ [Symbol.toStringTag]: 'Float32Array' }, 'object'],
    ] as const)
      expect(() => dtypeOf(value as unknown as ArrayBufferView)).toThrow(
        expect.objectContaining({
          code: 'InvalidArgument',
          message: `expected a typed array, got "${name}"`,
        }) as Error,
      );
  });
});

describe('viewAs', () => {
  test('shares memory where the address allows it and copies where it does not', () => {
    for (const name of dtypeNames) {
      const { itemBytes, swapBytes, array } = dtypes[name];
      const buffer = new ArrayBuffer(64 + itemBytes);
      for (let offset = 0; offset < 32; offset++) {
        const bytes = new Uint8Array(buffer, offset, 2 * itemBytes).fill(offset + 1);
        const view = viewAs(name, bytes);
        expect(view).toBeInstanceOf(array);
        expect(view).toHaveLength((2 * itemBytes) / swapBytes);
        expect(view.buffer === buffer).toBe(offset % swapBytes === 0);
        expect(bytesOf(view)).toEqual(bytes);
      }
    }
  });

  test('copies a misaligned Buffer of Node, whose slice() does not', () => {
    const buffer = Buffer.alloc(32).subarray(3, 11).fill(7);
    expect(viewAs('float64', buffer)).toEqual(new Float64Array(Uint8Array.from(buffer).buffer));
  });

  test('is undone by bytesOf for any bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...dtypeNames),
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(17),
        (name, bytes, start) => {
          const from = bytes.subarray(Math.min(start, bytes.length));
          const whole = from.subarray(0, from.length - (from.length % dtypes[name].itemBytes));
          expect(bytesOf(viewAs(name, whole))).toEqual(whole);
        },
      ),
    );
  });

  test('refuses half an element, also half a complex one', () => {
    expect(() => viewAs('complex64', new Uint8Array(12))).toThrow(
      expect.objectContaining({
        code: 'InvalidArgument',
        message: '12 bytes are no whole number of complex64 elements of 8 bytes',
      }) as Error,
    );
  });
});

describe('float16', () => {
  test('comes back from its number for every one of the 65,536 values but the NaNs', () => {
    const all = Array.from({ length: 0x10000 }, (_, bits) => bits);
    const isNan = (bits: number): boolean => (bits & 0x7fff) > 0x7c00;
    expect(all.filter((bits) => Number.isNaN(float16ToNumber(bits)))).toEqual(all.filter(isNan));
    expect(all.map((bits) => numberToFloat16(float16ToNumber(bits)))).toEqual(
      all.map((bits) => (isNan(bits) ? 0x7e00 : bits)),
    );
  });

  test('takes the nearest value, the even one of two as near', () => {
    for (const [value, bits] of [
      [0, 0x0000],
      [-0, 0x8000],
      [1, 0x3c00],
      [-2, 0xc000],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [65504, 0x7bff],
      [65519.999999, 0x7bff],
      [65520, 0x7c00],
      [-1e300, 0xfc00],
      [Infinity, 0x7c00],
      [2 ** -24, 0x0001],
      [2 ** -25, 0x0000],
      [2 ** -25 * (1 + 2 ** -52), 0x0001],
      [2 ** -14 * (1 - 2 ** -12), 0x0400],
      [Number.MIN_VALUE, 0x0000],
      // By way of float32 this would round twice, and end at 0x3c00.
      [1 + 2 ** -11 + 2 ** -40, 0x3c01],
    ] as const)
      expect([value, numberToFloat16(value)]).toEqual([value, bits]);
  });

  test('is never further from a number than either neighbour', () => {
    fc.assert(
      fc.property(fc.double({ min: -65519, max: 65519, noNaN: true }), (value) => {
        const bits = numberToFloat16(value);
        const sign = bits & 0x8000;
        const distances = [bits - 1, bits, bits + 1]
          .filter((next) => (next & 0x8000) === sign && (next & 0x7fff) < 0x7c00)
          .map((next) => Math.abs(float16ToNumber(next) - value));
        expect(Math.abs(float16ToNumber(bits) - value)).toBe(Math.min(...distances));
      }),
      { numRuns: 2000 },
    );
  });
});
