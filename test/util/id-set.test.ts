// Sets of ids beside a plain set of strings.
import { expect, test } from 'vitest';
import { toHex } from '../../src/util/bytes.js';
import { IdSet } from '../../src/util/id-set.js';
import { seededRandom } from '../support/fake-runtime.js';

test('has what was added, and nothing else, however many there are', () => {
  const draw = seededRandom(7);
  const random = (): Uint8Array => Uint8Array.from({ length: 16 }, () => Math.floor(draw() * 256));
  const [ids, plain] = [new IdSet(), new Set<string>()];
  for (let i = 0; i < 20_000; i++) {
    const id = random();
    ids.add(id);
    if (i % 3 === 0) ids.add(id);
    plain.add(toHex(id));
  }
  expect(ids.size).toBe(plain.size);
  for (const digits of plain) expect(ids.has(Uint8Array.from(Buffer.from(digits, 'hex')))).toBe(true);
  for (let i = 0; i < 20_000; i++) expect(ids.has(random())).toBe(false);
});

test('the id of zeros, ids that differ in one bit, and ids within longer bytes', () => {
  const ids = new IdSet();
  const zero = new Uint8Array(16);
  expect(ids.has(zero)).toBe(false);
  for (let bit = 0; bit < 128; bit++) {
    const packed = new Uint8Array(40);
    packed[7 + (bit >> 3)] = 1 << (bit & 7);
    expect(ids.has(packed, 7)).toBe(false);
    ids.add(packed, 7);
    expect(ids.has(packed.slice(7, 23))).toBe(true);
  }
  expect(ids.has(zero)).toBe(false);
  ids.add(zero);
  ids.add(zero);
  expect([ids.has(zero), ids.size]).toEqual([true, 129]);
});
