import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesText, countText, durationText, shellWord, table } from '../../src/cli/output.js';
import { placesOf, sliceBounds } from '../../src/cli/rows.js';
import { parseDuration, parseRate, parseShape, parseSize, parseSubset } from '../../src/cli/values.js';
import { resolveSelection } from '../../src/arrays/selection.js';

test('durations, sizes and shapes are read as they are written', () => {
  expect(['500ms', '30s', '5m', '1h', '30', '0.5s'].map(parseDuration)).toEqual([
    500, 30_000, 300_000, 3_600_000, 30_000, 500,
  ]);
  expect(['1', '64KiB', '64MiB', '1.5GiB'].map(parseSize)).toEqual([1, 65_536, 2 ** 26, 1.5 * 2 ** 30]);
  expect(['384', '28,28', '28x28', '(28, 28)', '[28, 28,]', '[]', ''].map(parseShape)).toEqual([
    [384],
    [28, 28],
    [28, 28],
    [28, 28],
    [28, 28],
    [],
    [],
  ]);
  for (const text of ['', '-1s', '1d', '0ms', '99999h', '1e3'])
    expect(() => parseDuration(text)).toThrow('no duration');
  for (const text of ['', '-1', '1KB', '0.3', '0']) expect(() => parseSize(text)).toThrow('no size');
  for (const text of ['a', '3;4', '-3', '3,,4', '1.5']) expect(() => parseShape(text)).toThrow('no shape');
});

test('parts and rates are read as they are written', () => {
  expect(['1/7', '5%', '0.5%', '10GiB'].map(parseSubset)).toEqual([
    { part: 1, of: 7 },
    { fraction: 0.05 },
    { fraction: 0.005 },
    { bytes: 10 * 2 ** 30 },
  ]);
  expect(['50MiB/s', '1024/s'].map(parseRate)).toEqual([50 * 2 ** 20, 1024]);
  for (const text of ['', '7', '50MiB', '50MiB/min']) expect(() => parseRate(text)).toThrow('no rate');
  for (const text of ['', '%', '-5%', '1/']) expect(() => parseSubset(text)).toThrow('no size');
});

test('numbers and sizes are readable', () => {
  expect([0, 999, 1000, 1234567].map(countText)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([0, 1023, 1024, 1536, 2 ** 20 - 1, 2 ** 30].map(bytesText)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '1.0 MiB',
    '1.0 GiB',
  ]);
  expect([3, 2400, 200_000].map(durationText)).toEqual(['3 ms', '2.4 s', '3 min 20 s']);
  expect(
    table(
      ['A', 'N'],
      [
        ['x', '10'],
        ['long', '5'],
      ],
    ),
  ).toBe('A      N\nx     10\nlong   5');
});

test('a slice means the rows that the library and NumPy mean', () => {
  const end = fc.option(fc.integer({ min: -12, max: 12 }), { nil: undefined });
  const step = fc.integer({ min: -4, max: 4 }).filter((value) => value !== 0);
  fc.assert(
    fc.property(fc.nat(9), end, end, step, (rows, start, stop, stride) => {
      const choice = {
        kind: 'slice' as const,
        step: stride,
        ...(start === undefined ? {} : { start }),
        ...(stop === undefined ? {} : { end: stop }),
      };
      const { kind, ...slice } = choice;
      const expected = resolveSelection(slice, rows, 'e');
      const places =
        expected.kind === 'list'
          ? [...expected.indices]
          : Array.from({ length: expected.end - expected.start }, (_, i) => expected.start + i);
      expect([...(placesOf(choice, rows) ?? [])]).toEqual(places);
      expect(sliceBounds(choice, rows).step).toBe(stride);
      expect(kind).toBe('slice');
    }),
  );
});

test('a word for the shell is the word again', () => {
  expect(['plain', 's3://b/p', "it's", 'a b', ''].map(shellWord)).toEqual([
    'plain',
    's3://b/p',
    "'it'\\''s'",
    "'a b'",
    "''",
  ]);
});
