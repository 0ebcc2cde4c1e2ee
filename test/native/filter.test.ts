// Terms of filters as the binary has them: what it refuses, whatever hands it bytes. What they are true of
// is in test/query/filter.
import { describe, expect, test } from 'vitest';
import { native } from '../../src/native.js';
import type { FilterColumn, FilterTerm, FilterTest } from '../../src/native/filter.js';
import { failure } from './support.js';

const binary = native();

function ints(...numbers: bigint[]): FilterColumn {
  const values = new Uint8Array(BigInt64Array.from(numbers).buffer);
  return { type: 'int', rows: numbers.length, values };
}

type Evaluate = (term: FilterTerm, ...args: Parameters<FilterTerm['evaluate']>) => Promise<void> | void;

const ways: Record<string, Evaluate> = {
  'on the event loop': (term, ...args) => term.evaluateNow(...args),
  'off the event loop': (term, ...args) => term.evaluate(...args),
};

describe.each(Object.entries(ways))('a term %s', (_, evaluate) => {
  const term = binary.createFilterTerm('<', ints(2n));
  const column = ints(1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 1n);

  test('gives the rows where it is true and those where it is false', async () => {
    const [holds, fails] = [Uint8Array.of(0xff, 0xff), Uint8Array.of(0xff, 0xff)];
    await evaluate(term, { ...column, valid: Uint8Array.of(0b1111_1101, 0xff) }, holds, fails);
    expect([...holds, ...fails]).toEqual([1, 1, 0b1111_1100, 0]);
  });

  test('writes to no bytes but those of its rows, which are apart', async () => {
    const room = new Uint8Array(4);
    const places = [
      [room.subarray(0, 1), room.subarray(2, 4)],
      [room.subarray(0, 2), room.subarray(2, 3)],
      [room.subarray(0, 3), room.subarray(3, 4)],
      [room.subarray(0, 2), room.subarray(1, 3)],
    ] as const;
    for (const [holds, fails] of places) {
      const { code } = await failure(async () => evaluate(term, column, holds, fails));
      expect(code).toBe('InvalidArgument');
    }
    expect([...room]).toEqual([0, 0, 0, 0]);
  });

  test('refuses a column of another type, and one without what its type needs', async () => {
    const { type: _type, ...untyped } = column;
    for (const type of ['float', 'string', 'strings'] as const) {
      const given = { ...untyped, type };
      const failed = await failure(async () => evaluate(term, given, new Uint8Array(2), new Uint8Array(2)));
      expect(failed.code, type).toBe('InvalidArgument');
    }
  });
});

test('a test that is none of its type is refused', async () => {
  const refused = async (name: string, operands: FilterColumn) =>
    failure(() => binary.createFilterTerm(name as FilterTest, operands));
  for (const name of ['like', '==', '', 'hasItem']) {
    expect((await refused(name, ints(1n))).code).toBe('InvalidArgument');
  }
  expect((await refused('=', ints(1n, 2n))).code).toBe('InvalidArgument');
  expect((await refused('=', { ...ints(1n), rows: 0.5 })).code).toBe('InvalidArgument');
});
