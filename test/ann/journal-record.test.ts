// What is noted of a build, as an earlier release wrote it.
import { expect, test } from 'vitest';
import { decodeRecord, encodeRecord } from '../../src/ann/journal-record.js';
import { utf8 } from '../../src/util/bytes.js';

const pattern = { prefix: 'indexes/', suffix: '' };

test('keeps the version at which its uploads began; one that does not say counts as begun before all', () => {
  const bytes = encodeRecord({ since: 7, segments: new Map() });
  expect(decodeRecord(bytes, pattern).since).toBe(7);
  const earlier = JSON.parse(utf8.decode(bytes)) as Record<string, unknown>;
  delete earlier['since'];
  expect(decodeRecord(utf8.encode(JSON.stringify(earlier)), pattern).since).toBe(0);
  const odd = utf8.encode(JSON.stringify({ ...earlier, since: -1 }));
  expect(() => decodeRecord(odd, pattern)).toThrow('a count is whole');
});
