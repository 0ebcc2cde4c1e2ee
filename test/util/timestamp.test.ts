// Instants as text, against Date where Date reaches, and by hand where it does not.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isNacreError } from '../../src/errors.js';
import { formatTimestamp, maxInt64, minInt64, parseTimestamp } from '../../src/util/timestamp.js';

test.each([
  ['1970-01-01T00:00:00Z', 0n],
  ['1969-12-31T23:59:59.999999Z', -1n],
  ['2026-01-02T03:04:05Z', 1_767_323_045_000_000n],
  ['2026-01-02 03:04:05z', 1_767_323_045_000_000n],
  ['2026-01-02T05:04:05+02:00', 1_767_323_045_000_000n],
  ['2026-01-01T21:34:05-0530', 1_767_323_045_000_000n],
  ['2026-01-02T03:04Z', 1_767_323_040_000_000n],
  ['1970-01-01T00:00:00.5Z', 500_000n],
  ['1970-01-01T00:00:00.123456000Z', 123_456n],
  ['+275760-09-13T00:00:00Z', 8_640_000_000_000_000_000n],
  ['+275761-01-01T00:00:00Z', 8_640_009_504_000_000_000n],
  ['+294247-01-10T04:00:54.775807Z', maxInt64],
  ['-290308-12-21T19:59:05.224192Z', minInt64],
  ['0000-02-29T00:00:00Z', -62_162_121_600_000_000n],
])('%s', (text, micros) => {
  expect(parseTimestamp(text)).toBe(micros);
  expect(parseTimestamp(formatTimestamp(micros))).toBe(micros);
});

test.each([
  ['2026-01-02T03:04:05', 'Z for UTC'],
  ['2026-01-02', 'a time and a zone'],
  ['275761-01-01T00:00:00Z', 'ISO 8601'],
  ['+294247-01-10T04:00:54.775808Z', 'Years go'],
  ['-290308-12-21T19:59:05.224191Z', 'Years go'],
  ['+999999-01-01T00:00:00Z', 'Years go'],
  ['-000000-01-01T00:00:00Z', ''],
  ['2026-02-29T00:00:00Z', ''],
  ['1900-02-29T00:00:00Z', ''],
  ['2026-13-01T00:00:00Z', ''],
  ['2026-04-31T00:00:00Z', ''],
  ['2026-01-00T00:00:00Z', ''],
  ['2026-01-01T24:00:00Z', ''],
  ['2026-06-30T23:59:60Z', 'Leap seconds'],
  ['2026-01-01T00:00:00+24:00', 'Offsets'],
  ['2026-01-01T00:00:00.0000001Z', 'round'],
  ['2026-01-01T00:00:00.Z', ''],
  ['', ''],
  ['now', ''],
  [`2026-01-01T00:00:00.${'0'.repeat(100_000)}Z`, ''],
  ['٢٠٢٦-01-01T00:00:00Z', ''],
])('%s is refused', (text, hint) => {
  let error: unknown;
  try {
    parseTimestamp(text);
  } catch (thrown) {
    error = thrown;
  }
  if (!isNacreError(error, 'InvalidArgument')) throw new Error(`not refused: ${String(error)}`);
  expect(error.hint).toContain(hint);
  expect(error.message.length).toBeLessThan(200);
});

test('agrees with Date, and every int64 comes back', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), (date) => {
      const micros = BigInt(date.getTime()) * 1_000n;
      expect(parseTimestamp(date.toISOString())).toBe(micros);
      expect(new Date(formatTimestamp(micros)).getTime()).toBe(date.getTime());
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.bigInt({ min: minInt64, max: maxInt64 }), (micros) => {
      expect(parseTimestamp(formatTimestamp(micros))).toBe(micros);
    }),
    { numRuns: 2_000 },
  );
});
