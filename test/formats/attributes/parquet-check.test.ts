// Pages of Parquet files that say they are what they cannot be: the library that decodes columns would go on
// without an end, or take memory for what is not there.
import { describe, expect, test } from 'vitest';
import type { ColumnMetaData } from 'hyparquet';
import { checkPages } from '../../../src/formats/attributes/parquet-check.js';
import type { RandomAccess } from '../../../src/formats/random-access.js';
import { failure } from '../../support/failure.js';

/** Thrift's compact protocol: a field of a number, by how much higher than the last its id is. */
function number(step: number, value: number): number[] {
  return [(step << 4) | 5, ...varint(value < 0 ? -2 * value - 1 : 2 * value)];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest >= 128 ? (rest % 128) | 128 : rest);
    if (rest < 128) return bytes;
  }
}

interface Said {
  /** Unpacked and as it stands; an empty list leaves both away. */
  readonly sizes?: readonly number[];
  readonly values?: number;
  /** 0 PLAIN, 3 RLE, 8 RLE_DICTIONARY. */
  readonly encoding?: number;
}

/** A page of data, uncompressed, as version 1 has it. */
function page(body: readonly number[], { sizes, values = 8, encoding = 0 }: Said = {}): number[] {
  const [long = 0, short = 0] = sizes ?? [body.length, body.length];
  const header = [...number(1, values), ...number(1, encoding), ...number(1, 3), ...number(1, 3), 0];
  const sized = sizes?.length === 0 ? [] : [...number(1, long), ...number(1, short)];
  return [...number(1, 0), ...sized, ((sizes?.length === 0 ? 4 : 2) << 4) | 12, ...header, 0, ...body];
}

function levels(...runs: readonly number[]): number[] {
  return [runs.length, 0, 0, 0, ...runs];
}

async function check(bytes: readonly number[], definition = 1): Promise<void> {
  const content = Uint8Array.from([...bytes]);
  const access: RandomAccess = {
    name: 'x.parquet',
    sizeBytes: content.byteLength,
    remote: false,
    reopens: true,
    read: async (position, length) => content.slice(position, position + length),
    close: async () => undefined,
  };
  const metadata = {
    ...{ codec: 'UNCOMPRESSED', data_page_offset: 0n, total_compressed_size: BigInt(content.byteLength) },
  } as ColumnMetaData;
  await checkPages(access, { repetition: 0, definition }, metadata, {});
}

/** Eight values that are there: one run of 8, as its length, twice. */
const there = levels(16, 1);

describe('a page', () => {
  test('that is as it says goes through', async () => {
    await check(page([...there, 1, 2, 3, 4, 5, 6, 7, 8]));
    await check([...page(there), ...page(levels(3, 0xff))]);
    await check(page([1, 16, 1], { encoding: 8 }), 0);
    // No bits, and so no runs that are needed; a run of nothing, as DuckDB writes it.
    await check(page([0], { encoding: 8 }), 0);
    await check(page(levels(0, 1, 16, 1)));
    await check(page([0, 0, 0, 0, 16, 1], { encoding: 3 }), 0);
  });

  test.each<[string, number[]]>([
    ['a page has no size', page(there, { sizes: [] })],
    ['a page has no size', page(there, { sizes: [6, -6] })],
    ['a page ends behind its column', page(there, { sizes: [60, 60] })],
    ['a page of 6 bytes, not 7', page(there, { sizes: [7, 6] })],
    ['a page of 1073741824 values', page(there, { values: 2 ** 30 })],
    ['levels are cut', page([200, 0, 0, 0, 16, 1])],
    // One value, 2^30 times; packed bits, 2^30 times eight; a length of more than 32 bits.
    ['a run of 1073741824 values', page(levels(...varint(2 ** 31), 1))],
    ['a run of 8589934592 values', page(levels(...varint(2 ** 31 + 1)))],
    ['a run has no length', page(levels(255, 255, 255, 255, 255, 255, 1))],
  ])('is refused: %s', async (message, bytes) => {
    const error = await failure(check(bytes));
    expect(error.code).toBe('Corrupt');
    expect(error.message).toContain(message);
  });

  test.each<[string, number[]]>([
    ['indices of 33 bits', page([33, 16, 1], { encoding: 8 })],
    ['a run of 2147483640 values', page([0, ...varint(2 ** 29 - 1)], { encoding: 8 })],
    ['a run of 1073741824 values', page([0, 0, 0, 0, ...varint(2 ** 31)], { encoding: 3 })],
  ])('of indices or bools is refused: %s', async (message, bytes) => {
    expect((await failure(check(bytes, 0))).message).toContain(message);
  });
});
