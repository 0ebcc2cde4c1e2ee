// Sets of rows by value as the binary has them: made of columns, and read as bits. What filters make of them
// is in test/query/indexed.test.ts.
import { describe, expect, test } from 'vitest';
import { inBytes } from '../../src/attributes/native-column.js';
import { columnOf } from '../../src/attributes/values.js';
import { native } from '../../src/native.js';
import type { FilledRows } from '../../src/native/value-sets.js';
import { failure } from './support.js';

const binary = native();

type Fill = (...args: Parameters<typeof binary.fillValueSets>) => Promise<void> | void;

const ways: Record<string, Fill> = {
  'on the event loop': (...args) => binary.fillValueSetsNow(...args),
  'off the event loop': (...args) => binary.fillValueSets(...args),
};

async function made(values: readonly (number | null)[]) {
  const builder = binary.createValueSetBuilder();
  expect(await builder.add(inBytes(columnOf('n', 'int', values)))).toBeNull();
  return builder.finish();
}

const rows = 9;
const wanted = { rows, start: 0, end: rows, to: true } as const;

describe.each(Object.entries(ways))('bits of sets %s', (_, fill) => {
  test('are those of the rows that one of them has, or of all others', async () => {
    const { values, nulls } = await made([1, 2, null, 1, 3, 2, 1, 1, 3]);
    expect(values.map(({ rows: count }) => count)).toEqual([4, 2, 2]);
    expect(nulls?.rows).toBe(1);
    const lengths = Uint32Array.from(values.slice(0, 2), ({ set }) => set.byteLength);
    const pieces = values.slice(0, 2).map(({ set }) => set);
    const bits = new Uint8Array(2);
    await fill(pieces, lengths, Uint32Array.of(4, 2), wanted, bits);
    expect([...bits]).toEqual([0b1110_1011, 0]);
    bits.fill(0xff);
    await fill(pieces, lengths, Uint32Array.of(4, 2), { ...wanted, to: false }, bits);
    expect([...bits]).toEqual([0b0001_0100, 1]);
    const some = new Uint8Array(1);
    await fill(pieces, lengths, Uint32Array.of(4, 2), { ...wanted, start: 3, end: 7 }, some);
    expect([...some]).toEqual([0b1101]);
  });

  test('go to no bytes but those of the rows, which are apart from the sets', async () => {
    const { values } = await made([1, 1]);
    const set = values[0]?.set ?? new Uint8Array();
    const room = new Uint8Array(set.byteLength + 2);
    room.set(set);
    const piece = room.subarray(0, set.byteLength);
    const [lengths, counts] = [Uint32Array.of(set.byteLength), Uint32Array.of(2)];
    const refused: readonly [Uint8Array, FilledRows][] = [
      [room.subarray(set.byteLength - 1, set.byteLength + 1), wanted],
      [new Uint8Array(1), wanted],
      [new Uint8Array(3), wanted],
      [new Uint8Array(2), { ...wanted, end: 10 }],
      [new Uint8Array(2), { ...wanted, start: -1 }],
      [new Uint8Array(2), { ...wanted, rows: 2 ** 32 }],
      [new Uint8Array(0), { ...wanted, start: 9, end: 8 }],
    ];
    for (const [bits, asked] of refused) {
      const { code } = await failure(async () => fill([piece], lengths, counts, asked, bits));
      expect(code, JSON.stringify(asked)).toBe('InvalidArgument');
      expect([...bits.subarray(1)]).toEqual([...new Uint8Array(Math.max(0, bits.length - 1))]);
    }
  });

  test('of bytes that are no sets are damage', async () => {
    const { values } = await made([1, 1]);
    const set = values[0]?.set ?? new Uint8Array();
    const [lengths, counts] = [Uint32Array.of(set.byteLength), Uint32Array.of(2)];
    const cases: readonly [Uint8Array[], Uint32Array, Uint32Array][] = [
      [[set.fill(7, 0, 1)], lengths, counts],
      [[new Uint8Array(4)], Uint32Array.of(4), counts],
      [[], lengths, counts],
      [[set, set], lengths, counts],
    ];
    for (const [pieces, each, of] of cases) {
      const { code } = await failure(async () => fill(pieces, each, of, wanted, new Uint8Array(2)));
      expect(code).toBe('Corrupt');
    }
  });
});

test('columns that an index is not for are refused', async () => {
  const add = async (values: readonly (string | number)[], type: 'string' | 'int') =>
    binary.createValueSetBuilder().add(inBytes(columnOf('n', type, values)));
  expect(await add([...Array(256).keys()], 'int')).toBeNull();
  expect(await add([...Array(257).keys()], 'int')).toBe('values');
  expect(await add(['a'.repeat(32)], 'string')).toBeNull();
  expect(await add(['a'.repeat(33)], 'string')).toBe('text');
  const builder = binary.createValueSetBuilder();
  await builder.add(inBytes(columnOf('n', 'int', [1])));
  const mixed = await failure(() => builder.add(inBytes(columnOf('n', 'string', ['a']))));
  expect(mixed.code).toBe('InvalidArgument');
  expect((await failure(() => builder.addNulls(2 ** 32))).code).toBe('InvalidArgument');
});
