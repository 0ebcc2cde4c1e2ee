// Sorted blocks as the binary has them: made of columns, and read by ranges. What filters make of them is in
// test/query/sorted-blocks.test.ts, and what damage does in native/kernels/src/sorted_blocks/tests.rs.
import { describe, expect, test } from 'vitest';
import type { AttributeType } from '../../src/attributes/column.js';
import { inBytes } from '../../src/attributes/native-column.js';
import { columnOf, type Value } from '../../src/attributes/values.js';
import { native } from '../../src/native.js';
import type { SortedDirectory, ValueRanges } from '../../src/native/sorted-blocks.js';
import { failure } from './support.js';

const binary = native();

async function made(type: AttributeType, values: readonly Value[]) {
  const builder = binary.createSortedBlockBuilder();
  expect(await builder.add(inBytes(columnOf('n', type, values)))).toBe(true);
  builder.addNulls(2);
  expect(builder.heldBytes()).toBeGreaterThan(0);
  const built = await builder.finish();
  const others = (built.nulls?.rows ?? 0) + (built.nans?.rows ?? 0);
  const directory: SortedDirectory = { type, rows: values.length + 2, others, ...built };
  return { built, directory };
}

const eight = (value: bigint): Uint8Array => new Uint8Array(BigInt64Array.of(value).buffer);
const point = (value: bigint): ValueRanges => ({
  ...{ values: Uint8Array.from([...eight(value), ...eight(value)]), ends: Uint32Array.of(8, 16) },
  ...{ flags: Uint8Array.of(15), inverted: false },
});

describe('sorted blocks', () => {
  test('have the rows of each value, and those of none apart', async () => {
    const { built, directory } = await made('int', [5n, 3n, null, 5n, -1n]);
    expect([built.nulls?.rows, built.nans ?? null, [...built.pairs]]).toEqual([3, null, [4]]);
    const blocks = binary.openSortedBlocks(directory);
    expect([...blocks.touched(point(5n))]).toEqual([0]);
    expect([...blocks.touched(point(6n))]).toEqual([]);
    expect((await blocks.select(point(5n), Uint32Array.of(0), [built.blocks])).rows).toBe(2);
    const rest = { ...point(5n), inverted: true };
    expect((await blocks.select(rest, Uint32Array.of(0), [built.blocks])).rows).toBe(2);
  });

  test('say what is wrong with them', async () => {
    const { built, directory } = await made('float', [0.5, Number.NaN, 1]);
    expect(built.nans?.rows).toBe(1);
    const open = (fields: Partial<SortedDirectory>) => () =>
      binary.openSortedBlocks({ ...directory, ...fields });
    expect((await failure(open({ rows: 7 }))).code).toBe('Corrupt');
    expect((await failure(open({ sums: new Uint32Array(0) }))).code).toBe('Corrupt');
    expect((await failure(open({ rows: -1 }))).code).toBe('InvalidArgument');
    expect((await failure(open({ type: 'bool' }))).code).toBe('InvalidArgument');
    const blocks = binary.openSortedBlocks(directory);
    const select = (numbers: number[], piece: Uint8Array) => () =>
      blocks.select(point(0n), Uint32Array.from(numbers), [piece]);
    expect(
      (
        await failure(
          select(
            [0],
            built.blocks.map((byte) => byte ^ 1),
          ),
        )
      ).code,
    ).toBe('Corrupt');
    expect((await failure(select([0], built.blocks.subarray(1)))).code).toBe('Corrupt');
    expect((await failure(select([1], built.blocks))).code).toBe('InvalidArgument');
    expect((await failure(select([0, 0], built.blocks))).code).toBe('InvalidArgument');
    const nan = { ...point(0n), values: new Uint8Array(Float64Array.of(Number.NaN, 1).buffer) };
    expect((await failure(() => blocks.touched(nan))).code).toBe('InvalidArgument');
    expect((await failure(() => blocks.touched({ ...nan, ends: Uint32Array.of(8) }))).code).toBe(
      'InvalidArgument',
    );
    const builder = binary.createSortedBlockBuilder();
    const flags = inBytes(columnOf('f', 'bool', [true]));
    expect((await failure(() => builder.add(flags))).code).toBe('InvalidArgument');
  });
});
