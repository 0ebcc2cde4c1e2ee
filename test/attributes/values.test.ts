// Columns from JavaScript's values: what type they have, and what is refused.
import { describe, expect, test } from 'vitest';
import type { AttributeType } from '../../src/attributes/column.js';
import { type AttributeValues, columnOf, typeOfValues, valueAt } from '../../src/attributes/values.js';
import { isNacreError } from '../../src/errors.js';

function back(type: AttributeType, values: AttributeValues): unknown[] {
  const column = columnOf('a', type, values);
  return Array.from({ length: column.rows }, (_, row) => valueAt(column, row));
}

function refused(call: () => unknown, says: RegExp): void {
  try {
    call();
  } catch (error) {
    expect(isNacreError(error, 'InvalidArgument'), String(error)).toBe(true);
    expect((error as Error).message).toMatch(says);
    return;
  }
  expect.fail(`nothing was refused: ${says}`);
}

describe('the type of values', () => {
  test.each<[AttributeValues, AttributeType | undefined]>([
    [[true, null], 'bool'],
    [[1, 2n, -3], 'int'],
    [[1, 2.5], 'float'],
    [[1n, 2.5], 'float'],
    [[2 ** 53], 'float'],
    [[-0], 'float'],
    [[Number.NaN], 'float'],
    [['a', undefined, 'b'], 'string'],
    [[['a'], [], null], 'strings'],
    [[new Date(0)], 'timestamp'],
    [[null, undefined], undefined],
    [[], undefined],
    [Int32Array.of(1), 'int'],
    [Float32Array.of(1), 'float'],
  ])('of %o is %s', (values, type) => {
    expect(typeOfValues('a', values)).toBe(type);
  });

  test('is one for all rows, and the row that has another is named', () => {
    refused(() => typeOfValues('a', [1, 'x']), /'a', row 1: string is no int/);
    refused(() => typeOfValues('a', ['x', null, ['y']]), /row 2: a list is no string/);
    refused(() => typeOfValues('a', [true, 1]), /row 1: number is no bool/);
    refused(() => typeOfValues('a', [{}] as never), /row 0: object is no value of an attribute/);
  });
});

describe('a column', () => {
  test('has the values, integers exactly', () => {
    const most = 2n ** 63n - 1n;
    expect(back('int', [1, most, null, -most - 1n])).toEqual([1n, most, null, -most - 1n]);
    expect(back('int', Uint8Array.of(0, 255))).toEqual([0n, 255n]);
    expect(back('float', [1n, -0, Number.NaN, null])).toEqual([1, -0, Number.NaN, null]);
    expect(back('bool', [true, false, null])).toEqual([true, false, null]);
    expect(back('string', ['', 'ä𝄞\0', null])).toEqual(['', 'ä𝄞\0', null]);
    expect(back('strings', [[], ['a', ''], null])).toEqual([[], ['a', ''], null]);
    expect(back('timestamp', [new Date(-1), null])).toEqual([-1000n, null]);
    expect(back('string', [])).toEqual([]);
  });

  test('has whole numbers and instants of any size', () => {
    const wholes = [2 ** 32, -1, -(2 ** 31), -(2 ** 32) - 1, 2 ** 31, -0, Number.MAX_SAFE_INTEGER];
    for (const whole of wholes) {
      expect(back('int', [whole, -whole])).toEqual([BigInt(whole), -BigInt(whole)]);
    }
    // Some in microseconds are beyond what a number holds safely.
    for (const millis of [8.64e15, -8.64e15, 9_007_199_254_740, 9_007_199_254_741, 1.7e12 + 1]) {
      expect(back('timestamp', [new Date(millis)])).toEqual([BigInt(millis) * 1000n]);
    }
    expect(back('timestamp', BigInt64Array.of(5n))).toEqual([5n]);
    expect(back('float', Float32Array.of(0.5))).toEqual([0.5]);
    expect(back('float', Int8Array.of(-3))).toEqual([-3]);
  });

  test('has many texts, and long ones', () => {
    const textOf = (i: number): string => (i % 20_000 === 7 ? 'ä𝄞'.repeat(i) : `text ${i}`);
    const texts = Array.from({ length: 40_000 }, (_, i) => textOf(i));
    expect(back('string', texts)).toEqual(texts);
    expect(back('strings', [texts, [], ['a']])).toEqual([texts, [], ['a']]);
  });

  test('does not change with what it was made of', () => {
    const floats = Float64Array.of(1);
    const wholes = BigInt64Array.of(1n);
    const columns = [columnOf('a', 'float', floats), columnOf('a', 'int', wholes)];
    floats.fill(2);
    wholes.fill(2n);
    expect(columns.map((column) => valueAt(column, 0))).toEqual([1, 1n]);
  });

  test('refuses what is not of its type, or would be another value', () => {
    refused(() => back('int', [1.5]), /row 0: number is no int/);
    refused(() => back('int', [2n ** 63n]), /row 0: bigint is no int/);
    refused(() => back('float', [2n ** 53n + 1n]), /row 0: bigint is no float/);
    refused(() => back('timestamp', [new Date(Number.NaN)]), /row 0: a date is no timestamp/);
    refused(() => back('strings', [['a', 1]] as never), /row 0: a list is no strings/);
    refused(() => back('string', ['a\ud800']), /half of a surrogate pair/);
    refused(
      () => back('string', ['a', null, '\ud834', '\udd1e']),
      /'a': text 2 has half of a surrogate pair/,
    );
    const many = Array.from({ length: 20_000 }, (_, i) => (i === 19_999 ? '\udd1e' : 'a'));
    refused(() => back('strings', [[], many]), /text 19999 has half/);
  });
});
